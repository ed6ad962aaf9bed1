//! How a try-on picture is looked at, and what it is made of.

use image::{Rgb, RgbImage, Rgba, RgbaImage};

/// The light that garments are shown in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lighting {
    /// As in the photo.
    #[default]
    Neutral,
    /// Lamps: more red, less blue.
    Warm,
    /// An overcast sky: less red, more blue.
    Cool,
}

impl Lighting {
    /// What red, green and blue of a garment's layer are multiplied by, in the layer's own (sRGB) numbers.
    ///
    /// Their mean by luminance (0.299, 0.587, 0.114) is 1, so that cloth gets neither darker nor brighter.
    #[must_use]
    pub const fn gains(self) -> [f32; 3] {
        match self {
            Self::Neutral => [1.0, 1.0, 1.0],
            Self::Warm => [1.08, 0.99, 0.842],
            Self::Cool => [0.93, 1.01, 1.132],
        }
    }
}

/// What is wanted beside the picture itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct View {
    /// Two pictures of the person turned slightly, to the left and to the right.
    pub rotate: bool,
    /// The light that the garments are shown in.
    pub lighting: Lighting,
}

/// What a picture is composed of, all in its size. Colours are not premultiplied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layers {
    /// The person below the garments, opaque: the photo, without what would stick out of the old clothes.
    pub person: RgbaImage,
    /// Each garment with its position in the request, the lowest first, in neutral light.
    pub garments: Vec<(usize, RgbaImage)>,
    /// Black with alpha: the shadows that garments cast, over all else.
    pub shadow: RgbaImage,
}

impl Layers {
    /// The picture: person, garments in this light, shadow.
    #[must_use]
    pub fn compose(&self, lighting: Lighting) -> RgbImage {
        let gains = lighting.gains();
        let garments = self.garments.iter().map(|(_, garment)| (garment, gains));
        let above: Vec<_> = garments.chain([(&self.shadow, [1.0; 3])]).collect();
        RgbImage::from_fn(self.person.width(), self.person.height(), |x, y| {
            let Rgba([red, green, blue, _]) = *self.person.get_pixel(x, y);
            let mut colour = [red, green, blue].map(f32::from);
            for (layer, gains) in &above {
                if let Some(pixel) = layer.get_pixel_checked(x, y) {
                    over(&mut colour, *pixel, *gains);
                }
            }
            Rgb(colour.map(|value| value.round() as u8))
        })
    }

    /// Where anything lies over the person.
    pub(crate) fn covers(&self, x: u32, y: u32) -> bool {
        let any = |layer: &RgbaImage| {
            layer
                .get_pixel_checked(x, y)
                .is_some_and(|pixel| pixel.0[3] > 0)
        };
        any(&self.shadow) || self.garments.iter().any(|(_, garment)| any(garment))
    }
}

/// Puts a layer's pixel over a colour; a transparent one changes nothing.
fn over(colour: &mut [f32; 3], Rgba([red, green, blue, alpha]): Rgba<u8>, gains: [f32; 3]) {
    if alpha == 0 {
        return;
    }
    let share = f32::from(alpha) / 255.0;
    for ((below, above), gain) in colour.iter_mut().zip([red, green, blue]).zip(gains) {
        let above = (f32::from(above) * gain).min(255.0);
        *below += (above - *below) * share;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn light_changes_the_colour_of_cloth_and_not_its_brightness() {
        for lighting in [Lighting::Neutral, Lighting::Warm, Lighting::Cool] {
            let [red, green, blue] = lighting.gains();
            let bright = 0.299 * red + 0.587 * green + 0.114 * blue;
            assert!((bright - 1.0).abs() < 0.002, "{lighting:?} {bright}");
        }
        assert_eq!(Lighting::default().gains(), [1.0; 3]);
    }

    #[test]
    fn only_garments_are_lit_anew() {
        let mut garment = RgbaImage::new(2, 1);
        garment.put_pixel(0, 0, Rgba([100, 100, 100, 255]));
        let layers = Layers {
            person: RgbaImage::from_pixel(2, 1, Rgba([100, 100, 100, 255])),
            garments: vec![(0, garment)],
            shadow: RgbaImage::new(2, 1),
        };
        let warm = layers.compose(Lighting::Warm);
        assert_eq!(warm.get_pixel(0, 0).0, [108, 99, 84]);
        assert_eq!(warm.get_pixel(1, 0).0, [100; 3]);
    }
}
