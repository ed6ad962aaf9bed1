//! Which word a colour goes by: the regions of colour space that each word covers.
//!
//! Set by looking at photos of garments and at the words found for them. Photos of clothes are duller and
//! darker than the colours people have in mind: white cloth is seldom bright white, black seldom without light
//! on it, and pale colours come out greyer than they are.

use drape_domain::Category;

use crate::oklab::Lab;

/// A region of OKLCh: bounds of lightness (0–1), chroma and hue (degrees, round the circle through 0 if the
/// first bound is the larger), from each first bound up to, not including, the second.
struct Region {
    word: &'static str,
    lightness: [f32; 2],
    chroma: [f32; 2],
    hue: [f32; 2],
}

const fn region(
    word: &'static str,
    lightness: [f32; 2],
    chroma: [f32; 2],
    hue: [f32; 2],
) -> Region {
    Region {
        word,
        lightness,
        chroma,
        hue,
    }
}

/// Any hue.
const ANY: [f32; 2] = [0.0, 360.0];
/// Beyond what sRGB has.
const MAX: f32 = 9.0;

/// Blues of cloth that may be denim; looked at before the others. Denim is greyer than other blues, dark as well
/// as bleached.
#[rustfmt::skip]
const DENIM: &[Region] = &[
    region("navy",       [0.29, 0.44], [0.019, 0.060], [238.0, 274.0]),
    region("light blue", [0.70, 0.86], [0.018, 0.110], [222.0, 278.0]),
    region("light blue", [0.70, 0.86], [0.010, 0.060], [195.0, 266.0]),
    region("denim blue", [0.42, 0.67], [0.022, 0.115], [226.0, 268.0]),
    region("denim blue", [0.42, 0.62], [0.022, 0.060], [268.0, 280.0]),
    region("denim blue", [0.42, 0.70], [0.012, 0.050], [215.0, 262.0]),
];

