//! Hats on the head above the brows.

use super::{Fitted, Piece, cloth_bounds};
use crate::tryon::{
    cloth::Cloth,
    geom::{mix, p},
    mesh::Grid,
    protect::Head,
};

/// Fits a hat onto the head above the brows.
pub(crate) fn hat(cloth: &Cloth, head: &Head) -> Fitted {
    let (rows, columns) = (6, [-0.03, 0.0, 0.25, 0.5, 0.75, 1.0, 1.03]);
    let edge = cloth_bounds(cloth);
    let [left, top, right, bottom] = edge;
    let aspect = (bottom - top) / (right - left).max(1.0);
    // Caps and beanies are as wide as the head; brims are wider, and then the hat is flat.
    let wide = 2.0 * head.half * if aspect < 0.62 { 1.75 } else { 1.25 };
    let high = (wide * aspect).clamp(0.3 * wide, 1.95 * head.unit);
    let down = head.down;
    let across = p(down.y, -down.x);
    let middle = (head.centre - head.eyes).dot(across) * 0.6;
    let base = head.eyes + across * middle - down * (0.3 * head.unit);
    let mut grid = Grid::default();
    for step in 0..=rows {
        let at = mix(-0.03, 1.03, step as f32 / rows as f32);
        grid.push(
            columns
                .into_iter()
                .map(|share| {
                    let from = p(mix(left, right, share), mix(top, bottom, at));
                    (
                        from,
                        base + across * ((share - 0.5) * wide) - down * ((1.0 - at) * high),
                    )
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
        trust: 0.75,
        collar: false,
    }
}
