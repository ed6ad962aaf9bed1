//! Every operation, on every instruction set of this machine, against a plain computation of it.

#![allow(clippy::unwrap_used)] // helpers of tests are tests

mod common;

use common::{ACTIVATIONS, Convolution, NONE, Packer, Picture};
use drape_nn::{InstructionSet, Model};

/// Runs the model up to `value` on all instruction sets and compares.
#[track_caller]
fn check(mut packer: Packer, input: &Picture, value: usize, expected: &Picture, tolerance: f32) {
    let shape = packer.shapes[value];
    assert_eq!(shape, expected.shape);
    packer.output("out", &shape, &[(value, 0)]);
    let bytes = packer.bytes();
    for instructions in InstructionSet::available() {
        let model = Model::load_for(instructions, &bytes, &["out"]).unwrap();
        let [channels, rows, columns] = input.shape;
        // Twice, since memory is used again.
        for _ in 0..2 {
            let output = model
                .run([1, channels, rows, columns], &input.data)
                .unwrap()
                .remove(0);
            assert_eq!(output.shape, shape);
            for (index, (found, wanted)) in output.data.iter().zip(&expected.data).enumerate() {
                let error = (found - wanted).abs();
                let name = instructions.name();
                assert!(
                    error <= tolerance,
                    "{name}: number {index} of {shape:?} is {found}, not {wanted}"
                );
            }
        }
    }
}

/// A model that first copies its input, so that the next operation reads blocks.
fn copied(shape: [usize; 3]) -> (Packer, usize) {
    let mut packer = Packer::new(shape);
    let mut copy = Convolution::random(
        &mut fastrand::Rng::with_seed(0),
        shape[0],
        shape[0],
        [1, 1],
        true,
    );
    copy.weights.fill(1.0);
    copy.bias.fill(0.0);
    let value = packer.convolution(&[0], &copy);
    (packer, value)
}

fn some<T: Copy>(random: &mut fastrand::Rng, choices: &[T]) -> T {
    choices[random.usize(..choices.len())]
}

fn shape(random: &mut fastrand::Rng, channels: &[usize]) -> [usize; 3] {
    [
        some(random, channels),
        random.usize(1..30),
        random.usize(1..30),
    ]
}

const CHANNELS: [usize; 9] = [1, 3, 8, 15, 16, 17, 24, 33, 48];

#[test]
fn dense_convolutions_of_any_window_are_right() {
    let random = &mut fastrand::Rng::with_seed(1);
    for case in 0..120 {
        let size = some(random, &[[1, 1], [3, 3], [5, 5], [1, 3], [2, 2]]);
        let from = shape(random, &CHANNELS);
        let outputs = some(random, &CHANNELS);
        let mut convolution = Convolution::random(random, from[0], outputs, size, false);
        convolution.stride = some(random, &[[1, 1], [2, 2], [1, 2]]);
        convolution.dilation = some(random, &[[1, 1], [1, 1], [2, 2], [4, 3]]);
        convolution = convolution.same_padding();
        convolution.activation = some(random, &ACTIVATIONS);
        let input = Picture::random(random, from);
        let expected = convolution.compute(&input, None);
        // Of the input itself in every other case, of blocks in the others.
        let (mut packer, source) = if case % 2 == 0 {
            (Packer::new(from), 0)
        } else {
            copied(from)
        };
        let value = packer.convolution(&[source], &convolution);
        check(packer, &input, value, &expected, 1e-5);
    }
}

#[test]
fn winograd_convolutions_are_right_at_every_edge() {
    let random = &mut fastrand::Rng::with_seed(2);
    for _ in 0..60 {
        let from = [
            some(random, &[16, 17, 32, 40, 64]),
            random.usize(3..40),
            random.usize(3..40),
        ];
        let outputs = some(random, &CHANNELS);
        let mut convolution = Convolution::random(random, from[0], outputs, [3, 3], false);
        convolution.padding = some(random, &[[1, 1], [0, 0], [2, 1]]);
        convolution.activation = some(random, &ACTIVATIONS);
        let input = Picture::random(random, from);
        let expected = convolution.compute(&input, None);
        let (mut packer, source) = copied(from);
        let value = packer.convolution(&[source], &convolution);
        check(packer, &input, value, &expected, 5e-5);
    }
}

