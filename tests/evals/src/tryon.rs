//! Garments on a person: pictures, masks, confidence, times, and whether anything else changed.

use std::{fs, path::Path, time::Instant};

use anyhow::{Context, Result, bail};
use comfy_table::Table;
use drape_domain::{Category, Slot};
use drape_vision::{
    GarmentVision, VisionError, decode,
    tryon::{Garment, MAX_SIDE, Rendering, TryOnEngine, View},
};
use image::{GrayImage, Rgb, RgbImage};
use serde::Serialize;

use crate::{
    photos::{self, PhotoFile},
    progress::Progress,
    report::{Report, or_dash, percent, table},
    sheet::{LINE, Sheets, on_checkerboard, place, write},
    stats::Times,
};

const SIDE: u32 = 360;
const COLUMNS: u32 = 6;

/// A garment that was cut out, and where it came from.
struct Ready {
    name: String,
    stem: String,
    garment: Garment,
}

#[derive(Debug, Serialize)]
struct Picture {
    name: String,
    /// In the order of the request.
    categories: Vec<Category>,
    confidence: Option<f32>,
    ms: f64,
    /// The part of the pixels outside of the garment regions that differ from the photo; must be 0.
    changed_outside: Option<f64>,
    /// The part of the picture that the regions cover.
    region: Option<f64>,
    /// Garments that are not in the picture, with the reason's code; or why there is no picture.
    skipped: Vec<(String, String)>,
}

/// The result of `evals tryon`.
#[derive(Debug, Serialize)]
pub(crate) struct TryOns {
    /// The person's picture, in pixels.
    size: (u32, u32),
    pictures: Vec<Picture>,
    /// Of pictures with one garment.
    one: Option<Times>,
    /// The whole outfit, in milliseconds.
    outfit_ms: Option<f64>,
    /// The largest part of pixels outside of the regions that changed.
    worst_outside: f64,
    /// Photos that could not be cut out, with the reason's code.
    refused: Vec<(String, String)>,
}

/// Tries every garment of a folder on, and one outfit.
///
/// # Errors
/// When the photos cannot be read, a file cannot be written, or the engine fails.
pub(crate) fn run(
    body: &Path,
    garments: &Path,
    out: &Path,
    limit: Option<usize>,
) -> Result<TryOns> {
    let body = PhotoFile::single(body)?;
    let files = photos::find(garments, limit)?;
    fs::create_dir_all(out).with_context(|| format!("making {}", out.display()))?;
    let (bytes, declared) = body.read()?;
    let person = decode(&bytes, declared).with_context(|| body.name.clone())?;
    let engine = TryOnEngine::load()?;
    let (ready, refused) = cut_out(files)?;
    if ready.is_empty() {
        bail!(
            "no garment could be cut out of the photos in {}",
            garments.display()
        );
    }
    let progress = Progress::new("tryon", ready.len() + 1);
    let mut sheets = Sheets::new(out, COLUMNS);
    let mut pictures = Vec::new();
    for one in &ready {
        let name = format!("{}-{}", one.garment.category, one.stem);
        pictures.push(try_on(
            &engine,
            &person.rgb,
            &[one],
            &name,
            out,
            &mut sheets,
        )?);
        progress.advance();
    }
    let outfit = outfit(&ready);
    let whole = try_on(&engine, &person.rgb, &outfit, "outfit", out, &mut sheets)?;
    progress.advance();
    sheets.finish()?;
    let one = Times::of(pictures.iter().map(|picture| picture.ms).collect());
    let outfit_ms = Some(whole.ms);
    pictures.push(whole);
    Ok(TryOns {
        size: person.size(),
        one,
        outfit_ms,
        worst_outside: pictures
            .iter()
            .filter_map(|picture| picture.changed_outside)
            .fold(0.0, f64::max),
        pictures,
        refused,
    })
}

type Refused = Vec<(String, String)>;

