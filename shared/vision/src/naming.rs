//! Which word a colour in a photo goes by.
//!
//! The nearest word in Oklab, with what photos of clothes taught: folds and dim rooms change lightness more
//! than hue, white cloth is seldom bright white, and pale colours come out greyer than they are. The numbers
//! were set by looking at some fifty garments and the words found for them.

use drape_domain::color::NAMED;

use crate::oklab::Lab;

/// How much lightness and hue count beside chroma.
const LIGHTNESS: f32 = 0.5;
const HUE: f32 = 1.6;
/// Greys lighter than this are spread upwards by the factor, less so the more colour they have; with this
/// much chroma, not at all.
const PALE: f32 = 0.7;
const PALE_SPREAD: f32 = 1.5;
const GREY_CHROMA: f32 = 0.04;
/// Faint colours are strengthened by up to the factor: from the first chroma, fully at the second, no more at
/// the third and fourth.
const FAINT_BOOST: f32 = 1.35;
const FAINT: [f32; 4] = [0.018, 0.035, 0.06, 0.11];
/// What has more chroma than the second is not called by a word with less than the first, unless that is far
/// nearer: chroma then counts this much more.
const GREY_OR_NOT: [f32; 2] = [0.02, 0.05];
const NOT_GREY: f32 = 1.6;

/// The colour word for a colour as photographed.
pub(crate) fn name(photographed: Lab) -> &'static str {
    let seen = corrected(photographed);
    let distance = |rgb: [u8; 3]| difference(seen, Lab::from_srgb(rgb));
    let nearest = NAMED
        .iter()
        .min_by(|one, two| distance(one.1.0).total_cmp(&distance(two.1.0)));
    nearest.map_or("grey", |(name, _)| name)
}

fn corrected(color: Lab) -> Lab {
    let chroma = color.a.hypot(color.b);
    let greyness = (1.0 - chroma / GREY_CHROMA).max(0.0);
    let lift = (color.l - PALE).max(0.0) * (PALE_SPREAD - 1.0) * greyness;
    let [from, full, until, end] = FAINT;
    let faint = ((chroma - from) / (full - from)).clamp(0.0, 1.0)
        * ((end - chroma) / (end - until)).clamp(0.0, 1.0);
    let boost = 1.0 + (FAINT_BOOST - 1.0) * faint;
    Lab {
        l: (color.l + lift).min(1.0),
        a: color.a * boost,
        b: color.b * boost,
    }
}

/// Squared distance of a colour seen from a word's, in which lightness, chroma and hue have weights of their own. Of the squared distance
/// between two points in the a-b plane, `4 C₁ C₂ sin²(Δh/2) = 2 (C₁ C₂ − a₁a₂ − b₁b₂)` is hue's part.
fn difference(seen: Lab, word: Lab) -> f32 {
    let (chroma_seen, chroma_word) = (seen.a.hypot(seen.b), word.a.hypot(word.b));
    let lightness = LIGHTNESS * (seen.l - word.l);
    let [grey, colorful] = GREY_OR_NOT;
    let weight = if chroma_seen > colorful && chroma_word < grey {
        NOT_GREY
    } else {
        1.0
    };
    let chroma = weight * (chroma_seen - chroma_word);
    let hue = 2.0 * (chroma_seen * chroma_word - seen.a * word.a - seen.b * word.b);
    lightness * lightness + chroma * chroma + HUE * HUE * hue
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(hex: u32) -> &'static str {
        let [_, r, g, b] = hex.to_be_bytes();
        name(Lab::from_srgb([r, g, b]))
    }

    #[test]
    fn each_typical_value_has_its_own_name() {
        for (word, rgb) in NAMED {
            assert_eq!(name(Lab::from_srgb(rgb.0)), *word);
        }
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
            (0x912735, "burgundy"), // wine-red shorts
            (0xCB2C38, "red"),
            (0x8A6C56, "brown"), // a beige cap's shaded side
            (0x0C0F18, "black"),
        ] {
            assert_eq!(named(hex), word, "{hex:06X}");
        }
    }
}
