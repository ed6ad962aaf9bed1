//! Sleeves along the arms.

use drape_domain::Category;

use super::long_sleeved;
use crate::tryon::{
    body::{Body, Section},
    geom::{P, mix, smooth_step},
    mesh::Grid,
    shape::{Across, Top},
};

/// A sleeve along the arm: the garment's `source` sleeve on the body's `side`.
pub(super) fn sleeve(
    shape: &Top,
    source: usize,
    side: usize,
    category: Category,
    body: &Body,
    sewn: (P, Section),
    scale: f32,
) -> Option<Grid> {
    let sleeve = shape.sleeve[source].as_ref()?;
    let (shoulder, chest) = sewn;
    let armpit = if side == 0 { chest.left } else { chest.right };
    let arm = body.arm(side);
    let torso = body.torso;
    // How far down the arm: a flat top's chest is about half a metre wide, an arm a little longer.
    let natural = sleeve.length / shape.chest() * 0.86 * torso / arm.length().max(1.0);
    let reach = if long_sleeved(category) && natural > 0.45 || natural > 0.68 {
        0.98
    } else {
        natural.clamp(0.14, 0.98)
    };
    let [upper, lower] = body.arm_radius[side];
    let sign = body.sides[side].sign;

    let mut grid = Grid::default();
    let rows = 16;
    for step in 0..=rows + 1 {
        let at = step as f32 / rows as f32;
        let from = sleeve.at(at);
        let (bone, direction) = arm.at(at * reach);
        let [near, far] = body.arm_offset[side];
        let bone = bone + direction.turned() * mix(near, far, smooth_step(0.4, 0.7, at * reach));
        // Outer is up for an arm stretched out, outside for an arm that hangs.
        let normal = direction.turned() * -sign;
        let normal = if normal.dot(shoulder - armpit) < -0.3 * shoulder.distance(armpit) {
            normal * -1.0
        } else {
            normal
        };
        let covered = mix(upper, lower, smooth_step(0.35, 0.75, at * reach));
        let loose = if matches!(
            category,
            Category::Outerwear | Category::Hoodie | Category::Blazer
        ) {
            1.46
        } else {
            1.34
        };
        let own = 0.5 * from.outer.distance(from.inner) * scale * 0.82;
        let half = own.clamp(covered * loose, covered * 2.1);
        let along = Across {
            outer: bone + normal * half,
            inner: bone - normal * (1.1 * half),
        };
        // Near the seam it turns from the armhole's slant to straight across the arm.
        let blend = smooth_step(0.0, 0.62, at * reach * arm.length() / (0.5 * torso));
        let slide = bone - arm.at(0.0).0;
        let sewn = Across {
            outer: shoulder + slide,
            inner: armpit + slide * (0.25 + 0.75 * at),
        };
        let onto = Across {
            outer: sewn.outer.mix(along.outer, blend),
            inner: sewn.inner.mix(along.inner, blend),
        };
        let margin = 0.12;
        grid.push(
            [-margin, 0.0, 0.25, 0.5, 0.75, 1.0, 1.0 + margin]
                .into_iter()
                .map(|share| {
                    (
                        from.outer.mix(from.inner, share),
                        onto.outer.mix(onto.inner, share),
                    )
                })
                .collect(),
        );
    }
    Some(grid)
}
