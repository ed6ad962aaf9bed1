//! Tops, jackets and dresses.

use drape_domain::Category;

use super::{Edge, Hem, SIGN, Sleeve, axis, column_top, extent, rows};
use crate::tryon::{
    cloth::Cloth,
    fit::long_sleeved,
    geom::{P, mix, p},
    plane::{Dent, Mask, dents},
};

/// A garment of the upper body (or a dress). Left means the picture's left.
#[derive(Debug, Clone)]
pub(crate) struct Top {
    /// Topmost row (collar, hood or straps).
    pub(crate) top: f32,
    /// Where the neckline meets the shoulders.
    pub(crate) neck: [P; 2],
    /// The shoulders' ends, where sleeves are sewn on.
    pub(crate) shoulder: [P; 2],
    /// The deepest points under the arms.
    pub(crate) armpit: [P; 2],
    /// Sleeves, as far as there are any.
    pub(crate) sleeve: [Option<Sleeve>; 2],
    /// The body's edges from the armpits to the hem.
    pub(crate) edge: [Edge; 2],
    /// Lowest row.
    pub(crate) hem: f32,
    /// The hem, as a dress's.
    pub(crate) dress_hem: Hem,
    /// Whether a sleeve seems to lie along the body without a gap.
    pub(crate) hugging: bool,
}

/// Half the breadth of a body under sleeves that lie along it, as a part of the breadth of all.
const HIDDEN: f32 = 0.33;

/// Which sleeves are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sleeves {
    /// None: what looks like them is broad straps, or the body's own breadth.
    None,
    /// Any, if there are some; nearly always, long ones as a rule, perhaps along the body without a gap, and even so
    /// that nothing tells where they end.
    Any {
        sure: bool,
        long: bool,
        hugs: bool,
        hides: bool,
    },
}

impl Top {
    /// Reads the shape of a top, a jacket or a dress.
    pub(crate) fn read(cloth: &Cloth, category: Category) -> Self {
        let long = long_sleeved(category);
        let sure = long
            || matches!(
                category,
                Category::TShirt | Category::Polo | Category::Shirt
            );
        let hugs = long || matches!(category, Category::Shirt | Category::Blouse);
        if matches!(category, Category::Undershirt | Category::Top) {
            return Self::read_as(cloth, Sleeves::None);
        }
        let shape = Self::read_as(
            cloth,
            Sleeves::Any {
                sure,
                long,
                hugs,
                // There are vests among coats.
                hides: long && category != Category::Outerwear,
            },
        );
        // What looked like sleeves along the body is the body's own edge: a vest.
        let thin =
            |sleeve: &Option<Sleeve>| sleeve.as_ref().is_none_or(|sleeve| sleeve.share < 0.095);
        if hugs && shape.hugging && shape.sleeve.iter().all(thin) {
            return Self::read_as(
                cloth,
                Sleeves::Any {
                    sure,
                    long,
                    hugs: false,
                    hides: false,
                },
            );
        }
        shape
    }

