//! From a garment's shape and a body's measures to the grids that bend the one onto the other.
//!
//! Lengths on the body are in units of the torso (shoulders to hips, about half a metre on an adult).

mod bottom;
mod hat;
mod shoes;
mod sleeve;
mod top;

use drape_domain::Category;

pub(crate) use self::{bottom::bottom, hat::hat, shoes::shoes, top::top};
use super::{
    body::{Body, Section},
    cloth::Cloth,
    geom::{P, mix},
    mesh::{Grid, Layer},
};

/// A piece of a garment, ready to be drawn.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    pub(crate) picture: Layer,
    pub(crate) grid: Grid,
    /// Whether bare arms in front of it stay in front.
    pub(crate) behind_arms: bool,
}

/// A garment bent onto the body.
#[derive(Debug, Clone)]
pub(crate) struct Fitted {
    pub(crate) pieces: Vec<Piece>,
    /// How much its shape looks like what its category says, 0–1.
    pub(crate) trust: f32,
    /// Whether a collar stands around the neck.
    pub(crate) collar: bool,
}

impl Fitted {
    /// How far it had to be bent, over all pieces.
    pub(crate) fn distortion(&self) -> f32 {
        let (sum, areas) = self
            .pieces
            .iter()
            .map(|piece| piece.grid.distortion())
            .fold((0.0, 0.0), |all, one| (all.0 + one.0, all.1 + one.1));
        sum / areas.max(1.0)
    }
}

/// How far beyond its edges a garment is drawn, as a share of its breadth, so that soft edges are not cut.
const MARGIN: f32 = 0.04;

/// Rows of a grid.
const ROWS: usize = 28;

/// Whether tops of the category have sleeves down to the wrists.
pub(crate) const fn long_sleeved(category: Category) -> bool {
    matches!(
        category,
        Category::Longsleeve
            | Category::Hoodie
            | Category::Sweater
            | Category::Blazer
            | Category::Outerwear
    )
}

/// A row across a garment and across the body, from edge to edge with a margin beyond both.
///
/// `knots` gives inner points as (share of the garment's row, share of the body's row); `margins` how far to
/// draw beyond the edges on the left and the right, as a share of the breadth.
fn row(from: (P, P), onto: (P, P), knots: &[(f32, f32)], margins: (f32, f32)) -> Vec<(P, P)> {
    let mut row = vec![
        (
            from.0.mix(from.1, -margins.0),
            onto.0.mix(onto.1, -margins.0),
        ),
        (from.0, onto.0),
    ];
    let mut last = (0.0, 0.0);
    for &knot in knots.iter().chain([(1.0, 1.0)].iter()) {
        // Long stretches are divided, so that the bending of neighbouring rows stays even.
        for step in 1..=3 {
            let share = step as f32 / 3.0;
            let (s, t) = (mix(last.0, knot.0, share), mix(last.1, knot.1, share));
            row.push((from.0.mix(from.1, s), onto.0.mix(onto.1, t)));
        }
        last = knot;
    }
    row.push((
        from.0.mix(from.1, 1.0 + margins.1),
        onto.0.mix(onto.1, 1.0 + margins.1),
    ));
    row
}

/// Bends a row across a garment's picture down in its middle, by so many pixels.
fn sagging(mut row: Vec<(P, P)>, sag: f32) -> Vec<(P, P)> {
    let (Some(&(first, _)), Some(&(last, _))) = (row.first(), row.last()) else {
        return row;
    };
    let breadth = (last.x - first.x).abs().max(1.0);
    for (from, _) in &mut row {
        let share = (from.x - first.x).abs() / breadth;
        from.y += sag * 4.0 * share * (1.0 - share);
    }
    row
}

/// A section made broader about its middle.
fn widened(section: Section, factor: f32) -> Section {
    let centre = section.centre();
    Section {
        left: centre + (section.left - centre) * factor,
        right: centre + (section.right - centre) * factor,
    }
}

fn cloth_bounds(cloth: &Cloth) -> [f32; 4] {
    let mut bounds = [f32::INFINITY, f32::INFINITY, 0.0_f32, 0.0_f32];
    for (index, &set) in cloth.mask.data.iter().enumerate() {
        if set {
            let (x, y) = (
                (index % cloth.width()) as f32,
                (index / cloth.width()) as f32,
            );
            bounds = [
                bounds[0].min(x),
                bounds[1].min(y),
                bounds[2].max(x + 1.0),
                bounds[3].max(y + 1.0),
            ];
        }
    }
    bounds
}

/// How long the longer side of a garment's picture should be for a body, in pixels.
pub(crate) fn picture_size(category: Category, body: &Body) -> usize {
    let torsos = match category {
        Category::Dress | Category::Bodysuit => 2.6,
        Category::Pants => 2.6,
        Category::Skirt | Category::Outerwear => 2.2,
        Category::Shoes | Category::Hat => 1.0,
        _ => 1.8,
    };
    (torsos * body.torso) as usize
}
