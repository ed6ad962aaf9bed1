//! What becomes of uploaded bytes, good and bad.

#![allow(clippy::unwrap_used)] // clippy takes only functions marked as tests for tests

mod files;

use drape_domain::item::ImageType::{self, Jpeg, Png, Webp};
use drape_vision::{
    PhotoError,
    decode::{MAX_SIDE, decode},
};
use files::*;
use image::{Rgb, RgbImage, Rgba, RgbaImage, imageops};

fn code(bytes: &[u8], declared: ImageType) -> &'static str {
    decode(bytes, declared).unwrap_err().code()
}

fn near(image: &RgbImage, x: u32, y: u32, expected: [u8; 3]) -> bool {
    let Rgb(found) = image.get_pixel(x, y);
    found
        .iter()
        .zip(expected)
        .all(|(one, two)| one.abs_diff(two) <= 14)
}

#[test]
fn the_three_declared_types_are_decoded() {
    let picture = quarters(80, 60);
    for (bytes, declared) in [
        (jpeg(&picture), Jpeg),
        (png(&picture), Png),
        (webp(&picture), Webp),
    ] {
        let photo = decode(&bytes, declared).unwrap();
        assert_eq!(photo.size(), (80, 60));
        assert!(near(&photo.rgb, 5, 5, [220, 20, 20]) && near(&photo.rgb, 75, 55, [230, 220, 20]));
        assert_eq!(photo.alpha, None);
    }
}

#[test]
fn nothing_at_all_is_refused() {
    assert_eq!(code(b"", Jpeg), "empty_file");
}

#[test]
fn more_than_15_mib_are_refused() {
    assert_eq!(
        code(&vec![0xff; 15 * 1024 * 1024 + 1], Jpeg),
        "file_too_large"
    );
}

#[test]
fn bytes_of_another_type_than_declared_are_refused_by_both_names() {
    let error = decode(&png(&quarters(64, 64)), Jpeg).unwrap_err();
    assert_eq!(
        error,
        PhotoError::TypeMismatch {
            declared: "image/jpeg",
            found: "image/png"
        }
    );
    assert_eq!(error.code(), "type_mismatch");
    assert_eq!(code(&webp(&quarters(64, 64)), Png), "type_mismatch");
}