    fn read_as(cloth: &Cloth, sleeves: Sleeves) -> Self {
        let (sure, long, hugs, hides) = match sleeves {
            Sleeves::None => (false, false, false, false),
            Sleeves::Any {
                sure,
                long,
                hugs,
                hides,
            } => (sure, long, hugs, hides),
        };
        let mask = &cloth.mask;
        let (first, last) = rows(mask);
        let (top, hem) = (first as f32, last as f32 + 1.0);
        let middle = axis(mask);
        let breadth = |y: usize| extent(mask, y).map_or(0.0, |[left, right]| right - left);
        let widest = (first..=last).map(breadth).fold(0.0, f32::max);
        // Hoods, collars and hangers are narrow: the shoulders begin where it gets broad.
        let broad = (first..=last)
            .find(|&y| breadth(y) > 0.4 * widest)
            .map_or(top, |y| y as f32);
        let height = (hem - broad).max(1.0);
        let outline = mask.outline();
        let dents = dents(&outline, 0.03 * height);
        let short = [0, 1].map(|side| {
            short_sleeve(&dents, &outline, side, middle, broad, height).map(Armhole::Sleeve)
        });
        // Waists of dresses look like it too, but hardly on both sides alike.
        let short = match short {
            [Some(_), Some(_)] => short,
            _ if sure => short,
            _ => [None; 2],
        };
        let mut armholes = [0, 1].map(|side| {
            armhole(&dents, mask, side, middle, broad, height)
                .filter(|armhole| hugs || matches!(armhole, Armhole::Sleeve(_)))
                .or(short[side])
                .filter(|_| sleeves != Sleeves::None)
        });

        // Sleeves that lie along the body down to its hem leave no dent at all.
        if hides && hugs && armholes.iter().all(Option::is_none) {
            armholes = SIGN.map(|sign| {
                let end = p(middle + sign * HIDDEN * widest, last as f32);
                Some(Armhole::Hugging(end))
            });
        }

        let mut armpit = [P::default(); 2];
        let mut sewn = [false; 2];
        for side in 0..2 {
            (armpit[side], sewn[side]) = match armholes[side] {
                Some(Armhole::Sleeve(at)) => (at, true),
                // The sleeve lies along the body without a gap: only its end can be seen.
                Some(Armhole::Hugging(at)) => {
                    let out = (at.x - middle).abs().max(0.3 * widest) * 0.92;
                    let x = middle + SIGN[side] * out;
                    (p(x, broad + height * if long { 0.36 } else { 0.3 }), true)
                }
                None => (P::default(), false),
            };
        }
        for side in 0..2 {
            if !sewn[side] {
                let other = armpit[1 - side];
                armpit[side] = if sewn[1 - side] && (other.x - middle).abs() > 0.1 * widest && sure
                {
                    // A sleeve folded away or cut off: the body goes on as on the other side.
                    p(2.0 * middle - other.x, other.y)
                } else {
                    underarm(mask, side, broad, height)
                };
            }
        }
        if !sewn[0] && !sewn[1] {
            // Without sleeves both sides begin at one height, the lower.
            let y = armpit[0].y.max(armpit[1].y);
            for (side, armpit) in armpit.iter_mut().enumerate() {
                *armpit = extent(mask, y as usize).map_or(*armpit, |edges| p(edges[side], y));
            }
        }
        let lowest = body_hem(mask, &armpit, last);
        let edge = [0, 1].map(|side| track(mask, side, armpit[side], lowest, armholes[side]));
        let mut shape = Self {
            top,
            neck: [P::default(); 2],
            shoulder: [P::default(); 2],
            armpit,
            sleeve: [None, None],
            edge,
            hem: lowest,
            dress_hem: Hem::read(mask, &outline, middle, mix(broad, lowest, 0.6)),
            hugging: armholes
                .iter()
                .any(|armhole| matches!(armhole, Some(Armhole::Hugging(_)))),
        };
        shape.find_shoulders(mask, middle, sewn);
        shape.sleeve = [0, 1].map(|side| {
            if sewn[side] {
                shape.find_sleeve(mask, side)
            } else {
                None
            }
        });
        shape
    }

    /// How broad the body is under the arms.
    pub(crate) fn chest(&self) -> f32 {
        (self.armpit[1].x - self.armpit[0].x).abs().max(1.0)
    }

    fn find_shoulders(&mut self, mask: &Mask, middle: f32, sewn: [bool; 2]) {
        let height = self.hem - self.top;
        for (side, sewn) in sewn.into_iter().enumerate() {
            let armpit = self.armpit[side];
            self.shoulder[side] = if sewn {
                // Set-in sleeves run from the armpit up and a little inwards.
                let x = mix(armpit.x, middle, 0.1);
                p(
                    x,
                    column_top(mask, x)
                        .unwrap_or(self.top)
                        .min(armpit.y - 0.08 * height),
                )
            } else {
                // Straps and sleeveless shoulders: the outermost point near the top.
                let rows = self.top as usize
                    ..(self.top + 0.12 * (armpit.y - self.top).max(8.0)) as usize + 1;
                let outer = rows
                    .filter_map(|y| extent(mask, y).map(|edges| edges[side]))
                    .map(|x| (x - middle) * SIGN[side])
                    .fold(0.02 * mask.width as f32, f32::max);
                let x = middle + SIGN[side] * outer.min((armpit.x - middle).abs() * 1.3);
                let y = column_top(mask, x - SIGN[side] * 2.0).unwrap_or(self.top);
                p(x, y.min(armpit.y - 2.0))
            };
        }
        for (side, sign) in SIGN.into_iter().enumerate() {
            let shoulder = self.shoulder[side];
            let half = (shoulder.x - middle).abs();
            // The highest point between a quarter and three quarters of the way out to the shoulder; where
            // a collar or a hood stands in the middle, the nearest to the usual place.
            let usual = 0.45;
            let mut best = (f32::INFINITY, usual);
            for step in 0..=20 {
                let share = mix(0.28, 0.72, step as f32 / 20.0);
                let Some(y) = column_top(mask, middle + sign * half * share) else {
                    continue;
                };
                let cost = y + (share - usual).abs() * half * 0.6;
                if cost < best.0 {
                    best = (cost, share);
                }
            }
            let x = middle + sign * half * best.1;
            let y = column_top(mask, x).unwrap_or(self.top);
            // Shoulders slope by less than 25 degrees: what is above is collar or hood.
            let highest = shoulder.y - 0.45 * (shoulder.x - x).abs();
            self.neck[side] = p(x, y.clamp(highest.min(shoulder.y), shoulder.y));
        }
    }

