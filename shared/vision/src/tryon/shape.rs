//! Where a garment's shoulders, sleeves, hem, waist and legs are, read from its outline.

use std::{cmp::Reverse, collections::BinaryHeap};

use drape_domain::Category;

use super::{
    cloth::Cloth,
    fit::long_sleeved,
    geom::{P, mix, p},
    plane::{Dent, Mask, dents},
};

/// One edge of a garment by row: from `first` on, one x for each row.
#[derive(Debug, Clone)]
pub(crate) struct Edge {
    first: usize,
    xs: Vec<f32>,
}

impl Edge {
    /// The edge at a row; its ends go on straight down.
    pub(crate) fn at(&self, y: f32) -> P {
        let last = self.xs.len().saturating_sub(1);
        let row = (y - self.first as f32).clamp(0.0, last as f32);
        let index = row as usize;
        let (a, b) = (self.xs[index], self.xs[(index + 1).min(last)]);
        p(mix(a, b, row - index as f32), y)
    }

    /// Evened out over this many rows to each side.
    fn smoothed(mut self, reach: usize) -> Self {
        let before = self.xs.clone();
        for (index, x) in self.xs.iter_mut().enumerate() {
            let reach = reach.min(index).min(before.len() - 1 - index);
            let near = &before[index - reach..=index + reach];
            *x = near.iter().sum::<f32>() / near.len() as f32;
        }
        self
    }
}

/// A line across a sleeve: from its outer edge (the shoulder's side) to its inner one (the armpit's side).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Across {
    pub(crate) outer: P,
    pub(crate) inner: P,
}

/// One sleeve.
#[derive(Debug, Clone)]
pub(crate) struct Sleeve {
    /// Lines across it at even steps, from where it is sewn on to the cuff.
    lines: Vec<Across>,
    /// From the seam over the middle to the cuff, in the cutout's pixels.
    pub(crate) length: f32,
}

/// Steps in which a sleeve is measured.
const SLEEVE_STEPS: usize = 16;

impl Sleeve {
    /// The line across at a share of the sleeve's length; beyond its ends it goes on straight.
    pub(crate) fn at(&self, share: f32) -> Across {
        let at = share * SLEEVE_STEPS as f32;
        let index = (at.max(0.0) as usize).min(self.lines.len().saturating_sub(2));
        let (a, b) = (self.lines[index], self.lines[index + 1]);
        let rest = at - index as f32;
        Across {
            outer: a.outer.mix(b.outer, rest),
            inner: a.inner.mix(b.inner, rest),
        }
    }
}

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
}

const SIGN: [f32; 2] = [-1.0, 1.0];

/// The first and the last set row.
fn rows(mask: &Mask) -> (usize, usize) {
    let row = |y: usize| {
        mask.data[y * mask.width..(y + 1) * mask.width]
            .iter()
            .any(|&set| set)
    };
    let first = (0..mask.height).find(|&y| row(y)).unwrap_or(0);
    let last = (0..mask.height).rev().find(|&y| row(y)).unwrap_or(0);
    (first, last)
}

/// The outermost set pixels of a row.
fn extent(mask: &Mask, y: usize) -> Option<[f32; 2]> {
    let row = &mask.data[y * mask.width..(y + 1) * mask.width];
    let first = row.iter().position(|&set| set)?;
    let last = row.iter().rposition(|&set| set)?;
    Some([first as f32, last as f32 + 1.0])
}

/// The topmost set pixel of a column.
fn column_top(mask: &Mask, x: f32) -> Option<f32> {
    let x = (x.max(0.0) as usize).min(mask.width - 1);
    (0..mask.height)
        .find(|&y| mask.data[y * mask.width + x])
        .map(|y| y as f32)
}

/// The garment's vertical axis: the middle between its edges, weighted towards the rows where only the body
/// of it can be (sleeves and legs spread evenly to both sides).
fn axis(mask: &Mask) -> f32 {
    let (first, last) = rows(mask);
    let mut middles: Vec<f32> = (first..=last)
        .filter_map(|y| extent(mask, y))
        .map(|[left, right]| 0.5 * (left + right))
        .collect();
    middles.sort_by(f32::total_cmp);
    middles
        .get(middles.len() / 2)
        .copied()
        .unwrap_or(mask.width as f32 / 2.0)
}

