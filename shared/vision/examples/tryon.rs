//! Renders garments on a person for looking at: `tryon BODY OUT.png GARMENT.jpg:category ...`

use std::{env, error::Error, fs, io::Write as _, time::Instant};

use drape_vision::{
    Cutter, decode,
    tryon::{Garment, TryOnEngine},
};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [body, out, garments @ ..] = arguments.as_slice() else {
        return Err("usage: tryon BODY OUT.png GARMENT.jpg:category ...".into());
    };
    let body = image::load_from_memory(&fs::read(body)?)?.into_rgb8();
    let _ = (decode, Cutter::load);
    let mut cut = Vec::new();
    for garment in garments {
        let (file, category) = garment.rsplit_once(':').ok_or("GARMENT.jpg:category")?;
        let cutout = image::load_from_memory(&fs::read(file)?)?.into_rgba8();
        cut.push(Garment { category: category.parse()?, cutout });
    }
    let engine = TryOnEngine::load()?;
    let start = Instant::now();
    let rendering = engine.render(&body, &cut)?;
    let took = start.elapsed();
    rendering.image.save(out)?;
    writeln!(
        std::io::stdout(),
        "{out}: confidence {:.2}, placed {:?}, skipped {:?}, {took:.0?}",
        rendering.confidence, rendering.placed, rendering.skipped
    )?;
    Ok(())
}