    /// On which side of the seam between body and sleeve a point lies: positive distances are in the sleeve.
    pub(crate) fn beyond_seam(&self, side: usize, at: P) -> f32 {
        let (shoulder, armpit) = (self.shoulder[side], self.armpit[side]);
        let outward = |edge: P| (at.x - edge.x) * SIGN[side];
        if at.y >= armpit.y {
            return outward(self.edge[side].at(at.y));
        }
        let share = ((at.y - shoulder.y) / (armpit.y - shoulder.y).max(1.0)).clamp(0.0, 1.0);
        outward(p(mix(shoulder.x, armpit.x, share), at.y))
    }
}

/// What the outline tells about a side.
#[derive(Debug, Clone, Copy)]
enum Armhole {
    /// A sleeve begins here: the deepest point under it.
    Sleeve(P),
    /// A sleeve lies along the body and ends here.
    Hugging(P),
}

/// The dent between sleeve and body on one side: it opens outwards and down.
fn armhole(
    dents: &[Dent],
    mask: &Mask,
    side: usize,
    middle: f32,
    top: f32,
    height: f32,
) -> Option<Armhole> {
    let sign = SIGN[side];
    let dent = dents
        .iter()
        .filter(|dent| {
            let opening = dent.opening();
            let out = (dent.deepest.x - middle) * sign;
            let ends = [dent.from, dent.to].map(|end| (end.x - middle) * sign);
            opening.y > 0.05
                && (opening.x * sign > 0.1 || opening.y > 0.8)
                && out > 0.06 * mask.width as f32
                && ends[0].max(ends[1]) > out * 1.08
                && dent.deepest.y > top + 0.08 * height
                && dent.deepest.y < top + 0.97 * height
        })
        .max_by(|a, b| a.depth.total_cmp(&b.depth))?;
    if dent.deepest.y < top + 0.62 * height {
        Some(Armhole::Sleeve(dent.deepest))
    } else {
        Some(Armhole::Hugging(dent.deepest))
    }
}

/// The deepest point under a short sleeve on one side of a garment that is as broad at its hem as its sleeves reach
/// out, so that the dent between them does not open downwards.
fn short_sleeve(
    dents: &[Dent],
    outline: &[P],
    side: usize,
    middle: f32,
    top: f32,
    height: f32,
) -> Option<P> {
    let sign = SIGN[side];
    let out = |at: P| (at.x - middle) * sign;
    dents
        .iter()
        .filter(|dent| dent.opening().x * sign > 0.5)
        .filter_map(|dent| {
            let (tip, deepest) = under_sleeve(outline, dent, height);
            let (down, inwards) = (deepest.y - tip.y, out(tip) - out(deepest));
            // Sleeves end in a hem or a cuff, which leads inwards soon; waists are reached slowly.
            let fits = inwards > 0.035 * height
                && (-inwards..2.5 * inwards).contains(&down)
                && (0.08 * height..0.55 * height).contains(&(deepest.y - top))
                && (0.03 * height..0.45 * height).contains(&(tip.y - top))
                && out(deepest) > 0.3 * out(tip);
            fits.then_some((dent.depth, deepest))
        })
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|found| found.1)
}

