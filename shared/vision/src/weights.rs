//! Reading the committed weights, which `train/train.py` writes as plain little-endian numbers.

/// IEEE 754 half-precision numbers, widened.
pub(crate) fn f16s(bytes: &[u8]) -> Vec<f32> {
    bytes
        .as_chunks()
        .0
        .iter()
        .map(|two| widen(u16::from_le_bytes(*two)))
        .collect()
}

/// Rows of `columns` numbers in four bits each: for each row its float32 scale, then two numbers in a byte, the first
/// in the lower half, each 8 more than the multiple of the scale that it stands for.
pub(crate) fn nibbles(bytes: &[u8], columns: usize) -> Vec<f32> {
    bytes
        .chunks_exact(size_of::<f32>() + columns.div_ceil(2))
        .filter_map(|row| row.split_first_chunk())
        .flat_map(|(scale, pairs)| {
            let scale = f32::from_le_bytes(*scale);
            let of_pair = move |pair: &u8| {
                [pair & 0x0f, pair >> 4].map(|value| (f32::from(value) - 8.0) * scale)
            };
            pairs.iter().flat_map(of_pair).take(columns)
        })
        .collect()
}

fn widen(half: u16) -> f32 {
    let sign = if half & 0x8000 == 0 { 1.0 } else { -1.0 };
    let exponent = i32::from(half >> 10 & 0x1f);
    let fraction = f32::from(half & 0x3ff);
    sign * match exponent {
        0 => fraction * 2.0_f32.powi(-24),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        _ => (1024.0 + fraction) * 2.0_f32.powi(exponent - 25),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_four_bits_are_multiples_of_their_scale() {
        let mut bytes = 0.5_f32.to_le_bytes().to_vec();
        bytes.extend([0x98, 0x01]); // 8 and 9, 1 and a filling 0
        bytes.extend(2.0_f32.to_le_bytes());
        bytes.extend([0x8f, 0x08]);
        assert_eq!(nibbles(&bytes, 3), [0.0, 0.5, -3.5, 14.0, 0.0, 0.0]);
    }

    #[test]
    fn halves_are_widened_exactly() {
        for (half, wide) in [
            (0x0000, 0.0),
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x3555, 0.333_251_95),
            (0x7bff, 65504.0),
            (0x0001, 5.960_464_5e-8),
            (0x0400, 6.103_515_6e-5),
            (0x7c00, f32::INFINITY),
        ] {
            assert_eq!(widen(half), wide, "{half:04x}");
        }
        assert!(widen(0x7e00).is_nan());
    }
}
