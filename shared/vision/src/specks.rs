//! Connected parts of a division: small islands away from the garment go, and small holes in it are closed.

use std::ops::Range;

/// Islands smaller than this part of the largest go. A pair of shoes stays a pair.
const KEEP: f32 = 0.06;
/// Holes smaller than this part of the garment are closed: nothing real is seen through them.
const CLOSE: f32 = 0.0007;

/// The connected parts of the pixels of one side.
pub(crate) struct Parts {
    /// Each pixel's part, if it is on that side.
    pub(crate) of: Vec<Option<u32>>,
    /// Each part's pixels.
    pub(crate) sizes: Vec<usize>,
}

impl Parts {
    /// Finds the parts of the pixels where `inside` is `side`. Pixels that touch at a corner only are apart.
    pub(crate) fn find(inside: &[bool], width: usize, side: bool) -> Self {
        let mut of: Vec<Option<u32>> = vec![None; inside.len()];
        let mut sizes = Vec::new();
        let mut shore = Vec::new();
        for start in 0..inside.len() {
            if of[start].is_some() || inside[start] != side {
                continue;
            }
            let label = sizes.len() as u32;
            let mut size = 0;
            of[start] = Some(label);
            shore.push(start);
            while let Some(at) = shore.pop() {
                size += 1;
                let x = at % width;
                let neighbours = [
                    (x > 0).then(|| at - 1),
                    (x + 1 < width).then(|| at + 1),
                    at.checked_sub(width),
                    (at + width < inside.len()).then(|| at + width),
                ];
                for next in neighbours.into_iter().flatten() {
                    if of[next].is_none() && inside[next] == side {
                        of[next] = Some(label);
                        shore.push(next);
                    }
                }
            }
            sizes.push(size);
        }
        Self { of, sizes }
    }

    /// Parts of these sizes, at most so many: sizes and labels, the largest first.
    pub(crate) fn of_size(&self, sizes: Range<f32>, most: usize) -> Vec<(usize, u32)> {
        let mut fitting: Vec<_> = (self.sizes.iter().copied().zip(0..))
            .filter(|(size, _)| sizes.contains(&(*size as f32)))
            .collect();
        fitting.sort_unstable_by(|one, other| other.cmp(one));
        fitting.truncate(most);
        fitting
    }

    /// The size of the largest part.
    pub(crate) fn largest(&self) -> usize {
        self.sizes.iter().copied().max().unwrap_or(0)
    }
}

/// Clears islands that are small beside the largest one and closes small holes, except where somebody drew
/// (`fixed`).
pub(crate) fn clear(inside: &mut [bool], width: usize, fixed: impl Fn(usize) -> bool) {
    let islands = Parts::find(inside, width, true);
    flip(inside, &islands, KEEP * islands.largest() as f32, &fixed);
    let area = inside.iter().filter(|inside| **inside).count();
    let holes = Parts::find(inside, width, false);
    flip(inside, &holes, CLOSE * area as f32, &fixed);
}

/// Gives the parts that are smaller than `least` to the other side.
fn flip(inside: &mut [bool], parts: &Parts, least: f32, fixed: &impl Fn(usize) -> bool) {
    let mut small: Vec<bool> = parts
        .sizes
        .iter()
        .map(|size| (*size as f32) < least)
        .collect();
    for (at, part) in parts.of.iter().enumerate() {
        if let Some(part) = part
            && fixed(at)
        {
            small[*part as usize] = false;
        }
    }
    for (inside, part) in inside.iter_mut().zip(&parts.of) {
        if part.is_some_and(|part| small[part as usize]) {
            *inside = !*inside;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(x: usize, y: usize, left: usize, top: usize, side: usize) -> bool {
        (left..left + side).contains(&x) && (top..top + side).contains(&y)
    }

    fn grid(inside: impl Fn(usize, usize) -> bool) -> Vec<bool> {
        (0..40 * 60).map(|at| inside(at % 40, at / 40)).collect()
    }

    #[test]
    fn a_pair_stays_and_a_speck_goes() {
        let pair = |x, y| square(x, y, 2, 2, 10) || square(x, y, 20, 4, 8);
        let mut mask = grid(|x, y| pair(x, y) || square(x, y, 36, 1, 2));
        clear(&mut mask, 40, |_| false);
        assert!(mask == grid(pair));
    }

    #[test]
    fn a_pinhole_is_closed_and_a_hole_stays() {
        let whole = |x, y| square(x, y, 0, 10, 40);
        let mut mask = grid(|x, y| whole(x, y) && !square(x, y, 10, 20, 6) && (x, y) != (30, 30));
        clear(&mut mask, 40, |_| false);
        assert!(mask == grid(|x, y| whole(x, y) && !square(x, y, 10, 20, 6)));
    }

    #[test]
    fn what_was_drawn_stays() {
        let mut mask = grid(|x, y| square(x, y, 2, 2, 30) || (x, y) == (38, 50));
        let before = mask.clone();
        clear(&mut mask, 40, |at| at == 50 * 40 + 38);
        assert!(mask == before);
    }
}
