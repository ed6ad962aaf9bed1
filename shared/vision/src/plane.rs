//! A plane of numbers, such as an alpha channel or a luminance, and the few operations that cutting out needs.

/// Row-major numbers, usually 0–1.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plane {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) data: Vec<f32>,
}

impl Plane {
    pub(crate) fn from_fn(
        width: usize,
        height: usize,
        mut value: impl FnMut(usize, usize) -> f32,
    ) -> Self {
        let mut data = Vec::with_capacity(width * height);
        for y in 0..height {
            data.extend((0..width).map(|x| value(x, y)));
        }
        Self {
            width,
            height,
            data,
        }
    }

    pub(crate) fn map(&self, change: impl Fn(f32) -> f32) -> Self {
        Self {
            width: self.width,
            height: self.height,
            data: self.data.iter().map(|value| change(*value)).collect(),
        }
    }

    pub(crate) fn zip(&self, other: &Self, combine: impl Fn(f32, f32) -> f32) -> Self {
        let data = self
            .data
            .iter()
            .zip(&other.data)
            .map(|(one, two)| combine(*one, *two))
            .collect();
        Self {
            width: self.width,
            height: self.height,
            data,
        }
    }

    /// Mean over a square of `2 × radius + 1`, cut off at the borders. Takes the same time for any radius.
    pub(crate) fn box_blur(&self, radius: usize) -> Self {
        self.blur_rows(radius)
            .transpose()
            .blur_rows(radius)
            .transpose()
    }

    fn blur_rows(&self, radius: usize) -> Self {
        let mut data = Vec::with_capacity(self.data.len());
        // Sums in f64: the running difference would drift in f32.
        let mut sums = vec![0.0_f64; self.width + 1];
        for row in self.data.chunks_exact(self.width) {
            let mut sum = 0.0;
            for (value, slot) in row.iter().zip(sums.iter_mut().skip(1)) {
                sum += f64::from(*value);
                *slot = sum;
            }
            data.extend((0..self.width).map(|x| {
                let (from, to) = (x.saturating_sub(radius), (x + radius + 1).min(self.width));
                ((sums[to] - sums[from]) / (to - from) as f64) as f32
            }));
        }
        Self {
            width: self.width,
            height: self.height,
            data,
        }
    }

    fn transpose(&self) -> Self {
        const BLOCK: usize = 32;
        let mut data = vec![0.0; self.data.len()];
        for top in (0..self.height).step_by(BLOCK) {
            for left in (0..self.width).step_by(BLOCK) {
                for y in top..(top + BLOCK).min(self.height) {
                    for x in left..(left + BLOCK).min(self.width) {
                        data[x * self.height + y] = self.data[y * self.width + x];
                    }
                }
            }
        }
        Self {
            width: self.height,
            height: self.width,
            data,
        }
    }

    /// Bilinear, pixel centres aligned. For enlarging, or for reducing by less than half.
    pub(crate) fn resize(&self, width: usize, height: usize) -> Self {
        let weights = |from: usize, to: usize| -> Vec<(usize, usize, f32)> {
            let scale = from as f32 / to as f32;
            (0..to)
                .map(|at| {
                    let position = ((at as f32 + 0.5) * scale - 0.5).clamp(0.0, (from - 1) as f32);
                    let before = position as usize;
                    (before, (before + 1).min(from - 1), position - before as f32)
                })
                .collect()
        };
        let columns = weights(self.width, width);
        let mut data = Vec::with_capacity(width * height);
        for (above, below, down) in weights(self.height, height) {
            let (above, below) = (
                &self.data[above * self.width..],
                &self.data[below * self.width..],
            );
            data.extend(columns.iter().map(|&(left, right, along)| {
                let upper = above[left] + (above[right] - above[left]) * along;
                let lower = below[left] + (below[right] - below[left]) * along;
                upper + (lower - upper) * down
            }));
        }
        Self {
            width,
            height,
            data,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blur_keeps_flat_areas_and_spreads_a_point_over_its_square() {
        let flat = Plane::from_fn(7, 5, |_, _| 0.25).box_blur(2);
        assert!(flat.data.iter().all(|value| (value - 0.25).abs() < 1e-6));

        let point =
            Plane::from_fn(7, 7, |x, y| if (x, y) == (3, 3) { 9.0 } else { 0.0 }).box_blur(1);
        for y in 0..7_usize {
            for x in 0..7_usize {
                let near = x.abs_diff(3) <= 1 && y.abs_diff(3) <= 1;
                assert!((point.data[y * 7 + x] - if near { 1.0 } else { 0.0 }).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn enlarging_a_ramp_keeps_it_a_ramp() {
        let ramp = Plane::from_fn(4, 3, |x, _| x as f32).resize(8, 6);
        for row in ramp.data.chunks_exact(8) {
            assert!(row.windows(2).all(|pair| pair[0] <= pair[1]));
        }
        assert_eq!((ramp.data[0], ramp.data[7]), (0.0, 3.0));
    }
}
