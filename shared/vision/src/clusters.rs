//! A garment's pixels, sorted into a few clusters of like colour.

use std::collections::BTreeMap;

use image::{RgbaImage, imageops};

use crate::{light::Light, oklab::Lab};

/// Longer side of the picture that is counted, in pixels.
const SIDE: u32 = 192;
/// Longer side of the picture that its pixels are picked from.
const FINE: u32 = 256;
/// The garment's rim, where the background may shine through, as a part of the longer side.
const RIM: f32 = 0.02;
/// What must be left of the garment without its rim, or a thinner one is taken off.
const CORE: f32 = 0.35;
/// How many clusters are looked for.
const CLUSTERS: usize = 9;
const ROUNDS: usize = 12;
/// Folds and shadows change lightness more than hue, so lightness counts less in telling colours apart.
pub(crate) const LIGHTNESS: f32 = 0.5;
/// Clusters start at least this far apart.
const APART: f32 = 0.06;
/// Pixels are counted in cells of this size, and cells with a smaller share found no cluster.
const CELL: f32 = 0.02;
const SEED_SHARE: f32 = 0.002;

/// No pixel of the garment, or one of its rim.
pub(crate) const OUTSIDE: u8 = u8::MAX;

/// The pixels of a garment, each with its cluster.
#[derive(Debug)]
pub(crate) struct Clusters {
    pub(crate) width: usize,
    /// Row by row; only those with a cluster have a colour.
    pub(crate) pixels: Vec<Lab>,
    /// For each pixel the cluster it is in, or [`OUTSIDE`].
    pub(crate) labels: Vec<u8>,
    /// Mean and number of pixels of each cluster.
    pub(crate) centres: Vec<(Lab, usize)>,
}

impl Clusters {
    /// Of a picture's opaque part, without its rim, as seen in white light.
    pub(crate) fn of(picture: &RgbaImage, light: Light) -> Self {
        let small = reduced(picture);
        let inner = inner(&small);
        let pixels: Vec<Lab> = small
            .pixels()
            .zip(&inner)
            .map(|(pixel, inner)| {
                let [r, g, b, _] = pixel.0;
                if *inner {
                    light.seen([r, g, b])
                } else {
                    Lab::default()
                }
            })
            .collect();
        let mut cells = Cells::default();
        let cell_of: Vec<Option<usize>> = pixels
            .iter()
            .zip(&inner)
            .map(|(pixel, inner)| inner.then(|| cells.add(*pixel)))
            .collect();
        let (centres, cluster_of) = k_means(&cells.means());
        let labels = cell_of
            .iter()
            .map(|cell| cell.and_then(|cell| cluster_of.get(cell).copied()))
            .map(|label| label.unwrap_or(OUTSIDE))
            .collect();
        Self {
            width: small.width() as usize,
            pixels,
            labels,
            centres,
        }
    }

    /// Pairs of neighbouring pixels of the garment: their clusters and colours.
    pub(crate) fn neighbours(&self) -> impl Iterator<Item = ([u8; 2], [Lab; 2])> + '_ {
        (0..self.labels.len()).flat_map(move |at| {
            let right = ((at + 1) % self.width != 0).then_some(at + 1);
            let below = Some(at + self.width);
            [right, below]
                .into_iter()
                .flatten()
                .filter_map(move |other| {
                    let labels = [*self.labels.get(at)?, *self.labels.get(other)?];
                    let inside = !labels.contains(&OUTSIDE);
                    inside.then_some((labels, [*self.pixels.get(at)?, *self.pixels.get(other)?]))
                })
        })
    }
}

/// Made smaller, in part by leaving pixels out: means of all of them would blend the colours of small prints.
fn reduced(picture: &RgbaImage) -> RgbaImage {
    let longer = picture.width().max(picture.height());
    if longer <= SIDE {
        return picture.clone();
    }
    let scaled = |length: u32, side: u32| (length * side.min(longer) / longer).max(1);
    let (width, height) = picture.dimensions();
    let fine = imageops::thumbnail(picture, scaled(width, FINE), scaled(height, FINE));
    imageops::resize(
        &fine,
        scaled(width, SIDE),
        scaled(height, SIDE),
        imageops::FilterType::Nearest,
    )
}

/// Which pixels are opaque and not of the rim; a garment of thin parts keeps more of them.
fn inner(small: &RgbaImage) -> Vec<bool> {
    let (width, height) = (small.width() as usize, small.height() as usize);
    let opaque: Vec<bool> = small.pixels().map(|pixel| pixel.0[3] > 200).collect();
    let count = |mask: &[bool]| mask.iter().filter(|inside| **inside).count() as f32;
    let enough = CORE * count(&opaque);
    let mut layers = vec![opaque];
    for _ in 0..(small.width().max(small.height()) as f32 * RIM).round() as usize {
        let last = layers.last().map_or(&[][..], Vec::as_slice);
        layers.push(eroded(last, width, height));
    }
    let kept = layers.iter().rposition(|layer| count(layer) >= enough);
    layers.swap_remove(kept.unwrap_or(0))
}

