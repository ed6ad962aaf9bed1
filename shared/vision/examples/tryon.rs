//! Renders garments on a person, for looking at: `tryon BODY OUT.png GARMENT:category ...`
//!
//! Garments are photos (cut out here) or PNG files with a transparent background (taken as they are).

use std::{env, error::Error, fs, io::Write as _, time::Instant};

use drape_domain::item::ImageType;
use drape_vision::{
    Cutter, decode,
    tryon::{Garment, TryOnEngine, View},
};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [body, out, garments @ ..] = arguments.as_slice() else {
        return Err("usage: tryon BODY OUT.png GARMENT:category ...".into());
    };
    let body = image::load_from_memory(&fs::read(body)?)?.into_rgb8();
    let cutter = Cutter::load()?;
    let mut worn = Vec::new();
    for garment in garments {
        let (file, category) = garment
            .rsplit_once(':')
            .ok_or("a garment is given as FILE:category")?;
        let bytes = fs::read(file)?;
        let (cutout, cutout_confidence) = if file.ends_with(".png") {
            (image::load_from_memory(&bytes)?.into_rgba8(), 1.0)
        } else {
            let cutout = cutter.cut(&decode(&bytes, ImageType::Jpeg)?)?;
            (cutout.image, cutout.confidence)
        };
        worn.push(Garment {
            category: category.parse()?,
            cutout,
            cutout_confidence,
        });
    }
    let engine = TryOnEngine::load()?;
    let start = Instant::now();
    let rendering = engine.render(&body, &worn, View::default())?;
    let took = start.elapsed();
    rendering.image.save(out)?;
    writeln!(
        std::io::stdout(),
        "{out}: confidence {:.2}, placed {:?}, skipped {:?}, {took:.0?}",
        rendering.confidence,
        rendering.placed,
        rendering.skipped
    )?;
    Ok(())
}