fn cut_out(files: Vec<PhotoFile>) -> Result<(Vec<Ready>, Refused)> {
    let vision = GarmentVision::load()?;
    let progress = Progress::new("cutting out", files.len());
    let (mut ready, mut refused) = (Vec::new(), Vec::new());
    for file in files {
        let (bytes, declared) = file.read()?;
        let seen = decode(&bytes, declared)
            .map_err(VisionError::from)
            .and_then(|photo| Ok((vision.cut(&photo)?, photo)));
        match seen {
            Ok((cutout, photo)) => {
                let guess = || -> Result<Category> {
                    let guesses = vision.categories(&photo.rgb)?;
                    Ok(guesses
                        .first()
                        .map_or(Category::Other, |(category, _)| *category))
                };
                let category = file.class.map_or_else(guess, Ok)?;
                ready.push(Ready {
                    stem: file.stem(),
                    name: file.name,
                    garment: Garment {
                        category,
                        cutout: cutout.image,
                        cutout_confidence: cutout.confidence,
                    },
                });
            }
            Err(VisionError::Photo(reason)) => {
                refused.push((file.name, reason.code().to_owned()));
            }
            Err(error) => return Err(error).context(file.name),
        }
        progress.advance();
    }
    Ok((ready, refused))
}

/// The first top, bottom, shoes and hat; a dress only where there is no top or no bottom.
fn outfit(ready: &[Ready]) -> Vec<&Ready> {
    let first = |slot: Slot| ready.iter().find(|one| one.garment.category.slot() == slot);
    let base = match (first(Slot::Top), first(Slot::Bottom), first(Slot::Dress)) {
        (Some(top), Some(bottom), _) => vec![top, bottom],
        (_, _, Some(dress)) => vec![dress],
        (top, bottom, None) => top.into_iter().chain(bottom).collect(),
    };
    base.into_iter()
        .chain(first(Slot::Outer))
        .chain(first(Slot::Shoes))
        .chain(first(Slot::Hat))
        .collect()
}

fn try_on(
    engine: &TryOnEngine,
    person: &RgbImage,
    ready: &[&Ready],
    name: &str,
    out: &Path,
    sheets: &mut Sheets,
) -> Result<Picture> {
    let garments: Vec<_> = ready.iter().map(|one| one.garment.clone()).collect();
    let began = Instant::now();
    let rendered = engine.render(person, &garments, View::default());
    let ms = began.elapsed().as_secs_f64() * 1000.0;
    let mut picture = Picture {
        name: ready
            .iter()
            .map(|one| one.name.as_str())
            .collect::<Vec<_>>()
            .join(" + "),
        categories: garments.iter().map(|garment| garment.category).collect(),
        confidence: None,
        ms,
        changed_outside: None,
        region: None,
        skipped: Vec::new(),
    };
    match rendered {
        Ok(rendering) => {
            let save = |image: &dyn Fn(&Path) -> image::ImageResult<()>, suffix: &str| {
                let path = out.join(format!("{name}{suffix}.png"));
                image(&path).with_context(|| format!("writing {}", path.display()))
            };
            save(&|path| rendering.image.save(path), "")?;
            save(&|path| rendering.regions.save(path), ".mask")?;
            for (position, layer) in &rendering.layers.garments {
                save(&|path| layer.save(path), &format!(".garment-{position}"))?;
            }
            save(&|path| rendering.layers.shadow.save(path), ".shadow")?;
            let photo = drape_vision::tryon::fitted(person);
            let (changed, region) = outside(&photo, &rendering.image, &rendering.regions);
            picture.confidence = Some(rendering.confidence);
            picture.changed_outside = Some(changed);
            picture.region = Some(region);
            picture.skipped = rendering
                .skipped
                .iter()
                .filter_map(|(position, reason)| {
                    Some((ready.get(*position)?.name.clone(), reason.code().to_owned()))
                })
                .collect();
            sheets.add(tile(name, ready, &rendering))?;
        }
        Err(error) if error.is_final() => {
            picture
                .skipped
                .push((name.to_owned(), error.code().to_owned()));
        }
        Err(error) => return Err(error).context(picture.name),
    }
    Ok(picture)
}

/// Of the pixels outside of the regions, the part that differs; and the part of all that the regions cover.
fn outside(photo: &RgbImage, rendered: &RgbImage, regions: &GrayImage) -> (f64, f64) {
    if photo.dimensions() != rendered.dimensions() || photo.dimensions() != regions.dimensions() {
        return (1.0, 1.0);
    }
    let (mut free, mut changed) = (0_u64, 0_u64);
    for ((before, after), region) in photo.pixels().zip(rendered.pixels()).zip(regions.pixels()) {
        if region.0[0] == 0 {
            free += 1;
            changed += u64::from(before != after);
        }
    }
    let all = u64::from(photo.width()) * u64::from(photo.height());
    (
        changed as f64 / free.max(1) as f64,
        (all - free) as f64 / all.max(1) as f64,
    )
}

