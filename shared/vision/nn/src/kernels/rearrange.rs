//! Moves numbers without computing any.

use crate::{
    block::{Block, LANES, Shape},
    program::Order,
};

/// Puts pictures of the same rows and columns one after the other along the channels.
pub(crate) fn concatenate(inputs: &[(&[Block], Shape)], output: &mut [Block], shape: Shape) {
    let pixels = shape.pixels();
    let mut channel: usize = 0;
    for (blocks, from) in inputs {
        if channel.is_multiple_of(LANES) {
            let start = channel / LANES * pixels;
            output[start..start + blocks.len()].copy_from_slice(blocks);
            channel += from.channels;
            continue;
        }
        for lane in 0..from.channels {
            let source = &blocks[lane / LANES * pixels..][..pixels];
            let target = &mut output[channel / LANES * pixels..][..pixels];
            for (to, from) in target.iter_mut().zip(source) {
                to.0[channel % LANES] = from.0[lane % LANES];
            }
            channel += 1;
        }
    }
}

/// Channels (row, column, channel) become squares of `block` pixels a side.
pub(crate) fn depth_to_space(
    input: &[Block],
    from: Shape,
    block: usize,
    output: &mut [Block],
    to: Shape,
) {
    for y in 0..to.rows {
        for x in 0..to.columns {
            let square = (y % block) * block + x % block;
            let source = y / block * from.columns + x / block;
            let target = y * to.columns + x;
            if to.channels.is_multiple_of(LANES) {
                for plane in 0..to.planes() {
                    let other = square * to.planes() + plane;
                    output[plane * to.pixels() + target] = input[other * from.pixels() + source];
                }
                continue;
            }
            for channel in 0..to.channels {
                let other = square * to.channels + channel;
                output[channel / LANES * to.pixels() + target].0[channel % LANES] =
                    input[other / LANES * from.pixels() + source].0[other % LANES];
            }
        }
    }
}

/// Appends a picture's numbers in the given order.
pub(crate) fn flatten(blocks: &[Block], shape: Shape, order: Order, numbers: &mut Vec<f32>) {
    let pixels = shape.pixels();
    match order {
        Order::ChannelsFirst => {
            for channel in 0..shape.channels {
                let plane = &blocks[channel / LANES * pixels..][..pixels];
                numbers.extend(plane.iter().map(|block| block.0[channel % LANES]));
            }
        }
        Order::ChannelsLast => {
            for pixel in 0..pixels {
                for (plane, channels) in (0..shape.channels).step_by(LANES).enumerate() {
                    let count = LANES.min(shape.channels - channels);
                    numbers.extend_from_slice(&blocks[plane * pixels + pixel].0[..count]);
                }
            }
        }
    }
}
