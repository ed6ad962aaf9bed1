//! Which pixels are garment: what stands out, made to agree with the photo's colours and edges by a minimum
//! cut, as in GrabCut (Rother, Kolmogorov and Blake, 2004) but with histograms and with the network's doubt in
//! the place of a rectangle.

use image::{RgbImage, imageops};

use crate::{
    geodesic::{self, difference},
    maxflow::GridCut,
    oklab::Lab,
    palette::Palette,
    plane::Plane,
};

/// Longer side of the grid that is divided, in pixels.
const SIDE: u32 = 448;
/// Where something stands out more (less) than this, its colours are the garment's (the background's).
const GARMENT: f32 = 0.8;
const BEHIND: f32 = 0.15;
/// How strongly standing out counts: log-odds, cut off here.
const MOST_ODDS: f32 = 4.0;
/// How strongly colour counts, and the most that it can say.
const COLOR: f32 = 0.7;
const MOST_COLOR: f32 = 4.0;
/// Palettes that share more than this say nothing.
const SAME: f32 = 0.9;
/// What cutting a tie within one colour costs.
const TIE: f32 = 3.0;
/// How far strokes push what they reach, in log-odds, and the distance up to which they reach.
const PUSH: f32 = 9.0;
const REACH: f32 = 0.35;
/// A wish is given in whole numbers of this fineness; a stroke itself has its will.
const UNIT: f32 = 100.0;
const MUST: i32 = 1_000_000;

/// A reduced picture of the part of the photo that is looked at.
pub(crate) struct Scene {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) rgb: RgbImage,
    pub(crate) lab: Vec<Lab>,
}

impl Scene {
    /// The colours of the places that are picked.
    fn colors(&self, pick: impl Fn(usize) -> bool) -> impl Iterator<Item = Lab> {
        (self.lab.iter().enumerate())
            .filter(move |(at, _)| pick(*at))
            .map(|(_, color)| *color)
    }

    /// The palette of the places that are picked.
    pub(crate) fn palette(&self, pick: impl Fn(usize) -> bool) -> Palette {
        Palette::of(self.colors(pick).map(|color| (color, 1.0)))
    }

    /// How usual the colours of the places that are picked are in a palette.
    pub(crate) fn usual(&self, palette: &Palette, pick: impl Fn(usize) -> bool) -> f32 {
        palette.usual(self.colors(pick))
    }

    pub(crate) fn new(photo: &RgbImage) -> Self {
        let (width, height) = photo.dimensions();
        let longer = width.max(height);
        let rgb = if longer > SIDE {
            let scaled = |side: u32| (side * SIDE / longer).max(1);
            imageops::thumbnail(photo, scaled(width), scaled(height))
        } else {
            photo.clone()
        };
        Self {
            width: rgb.width() as usize,
            height: rgb.height() as usize,
            lab: rgb.pixels().map(|pixel| Lab::from_srgb(pixel.0)).collect(),
            rgb,
        }
    }
}

/// What was drawn over the scene.
pub(crate) struct Strokes {
    pub(crate) keep: Vec<bool>,
    pub(crate) remove: Vec<bool>,
}

/// Divides the scene. `prior` is how much each of its pixels stands out (0–1); `drawn` says that it is
/// somebody's drawing, which colours do not overrule.
pub(crate) fn divide(
    scene: &Scene,
    prior: &Plane,
    drawn: bool,
    strokes: Option<&Strokes>,
) -> Vec<bool> {
    let mut odds: Vec<f32> = prior
        .data
        .iter()
        .map(|p| {
            let p = p.clamp(0.001, 0.999);
            (p / (1.0 - p)).ln().clamp(-MOST_ODDS, MOST_ODDS)
        })
        .collect();
    if !drawn {
        add_colors(&mut odds, scene, prior, strokes);
    }
    if let Some(strokes) = strokes {
        push(&mut odds, scene, prior, strokes);
    }
    let mut grid = GridCut::new(scene.width, scene.height);
    for (at, odds) in odds.iter().enumerate() {
        let wish = match strokes {
            Some(strokes) if strokes.remove[at] => -MUST,
            Some(strokes) if strokes.keep[at] => MUST,
            _ => (odds * UNIT) as i32,
        };
        grid.wish(at % scene.width, at / scene.width, wish);
    }
    let contrast = contrast(scene);
    let (width, lab) = (scene.width, &scene.lab);
    grid.tie(|(x, y), (nx, ny), length| {
        let step = difference(lab[y * width + x], lab[ny * width + nx]);
        (TIE * UNIT * (-step * step / (2.0 * contrast)).exp() / length) as i32
    });
    grid.solve()
}