fn tile(name: &str, ready: &[&Ready], rendering: &Rendering) -> RgbImage {
    let small = SIDE / 3;
    let mut tile = RgbImage::from_pixel(SIDE, SIDE + 2 * LINE, Rgb([255; 3]));
    place(&mut tile, &rendering.image, small / 2, 0, SIDE);
    for (row, one) in (0..3).zip(ready) {
        let shown = on_checkerboard(&one.garment.cutout, 24);
        place(&mut tile, &shown, 0, row * small, small - 20);
    }
    write(&mut tile, name, 2, SIDE + 2);
    let line = format!(
        "confidence {:.2}{}",
        rendering.confidence,
        if rendering.skipped.is_empty() {
            ""
        } else {
            ", skipped some"
        }
    );
    write(&mut tile, &line, 2, SIDE + LINE + 2);
    tile
}

impl Report for TryOns {
    fn tables(&self) -> Vec<Table> {
        let mut pictures = table(&[
            "picture",
            "confidence",
            "ms",
            "regions",
            "changed outside",
            "skipped",
        ]);
        for picture in &self.pictures {
            let skipped: Vec<_> = picture
                .skipped
                .iter()
                .map(|(name, code)| format!("{name}: {code}"))
                .collect();
            pictures.add_row([
                picture.name.clone(),
                or_dash(picture.confidence.map(|value| format!("{value:.2}"))),
                format!("{:.0}", picture.ms),
                or_dash(picture.region.map(percent)),
                or_dash(picture.changed_outside.map(percent)),
                skipped.join(", "),
            ]);
        }
        let mut run = table(&[
            "person",
            "one garment takes",
            "the outfit takes",
            "worst changed outside",
            "not cut out",
        ]);
        run.add_row([
            format!("{} × {} (at most {MAX_SIDE})", self.size.0, self.size.1),
            or_dash(self.one),
            or_dash(self.outfit_ms.map(|ms| format!("{ms:.0} ms"))),
            percent(self.worst_outside),
            self.refused.len().to_string(),
        ]);
        vec![pictures, run]
    }
}

#[cfg(test)]
mod tests {
    use image::{Luma, RgbaImage};

    use super::*;

    fn ready(category: Category) -> Ready {
        Ready {
            name: category.to_string(),
            stem: category.to_string(),
            garment: Garment {
                category,
                cutout: RgbaImage::new(1, 1),
                cutout_confidence: 1.0,
            },
        }
    }

    #[test]
    fn an_outfit_has_one_piece_for_each_place() {
        let all = [
            Category::Dress,
            Category::Shirt,
            Category::TShirt,
            Category::Pants,
            Category::Shoes,
            Category::Bag,
        ]
        .map(ready);
        let names: Vec<_> = outfit(&all).iter().map(|one| one.name.clone()).collect();
        assert_eq!(names, ["shirt", "pants", "shoes"]);
        let names: Vec<_> = outfit(&all[..2])
            .iter()
            .map(|one| one.name.clone())
            .collect();
        assert_eq!(names, ["dress"]);
    }

    #[test]
    fn only_changes_outside_of_the_regions_count() {
        let photo = RgbImage::new(4, 1);
        let mut rendered = photo.clone();
        rendered.put_pixel(0, 0, Rgb([9; 3]));
        rendered.put_pixel(1, 0, Rgb([9; 3]));
        let mut regions = GrayImage::new(4, 1);
        regions.put_pixel(0, 0, Luma([255]));
        let (changed, region) = outside(&photo, &rendered, &regions);
        assert!((changed - 1.0 / 3.0).abs() < 1e-9);
        assert!((region - 0.25).abs() < 1e-9);
    }

    #[test]
    fn a_picture_of_another_size_counts_as_changed() {
        let (changed, _) = outside(
            &RgbImage::new(4, 1),
            &RgbImage::new(2, 1),
            &GrayImage::new(4, 1),
        );
        assert!((changed - 1.0).abs() < 1e-9);
    }
}
