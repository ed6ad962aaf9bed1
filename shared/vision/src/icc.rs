//! Colour profiles: phones photograph in Display P3, which read as sRGB looks dull.

use image::RgbImage;
use moxcms::{ColorProfile, DataColorSpace, Layout, TransformOptions};

/// Turns colours that a profile describes into sRGB, in place. A profile that cannot be read, or that is not
/// about RGB, changes nothing: slightly wrong colours beat no photo.
pub(crate) fn to_srgb(image: &mut RgbImage, profile: &[u8]) {
    let Ok(profile) = ColorProfile::new_from_slice(profile) else {
        return;
    };
    if profile.color_space != DataColorSpace::Rgb {
        return;
    }
    let srgb = ColorProfile::new_srgb();
    let options = TransformOptions::default();
    let Ok(transform) = profile.create_transform_8bit(Layout::Rgb, &srgb, Layout::Rgb, options)
    else {
        return;
    };
    let mut converted = vec![0; image.as_raw().len()];
    if transform.transform(image.as_raw(), &mut converted).is_ok() {
        image.copy_from_slice(&converted);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_display_p3_red_becomes_the_srgb_red_that_looks_alike() {
        let profile = ColorProfile::new_display_p3().encode().unwrap();
        let mut image = RgbImage::from_pixel(2, 2, image::Rgb([200, 60, 60]));
        to_srgb(&mut image, &profile);
        let [r, g, b] = image.get_pixel(0, 0).0;
        assert!(r > 205 && g < 60 && b < 60, "{r} {g} {b}");
    }

    #[test]
    fn a_broken_profile_changes_nothing() {
        let mut image = RgbImage::from_pixel(2, 2, image::Rgb([200, 60, 60]));
        to_srgb(&mut image, b"not a profile");
        assert_eq!(image.get_pixel(1, 1).0, [200, 60, 60]);
    }
}