/// A sleeve's lower corner, and the outline's sharpest turn between it and the deepest point of its dent: below the arm,
/// sides may go on inwards.
fn under_sleeve(outline: &[P], dent: &Dent, height: f32) -> (P, P) {
    let deepest = dent.deepest;
    let place = |point: P| outline.iter().position(|&at| at == point);
    let upper = if dent.from.y < dent.to.y {
        [dent.from, deepest]
    } else {
        [deepest, dent.to]
    };
    let (Some(first), Some(last)) = (place(upper[0]), place(upper[1])) else {
        return (dent.from, deepest);
    };
    let steps = (last + outline.len() - first) % outline.len();
    let way = || outline.iter().copied().cycle().skip(first).take(steps);
    // The outline is clockwise: its inside lies to the right of the way.
    let farthest = |from: P, to: P, side: f32| {
        let inwards = (to - from).unit().turned() * side;
        let (top, end) = (from.y.min(to.y), from.y.max(to.y));
        way()
            .filter(|at| (top..=end).contains(&at.y))
            .map(|at| ((at - from).dot(inwards), at))
            .filter(|(depth, _)| *depth > 0.015 * height)
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map(|found| found.1)
    };
    let tip = if upper[0] == deepest {
        upper[1]
    } else {
        upper[0]
    };
    let toward = |tip: P, side: f32| {
        if upper[0] == deepest {
            farthest(deepest, tip, side)
        } else {
            farthest(tip, deepest, side)
        }
    };
    // A cuff has two corners; the tip may be the upper one.
    let tip = toward(tip, -1.0).unwrap_or(tip);
    (tip, toward(tip, 1.0).unwrap_or(deepest))
}

/// Where the body begins under the arm of a sleeveless garment: the first row in which it is nearly as broad
/// as it gets in its upper half.
fn underarm(mask: &Mask, side: usize, top: f32, height: f32) -> P {
    let sign = SIGN[side];
    let rows = top as usize..((top + 0.42 * height) as usize).min(mask.height);
    let edges: Vec<(usize, f32)> = rows
        .filter_map(|y| extent(mask, y).map(|edges| (y, edges[side] * sign)))
        .collect();
    let from = edges.first().map_or(0.0, |edge| edge.1);
    let most = edges
        .iter()
        .map(|edge| edge.1)
        .fold(f32::NEG_INFINITY, f32::max);
    let least_row = top + 0.14 * height;
    let found = edges
        .iter()
        .find(|edge| edge.1 >= mix(from, most, 0.88) && edge.0 as f32 >= least_row);
    found
        .or(edges.last())
        .map_or(p(0.0, top), |&(y, x)| p(x * sign, y as f32))
}

/// Follows the body's edge from the armpit down to the hem.
fn track(mask: &Mask, side: usize, armpit: P, hem: f32, armhole: Option<Armhole>) -> Edge {
    let sign = SIGN[side];
    let (first, last) = (armpit.y as usize, hem as usize);
    let mut x = armpit.x;
    let mut xs = Vec::new();
    let reach = (0.05 * mask.width as f32).max(3.0) as i32;
    let corner = hem - 0.07 * (hem - armpit.y);
    for y in first..=last.max(first) {
        // The nearest pixel at which the garment ends towards the side.
        let ends = |x: i32| mask.get(x, y as i32) && !mask.get(x + sign as i32, y as i32);
        let found = (0..=reach).find_map(|offset| {
            [x as i32 - offset, x as i32 + offset]
                .into_iter()
                .find(|&x| ends(x))
        });
        if let Some(Armhole::Hugging(end)) = armhole
            && (y as f32) < end.y
        {
            x = mix(
                armpit.x,
                end.x,
                (y as f32 - armpit.y) / (end.y - armpit.y).max(1.0),
            );
        } else if let Some(found) = found
            // A hem's rounded corner must not pull the edge inwards over its last rows.
            && (y as f32) < corner
        {
            x = found as f32 + 0.5 + 0.5 * sign;
        }
        xs.push(x);
    }
    Edge { first, xs }.smoothed(4 + mask.height / 60)
}

/// The lowest row between the armpits' columns: sleeves that hang lower do not count.
fn body_hem(mask: &Mask, armpit: &[P; 2], last: usize) -> f32 {
    let (left, right) = (
        armpit[0].x.max(0.0) as usize,
        (armpit[1].x as usize).min(mask.width),
    );
    let inner = (right.saturating_sub(left)) / 5;
    let range = left + inner
        ..right
            .saturating_sub(inner)
            .max(left + inner + 1)
            .min(mask.width);
    let row = (0..=last).rev().find(|&y| {
        range
            .clone()
            .filter(|&x| mask.data[y * mask.width + x])
            .count()
            * 3
            > range.len()
    });
    row.unwrap_or(last) as f32 + 1.0
}
