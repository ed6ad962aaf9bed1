//! Cutouts as files and on a sheet, with times and memory.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context, Result};
use comfy_table::Table;
use drape_domain::item::ImageType;
use drape_vision::{GarmentVision, Photo, VisionError, decode};
use image::{
    ImageDecoder, ImageReader, Rgb, RgbImage, RgbaImage,
    imageops::{self, FilterType},
    metadata::Orientation,
};
use serde::Serialize;

use crate::{
    photos,
    progress::Progress,
    report::{Report, or_dash, table},
    sheet::{LINE, Sheets, on_checkerboard, place, write},
    stats::{Times, nearest_rank, peak_memory},
};

const SIDE: u32 = 180;
const COLUMNS: u32 = 5;

#[derive(Debug, Serialize)]
struct Cut {
    name: String,
    file: PathBuf,
    /// How far the cutout can be trusted, 0–1.
    confidence: f32,
    /// The part of the photo that the garment covers.
    cover: f32,
    decode_ms: f64,
    cut_ms: f64,
}

/// The result of `evals cutouts`.
#[derive(Debug, Serialize)]
pub(crate) struct Cutouts {
    cutouts: Vec<Cut>,
    /// From bytes to photo.
    decoding: Option<Times>,
    /// From photo to cutout.
    cutting: Option<Times>,
    /// Both.
    whole: Option<Times>,
    /// Loading the models, in milliseconds.
    load_ms: f64,
    /// Of this process while it cut, before any file was written at its original size; in bytes.
    peak_memory: Option<u64>,
    /// Quantiles (0.05, 0.25, 0.5, 0.75, 0.95) of the confidence.
    confidence: Vec<(f64, f64)>,
    /// Photos without a cutout, with the reason's code.
    refused: Vec<(String, String)>,
}

/// Cuts the garment out of every photo in a folder.
///
/// # Errors
/// When there is no photo, a file cannot be written, or the engine fails.
pub(crate) fn run(folder: &Path, out: &Path, limit: Option<usize>) -> Result<Cutouts> {
    let files = photos::find(folder, limit)?;
    fs::create_dir_all(out).with_context(|| format!("making {}", out.display()))?;
    let began = Instant::now();
    let vision = GarmentVision::load()?;
    let load_ms = began.elapsed().as_secs_f64() * 1000.0;
    let progress = Progress::new("cutouts", files.len());
    let mut sheets = Sheets::new(out, COLUMNS);
    let (mut cutouts, mut refused): (Vec<Cut>, _) = (Vec::new(), Vec::new());
    let mut taken = HashSet::new();
    let mut peak = None;
    for file in files {
        let (bytes, declared) = file.read()?;
        let began = Instant::now();
        let decoded = decode(&bytes, declared);
        let decode_ms = began.elapsed().as_secs_f64() * 1000.0;
        let seen = decoded
            .map_err(VisionError::from)
            .and_then(|photo| Ok((vision.cut(&photo)?, photo)));
        let cut_ms = began.elapsed().as_secs_f64() * 1000.0 - decode_ms;
        // Writing files at their original size takes more memory than cutting, and is not the engine's.
        if cutouts.is_empty() {
            peak = peak_memory();
        }
        match seen {
            Ok((cutout, photo)) => {
                let path = out.join(unique(&file.stem(), &mut taken));
                let full = at_original_size(cutout.full(photo.size()), &bytes, declared)?;
                full.save(&path)
                    .with_context(|| format!("writing {}", path.display()))?;
                sheets.add(tile(&file.name, &photo, &full, cutout.confidence))?;
                cutouts.push(Cut {
                    name: file.name,
                    file: path,
                    confidence: cutout.confidence,
                    cover: cutout.cover,
                    decode_ms,
                    cut_ms,
                });
            }
            Err(VisionError::Photo(reason)) => {
                refused.push((file.name, reason.code().to_owned()));
            }
            Err(error) => return Err(error).context(file.name),
        }
        progress.advance();
    }
    sheets.finish()?;
    let times = |time: fn(&Cut) -> f64| Times::of(cutouts.iter().map(time).collect());
    let mut confidence: Vec<_> = cutouts
        .iter()
        .map(|cut| f64::from(cut.confidence))
        .collect();
    confidence.sort_by(f64::total_cmp);
    Ok(Cutouts {
        confidence: [0.05, 0.25, 0.5, 0.75, 0.95]
            .into_iter()
            .filter_map(|part| Some((part, nearest_rank(&confidence, part)?)))
            .collect(),
        decoding: times(|cut| cut.decode_ms),
        cutting: times(|cut| cut.cut_ms),
        whole: times(|cut| cut.decode_ms + cut.cut_ms),
        load_ms,
        peak_memory: peak,
        cutouts,
        refused,
    })
}

