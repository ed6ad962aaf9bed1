//! Drawing a bent picture: a grid of points in the garment's picture, each with its place in the photo.

use super::geom::P;

/// A picture with premultiplied colour: red, green, blue, alpha, each 0–1.
#[derive(Debug, Clone)]
pub(crate) struct Layer {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) data: Vec<[f32; 4]>,
}

impl Layer {
    pub(crate) fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            data: vec![[0.0; 4]; width * height],
        }
    }

    /// Bilinear; transparent outside. Pixel centres lie at halves.
    pub(crate) fn sample(&self, point: P) -> [f32; 4] {
        let (x, y) = (point.x - 0.5, point.y - 0.5);
        let (left, top) = (x.floor(), y.floor());
        let (fx, fy) = (x - left, y - top);
        let (left, top) = (left as i32, top as i32);
        let mut sum = [0.0; 4];
        for (dx, dy, weight) in [
            (0, 0, (1.0 - fx) * (1.0 - fy)),
            (1, 0, fx * (1.0 - fy)),
            (0, 1, (1.0 - fx) * fy),
            (1, 1, fx * fy),
        ] {
            let (x, y) = (left + dx, top + dy);
            if x < 0 || y < 0 || x as usize >= self.width || y as usize >= self.height {
                continue;
            }
            let texel = &self.data[y as usize * self.width + x as usize];
            for (total, value) in sum.iter_mut().zip(texel) {
                *total += value * weight;
            }
        }
        sum
    }
}

/// What lies over what lies below, both premultiplied.
pub(crate) fn over(above: [f32; 4], below: [f32; 4]) -> [f32; 4] {
    let rest = 1.0 - above[3];
    std::array::from_fn(|channel| above[channel] + below[channel] * rest)
}

/// Rows of points, each in the garment's picture and in the photo.
#[derive(Debug, Clone, Default)]
pub(crate) struct Grid {
    rows: Vec<Vec<(P, P)>>,
}

impl Grid {
    /// Adds a row of (garment, photo) points; all rows have the same length.
    pub(crate) fn push(&mut self, row: Vec<(P, P)>) {
        self.rows.push(row);
    }

    /// How far the grid is from moving, turning and scaling alone: the mean of |ln(a / b)| over its cells, a and b
    /// being the greatest and the least stretching of each, weighted by the cells' areas in the photo.
    pub(crate) fn distortion(&self) -> (f32, f32) {
        let (mut sum, mut areas) = (0.0_f32, 0.0_f32);
        for pair in self.rows.windows(2) {
            let [above, below] = pair else { continue };
            for (a, b) in above.windows(2).zip(below.windows(2)) {
                let ([a0, a1], [b0, _]) = (a, b) else {
                    continue;
                };
                if let Some((stretch, area)) = stretch(*a0, *a1, *b0) {
                    sum += area * stretch.min(2.5);
                    areas += area;
                }
            }
        }
        (sum, areas)
    }

    /// Draws the garment's picture over what is on the layer.
    pub(crate) fn draw(&self, texture: &Layer, onto: &mut Layer) {
        for pair in self.rows.windows(2) {
            let [above, below] = pair else { continue };
            for (a, b) in above.windows(2).zip(below.windows(2)) {
                let ([a0, a1], [b0, b1]) = (a, b) else {
                    continue;
                };
                triangle([*a0, *a1, *b1], texture, onto);
                triangle([*a0, *b1, *b0], texture, onto);
            }
        }
    }
}

/// The ratio of a triangle's greatest to its least stretching, as its logarithm, and its area in the photo.
fn stretch(a: (P, P), b: (P, P), c: (P, P)) -> Option<(f32, f32)> {
    let cross = |a: P, b: P| a.x * b.y - a.y * b.x;
    let (u, v) = (b.0 - a.0, c.0 - a.0);
    let (s, t) = (b.1 - a.1, c.1 - a.1);
    let from = cross(u, v);
    let onto = cross(s, t).abs();
    if from.abs() < 1e-3 || onto < 1e-3 {
        return None;
    }
    // The Jacobian's columns: where one pixel to the right and one pixel down go.
    let right = (s * v.y - t * u.y) * (1.0 / from);
    let down = (t * u.x - s * v.x) * (1.0 / from);
    // Of its singular values, the sum of the squares and the product tell the ratio.
    let squares = right.dot(right) + down.dot(down);
    let product = cross(right, down).abs().max(1e-6);
    let half = 0.5 * squares / product;
    Some(((half + (half * half - 1.0).max(0.0).sqrt()).ln(), onto))
}