/// Moves the odds of what strokes reach: what looks like them, is connected with them, and is less like the
/// other side. Strokes over what is on their side already change nothing around them.
fn push(odds: &mut [f32], scene: &Scene, prior: &Plane, strokes: &Strokes) {
    let wrong = |covered: &[bool], sign: f32| -> Vec<bool> {
        (covered.iter().zip(odds.iter()))
            .map(|(covered, odds)| *covered && sign * odds < 0.0)
            .collect()
    };
    let keep = wrong(&strokes.keep, 1.0);
    let remove = wrong(&strokes.remove, -1.0);
    let behind = |at: usize| prior.data[at] < BEHIND && !strokes.keep[at];
    let keep = reach(scene, &keep, behind);
    let garment = |at: usize| prior.data[at] > GARMENT && !strokes.remove[at];
    let remove = reach(scene, &remove, garment);
    // Where both reach, the one that reaches further pushes.
    for (odds, (keep, remove)) in odds.iter_mut().zip(keep.iter().zip(&remove)) {
        *odds += PUSH * (keep - remove);
    }
}

/// How strongly strokes reach each pixel (0–1). `other` says which pixels are surely of the other side.
fn reach(scene: &Scene, covered: &[bool], other: impl Fn(usize) -> bool) -> Vec<f32> {
    if !covered.contains(&true) {
        return vec![0.0; covered.len()];
    }
    let (own, other) = (scene.palette(|at| covered[at]), scene.palette(other));
    geodesic::distances(&scene.lab, scene.width, covered)
        .iter()
        .zip(&scene.lab)
        .map(|(distance, color)| {
            let near = (1.0 - distance / REACH).clamp(0.0, 1.0);
            let likelier = (own.likelihood(*color) / other.likelihood(*color)).ln();
            near * (0.5 + likelier / 2.0).clamp(0.0, 1.0)
        })
        .collect()
}

/// Adds what the pixels' colours say.
fn add_colors(odds: &mut [f32], scene: &Scene, prior: &Plane, strokes: Option<&Strokes>) {
    let (keep, remove) = (
        |at: usize| strokes.is_some_and(|strokes| strokes.keep[at]),
        |at: usize| strokes.is_some_and(|strokes| strokes.remove[at]),
    );
    let garment = scene.palette(|at| (prior.data[at] > GARMENT || keep(at)) && !remove(at));
    let behind = scene.palette(|at| (prior.data[at] < BEHIND || remove(at)) && !keep(at));
    if garment.total() < 50.0 || behind.total() < 50.0 {
        return;
    }
    let telling = (1.0 - garment.overlap(&behind) / SAME).max(0.0);
    for (odds, color) in odds.iter_mut().zip(&scene.lab) {
        let said = (garment.likelihood(*color) / behind.likelihood(*color)).ln();
        *odds += COLOR * telling * said.clamp(-MOST_COLOR, MOST_COLOR);
    }
}