impl Top {
    /// Reads the shape of a top, a jacket or a dress.
    pub(crate) fn read(cloth: &Cloth, category: Category) -> Self {
        let long = long_sleeved(category);
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
        let hugs = long || matches!(category, Category::Shirt | Category::Blouse);
        let armholes = [0, 1].map(|side| {
            armhole(&dents, mask, side, middle, broad, height)
                .filter(|armhole| hugs || matches!(armhole, Armhole::Sleeve(_)))
        });

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
                armpit[side] = if sewn[1 - side] && (other.x - middle).abs() > 0.1 * widest && long
                {
                    // A sleeve folded away: the body goes on as on the other side.
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

    fn find_sleeve(&self, mask: &Mask, side: usize) -> Option<Sleeve> {
        let seam = self.shoulder[side].mix(self.armpit[side], 0.5);
        let margin = 0.01 * mask.width as f32;
        let inside = |x: usize, y: usize| {
            mask.data[y * mask.width + x]
                && self.beyond_seam(side, p(x as f32 + 0.5, y as f32 + 0.5))
                    > if y as f32 > self.armpit[side].y {
                        margin
                    } else {
                        0.0
                    }
        };
        let reached = walk(
            mask,
            seam,
            (self.armpit[side].y - self.shoulder[side].y).abs() * 0.6 + 3.0,
            inside,
        );
        if (reached.len() as f32) < 0.02 * mask.count() as f32 {
            return None;
        }
        let mut distances: Vec<f32> = reached.iter().map(|point| point.1).collect();
        distances.sort_by(f32::total_cmp);
        let far = distances[(distances.len() - 1) * 98 / 100].max(1.0);
        let between = |low: f32, high: f32| -> Vec<P> {
            reached
                .iter()
                .filter(|point| point.1 >= low * far && point.1 <= high * far)
                .map(|point| point.0)
                .collect()
        };
        let mean = |points: &[P]| {
            points.iter().fold(P::default(), |sum, &point| sum + point)
                * (1.0 / points.len().max(1) as f32)
        };
        let (centre, end) = (between(0.45, 0.55), between(0.9, 1.1));
        if centre.len() < 3 || end.len() < 3 {
            return None;
        }
        let (middle, cuff) = (mean(&centre), mean(&end));
        let first = (middle - seam).unit();
        let second = (cuff - middle).unit();
        let outer = |direction: P| {
            let normal = direction.turned();
            if normal.dot(self.shoulder[side] - self.armpit[side]) >= 0.0 {
                normal
            } else {
                normal * -1.0
            }
        };
        let across = |points: &[P], at: P, direction: P| {
            let normal = outer(direction);
            let mut heights: Vec<f32> = points
                .iter()
                .map(|&point| (point - at).dot(normal))
                .collect();
            heights.sort_by(f32::total_cmp);
            let pick = |share: usize| heights[(heights.len() - 1) * share / 100];
            Across {
                outer: at + normal * pick(97),
                inner: at + normal * pick(3),
            }
        };
        let reach = end
            .iter()
            .map(|&point| (point - cuff).dot(second))
            .fold(0.0, f32::max);
        let tip = cuff + second * reach;
        let start = Across {
            outer: self.shoulder[side],
            inner: self.armpit[side],
        };
        let centre = across(&centre, middle, (first + second).unit());
        let cuff = across(&end, tip, second);
        let mut region = Mask {
            data: vec![false; mask.data.len()],
            ..*mask
        };
        for (point, _) in &reached {
            region.data[point.y as usize * mask.width + point.x as usize] = true;
        }
        Some(Sleeve {
            lines: sleeve_lines(&region, start, centre, cuff),
            length: seam.distance(middle) + middle.distance(tip),
        })
    }
}

/// A line across a sleeve at a share of its length, along a curve through its middle.
fn bent(start: Across, middle: Across, end: Across, at: f32) -> Across {
    let curve = |a: P, b: P, c: P| {
        // The parabola through the three at 0, one half and 1.
        a * ((1.0 - at) * (1.0 - 2.0 * at))
            + b * (4.0 * at * (1.0 - at))
            + c * (at * (2.0 * at - 1.0))
    };
    Across {
        outer: curve(start.outer, middle.outer, end.outer),
        inner: curve(start.inner, middle.inner, end.inner),
    }
}

/// Lines across a sleeve, each from edge to edge.
fn sleeve_lines(region: &Mask, start: Across, middle: Across, cuff: Across) -> Vec<Across> {
    let mut lines: Vec<Across> = (0..=SLEEVE_STEPS)
        .map(|step| {
            let share = step as f32 / SLEEVE_STEPS as f32;
            let guess = bent(start, middle, cuff, share);
            let centre = guess.outer.mix(guess.inner, 0.5);
            let half = 0.5 * guess.outer.distance(guess.inner);
            let reach = |direction: P| {
                // The outermost pixel of the sleeve, not the first gap.
                let steps = (half * 1.5) as i32;
                (0..=steps)
                    .rev()
                    .map(|step| step as f32)
                    .find(|&step| {
                        let at = centre + direction * step;
                        region.get(at.x as i32, at.y as i32)
                    })
                    .unwrap_or(half)
                    .clamp(0.35 * half, 1.5 * half)
            };
            let outward = (guess.outer - guess.inner).unit();
            // The seam itself is no edge, and near the armpit the body's edge is near.
            let trust = |from: f32, over: f32| ((share - from) / over).clamp(0.0, 1.0);
            Across {
                outer: guess
                    .outer
                    .mix(centre + outward * reach(outward), trust(0.0, 0.12)),
                inner: guess
                    .inner
                    .mix(centre - outward * reach(outward * -1.0), trust(0.12, 0.25)),
            }
        })
        .collect();
    for _ in 0..2 {
        let before = lines.clone();
        for index in 1..lines.len() - 1 {
            let even = |get: fn(&Across) -> P| {
                get(&before[index]) * 0.5
                    + (get(&before[index - 1]) + get(&before[index + 1])) * 0.25
            };
            lines[index] = Across {
                outer: even(|line| line.outer),
                inner: even(|line| line.inner),
            };
        }
    }
    lines
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

/// The pixels that can be walked to from the neighbourhood of a point, with the length of the way.
fn walk(mask: &Mask, from: P, start: f32, inside: impl Fn(usize, usize) -> bool) -> Vec<(P, f32)> {
    let (width, height) = (mask.width, mask.height);
    let mut best = vec![u32::MAX; width * height];
    let mut queue = BinaryHeap::new();
    for y in 0..height {
        for x in 0..width {
            let distance = p(x as f32 + 0.5, y as f32 + 0.5).distance(from);
            if distance <= start && inside(x, y) {
                let cost = (distance * 10.0) as u32;
                best[y * width + x] = cost;
                queue.push(Reverse((cost, y * width + x)));
            }
        }
    }
    let mut reached = Vec::new();
    while let Some(Reverse((cost, index))) = queue.pop() {
        if best[index] < cost {
            continue;
        }
        let (x, y) = (index % width, index / width);
        reached.push((p(x as f32 + 0.5, y as f32 + 0.5), cost as f32 / 10.0));
        for (dx, dy, step) in [
            (-1, 0, 10),
            (1, 0, 10),
            (0, -1, 10),
            (0, 1, 10),
            (-1, -1, 14),
            (1, -1, 14),
            (-1, 1, 14),
            (1, 1, 14),
        ] {
            let (nx, ny) = (x as i32 + dx, y as i32 + dy);
            if nx < 0 || ny < 0 || nx as usize >= width || ny as usize >= height {
                continue;
            }
            let next = ny as usize * width + nx as usize;
            if cost + step < best[next] && inside(nx as usize, ny as usize) {
                best[next] = cost + step;
                queue.push(Reverse((cost + step, next)));
            }
        }
    }
    reached
}

/// Trousers, shorts or a skirt.
#[derive(Debug, Clone)]
pub(crate) struct Bottom {
    /// The waist's row.
    pub(crate) waist: f32,
    /// Lowest row.
    pub(crate) hem: f32,
    /// Outer edges.
    pub(crate) outer: [Edge; 2],
    /// Inner edges of the legs below the crotch, and the line between them above it.
    pub(crate) inner: [Edge; 2],
    /// Where the legs part.
    pub(crate) crotch: P,
}

impl Bottom {
    /// Reads the shape of trousers, shorts or a skirt.
    pub(crate) fn read(cloth: &Cloth, legs: bool) -> Self {
        let mask = &cloth.mask;
        let (first, last) = rows(mask);
        let height = (last + 1 - first) as f32;
        let middle = axis(mask);
        let waist = first as f32 + 0.01 * height;
        let outer = [0, 1].map(|side| {
            let xs = (first..=last)
                .map(|y| extent(mask, y).map_or(middle, |edges| edges[side]))
                .collect();
            // A waistband that sags or leans is evened out: the edges begin where it is whole.
            let mut xs: Vec<f32> = xs;
            let whole = ((0.07 * height) as usize).min(xs.len() - 1);
            let begin = xs[whole];
            xs[..whole].fill(begin);
            // Rounded corners of the hem must not pull the edges inwards.
            let corner = ((0.95 * height) as usize).min(xs.len() - 1);
            let end = xs[corner];
            xs[corner..].fill(end);
            Edge { first, xs }.smoothed(2 + mask.height / 100)
        });
        let crotch = if legs {
            crotch(mask, middle, first as f32, height)
        } else {
            None
        };
        let crotch = crotch.unwrap_or(p(
            0.5 * (outer[0].at(first as f32 + 0.3 * height).x
                + outer[1].at(first as f32 + 0.3 * height).x),
            first as f32 + height * if legs { 0.34 } else { 1.0 },
        ));
        let inner = split(mask, crotch, &outer, first, last);
        Self {
            waist,
            hem: last as f32 + 1.0,
            outer,
            inner,
            crotch,
        }
    }

    /// How broad the waist is.
    pub(crate) fn breadth(&self) -> f32 {
        let y = mix(self.waist, self.hem, 0.03);
        (self.outer[1].at(y).x - self.outer[0].at(y).x).max(1.0)
    }

    /// How broad the garment is at its broadest above the crotch.
    pub(crate) fn hips(&self) -> f32 {
        let end = self.crotch.y.min(mix(self.waist, self.hem, 0.5));
        (0..=10)
            .map(|step| mix(self.waist, end, step as f32 / 10.0))
            .map(|y| self.outer[1].at(y).x - self.outer[0].at(y).x)
            .fold(self.breadth(), f32::max)
    }
}

/// The dent between the legs: it opens downwards.
fn crotch(mask: &Mask, middle: f32, top: f32, height: f32) -> Option<P> {
    dents(&mask.outline(), 0.04 * height)
        .into_iter()
        .filter(|dent| {
            dent.opening().y > 0.6
                && (dent.deepest.x - middle).abs() < 0.25 * mask.width as f32
                && dent.deepest.y > top + 0.15 * height
                && dent.deepest.y < top + 0.93 * height
        })
        .max_by(|a, b| a.depth.total_cmp(&b.depth))
        .map(|dent| dent.deepest)
}

/// The legs' inner edges below the crotch: both sides of the gap, or of a line where there is none.
fn split(mask: &Mask, crotch: P, outer: &[Edge; 2], first: usize, last: usize) -> [Edge; 2] {
    let mut x = crotch.x;
    let (mut left, mut right) = (Vec::new(), Vec::new());
    for y in first..=last {
        if (y as f32) < crotch.y {
            let share = (y - first) as f32 / (crotch.y - first as f32).max(1.0);
            let waist =
                0.5 * (outer[0].at(first as f32 + 2.0).x + outer[1].at(first as f32 + 2.0).x);
            let centre = mix(waist, crotch.x, share);
            left.push(centre);
            right.push(centre);
            continue;
        }
        let (low, high) = (outer[0].at(y as f32).x, outer[1].at(y as f32).x);
        let row = |x: f32| mask.get(x as i32, y as i32);
        let reach = ((high - low) * 0.15) as i32;
        let gap = (0..=reach).find_map(|offset| {
            [x - offset as f32, x + offset as f32]
                .into_iter()
                .find(|&x| !row(x))
        });
        if let Some(gap) = gap {
            let mut edges = [gap, gap + 1.0];
            while edges[0] > low && !row(edges[0] - 1.0) {
                edges[0] -= 1.0;
            }
            while edges[1] < high && !row(edges[1]) {
                edges[1] += 1.0;
            }
            x = 0.5 * (edges[0] + edges[1]);
            left.push(edges[0]);
            right.push(edges[1]);
        } else {
            left.push(x);
            right.push(x);
        }
    }
    let reach = 2 + mask.height / 100;
    [
        Edge { first, xs: left }.smoothed(reach),
        Edge { first, xs: right }.smoothed(reach),
    ]
}