#[test]
fn depthwise_convolutions_are_right() {
    let random = &mut fastrand::Rng::with_seed(3);
    for _ in 0..80 {
        let from = shape(random, &CHANNELS);
        let size = some(random, &[[3, 3], [5, 5], [1, 1], [7, 7]]);
        let mut convolution = Convolution::random(random, from[0], from[0], size, true);
        convolution.stride = some(random, &[[1, 1], [2, 2]]);
        convolution.dilation = some(random, &[[1, 1], [2, 2]]);
        convolution = convolution.same_padding();
        convolution.activation = some(random, &ACTIVATIONS);
        let input = Picture::random(random, from);
        let expected = convolution.compute(&input, None);
        let (mut packer, source) = copied(from);
        let value = packer.convolution(&[source], &convolution);
        check(packer, &input, value, &expected, 1e-5);
    }
}

#[test]
fn a_convolution_reads_several_pictures_as_one() {
    let random = &mut fastrand::Rng::with_seed(4);
    for size in [[1, 1], [3, 3], [5, 5]] {
        let input = Picture::random(random, [5, 21, 18]);
        let parts: Vec<Convolution> = [16, 32, 10]
            .map(|outputs| Convolution::random(random, 5, outputs, [1, 1], false))
            .into();
        let last = Convolution::random(random, 58, 20, size, false).same_padding();
        let mut packer = Packer::new(input.shape);
        let values: Vec<usize> = parts
            .iter()
            .map(|part| packer.convolution(&[0], part))
            .collect();
        let value = packer.convolution(&values, &last);
        let pictures: Vec<Picture> = parts
            .iter()
            .map(|part| part.compute(&input, None))
            .collect();
        let expected = last.compute(&Picture::concatenate(&pictures), None);
        check(packer, &input, value, &expected, 5e-5);
    }
}

#[test]
fn a_residual_is_added_before_or_after_the_activation_wherever_it_lies() {
    let random = &mut fastrand::Rng::with_seed(5);
    for size in [[1, 1], [3, 3], [5, 5]] {
        for depthwise in [false, true] {
            for last in [false, true] {
                // Kept for an output, the residual has a place of its own; else its place is written over.
                for kept in [false, true] {
                    let input = Picture::random(random, [24, 13, 19]);
                    let first = Convolution::random(random, 24, 24, [1, 1], false);
                    let second = Convolution::random(random, 24, 24, [1, 1], false);
                    let mut third =
                        Convolution::random(random, 24, 24, size, depthwise).same_padding();
                    let mut packer = Packer::new(input.shape);
                    let a = packer.convolution(&[0], &first);
                    let b = packer.convolution(&[0], &second);
                    third.residual = Some((a, last));
                    third.activation = ACTIVATIONS[1];
                    let mut value = packer.convolution(&[b], &third);
                    let (x, y) = (first.compute(&input, None), second.compute(&input, None));
                    let mut expected = third.compute(&y, Some(&x));
                    if kept {
                        value = packer.plain(5, &[value, a], expected.shape, NONE);
                        for (to, from) in expected.data.iter_mut().zip(&x.data) {
                            *to += from;
                        }
                    }
                    check(packer, &input, value, &expected, 5e-5);
                }
            }
        }
    }
}

#[test]
fn pooling_takes_the_largest_and_leaves_out_what_is_outside() {
    let random = &mut fastrand::Rng::with_seed(6);
    for _ in 0..40 {
        let from = [
            some(random, &CHANNELS),
            random.usize(3..30),
            random.usize(3..30),
        ];
        let (size, stride, padding) = some(random, &[(2, 2, 0), (3, 2, 1), (3, 1, 1)]);
        let input = Picture::random(random, from);
        // All of these have a window for every `stride` pixels that are begun, as `ceil_mode` has it.
        let output = [from[1].div_ceil(stride), from[2].div_ceil(stride)];
        let expected = Picture::make([from[0], output[0], output[1]], |channel, y, x| {
            let mut largest = f32::NEG_INFINITY;
            for dy in 0..size {
                for dx in 0..size {
                    let (Some(y), Some(x)) = (
                        (y * stride + dy).checked_sub(padding),
                        (x * stride + dx).checked_sub(padding),
                    ) else {
                        continue;
                    };
                    if y < from[1] && x < from[2] {
                        largest = largest.max(input.at(channel, y, x));
                    }
                }
            }
            largest
        });
        let (mut packer, source) = copied(from);
        let pair = |number: usize| [number as u8; 2];
        let value = packer.max_pool(source, output, pair(size), pair(stride), pair(padding));
        check(packer, &input, value, &expected, 0.0);
    }
}

