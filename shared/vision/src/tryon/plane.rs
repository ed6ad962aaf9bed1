//! One value for each pixel, and what masks need: sampling, blurring, components, outlines.

use super::geom::{P, p};

/// A picture with one value for each pixel.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plane {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) data: Vec<f32>,
}

impl Plane {
    pub(crate) fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            data: vec![0.0; width * height],
        }
    }

    pub(crate) fn from_fn(
        width: usize,
        height: usize,
        mut value: impl FnMut(usize, usize) -> f32,
    ) -> Self {
        let mut plane = Self::new(width, height);
        for y in 0..height {
            for x in 0..width {
                plane.data[y * width + x] = value(x, y);
            }
        }
        plane
    }

    /// The value of a pixel; 0 outside.
    pub(crate) fn get(&self, x: i32, y: i32) -> f32 {
        if x < 0 || y < 0 || x as usize >= self.width || y as usize >= self.height {
            return 0.0;
        }
        self.data[y as usize * self.width + x as usize]
    }

    /// The value of the pixel that a point lies in; 0 outside.
    pub(crate) fn near(&self, point: P) -> f32 {
        self.get(point.x.floor() as i32, point.y.floor() as i32)
    }

    /// The value at a point (pixel centres lie at halves), bilinear, edges repeated.
    pub(crate) fn sample(&self, point: P) -> f32 {
        if self.data.is_empty() {
            return 0.0;
        }
        let x = (point.x - 0.5).clamp(0.0, (self.width - 1) as f32);
        let y = (point.y - 0.5).clamp(0.0, (self.height - 1) as f32);
        let (x0, y0) = (x as usize, y as usize);
        let (x1, y1) = ((x0 + 1).min(self.width - 1), (y0 + 1).min(self.height - 1));
        let (fx, fy) = (x - x0 as f32, y - y0 as f32);
        let row = |y: usize| {
            let line = &self.data[y * self.width..];
            line[x0] + (line[x1] - line[x0]) * fx
        };
        row(y0) + (row(y1) - row(y0)) * fy
    }

    /// Blurred by three box passes, which together come near to a Gaussian of about this radius. Beyond the
    /// edges the outermost values repeat.
    pub(crate) fn blurred(&self, radius: usize) -> Self {
        let mut plane = self.clone();
        if radius == 0 || self.data.is_empty() {
            return plane;
        }
        let mut line = Vec::new();
        for _ in 0..3 {
            for y in 0..self.height {
                let range = y * self.width..(y + 1) * self.width;
                box_pass(&mut plane.data[range], radius, &mut line);
            }
            vertical_pass(&mut plane, radius);
        }
        plane
    }
}

fn box_pass(data: &mut [f32], radius: usize, line: &mut Vec<f32>) {
    line.clear();
    line.extend_from_slice(data);
    let at = |index: i64| line[index.clamp(0, line.len() as i64 - 1) as usize];
    let radius = radius as i64;
    let share = 1.0 / (2 * radius + 1) as f32;
    let mut sum: f32 = (-radius..=radius).map(at).sum();
    for (index, value) in data.iter_mut().enumerate() {
        let index = index as i64;
        *value = sum * share;
        sum += at(index + radius + 1) - at(index - radius);
    }
}

/// All columns at once, row by row: memory is read in its order.
fn vertical_pass(plane: &mut Plane, radius: usize) {
    let (width, height) = (plane.width, plane.height);
    let before = plane.data.clone();
    let radius = radius as i64;
    let row = |y: i64| {
        let y = y.clamp(0, height as i64 - 1) as usize;
        &before[y * width..(y + 1) * width]
    };
    let share = 1.0 / (2 * radius + 1) as f32;
    let mut sums = vec![0.0_f32; width];
    for y in -radius..=radius {
        for (sum, value) in sums.iter_mut().zip(row(y)) {
            *sum += value;
        }
    }
    for y in 0..height {
        for (value, sum) in plane.data[y * width..(y + 1) * width].iter_mut().zip(&sums) {
            *value = sum * share;
        }
        let (enters, leaves) = (row(y as i64 + radius + 1), row(y as i64 - radius));
        for ((sum, enters), leaves) in sums.iter_mut().zip(enters).zip(leaves) {
            *sum += enters - leaves;
        }
    }
}

/// Which pixels belong to something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mask {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) data: Vec<bool>,
}

/// A connected piece of a mask.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    /// Pixel indices.
    pub(crate) pixels: Vec<usize>,
    /// Whether it reaches the picture's edge.
    pub(crate) touches_edge: bool,
}

impl Mask {
    pub(crate) fn of(plane: &Plane, threshold: f32) -> Self {
        let data = plane.data.iter().map(|&value| value >= threshold).collect();
        Self {
            width: plane.width,
            height: plane.height,
            data,
        }
    }

    pub(crate) fn get(&self, x: i32, y: i32) -> bool {
        x >= 0
            && y >= 0
            && (x as usize) < self.width
            && (y as usize) < self.height
            && self.data[y as usize * self.width + x as usize]
    }

