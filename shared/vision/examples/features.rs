//! Writes the features of every photo in a folder of class folders, for training (`make train PHOTOS=…`).
//!
//! `cargo run -p drape-vision --example features -- PHOTOS OUT`: OUT.f32 gets two rows of 1,280 little-endian
//! float32 for each photo, as it is and mirrored; OUT.txt gets a line for each photo, its path.

use std::{
    env, fs,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use drape_domain::item::ImageType;
use drape_vision::{decode, features::FeatureExtractor};
use image::imageops;

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "features: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Failure> {
    let mut arguments = env::args_os().skip(1).map(PathBuf::from);
    let (Some(photos), Some(out)) = (arguments.next(), arguments.next()) else {
        return Err("usage: features PHOTOS OUT".into());
    };
    let extractor = FeatureExtractor::load()?;
    let mut rows = BufWriter::new(fs::File::create(out.with_extension("f32"))?);
    let mut names = BufWriter::new(fs::File::create(out.with_extension("txt"))?);
    let paths = photo_paths(&photos)?;
    for (index, path) in paths.iter().enumerate() {
        let photo = match decode(&fs::read(path)?, ImageType::Jpeg) {
            Ok(photo) => photo,
            Err(error) => {
                writeln!(std::io::stderr(), "{} left out: {error}", path.display())?;
                continue;
            }
        };
        for view in [&photo.rgb, &imageops::flip_horizontal(&photo.rgb)] {
            for value in extractor.features(view)? {
                rows.write_all(&value.to_le_bytes())?;
            }
        }
        writeln!(names, "{}", path.strip_prefix(&photos)?.display())?;
        if (index + 1) % 200 == 0 || index + 1 == paths.len() {
            writeln!(std::io::stderr(), "{} of {} photos", index + 1, paths.len())?;
        }
    }
    Ok(())
}

/// `class/photo.jpg`, in order of their names.
fn photo_paths(photos: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut paths = Vec::new();
    for class in fs::read_dir(photos)? {
        let class = class?.path();
        if class.is_dir() {
            for photo in fs::read_dir(class)? {
                let photo = photo?.path();
                if photo
                    .extension()
                    .is_some_and(|extension| extension == "jpg")
                {
                    paths.push(photo);
                }
            }
        }
    }
    if paths.is_empty() {
        return Err(format!("{} has no folders of .jpg photos", photos.display()).into());
    }
    paths.sort();
    Ok(paths)
}
