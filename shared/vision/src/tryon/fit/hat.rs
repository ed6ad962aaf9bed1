//! Hats on the head above the brows.

use super::{Fitted, Piece, cloth_bounds};
use crate::tryon::{
    body::Body,
    cloth::Cloth,
    geom::{mix, p, smooth_step},
    mesh::Grid,
    protect::Head,
};

/// The share of a cap's picture above its peak, of a cap that is seen from the front.
const CROWN: f32 = 0.58;

/// Fits a hat onto the head above the brows.
pub(crate) fn hat(cloth: &Cloth, head: &Head, body: &Body) -> Fitted {
    let (rows, columns) = (12, [-0.03, 0.0, 0.25, 0.5, 0.75, 1.0, 1.03]);
    let [left, top, right, bottom] = cloth_bounds(cloth);
    let aspect = (bottom - top) / (right - left).max(1.0);
    let down = head.down;
    let across = p(down.y, -down.x);
    let unit = head.unit;
    // The head with its hair, as broad as it is above the brows and as high as it is in the photo.
    let brows = head.eyes - down * (0.7 * unit);
    let reach = |way| {
        body.reach(brows, way, 2.6 * head.half)
            .clamp(0.5 * head.half, 1.6 * head.half)
    };
    let (one, other) = (reach(across), reach(across * -1.0));
    let crown = body
        .reach(head.eyes, down * -1.0, 2.6 * unit)
        .clamp(1.2 * unit, 2.0 * unit);
    let middle = 0.5 * (one - other);
    let peaked = aspect > 1.15;
    // Caps and beanies are as wide as the head; brims are wider, and then the hat is flat.
    let wide = (one + other) * if aspect < 0.62 { 1.6 } else { 1.1 };
    // Heights above the eyes: the lower edge, the peak's seam, the top.
    let low = 0.32 * unit;
    let high = (low + wide * aspect).clamp(crown + 0.12 * unit, crown + 0.3 * unit);
    // A peak points at the camera: it is seen much shorter than on a table.
    let seam = mix(low, high, 0.27);
    let height = |share: f32| {
        if !peaked {
            mix(high, low, share)
        } else if share < CROWN {
            mix(high, seam, share / CROWN)
        } else {
            mix(seam, low, (share - CROWN) / (1.0 - CROWN))
        }
    };
    let mut grid = Grid::default();
    for step in 0..=rows {
        let at = mix(-0.03, 1.03, step as f32 / rows as f32);
        grid.push(
            columns
                .into_iter()
                .map(|share| {
                    let from = p(mix(left, right, share), mix(top, bottom, at));
                    let aside = across * (middle + (share - 0.5) * wide);
                    (from, head.eyes + aside - down * height(at))
                })
                .collect(),
        );
    }
    Fitted {
        pieces: vec![Piece {
            picture: cloth.picture.clone(),
            grid,
            behind_arms: false,
        }],
        // Seen from the front or from behind a hat is its own mirror image.
        trust: 0.75 * smooth_step(0.88, 0.95, cloth.symmetry),
        collar: false,
    }
}
