//! Our side: drape-nn with the models that are compiled in.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use cpu_time::ProcessTime;
use drape_nn::{InstructionSet, Model};
use image::imageops::FilterType;

use crate::Row;

/// A model as it is used.
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    packed: &'static [u8],
    pub(crate) outputs: &'static [&'static str],
    /// Rows and columns of the input.
    pub(crate) side: usize,
}

pub(crate) static MODELS: [Subject; 5] = [
    Subject {
        name: "u2netp",
        packed: drape_models::U2NETP,
        outputs: &["1959"],
        side: 320,
    },
    Subject {
        name: "efficientnet_lite0",
        packed: drape_models::EFFICIENTNET_LITE0,
        outputs: &["features"],
        side: 224,
    },
    Subject {
        name: "pose_detection",
        packed: drape_models::POSE_DETECTION,
        outputs: &["Identity", "Identity_1"],
        side: 224,
    },
    Subject {
        name: "pose_landmark",
        packed: drape_models::POSE_LANDMARK,
        outputs: &[
            "Identity",
            "Identity_1",
            "Identity_2",
            "Identity_3",
            "Identity_4",
        ],
        side: 256,
    },
    Subject {
        name: "selfie_segmentation",
        packed: drape_models::SELFIE_SEGMENTATION,
        outputs: &["activation_10"],
        side: 256,
    },
];

/// Coarse noise.
#[allow(clippy::cast_precision_loss)] // below 1,000
pub(crate) fn input(side: usize) -> Vec<f32> {
    (0..3 * side * side)
        .map(|index| (index * 7919 % 1000) as f32 / 500.0 - 1.0)
        .collect()
}

pub(crate) fn rows(runs: usize) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for subject in &MODELS {
        let numbers = input(subject.side);
        for instructions in InstructionSet::available() {
            let mut load = Duration::MAX;
            for _ in 0..3 {
                let before = ProcessTime::now();
                Model::load_for(instructions, subject.packed, subject.outputs)?;
                load = load.min(before.elapsed());
            }
            let model = Model::load_for(instructions, subject.packed, subject.outputs)?;
            let mut run = Duration::MAX;
            for _ in 0..runs {
                let before = ProcessTime::now();
                model.run(model.input_shape(), &numbers)?;
                run = run.min(before.elapsed());
            }
            rows.push(Row {
                model: subject.name.to_owned(),
                engine: format!("drape-nn {}", instructions.name()),
                load,
                run,
                memory: Some(model.memory()),
            });
        }
    }
    Ok(rows)
}

/// Writes a photo for cold starts.
pub(crate) fn photo() -> anyhow::Result<PathBuf> {
    let path = std::env::temp_dir().join(format!("drape-bench-{}.jpg", std::process::id()));
    let photo = image::RgbImage::from_fn(1600, 1200, |x, y| {
        let inside = (500..1100).contains(&x) && (200..1000).contains(&y);
        let shade = u8::try_from((x / 16 + y / 16) % 32).unwrap_or_default();
        image::Rgb(if inside {
            [180, 40 + shade, 60]
        } else {
            [200 + shade, 205 + shade, 210 + shade]
        })
    });
    photo.save(&path)?;
    Ok(path)
}

/// From a photo's bytes to the mask, as a first invocation does it.
pub(crate) fn cold(photo: &Path) -> anyhow::Result<()> {
    let model = Model::load(drape_models::U2NETP, &["1959"])?;
    let small = image::open(photo)?
        .resize_exact(320, 320, FilterType::Lanczos3)
        .into_rgb8();
    let largest = small.iter().copied().max().unwrap_or(255).max(1);
    let mut numbers = Vec::with_capacity(3 * 320 * 320);
    for (channel, (mean, deviation)) in [(0.485, 0.229), (0.456, 0.224), (0.406, 0.225)]
        .into_iter()
        .enumerate()
    {
        numbers.extend(
            small
                .pixels()
                .map(|pixel| (f32::from(pixel.0[channel]) / f32::from(largest) - mean) / deviation),
        );
    }
    model.run([1, 3, 320, 320], &numbers)?;
    Ok(())
}
