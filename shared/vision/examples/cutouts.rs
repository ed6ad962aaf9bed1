//! The cutouts of some photos, as PNGs of the photos' own size, with their confidences.
//!
//! `cargo run -p drape-vision --example cutouts -- OUT PHOTO…`: OUT is a folder; a cutout is named after its
//! photo's folder and file.

use std::{
    env, fs,
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};

use drape_domain::item::ImageType;
use drape_vision::{Cutter, decode};

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "cutouts: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Failure> {
    let mut arguments = env::args_os().skip(1).map(PathBuf::from);
    let out = arguments.next().ok_or("usage: cutouts OUT PHOTO…")?;
    fs::create_dir_all(&out)?;
    let cutter = Cutter::load()?;
    for path in arguments {
        let photo = decode(&fs::read(&path)?, ImageType::Jpeg)?;
        let started = Instant::now();
        let result = cutter.cut(&photo);
        let took = started.elapsed().as_millis();
        let name = name(&path);
        match result {
            Ok(cutout) => {
                cutout
                    .full(photo.size())
                    .save(out.join(format!("{name}.png")))?;
                writeln!(std::io::stdout(), "{name}\t{took}\t{}", cutout.confidence)?;
            }
            Err(error) => writeln!(std::io::stdout(), "{name}\t{took}\t{error}")?,
        }
    }
    Ok(())
}

fn name(path: &Path) -> String {
    let folder = path.parent().and_then(Path::file_name).unwrap_or_default();
    let file = path.file_stem().unwrap_or_default();
    format!("{}_{}", folder.to_string_lossy(), file.to_string_lossy())
}
