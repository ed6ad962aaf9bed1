//! From bytes to everything that is made of a photo.

#![allow(clippy::unwrap_used)] // clippy takes only functions marked as tests for tests

mod files;

use std::sync::LazyLock;

use drape_domain::{
    Background, ReturnFormat, Rgb,
    item::ImageType::{Jpeg, Png},
};
use drape_vision::{GarmentPhoto, GarmentVision, Options, VisionError};
use files::*;
use image::{DynamicImage, ImageDecoder, Rgba, RgbaImage, codecs::jpeg::JpegDecoder};

static VISION: LazyLock<GarmentVision> = LazyLock::new(|| GarmentVision::load().unwrap());
static NAVY_SHIRT: LazyLock<Vec<u8>> =
    LazyLock::new(|| jpeg(&shirt(500, [28, 36, 72], [222, 205, 180])));

fn analyse(options: &Options) -> GarmentPhoto {
    VISION.analyse(&NAVY_SHIRT, Jpeg, options).unwrap()
}

fn opened(bytes: &[u8]) -> DynamicImage {
    image::load_from_memory(bytes).unwrap()
}

#[test]
fn a_garment_is_cut_out_of_its_background() {
    let photo = analyse(&Options::default());
    let cutout = opened(&photo.clean_png.unwrap()).into_rgba8();

    // Cropped to the shirt, which takes two thirds of the photo's width
    assert!(
        (300..400).contains(&cutout.width()),
        "{:?}",
        cutout.dimensions()
    );
    let (width, height) = cutout.dimensions();
    let corners = [
        (0, 0),
        (width - 1, 0),
        (0, height - 1),
        (width - 1, height - 1),
    ];
    assert!(
        corners
            .iter()
            .all(|(x, y)| cutout.get_pixel(*x, *y).0[3] == 0)
    );
    let Rgba([r, g, b, alpha]) = *cutout.get_pixel(width / 2, height / 2);
    assert!(
        alpha == 255 && b > r && b > g && b < 110,
        "{r} {g} {b} {alpha}"
    );
}

#[test]
fn its_colours_are_the_garments_and_not_the_backgrounds() {
    let colors = analyse(&Options::default()).inferred.colors;
    assert_eq!(colors[0].name, "navy", "{colors:?}");
    assert!(colors[0].share > 0.8, "{colors:?}");
    assert!(
        colors
            .iter()
            .all(|color| color.name != "beige" && color.name != "cream"),
        "{colors:?}"
    );
}

#[test]
fn the_thumb_is_square_small_and_on_the_colour_that_was_asked_for() {
    for (bg_color, expected) in [
        (None, [255, 255, 255]),
        (Some(Rgb([12, 120, 60])), [12, 120, 60]),
    ] {
        let photo = analyse(&Options {
            bg_color,
            ..Options::default()
        });
        assert!(
            photo.thumb_jpeg.len() <= 60_000,
            "{} bytes",
            photo.thumb_jpeg.len()
        );
        let thumb = opened(&photo.thumb_jpeg).into_rgb8();
        assert_eq!(thumb.dimensions(), (512, 512));
        let corner = thumb.get_pixel(2, 2).0;
        assert!(
            corner
                .iter()
                .zip(expected)
                .all(|(one, two)| one.abs_diff(two) <= 4),
            "{corner:?}"
        );
    }
}

#[test]
fn even_a_noisy_photo_makes_a_small_thumb() {
    let mut seed = 1_u32;
    let mut noisy = shirt(900, [120, 110, 90], [235, 235, 230]);
    for value in noisy.iter_mut() {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *value = value.saturating_add((seed >> 25) as u8);
    }
    let photo = VISION
        .analyse(
            &png(&noisy),
            Png,
            &Options {
                background: Background::Original,
                ..Options::default()
            },
        )
        .unwrap();
    assert!(
        photo.thumb_jpeg.len() <= 60_000,
        "{} bytes",
        photo.thumb_jpeg.len()
    );
}

#[test]
fn a_flat_image_is_made_only_when_asked_for() {
    let color = Some(Rgb([12, 120, 60]));
    let flat = |bg_color, return_format| {
        analyse(&Options {
            bg_color,
            return_format,
            ..Options::default()
        })
        .flat
    };

    assert_eq!(flat(None, None), None);
    let jpeg = flat(color, None).unwrap();
    assert_eq!(jpeg.format, ReturnFormat::Jpeg);
    assert_eq!(
        image::guess_format(&jpeg.bytes).unwrap(),
        image::ImageFormat::Jpeg
    );
    let white = opened(&flat(None, Some(ReturnFormat::Jpeg)).unwrap().bytes).into_rgb8();
    assert!(white.get_pixel(1, 1).0.iter().all(|value| *value > 250));
    let green = opened(&flat(color, Some(ReturnFormat::Png)).unwrap().bytes);
    assert!(!green.color().has_alpha());
    assert_eq!(green.into_rgb8().get_pixel(0, 0).0, [12, 120, 60]);
    assert!(
        opened(&flat(None, Some(ReturnFormat::Png)).unwrap().bytes)
            .color()
            .has_alpha()
    );
}

