//! The vision models answer what onnxruntime answers, whose numbers `reference.py` wrote down.

use drape_nn::{InstructionSet, Model};

/// Of the largest number of an output.
const TOLERANCE: f32 = 1e-3;

static MODELS: [(&str, &[u8]); 5] = [
    ("u2netp", drape_models::U2NETP),
    ("efficientnet_lite0", drape_models::EFFICIENTNET_LITE0),
    ("pose_detection", drape_models::POSE_DETECTION),
    ("pose_landmark", drape_models::POSE_LANDMARK),
    ("selfie_segmentation", drape_models::SELFIE_SEGMENTATION),
];

/// A soft disc with coarse noise over it, as in `reference.py`.
fn picture(side: usize) -> Vec<f32> {
    let mut numbers = Vec::new();
    for channel in 0..3_u8 {
        for y in 0..side {
            for x in 0..side {
                let noise = (numbers.len() * 7919 % 1000) as f64 / 500.0 - 1.0;
                let (x, y) = (x as f64 / side as f64, y as f64 / side as f64);
                let disc = (-18.0 * ((x - 0.45).powi(2) + (y - 0.55).powi(2))).exp();
                numbers.push((disc * (1.8 - 0.5 * f64::from(channel)) - 0.5 + 0.7 * noise) as f32);
            }
        }
    }
    numbers
}

#[test]
fn every_model_agrees_with_the_reference_on_all_instructions() {
    for line in include_str!("reference.txt").lines() {
        let mut words = line.split(' ');
        let (name, output) = (words.next().unwrap(), words.next().unwrap());
        let largest: f32 = words.next().unwrap().parse().unwrap();
        let places: Vec<(usize, f32)> = words
            .map(|word| word.split_once(':').unwrap())
            .map(|(place, value)| (place.parse().unwrap(), value.parse().unwrap()))
            .collect();
        let (_, bytes) = MODELS.iter().find(|model| model.0 == name).unwrap();
        for instructions in InstructionSet::available() {
            let model = Model::load_for(instructions, bytes, &[output]).unwrap();
            let shape = model.input_shape();
            let found = model.run(shape, &picture(shape[2])).unwrap().remove(0);
            for (place, value) in &places {
                let error = (found.data[*place] - value).abs();
                let set = instructions.name();
                assert!(
                    error <= TOLERANCE * largest.max(1.0),
                    "{name} {output} on {set}: number {place} is {}, not {value}",
                    found.data[*place]
                );
            }
        }
    }
}

#[test]
fn the_same_input_gives_the_same_numbers_every_time() {
    let model = Model::load(drape_models::SELFIE_SEGMENTATION, &["activation_10"]).unwrap();
    let photo = picture(256);
    let first = model.run([1, 3, 256, 256], &photo).unwrap();
    let other = model
        .run([1, 3, 256, 256], &vec![0.3; photo.len()])
        .unwrap();
    assert_ne!(first, other);
    assert_eq!(first, model.run([1, 3, 256, 256], &photo).unwrap());
}
