//! Vectors as bytes and as bits.

/// What a one-bit code is worth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Factor {
    /// By what the inner product with the signs is to be multiplied.
    pub(crate) scale: f32,
    /// How many bits are set.
    pub(crate) ones: f32,
}

/// Writes the bytes of a rotated vector, and returns by what to multiply them and how far they are then from the
/// vector (Euclidean distance).
pub(crate) fn bytes(vector: &[f32], out: &mut [i8]) -> (f32, f32) {
    let largest = vector
        .iter()
        .fold(0.0_f32, |most, value| most.max(value.abs()));
    let scale = largest / 127.0;
    let per_value = if scale > 0.0 { 1.0 / scale } else { 0.0 };
    let mut error = 0.0;
    for (value, byte) in vector.iter().zip(out) {
        let rounded = (value * per_value).round().clamp(-127.0, 127.0);
        *byte = rounded as i8;
        let off = f64::from(value - rounded * scale);
        error += off * off;
    }
    // Upwards, for it is to be a bound.
    (scale, (error.sqrt() * 1.000_001) as f32)
}

/// Sets the bits of the coordinates that are above zero, one word for 64 of them, and returns what the code is worth:
/// RaBitQ's unbiased estimator (Gao and Long, 2024) of the inner product with a query, which is that of the signs
/// with the query times |v|² / Σ|vᵢ|.
pub(crate) fn signs(vector: &[f32], mut put: impl FnMut(usize, u64)) -> Factor {
    let mut ones = 0;
    for (at, values) in vector.chunks(64).enumerate() {
        let word = (values.iter().enumerate()).fold(0, |word, (bit, value)| {
            word | u64::from(*value > 0.0) << bit
        });
        ones += word.count_ones();
        put(at, word);
    }
    let norm: f64 = vector.iter().map(|value| f64::from(*value).powi(2)).sum();
    let reach: f64 = vector.iter().map(|value| f64::from(value.abs())).sum();
    Factor {
        scale: if reach > 0.0 {
            (norm / reach) as f32
        } else {
            0.0
        },
        ones: ones as f32,
    }
}

/// A rotated query as whole numbers.
#[derive(Debug, Clone)]
pub(crate) struct WholeQuery {
    pub(crate) values: Vec<i16>,
    /// By what to multiply them.
    pub(crate) scale: f32,
    /// How far they are then from the query (Euclidean distance).
    pub(crate) error: f32,
}

impl WholeQuery {
    pub(crate) fn new(query: &[f32]) -> Self {
        // The sum of all products with bytes is to fit 32 bits.
        let most = (i32::MAX / 128 / query.len().max(1) as i32).min(i32::from(i16::MAX)) as f32;
        let largest = query
            .iter()
            .fold(0.0_f32, |most, value| most.max(value.abs()));
        let scale = largest / most;
        let per_value = if scale > 0.0 { 1.0 / scale } else { 0.0 };
        let mut error = 0.0;
        let values = query
            .iter()
            .map(|value| {
                let rounded = (value * per_value).round().clamp(-most, most);
                let off = f64::from(value - rounded * scale);
                error += off * off;
                rounded as i16
            })
            .collect();
        Self {
            values,
            scale,
            error: (error.sqrt() * 1.000_001) as f32,
        }
    }
}

/// A rotated query as four bits a number, for one-bit codes: plane by plane, so that a product is a count of bits.
#[derive(Debug, Clone)]
pub(crate) struct PlaneQuery {
    /// For each 64 coordinates, the bits worth 1, 2, 4 and 8.
    pub(crate) planes: Vec<[u64; 4]>,
    /// `Σ sᵢqᵢ ≈ per_count · (Σ of counts) + per_one · ones + rest` where sᵢ is 1 or −1.
    pub(crate) per_count: f32,
    pub(crate) per_one: f32,
    pub(crate) rest: f32,
}