/// Draws the pixels whose centres lie in the triangle. Of two triangles that share an edge exactly one takes
/// a centre on the edge (the top-left rule), so meshes have neither gaps nor doubled seams.
fn triangle(mut corners: [(P, P); 3], texture: &Layer, onto: &mut Layer) {
    let cross = |a: P, b: P, c: P| (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
    let mut area = cross(corners[0].1, corners[1].1, corners[2].1);
    if area < 0.0 {
        corners.swap(1, 2);
        area = -area;
    }
    let finite = corners
        .iter()
        .all(|(from, to)| (from.x + from.y + to.x + to.y).is_finite());
    if !finite || area < 1e-3 {
        return;
    }
    let places = corners.map(|corner| corner.1);
    let low = |get: fn(&P) -> f32| places.iter().map(get).fold(f32::INFINITY, f32::min);
    let high = |get: fn(&P) -> f32| places.iter().map(get).fold(f32::NEG_INFINITY, f32::max);
    let range = |low: f32, high: f32, size: usize| {
        (low.floor().clamp(0.0, size as f32) as usize)
            ..(high.ceil().clamp(0.0, size as f32) as usize)
    };
    let columns = range(low(|p| p.x), high(|p| p.x), onto.width);
    let top_left = |a: P, b: P| (b.y < a.y) || (b.y == a.y && b.x > a.x);
    let inside = |weight: f32, a: P, b: P| weight > 0.0 || (weight == 0.0 && top_left(a, b));
    for y in range(low(|p| p.y), high(|p| p.y), onto.height) {
        for x in columns.clone() {
            let centre = P {
                x: x as f32 + 0.5,
                y: y as f32 + 0.5,
            };
            let w0 = cross(places[1], places[2], centre);
            let w1 = cross(places[2], places[0], centre);
            let w2 = cross(places[0], places[1], centre);
            if !(inside(w0, places[1], places[2])
                && inside(w1, places[2], places[0])
                && inside(w2, places[0], places[1]))
            {
                continue;
            }
            let from = (corners[0].0 * w0 + corners[1].0 * w1 + corners[2].0 * w2) * (1.0 / area);
            let colour = texture.sample(from);
            if colour[3] > 0.002 {
                let pixel = &mut onto.data[y * onto.width + x];
                *pixel = over(colour, *pixel);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tryon::geom::p;

    #[test]
    fn a_half_transparent_mesh_has_neither_gaps_nor_doubled_seams() {
        let mut texture = Layer::new(10, 10);
        texture.data.fill([0.25, 0.0, 0.0, 0.5]);
        let mut grid = Grid::default();
        for row in 0..4 {
            grid.push(
                (0..4)
                    .map(|column| {
                        let at = p(2.0 + 2.0 * column as f32, 2.0 + 2.0 * row as f32);
                        (at, p(at.x * 4.0 + row as f32, at.y * 4.0 - column as f32))
                    })
                    .collect(),
            );
        }
        let mut layer = Layer::new(50, 50);
        grid.draw(&texture, &mut layer);
        let inside: Vec<_> = (14..28).map(|y| layer.data[y * 50 + 20][3]).collect();
        assert!(
            inside.iter().all(|alpha| (alpha - 0.5).abs() < 1e-3),
            "{inside:?}"
        );
    }

    #[test]
    fn moving_turning_and_scaling_distorts_nothing_and_stretching_does() {
        let mut turned = Grid::default();
        let mut stretched = Grid::default();
        for y in 0..4 {
            let row = |onto: fn(f32, f32) -> P| {
                (0..4)
                    .map(|x| (p(x as f32, y as f32), onto(x as f32, y as f32)))
                    .collect()
            };
            turned.push(row(|x, y| p(7.0 - 3.0 * y, 3.0 * x)));
            stretched.push(row(|x, y| p(2.0 * x, 6.0 * y)));
        }
        assert!(turned.distortion().0.abs() < 1e-3);
        let (sum, areas) = stretched.distortion();
        assert!((sum / areas - 3.0_f32.ln()).abs() < 1e-3);
        assert!((areas - 9.0 * 12.0).abs() < 1e-2);
    }

    #[test]
    fn points_far_outside_or_not_numbers_are_harmless() {
        let texture = Layer {
            width: 2,
            height: 2,
            data: vec![[1.0; 4]; 4],
        };
        let mut layer = Layer::new(8, 8);
        let mut grid = Grid::default();
        grid.push(vec![
            (p(0.0, 0.0), p(-1e9, -1e9)),
            (p(2.0, 0.0), p(1e9, f32::NAN)),
        ]);
        grid.push(vec![
            (p(0.0, 2.0), p(-1e9, 1e9)),
            (p(2.0, 2.0), p(1e9, 1e9)),
        ]);
        grid.draw(&texture, &mut layer);
    }
}
