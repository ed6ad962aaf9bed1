//! The light that a photo was taken in, as far as what surrounds the garment tells it.
//!
//! Walls, sheets, doors and tiles are mostly white or nearly so, and a camera's own white balance leaves some
//! of the lamp's colour on them. Their mean colour is taken for the lamp's (the grey-world assumption, made of
//! the pale things alone), and their brightest for white (the white-patch assumption); as either is often
//! wrong, only a part is corrected, and only up to a limit.

use image::{RgbImage, RgbaImage, imageops};

use crate::{
    cutout::Cutout,
    oklab::{self, Lab},
};

/// Longer side of the photo that is looked at, in pixels.
const SIDE: u32 = 96;
/// Pale things: at least so light, at most so colourful, and not overexposed.
const PALE_LIGHTNESS: f32 = 0.55;
const PALE_CHROMA: f32 = 0.05;
const OVEREXPOSED: u8 = 252;
/// The part of the surroundings that must be pale to say something, and that says everything.
const LITTLE: f32 = 0.08;
const ENOUGH: f32 = 0.35;
/// How much of a cast is taken away at most: the rest may be paint.
const CAST: f32 = 0.4;
/// No channel of the lamp differs from white by more than this factor.
const MOST: f32 = 1.09;
/// The luminance that a well exposed photo's lightest part has, the part that is its lightest, and the part of
/// what is missing (in powers) that is made up for.
const WHITE: f32 = 0.82;
const LIGHTEST: f32 = 0.03;
const EXPOSURE: f32 = 0.6;
const MOST_EXPOSURE: f32 = 1.28;
/// Black cloth is black in any light: only what is lighter than the first is made lighter, and fully from the
/// second.
const LIFTED: [f32; 2] = [0.4, 0.75];

/// The colour of a photo's light, and by what its lighter parts are multiplied to look well lit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Light {
    /// What the light adds to Oklab's a and b for each unit of lightness, as far as it is taken off.
    cast: [f32; 2],
    exposure: f32,
}

impl Default for Light {
    /// White light, well exposed: nothing is corrected.
    fn default() -> Self {
        Self {
            cast: [0.0; 2],
            exposure: 1.0,
        }
    }
}

impl Light {
    /// The light that a garment was photographed in, judged by the photo around it.
    #[must_use]
    pub fn around(photo: &RgbImage, garment: &Cutout) -> Self {
        let longer = photo.width().max(photo.height()).max(1);
        let scaled = |side: u32| (side * SIDE.min(longer) / longer).max(1);
        let small = imageops::thumbnail(photo, scaled(photo.width()), scaled(photo.height()));
        let is_garment = Occupied::new(garment, photo, &small);
        let mut pale = Pale::default();
        let mut luminances = Vec::with_capacity(small.pixels().len());
        for (x, y, pixel) in small.enumerate_pixels() {
            let rgb = oklab::linear(pixel.0);
            luminances.push(luminance(rgb));
            if !is_garment.at(x, y) {
                pale.see(pixel.0, rgb);
            }
        }
        Self {
            cast: pale.cast(),
            exposure: exposure(&mut luminances),
        }
    }

    /// A pixel's colour as it would look under white light. Taking a cast off makes colours plainer, never
    /// stronger: what is grey already was seen rightly, whatever the wall is painted with.
    pub(crate) fn seen(self, rgb: [u8; 3]) -> Lab {
        let raw = Lab::from_srgb(rgb);
        let [a, b] = self.cast.map(|cast| cast * raw.l);
        let strength = (a * a + b * b).max(f32::MIN_POSITIVE);
        let taken = ((raw.a * a + raw.b * b) / strength).clamp(0.0, 1.0);
        let plain = Lab {
            l: raw.l,
            a: raw.a - taken * a,
            b: raw.b - taken * b,
        };
        let [from, to] = LIFTED;
        let part = ((raw.l - from) / (to - from)).clamp(0.0, 1.0);
        plain.times(1.0 + (self.exposure.cbrt() - 1.0) * part)
    }
}

