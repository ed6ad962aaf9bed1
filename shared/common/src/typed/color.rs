//! Colours as people type them: a word, `#RRGGBB`, or an object with name, hex and share.

use std::fmt;

use drape_domain::{
    Color, Oklab, Rgb, Text,
    color::{NAMED, named},
};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, MapAccess, Visitor, value::MapAccessDeserializer},
};

use super::{List, field::IntoStored};

/// The colour word whose typical value looks most like `rgb`: nearest in [`Oklab`].
#[must_use]
pub fn nearest_word(rgb: Rgb) -> &'static str {
    let wanted = Oklab::of(rgb);
    let distance = |other: Rgb| Oklab::of(other).distance(wanted);
    NAMED
        .iter()
        .min_by(|(_, a), (_, b)| distance(*a).total_cmp(&distance(*b)))
        .map_or("", |(word, _)| word)
}

/// A colour given as one text: a word of ours or `#RRGGBB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColorWord {
    /// The word: ours, in our spelling.
    pub name: &'static str,
    /// The colour.
    pub rgb: Rgb,
}

impl TryFrom<String> for ColorWord {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, &'static str> {
        if text.starts_with('#') {
            let rgb = text
                .parse()
                .map_err(|_| "must be a colour word or #RRGGBB")?;
            return Ok(Self {
                name: nearest_word(rgb),
                rgb,
            });
        }
        let rgb = named(&text).ok_or(
            "is not a colour word that we know; write it as #RRGGBB, or give name and hex",
        )?;
        let name = NAMED
            .iter()
            .find(|(_, known)| *known == rgb)
            .map_or("", |(word, _)| word);
        Ok(Self { name, rgb })
    }
}

impl<'de> Deserialize<'de> for ColorWord {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// The part of a garment that a colour covers.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
struct Share(f32);

impl TryFrom<f64> for Share {
    type Error = &'static str;
    fn try_from(value: f64) -> Result<Self, &'static str> {
        if (0.0..=1.0).contains(&value) {
            Ok(Self(value as f32))
        } else {
            Err("must be from 0 to 1")
        }
    }
}

impl From<Share> for f64 {
    fn from(share: Share) -> Self {
        share.0.into()
    }
}

/// One colour; the share may be left out.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct One {
    name: String,
    hex: Rgb,
    #[serde(skip_serializing_if = "Option::is_none")]
    share: Option<f32>,
}

impl<'de> Deserialize<'de> for One {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneVisitor)
    }
}

struct OneVisitor;

impl<'de> Visitor<'de> for OneVisitor {
    type Value = One;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a colour word, #RRGGBB, or an object with name, hex and share")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<One, E> {
        let word = ColorWord::try_from(text.to_owned()).map_err(E::custom)?;
        Ok(One {
            name: word.name.to_owned(),
            hex: word.rgb,
            share: None,
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<One, A::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Parts {
            name: Option<Text<40>>,
            hex: Option<Rgb>,
            share: Option<Share>,
        }
        let parts = Parts::deserialize(MapAccessDeserializer::new(map))?;
        let (name, hex) = match (parts.name, parts.hex) {
            (Some(name), Some(hex)) => (name.into(), hex),
            (None, Some(hex)) => (nearest_word(hex).to_owned(), hex),
            (Some(name), None) => {
                let word = ColorWord::try_from(String::from(name)).map_err(A::Error::custom)?;
                (word.name.to_owned(), word.rgb)
            }
            (None, None) => return Err(A::Error::custom("must have a name or a hex")),
        };
        Ok(One {
            name,
            hex,
            share: parts.share.map(|Share(share)| share),
        })
    }
}

/// At most eight colours.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Colors(List<One, 8>);

impl IntoStored<Vec<Color>> for Colors {
    /// Shares that were left out divide what is left evenly; together they are 1.
    fn into_stored(self) -> Option<Vec<Color>> {
        let given = self.0.into_vec();
        if given.is_empty() {
            return None;
        }
        let said: f32 = given.iter().filter_map(|one| one.share).sum();
        let unsaid = given.iter().filter(|one| one.share.is_none()).count();
        let rest = (1.0 - said).max(0.0) / unsaid.max(1) as f32;
        let total = said + rest * unsaid as f32;
        let even = 1.0 / given.len() as f32;
        let share = |one: &One| {
            if total > 0.0 {
                one.share.unwrap_or(rest) / total
            } else {
                even
            }
        };
        Some(
            given
                .into_iter()
                .map(|one| Color {
                    share: share(&one),
                    name: one.name,
                    hex: one.hex,
                })
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn colors(value: serde_json::Value) -> Vec<Color> {
        serde_json::from_value::<Colors>(value)
            .unwrap()
            .into_stored()
            .unwrap()
    }

    #[test]
    fn every_way_to_write_a_colour_is_understood() {
        let read = colors(
            json!(["Light_Gray", "#1C2448", {"name": "oxblood", "hex": "#5B0A16"}, {"name": "red"}, {"hex": "#181818"}]),
        );
        let names: Vec<_> = read.iter().map(|color| color.name.as_str()).collect();
        assert_eq!(names, ["light grey", "navy", "oxblood", "red", "black"]);
    }

    #[test]
    fn shares_that_are_left_out_divide_what_is_left() {
        let read = colors(json!([{"name": "red", "share": 0.5}, "navy", "white"]));
        assert_eq!(
            read.iter().map(|color| color.share).collect::<Vec<_>>(),
            [0.5, 0.25, 0.25]
        );
    }

    #[test]
    fn every_word_is_nearest_to_itself() {
        for (word, rgb) in NAMED {
            assert_eq!(nearest_word(*rgb), *word);
        }
    }

    proptest! {
        #[test]
        fn shares_are_parts_of_one(shares in prop::collection::vec(prop::option::of(0.0_f64..=1.0), 1..=8)) {
            let sent: Vec<_> = shares.iter().map(|share| json!({"name": "red", "share": share})).collect();
            let read = colors(json!(sent));
            prop_assert!(read.iter().all(|color| (0.0..=1.0).contains(&color.share)));
            prop_assert!((read.iter().map(|color| color.share).sum::<f32>() - 1.0).abs() < 1e-4);
        }

        #[test]
        fn any_hex_has_a_word(bytes: [u8; 3]) {
            prop_assert!(named(nearest_word(Rgb(bytes))).is_some());
        }
    }
}