    pub(crate) fn count(&self) -> usize {
        self.data.iter().filter(|&&set| set).count()
    }

    /// The 4-connected pieces of the pixels with this value, largest first.
    pub(crate) fn pieces(&self, value: bool) -> Vec<Piece> {
        let mut seen = vec![false; self.data.len()];
        let mut pieces = Vec::new();
        let mut stack = Vec::new();
        for start in 0..self.data.len() {
            if seen[start] || self.data[start] != value {
                continue;
            }
            let mut piece = Piece {
                pixels: Vec::new(),
                touches_edge: false,
            };
            seen[start] = true;
            stack.push(start);
            while let Some(index) = stack.pop() {
                piece.pixels.push(index);
                let (x, y) = (index % self.width, index / self.width);
                piece.touches_edge |=
                    x == 0 || y == 0 || x + 1 == self.width || y + 1 == self.height;
                let mut visit = |next: usize| {
                    if !seen[next] && self.data[next] == value {
                        seen[next] = true;
                        stack.push(next);
                    }
                };
                if x > 0 {
                    visit(index - 1);
                }
                if x + 1 < self.width {
                    visit(index + 1);
                }
                if y > 0 {
                    visit(index - self.width);
                }
                if y + 1 < self.height {
                    visit(index + self.width);
                }
            }
            pieces.push(piece);
        }
        pieces.sort_by_key(|piece| std::cmp::Reverse(piece.pixels.len()));
        pieces
    }

    /// The outline of the first pixel's piece, clockwise, one point for each outline pixel (Moore's
    /// neighbour tracing). Empty without pixels.
    pub(crate) fn outline(&self) -> Vec<P> {
        const AROUND: [(i32, i32); 8] = [
            (1, 0),
            (1, 1),
            (0, 1),
            (-1, 1),
            (-1, 0),
            (-1, -1),
            (0, -1),
            (1, -1),
        ];
        let Some(start) = self.data.iter().position(|&set| set) else {
            return Vec::new();
        };
        let start = ((start % self.width) as i32, (start / self.width) as i32);
        let mut outline = vec![p(start.0 as f32, start.1 as f32)];
        let (mut at, mut from, mut first) = (start, 6, None);
        // An outline passes a pixel at most four times, which bounds the walk.
        for _ in 0..4 * self.data.len() {
            let step = (1..=8).map(|turn| (from + turn) % 8).find(|&turn| {
                let (dx, dy) = AROUND[turn];
                self.get(at.0 + dx, at.1 + dy)
            });
            let Some(step) = step else { break };
            // Passing the start is not the end where the piece is thin; leaving it the same way again is.
            if at == start && first == Some(step) {
                break;
            }
            first = first.or(Some(step));
            at = (at.0 + AROUND[step].0, at.1 + AROUND[step].1);
            outline.push(p(at.0 as f32, at.1 as f32));
            from = (step + 4) % 8;
        }
        if outline.len() > 1 {
            outline.pop();
        }
        outline
    }

    /// Grown by a disc of the radius (by two distance passes, so the cost does not depend on it).
    pub(crate) fn grown(&self, radius: f32) -> Self {
        let distance = self.distance_to();
        Self {
            width: self.width,
            height: self.height,
            data: distance
                .iter()
                .map(|&distance| distance <= radius)
                .collect(),
        }
    }

    /// Distance of each pixel to the nearest set one, by the chamfer 3-4 approximation, in pixels.
    pub(crate) fn distance_to(&self) -> Vec<f32> {
        let (width, height) = (self.width, self.height);
        let diagonal = std::f32::consts::SQRT_2;
        let mut distance: Vec<f32> = self
            .data
            .iter()
            .map(|&set| if set { 0.0 } else { 1e9 })
            .collect();
        for y in 0..height {
            for x in 0..width {
                let here = y * width + x;
                let mut best = distance[here];
                if x > 0 {
                    best = best.min(distance[here - 1] + 1.0);
                }
                if y > 0 {
                    best = best.min(distance[here - width] + 1.0);
                    if x > 0 {
                        best = best.min(distance[here - width - 1] + diagonal);
                    }
                    if x + 1 < width {
                        best = best.min(distance[here - width + 1] + diagonal);
                    }
                }
                distance[here] = best;
            }
        }
        for y in (0..height).rev() {
            for x in (0..width).rev() {
                let here = y * width + x;
                let mut best = distance[here];
                if x + 1 < width {
                    best = best.min(distance[here + 1] + 1.0);
                }
                if y + 1 < height {
                    best = best.min(distance[here + width] + 1.0);
                    if x > 0 {
                        best = best.min(distance[here + width - 1] + diagonal);
                    }
                    if x + 1 < width {
                        best = best.min(distance[here + width + 1] + diagonal);
                    }
                }
                distance[here] = best;
            }
        }
        distance
    }
}