impl PlaneQuery {
    pub(crate) fn new(query: &[f32]) -> Self {
        let least = query.iter().copied().fold(0.0_f32, f32::min);
        let largest = query.iter().copied().fold(0.0_f32, f32::max);
        let step = (largest - least) / 15.0;
        let per_value = if step > 0.0 { 1.0 / step } else { 0.0 };
        let mut planes = vec![[0; 4]; query.len().div_ceil(64)];
        let mut sum = 0.0;
        for (at, value) in query.iter().enumerate() {
            let level = ((value - least) * per_value).round().clamp(0.0, 15.0);
            sum += least + step * level;
            for (bit, plane) in planes[at / 64].iter_mut().enumerate() {
                *plane |= (level as u64 >> bit & 1) << (at % 64);
            }
        }
        // Σ sᵢqᵢ = 2 Σ bᵢqᵢ − Σ qᵢ, and qᵢ = least + step · level.
        Self {
            planes,
            per_count: 2.0 * step,
            per_one: 2.0 * least,
            rest: -sum,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(random: &mut fastrand::Rng, count: usize) -> Vec<f32> {
        (0..count)
            .map(|_| (0..12).map(|_| random.f32()).sum::<f32>() - 6.0)
            .collect()
    }

    fn dot(a: &[f32], b: &[f32]) -> f32 {
        a.iter().zip(b).map(|(a, b)| a * b).sum()
    }

    #[test]
    fn bytes_are_as_near_as_they_say() {
        let mut random = fastrand::Rng::with_seed(1);
        for _ in 0..100 {
            let vector = normal(&mut random, 128);
            let mut bytes = vec![0; 128];
            let (scale, error) = super::bytes(&vector, &mut bytes);
            let off: f32 = (vector.iter().zip(&bytes))
                .map(|(value, byte)| (value - f32::from(*byte) * scale).powi(2))
                .sum();
            assert!(off.sqrt() <= error * 1.000_01 && error < 0.02 * dot(&vector, &vector).sqrt());
        }
    }

    #[test]
    fn a_vector_of_zeros_has_bytes_of_zeros() {
        let mut bytes = [7; 64];
        assert_eq!(super::bytes(&[0.0; 64], &mut bytes), (0.0, 0.0));
        assert_eq!(bytes, [0; 64]);
        assert_eq!(signs(&[0.0; 64], |_, _| ()).scale, 0.0);
    }

    #[test]
    fn one_bit_codes_estimate_inner_products_without_bias() {
        let mut random = fastrand::Rng::with_seed(2);
        let (mut sum, mut squares, mut ratio) = (0.0, 0.0, 0.0);
        let rounds = 2000;
        for _ in 0..rounds {
            let (vector, other) = (normal(&mut random, 512), normal(&mut random, 512));
            // Half alike.
            let query: Vec<f32> = vector.iter().zip(&other).map(|(a, b)| a + b).collect();
            let mut words = Vec::new();
            let factor = signs(&vector, |_, word| words.push(word));
            let planes = PlaneQuery::new(&query);
            let counts: u32 = (words.iter().zip(&planes.planes))
                .map(|(word, planes)| {
                    (planes.iter().enumerate())
                        .map(|(bit, plane)| (word & plane).count_ones() << bit)
                        .sum::<u32>()
                })
                .sum();
            let signs =
                planes.per_count * counts as f32 + planes.per_one * factor.ones + planes.rest;
            let norms = (dot(&vector, &vector) * dot(&query, &query)).sqrt();
            let off = (factor.scale * signs - dot(&vector, &query)) / norms;
            sum += off;
            squares += off * off;
            ratio += factor.scale * signs / dot(&vector, &query);
        }
        let n = rounds as f32;
        assert!((sum / n).abs() < 0.003, "bias {}", sum / n);
        assert!(
            (squares / n).sqrt() < 0.05,
            "deviation {}",
            (squares / n).sqrt()
        );
        assert!((ratio / n - 1.0).abs() < 0.01, "ratio {}", ratio / n);
    }
}