/// The first region that a colour is in names it; the last ones take every colour.
#[rustfmt::skip]
const REGIONS: &[Region] = &[
    // Without colour. Shadows of lamps and sky leave some, so blue and yellow casts are allowed for.
    region("black",      [0.00, 0.22], [0.000, 0.030], ANY),
    region("black",      [0.00, 0.34], [0.000, 0.016], ANY),
    region("black",      [0.00, 0.36], [0.000, 0.013], ANY),
    region("black",      [0.00, 0.32], [0.000, 0.028], [325.0, 22.0]),
    region("black",      [0.00, 0.27], [0.000, 0.036], [0.0, 80.0]),
    region("black",      [0.00, 0.29], [0.000, 0.024], [295.0, 325.0]),
    region("black",      [0.00, 0.32], [0.000, 0.020], ANY),
    region("black",      [0.00, 0.29], [0.000, 0.028], [0.0, 230.0]),
    region("black",      [0.00, 0.31], [0.000, 0.021], [30.0, 120.0]),
    region("black",      [0.00, 0.29], [0.000, 0.028], [325.0, 360.0]),
    region("charcoal",   [0.00, 0.46], [0.000, 0.016], ANY),
    region("charcoal",   [0.28, 0.46], [0.000, 0.022], [180.0, 300.0]),
    region("charcoal",   [0.36, 0.46], [0.000, 0.028], [180.0, 252.0]),
    region("grey",       [0.00, 0.70], [0.000, 0.016], ANY),
    region("grey",       [0.46, 0.70], [0.000, 0.020], [180.0, 270.0]),
    region("grey",       [0.46, 0.70], [0.000, 0.024], [270.0, 320.0]),
    region("grey",       [0.46, 0.68], [0.000, 0.020], [320.0, 35.0]),
    region("light grey", [0.00, 0.80], [0.000, 0.016], ANY),
    region("light grey", [0.70, 0.80], [0.000, 0.024], [240.0, 320.0]),
    region("light grey", [0.67, 0.80], [0.000, 0.023], [185.0, 240.0]),
    region("pink",       [0.84, MAX],  [0.0145, MAX],  [335.0, 15.0]),
    region("pink",       [0.70, 0.84], [0.017, 0.060], [325.0, 15.0]),
    region("white",      [0.80, MAX],  [0.000, 0.016], ANY),
    region("white",      [0.80, MAX],  [0.000, 0.026], [235.0, 302.0]),
    region("white",      [0.84, MAX],  [0.000, 0.030], [225.0, 302.0]),
    region("white",      [0.90, MAX],  [0.000, 0.036], [200.0, 305.0]),
    region("white",      [0.80, MAX],  [0.000, 0.022], [120.0, 200.0]),
    region("white",      [0.88, MAX],  [0.000, 0.024], ANY),

    // Red and pink.
    region("purple",     [0.00, 0.46], [0.095, MAX],   [325.0, 353.0]),
    region("purple",     [0.46, 0.57], [0.060, MAX],   [318.0, 345.0]),
    region("purple",     [0.46, 0.62], [0.050, 0.150], [318.0, 345.0]),
    region("purple",     [0.46, 0.58], [0.040, 0.080], [325.0, 348.0]),
    region("burgundy",   [0.00, 0.44], [0.045, MAX],   [345.0, 20.0]),
    region("burgundy",   [0.00, 0.40], [0.075, MAX],   [345.0, 32.0]),
    region("burgundy",   [0.00, 0.48], [0.075, 0.145], [345.0, 4.0]),
    region("burgundy",   [0.00, 0.48], [0.075, 0.160], [4.0, 16.0]),
    region("burgundy",   [0.00, 0.45], [0.075, 0.150], [16.0, 30.0]),
    region("burgundy",   [0.44, 0.54], [0.055, 0.125], [345.0, 24.0]),
    region("dark brown", [0.00, 0.36], [0.000, MAX],   [345.0, 82.0]),
    region("coral",      [0.67, 0.80], [0.130, 0.200], [8.0, 42.0]),
    region("hot pink",   [0.44, 0.80], [0.150, MAX],   [325.0, 8.0]),
    region("hot pink",   [0.53, 0.80], [0.130, MAX],   [345.0, 14.0]),
    region("hot pink",   [0.44, 0.53], [0.130, MAX],   [345.0, 8.0]),
    region("coral",      [0.61, 0.67], [0.120, 0.185], [14.0, 37.0]),
    region("rust",       [0.50, 0.60], [0.090, MAX],   [29.5, 38.0]),
    region("red",        [0.38, 0.67], [0.125, MAX],   [5.0, 38.0]),
    region("red",        [0.52, 0.61], [0.108, MAX],   [12.0, 30.0]),
    region("red",        [0.67, 0.71], [0.170, MAX],   [10.0, 30.0]),
    region("coral",      [0.62, 0.84], [0.100, MAX],   [14.0, 37.0]),
    region("coral",      [0.56, 0.62], [0.100, MAX],   [14.0, 30.0]),
    region("taupe",      [0.60, 0.70], [0.000, 0.040], [28.0, 50.0]),
    region("pink",       [0.66, 0.76], [0.026, MAX],   [325.0, 28.0]),
    region("pink",       [0.70, 0.76], [0.060, MAX],   [28.0, 36.0]),
    region("pink",       [0.76, MAX],  [0.026, MAX],   [325.0, 36.0]),
    region("pink",       [0.85, MAX],  [0.020, MAX],   [325.0, 42.0]),
    region("pink",       [0.46, MAX],  [0.045, MAX],   [325.0, 24.0]),
    region("pink",       [0.58, 0.70], [0.040, 0.100], [345.0, 38.0]),
    region("purple",     [0.00, 0.46], [0.030, MAX],   [325.0, 345.0]),
    region("lavender",   [0.46, 0.70], [0.026, MAX],   [318.0, 345.0]),

    // Orange and brown.
    region("orange",     [0.60, MAX],  [0.120, MAX],   [36.0, 72.0]),
    region("orange",     [0.66, 0.78], [0.105, MAX],   [42.0, 66.0]),
    region("rust",       [0.36, 0.66], [0.090, MAX],   [24.0, 62.0]),
    region("peach",      [0.84, MAX],  [0.045, 0.125], [36.0, 60.0]),
    region("peach",      [0.78, MAX],  [0.065, 0.125], [36.0, 68.0]),
    region("dark brown", [0.00, 0.34], [0.000, MAX],   [24.0, 90.0]),
    region("taupe",      [0.48, 0.56], [0.000, 0.030], [345.0, 82.0]),
    region("taupe",      [0.56, 0.73], [0.000, 0.040], [345.0, 82.0]),
    region("taupe",      [0.48, 0.73], [0.000, 0.026], [82.0, 100.0]),
    region("brown",      [0.34, 0.56], [0.000, MAX],   [345.0, 82.0]),
    region("brown",      [0.56, 0.62], [0.040, MAX],   [345.0, 62.0]),

    // Yellow and pale browns.
    region("cream",      [0.86, MAX],  [0.000, 0.080], [60.0, 115.0]),
    region("cream",      [0.82, MAX],  [0.000, 0.045], [95.0, 130.0]),
    region("yellow",     [0.78, MAX],  [0.080, MAX],   [82.0, 120.0]),
    region("yellow",     [0.73, 0.82], [0.095, MAX],   [98.0, 112.0]),
    region("mustard",    [0.52, 0.70], [0.075, MAX],   [74.0, 105.0]),
    region("mustard",    [0.56, 0.82], [0.095, MAX],   [68.0, 105.0]),
    region("tan",        [0.54, 0.76], [0.040, MAX],   [36.0, 84.0]),
    region("beige",      [0.70, MAX],  [0.000, MAX],   [28.0, 95.0]),
    region("khaki",      [0.56, 0.80], [0.000, 0.095], [82.0, 106.0]),
    region("olive",      [0.29, 0.62], [0.000, MAX],   [82.0, 122.0]),
    region("black",      [0.00, 0.29], [0.000, MAX],   [82.0, 122.0]),

    // Green.
    region("dark green", [0.00, 0.42], [0.000, MAX],   [112.0, 190.0]),
    region("mint",       [0.80, MAX],  [0.000, 0.110], [140.0, 188.0]),
    region("khaki",      [0.66, 0.82], [0.018, 0.060], [95.0, 114.0]),
    region("olive",      [0.28, 0.68], [0.050, 0.110], [100.0, 122.0]),
    region("sage",       [0.50, MAX],  [0.000, 0.075], [104.0, 172.0]),
    region("green",      [0.00, MAX],  [0.000, MAX],   [105.0, 172.0]),
    region("green",      [0.30, 0.64], [0.030, MAX],   [172.0, 178.0]),

    // Between green and blue.
    region("mint",       [0.70, MAX],  [0.022, 0.055], [172.0, 205.0]),
    region("teal",       [0.30, 0.70], [0.022, 0.055], [178.0, 206.0]),
    region("turquoise",  [0.60, MAX],  [0.055, MAX],   [172.0, 222.0]),
    region("teal",       [0.30, 0.64], [0.034, MAX],   [178.0, 228.0]),

    // Purple, and what cameras make of it.
    region("purple",     [0.00, 0.46], [0.110, MAX],   [280.0, 325.0]),
    region("pink",       [0.62, MAX],  [0.090, MAX],   [312.0, 325.0]),
    region("lavender",   [0.56, MAX],  [0.035, 0.130], [279.0, 325.0]),

    // Blue.
    region("navy",       [0.00, 0.36], [0.000, MAX],   [190.0, 288.0]),
    region("navy",       [0.00, 0.36], [0.000, 0.060], [288.0, 302.0]),
    region("navy",       [0.36, 0.43], [0.000, 0.105], [235.0, 288.0]),
    region("navy",       [0.43, 0.46], [0.000, 0.055], [255.0, 288.0]),
    region("navy",       [0.36, 0.44], [0.000, 0.060], [288.0, 294.0]),
    region("light blue", [0.68, MAX],  [0.000, 0.130], [185.0, 285.0]),
    region("blue",       [0.00, MAX],  [0.020, MAX],   [206.0, 270.0]),
    region("blue",       [0.00, MAX],  [0.030, MAX],   [190.0, 288.0]),

    region("lavender",   [0.62, MAX],  [0.000, 0.130], [280.0, 325.0]),
    region("purple",     [0.00, MAX],  [0.030, MAX],   [280.0, 325.0]),

    // What is left has hardly any colour.
    region("charcoal",   [0.00, 0.46], [0.000, MAX],   ANY),
    region("grey",       [0.46, 0.70], [0.000, MAX],   ANY),
    region("light grey", [0.70, 0.84], [0.000, MAX],   ANY),
    region("white",      [0.84, MAX],  [0.000, MAX],   ANY),
];