/// A dent between two neighbouring corners of an outline's convex hull.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dent {
    /// The hull corner before it, clockwise.
    pub(crate) from: P,
    /// The hull corner after it.
    pub(crate) to: P,
    /// Its deepest point.
    pub(crate) deepest: P,
    /// How far that lies inside the hull, in pixels.
    pub(crate) depth: f32,
}

impl Dent {
    /// Where it opens to.
    pub(crate) fn opening(&self) -> P {
        // Clockwise with y down: the outside lies to the left of the way.
        let along = (self.to - self.from).unit();
        p(along.y, -along.x)
    }
}

/// The dents of a clockwise outline that are at least this deep.
pub(crate) fn dents(outline: &[P], least: f32) -> Vec<Dent> {
    let hull = hull(outline);
    let count = outline.len();
    let mut dents = Vec::new();
    for (corner, &first) in hull.iter().enumerate() {
        let last = hull[(corner + 1) % hull.len()];
        let steps = (last + count - first) % count;
        let (from, to) = (outline[first], outline[last]);
        let normal = (to - from).unit().turned();
        let deepest = (1..steps)
            .map(|step| outline[(first + step) % count])
            .map(|point| ((point - from).dot(normal), point))
            .max_by(|a, b| a.0.total_cmp(&b.0));
        if let Some((depth, deepest)) = deepest
            && depth >= least
        {
            dents.push(Dent {
                from,
                to,
                deepest,
                depth,
            });
        }
    }
    dents
}

/// Indices of the hull's corners in the outline's order (Andrew's monotone chain).
fn hull(outline: &[P]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..outline.len()).collect();
    order.sort_by(|&a, &b| {
        let (a, b) = (outline[a], outline[b]);
        a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y))
    });
    order.dedup_by(|a, b| outline[*a] == outline[*b]);
    if order.len() < 3 {
        return order;
    }
    let cross = |o: usize, a: usize, b: usize| {
        let (a, b) = (outline[a] - outline[o], outline[b] - outline[o]);
        a.x * b.y - a.y * b.x
    };
    let half = |order: &mut dyn Iterator<Item = usize>| {
        let mut chain: Vec<usize> = Vec::new();
        for index in order {
            while chain.len() >= 2
                && cross(chain[chain.len() - 2], chain[chain.len() - 1], index) <= 0.0
            {
                chain.pop();
            }
            chain.push(index);
        }
        chain.pop();
        chain
    };
    let mut hull = half(&mut order.iter().copied());
    hull.extend(half(&mut order.iter().rev().copied()));
    hull.sort_unstable();
    hull
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(rows: &[&str]) -> Mask {
        let data = rows
            .iter()
            .flat_map(|row| row.bytes().map(|byte| byte == b'#'))
            .collect();
        Mask {
            width: rows[0].len(),
            height: rows.len(),
            data,
        }
    }

    #[test]
    fn pieces_come_largest_first_and_know_the_edge() {
        let mask = mask(&["#...", "..##", "..##", "...."]);
        let pieces = mask.pieces(true);
        assert_eq!(
            pieces
                .iter()
                .map(|piece| piece.pixels.len())
                .collect::<Vec<_>>(),
            [4, 1]
        );
        assert!(pieces[0].touches_edge && pieces[1].touches_edge);
    }

    #[test]
    fn an_outline_walks_clockwise_around_the_piece() {
        let outline = mask(&["....", ".##.", ".##.", "...."]).outline();
        assert_eq!(
            outline,
            [p(1.0, 1.0), p(2.0, 1.0), p(2.0, 2.0), p(1.0, 2.0)]
        );
    }

    #[test]
    fn the_gap_between_two_legs_is_a_dent_that_opens_downwards() {
        let trousers = Mask {
            width: 40,
            height: 60,
            data: (0..2400)
                .map(|index| (index % 40, index / 40))
                .map(|(x, y)| {
                    (5..35).contains(&x)
                        && (5..55).contains(&y)
                        && !(y > 20 && (18..22).contains(&x))
                })
                .collect(),
        };
        let dents = dents(&trousers.outline(), 5.0);
        assert_eq!(dents.len(), 1);
        assert!(dents[0].opening().y > 0.9, "{:?}", dents[0]);
        assert!((dents[0].deepest.y - 20.0).abs() < 2.0, "{:?}", dents[0]);
    }

    #[test]
    fn blurring_keeps_the_mean_and_flat_areas() {
        let flat = Plane::from_fn(20, 10, |_, _| 0.3);
        assert!(
            flat.blurred(4)
                .data
                .iter()
                .all(|value| (value - 0.3).abs() < 1e-4)
        );
    }

    #[test]
    fn growing_reaches_as_far_as_the_radius() {
        let grown = mask(&[
            ".......", ".......", ".......", "...#...", ".......", ".......", ".......",
        ])
        .grown(2.0);
        assert!(grown.get(5, 3) && grown.get(3, 1) && !grown.get(6, 3) && !grown.get(5, 5));
    }
}