#[test]
fn resizing_mixes_the_nearest_four() {
    let random = &mut fastrand::Rng::with_seed(7);
    for _ in 0..30 {
        let from = shape(random, &CHANNELS);
        let to = [from[0], random.usize(1..60), random.usize(1..60)];
        let input = Picture::random(random, from);
        let expected = Picture::make(to, |channel, y, x| {
            let place = |index: usize, axis: usize| {
                let place = (index as f64 + 0.5) * from[axis] as f64 / to[axis] as f64 - 0.5;
                let place = place.clamp(0.0, from[axis] as f64 - 1.0);
                (
                    place.floor() as usize,
                    (place.floor() as usize + 1).min(from[axis] - 1),
                    place.fract(),
                )
            };
            let ((top, bottom, down), (left, right, across)) = (place(y, 1), place(x, 2));
            let row = |y: usize| {
                f64::from(input.at(channel, y, left)) * (1.0 - across)
                    + f64::from(input.at(channel, y, right)) * across
            };
            (row(top) * (1.0 - down) + row(bottom) * down) as f32
        });
        let (mut packer, source) = copied(from);
        let value = packer.plain(3, &[source], to, NONE);
        check(packer, &input, value, &expected, 2e-5);
    }
}

#[test]
fn sums_products_means_and_activations_are_right() {
    let random = &mut fastrand::Rng::with_seed(8);
    for activation in ACTIVATIONS {
        for channels in CHANNELS {
            let from = [channels, random.usize(1..12), random.usize(1..12)];
            let input = Picture::random(random, from);
            let twice = Convolution::random(random, channels, channels, [1, 1], true);
            let (mut packer, a) = copied(from);
            let b = packer.convolution(&[0], &twice);
            let mean = packer.plain(4, &[b], [channels, 1, 1], NONE);
            let sum = packer.plain(5, &[a, b], from, activation);
            let product = packer.plain(6, &[sum, b], from, NONE);
            let scaled = packer.plain(6, &[product, mean], from, NONE);
            let value = packer.plain(9, &[scaled], from, activation);
            let other = twice.compute(&input, None);
            let pixels = from[1] * from[2];
            let expected = Picture::make(from, |channel, y, x| {
                let mean =
                    other.data[channel * pixels..][..pixels].iter().sum::<f32>() / pixels as f32;
                let sum = activation.apply(input.at(channel, y, x) + other.at(channel, y, x));
                activation.apply(sum * other.at(channel, y, x) * mean)
            });
            check(packer, &input, value, &expected, 5e-5);
        }
    }
}

#[test]
fn channels_are_put_together_and_spread_over_pixels() {
    let random = &mut fastrand::Rng::with_seed(9);
    for (first, second) in [(1, 3), (4, 28), (16, 48), (17, 15), (64, 64)] {
        let from = [first, 7, 5];
        let input = Picture::random(random, from);
        let more = Convolution::random(random, first, second, [1, 1], false);
        let (mut packer, a) = copied(from);
        let b = packer.convolution(&[0], &more);
        let joined = packer.plain(7, &[a, b], [first + second, 7, 5], NONE);
        let value = packer.depth_to_space(joined, 2);
        let both = Picture::concatenate(&[input.clone(), more.compute(&input, None)]);
        let channels = (first + second) / 4;
        let expected = Picture::make([channels, 14, 10], |channel, y, x| {
            both.at((y % 2 * 2 + x % 2) * channels + channel, y / 2, x / 2)
        });
        check(packer, &input, value, &expected, 1e-5);
    }
}

#[test]
fn outputs_are_strung_together_in_the_order_that_they_ask_for() {
    let random = &mut fastrand::Rng::with_seed(10);
    let input = Picture::random(random, [18, 3, 4]);
    let (mut packer, value) = copied(input.shape);
    packer.output("both", &[1, 24, 18], &[(value, 1), (value, 0)]);
    packer.output("other", &[216], &[(value, 0)]);
    let model = Model::load(&packer.bytes(), &["other", "both"]).unwrap();
    let outputs = model.run([1, 18, 3, 4], &input.data).unwrap();
    assert_eq!(outputs[0].data, input.data);
    assert_eq!(outputs[1].shape, [1, 24, 18]);
    let last: Vec<f32> = (0..12)
        .flat_map(|pixel| (0..18).map(move |channel| (channel, pixel)))
        .map(|(channel, pixel)| input.at(channel, pixel / 4, pixel % 4))
        .collect();
    assert_eq!(outputs[1].data[..216], last);
    assert_eq!(outputs[1].data[216..], input.data);
}
