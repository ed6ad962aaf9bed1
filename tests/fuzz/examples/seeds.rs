//! Writes the files that fuzzing starts from: sound ones of each format, and the odd ones of the tests.

#[path = "../../../shared/vision/tests/files/mod.rs"]
mod files;

use std::{env, fs, io, path::PathBuf};

use image::{Rgba, RgbaImage};

fn main() -> io::Result<()> {
    let folder = PathBuf::from(env::args_os().nth(1).unwrap_or_else(|| "corpus/decode".into()));
    fs::create_dir_all(&folder)?;
    let shirt = files::shirt(96, [40, 60, 160], [230, 225, 220]);
    let transparent = RgbaImage::from_fn(48, 64, |x, y| {
        Rgba([200, 30, 30, if (10..40).contains(&x) && y > 8 { 255 } else { 0 }])
    });
    let seeds = [
        ("shirt.jpg", files::jpeg(&shirt)),
        ("shirt.png", files::png(&shirt)),
        ("shirt.webp", files::webp(&shirt)),
        ("quarters.jpg", files::jpeg(&files::quarters(33, 70))),
        (
            "exif.jpg",
            files::with_exif(&files::jpeg(&shirt), 6, "a place"),
        ),
        ("cmyk.jpg", files::cmyk_jpeg([10, 200, 30, 40], true)),
        ("no-adobe.jpg", files::cmyk_jpeg([10, 200, 30, 40], false)),
        ("transparent.png", files::transparent_png(&transparent)),
        ("animated.png", files::animated_png()),
        ("animated.webp", files::animated_webp()),
        ("claims.webp", files::webp_claiming(900, 900)),
        ("claims.jpg", files::jpeg_claiming(400, 400)),
        ("black.png", files::black_png(500, 40)),
    ];
    for (name, bytes) in seeds {
        fs::write(folder.join(name), bytes)?;
    }
    Ok(())
}
