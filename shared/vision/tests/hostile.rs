//! What nobody sends: damaged files and pictures that no camera takes. Either a result within its limits, or a
//! reason; never a panic. `make fuzz` looks further for as long as one likes.

// Clippy takes only functions marked as tests for tests.
#![allow(clippy::unwrap_used)]

mod files;

use drape_domain::{
    Rgb,
    item::{
        ImageType,
        edit::{Stroke, UnitPoint, UnitRect},
    },
};
use drape_vision::{
    Edit, GarmentVision, Options, VisionError, decode,
    decode::MAX_SIDE,
    garment::{THUMB_BYTES, THUMB_SIDE},
};
use image::{Rgba, RgbaImage};
use proptest::{collection::vec, prelude::*, sample::Index};

/// One thing that is wrong with a file.
#[derive(Debug, Clone)]
enum Damage {
    Set(Index, u8),
    Flip(Index, u8),
    End(Index),
    Remove(Index, usize),
    Repeat(Index, Index, usize),
}

impl Damage {
    fn apply(&self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        let length = bytes.len();
        match self {
            Self::Set(at, value) => bytes[at.index(length)] = *value,
            Self::Flip(at, bit) => bytes[at.index(length)] ^= 1 << (bit % 8),
            Self::End(at) => bytes.truncate(at.index(length)),
            Self::Remove(at, count) => {
                let from = at.index(length);
                bytes.drain(from..(from + count).min(length));
            }
            Self::Repeat(from, to, count) => {
                let from = from.index(length);
                let part = bytes[from..(from + count).min(length)].to_vec();
                let to = to.index(length);
                bytes.splice(to..to, part);
            }
        }
    }
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = || any::<Index>();
    prop_oneof![
        (at(), any::<u8>()).prop_map(|(at, value)| Damage::Set(at, value)),
        (at(), any::<u8>()).prop_map(|(at, bit)| Damage::Flip(at, bit)),
        at().prop_map(Damage::End),
        (at(), 1..64_usize).prop_map(|(at, count)| Damage::Remove(at, count)),
        (at(), at(), 1..64_usize).prop_map(|(from, to, count)| Damage::Repeat(from, to, count)),
    ]
}

/// Sound files of every kind, and odd ones.
fn sound() -> Vec<(Vec<u8>, ImageType)> {
    let shirt = files::shirt(96, [40, 60, 160], [230, 225, 220]);
    let jpeg = files::jpeg(&shirt);
    vec![
        (files::with_exif(&jpeg, 6, "a place"), ImageType::Jpeg),
        (jpeg, ImageType::Jpeg),
        (files::cmyk_jpeg([10, 200, 30, 40], true), ImageType::Jpeg),
        (files::png(&shirt), ImageType::Png),
        (files::black_png(300, 40), ImageType::Png),
        (files::animated_png(), ImageType::Png),
        (files::webp(&shirt), ImageType::Webp),
        (files::animated_webp(), ImageType::Webp),
    ]
}

#[test]
fn a_damaged_file_is_a_photo_or_a_reason() {
    let files = sound();
    // The decoders' panics are caught and become reasons; what they print about them is of no use here.
    std::panic::set_hook(Box::new(|_| {}));
    let config = ProptestConfig {
        cases: 600,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let result = proptest::test_runner::TestRunner::new(config).run(
        &(any::<Index>(), vec(damage(), 1..8)),
        |(file, damages)| {
            let (bytes, declared) = &files[file.index(files.len())];
            let mut bytes = bytes.clone();
            for damage in damages {
                damage.apply(&mut bytes);
            }
            match decode(&bytes, *declared) {
                Ok(photo) => {
                    let (width, height) = photo.size();
                    prop_assert!(width > 0 && height > 0 && width.max(height) <= MAX_SIDE);
                }
                Err(reason) => prop_assert!(!reason.code().is_empty()),
            }
            Ok(())
        },
    );
    drop(std::panic::take_hook());
    result.unwrap();
}

/// Pictures that no camera takes, each with something that nobody draws.
fn odd() -> Vec<(&'static str, RgbaImage, Edit)> {
    let stroke = |points: &[(f32, f32)], radius| {
        let points = points
            .iter()
            .map(|(x, y)| UnitPoint::new(*x, *y).unwrap())
            .collect();
        Stroke::new(points, radius).unwrap()
    };
    let noise = |x: u32, y: u32| (x.wrapping_mul(7919) ^ y.wrapping_mul(104_729)) as u8;
    let shirt = files::shirt(160, [40, 60, 160], [230, 225, 220]);
    let shirt = image::DynamicImage::ImageRgb8(shirt).into_rgba8();
    vec![
        (
            "one colour",
            RgbaImage::from_pixel(64, 64, Rgba([90, 90, 90, 255])),
            Edit::default(),
        ),
        (
            "noise",
            RgbaImage::from_fn(200, 150, |x, y| {
                Rgba([noise(x, y), noise(y, x), noise(x + 1, y), 255])
            }),
            Edit::default(),
        ),
        (
            "a thread",
            RgbaImage::from_fn(2000, 32, |x, _| Rgba([(x % 256) as u8, 0, 0, 255])),
            Edit::default(),
        ),
        (
            "nothing but glass",
            RgbaImage::from_fn(80, 80, |x, _| Rgba([255, 0, 0, (x % 2) as u8])),
            Edit::default(),
        ),
        (
            "all kept and all removed",
            shirt.clone(),
            Edit {
                keep: vec![stroke(&[(0.0, 0.0), (1.0, 1.0)], 0.2)],
                remove: vec![stroke(&[(1.0, 1.0), (0.0, 0.0)], 0.2)],
                ..Edit::default()
            },
        ),
        (
            "a crop of next to nothing",
            shirt.clone(),
            Edit {
                crop: Some(UnitRect::new(0.98, 0.98, 1.0, 1.0).unwrap()),
                ..Edit::default()
            },
        ),
        (
            "a mask that is none",
            shirt.clone(),
            Edit {
                mask: Some(b"\x89PNG\r\n\x1a\nnot quite".to_vec()),
                ..Edit::default()
            },
        ),
        (
            "an empty mask",
            shirt,
            Edit {
                mask: Some(files::black_png(40, 40)),
                ..Edit::default()
            },
        ),
    ]
}

#[test]
fn an_odd_picture_is_a_garment_or_a_reason() {
    let vision = GarmentVision::load().unwrap();
    for (name, picture, edit) in odd() {
        let options = Options {
            bg_color: Some(Rgb([1, 2, 3])),
            edit,
            ..Options::default()
        };
        let bytes = files::transparent_png(&picture);
        match vision.analyse(&bytes, ImageType::Png, &options) {
            Ok(made) => {
                assert!(made.thumb_jpeg.len() <= THUMB_BYTES, "{name}");
                let thumb = image::load_from_memory(&made.thumb_jpeg).unwrap();
                assert_eq!(
                    (thumb.width(), thumb.height()),
                    (THUMB_SIDE, THUMB_SIDE),
                    "{name}"
                );
                let length: f32 = made.embedding.iter().map(|value| value * value).sum();
                assert!((length - 1.0).abs() < 1e-3, "{name}: {length}");
                let shares: f32 = made.inferred.colors.iter().map(|color| color.share).sum();
                assert!(shares <= 1.001, "{name}: {shares}");
            }
            Err(VisionError::Photo(reason)) => assert!(!reason.code().is_empty(), "{name}"),
            Err(fault) => panic!("{name}: {fault}"),
        }
    }
}
