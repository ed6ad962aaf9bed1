//! Trousers, shorts and skirts.

use drape_domain::Category;

use super::{Fitted, MARGIN, Piece, ROWS, row, sagging, widened};
use crate::tryon::{
    body::Body,
    cloth::Cloth,
    geom::{P, mix, p, smooth_step},
    mesh::Grid,
    shape::Bottom,
};

/// Where the waist of a bottom sits, as a height on the body.
const fn waist_height(category: Category) -> f32 {
    match category {
        Category::Skirt => 0.66,
        _ => 0.72,
    }
}

/// How wide a skirt is drawn at most, over its waist.
const WIDEST: f32 = 2.1;

/// Fits trousers, shorts or a skirt.
pub(crate) fn bottom(cloth: &Cloth, category: Category, body: &Body) -> Fitted {
    let legs = category != Category::Skirt;
    let shape = Bottom::read(cloth, legs);
    let torso = body.torso;
    let top = waist_height(category);
    let breadth = mix(shape.breadth(), shape.hips(), 0.5);
    // Legs are as long as their outer seams: hems of flat shorts hang lowest in the middle.
    let end = if legs {
        0.5 * (shape.cuff[0][0].y + shape.cuff[1][0].y)
    } else {
        let [left, right] = shape.skirt_hem.corner;
        0.5 * (left.y + right.y + shape.skirt_hem.sag)
    };
    let length = (end - shape.waist) / breadth;
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
    let pieces = if legs {
        trousers(cloth, &shape, body, (top, hem))
    } else {
        skirt(cloth, &shape, body, (top, hem))
    };
    // Lengths over breadths that such clothes have; folded trousers are much narrower.
    let (low, high) = match category {
        Category::Pants => (1.35, 3.0),
        Category::Shorts => (0.45, 1.6),
        _ => (0.5, 2.6),
    };
    let usual = smooth_step(0.6 * low, low, length) * (1.0 - smooth_step(high, 1.4 * high, length));
    let forked = if legs && !shape.forked { 0.7 } else { 1.0 };
    Fitted {
        pieces,
        trust: (0.25 + 0.75 * usual) * forked,
        collar: false,
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
    // The widest skirts are made narrower all the way down, not only where they are too wide.
    let flare = [0, 1].map(|side| {
        let corner = shape.skirt_hem.corner;
        let natural = (corner[side].x - 0.5 * (corner[0].x + corner[1].x)).abs() * scale;
        ((WIDEST - 1.0) * half / (natural - half).max(1.0)).min(1.0)
    });
    for step in -1..=ROWS as i32 + 1 {
        let at = step as f32 / ROWS as f32;
        let from = [0, 1].map(|side| {
            let corner = shape.skirt_hem.corner[side];
            let y = mix(shape.waist, corner.y, at);
            let end = (corner.y - 2.0).max(shape.waist);
            let edge = shape.outer[side].at(y.clamp(shape.waist, end));
            // Towards the hem's corner, where rows do not reach the edge any more.
            p(mix(edge.x, corner.x, smooth_step(0.85, 1.0, at)), y)
        });
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
            let natural = half + (natural - half) * if natural > half { flare[side] } else { 1.0 };
            // A skirt hangs: it narrows towards its hem less than the legs do.
            let hang = wide[side] * 0.985;
            wide[side] = natural.clamp(own, own.max(half) * WIDEST).max(if at < 0.9 {
                hang.min(natural.max(own) * 1.15)
            } else {
                0.0
            });
        }
        let across = (section.right - section.left).unit();
        let settle = smooth_step(0.0, 0.12, at.max(0.0));
        let edge = |side: usize| mix(half, wide[side], settle);
        let onto = (centre - across * edge(0), centre + across * edge(1));
        let across = row((from[0], from[1]), onto, &[(0.5, 0.5)], (MARGIN, MARGIN));
        // Towards the hem rows follow its curve, which becomes level.
        let sag = shape.skirt_hem.sag * at.max(0.0);
        grid.push(sagging(across, sag));
    }
    vec![Piece {
        picture: cloth.picture.clone(),
        grid,
        behind_arms: true,
    }]
}

