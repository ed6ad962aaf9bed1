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
/// How far strokes push what they reach, in log-odds.
const PUSH: f32 = 9.0;
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
    if let Some(strokes) = strokes {
        push(&mut odds, scene, strokes);
    }
    if !drawn {
        add_colors(&mut odds, scene, prior, strokes);
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

/// Moves the odds of what strokes reach.
fn push(odds: &mut [f32], scene: &Scene, strokes: &Strokes) {
    let distance = |covered: &[bool]| {
        covered
            .contains(&true)
            .then(|| geodesic::distances(&scene.lab, scene.width, covered))
    };
    let (keep, remove) = (distance(&strokes.keep), distance(&strokes.remove));
    let reach = |distances: &Option<Vec<f32>>, at: usize| {
        distances
            .as_ref()
            .map_or(0.0, |distances| (1.0 - distances[at] / 0.5).clamp(0.0, 1.0))
    };
    for (at, odds) in odds.iter_mut().enumerate() {
        let (keep, remove) = (reach(&keep, at), reach(&remove, at));
        // Where both reach, the nearer one pushes.
        *odds += PUSH * (keep - remove);
    }
}

/// Adds what the pixels' colours say.
fn add_colors(odds: &mut [f32], scene: &Scene, prior: &Plane, strokes: Option<&Strokes>) {
    let colors = || scene.lab.iter().copied().enumerate();
    let (keep, remove) = (
        |at: usize| strokes.is_some_and(|strokes| strokes.keep[at]),
        |at: usize| strokes.is_some_and(|strokes| strokes.remove[at]),
    );
    let garment = Palette::of(
        colors()
            .filter(|(at, _)| (prior.data[*at] > GARMENT || keep(*at)) && !remove(*at))
            .map(|(_, color)| (color, 1.0)),
    );
    let behind = Palette::of(
        colors()
            .filter(|(at, _)| (prior.data[*at] < BEHIND || remove(*at)) && !keep(*at))
            .map(|(_, color)| (color, 1.0)),
    );
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
