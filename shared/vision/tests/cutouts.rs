//! Cutouts of drawn photos, and what owners draw on them.

#![allow(clippy::unwrap_used)] // clippy takes only functions marked as tests for tests

mod files;

use std::sync::LazyLock;

use drape_domain::item::{
    ImageType::Png,
    edit::{Stroke, UnitPoint, UnitRect},
};
use drape_vision::{Cutout, Cutter, Edit, Photo, VisionError, decode};
use files::*;
use image::{GrayImage, Luma, Rgb, RgbImage, RgbaImage};

static CUTTER: LazyLock<Cutter> = LazyLock::new(|| Cutter::load().unwrap());

const NAVY: [u8; 3] = [28, 36, 72];
const SAND: [u8; 3] = [222, 205, 180];

fn photo(picture: &RgbImage) -> Photo {
    decode(&png(picture), Png).unwrap()
}

fn cut(picture: &RgbImage, edit: &Edit) -> Cutout {
    CUTTER.cut_edited(&photo(picture), edit).unwrap()
}

fn code(picture: &RgbImage, edit: &Edit) -> &'static str {
    match CUTTER.cut_edited(&photo(picture), edit).unwrap_err() {
        VisionError::Photo(error) => error.code(),
        _ => "a fault of ours",
    }
}

fn line(points: &[(f32, f32)]) -> Vec<Stroke> {
    let points = points.iter().map(|(x, y)| UnitPoint::new(*x, *y).unwrap());
    vec![Stroke::new(points.collect(), 0.02).unwrap()]
}

/// Whether a pixel, given as a part of the photo, is mostly garment.
fn is_garment(full: &RgbaImage, x: f32, y: f32) -> bool {
    let at = |part: f32, side: u32| (part * side as f32) as u32;
    full.get_pixel(at(x, full.width()), at(y, full.height())).0[3] > 128
}

#[test]
fn a_cutout_is_where_the_garment_is_in_its_photo() {
    let picture = shirt(500, NAVY, SAND);
    let cutout = cut(&picture, &Edit::default());
    let full = cutout.full((500, 500));
    assert_eq!(full.dimensions(), (500, 500));
    for (x, y, garment) in [
        (0.5, 0.6, true),
        (0.25, 0.28, true),
        (0.5, 0.22, false),
        (0.25, 0.6, false),
        (0.05, 0.05, false),
    ] {
        assert_eq!(is_garment(&full, x, y), garment, "{x} {y}");
    }
    assert!(cutout.confidence > 0.8, "{}", cutout.confidence);
}

#[test]
fn white_stripes_stay() {
    let mut picture = shirt(500, NAVY, SAND);
    for (x, y, pixel) in picture.enumerate_pixels_mut() {
        if y % 40 < 12 && y > 170 && y < 380 && (180..320).contains(&x) {
            *pixel = Rgb([248, 248, 250]);
        }
    }
    let full = cut(&picture, &Edit::default()).full((500, 500));
    let striped = (180..370).filter(|y| full.get_pixel(250, *y).0[3] > 200);
    assert_eq!(striped.count(), 190);
}

#[test]
fn only_the_crop_is_looked_at() {
    let picture = shirt(500, NAVY, SAND);
    let crop = Some(UnitRect::new(0.0, 0.0, 1.0, 0.6).unwrap());
    let full = cut(
        &picture,
        &Edit {
            crop,
            ..Edit::default()
        },
    )
    .full((500, 500));
    assert!(is_garment(&full, 0.5, 0.5));
    assert!((300..500).all(|y| full.get_pixel(250, y).0[3] == 0));
}

#[test]
fn a_drawn_mask_is_the_outline() {
    let picture = shirt(500, NAVY, SAND);
    // A quarter of the photo's size; half of the shirt.
    let drawn = GrayImage::from_fn(125, 125, |x, y| {
        Luma([if (42..62).contains(&x) && (50..100).contains(&y) {
            255
        } else {
            0
        }])
    });
    let mut mask = std::io::Cursor::new(Vec::new());
    drawn.write_to(&mut mask, image::ImageFormat::Png).unwrap();
    let mask = Some(mask.into_inner());
    let full = cut(
        &picture,
        &Edit {
            mask,
            ..Edit::default()
        },
    )
    .full((500, 500));
    assert!(is_garment(&full, 0.4, 0.6));
    assert!(!is_garment(&full, 0.55, 0.6));
    assert!(!is_garment(&full, 0.25, 0.28));
}

#[test]
fn a_mask_that_is_none_is_refused() {
    let mask = Some(b"scribble".to_vec());
    let edit = Edit {
        mask,
        ..Edit::default()
    };
    assert_eq!(code(&shirt(500, NAVY, SAND), &edit), "bad_mask");
}

#[test]
fn a_sleeve_can_be_taken_away_and_the_shirt_stays() {
    let mut picture = shirt(500, NAVY, SAND);
    for (x, y, pixel) in picture.enumerate_pixels_mut() {
        if x < 165 && pixel.0[2] < 120 && y < 300 {
            *pixel = Rgb([150, 40, 40]);
        }
    }
    let remove = line(&[(0.2, 0.27), (0.28, 0.3)]);
    let full = cut(
        &picture,
        &Edit {
            remove,
            ..Edit::default()
        },
    )
    .full((500, 500));
    assert!(!is_garment(&full, 0.24, 0.28));
    assert!(is_garment(&full, 0.5, 0.6) && is_garment(&full, 0.75, 0.28));
}

#[test]
fn an_edit_that_leaves_nothing_is_said() {
    let picture = shirt(500, NAVY, SAND);
    let empty = Some(UnitRect::new(0.0, 0.9, 0.1, 1.0).unwrap());
    let broad = Stroke::new(
        [(0.1, 0.3), (0.9, 0.3), (0.5, 0.3), (0.5, 0.8)]
            .map(|(x, y)| UnitPoint::new(x, y).unwrap())
            .to_vec(),
        0.2,
    );
    for edit in [
        Edit {
            crop: empty,
            ..Edit::default()
        },
        Edit {
            remove: vec![broad.unwrap()],
            ..Edit::default()
        },
    ] {
        assert_eq!(code(&picture, &edit), "no_garment_found");
        let error = CUTTER.cut_edited(&photo(&picture), &edit).unwrap_err();
        assert!(error.to_string().contains("edit"), "{error}");
    }
}

#[test]
fn the_same_edit_always_makes_the_same_cutout() {
    let picture = shirt(400, NAVY, SAND);
    let edit = Edit {
        keep: line(&[(0.5, 0.5)]),
        remove: line(&[(0.5, 0.9)]),
        ..Edit::default()
    };
    assert_eq!(cut(&picture, &edit), cut(&picture, &edit));
}
