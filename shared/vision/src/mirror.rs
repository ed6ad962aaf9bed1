//! Garments that are laid out are about the same on both sides. What has no counterpart on the other side is
//! likely no part of them, and where a counterpart is missing, a part may have been lost.

/// How far the axis may lie from the garment's middle, as a part of its breadth, and in how many steps to each
/// side it is looked for.
const REACH: f32 = 0.08;
const STEPS: i32 = 8;

/// The upright axis about which a garment is most like its mirror image.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mirror {
    /// The sum of the columns of a pixel and its counterpart.
    sum: i64,
    width: usize,
    /// How far the garment and its mirror image are the same: intersection over union.
    pub(crate) likeness: f32,
}

impl Mirror {
    /// Of what is inside; none if that is nothing.
    pub(crate) fn of(inside: &[bool], width: usize) -> Option<Self> {
        // Every other row tells as much.
        let pixels: Vec<usize> = (0..inside.len())
            .filter(|at| inside[*at] && (at / width).is_multiple_of(2))
            .collect();
        let columns = || pixels.iter().map(|at| at % width);
        let (least, most) = (columns().min()?, columns().max()?);
        let mean = columns().sum::<usize>() as f32 / pixels.len() as f32;
        let step = REACH * (most - least) as f32 / STEPS as f32;
        (-STEPS..=STEPS)
            .map(|at| {
                let sum = (2.0 * (mean + at as f32 * step)).round() as i64;
                let mut mirror = Self {
                    sum,
                    width,
                    likeness: 0.0,
                };
                let both = (pixels.iter())
                    .filter(|at| mirror.counterpart(**at).is_some_and(|other| inside[other]))
                    .count() as f32;
                mirror.likeness = both / (2.0 * pixels.len() as f32 - both).max(1.0);
                mirror
            })
            .max_by(|one, other| one.likeness.total_cmp(&other.likeness))
    }

    /// The pixel on the other side, if it is in the picture.
    pub(crate) fn counterpart(&self, at: usize) -> Option<usize> {
        let column = at % self.width;
        let other = usize::try_from(self.sum - column as i64).ok()?;
        (other < self.width).then_some(at - column + other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_is_found_though_a_part_is_missing_on_one_side() {
        // Given a body from 30 to 70 with a sleeve on its left only
        let inside: Vec<bool> = (0..100 * 100)
            .map(|at| (at % 100, at / 100))
            .map(|(x, y)| {
                (30..70).contains(&x) && (10..90).contains(&y)
                    || (12..30).contains(&x) && (10..30).contains(&y)
            })
            .collect();
        let mirror = Mirror::of(&inside, 100).unwrap();
        assert_eq!(mirror.counterpart(50 * 100 + 30), Some(50 * 100 + 69));
        assert!((0.75..0.95).contains(&mirror.likeness), "{mirror:?}");
    }

    #[test]
    fn nothing_has_no_axis() {
        assert!(Mirror::of(&[false; 100], 10).is_none());
    }
}
