//! Shoes on the feet.

use super::{Fitted, Piece};
use crate::tryon::{
    body::Body,
    cloth::Cloth,
    geom::{P, mix, p, smooth_step},
    mesh::Grid,
    plane::Mask,
};

/// Fits a pair of shoes, or one shoe twice.
pub(crate) fn shoes(cloth: &Cloth, body: &Body) -> Fitted {
    Fitted {
        pieces: pair(cloth, body),
        trust: 0.7,
        collar: false,
    }
}

/// One piece for each foot.
fn pair(cloth: &Cloth, body: &Body) -> Vec<Piece> {
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
    if pair.iter().any(|&part| aspect(part) > 0.7) {
        return Vec::new();
    }
    let single = pair[0] == pair[1];
    // A pair seen from above is its own mirror image; seen from the front left it is not.
    if cloth.symmetry < if single { 0.8 } else { 0.87 } {
        return Vec::new();
    }
    // Each shoe's own pixels, with a rim for the soft edge.
    let mut own: Vec<Mask> = if beside {
        parts
            .iter()
            .map(|part| only(cloth, &part.pixels).grown(2.0))
            .collect()
    } else {
        pair.iter()
            .map(|&[left, _, right, _]| half(cloth, left, right))
            .collect()
    };
    if pair[0][0] > pair[1][0] {
        pair.swap(0, 1);
        own.swap(0, 1);
    }
    own.iter()
        .enumerate()
        .filter_map(|(side, own)| shoe(cloth, body, side, (pair[side], own), single))
        .collect()
}

/// A mask of these pixels.
fn only(cloth: &Cloth, pixels: &[usize]) -> Mask {
    let mut mask = Mask {
        data: vec![false; cloth.mask.data.len()],
        ..cloth.mask
    };
    for &index in pixels {
        mask.data[index] = true;
    }
    mask
}

/// The garment's pixels between two columns.
fn half(cloth: &Cloth, left: f32, right: f32) -> Mask {
    let columns = left..right;
    Mask {
        data: (0..cloth.mask.data.len())
            .map(|index| columns.contains(&((index % cloth.width()) as f32)))
            .collect(),
        ..cloth.mask
    }
}

fn shoe(
    cloth: &Cloth,
    body: &Body,
    side: usize,
    own: ([f32; 4], &Mask),
    single: bool,
) -> Option<Piece> {
    let (bounds, own) = own;
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
        + axis * (body.reach(joints.toe.at, axis, 0.16 * body.torso) + 0.045 * body.torso);
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
    let picture = cloth.part(|at| f32::from(u8::from(own.get(at.x as i32, at.y as i32))));
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
