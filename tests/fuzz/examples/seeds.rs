//! Writes what fuzzing starts from: for `decode` sound files of each format and the odd ones of the tests, for
//! `analyse` long inputs, which short ones would take hours to grow into.

#[path = "../../../shared/vision/tests/files/mod.rs"]
mod files;

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

use image::{Rgba, RgbaImage};

fn main() -> io::Result<()> {
    let folder = env::args_os().nth(1).unwrap_or_else(|| "corpus".into());
    let folder = PathBuf::from(folder);
    write(&folder.join("decode"), files())?;
    write(&folder.join("analyse"), noise())
}

fn write(folder: &Path, seeds: Vec<(String, Vec<u8>)>) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for (name, bytes) in seeds {
        fs::write(folder.join(name), bytes)?;
    }
    Ok(())
}

/// Bytes that look random and are the same each time.
fn noise() -> Vec<(String, Vec<u8>)> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut byte = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 24) as u8
    };
    (0..64)
        .map(|n| {
            (
                format!("noise-{n}"),
                (0..64 + n * 24).map(|_| byte()).collect(),
            )
        })
        .collect()
}

fn files() -> Vec<(String, Vec<u8>)> {
    let shirt = files::shirt(96, [40, 60, 160], [230, 225, 220]);
    let transparent = RgbaImage::from_fn(48, 64, |x, y| {
        Rgba([
            200,
            30,
            30,
            if (10..40).contains(&x) && y > 8 {
                255
            } else {
                0
            },
        ])
    });
    let exif = files::with_exif(&files::jpeg(&shirt), 6, "a place");
    [
        ("shirt.jpg", files::jpeg(&shirt)),
        ("shirt.png", files::png(&shirt)),
        ("shirt.webp", files::webp(&shirt)),
        ("quarters.jpg", files::jpeg(&files::quarters(33, 70))),
        ("exif.jpg", exif),
        ("cmyk.jpg", files::cmyk_jpeg([10, 200, 30, 40], true)),
        ("no-adobe.jpg", files::cmyk_jpeg([10, 200, 30, 40], false)),
        ("transparent.png", files::transparent_png(&transparent)),
        ("animated.png", files::animated_png()),
        ("animated.webp", files::animated_webp()),
        ("claims.webp", files::webp_claiming(900, 900)),
        ("claims.jpg", files::jpeg_claiming(400, 400)),
        ("black.png", files::black_png(500, 40)),
    ]
    .map(|(name, bytes)| (name.to_owned(), bytes))
    .into()
}
