//! A fixed random rotation of all vectors.
//!
//! After it, no coordinate is larger than the others for long (embeddings, above all those out of a PCA, have a few
//! that are), so that one scale per vector suits them all and the signs alone tell much. It keeps inner products.
//! Built of random signs and fast Walsh-Hadamard transforms, after the rotation of the RaBitQ library: four rounds,
//! by turns over the first and the last 2ⁿ coordinates, as the number of coordinates need not be a power of two.

/// Coordinates come in multiples of this, which is also how many there are in a word of a one-bit code.
pub(crate) const GRAIN: usize = 64;
const ROUNDS: usize = 4;

/// The rotation for vectors of one length.
#[derive(Debug, Clone)]
pub(crate) struct Rotation {
    dim: usize,
    padded: usize,
    /// [`ROUNDS`] times `padded` factors, each 1 or −1.
    signs: Vec<f32>,
}

impl Rotation {
    /// For vectors of `dim` numbers. It is the same wherever and whenever it is made: files depend on it.
    pub(crate) fn new(dim: usize) -> Self {
        let padded = dim.next_multiple_of(GRAIN);
        let mut state = 0x5eed_d4a9_e0f0_0000_u64;
        let mut bits = || {
            // SplitMix64 (Steele, Lea and Flood, 2014).
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = state;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^ (mixed >> 31)
        };
        let mut signs = Vec::with_capacity(ROUNDS * padded);
        for _ in 0..ROUNDS * padded / GRAIN {
            let word = bits();
            signs.extend((0..GRAIN).map(|bit| if word >> bit & 1 == 0 { 1.0 } else { -1.0 }));
        }
        Self { dim, padded, signs }
    }

    /// How many numbers a rotated vector has.
    pub(crate) const fn padded(&self) -> usize {
        self.padded
    }

    /// Rotates `vector`, which has `dim` numbers, into `out`, which has `padded`.
    pub(crate) fn apply(&self, vector: &[f32], out: &mut [f32]) {
        let (head, tail) = out.split_at_mut(self.dim.min(vector.len()));
        head.copy_from_slice(&vector[..head.len()]);
        tail.fill(0.0);
        for (round, signs) in self.signs.chunks_exact(self.padded).enumerate() {
            flip(out, signs);
            transform(self.part(round, out));
        }
    }

    /// The way back, in place; the first `dim` numbers are the vector.
    pub(crate) fn revert(&self, rotated: &mut [f32]) {
        for (round, signs) in self.signs.chunks_exact(self.padded).enumerate().rev() {
            transform(self.part(round, rotated));
            flip(rotated, signs);
        }
    }

    fn part<'a>(&self, round: usize, values: &'a mut [f32]) -> &'a mut [f32] {
        let power = 1 << self.padded.ilog2();
        let start = if round.is_multiple_of(2) {
            0
        } else {
            self.padded - power
        };
        &mut values[start..start + power]
    }
}

fn flip(values: &mut [f32], signs: &[f32]) {
    for (value, sign) in values.iter_mut().zip(signs) {
        *value *= sign;
    }
}

/// The orthonormal Walsh-Hadamard transform of a power of two of numbers; its own inverse.
fn transform(values: &mut [f32]) {
    let mut half = 1;
    while half < values.len() {
        for pair in values.chunks_exact_mut(2 * half) {
            let (low, high) = pair.split_at_mut(half);
            for (a, b) in low.iter_mut().zip(high) {
                (*a, *b) = (*a + *b, *a - *b);
            }
        }
        half *= 2;
    }
    let scale = 1.0 / (values.len() as f32).sqrt();
    for value in values {
        *value *= scale;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rotation_keeps_inner_products_and_can_be_reverted() {
        for dim in [1, 3, 64, 100, 384, 512] {
            let mut random = fastrand::Rng::with_seed(dim as u64);
            let rotation = Rotation::new(dim);
            let mut vector = || (0..dim).map(|_| random.f32() - 0.5).collect::<Vec<_>>();
            let (a, b) = (vector(), vector());
            let rotated = |v: &[f32]| {
                let mut out = vec![0.0; rotation.padded()];
                rotation.apply(v, &mut out);
                out
            };
            let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
            let (ra, rb) = (rotated(&a), rotated(&b));
            assert!((dot(&a, &b) - dot(&ra, &rb)).abs() < 1e-4, "{dim}");
            let mut back = ra;
            rotation.revert(&mut back);
            for (value, was) in back.iter().zip(&a) {
                assert!((value - was).abs() < 1e-5, "{dim}");
            }
        }
    }

    #[test]
    fn a_single_large_coordinate_is_spread_over_all() {
        let rotation = Rotation::new(512);
        let mut vector = vec![0.0; 512];
        vector[7] = 1.0;
        let mut out = vec![0.0; 512];
        rotation.apply(&vector, &mut out);
        let largest = out
            .iter()
            .fold(0.0_f32, |most, value| most.max(value.abs()));
        assert!(largest < 5.0 / 512.0_f32.sqrt(), "{largest}");
    }
}