#[test]
fn the_original_is_left_as_taken_but_still_read() {
    let photo = analyse(&Options {
        background: Background::Original,
        ..Options::default()
    });
    assert_eq!((photo.clean_png, photo.flat), (None, None));
    assert_eq!(photo.inferred.colors[0].name, "navy");
    assert_eq!(photo.embedding, analyse(&Options::default()).embedding);
    // The thumb shows the background, too
    let corner = opened(&photo.thumb_jpeg).into_rgb8().get_pixel(3, 3).0;
    assert!(corner[2] < 215, "{corner:?}");
}

#[test]
fn a_photo_of_nothing_has_no_garment_but_can_be_kept_as_an_original() {
    let nothing = png(&image::RgbImage::from_pixel(
        300,
        300,
        image::Rgb([180, 180, 180]),
    ));
    match VISION.analyse(&nothing, Png, &Options::default()) {
        Err(VisionError::Photo(error)) => assert_eq!(error.code(), "no_garment_found"),
        other => panic!("{other:?}"),
    }
    let original = Options {
        background: Background::Original,
        ..Options::default()
    };
    assert_eq!(
        VISION
            .analyse(&nothing, Png, &original)
            .unwrap()
            .inferred
            .colors
            .len(),
        1
    );
}

#[test]
fn a_photo_that_is_cut_out_already_keeps_its_own_outline() {
    let picture = RgbaImage::from_fn(200, 200, |x, y| {
        let inside = (60..140).contains(&x) && (40..180).contains(&y);
        Rgba([196, 30, 42, if inside { 255 } else { 0 }])
    });
    let photo = VISION
        .analyse(&transparent_png(&picture), Png, &Options::default())
        .unwrap();
    let cutout = opened(&photo.clean_png.unwrap()).into_rgba8();
    assert_eq!(
        cutout.pixels().filter(|pixel| pixel.0[3] == 255).count(),
        80 * 140
    );
    assert_eq!(photo.inferred.colors[0].name, "red");
}

#[test]
fn where_and_when_it_was_taken_is_in_none_of_the_files() {
    let tagged = with_exif(&NAVY_SHIRT, 1, "taken at home by me");
    let mut decoder = JpegDecoder::new(std::io::Cursor::new(&tagged)).unwrap();
    assert!(decoder.exif_metadata().unwrap().is_some());

    let photo = VISION
        .analyse(
            &tagged,
            Jpeg,
            &Options {
                bg_color: Some(Rgb([1, 2, 3])),
                ..Options::default()
            },
        )
        .unwrap();

    let flat = photo.flat.unwrap().bytes;
    for bytes in [
        &photo.original_jpeg,
        &photo.thumb_jpeg,
        &flat,
        &photo.clean_png.unwrap(),
    ] {
        for word in [&b"Exif"[..], b"eXIf", b"taken at home"] {
            assert!(!bytes.windows(word.len()).any(|window| window == word));
        }
    }
    let mut decoder = JpegDecoder::new(std::io::Cursor::new(&photo.original_jpeg)).unwrap();
    assert_eq!(decoder.exif_metadata().unwrap(), None);
}

#[test]
fn the_same_photo_always_gives_the_same_answer() {
    assert_eq!(analyse(&Options::default()), analyse(&Options::default()));
}

#[test]
fn vectors_have_unit_length_and_tell_likeness() {
    let vector = |cloth, behind| {
        let photo = jpeg(&shirt(400, cloth, behind));
        VISION
            .analyse(&photo, Jpeg, &Options::default())
            .unwrap()
            .embedding
    };
    let likeness =
        |one: &[f32], two: &[f32]| one.iter().zip(two).map(|(one, two)| one * two).sum::<f32>();
    let navy = vector([28, 36, 72], [222, 205, 180]);
    let navy_again = vector([32, 40, 80], [215, 200, 178]);
    let red = vector([196, 30, 42], [240, 240, 240]);

    assert_eq!(navy.len(), 512);
    for one in [&navy, &navy_again, &red] {
        assert!((likeness(one, one) - 1.0).abs() < 1e-4);
    }
    assert!(likeness(&navy, &navy_again) > likeness(&navy, &red));
}

#[test]
fn bad_bytes_are_the_photos_fault_and_not_ours() {
    match VISION.analyse(b"", Jpeg, &Options::default()) {
        Err(VisionError::Photo(error)) => assert_eq!(error.code(), "empty_file"),
        other => panic!("{other:?}"),
    }
}