impl Region {
    fn has(&self, lightness: f32, chroma: f32, hue: f32) -> bool {
        let within = |[from, to]: [f32; 2], value: f32| value >= from && value < to;
        let [from, to] = self.hue;
        let of_hue = if from < to {
            within(self.hue, hue)
        } else {
            hue >= from || hue < to
        };
        within(self.lightness, lightness) && within(self.chroma, chroma) && of_hue
    }
}

/// What is known of a garment that bears on its colours' names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cloth {
    /// It may well be denim.
    PerhapsDenim,
    /// It is seldom made of denim.
    Other,
}

impl Cloth {
    /// By category; of an unknown one, anything is possible.
    pub(crate) fn of(category: Option<Category>) -> Self {
        use Category::{Pants, Shorts, Skirt};
        match category {
            None | Some(Pants | Shorts | Skirt) => Self::PerhapsDenim,
            Some(_) => Self::Other,
        }
    }
}

/// The colour word for a colour as seen in white light.
pub(crate) fn name(seen: Lab, cloth: Cloth) -> &'static str {
    let (lightness, chroma, hue) = (seen.l.max(0.0), seen.chroma(), seen.hue());
    let denim = match cloth {
        Cloth::PerhapsDenim => DENIM,
        Cloth::Other => &[],
    };
    denim
        .iter()
        .chain(REGIONS)
        .find(|region| region.has(lightness, chroma, hue))
        .map_or("grey", |region| region.word)
}