/// Trousers and shorts: two pieces that meet in the middle above the fork, one for each leg.
fn trousers(cloth: &Cloth, shape: &Bottom, body: &Body, heights: (f32, f32)) -> Vec<Piece> {
    (0..2)
        .map(|side| Piece {
            picture: cloth.picture.clone(),
            grid: Leg::new(shape, body, heights, side).grid(),
            behind_arms: true,
        })
        .collect()
}

/// One half of a pair of trousers and where it goes.
struct Leg<'a> {
    shape: &'a Bottom,
    body: &'a Body,
    side: usize,
    /// Heights on the body: waistband, fork, outer and inner end of the hem.
    top: f32,
    fork: f32,
    hem: [f32; 2],
    /// Half the waistband's breadth on the body, in pixels.
    half: f32,
    /// The body's pixels for one of the garment's.
    scale: f32,
    /// Between the legs at the fork.
    crossing: P,
}

impl<'a> Leg<'a> {
    fn new(shape: &'a Bottom, body: &'a Body, heights: (f32, f32), side: usize) -> Self {
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
        let [outer, inner] = shape.cuff[side];
        // Along the inner seam a leg is as long as in the picture, compared with the outer one, but both
        // hems end at about one height.
        let share = (inner.y - shape.crotch.y) / (outer.y - shape.waist).max(1.0);
        let natural = fork + share * (hem - top);
        let least = mix(fork, hem, 0.5).min(hem - 0.05);
        let inner_hem = natural.clamp(least, (hem + 0.05).max(least));
        let inner_hem = if hem > 1.85 { hem } else { inner_hem };
        Self {
            shape,
            body,
            side,
            top,
            fork,
            hem: [hem, inner_hem],
            half,
            scale,
            crossing,
        }
    }

    fn grid(&self) -> Grid {
        let mut grid = Grid::default();
        for step in -1..=10 {
            grid.push(self.above(step as f32 / 10.0));
        }
        for step in 1..=ROWS + 1 {
            grid.push(self.below(step as f32 / ROWS as f32));
        }
        grid
    }

    /// The outer edge in the garment's picture: 0 at the waist, 1 at the hem.
    fn outer(&self, at: f32) -> P {
        let [corner, _] = self.shape.cuff[self.side];
        let end = (corner.y - 2.0).max(self.shape.waist);
        let y = mix(self.shape.waist, corner.y, at);
        let mut edge = self.shape.outer[self.side].at(y.clamp(self.shape.waist, end));
        // Towards the hem's corner, where rows do not reach the edge any more.
        edge.x = mix(edge.x, corner.x, smooth_step(0.85, 1.0, at));
        p(edge.x, y)
    }

    /// The share of the outer edge that lies above the fork.
    fn rise(&self) -> f32 {
        ((self.fork - self.top) / (self.hem[0] - self.top).max(0.1)).clamp(0.1, 0.9)
    }

    /// A row of the half above the fork: `at` is 0 at the waist, 1 at the fork.
    fn above(&self, at: f32) -> Vec<(P, P)> {
        let outer = self.outer(at * self.rise());
        let waist = self.shape.inner[self.side].at(self.shape.waist);
        let inner = waist.mix(self.shape.crotch, at);
        let section = self.body.section(mix(self.top, self.fork, at));
        let fitted = widened(section, 1.05);
        let start = widened(self.body.section(self.top), 1.05).centre();
        let centre = start.mix(self.crossing, at);
        let sign = self.sign();
        let edge = if self.side == 0 {
            fitted.left
        } else {
            fitted.right
        };
        let natural = (outer.x - inner.x).abs() * self.scale;
        let own = (edge - centre).dot(p(sign, 0.0)).max(0.0);
        let reach = mix(
            self.half,
            natural.clamp(own, own * 1.35),
            smooth_step(0.0, 0.2, at),
        );
        let direction = (section.right - section.left).unit() * sign;
        row(
            (outer, inner),
            (centre + direction * reach.max(own), centre),
            &[(0.5, 0.5)],
            (MARGIN, 0.0),
        )
    }

