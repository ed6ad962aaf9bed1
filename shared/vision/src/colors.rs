//! The colours that a garment has.

use drape_domain::{Category, Color, Rgb};
use image::RgbaImage;

use crate::{
    clusters::{Clusters, OUTSIDE},
    light::Light,
    lining,
    naming::{self, Cloth},
    oklab::Lab,
    shades::{self, Shades},
};

/// At most so many colours, each of at least this share: a small logo is not a colour of the garment.
const MAX_COLORS: usize = 4;
const MIN_SHARE: f32 = 0.04;
/// A colour is what most of its lit pixels have: of them all, by lightness, those from the first part to the
/// second. Darker ones lie in folds, lighter ones shine.
const LIT: [f32; 2] = [0.4, 0.9];
/// Of black cloth it is the other way round: half its pixels may lie in some light.
const DARK: f32 = 0.42;
const COLOURLESS: f32 = 0.016;
const UNLIT: [f32; 2] = [0.2, 0.6];

/// The colours of a picture's opaque part, largest first: up to four, each at least 4 % of it. The same
/// picture always has the same colours.
#[must_use]
pub fn dominant(picture: &RgbaImage) -> Vec<Color> {
    of_garment(picture, Light::default(), None)
}

/// Like [`dominant`], for a garment of a category, if that is known, photographed in some light
/// ([`Light::around`] estimates it): colours are given as they would look in white light.
#[must_use]
pub fn of_garment(picture: &RgbaImage, light: Light, category: Option<Category>) -> Vec<Color> {
    let cloth = Cloth::of(category);
    let clusters = Clusters::of(picture, light);
    let mut groups = shades::of(&clusters);
    if category == Some(Category::Shoes) {
        groups = lining::without(groups, &clusters);
    }
    let total: f32 = groups.iter().map(|group| group.count).sum();
    // The largest first: of groups with one name it gives the colour.
    groups.sort_by(|one, two| two.count.total_cmp(&one.count));
    let mut colors: Vec<Color> = Vec::new();
    for group in groups {
        let lit = lit(&clusters, &group);
        let (name, share) = (naming::name(lit, cloth), group.count / total.max(1.0));
        match colors.iter_mut().find(|color| color.name == name) {
            Some(color) => color.share += share,
            None => colors.push(Color {
                name: name.to_owned(),
                hex: Rgb(lit.to_srgb()),
                share,
            }),
        }
    }
    colors.sort_by(|one, two| two.share.total_cmp(&one.share));
    colors.retain(|color| color.share >= MIN_SHARE);
    colors.truncate(MAX_COLORS);
    for color in &mut colors {
        color.share = (color.share * 1000.0).round() / 1000.0;
    }
    colors
}

/// The mean of a colour's well lit pixels.
fn lit(clusters: &Clusters, group: &Shades) -> Lab {
    let mut pixels: Vec<Lab> = clusters
        .labels
        .iter()
        .zip(&clusters.pixels)
        .filter(|(label, _)| **label != OUTSIDE && group.clusters.contains(label))
        .map(|(_, pixel)| *pixel)
        .collect();
    pixels.sort_by(|one, two| one.l.total_cmp(&two.l));
    let is_dark = pixels
        .get(pixels.len() / 2)
        .is_some_and(|median| median.l < DARK && group.mean.chroma() < COLOURLESS);
    let [from, to] =
        if is_dark { UNLIT } else { LIT }.map(|part| (pixels.len() as f32 * part) as usize);
    match pixels.get(from..=to.max(from)) {
        Some(middle) => {
            let sum = middle
                .iter()
                .fold(Lab::default(), |sum, pixel| sum.plus(*pixel));
            sum.times(1.0 / middle.len() as f32)
        }
        None => group.mean,
    }
}

#[cfg(test)]
mod tests {
    use drape_domain::color::NAMED;
    use image::Rgba;

    use super::*;

    fn names(picture: &RgbaImage) -> Vec<String> {
        dominant(picture)
            .into_iter()
            .map(|color| color.name)
            .collect()
    }

    #[test]
    fn each_named_colour_is_called_by_its_name() {
        for (name, Rgb([r, g, b])) in NAMED {
            let picture = RgbaImage::from_pixel(60, 60, Rgba([*r, *g, *b, 255]));
            assert_eq!(names(&picture), [*name]);
        }
    }

