//! Finds the packed models that `make models` leaves in `.local/models` and points the crate at them.

use std::{env, path::Path, process::ExitCode};

const MODELS: [&str; 5] = [
    "u2netp.nn",
    "efficientnet_lite0.nn",
    "pose_detection.nn",
    "pose_landmark.nn",
    "selfie_segmentation.nn",
];

fn main() -> ExitCode {
    let Ok(manifest_dir) = env::var("CARGO_MANIFEST_DIR") else {
        println!("cargo::error=CARGO_MANIFEST_DIR is not set: build with cargo");
        return ExitCode::FAILURE;
    };
    let models = Path::new(&manifest_dir).join("../../../.local/models");
    let mut missing = Vec::new();
    for name in MODELS {
        let path = models.join(name);
        println!("cargo::rerun-if-changed={}", path.display());
        if !path.is_file() {
            missing.push(name);
        }
    }
    if missing.is_empty() {
        println!("cargo::rustc-env=DRAPE_MODELS_DIR={}", models.display());
        return ExitCode::SUCCESS;
    }
    println!(
        "cargo::error=vision models are missing from .local/models: {}",
        missing.join(", ")
    );
    println!(
        "cargo::error=run `make models` in the repository root; it fetches, checks, converts and packs them (about 60 MB, once)"
    );
    ExitCode::FAILURE
}
