//! Each photo beside the colours that were read from it.

use std::{collections::BTreeMap, fs, path::Path, time::Instant};

use anyhow::{Context, Result};
use comfy_table::Table;
use drape_domain::{Category, Color};
use drape_vision::{GarmentVision, PhotoError, VisionError, decode};
use image::{Rgb, RgbImage};
use serde::Serialize;

use crate::{
    photos,
    progress::Progress,
    report::{Report, or_dash, percent, table},
    sheet::{LINE, Sheets, fill, on_checkerboard, place, write},
    stats::Times,
};

const SIDE: u32 = 150;
/// Width of the swatches and their words.
const WORDS: u32 = 170;
const COLUMNS: u32 = 4;

#[derive(Debug, Serialize)]
struct Photo {
    name: String,
    colors: Vec<Color>,
}

/// The result of `evals colors`.
#[derive(Debug, Serialize)]
pub(crate) struct Colors {
    photos: Vec<Photo>,
    /// From the cutout to its colours.
    time: Option<Times>,
    /// How many photos have each name as their first colour.
    first: BTreeMap<String, usize>,
    /// Photos without colours, with the reason.
    unreadable: Vec<(String, String)>,
}

/// Reads the colours of every photo in a folder, and draws the sheets.
///
/// # Errors
/// When there is no photo, a sheet cannot be written, or the engine fails.
pub(crate) fn run(folder: &Path, out: &Path, limit: Option<usize>) -> Result<Colors> {
    let files = photos::find(folder, limit)?;
    fs::create_dir_all(out).with_context(|| format!("making {}", out.display()))?;
    let vision = GarmentVision::load()?;
    let progress = Progress::new("colors", files.len());
    let mut sheets = Sheets::new(out, COLUMNS);
    let (mut photos, mut times, mut unreadable) = (Vec::new(), Vec::new(), Vec::new());
    for file in files {
        let (bytes, declared) = file.read()?;
        let seen = decode(&bytes, declared)
            .map_err(VisionError::from)
            .and_then(|photo| Ok((vision.cut(&photo)?, photo)));
        match seen {
            Ok((cutout, photo)) => {
                let guesses = vision.categories(&photo.rgb)?;
                let category = guesses.first().map_or(Category::Other, |(guess, _)| *guess);
                let began = Instant::now();
                let colors = vision.colors(&cutout, &photo, category);
                times.push(began.elapsed().as_secs_f64() * 1000.0);
                let shown = on_checkerboard(&cutout.image, 16);
                sheets.add(tile(&file.name, &photo.rgb, &shown, &colors))?;
                photos.push(Photo {
                    name: file.name,
                    colors,
                });
            }
            Err(VisionError::Photo(reason)) => unreadable.push(told(file.name, &reason)),
            Err(error) => return Err(error).context(file.name),
        }
        progress.advance();
    }
    sheets.finish()?;
    let mut first = BTreeMap::new();
    for color in photos.iter().filter_map(|photo| photo.colors.first()) {
        *first.entry(color.name.to_string()).or_default() += 1;
    }
    Ok(Colors {
        photos,
        time: Times::of(times),
        first,
        unreadable,
    })
}

fn told(name: String, reason: &PhotoError) -> (String, String) {
    (name, reason.to_string())
}

fn tile(name: &str, photo: &RgbImage, cutout: &RgbImage, colors: &[Color]) -> RgbImage {
    let mut tile = RgbImage::from_pixel(2 * SIDE + WORDS, SIDE + LINE, Rgb([255; 3]));
    place(&mut tile, photo, 0, 0, SIDE);
    place(&mut tile, cutout, SIDE, 0, SIDE);
    for (row, color) in (0..).zip(colors) {
        let top = row * 36 + 4;
        let Rgb8(red, green, blue) = Rgb8::of(color);
        fill(&mut tile, Rgb([0; 3]), 2 * SIDE + 4, top, (30, 30));
        let swatch = Rgb([red, green, blue]);
        fill(&mut tile, swatch, 2 * SIDE + 5, top + 1, (28, 28));
        let share = format!("{:.0} %", color.share * 100.0);
        write(&mut tile, &color.name.to_string(), 2 * SIDE + 40, top + 4);
        write(&mut tile, &share, 2 * SIDE + 40, top + 18);
    }
    write(&mut tile, name, 2, SIDE + 2);
    tile
}

/// A colour's three bytes.
struct Rgb8(u8, u8, u8);

impl Rgb8 {
    fn of(color: &Color) -> Self {
        let drape_domain::Rgb([red, green, blue]) = color.hex;
        Self(red, green, blue)
    }
}

impl Report for Colors {
    fn tables(&self) -> Vec<Table> {
        let mut run = table(&["photos", "reading the colours takes", "unreadable"]);
        run.add_row([
            self.photos.len().to_string(),
            or_dash(self.time),
            self.unreadable.len().to_string(),
        ]);
        let mut first = table(&["first colour", "photos", "part"]);
        let mut counts: Vec<_> = self.first.iter().collect();
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        for (name, count) in counts {
            first.add_row([
                name.clone(),
                count.to_string(),
                percent(*count as f64 / self.photos.len() as f64),
            ]);
        }
        vec![run, first]
    }
}
