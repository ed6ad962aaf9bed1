//! Any photo with any wishes through everything that is made of a photo: pictures, tags, colours and vector
//! within their limits, or a reason, and never a panic.
#![no_main]

use std::{io::Cursor, sync::OnceLock};

use arbitrary::Arbitrary;
use drape_domain::{
    Background, ReturnFormat, Rgb,
    item::{
        ImageType,
        edit::{Stroke, UnitPoint, UnitRect},
    },
};
use drape_vision::{
    Edit, GarmentPhoto, GarmentVision, Options, VisionError,
    garment::{THUMB_BYTES, THUMB_SIDE},
};
use image::{ImageFormat, Rgba, RgbaImage};
use libfuzzer_sys::fuzz_target;

#[derive(Debug, Arbitrary)]
struct Case {
    photo: Source,
    original: bool,
    color: Option<[u8; 3]>,
    format: Option<bool>,
    crop: Option<[u8; 4]>,
    keep: Vec<Line>,
    remove: Vec<Line>,
    mask: Option<Vec<u8>>,
}

#[derive(Debug, Arbitrary)]
enum Source {
    /// A file as it comes.
    File(Vec<u8>),
    /// A sound file of a picture that no camera takes.
    Drawn(Drawing),
}

#[derive(Debug, Arbitrary)]
struct Drawing {
    width: u16,
    height: u16,
    behind: [u8; 4],
    cloth: [u8; 4],
    /// Left, top, right and bottom, as parts of 255.
    boxes: Vec<[u8; 4]>,
    /// Grain: each pixel is changed by the pattern that it starts.
    grain: u8,
}

#[derive(Debug, Arbitrary)]
struct Line {
    points: Vec<[u8; 2]>,
    radius: u8,
}

impl Source {
    fn file(self) -> Vec<u8> {
        match self {
            Self::File(bytes) => bytes,
            Self::Drawn(drawing) => drawing.png(),
        }
    }
}

impl Drawing {
    fn png(self) -> Vec<u8> {
        let (width, height) = (
            32 + u32::from(self.width % 700),
            32 + u32::from(self.height % 700),
        );
        let inside = |x: u32, y: u32| {
            let (x, y) = (x * 255 / width, y * 255 / height);
            self.boxes
                .iter()
                .take(16)
                .any(|[left, top, right, bottom]| {
                    (u32::from(*left)..u32::from(*right)).contains(&x)
                        && (u32::from(*top)..u32::from(*bottom)).contains(&y)
                })
        };
        let picture = RgbaImage::from_fn(width, height, |x, y| {
            let mut color = if inside(x, y) {
                self.cloth
            } else {
                self.behind
            };
            let noise =
                x.wrapping_mul(31).wrapping_add(y.wrapping_mul(17)) as u8 % (self.grain | 1);
            for value in &mut color[..3] {
                *value = value.wrapping_add(noise);
            }
            Rgba(color)
        });
        let mut bytes = Cursor::new(Vec::new());
        // Into memory, which does not fail.
        let _ = picture.write_to(&mut bytes, ImageFormat::Png);
        bytes.into_inner()
    }
}

fn unit(value: u8) -> f32 {
    f32::from(value) / 255.0
}

fn strokes(lines: Vec<Line>) -> Vec<Stroke> {
    lines
        .into_iter()
        .take(64)
        .filter_map(|line| {
            let points = line
                .points
                .into_iter()
                .take(256)
                .filter_map(|[x, y]| UnitPoint::new(unit(x), unit(y)).ok())
                .collect();
            Stroke::new(points, unit(line.radius) * 0.2).ok()
        })
        .collect()
}

fn vision() -> &'static GarmentVision {
    static VISION: OnceLock<GarmentVision> = OnceLock::new();
    VISION.get_or_init(|| GarmentVision::load().expect("the models load"))
}

fuzz_target!(init: quiet(), |case: Case| {
    let options = Options {
        background: if case.original {
            Background::Original
        } else {
            Background::Clean
        },
        bg_color: case.color.map(Rgb),
        return_format: case.format.map(|png| {
            if png {
                ReturnFormat::Png
            } else {
                ReturnFormat::Jpeg
            }
        }),
        edit: Edit {
            crop: case.crop.and_then(|[left, top, right, bottom]| {
                UnitRect::new(unit(left), unit(top), unit(right), unit(bottom)).ok()
            }),
            keep: strokes(case.keep),
            remove: strokes(case.remove),
            mask: case.mask,
        },
    };
    let bytes = case.photo.file();
    let declared = match bytes.as_slice() {
        [0x89, ..] => ImageType::Png,
        [b'R', ..] => ImageType::Webp,
        _ => ImageType::Jpeg,
    };
    match vision().analyse(&bytes, declared, &options) {
        Ok(made) => check(&made),
        Err(VisionError::Photo(reason)) => assert!(!reason.code().is_empty()),
        Err(fault) => panic!("a fault of ours: {fault}"),
    }
});

fn check(made: &GarmentPhoto) {
    assert!(made.thumb_jpeg.len() <= THUMB_BYTES, "a thumb too large");
    let thumb = image::load_from_memory(&made.thumb_jpeg).expect("a thumb that opens");
    assert_eq!((thumb.width(), thumb.height()), (THUMB_SIDE, THUMB_SIDE));
    let length: f32 = made.embedding.iter().map(|value| value * value).sum();
    assert!((length - 1.0).abs() < 1e-3, "a vector of length {length}");
    let shares: f32 = made.inferred.colors.iter().map(|color| color.share).sum();
    assert!(
        made.inferred.colors.len() <= 4 && shares <= 1.001,
        "{shares}"
    );
    assert!((0.0..=1.0).contains(&made.inferred.confidence));
}

/// The engine turns a decoder's panic into a refusal, so only those that get past it may end the run; their
/// message is printed.
fn quiet() {
    let told = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let own = panic.location().is_some_and(|place| {
            place.file().contains("drape") || place.file().contains("fuzz_targets")
        });
        if own {
            told(panic);
        }
    }));
}
