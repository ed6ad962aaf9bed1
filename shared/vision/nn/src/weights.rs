//! Weights out of a packed model, widened to f32.

use crate::{
    block::{Block, LANES},
    error::Error,
    reader::Reader,
};

/// How weights are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Storage {
    F32,
    F16,
    /// With an f32 scale for each output channel.
    Int8,
}

/// How many there are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    /// Output channels.
    pub(crate) outputs: usize,
    /// Weights of each output channel.
    pub(crate) each: usize,
}

/// Reads one convolution's biases and weights, or skips them.
pub(crate) fn read(
    reader: &mut Reader<'_>,
    size: Size,
    storage: Storage,
    wanted: bool,
) -> Result<(Vec<Block>, Vec<Block>), Error> {
    let planes = size.outputs.div_ceil(LANES);
    let count = planes
        .checked_mul(size.each)
        .and_then(|blocks| blocks.checked_mul(LANES))
        .ok_or(Error::CutShort)?;
    let bias = reader.take(planes * size_of::<Block>())?;
    let scales = match storage {
        Storage::Int8 => reader.take(planes * size_of::<Block>())?,
        Storage::F32 | Storage::F16 => &[],
    };
    let width = match storage {
        Storage::F32 => 4,
        Storage::F16 => 2,
        Storage::Int8 => 1,
    };
    let weights = reader.take(count.checked_mul(width).ok_or(Error::CutShort)?)?;
    reader.align()?;
    if !wanted {
        return Ok((Vec::new(), Vec::new()));
    }
    let weights = match storage {
        Storage::F32 => f32s(weights),
        Storage::F16 => f16s(weights),
        Storage::Int8 => int8s(weights, &f32s(scales), size.each),
    };
    Ok((f32s(bias), weights))
}

fn f32s(bytes: &[u8]) -> Vec<Block> {
    let (blocks, _) = bytes.as_chunks::<{ 4 * LANES }>();
    blocks
        .iter()
        .map(|bytes| {
            let (numbers, _) = bytes.as_chunks();
            let mut block = Block::ZERO;
            for (to, from) in block.0.iter_mut().zip(numbers) {
                *to = f32::from_le_bytes(*from);
            }
            block
        })
        .collect()
}

fn f16s(bytes: &[u8]) -> Vec<Block> {
    let (blocks, _) = bytes.as_chunks::<{ 2 * LANES }>();
    blocks
        .iter()
        .map(|bytes| {
            let (numbers, _) = bytes.as_chunks();
            let mut block = Block::ZERO;
            for (to, from) in block.0.iter_mut().zip(numbers) {
                *to = widen(u16::from_le_bytes(*from));
            }
            block
        })
        .collect()
}

/// An IEEE 754 half-precision number. Without branches, so that many are widened at once: the exponent moves to
/// f32's by a product, which also makes small numbers normal.
fn widen(half: u16) -> f32 {
    let sign = u32::from(half & 0x8000) << 16;
    let rest = f32::from_bits(u32::from(half & 0x7fff) << 13) * f32::from_bits(0x7780_0000);
    f32::from_bits(rest.to_bits() | sign)
}

fn int8s(bytes: &[u8], scales: &[Block], each: usize) -> Vec<Block> {
    let (blocks, _) = bytes.as_chunks::<LANES>();
    blocks
        .chunks(each.max(1))
        .zip(scales)
        .flat_map(|(blocks, scale)| {
            blocks.iter().map(|bytes| {
                let mut block = *scale;
                for (to, from) in block.0.iter_mut().zip(bytes) {
                    *to *= f32::from(from.cast_signed());
                }
                block
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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
        ] {
            assert_eq!(widen(half), wide, "{half:04x}");
        }
    }

    #[test]
    fn int8_weights_are_scaled_by_their_output_channel() {
        let mut bytes = vec![0; 64];
        bytes[0] = 2;
        bytes[16 + 1] = 0xff;
        bytes[32 + 3] = 127;
        let mut scales = [Block::ZERO; 2];
        scales[0].0[0] = 0.5;
        scales[0].0[1] = 0.25;
        scales[1].0[3] = 2.0;
        let weights = int8s(&bytes, &scales, 2);
        assert_eq!(weights.len(), 4);
        assert_eq!(weights[0].0[0], 1.0);
        assert_eq!(weights[1].0[1], -0.25);
        assert_eq!(weights[2].0[3], 254.0);
    }
}