/// The mean squared difference between neighbours: what counts as an edge in this picture.
fn contrast(scene: &Scene) -> f32 {
    let (width, lab) = (scene.width, &scene.lab);
    let mut sum = 0.0_f64;
    let mut count = 0_u32;
    for (at, color) in lab.iter().enumerate() {
        if at % width + 1 < width {
            let step = difference(*color, lab[at + 1]);
            sum += f64::from(step * step);
            count += 1;
        }
        if let Some(below) = lab.get(at + width) {
            let step = difference(*color, *below);
            sum += f64::from(step * step);
            count += 1;
        }
    }
    ((sum / f64::from(count.max(1))) as f32).max(1e-6)
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    const CLOTH: Rgb<u8> = Rgb([40, 52, 110]);
    const FLOOR: Rgb<u8> = Rgb([206, 196, 178]);

    fn body(x: u32, y: u32) -> bool {
        (30..70).contains(&x) && (20..80).contains(&y)
    }

    fn sleeve(x: u32, y: u32) -> bool {
        (70..95).contains(&x) && (20..40).contains(&y)
    }

    /// A garment with one sleeve on a floor; a little noise, as in a photo.
    fn scene() -> Scene {
        Scene::new(&RgbImage::from_fn(100, 100, |x, y| {
            let Rgb(color) = if body(x, y) || sleeve(x, y) {
                CLOTH
            } else {
                FLOOR
            };
            Rgb(color.map(|value| value + ((x * 7 + y * 13) % 5) as u8))
        }))
    }

    /// What stands out: the body, and the sleeve as much as told.
    fn prior(of_sleeve: f32) -> Plane {
        Plane::from_fn(100, 100, |x, y| match (x as u32, y as u32) {
            (x, y) if body(x, y) => 0.97,
            (x, y) if sleeve(x, y) => of_sleeve,
            _ => 0.02,
        })
    }

    fn share(inside: &[bool], of: impl Fn(u32, u32) -> bool) -> f32 {
        let places: Vec<usize> = (0..inside.len())
            .filter(|at| of((at % 100) as u32, (at / 100) as u32))
            .collect();
        places.iter().filter(|at| inside[**at]).count() as f32 / places.len() as f32
    }

    fn square(left: usize, top: usize, side: usize) -> Vec<bool> {
        (0..100 * 100)
            .map(|at| {
                (left..left + side).contains(&(at % 100)) && (top..top + side).contains(&(at / 100))
            })
            .collect()
    }

    #[test]
    fn what_is_in_doubt_goes_with_its_colour() {
        let inside = divide(&scene(), &prior(0.3), false, None);
        assert!(share(&inside, sleeve) > 0.98);
        assert!(share(&inside, |x, y| !body(x, y) && !sleeve(x, y)) < 0.01);
    }

    #[test]
    fn a_stroke_over_a_part_of_a_lost_sleeve_brings_it_back_and_nothing_else() {
        let (scene, prior) = (scene(), prior(0.0));
        assert!(share(&divide(&scene, &prior, true, None), sleeve) < 0.01);

        let strokes = Strokes {
            keep: square(80, 28, 5),
            remove: vec![false; 100 * 100],
        };
        let inside = divide(&scene, &prior, true, Some(&strokes));

        assert!(share(&inside, sleeve) > 0.95, "{}", share(&inside, sleeve));
        assert!(share(&inside, body) > 0.99);
        assert!(share(&inside, |x, y| !body(x, y) && !sleeve(x, y)) < 0.01);
    }

    #[test]
    fn a_stroke_over_a_foreign_thing_takes_it_away_and_nothing_else() {
        let stick = |x: u32, y: u32| (46..52).contains(&x) && y < 20;
        let mut photo = scene().rgb;
        for (x, y, pixel) in photo.enumerate_pixels_mut() {
            if stick(x, y) {
                *pixel = Rgb([90, 50, 20]);
            }
        }
        let scene = Scene::new(&photo);
        let seen = Plane::from_fn(100, 100, |x, y| {
            let at = (x as u32, y as u32);
            if stick(at.0, at.1) {
                0.97
            } else {
                prior(0.97).data[y * 100 + x]
            }
        });
        let strokes = Strokes {
            keep: vec![false; 100 * 100],
            remove: square(47, 8, 4),
        };
        assert!(share(&divide(&scene, &seen, false, None), stick) > 0.95);

        let inside = divide(&scene, &seen, false, Some(&strokes));

        assert!(share(&inside, stick) < 0.05, "{}", share(&inside, stick));
        assert!(share(&inside, body) > 0.98);
    }

    #[test]
    fn a_stroke_over_what_is_outside_already_changes_nothing() {
        let (scene, prior) = (scene(), prior(0.97));
        let strokes = Strokes {
            keep: vec![false; 100 * 100],
            remove: square(5, 50, 6),
        };
        assert_eq!(
            divide(&scene, &prior, false, Some(&strokes)),
            divide(&scene, &prior, false, None)
        );
    }
}