#[test]
fn phone_and_other_formats_are_refused_by_name() {
    let error = decode(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", Jpeg).unwrap_err();
    assert_eq!(error.code(), "unsupported_format");
    assert_eq!(
        error.message(),
        "This is a HEIC photo. Please send JPEG, PNG or WebP."
    );
    assert_eq!(
        code(b"\0\0\0\x1cftypavif\0\0\0\0mif1avif", Jpeg),
        "unsupported_format"
    );
    assert_eq!(code(b"GIF89a\x40\0\x40\0", Png), "unsupported_format");
    assert_eq!(code(b"<html>not found</html>", Png), "unsupported_format");
}

#[test]
fn animations_are_refused() {
    assert_eq!(code(&animated_png(), Png), "animated_image");
    assert_eq!(code(&animated_webp(), Webp), "animated_image");
}

#[test]
fn a_file_cut_short_anywhere_is_refused() {
    let picture = quarters(200, 160);
    for (bytes, declared) in [
        (jpeg(&picture), Jpeg),
        (png(&picture), Png),
        (webp(&picture), Webp),
    ] {
        for part in [0.1, 0.3, 0.5, 0.9, 0.99] {
            let end = (bytes.len() as f64 * part) as usize;
            let code = code(&bytes[..end], declared);
            assert!(
                ["truncated_image", "corrupt_image", "unsupported_format"].contains(&code),
                "{declared:?} {part}: {code}"
            );
        }
        let almost = code(&bytes[..bytes.len() * 7 / 10], declared);
        assert_eq!(almost, "truncated_image", "{declared:?}");
    }
}

#[test]
fn bytes_that_were_changed_never_cause_a_panic() {
    let picture = quarters(64, 64);
    for (bytes, declared) in [
        (jpeg(&picture), Jpeg),
        (png(&picture), Png),
        (webp(&picture), Webp),
    ] {
        for at in (0..bytes.len()).step_by(7) {
            let mut broken = bytes.clone();
            broken[at] ^= 0x55;
            let _ = decode(&broken, declared);
        }
    }
}

#[test]
fn tiny_images_are_refused() {
    assert_eq!(code(&png(&quarters(31, 400)), Png), "image_too_small");
}

#[test]
fn inks_that_are_marked_are_read_as_the_colours_they_print() {
    // Given much magenta and yellow ink, which print red
    let photo = decode(&cmyk_jpeg([0, 230, 210, 10], true), Jpeg).unwrap();
    let Rgb([r, g, b]) = *photo.rgb.get_pixel(30, 30);
    assert!(r > 220 && g < 45 && b < 65, "{r} {g} {b}");
}

#[test]
fn inks_that_are_not_marked_are_refused_rather_than_read_as_a_negative() {
    assert_eq!(
        code(&cmyk_jpeg([0, 230, 210, 10], false), Jpeg),
        "unsupported_colors"
    );
}

#[test]
fn each_of_the_eight_orientations_is_put_upright() {
    let upright = quarters(96, 64);
    let stored = [
        upright.clone(),
        imageops::flip_horizontal(&upright),
        imageops::rotate180(&upright),
        imageops::flip_vertical(&upright),
        imageops::flip_horizontal(&imageops::rotate90(&upright)),
        imageops::rotate270(&upright),
        imageops::flip_horizontal(&imageops::rotate270(&upright)),
        imageops::rotate90(&upright),
    ];
    for (orientation, stored) in (1..).zip(stored) {
        let photo = decode(&with_exif(&jpeg(&stored), orientation, "x"), Jpeg).unwrap();
        assert_eq!(photo.size(), (96, 64), "{orientation}");
        let corners = [
            (5, 5, [220, 20, 20]),
            (90, 5, [20, 200, 20]),
            (5, 58, [20, 20, 220]),
            (90, 58, [230, 220, 20]),
        ];
        for (x, y, color) in corners {
            assert!(
                near(&photo.rgb, x, y, color),
                "{orientation} at {x}, {y}: {:?}",
                photo.rgb.get_pixel(x, y)
            );
        }
    }
}

#[test]
fn an_orientation_that_does_not_exist_is_ignored() {
    let photo = decode(&with_exif(&jpeg(&quarters(96, 64)), 77, "x"), Jpeg).unwrap();
    assert_eq!(photo.size(), (96, 64));
}

#[test]
fn large_photos_are_reduced_and_keep_their_shape() {
    for (width, height) in [(2200, 1100), (5000, 2500)] {
        let photo = decode(&jpeg(&quarters(width, height)), Jpeg).unwrap();
        assert_eq!(photo.size(), (MAX_SIDE, MAX_SIDE / 2));
        assert!(
            near(&photo.rgb, 10, 10, [220, 20, 20]) && near(&photo.rgb, 2000, 1000, [230, 220, 20])
        );
    }
}

#[test]
fn transparency_is_kept_beside_the_colours_and_shown_over_white() {
    let picture = RgbaImage::from_fn(64, 64, |x, _| {
        if x < 32 {
            Rgba([200, 0, 0, 0])
        } else {
            Rgba([200, 0, 0, 255])
        }
    });
    let photo = decode(&transparent_png(&picture), Png).unwrap();
    assert_eq!(photo.rgb.get_pixel(0, 0).0, [255, 255, 255]);
    assert_eq!(photo.rgb.get_pixel(63, 0).0, [200, 0, 0]);
    assert_eq!(photo.alpha.unwrap().get_pixel(0, 0).0, [0]);
}