/// The Rec. 709 luminance of linear light.
fn luminance([r, g, b]: [f32; 3]) -> f32 {
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

fn exposure(luminances: &mut [f32]) -> f32 {
    luminances.sort_by(|one, two| two.total_cmp(one));
    let at = (luminances.len() as f32 * LIGHTEST) as usize;
    let lightest = luminances.get(at).copied().unwrap_or(WHITE).max(1e-3);
    (WHITE / lightest).powf(EXPOSURE).clamp(1.0, MOST_EXPOSURE)
}

/// What is pale around the garment.
#[derive(Debug, Default)]
struct Pale {
    sum: [f32; 3],
    weight: f32,
    pale: usize,
    all: usize,
}

impl Pale {
    fn see(&mut self, rgb: [u8; 3], linear: [f32; 3]) {
        self.all += 1;
        let lab = Lab::from_srgb(rgb);
        let overexposed = rgb.iter().any(|value| *value >= OVEREXPOSED);
        if lab.l < PALE_LIGHTNESS || lab.chroma() > PALE_CHROMA || overexposed {
            return;
        }
        self.pale += 1;
        // The lighter and the nearer to white, the more likely it is white.
        let weight = lab.l.powi(4) * (1.0 - lab.chroma() / PALE_CHROMA).max(0.0);
        for (sum, value) in self.sum.iter_mut().zip(linear) {
            *sum += weight * value.max(1e-4).ln();
        }
        self.weight += weight;
    }

    /// The part of the lamp's colour that is taken off.
    fn cast(&self) -> [f32; 2] {
        if self.weight <= 0.0 || self.all == 0 {
            return [0.0; 2];
        }
        let part = self.pale as f32 / self.all as f32;
        let trust = CAST * ((part - LITTLE) / (ENOUGH - LITTLE)).clamp(0.0, 1.0);
        // Lamps and skies differ from yellow to blue; what is pink or green around is so by itself.
        let [red, _, blue] = self.sum.map(|sum| sum / self.weight);
        let factor = (0.5 * trust * (red - blue)).exp().clamp(1.0 / MOST, MOST);
        let lamp = Lab::from_linear([factor, 1.0, 1.0 / factor]);
        [lamp.a / lamp.l, lamp.b / lamp.l]
    }
}

/// Where the garment, with a margin for its shadow, is in the small photo.
struct Occupied<'a> {
    image: &'a RgbaImage,
    offset: (u32, u32),
    scale: (f32, f32),
}

impl<'a> Occupied<'a> {
    fn new(garment: &'a Cutout, photo: &RgbImage, small: &RgbImage) -> Self {
        Self {
            image: &garment.image,
            offset: garment.offset,
            scale: (
                photo.width() as f32 / small.width() as f32,
                photo.height() as f32 / small.height() as f32,
            ),
        }
    }

    fn at(&self, x: u32, y: u32) -> bool {
        let near = [-2.0, 0.0, 2.0];
        near.iter().any(|dy| {
            near.iter().any(|dx| {
                let column =
                    ((x as f32 + 0.5 + dx) * self.scale.0) as i64 - i64::from(self.offset.0);
                let row = ((y as f32 + 0.5 + dy) * self.scale.1) as i64 - i64::from(self.offset.1);
                let inside = u32::try_from(column).ok().zip(u32::try_from(row).ok());
                inside
                    .and_then(|(column, row)| self.image.get_pixel_checked(column, row))
                    .is_some_and(|pixel| pixel.0[3] > 16)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use image::{Rgb, Rgba};

    use super::*;

    /// A photo of a wall with a garment in its middle.
    fn photo(wall: [u8; 3], cloth: [u8; 3]) -> (RgbImage, Cutout) {
        let photo = RgbImage::from_fn(200, 200, |x, y| {
            let garment = (60..140).contains(&x) && (60..140).contains(&y);
            Rgb(if garment { cloth } else { wall })
        });
        let [r, g, b] = cloth;
        let cutout = Cutout {
            image: RgbaImage::from_pixel(80, 80, Rgba([r, g, b, 255])),
            offset: (60, 60),
            cover: 0.16,
            confidence: 1.0,
        };
        (photo, cutout)
    }

    fn seen(wall: [u8; 3], cloth: [u8; 3]) -> Lab {
        let (photo, garment) = photo(wall, cloth);
        Light::around(&photo, &garment).seen(cloth)
    }

    #[test]
    fn a_lamps_cast_on_a_white_wall_is_partly_taken_off_the_garment() {
        let cloth = [236, 232, 216];
        let cast = Lab::from_srgb(cloth).chroma();
        let corrected = seen([230, 226, 210], cloth).chroma();
        assert!(
            corrected < 0.8 * cast && corrected > 0.2 * cast,
            "{cast} {corrected}"
        );
    }

    #[test]
    fn a_pale_pink_wall_does_not_make_the_garment_green() {
        let cloth = [200, 196, 188];
        let plain = seen([238, 214, 224], cloth);
        assert!(plain.a > Lab::from_srgb(cloth).a - 0.004, "{plain:?}");
    }

    #[test]
    fn a_coloured_background_is_no_lamp() {
        let cloth = [236, 232, 224];
        let (photo, garment) = photo([190, 30, 40], cloth);
        assert_eq!(Light::around(&photo, &garment).cast, [0.0; 2]);
    }

    #[test]
    fn a_yellowish_wall_does_not_make_grey_cloth_blue() {
        let wall = [226, 214, 190];
        assert!(seen(wall, [150, 150, 150]).chroma() < 1e-3);
        let bluish = [140, 150, 160];
        let chroma = Lab::from_srgb(bluish).chroma();
        assert!((seen(wall, bluish).chroma() - chroma).abs() < 1e-3);
    }

    #[test]
    fn in_a_dim_room_white_is_lifted_and_black_is_not() {
        assert!(seen([168; 3], [176; 3]).l > Lab::from_srgb([176; 3]).l + 0.02);
        let black = [30; 3];
        assert!((seen([168; 3], black).l - Lab::from_srgb(black).l).abs() < 1e-3);
    }

    #[test]
    fn what_is_well_exposed_stays_as_it_is() {
        let cloth = [120, 60, 40];
        let there = Lab::from_srgb(cloth);
        assert!(seen([245; 3], cloth).distance2(there, 1.0) < 1e-6);
    }
}
