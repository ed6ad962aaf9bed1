//! Colours as shoppers name them.

mod oklab;

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

pub use self::oklab::Oklab;

/// An sRGB colour; `#RRGGBB` in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Rgb(pub [u8; 3]);

/// The text was not `#RRGGBB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a colour written as #RRGGBB")]
pub struct InvalidHex;

impl FromStr for Rgb {
    type Err = InvalidHex;
    fn from_str(text: &str) -> Result<Self, InvalidHex> {
        let digits = text
            .strip_prefix('#')
            .filter(|digits| digits.len() == 6)
            .ok_or(InvalidHex)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(InvalidHex);
        }
        let value = u32::from_str_radix(digits, 16).map_err(|_| InvalidHex)?;
        let [_, r, g, b] = value.to_be_bytes();
        Ok(Self([r, g, b]))
    }
}

impl fmt::Display for Rgb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [r, g, b] = self.0;
        write!(f, "#{r:02X}{g:02X}{b:02X}")
    }
}

impl TryFrom<String> for Rgb {
    type Error = InvalidHex;
    fn try_from(text: String) -> Result<Self, InvalidHex> {
        text.parse()
    }
}

impl From<Rgb> for String {
    fn from(rgb: Rgb) -> Self {
        rgb.to_string()
    }
}

/// One of an item's colours.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Color {
    /// A word from [`NAMED`], or what the user typed.
    pub name: String,
    /// The colour itself.
    pub hex: Rgb,
    /// The part of the garment it covers, 0–1.
    pub share: f32,
}

/// The colour words that Drape uses, each with a typical value. The values are our own choice, by eye.
pub const NAMED: &[(&str, Rgb)] = &[
    ("black", Rgb([24, 24, 26])),
    ("charcoal", Rgb([62, 64, 68])),
    ("grey", Rgb([128, 129, 131])),
    ("light grey", Rgb([184, 185, 187])),
    ("white", Rgb([245, 245, 243])),
    ("cream", Rgb([240, 230, 205])),
    ("beige", Rgb([214, 194, 162])),
    ("taupe", Rgb([139, 125, 112])),
    ("tan", Rgb([188, 150, 105])),
    ("brown", Rgb([106, 70, 45])),
    ("dark brown", Rgb([62, 42, 32])),
    ("rust", Rgb([165, 75, 38])),
    ("red", Rgb([196, 30, 42])),
    ("burgundy", Rgb([104, 22, 42])),
    ("coral", Rgb([240, 120, 100])),
    ("peach", Rgb([248, 196, 160])),
    ("orange", Rgb([238, 125, 35])),
    ("mustard", Rgb([205, 160, 45])),
    ("yellow", Rgb([246, 214, 66])),
    ("olive", Rgb([104, 104, 54])),
    ("khaki", Rgb([158, 146, 108])),
    ("green", Rgb([44, 130, 68])),
    ("dark green", Rgb([26, 66, 46])),
    ("sage", Rgb([156, 172, 142])),
    ("mint", Rgb([172, 222, 196])),
    ("turquoise", Rgb([52, 180, 178])),
    ("teal", Rgb([22, 100, 106])),
    ("light blue", Rgb([164, 198, 230])),
    ("blue", Rgb([40, 92, 180])),
    ("denim blue", Rgb([80, 108, 146])),
    ("navy", Rgb([28, 36, 72])),
    ("lavender", Rgb([186, 170, 216])),
    ("purple", Rgb([104, 52, 134])),
    ("pink", Rgb([242, 172, 190])),
    ("hot pink", Rgb([226, 56, 126])),
];

/// The typical value of a colour word, if it is one of ours (case, hyphens and underscores do not matter).
#[must_use]
pub fn named(name: &str) -> Option<Rgb> {
    let name = name
        .trim()
        .to_lowercase()
        .replace(['-', '_'], " ")
        .replace("gray", "grey");
    NAMED
        .iter()
        .find(|(word, _)| *word == name)
        .map(|(_, rgb)| *rgb)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_survives_text() {
        assert_eq!("#0a0B0c".parse::<Rgb>().unwrap().to_string(), "#0A0B0C");
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "#", "123456", "#12345", "#+12345", "#12345é", "#GGGGGG"] {
            assert_eq!(text.parse::<Rgb>(), Err(InvalidHex), "{text}");
        }
    }

    #[test]
    fn words_are_found_however_spelled() {
        assert_eq!(named("Light_Gray"), named("light grey"));
        assert!(named("Navy").is_some());
        assert!(named("blurple").is_none());
    }
}
