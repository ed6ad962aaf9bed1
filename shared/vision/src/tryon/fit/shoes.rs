//! Shoes on the feet.

use super::{Fitted, Piece};
use crate::tryon::{
    body::Body,
    cloth::Cloth,
    foot::Foot,
    geom::{mix, p, smooth_step},
    mesh::Grid,
    plane::Mask,
};

/// Shoes seen from above are less broad than this part of their length.
const BROADEST: f32 = 0.62;
/// How much broader the upper end must be to hold the toes: on most photos the toes point to whoever took
/// them.
const TOES_UP: f32 = 1.06;
/// How far behind the ankle a shoe begins in the picture, as a part of what is seen of the foot before it.
const HEEL: f32 = 0.08;

/// Fits a pair of shoes, or one shoe twice.
pub(crate) fn shoes(cloth: &Cloth, body: &Body) -> Fitted {
    let (pieces, alike) = pair(cloth, body);
    Fitted {
        pieces,
        trust: 0.8 * alike,
        collar: false,
    }
}

/// Whether both feet stand side by side and are seen from the front, more or less.
fn stands(feet: &[Foot; 2], body: &Body) -> bool {
    let apart = (feet[0].ankle.y - feet[1].ankle.y).abs();
    apart < 0.25 * body.torso && feet.iter().all(|foot| foot.axis.y > 0.45)
}

/// One piece for each foot, and how much they look like shoes seen from above, 0–1.
fn pair(cloth: &Cloth, body: &Body) -> (Vec<Piece>, f32) {
    let (Some(left), Some(right)) = (Foot::measure(body, 0), Foot::measure(body, 1)) else {
        return (Vec::new(), 0.0);
    };
    let feet = [left, right];
    if !stands(&feet, body) {
        return (Vec::new(), 0.0);
    }
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
        return (Vec::new(), 0.0);
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
    if pair.iter().any(|&part| aspect(part) > BROADEST) {
        return (Vec::new(), 0.0);
    }
    let single = pair[0] == pair[1];
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
    // Seen from above, one shoe is the other's mirror image; seen from one side, from its end or heaped up it is not.
    let alike = likeness(cloth, [(pair[0], &own[0]), (pair[1], &own[1])]);
    let pieces = own
        .iter()
        .enumerate()
        .map(|(side, own)| {
            let mirrored = single && side == 1;
            shoe(cloth, body.torso, &feet[side], (pair[side], own), mirrored)
        })
        .collect();
    (pieces, smooth_step(0.6, 0.85, alike))
}

/// How much one shoe is like the other's mirror image, each in its own frame, 0–1.
fn likeness(cloth: &Cloth, pair: [([f32; 4], &Mask); 2]) -> f32 {
    const CELLS: (usize, usize) = (20, 40);
    let (mut both, mut either) = (0.0_f32, 0.0_f32);
    for row in 0..CELLS.1 {
        for column in 0..CELLS.0 {
            let (across, down) = (
                (column as f32 + 0.5) / CELLS.0 as f32,
                (row as f32 + 0.5) / CELLS.1 as f32,
            );
            let set = |(bounds, own): ([f32; 4], &Mask), across: f32| {
                let x = mix(bounds[0], bounds[2], across) as i32;
                let y = mix(bounds[1], bounds[3], down) as i32;
                cloth.mask.get(x, y) && own.get(x, y)
            };
            let [one, other] = [set(pair[0], across), set(pair[1], 1.0 - across)];
            both += f32::from(u8::from(one && other));
            either += f32::from(u8::from(one || other));
        }
    }
    both / either.max(1.0)
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

fn shoe(cloth: &Cloth, torso: f32, foot: &Foot, own: ([f32; 4], &Mask), mirrored: bool) -> Piece {
    let (bounds, own) = own;
    let [left, top, right, bottom] = bounds;
    // The heel stands on the ground, below the ankle and hidden by it; the tip is a little beyond that of what is
    // worn now.
    let heel = foot.ankle + foot.down * (0.06 * torso);
    let way = foot.tip() - heel;
    let axis = way.unit();
    let across = axis.turned() * -1.0;
    let begin = heel - way * HEEL;
    let length = (1.0 + HEEL + 0.04) * way.length();
    let shift = across * -foot.aside;
    let half = foot.half * 1.08;
    let down = toes_down(cloth, bounds);
    // Turned half around when the photo shows the toes up; a single shoe is mirrored for one foot.
    let flip = down == mirrored;
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
    Piece {
        picture,
        grid,
        behind_arms: false,
    }
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
    let upper = area(top + quarter / 2..top + 2 * quarter) as f32;
    let lower = area(bottom - 2 * quarter..bottom - quarter / 2) as f32;
    upper <= TOES_UP * lower
}