/// Without the pixels that have a neighbour (of four) outside the mask or the picture.
pub(crate) fn eroded(mask: &[bool], width: usize, height: usize) -> Vec<bool> {
    let at = |x: usize, y: usize| mask.get(y * width + x).copied().unwrap_or(false);
    let inside = |x: usize, y: usize| {
        x > 0
            && y > 0
            && x + 1 < width
            && y + 1 < height
            && at(x, y)
            && at(x - 1, y)
            && at(x + 1, y)
            && at(x, y - 1)
            && at(x, y + 1)
    };
    (0..width * height)
        .map(|index| inside(index % width, index / width))
        .collect()
}

/// Colours counted in small cells: a few hundred means instead of thousands of pixels.
#[derive(Debug, Default)]
struct Cells {
    index: BTreeMap<[i16; 3], usize>,
    sums: Vec<(Lab, usize)>,
}

impl Cells {
    fn add(&mut self, pixel: Lab) -> usize {
        let cell = |value: f32| (value / CELL).floor() as i16;
        let key = [cell(pixel.l * LIGHTNESS), cell(pixel.a), cell(pixel.b)];
        let at = *self.index.entry(key).or_insert_with(|| {
            self.sums.push((Lab::default(), 0));
            self.sums.len() - 1
        });
        if let Some((sum, count)) = self.sums.get_mut(at) {
            *sum = sum.plus(pixel);
            *count += 1;
        }
        at
    }

    fn means(&self) -> Vec<(Lab, usize)> {
        self.sums
            .iter()
            .map(|(sum, count)| (sum.times(1.0 / (*count).max(1) as f32), *count))
            .collect()
    }
}

/// Clusters as (mean, number of pixels), and the cluster of each cell. Starts from the most frequent cell and
/// then, again and again, from the frequent cell farthest from all starts, so there is no chance in it.
fn k_means(cells: &[(Lab, usize)]) -> (Vec<(Lab, usize)>, Vec<u8>) {
    let total: usize = cells.iter().map(|(_, count)| count).sum();
    let mut starts = seeds(cells, (total as f32 * SEED_SHARE) as usize);
    let mut labels = vec![0_u8; cells.len()];
    let mut clusters: Vec<(Lab, usize)> = Vec::new();
    for _ in 0..ROUNDS {
        for (label, (cell, _)) in labels.iter_mut().zip(cells) {
            *label = nearest(*cell, &starts);
        }
        let mut sums = vec![(Lab::default(), 0_usize); starts.len()];
        for (label, (cell, count)) in labels.iter().zip(cells) {
            if let Some((sum, members)) = sums.get_mut(usize::from(*label)) {
                *sum = sum.plus(cell.times(*count as f32));
                *members += count;
            }
        }
        let mut moved = false;
        clusters.clear();
        for (start, (sum, count)) in starts.iter_mut().zip(sums) {
            if count > 0 {
                let mean = sum.times(1.0 / count as f32);
                moved |= mean.distance2(*start, 1.0) > 1e-6;
                *start = mean;
            }
            clusters.push((*start, count));
        }
        if !moved {
            break;
        }
    }
    (clusters, labels)
}

fn seeds(cells: &[(Lab, usize)], at_least: usize) -> Vec<Lab> {
    let frequent: Vec<&(Lab, usize)> = cells
        .iter()
        .filter(|(_, count)| *count >= at_least)
        .collect();
    let Some((first, _)) = frequent.iter().max_by_key(|(_, count)| *count) else {
        return Vec::new();
    };
    let mut seeds = vec![*first];
    while seeds.len() < CLUSTERS {
        let distance = |cell: Lab| {
            let distances = seeds.iter().map(|seed| cell.distance2(*seed, LIGHTNESS));
            distances.fold(f32::MAX, f32::min)
        };
        let farthest = frequent
            .iter()
            .map(|(cell, _)| (*cell, distance(*cell)))
            .max_by(|(_, one), (_, two)| one.total_cmp(two));
        match farthest {
            Some((cell, distance)) if distance >= APART * APART => seeds.push(cell),
            _ => break,
        }
    }
    seeds
}

fn nearest(cell: Lab, centres: &[Lab]) -> u8 {
    let mut best = (f32::MAX, 0);
    for (at, centre) in (0_u8..).zip(centres) {
        let distance = cell.distance2(*centre, LIGHTNESS);
        if distance < best.0 {
            best = (distance, at);
        }
    }
    best.1
}