    /// A row of a leg: `at` is 0 at the fork, 1 at the hem.
    fn below(&self, at: f32) -> Vec<(P, P)> {
        let outer = self.outer(mix(self.rise(), 1.0, at));
        let (inner, gap) = self.inner(at);
        let sign = self.sign();
        let (out, centre, own) = self.leg(mix(self.fork, self.hem[0], at));
        let natural = 0.5 * outer.distance(inner) * self.scale * 0.9;
        let wide = natural.clamp(own * 1.1, own.max(0.09 * self.body.torso) * 1.9);
        // From the hips' edge into the leg's without a step.
        let hips = self.above(1.0)[1].1;
        let lead = (hips.x - centre.x) * sign;
        let wide = mix(lead, wide, smooth_step(0.0, 0.45, at));
        let outside = p(centre.x + sign * wide, centre.y);
        // Flared legs swing out from where the body is broadest, not from the hips inwards.
        let outside = if (out.x - outside.x) * sign > 0.0 {
            out
        } else {
            outside
        };
        let q = mix(self.fork, self.hem[1], at);
        let (_, centre, _) = self.leg(q);
        let other = self.body.leg_section(1 - self.side, q);
        let own = self.body.leg_section(self.side, q);
        // Never beyond the middle between the legs, and joined smoothly to the fork.
        let middle = if self.side == 0 {
            own.right.mix(other.left, 0.5)
        } else {
            own.left.mix(other.right, 0.5)
        };
        let inside = if self.side == 0 {
            (centre.x + wide).min(middle.x)
        } else {
            (centre.x - wide).max(middle.x)
        };
        let near = smooth_step(
            0.0,
            0.12,
            (q - self.fork) / (self.hem[1] - self.fork).max(0.05),
        );
        let inside = p(mix(self.crossing.x, inside, near), centre.y);
        // Beyond the inner edge only as far as the gap between the legs goes.
        let breadth = outer.distance(inner).max(1.0);
        let margin = (0.45 * gap / breadth).min(MARGIN);
        row(
            (outer, inner),
            (outside, inside),
            &[(0.5, 0.5)],
            (MARGIN, margin),
        )
    }

    /// A point of a leg's inner edge in the garment's picture, and how wide the gap to the other leg is there.
    fn inner(&self, at: f32) -> (P, f32) {
        let [_, corner] = self.shape.cuff[self.side];
        let start = self.shape.crotch;
        let y = mix(start.y, corner.y, at);
        let low = y.clamp(start.y, (corner.y - 2.0).max(start.y));
        let gap = (self.shape.inner[1].at(low).x - self.shape.inner[0].at(low).x).max(0.0);
        // Short legs have no inner edge to speak of: a straight line to the hem's corner.
        let long = (corner.y - start.y) > 0.12 * (self.shape.hem - self.shape.waist);
        let x = if long {
            self.shape.inner[self.side].at(low).x
        } else {
            mix(start.x, corner.x, at.min(1.0))
        };
        // Where the legs touch on the body, cloth meets cloth rather than two soft edges.
        let [outer, _] = self.shape.cuff[self.side];
        let inset = 0.03 * smooth_step(0.0, 0.15, at) * (outer.x - corner.x);
        (p(x + inset, y), gap + 2.0 * inset.abs())
    }

    /// A leg's outer edge, middle and half breadth at a height.
    fn leg(&self, q: f32) -> (P, P, f32) {
        let leg = self.body.leg_section(self.side, q);
        let (out, inn) = if self.side == 0 {
            (leg.left, leg.right)
        } else {
            (leg.right, leg.left)
        };
        (out, out.mix(inn, 0.5), 0.5 * out.distance(inn))
    }

    const fn sign(&self) -> f32 {
        if self.side == 0 { -1.0 } else { 1.0 }
    }
}