/// `stem.png`, or with a number if that is taken by a photo of another folder.
fn unique(stem: &str, taken: &mut HashSet<String>) -> String {
    let mut name = stem.to_owned();
    let mut number = 1;
    while !taken.insert(name.clone()) {
        number += 1;
        name = format!("{stem}-{number}");
    }
    format!("{name}.png")
}

/// The engine reduces large photos; this brings a cutout back to the size of the file's upright picture.
fn at_original_size(cutout: RgbaImage, bytes: &[u8], declared: ImageType) -> Result<RgbaImage> {
    let mut decoder = ImageReader::with_format(
        std::io::Cursor::new(bytes),
        match declared {
            ImageType::Jpeg => image::ImageFormat::Jpeg,
            ImageType::Png => image::ImageFormat::Png,
            ImageType::Webp => image::ImageFormat::WebP,
        },
    )
    .into_decoder()?;
    let turned = matches!(
        decoder.orientation()?,
        Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH
    );
    let (width, height) = match decoder.dimensions() {
        (width, height) if turned => (height, width),
        upright => upright,
    };
    if cutout.dimensions() == (width, height) {
        return Ok(cutout);
    }
    Ok(imageops::resize(
        &cutout,
        width,
        height,
        FilterType::Triangle,
    ))
}

fn tile(name: &str, photo: &Photo, full: &RgbaImage, confidence: f32) -> RgbImage {
    let mut tile = RgbImage::from_pixel(2 * SIDE, SIDE + 2 * LINE, Rgb([255; 3]));
    place(&mut tile, &photo.rgb, 0, 0, SIDE);
    let field = full.width().max(full.height()) / 20;
    place(&mut tile, &on_checkerboard(full, field), SIDE, 0, SIDE);
    write(&mut tile, name, 2, SIDE + 2);
    let confidence = format!("confidence {confidence:.2}");
    write(&mut tile, &confidence, 2, SIDE + LINE + 2);
    tile
}

impl Report for Cutouts {
    fn tables(&self) -> Vec<Table> {
        let mut run = table(&["step", "a photo takes"]);
        for (step, times) in [
            ("decode", self.decoding),
            ("cut out", self.cutting),
            ("both", self.whole),
        ] {
            run.add_row([step.to_owned(), or_dash(times)]);
        }
        run.add_row([
            "load the models, once".to_owned(),
            format!("{:.1} ms", self.load_ms),
        ]);
        let mut whole = table(&["cutouts", "refused", "peak memory"]);
        whole.add_row([
            self.cutouts.len().to_string(),
            self.refused.len().to_string(),
            or_dash(
                self.peak_memory
                    .map(|bytes| format!("{:.0} MB", bytes as f64 / 1e6)),
            ),
        ]);
        let mut confidence = table(&["part of the cutouts", "confidence is at most"]);
        for (part, value) in &self.confidence {
            confidence.add_row([part.to_string(), format!("{value:.2}")]);
        }
        let mut tables = vec![run, whole, confidence];
        if !self.refused.is_empty() {
            let mut refused = table(&["refused", "because"]);
            for (name, code) in &self.refused {
                refused.add_row([name, code]);
            }
            tables.push(refused);
        }
        tables
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn photos_of_one_name_in_two_folders_get_two_files() {
        let mut taken = HashSet::new();
        assert_eq!(unique("a", &mut taken), "a.png");
        assert_eq!(unique("a", &mut taken), "a-2.png");
        assert_eq!(unique("b", &mut taken), "b.png");
    }
}
