//! From a garment's shape and a body's measures to the grids that bend the one onto the other.
//!
//! Lengths on the body are in units of the torso (shoulders to hips, about half a metre on an adult). A flat
//! garment's length is judged by its breadth: a flat top counts as 0.8 torso lengths wide, a dress as 0.95.

use drape_domain::Category;

use super::{
    body::{Body, Section},
    cloth::Cloth,
    geom::{P, mix, p, smooth_step},
    mesh::{Grid, Layer},
    shape::{Across, Bottom, Top},
};

/// A piece of a garment, ready to be drawn.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    pub(crate) picture: Layer,
    pub(crate) grid: Grid,
    /// Whether bare arms in front of it stay in front.
    pub(crate) behind_arms: bool,
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

/// How wide a garment hangs around the body: its breadth over the body's.
const fn ease(category: Category) -> f32 {
    match category {
        Category::Outerwear => 1.16,
        Category::Blazer | Category::Hoodie | Category::Sweater => 1.12,
        Category::Undershirt | Category::Bodysuit => 1.03,
        _ => 1.06,
    }
}

/// The highest and the lowest hem that a top or dress of the category may have, as heights on the body.
fn hem_range(category: Category, body: &Body) -> (f32, f32) {
    match category {
        Category::Dress => (1.4, 1.95),
        Category::Bodysuit => (1.05, 1.95),
        Category::Outerwear => (1.0, 1.75),
        Category::Blazer => (0.98, body.height_at(body.torso * 1.45)),
        Category::Top => (0.55, 1.15),
        _ => (0.86, body.height_at(body.torso * 1.28)),
    }
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

/// Fits a top, a jacket or a dress: body, then sleeves.
pub(crate) fn top(cloth: &Cloth, category: Category, body: &Body) -> Vec<Piece> {
    let shape = Top::read(cloth, category);
    let torso = body.torso;
    let ease = ease(category);
    let sleeved = shape.sleeve.iter().any(Option::is_some);

    // Where it hangs on the body.
    let shoulders = [0, 1].map(|side| shoulder(body, side, sleeved, category));
    let deep = if matches!(
        category,
        Category::Outerwear | Category::Blazer | Category::Hoodie
    ) {
        0.37
    } else {
        0.33
    };
    let chest = body.section(deep);
    let chest = widened(chest, ease);
    let half = 0.5 * chest.left.distance(chest.right);
    let neck_half = if matches!(category, Category::Outerwear | Category::Hoodie) {
        0.155
    } else {
        0.14
    } * torso;
    let neck_base = body.neck + body.up() * (0.105 * torso);
    let necks = [-1.0, 1.0].map(|sign| neck_base + body.across() * (sign * neck_half));

    // How long it is: from the shoulders to the hem, judged by its breadth.
    let breadth = shape.chest();
    let start = 0.5 * (shape.neck[0].y + shape.neck[1].y);
    let long = (shape.hem - start) / breadth;
    let metre = if category == Category::Dress {
        0.95
    } else {
        0.8
    };
    let (highest, lowest) = hem_range(category, body);
    let hem = body
        .height_at((long * metre - 0.1) * torso)
        .clamp(highest, lowest);

    let knots = |at: f32| -> Vec<(f32, f32)> {
        // The neckline's ends keep their place on the shoulders; further down rows are even.
        let from = [0, 1].map(|side| {
            ((shape.neck[side].x - shape.shoulder[0].x)
                / (shape.shoulder[1].x - shape.shoulder[0].x).max(1.0))
            .clamp(0.05, 0.95)
        });
        let across = shoulders[1] - shoulders[0];
        let onto = [0, 1].map(|side| {
            ((necks[side] - shoulders[0]).dot(across) / across.dot(across).max(1.0))
                .clamp(0.05, 0.95)
        });
        let even = smooth_step(0.0, 1.0, at);
        vec![
            (from[0], mix(onto[0], from[0], even)),
            (
                0.5 * (from[0] + from[1]),
                mix(0.5 * (onto[0] + onto[1]), 0.5 * (from[0] + from[1]), even),
            ),
            (from[1], mix(onto[1], from[1], even)),
        ]
    };

    let mut grid = Grid::default();
    // Collar, hood or what else stands above the neckline's ends: pressed together, as seen from the front.
    let level = |y: f32| (p(shape.shoulder[0].x, y), p(shape.shoulder[1].x, y));
    let shoulder_y = 0.5 * (shape.shoulder[0].y + shape.shoulder[1].y);
    let neck_y = start.min(shoulder_y - 1.0);
    let rise = shoulder_y - neck_y;
    let mid_shoulder = shoulders[0].mix(shoulders[1], 0.5);
    let body_rise = (neck_base - mid_shoulder).dot(body.up()).max(0.02 * torso);
    let scale = 2.0 * half / breadth;
    let shift = |height: f32| body.up() * height;
    let above = (neck_y - shape.top).max(0.0);
    let collar = (above * scale)
        .min(0.07 * torso + (above * scale - 0.07 * torso).max(0.0) * 0.25)
        .min(0.2 * torso);
    let margins = if sleeved {
        (0.0, 0.0)
    } else {
        (MARGIN, MARGIN)
    };
    for (y, height) in [
        (shape.top - 3.0, body_rise + collar + 3.0 * scale),
        (shape.top, body_rise + collar),
        (mix(shape.top, neck_y, 0.5), body_rise + 0.5 * collar),
        (neck_y, body_rise),
        (mix(neck_y, shoulder_y, 0.5), body_rise * 0.5),
    ] {
        if y >= shoulder_y - 0.05 * rise {
            continue;
        }
        // Levelling out towards the neck; tilted like the shoulders otherwise.
        grid.push(row(
            level(y),
            (shoulders[0] + shift(height), shoulders[1] + shift(height)),
            &knots(0.0),
            margins,
        ));
    }
    // Shoulders to armpits.
    for step in 0..=6 {
        let at = step as f32 / 6.0;
        let from = [0, 1].map(|side| seam(&shape, side, at, sleeved));
        let onto = (
            shoulders[0].mix(chest.left, at),
            shoulders[1].mix(chest.right, at),
        );
        grid.push(row((from[0], from[1]), onto, &knots(at * 0.5), margins));
    }
    // Armpits to hem.
    let armpit = [shape.armpit[0].y, shape.armpit[1].y];
    let mut flare = [1.0_f32; 2];
    for step in 1..=ROWS {
        let at = step as f32 / ROWS as f32;
        let from = [0, 1].map(|side| shape.edge[side].at(mix(armpit[side], shape.hem, at)));
        let middle = 0.5 * (shape.armpit[0].x + shape.armpit[1].x);
        let q = mix(deep, hem, at);
        let section = body.section(q);
        let fitted = widened(section, ease);
        let centre = section.centre();
        // The cloth's own line, from the chest down; never narrower than the body.
        let across = (fitted.right - fitted.left).unit();
        let edge = |side: usize| {
            let natural = ((from[side].x - middle) * [-1.0, 1.0][side] / (0.5 * breadth))
                .clamp(0.6, 2.2)
                * half;
            let own = if side == 0 {
                centre.distance(fitted.left)
            } else {
                centre.distance(fitted.right)
            };
            let limit = half.max(own)
                * if category == Category::Dress {
                    1.9
                } else {
                    1.45
                };
            natural.max(own).min(limit)
        };
        for (side, flare) in flare.iter_mut().enumerate() {
            *flare = if step == 1 {
                edge(side)
            } else {
                mix(*flare, edge(side), 0.6)
            };
        }
        let own = [centre.distance(fitted.left), centre.distance(fitted.right)];
        let wide = [flare[0].max(own[0]), flare[1].max(own[1])];
        let settle = smooth_step(0.0, 0.18, at);
        let left =
            (centre - across * wide[0]).mix(chest.left + (centre - chest.centre()), 1.0 - settle);
        let right =
            (centre + across * wide[1]).mix(chest.right + (centre - chest.centre()), 1.0 - settle);
        let margins = (MARGIN, MARGIN);
        grid.push(row(
            (from[0], from[1]),
            (left, right),
            &knots(0.5 + 0.5 * at),
            margins,
        ));
    }
    // A little beyond the hem, for its soft edge.
    let end = [0, 1].map(|side| shape.edge[side].at(shape.hem) + p(0.0, 4.0));
    let section = body.section(hem);
    let below = section.centre()
        + (section.centre() - body.section(hem - 0.05).centre()).unit() * (4.0 * scale);
    let across = (section.right - section.left).unit();
    grid.push(row(
        (end[0], end[1]),
        (below - across * flare[0], below + across * flare[1]),
        &knots(1.0),
        (MARGIN, MARGIN),
    ));

    let feather = (0.006 * breadth).max(1.0);
    let mut pieces = vec![Piece {
        picture: cloth.part(|at| {
            (0..2)
                .filter(|&side| shape.sleeve[side].is_some())
                .map(|side| {
                    1.0 - smooth_step(0.0, 2.0 * feather, shape.beyond_seam(side, at) - feather)
                })
                .fold(1.0, f32::min)
        }),
        grid,
        behind_arms: true,
    }];
    for (side, &sewn) in shoulders.iter().enumerate() {
        // A sleeve that is folded away in its photo looks like the other one.
        let source = if shape.sleeve[side].is_some() {
            side
        } else {
            1 - side
        };
        let scale = half / (0.5 * breadth);
        if let Some(grid) = sleeve(&shape, source, side, category, body, (sewn, chest), scale) {
            let picture =
                cloth.part(|at| smooth_step(-2.0 * feather, 0.0, shape.beyond_seam(source, at)));
            pieces.push(Piece {
                picture,
                grid,
                behind_arms: false,
            });
        }
    }
    pieces
}

/// A section made broader about its middle.
fn widened(section: Section, factor: f32) -> Section {
    let centre = section.centre();
    Section {
        left: centre + (section.left - centre) * factor,
        right: centre + (section.right - centre) * factor,
    }
}

/// The armhole's line, from the shoulder (0) to the armpit (1). Sleeveless garments follow their own edge.
fn seam(shape: &Top, side: usize, at: f32, sleeved: bool) -> P {
    let (shoulder, armpit) = (shape.shoulder[side], shape.armpit[side]);
    let straight = shoulder.mix(armpit, at);
    if sleeved {
        straight
    } else {
        p(straight.x, mix(shoulder.y, armpit.y, at))
    }
}

/// Where the end of a garment's shoulder lies on the body.
fn shoulder(body: &Body, side: usize, sleeved: bool, category: Category) -> P {
    let joint = body.sides[side].shoulder.at;
    let outward = body.across() * body.sides[side].sign;
    let torso = body.torso;
    if !sleeved {
        return joint - outward * (0.04 * torso) + body.up() * (0.075 * torso);
    }
    // Joints lie a few centimetres below and inside of the shoulder's outline.
    let direction = (outward * 0.75 + body.up() * 0.65).unit();
    let thick = if matches!(
        category,
        Category::Outerwear | Category::Blazer | Category::Hoodie
    ) {
        0.035
    } else {
        0.012
    };
    joint + direction * (body.shoulder_depth(side, direction) + thick * torso)
}

/// A sleeve along the arm: the garment's `source` sleeve on the body's `side`.
fn sleeve(
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

/// Where the waist of a bottom sits, as a height on the body.
const fn waist_height(category: Category) -> f32 {
    match category {
        Category::Skirt => 0.66,
        _ => 0.72,
    }
}

/// Fits trousers, shorts or a skirt.
pub(crate) fn bottom(cloth: &Cloth, category: Category, body: &Body) -> Vec<Piece> {
    let legs = category != Category::Skirt;
    let shape = Bottom::read(cloth, legs);
    let torso = body.torso;
    let top = waist_height(category);
    let breadth = mix(shape.breadth(), shape.hips(), 0.5);
    let length = (shape.hem - shape.waist) / breadth;
    let natural = body.height_at(top * torso + length * 0.78 * torso);
    let hem = match category {
        Category::Pants => {
            if natural > 1.6 {
                2.0
            } else {
                natural.max(1.5)
            }
        }
        Category::Shorts => natural.clamp(1.22, 1.62),
        _ => natural.clamp(1.2, 1.95),
    };
    if legs {
        trousers(cloth, &shape, body, (top, hem))
    } else {
        skirt(cloth, &shape, body, (top, hem))
    }
}

fn skirt(cloth: &Cloth, shape: &Bottom, body: &Body, heights: (f32, f32)) -> Vec<Piece> {
    let mut grid = Grid::default();
    let (top, hem) = heights;
    let waist = widened(body.section(top), 1.04);
    let half = 0.5 * waist.left.distance(waist.right);
    let breadth = shape.breadth();
    let scale = 2.0 * half / breadth;
    let mut wide = [half; 2];
    for step in -1..=ROWS as i32 + 1 {
        let at = step as f32 / ROWS as f32;
        let y = mix(shape.waist, shape.hem, at);
        let from = [0, 1].map(|side| {
            shape.outer[side].at(y.clamp(shape.waist, (shape.hem - 2.0).max(shape.waist)))
        });
        let from = [p(from[0].x, y), p(from[1].x, y)];
        let q = mix(top, hem, at);
        let section = body.section(q);
        let centre = section.centre();
        let fitted = widened(section, 1.05);
        let middle = 0.5 * (from[0].x + from[1].x);
        for side in 0..2 {
            let own = if side == 0 {
                centre.distance(fitted.left)
            } else {
                centre.distance(fitted.right)
            };
            let natural = (from[side].x - middle).abs() * scale;
            // A skirt hangs: it narrows towards its hem less than the legs do.
            let hang = wide[side] * 0.985;
            wide[side] = natural.clamp(own, own.max(half) * 2.1).max(if at < 0.9 {
                hang.min(natural.max(own) * 1.15)
            } else {
                0.0
            });
        }
        let across = (section.right - section.left).unit();
        let settle = smooth_step(0.0, 0.12, at.max(0.0));
        let edge = |side: usize| mix(half, wide[side], settle);
        let onto = (centre - across * edge(0), centre + across * edge(1));
        grid.push(row(
            (from[0], from[1]),
            onto,
            &[(0.5, 0.5)],
            (MARGIN, MARGIN),
        ));
    }
    vec![Piece {
        picture: cloth.picture.clone(),
        grid,
        behind_arms: true,
    }]
}

fn trousers(cloth: &Cloth, shape: &Bottom, body: &Body, heights: (f32, f32)) -> Vec<Piece> {
    let (top, hem) = heights;
    let waist = widened(body.section(top), 1.05);
    let half = 0.5 * waist.left.distance(waist.right);
    let scale = 2.0 * half / mix(shape.breadth(), shape.hips(), 0.35);
    // The legs part a little below the hip joints.
    let fork = body.height_at(1.2 * body.torso).min(mix(1.0, hem, 0.55));
    let crossing = body
        .leg_section(0, fork)
        .right
        .mix(body.leg_section(1, fork).left, 0.5);
    let start = waist.centre();
    let rows: Vec<(f32, f32)> = (-1..=12)
        .map(|step| step as f32 / 12.0)
        .map(|at| (mix(shape.waist, shape.crotch.y, at), mix(top, fork, at)))
        .chain(
            (1..=ROWS + 1)
                .map(|step| step as f32 / ROWS as f32)
                .map(|at| (mix(shape.crotch.y, shape.hem, at), mix(fork, hem, at))),
        )
        .collect();
    let mut pieces = Vec::new();
    for side in 0..2 {
        let mut grid = Grid::default();
        let sign = [-1.0, 1.0][side];
        for &(y, q) in &rows {
            let clamped = y.clamp(shape.waist, (shape.hem - 2.0).max(shape.waist));
            let outer = p(shape.outer[side].at(clamped).x, y);
            // Where the legs touch on the body, cloth meets cloth rather than two soft edges.
            let bare = smooth_step(
                0.0,
                0.15,
                (y - shape.crotch.y) / (shape.hem - shape.crotch.y).max(1.0),
            );
            let inset = 0.03 * bare * (outer.x - shape.inner[side].at(clamped).x);
            let inner = p(shape.inner[side].at(clamped).x + inset, y);
            let above = y <= shape.crotch.y;
            let (outside, inside) = if above {
                let share = ((q - top) / (fork - top)).clamp(-0.2, 1.0);
                let section = body.section(q);
                let fitted = widened(section, 1.05);
                let centre = start.mix(crossing, share);
                let body_edge = if side == 0 { fitted.left } else { fitted.right };
                let natural = (outer.x - inner.x).abs() * scale;
                let own = (body_edge - centre).dot(p(sign, 0.0));
                let reach = mix(
                    half,
                    natural.clamp(own.max(0.0), own.max(0.0) * 1.35),
                    smooth_step(0.0, 0.2, share),
                );
                let direction = (section.right - section.left).unit() * sign;
                (centre + direction * reach.max(own), centre)
            } else {
                let leg = body.leg_section(side, q);
                let (out, inn) = if side == 0 {
                    (leg.left, leg.right)
                } else {
                    (leg.right, leg.left)
                };
                let other = body.leg_section(1 - side, q);
                let other = if side == 0 { other.left } else { other.right };
                let centre = out.mix(inn, 0.5);
                let own = 0.5 * out.distance(inn);
                let natural = 0.5 * (outer.x - inner.x).abs() * scale * 0.9;
                let wide = natural.clamp(own * 1.1, own.max(0.09 * body.torso) * 1.9);
                let outside = centre + p(sign * wide, 0.0);
                // Never beyond the middle between the legs, and joined smoothly to the crotch.
                let middle = inn.mix(other, 0.5);
                let inside = p(
                    if side == 0 {
                        (centre.x + wide).min(middle.x)
                    } else {
                        (centre.x - wide).max(middle.x)
                    },
                    centre.y,
                );
                let near = smooth_step(0.0, 0.12, (q - fork) / (hem - fork).max(0.05));
                let joined = p(mix(crossing.x, inside.x, near), inside.y);
                (outside, joined)
            };
            // Beyond the inner edge only as far as the gap between the legs goes.
            let gap = (shape.inner[1].at(clamped).x - shape.inner[0].at(clamped).x).max(0.0);
            let breadth = (outer.x - inner.x).abs().max(1.0);
            let inner_margin = if above {
                0.0
            } else {
                (inset.abs() / breadth).max((0.45 * gap / breadth).min(MARGIN))
            };
            let line = row(
                (outer, inner),
                (outside, inside),
                &[(0.5, 0.5)],
                (MARGIN, inner_margin),
            );
            grid.push(line);
        }
        pieces.push(Piece {
            picture: cloth.picture.clone(),
            grid,
            behind_arms: true,
        });
    }
    pieces
}

/// Fits a pair of shoes, or one shoe twice.
pub(crate) fn shoes(cloth: &Cloth, body: &Body) -> Vec<Piece> {
    let mut parts = cloth.mask.pieces(true);
    parts.truncate(2);
    let boxes: Vec<[f32; 4]> = parts
        .iter()
        .map(|part| {
            let mut bounds = [f32::INFINITY, f32::INFINITY, 0.0_f32, 0.0_f32];
            for &index in &part.pixels {
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
            bounds
        })
        .collect();
    let Some(&first) = boxes.first() else {
        return Vec::new();
    };
    let beside = boxes.get(1).is_some_and(|second| {
        let overlap = first[3].min(second[3]) - first[1].max(second[1]);
        overlap > 0.3 * (first[3] - first[1])
    });
    let mut pair = if beside {
        [first, boxes[1]]
    } else {
        [first, first]
    };
    let aspect = |part: [f32; 4]| (part[2] - part[0]) / (part[3] - part[1]).max(1.0);
    // Seen from above, one shoe is about 0.4 times as broad as long: what is broader is two that touch.
    if !beside && (0.55..1.15).contains(&aspect(first)) {
        let middle = 0.5 * (first[0] + first[2]);
        pair = [
            [first[0], first[1], middle, first[3]],
            [middle, first[1], first[2], first[3]],
        ];
    }
    // Shoes photographed from the side cannot be put on feet that are seen from the front.
    if pair.iter().any(|&part| aspect(part) > 0.8) {
        return Vec::new();
    }
    if pair[0][0] > pair[1][0] {
        pair.swap(0, 1);
    }
    (0..2)
        .filter_map(|side| shoe(cloth, body, side, pair[side], pair[0] == pair[1]))
        .collect()
}

fn shoe(cloth: &Cloth, body: &Body, side: usize, bounds: [f32; 4], single: bool) -> Option<Piece> {
    let joints = &body.sides[side];
    let [left, top, right, bottom] = bounds;
    let (wide, high) = ((right - left).max(1.0), (bottom - top).max(1.0));
    let foot = joints.toe.at - joints.ankle.at;
    if foot.length() < 0.03 * body.torso {
        return None;
    }
    let axis = (foot.unit() + p(0.0, 0.25)).unit();
    let across = p(axis.y, -axis.x);
    // The foot in the photo, with the shoe it wears now.
    let tip = joints.toe.at
        + axis * (body.reach(joints.toe.at, axis, 0.16 * body.torso) + 0.02 * body.torso);
    let instep = joints.ankle.at.mix(tip, 0.6);
    let edge = |direction: P| body.reach(instep, direction, 0.15 * body.torso);
    let (one, other) = (edge(across), edge(across * -1.0));
    let shift = across * (0.5 * (one - other));
    let length = (joints.ankle.at.distance(tip) * 1.22).max(0.34 * body.torso);
    let half = (length * wide / high * 0.5)
        .max(0.55 * (one + other))
        .clamp(0.12 * body.torso, 0.18 * body.torso);
    let begin = tip - axis * length;
    let down = toes_down(cloth, bounds);
    // Turned half around when the photo shows the toes up; a single shoe is mirrored for one foot.
    let flip = down == (single && side == 1);
    let mut grid = Grid::default();
    for step in 0..=8 {
        let at = mix(-0.03, 1.03, step as f32 / 8.0);
        let y = if down {
            mix(top, bottom, at)
        } else {
            mix(bottom, top, at)
        };
        let centre = begin + axis * (length * at) + shift * smooth_step(0.1, 0.5, at);
        grid.push(
            [-0.04, 0.0, 0.25, 0.5, 0.75, 1.0, 1.04]
                .into_iter()
                .map(|share| {
                    let x = if flip {
                        mix(left, right, share)
                    } else {
                        mix(right, left, share)
                    };
                    (p(x, y), centre + across * ((0.5 - share) * -2.0 * half))
                })
                .collect(),
        );
    }
    let margin = 2.0;
    let picture = cloth.part(|at| {
        let inside = at.x > left - margin
            && at.x < right + margin
            && at.y > top - margin
            && at.y < bottom + margin;
        f32::from(u8::from(inside))
    });
    Some(Piece {
        picture,
        grid,
        behind_arms: false,
    })
}

/// Whether a shoe seen from above has its toes at the lower end of its picture: a sole is broader towards the
/// toes than towards the heel.
fn toes_down(cloth: &Cloth, bounds: [f32; 4]) -> bool {
    let [left, top, right, bottom] = bounds.map(|value| value as usize);
    let quarter = (bottom - top) / 4;
    let area = |rows: std::ops::Range<usize>| {
        rows.map(|y| {
            (left..right)
                .filter(|&x| cloth.mask.get(x as i32, y as i32))
                .count()
        })
        .sum::<usize>()
    };
    area(top + quarter / 2..top + 2 * quarter) <= area(bottom - 2 * quarter..bottom - quarter / 2)
}

/// Fits a hat onto the head above the brows.
pub(crate) fn hat(cloth: &Cloth, head: &super::protect::Head) -> Vec<Piece> {
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
    vec![Piece {
        picture: cloth.picture.clone(),
        grid,
        behind_arms: false,
    }]
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
