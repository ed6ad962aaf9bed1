//! Leaving out what is not the garment: small islands away from the main ones.

use crate::plane::Plane;

/// Above this, a pixel belongs to an island.
const LAND: f32 = 0.15;
/// Above this, a pixel counts for an island's size.
const SURE: f32 = 0.5;
/// Islands smaller than this part of the largest go. A pair of shoes stays a pair.
const KEEP: f32 = 0.06;

/// Clears islands that are small beside the largest one, and answers which part of the plane the rest surely
/// covers (0–1).
pub(crate) fn clear(mask: &mut Plane) -> f32 {
    let (labels, sizes) = islands(mask);
    let largest = sizes.iter().copied().max().unwrap_or(0);
    let keep = |label: u32| sizes[label as usize] as f32 >= KEEP * largest as f32 && largest > 0;
    let mut sure = 0_usize;
    for (value, label) in mask.data.iter_mut().zip(&labels) {
        match label {
            Some(label) if keep(*label) => sure += usize::from(*value > SURE),
            _ => *value = 0.0,
        }
    }
    sure as f32 / mask.data.len().max(1) as f32
}

/// A label for each pixel on land, and each label's number of sure pixels.
fn islands(mask: &Plane) -> (Vec<Option<u32>>, Vec<usize>) {
    let mut labels: Vec<Option<u32>> = vec![None; mask.data.len()];
    let mut sizes = Vec::new();
    let mut shore = Vec::new();
    for start in 0..mask.data.len() {
        if labels[start].is_some() || mask.data[start] <= LAND {
            continue;
        }
        let label = sizes.len() as u32;
        let mut size = 0;
        labels[start] = Some(label);
        shore.push(start);
        while let Some(at) = shore.pop() {
            size += usize::from(mask.data[at] > SURE);
            let (x, y) = (at % mask.width, at / mask.width);
            let neighbours = [
                (x > 0).then(|| at - 1),
                (x + 1 < mask.width).then(|| at + 1),
                (y > 0).then(|| at - mask.width),
                (y + 1 < mask.height).then(|| at + mask.width),
            ];
            for next in neighbours.into_iter().flatten() {
                if labels[next].is_none() && mask.data[next] > LAND {
                    labels[next] = Some(label);
                    shore.push(next);
                }
            }
        }
        sizes.push(size);
    }
    (labels, sizes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(x: usize, y: usize, left: usize, top: usize, side: usize) -> bool {
        (left..left + side).contains(&x) && (top..top + side).contains(&y)
    }

    #[test]
    fn a_pair_stays_and_a_speck_goes() {
        let mut mask = Plane::from_fn(40, 20, |x, y| {
            if square(x, y, 2, 2, 10) || square(x, y, 20, 4, 8) || square(x, y, 36, 1, 2) {
                1.0
            } else {
                0.0
            }
        });
        let covered = clear(&mut mask);
        assert_eq!(mask.data.iter().filter(|value| **value > 0.5).count(), 164);
        assert!((covered - 164.0 / 800.0).abs() < 1e-6);
    }

    #[test]
    fn haze_without_a_sure_pixel_is_nothing() {
        let mut mask = Plane::from_fn(8, 8, |_, _| 0.3);
        assert_eq!(clear(&mut mask), 0.0);
        assert!(mask.data.iter().all(|value| *value == 0.0));
    }
}
