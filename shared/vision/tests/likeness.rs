//! What makes two photos alike, and what does not.

#![allow(clippy::unwrap_used)] // clippy takes only functions marked as tests for tests

mod files;

use std::{env, fs, path::PathBuf, sync::LazyLock};

use drape_domain::item::ImageType::Jpeg;
use drape_vision::{
    GarmentVision, decode,
    embed::{DUPLICATE_LIKENESS, likeness},
};
use files::with_exif;
use image::{Rgb, RgbImage, codecs::jpeg::JpegEncoder, imageops};

/// The same photo in another file is at least this alike.
const SAME_PHOTO: f32 = 0.999;
/// Photos from each class of `DRAPE_PHOTOS` that are looked at.
const OF_EACH_CLASS: usize = 15;

static VISION: LazyLock<GarmentVision> = LazyLock::new(|| GarmentVision::load().unwrap());

/// A striped shirt on a grey floor, drawn from its formula at whatever size: the same from the same place.
fn shirt(width: u32, height: u32, cloth: [u8; 3], stripes: f32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let across = (x as f32 + 0.5) / width as f32 - 0.5;
        let down = (y as f32 + 0.5) / height as f32;
        let body = across.abs() < 0.24 && (0.2..0.85).contains(&down);
        let sleeve = across.abs() < 0.42 && (0.2..0.4 + 0.2 * across.abs()).contains(&down);
        let neck = across.hypot((down - 0.2) * 1.3) < 0.08;
        let [red, green, blue] = cloth;
        if (body || sleeve) && !neck {
            let light = 1.0 + 0.25 * (down * stripes).sin() - 0.2 * across;
            Rgb([red, green, blue].map(|part| (f32::from(part) * light) as u8))
        } else {
            Rgb([
                (205.0 - 30.0 * down) as u8,
                200,
                (190.0 + 20.0 * across) as u8,
            ])
        }
    })
}

fn jpeg(photo: &RgbImage, quality: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality)
        .encode_image(photo)
        .unwrap();
    bytes
}

fn vector(bytes: &[u8]) -> Vec<f32> {
    VISION.embedding(&decode(bytes, Jpeg).unwrap().rgb).unwrap()
}

#[test]
fn the_same_photo_in_whatever_size_has_the_same_vector() {
    let reference = vector(&jpeg(&shirt(900, 1200, [40, 60, 120], 60.0), 90));
    for (width, height) in [(300, 400), (450, 600), (768, 1024), (1536, 2048)] {
        let other = vector(&jpeg(&shirt(width, height, [40, 60, 120], 60.0), 90));
        let likeness = likeness(&reference, &other);
        assert!(likeness >= SAME_PHOTO, "{width}×{height}: {likeness}");
    }
}

#[test]
fn the_same_photo_in_whatever_quality_has_the_same_vector() {
    let photo = shirt(600, 800, [150, 50, 40], 40.0);
    let reference = vector(&jpeg(&photo, 95));
    for quality in [90, 75, 60] {
        let likeness = likeness(&reference, &vector(&jpeg(&photo, quality)));
        assert!(likeness >= SAME_PHOTO, "quality {quality}: {likeness}");
    }
}

#[test]
fn however_the_camera_was_held_the_vector_is_the_same() {
    let photo = shirt(600, 800, [60, 120, 70], 40.0);
    let reference = vector(&jpeg(&photo, 95));
    for (orientation, stored) in [
        (3, imageops::rotate180(&photo)),
        (6, imageops::rotate270(&photo)),
        (8, imageops::rotate90(&photo)),
    ] {
        let likeness = likeness(
            &reference,
            &vector(&with_exif(&jpeg(&stored, 95), orientation, "x")),
        );
        assert!(
            likeness >= SAME_PHOTO,
            "orientation {orientation}: {likeness}"
        );
    }
}

#[test]
fn a_mirrored_photo_has_the_same_vector() {
    let photo = shirt(600, 800, [60, 120, 70], 40.0);
    let mirrored = imageops::flip_horizontal(&photo);
    let likeness = likeness(
        &VISION.embedding(&photo).unwrap(),
        &VISION.embedding(&mirrored).unwrap(),
    );
    assert!(likeness >= SAME_PHOTO, "{likeness}");
}

