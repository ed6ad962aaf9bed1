//! The colours that a garment mostly has.

use drape_domain::{Color, Rgb};
use image::{RgbaImage, imageops};

use crate::{naming, oklab::Lab};

/// Longer side of the picture that is counted, in pixels.
const SIDE: u32 = 128;
/// How many clusters are looked for before near ones are merged.
const CLUSTERS: usize = 8;
const ROUNDS: usize = 12;
/// Folds and shadows change lightness more than hue, so lightness counts less in telling colours apart.
const LIGHTNESS: f32 = 0.5;
/// Clusters nearer than this are one colour.
const MERGE: f32 = 0.07;
/// At most so many colours, each of at least this share.
const MAX_COLORS: usize = 4;
const MIN_SHARE: f32 = 0.05;

/// The dominant colours of a picture's opaque part, largest first: up to four, each at least 5 % of it. The
/// same picture always has the same colours.
#[must_use]
pub fn dominant(picture: &RgbaImage) -> Vec<Color> {
    let pixels = inner_pixels(picture);
    let mut clusters = merge(k_means(&pixels));
    // The largest first: of clusters with one name it gives the colour.
    clusters.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let total = pixels.len() as f32;
    let mut colors: Vec<Color> = Vec::new();
    for (lab, count) in clusters {
        let (name, share) = (naming::name(lab), count as f32 / total);
        match colors.iter_mut().find(|color| color.name == name) {
            Some(color) => color.share += share,
            None => colors.push(Color {
                name: name.to_owned(),
                hex: Rgb(lab.to_srgb()),
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

/// Opaque pixels away from the edge, where the background may shine through; all opaque ones if that leaves
/// too few.
fn inner_pixels(picture: &RgbaImage) -> Vec<Lab> {
    let longer = picture.width().max(picture.height());
    let small = if longer > SIDE {
        let scaled = |side: u32| (side * SIDE / longer).max(1);
        imageops::thumbnail(picture, scaled(picture.width()), scaled(picture.height()))
    } else {
        picture.clone()
    };
    let opaque = |x: i64, y: i64| {
        let inside = (0..i64::from(small.width())).contains(&x)
            && (0..i64::from(small.height())).contains(&y);
        inside && small.get_pixel(x as u32, y as u32).0[3] > 128
    };
    let collect = |reach: i64| -> Vec<Lab> {
        small
            .enumerate_pixels()
            .filter(|(x, y, _)| {
                let (x, y) = (i64::from(*x), i64::from(*y));
                [(0, 0), (reach, 0), (-reach, 0), (0, reach), (0, -reach)]
                    .iter()
                    .all(|(dx, dy)| opaque(x + dx, y + dy))
            })
            .map(|(_, _, pixel)| Lab::from_srgb([pixel.0[0], pixel.0[1], pixel.0[2]]))
            .collect()
    };
    let inner = collect(2);
    if inner.len() >= 100 {
        inner
    } else {
        collect(0)
    }
}

/// Clusters as (mean, number of pixels). Starts from the mean and then, again and again, from the pixel
/// farthest from all starts, so there is no chance in it.
fn k_means(pixels: &[Lab]) -> Vec<(Lab, usize)> {
    if pixels.is_empty() {
        return Vec::new();
    }
    let mut centres = vec![mean(pixels.iter())];
    let mut nearest: Vec<f32> = vec![f32::MAX; pixels.len()];
    while centres.len() < CLUSTERS {
        let last = centres[centres.len() - 1];
        for (pixel, nearest) in pixels.iter().zip(&mut nearest) {
            *nearest = nearest.min(pixel.distance2(last, LIGHTNESS));
        }
        let far = (0..pixels.len())
            .max_by(|one, two| nearest[*one].total_cmp(&nearest[*two]))
            .unwrap_or(0);
        if nearest[far] < MERGE * MERGE {
            break;
        }
        centres.push(pixels[far]);
    }
    let mut members = Vec::new();
    for _ in 0..ROUNDS {
        members = vec![Vec::new(); centres.len()];
        for pixel in pixels {
            let distance = |at: &usize| pixel.distance2(centres[*at], LIGHTNESS);
            let nearest = (0..centres.len())
                .min_by(|one, two| distance(one).total_cmp(&distance(two)))
                .unwrap_or(0);
            members[nearest].push(*pixel);
        }
        let mut moved = false;
        for (centre, members) in centres.iter_mut().zip(&members) {
            if !members.is_empty() {
                let next = mean(members.iter());
                moved |= next.distance2(*centre, 1.0) > 1e-7;
                *centre = next;
            }
        }
        if !moved {
            break;
        }
    }
    centres
        .into_iter()
        .zip(members)
        .map(|(centre, members)| (centre, members.len()))
        .filter(|(_, count)| *count > 0)
        .collect()
}

/// Joins the two nearest clusters until all are apart.
fn merge(mut clusters: Vec<(Lab, usize)>) -> Vec<(Lab, usize)> {
    loop {
        let mut nearest: Option<(f32, usize, usize)> = None;
        for one in 0..clusters.len() {
            for two in one + 1..clusters.len() {
                let distance = clusters[one].0.distance2(clusters[two].0, LIGHTNESS);
                if nearest.is_none_or(|(least, ..)| distance < least) {
                    nearest = Some((distance, one, two));
                }
            }
        }
        match nearest {
            Some((distance, one, two)) if distance < MERGE * MERGE => {
                let (other, count) = clusters.swap_remove(two);
                let (lab, own) = clusters[one];
                let part = count as f32 / (own + count) as f32;
                let mix = |one: f32, two: f32| one + (two - one) * part;
                let joined = Lab {
                    l: mix(lab.l, other.l),
                    a: mix(lab.a, other.a),
                    b: mix(lab.b, other.b),
                };
                clusters[one] = (joined, own + count);
            }
            _ => return clusters,
        }
    }
}

fn mean<'a>(pixels: impl ExactSizeIterator<Item = &'a Lab>) -> Lab {
    let count = pixels.len().max(1) as f32;
    let sum = pixels.fold(Lab::default(), |sum, pixel| Lab {
        l: sum.l + pixel.l,
        a: sum.a + pixel.a,
        b: sum.b + pixel.b,
    });
    Lab {
        l: sum.l / count,
        a: sum.a / count,
        b: sum.b / count,
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
    fn nothing_opaque_has_no_colours() {
        assert!(dominant(&RgbaImage::new(10, 10)).is_empty());
    }
}
