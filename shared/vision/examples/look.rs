//! A look at what the code makes of some photos: a page with each photo, its cutout on a checkerboard, its
//! thumb, and what was read from it.
//!
//! `cargo run -p drape-vision --example look -- OUT PHOTO…`: OUT is a folder; open OUT/index.html.

use std::{
    env, fs,
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};

use drape_domain::item::ImageType;
use drape_vision::{GarmentPhoto, GarmentVision, Options};

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "look: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Failure> {
    let mut arguments = env::args_os().skip(1).map(PathBuf::from);
    let out = arguments.next().ok_or("usage: look OUT PHOTO…")?;
    fs::create_dir_all(&out)?;
    let vision = GarmentVision::load()?;
    let mut page = fs::File::create(out.join("index.html"))?;
    page.write_all(STYLE.as_bytes())?;
    for (index, path) in arguments.enumerate() {
        let declared = match path.extension().and_then(|extension| extension.to_str()) {
            Some("png") => ImageType::Png,
            Some("webp") => ImageType::Webp,
            _ => ImageType::Jpeg,
        };
        let started = Instant::now();
        let result = vision.analyse(&fs::read(&path)?, declared, &Options::default());
        let took = started.elapsed().as_millis();
        writeln!(std::io::stdout(), "{took} ms {}", path.display())?;
        match result {
            Ok(photo) => show(&mut page, &out, index, &path, &photo)?,
            Err(error) => writeln!(page, "<div>{}<p>{error}</p></div>", path.display())?,
        }
    }
    Ok(())
}

fn show(
    page: &mut fs::File,
    out: &Path,
    index: usize,
    path: &Path,
    photo: &GarmentPhoto,
) -> Result<(), Failure> {
    let mut images = String::new();
    let clean = photo.clean_png.as_deref().unwrap_or_default();
    for (name, bytes) in [
        ("o.jpg", photo.original_jpeg.as_slice()),
        ("c.png", clean),
        ("t.jpg", &photo.thumb_jpeg),
    ] {
        let name = format!("{index}{name}");
        fs::write(out.join(&name), bytes)?;
        images += &format!("<img src={name}>");
    }
    let tags = &photo.inferred;
    let folder = path
        .parent()
        .and_then(Path::file_name)
        .unwrap_or_default()
        .to_string_lossy();
    writeln!(
        page,
        "<div>{images}<p>{folder} → <b>{} {:.2}, {}</b>",
        tags.category, tags.confidence, tags.pattern
    )?;
    for color in &tags.colors {
        writeln!(
            page,
            "<br><i style='background:{}'></i> {} {:.2}",
            color.hex, color.name, color.share
        )?;
    }
    writeln!(page, "</p></div>")?;
    Ok(())
}

const STYLE: &str = "<!doctype html><meta charset=utf-8><style>
body { margin: 0; font: 12px sans-serif; display: grid; grid-template-columns: repeat(4, 1fr) }
div { padding: 4px; border: 1px solid #ccc }
img { width: 105px; height: 130px; object-fit: contain; background: repeating-conic-gradient(#d0d 0 25%, #0a0 0 50%) 0/16px 16px }
i { display: inline-block; width: 20px; height: 10px; border: 1px solid #000 }
p { margin: 2px }
</style>
";
