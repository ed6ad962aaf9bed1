//! Curves for many values at once: without branches or calls, so that the compiler may use the machine's vectors.

/// tanh x by the ninth convergent of J. H. Lambert's continued fraction x/(1 + x²/(3 + x²/(5 + …))) (1768), cut at ±1;
/// within 1e-5 everywhere. Odd, and rising but for the last bits.
#[inline]
pub(crate) fn tanh(x: f32) -> f32 {
    // Beyond, it is 1 to seven digits; before, the squares below are harmless.
    const END: f32 = 9.0;
    let x = if x > END { END } else { x };
    let x = if x < -END { -END } else { x };
    let square = x * x;
    let above = square + 990.0;
    let above = above * square + 135_135.0;
    let above = above * square + 4_729_725.0;
    let above = above * square + 34_459_425.0;
    let below = square * 45.0 + 13_860.0;
    let below = below * square + 945_945.0;
    let below = below * square + 16_216_200.0;
    let below = below * square + 34_459_425.0;
    let value = x * above / below;
    let value = if value > 1.0 { 1.0 } else { value };
    if value < -1.0 { -1.0 } else { value }
}

/// eˣ for x ≤ 0, within 1e-6 of it; below −87 as there.
#[inline]
pub(crate) fn decay(x: f32) -> f32 {
    /// Added to a small number, it leaves the nearest whole number in the low bits.
    const ROUND: f32 = 12_582_912.0;
    const LEAST: f32 = -87.0;
    let x = if x < LEAST { LEAST } else { x };
    let doublings = x * std::f32::consts::LOG2_E;
    let shifted = doublings + ROUND;
    let rest = (doublings - (shifted - ROUND)) * std::f32::consts::LN_2;
    // The exponential series; |rest| ≤ ln 2 / 2.
    let sum = rest * (1.0 / 720.0) + 1.0 / 120.0;
    let sum = sum * rest + 1.0 / 24.0;
    let sum = sum * rest + 1.0 / 6.0;
    let sum = sum * rest + 0.5;
    let sum = sum * rest + 1.0;
    let sum = sum * rest + 1.0;
    // Whole doublings go straight into the exponent.
    f32::from_bits(sum.to_bits().wrapping_add(shifted.to_bits() << 23))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tanh_is_within_its_bound() {
        let mut worst = 0.0_f64;
        for step in -120_000..=120_000 {
            let x = step as f32 * 1e-4;
            worst = worst.max((f64::from(tanh(x)) - f64::from(x).tanh()).abs());
            assert_eq!(tanh(-x).to_bits(), (-tanh(x)).to_bits());
        }
        assert!(worst < 1e-5, "{worst}");
        assert_eq!((tanh(1e30), tanh(f32::NEG_INFINITY)), (1.0, -1.0));
    }

    #[test]
    fn decay_is_within_its_bound() {
        assert_eq!(decay(0.0), 1.0);
        for step in 0..=90_000 {
            let x = step as f32 * -1e-3;
            let off = (f64::from(decay(x)) - f64::from(x).exp()).abs();
            assert!(off < 1e-6, "{x} {off}");
        }
        assert!(decay(-1e9) < 1e-37);
    }
}
