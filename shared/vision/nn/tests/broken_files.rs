//! A broken file is an error and never a panic, in loading or in running.

mod common;

use common::{ACTIVATIONS, Convolution, NONE, Packer};
use drape_nn::{Error, Model};

/// A small model with every operation.
fn model() -> Vec<u8> {
    let random = &mut fastrand::Rng::with_seed(1);
    let mut packer = Packer::new([3, 8, 8]);
    let stem = packer.convolution(
        &[0],
        &Convolution::random(random, 3, 16, [3, 3], false).same_padding(),
    );
    let mut next = Convolution::random(random, 16, 16, [3, 3], false).same_padding();
    next.residual = Some((stem, true));
    next.activation = ACTIVATIONS[2];
    let next = packer.convolution(&[stem], &next);
    let deep = packer.convolution(
        &[next],
        &Convolution::random(random, 16, 16, [3, 3], true).same_padding(),
    );
    let pooled = packer.max_pool(deep, [4, 4], [2, 2], [2, 2], [0, 0]);
    let large = packer.plain(3, &[pooled], [16, 8, 8], NONE);
    let sum = packer.plain(5, &[large, deep], [16, 8, 8], ACTIVATIONS[1]);
    let mean = packer.plain(4, &[sum], [16, 1, 1], NONE);
    let product = packer.plain(6, &[sum, mean], [16, 8, 8], NONE);
    let joined = packer.plain(7, &[product, sum], [32, 8, 8], NONE);
    let spread = packer.depth_to_space(joined, 2);
    let last = packer.plain(9, &[spread], [8, 16, 16], ACTIVATIONS[4]);
    packer.output("out", &[1, 8, 256], &[(last, 1)]);
    packer.output("mean", &[16], &[(mean, 0)]);
    packer.bytes()
}

fn try_it(bytes: &[u8]) {
    // A changed size may be a large model that is whole; what matters is that all is checked.
    if let Ok(model) = Model::load(bytes, &["out", "mean"])
        && model.memory() < 1 << 20
    {
        let shape = model.input_shape();
        let input = vec![0.5; shape.iter().product()];
        assert!(model.run(shape, &input).is_ok());
    }
}

#[test]
fn the_whole_file_is_a_model() {
    let model = Model::load(&model(), &["out", "mean"]).unwrap();
    let outputs = model.run([1, 3, 8, 8], &[0.5; 192]).unwrap();
    assert_eq!(outputs[0].shape, [1, 8, 256]);
    assert_eq!(outputs[1].shape, [16]);
}

#[test]
fn a_file_that_is_cut_short_is_refused_wherever_it_ends() {
    let bytes = model();
    for length in 0..bytes.len() {
        assert!(
            Model::load(&bytes[..length], &["out"]).is_err(),
            "{length} bytes"
        );
    }
}

#[test]
fn a_file_with_more_behind_it_is_refused() {
    let mut bytes = model();
    bytes.extend([0; 4]);
    assert_eq!(
        Model::load(&bytes, &["out"]).unwrap_err(),
        Error::Broken("there is more than a model")
    );
}

#[test]
fn no_changed_byte_makes_it_panic() {
    let bytes = model();
    let weights = 16 * 4 * (3 * 9 + 1 + 16 * 9 + 1 + 9 + 1);
    for place in 0..bytes.len() - weights {
        for value in [
            0,
            1,
            2,
            3,
            15,
            16,
            17,
            127,
            128,
            255,
            bytes[place] ^ 1,
            bytes[place].wrapping_add(1),
        ] {
            let mut changed = bytes.clone();
            changed[place] = value;
            try_it(&changed);
        }
    }
}

#[test]
fn many_changed_bytes_do_not_make_it_panic() {
    let bytes = model();
    let random = &mut fastrand::Rng::with_seed(2);
    for _ in 0..20_000 {
        let mut changed = bytes.clone();
        for _ in 0..random.usize(1..6) {
            changed[random.usize(8..400)] = random.u8(..);
        }
        try_it(&changed);
    }
}

#[test]
fn names_and_shapes_that_are_not_the_models_are_refused() {
    let bytes = model();
    assert_eq!(
        Model::load(&bytes, &["no such output"]).unwrap_err(),
        Error::NoSuchOutput("no such output".to_owned())
    );
    assert_eq!(
        Model::load(b"ONNX and more", &[]).unwrap_err(),
        Error::NotAModel
    );
    let model = Model::load(&bytes, &["out"]).unwrap();
    assert!(model.run([1, 3, 8, 8], &[0.0; 191]).is_err());
    assert!(model.run([1, 3, 4, 16], &[0.0; 192]).is_err());
}