#[cfg(test)]
mod tests {
    use drape_domain::color::{NAMED, named as typical};

    use super::*;

    fn named(hex: u32) -> &'static str {
        let [_, r, g, b] = hex.to_be_bytes();
        name(Lab::from_srgb([r, g, b]), Cloth::PerhapsDenim)
    }

    #[test]
    fn each_typical_value_has_its_own_name() {
        for (word, rgb) in NAMED {
            assert_eq!(name(Lab::from_srgb(rgb.0), Cloth::PerhapsDenim), *word);
        }
    }

    #[test]
    fn every_colour_is_in_a_region_and_every_region_has_a_word_of_the_vocabulary() {
        for r in (0..=255).step_by(15) {
            for g in (0..=255).step_by(15) {
                for b in (0..=255).step_by(15) {
                    let seen = Lab::from_srgb([r, g, b]);
                    let (chroma, hue) = (seen.chroma(), seen.hue());
                    assert!(
                        REGIONS
                            .iter()
                            .any(|region| region.has(seen.l.max(0.0), chroma, hue))
                    );
                }
            }
        }
        assert!(REGIONS.iter().all(|region| typical(region.word).is_some()));
    }

    #[test]
    fn colours_as_cameras_see_them_get_the_names_that_people_use() {
        for (hex, word) in [
            (0xD9D5CE, "white"), // a white blouse in a dim room
            (0x91908F, "grey"),  // a grey T-shirt
            (0xE2C3D8, "pink"),  // the light stripes of a pink shirt
            (0x1C2D45, "navy"),  // a dark blue pullover
            (0x393C7B, "navy"),  // a dark blue dress
            (0x12859D, "teal"),  // a petrol polo shirt
            (0x6486A8, "denim blue"),
            (0xBECACE, "light blue"), // a bleached denim skirt
            (0x912735, "burgundy"),   // wine-red shorts
            (0xCB2C38, "red"),
            (0x8A6C56, "brown"), // a beige cap's shaded side
            (0x0C0F18, "black"),
            (0x2B2D33, "black"), // a black dress in daylight
            (0x7D8471, "sage"),  // a greyish green T-shirt
            (0x1E4A38, "dark green"),
            (0xB7D6E4, "light blue"), // a pale blue polo shirt
            (0x8688B6, "lavender"),
            (0xCBC0AB, "beige"), // a blazer in yellow light
            (0xFF9F6B, "orange"),
        ] {
            assert_eq!(named(hex), word, "{hex:06X}");
        }
    }

    #[test]
    fn blue_is_only_denim_where_denim_is_worn() {
        let blue = Lab::from_srgb([0x64, 0x86, 0xA8]);
        assert_eq!(name(blue, Cloth::of(Some(Category::Pants))), "denim blue");
        assert_eq!(name(blue, Cloth::of(Some(Category::TShirt))), "blue");
        assert_eq!(name(blue, Cloth::of(None)), "denim blue");
        // Bleached denim, or white cloth by a window.
        let pale = Lab::from_srgb([0xBA, 0xC0, 0xD1]);
        assert_eq!(name(pale, Cloth::of(Some(Category::Shorts))), "light blue");
        assert_eq!(name(pale, Cloth::of(Some(Category::Blouse))), "white");
    }
}