#[test]
fn a_photo_cropped_a_little_is_a_duplicate_and_another_garment_is_not() {
    let photo = shirt(600, 800, [40, 60, 120], 60.0);
    let closer = imageops::crop_imm(&photo, 12, 12, 576, 776).to_image();
    let trousers = RgbImage::from_fn(600, 800, |x, y| {
        let leg = (180..290).contains(&x) || (310..420).contains(&x);
        let waist = (180..420).contains(&x) && y < 260;
        let on = (80..740).contains(&y) && (leg || waist);
        Rgb(if on { [90, 80, 60] } else { [205, 200, 190] })
    });
    let vectors = [photo, closer, trousers].map(|each| VISION.embedding(&each).unwrap());
    let again = likeness(&vectors[0], &vectors[1]);
    let other = likeness(&vectors[0], &vectors[2]);
    assert!(again >= DUPLICATE_LIKENESS, "{again}");
    assert!(other < DUPLICATE_LIKENESS, "{other}");
}

/// Grey twill on a pale floor, drawn from its formula at whatever size: all that there is to see are fine, faint lines,
/// which small files of low quality lose.
fn twill(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let across = (x as f32 + 0.5) / width as f32;
        let down = (y as f32 + 0.5) / height as f32 * 4.0 / 3.0;
        let leg = (across - 0.5).abs() < 0.28 && (0.15..1.15).contains(&down);
        let gap = (across - 0.5).abs() < 0.1 * (down - 0.5);
        let lines = 6.0 * ((across + down) * 500.0).sin() + 4.0 * (down * 170.0).sin();
        let shade = 12.0 * ((across * 9.0).sin() + (down * 7.0).cos());
        if leg && !gap {
            Rgb([118.0, 120.0, 124.0].map(|part| (part + lines + shade) as u8))
        } else {
            Rgb([206, 203, 196].map(|part: u8| part - (20.0 * down) as u8))
        }
    })
}

/// A JPEG that says to be turned, of a photo that was turned the other way.
fn lying(photo: &RgbImage, quality: u8) -> Vec<u8> {
    with_exif(&jpeg(&imageops::rotate270(photo), quality), 6, "x")
}

#[test]
fn faint_cloth_keeps_its_vector_in_small_files_of_low_quality_from_cameras_on_their_side() {
    let reference = vector(&jpeg(&twill(600, 800), 95));
    for width in [300, 400, 768, 1536] {
        let other = vector(&lying(&twill(width, width * 4 / 3), 60));
        let likeness = likeness(&reference, &other);
        assert!(likeness >= SAME_PHOTO, "{width}: {likeness}");
    }
}

/// [`OF_EACH_CLASS`] photos of each folder `DRAPE_PHOTOS`/wardrobe/<class>.
fn real_photos() -> Vec<PathBuf> {
    let Some(folder) = env::var_os("DRAPE_PHOTOS") else {
        return Vec::new();
    };
    let entries = |folder: PathBuf| -> Vec<PathBuf> {
        let mut paths: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        paths.sort();
        paths
    };
    entries(PathBuf::from(folder).join("wardrobe"))
        .into_iter()
        .flat_map(|class| entries(class).into_iter().take(OF_EACH_CLASS))
        .collect()
}

#[test]
fn real_photos_keep_their_vector_through_other_programs() {
    let mut changed = Vec::new();
    for path in real_photos() {
        let photo = decode(&fs::read(&path).unwrap(), Jpeg).unwrap().rgb;
        let reference = VISION.embedding(&photo).unwrap();
        let of_longer_side = |side: u32| {
            let scale = f64::from(side) / f64::from(photo.width().max(photo.height()));
            let [width, height] = [photo.width(), photo.height()]
                .map(|length| (f64::from(length) * scale).round() as u32);
            imageops::resize(&photo, width, height, imageops::CatmullRom)
        };
        for (name, file) in [
            ("quality 60", jpeg(&photo, 60)),
            ("small, lying, quality 60", lying(&of_longer_side(400), 60)),
            ("larger, quality 60", jpeg(&of_longer_side(1024), 60)),
            ("large, lying, quality 75", lying(&of_longer_side(2048), 75)),
        ] {
            let likeness = likeness(&reference, &vector(&file));
            if likeness < SAME_PHOTO {
                changed.push(format!("{likeness:.4} {} {name}", path.display()));
            }
        }
    }
    assert!(changed.is_empty(), "{}", changed.join("\n"));
}
