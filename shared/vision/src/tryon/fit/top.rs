//! Tops, jackets and dresses: collar, body, and where the sleeves are sewn on.

use drape_domain::Category;

use super::{Fitted, MARGIN, Piece, ROWS, long_sleeved, row, sagging, sleeve::sleeve, widened};
use crate::tryon::{
    body::Body,
    cloth::Cloth,
    geom::{P, mix, p, smooth_step},
    mesh::Grid,
    shape::Top,
};

/// How wide a dress is drawn at most, over its chest.
const WIDEST: f32 = 1.9;

/// How wide a garment hangs around the body: its breadth over the body's.
const fn ease(category: Category) -> f32 {
    match category {
        Category::Outerwear => 1.16,
        Category::Blazer | Category::Hoodie | Category::Sweater => 1.12,
        Category::Undershirt | Category::Bodysuit => 1.03,
        _ => 1.06,
    }
}

/// Whether tops of the category may have a collar or a hood.
const fn collared(category: Category) -> bool {
    matches!(
        category,
        Category::Shirt
            | Category::Polo
            | Category::Blouse
            | Category::Blazer
            | Category::Outerwear
            | Category::Hoodie
    )
}

/// The highest and the lowest hem that a top or dress of the category may have, as heights on the body.
fn hem_range(category: Category, body: &Body) -> (f32, f32) {
    match category {
        Category::Dress => (1.25, 1.95),
        Category::Bodysuit => (1.05, 1.95),
        Category::Outerwear => (0.9, 1.75),
        Category::Blazer => (0.95, body.height_at(body.torso * 1.3)),
        Category::Top => (0.55, 1.15),
        _ => (0.86, body.height_at(body.torso * 1.22)),
    }
}