    #[test]
    fn shares_follow_the_areas_and_what_is_transparent_does_not_count() {
        // Given a garment that is three quarters navy and one quarter white, on transparent red
        let picture = RgbaImage::from_fn(200, 200, |x, y| {
            let alpha = if (20..180).contains(&x) && (20..180).contains(&y) {
                255
            } else {
                0
            };
            if alpha == 0 {
                Rgba([255, 0, 0, 0])
            } else if y < 60 {
                Rgba([245, 245, 243, alpha])
            } else {
                Rgba([28, 36, 72, alpha])
            }
        });
        let colors = dominant(&picture);
        assert_eq!(names(&picture), ["navy", "white"]);
        assert!((colors[0].share - 0.75).abs() < 0.03, "{colors:?}");
        assert!(colors.iter().map(|color| color.share).sum::<f32>() <= 1.001);
    }

    #[test]
    fn soft_shading_does_not_make_new_colours() {
        // Given a red garment, lit from one side
        let picture = RgbaImage::from_fn(120, 120, |x, _| {
            let light = 0.75 + 0.4 * x as f32 / 120.0;
            Rgba([
                (196.0 * light).min(255.0) as u8,
                (30.0 * light) as u8,
                (42.0 * light) as u8,
                255,
            ])
        });
        assert_eq!(names(&picture), ["red"]);
    }

    #[test]
    fn the_dark_folds_of_a_navy_shirt_are_not_black() {
        // Given navy cloth in soft folds, the deepest with a quarter of the light
        let picture = RgbaImage::from_fn(300, 300, |x, _| {
            let light = 0.62 + 0.38 * (x as f32 / 300.0 * 18.0).sin();
            let shade = |value: f32| (value * light.powf(1.0 / 2.2)) as u8;
            Rgba([shade(38.0), shade(50.0), shade(98.0), 255])
        });
        assert_eq!(names(&picture), ["navy"]);
    }

    #[test]
    fn stripes_are_two_colours_and_what_lies_between_them_is_none() {
        // Given stripes of red and white, blurred as a camera does
        let picture = RgbaImage::from_fn(300, 300, |_, y| {
            let red = match y % 20 {
                0 | 10 => 0.5,
                1..10 => 1.0,
                _ => 0.0,
            };
            let mix = |from: f32, to: f32| (from + (to - from) * red) as u8;
            Rgba([mix(244.0, 196.0), mix(244.0, 30.0), mix(242.0, 42.0), 255])
        });
        let mut found = names(&picture);
        found.sort();
        assert_eq!(found, ["red", "white"]);
    }

    #[test]
    fn the_background_along_the_rim_is_no_colour_of_the_garment() {
        // Given green cloth whose outline is cut a little too wide, with the red bed around it
        let picture = RgbaImage::from_fn(300, 300, |x, y| {
            let rim = !(4..296).contains(&x) || !(4..296).contains(&y);
            let [r, g, b] = if rim { [190, 20, 30] } else { [44, 130, 68] };
            Rgba([r, g, b, 255])
        });
        assert_eq!(names(&picture), ["green"]);
    }

    #[test]
    fn small_things_such_as_buttons_are_left_out() {
        let picture = RgbaImage::from_fn(100, 100, |x, y| {
            if x < 15 && y < 15 {
                Rgba([246, 214, 66, 255])
            } else {
                Rgba([24, 24, 26, 255])
            }
        });
        assert_eq!(names(&picture), ["black"]);
    }

    #[test]
    fn fine_checks_are_two_colours_and_not_their_blend() {
        // Given checks of few pixels in a large picture
        let picture = RgbaImage::from_fn(640, 640, |x, y| {
            if (x / 6 + y / 6).is_multiple_of(2) {
                Rgba([30, 34, 70, 255])
            } else {
                Rgba([244, 244, 242, 255])
            }
        });
        let mut found = names(&picture);
        found.sort();
        assert_eq!(found, ["navy", "white"]);
    }

    #[test]
    fn a_shoes_insole_is_no_colour_of_it_and_a_bags_inside_is() {
        // Given something black with a beige oval in its middle
        let picture = RgbaImage::from_fn(120, 300, |x, y| {
            let from_middle =
                |half: (f32, f32)| ((x as f32 - 60.0) / half.0).hypot((y as f32 - 150.0) / half.1);
            match (from_middle((38.0, 110.0)), from_middle((60.0, 150.0))) {
                (inner, _) if inner < 1.0 => Rgba([214, 180, 146, 255]),
                (_, outer) if outer < 1.0 => Rgba([20, 20, 22, 255]),
                _ => Rgba([0; 4]),
            }
        });
        let of = |category| -> Vec<String> {
            of_garment(&picture, Light::default(), Some(category))
                .into_iter()
                .map(|color| color.name)
                .collect()
        };
        assert_eq!(of(Category::Shoes), ["black"]);
        assert_eq!(of(Category::Bag).len(), 2);
    }

    #[test]
    fn nothing_opaque_has_no_colours() {
        assert!(dominant(&RgbaImage::new(10, 10)).is_empty());
    }
}
