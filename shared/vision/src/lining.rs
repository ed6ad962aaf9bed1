//! What is seen inside of a shoe: insole and lining are no colours that it goes by. They lie in its middle, with
//! the shoe's own colours all around.

use crate::{
    clusters::{Clusters, OUTSIDE, eroded},
    shades::Shades,
};

/// The band along a shoe's outline that a lining hardly reaches, as a part of the picture's width or height,
/// whichever is more.
const BAND: f32 = 0.03;
/// A lining has less than this part of the pixels in the band that it would have if all colours lay alike,
const WITHIN: f32 = 0.65;
/// is no more than this part of what is seen,
const MOST: f32 = 0.7;
/// and is of a dull colour, as leather and felt are. Bright things in a shoe's middle are its ornaments.
const DULL: f32 = 0.1;

/// A shoe's colours without its lining's.
pub(crate) fn without(groups: Vec<Shades>, clusters: &Clusters) -> Vec<Shades> {
    let (width, height) = (
        clusters.width,
        clusters.labels.len() / clusters.width.max(1),
    );
    let shoe: Vec<bool> = (clusters.labels.iter())
        .map(|label| *label != OUTSIDE)
        .collect();
    let layers = (width.max(height) as f32 * BAND).round() as usize;
    let middle = (0..layers).fold(shoe, |shoe, _| eroded(&shoe, width, height));
    let (mut all, mut inner) = (
        [0.0_f32; OUTSIDE as usize + 1],
        [0.0_f32; OUTSIDE as usize + 1],
    );
    for (label, in_middle) in clusters.labels.iter().zip(middle) {
        if *label != OUTSIDE {
            all[usize::from(*label)] += 1.0;
            inner[usize::from(*label)] += f32::from(u8::from(in_middle));
        }
    }
    let (total, total_inner): (f32, f32) = (all.iter().sum(), inner.iter().sum());
    let usual = (total - total_inner) / total.max(1.0);
    let is_lining = |group: &Shades| {
        let of = |counts: &[f32]| -> f32 {
            (group.clusters.iter())
                .map(|label| counts[usize::from(*label)])
                .sum()
        };
        let (own, own_inner) = (of(&all), of(&inner));
        group.mean.chroma() < DULL && own < MOST * total && own - own_inner < WITHIN * usual * own
    };
    let (lining, mut colors): (Vec<_>, Vec<_>) = groups.into_iter().partition(is_lining);
    if colors.is_empty() {
        colors = lining;
    }
    colors
}