/// Fits a top, a jacket or a dress: body, then sleeves.
pub(crate) fn top(cloth: &Cloth, category: Category, body: &Body) -> Fitted {
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
    let neck_base = body.neck + body.up() * (0.12 * torso);
    let necks = [-1.0, 1.0].map(|sign| neck_base + body.across() * (sign * neck_half));

    // How long it is: from the shoulders to the hem, judged by its breadth.
    let breadth = shape.chest();
    let start = 0.5 * (shape.neck[0].y + shape.neck[1].y);
    let long = (shape.hem - start) / breadth;
    let (highest, lowest) = hem_range(category, body);
    let hem = body
        .height_at((length(&shape, long, category, body) - 0.1) * torso)
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
    let fall = Fall::of(&shape, category);
    let middle = 0.5 * (shape.armpit[0].x + shape.armpit[1].x);
    let mut flare = [1.0_f32; 2];
    let mut last = shape.armpit;
    for step in 1..=ROWS {
        let at = step as f32 / ROWS as f32;
        let from = [0, 1].map(|side| fall.edge(&shape, side, at));
        let q = mix(deep, hem, at);
        let section = body.section(q);
        let fitted = widened(section, ease);
        let centre = section.centre();
        // The cloth's own line, from the chest down; never narrower than the body.
        let across = (fitted.right - fitted.left).unit();
        let edge = |side: usize| {
            let natural = (from[side].x - middle) * [-1.0, 1.0][side] / (0.5 * breadth);
            let natural = fall.narrowed(side, natural).clamp(0.6, 2.2) * half;
            let own = if side == 0 {
                centre.distance(fitted.left)
            } else {
                centre.distance(fitted.right)
            };
            let limit = half.max(own)
                * if category == Category::Dress {
                    WIDEST
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
        let across = row(
            (from[0], from[1]),
            (left, right),
            &knots(0.5 + 0.5 * at),
            margins,
        );
        last = [from[0], from[1]];
        grid.push(sagging(across, fall.sag * at));
    }
    // A little beyond the hem, for its soft edge.
    let end = last.map(|edge| edge + p(0.0, 4.0));
    let section = body.section(hem);
    let below = section.centre()
        + (section.centre() - body.section(hem - 0.05).centre()).unit() * (4.0 * scale);
    let across = (section.right - section.left).unit();
    let beyond = row(
        (end[0], end[1]),
        (below - across * flare[0], below + across * flare[1]),
        &knots(1.0),
        (MARGIN, MARGIN),
    );
    grid.push(sagging(beyond, fall.sag));

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
        // A sleeve that is folded away or torn in its photo looks like the other one.
        let whole = |side: usize| {
            shape.sleeve[side]
                .as_ref()
                .map_or(0.0, |sleeve| sleeve.whole)
        };
        let source = if whole(side) + 0.12 < whole(1 - side) {
            1 - side
        } else {
            side
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
    Fitted {
        pieces,
        trust: trust(&shape, long, category),
        collar: collar > 0.03 * torso && collared(category),
    }
}

/// How a garment falls from under the arms to its hem.
struct Fall {
    /// The row at which each edge ends.
    end: [f32; 2],
    /// Where a dress's edges end; its hem hangs level, whatever its curve when it lies flat.
    corner: Option<[P; 2]>,
    /// How far the hem's middle lies below its corners in the garment's picture.
    sag: f32,
    /// The widest dresses are made narrower all the way down, not only where they are too wide.
    narrower: [f32; 2],
}

impl Fall {
    fn of(shape: &Top, category: Category) -> Self {
        if category != Category::Dress {
            return Self {
                end: [shape.hem; 2],
                corner: None,
                sag: 0.0,
                narrower: [1.0; 2],
            };
        }
        let corner = shape.dress_hem.corner;
        let middle = 0.5 * (shape.armpit[0].x + shape.armpit[1].x);
        Self {
            end: corner.map(|corner| corner.y),
            corner: Some(corner),
            sag: shape.dress_hem.sag,
            narrower: corner.map(|corner| {
                let natural = (corner.x - middle).abs() / (0.5 * shape.chest());
                ((WIDEST - 1.0) / (natural - 1.0).max(0.1)).min(1.0)
            }),
        }
    }

    /// An edge in the garment's picture: 0 under the arm, 1 at the hem.
    fn edge(&self, shape: &Top, side: usize, at: f32) -> P {
        let edge = shape.edge[side].at(mix(shape.armpit[side].y, self.end[side], at));
        match self.corner {
            Some(corner) => {
                // Towards the hem's corner, where rows do not reach the edge any more.
                let pull = smooth_step(0.85, 1.0, at);
                p(mix(edge.x, corner[side].x, pull), edge.y)
            }
            None => edge,
        }
    }

    /// A distance from the middle, as a share of half the chest's breadth, as far as it is drawn.
    fn narrowed(&self, side: usize, natural: f32) -> f32 {
        if natural > 1.0 {
            1.0 + (natural - 1.0) * self.narrower[side]
        } else {
            natural
        }
    }
}

/// How much a shape looks like what the category says, 0–1.
fn trust(shape: &Top, long: f32, category: Category) -> f32 {
    let sleeves: Vec<_> = shape.sleeve.iter().flatten().collect();
    let whole = sleeves
        .iter()
        .map(|sleeve| smooth_step(0.55, 0.92, sleeve.whole))
        .fold(1.0, f32::min);
    let paired = match sleeves.len() {
        2 => 1.0,
        1 => 0.75,
        // There are vests among coats.
        _ if long_sleeved(category) && category != Category::Outerwear => 0.5,
        _ if long_sleeved(category) => 0.7,
        _ => 1.0,
    };
    // Lengths over breadths under the arms that clothes have.
    let (low, high) = match category {
        Category::Dress => (1.3, 3.6),
        Category::Outerwear => (0.85, 2.6),
        Category::Top => (0.6, 2.0),
        _ => (0.8, 1.9),
    };
    let usual = smooth_step(0.6 * low, low, long) * (1.0 - smooth_step(high, 1.5 * high, long));
    (0.4 + 0.6 * whole) * paired * (0.3 + 0.7 * usual)
}

/// How long a garment hangs from the neck's side, in torso lengths: by its breadth (a flat top counts as 0.8
/// torso lengths wide), and by its sleeves, which are as long as arms.
fn length(shape: &Top, long: f32, category: Category, body: &Body) -> f32 {
    let by_breadth = 0.8 * long;
    let sleeves: Vec<f32> = shape
        .sleeve
        .iter()
        .flatten()
        .filter(|sleeve| sleeve.whole > 0.7)
        .map(|sleeve| sleeve.length)
        .collect();
    if !long_sleeved(category) || sleeves.is_empty() {
        return by_breadth;
    }
    let sleeve = sleeves.iter().copied().fold(0.0, f32::max).max(1.0);
    let arm = body.arm(0).length().max(body.arm(1).length()) / body.torso;
    let by_sleeve = 1.06 * arm.clamp(0.95, 1.2) * long * shape.chest() / sleeve;
    let by_sleeve = by_sleeve.clamp(0.6 * by_breadth, 1.4 * by_breadth);
    // Breadth misleads where sleeves hide the sides.
    let trust = if shape.hugging { 0.85 } else { 0.6 };
    by_sleeve.powf(trust) * by_breadth.powf(1.0 - trust)
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
        0.02
    };
    joint + direction * (body.shoulder_depth(side, direction) + thick * torso)
}
