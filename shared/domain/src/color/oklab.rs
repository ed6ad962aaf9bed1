//! Oklab, a colour space in which distances are about what the eye sees.

use super::Rgb;

/// A colour in Oklab (Björn Ottosson, "A perceptual color space for image processing", 2020).
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Oklab {
    /// Lightness, 0 (black) to 1 (white).
    pub l: f32,
    /// From green to red, about −0.4 to 0.4.
    pub a: f32,
    /// From blue to yellow, about −0.4 to 0.4.
    pub b: f32,
}

impl Oklab {
    /// Of an sRGB colour, with the transfer function of IEC 61966-2-1.
    #[must_use]
    pub fn of(rgb: Rgb) -> Self {
        let linear = |byte: u8| {
            let value = f32::from(byte) / 255.0;
            if value <= 0.040_45 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            }
        };
        let [r, g, b] = rgb.0.map(linear);
        let l = (0.412_221_47 * r + 0.536_332_55 * g + 0.051_445_995 * b).cbrt();
        let m = (0.211_903_5 * r + 0.680_699_5 * g + 0.107_396_96 * b).cbrt();
        let s = (0.088_302_46 * r + 0.281_718_85 * g + 0.629_978_7 * b).cbrt();
        Self {
            l: 0.210_454_26 * l + 0.793_617_8 * m - 0.004_072_047 * s,
            a: 1.977_998_5 * l - 2.428_592_2 * m + 0.450_593_7 * s,
            b: 0.025_904_037 * l + 0.782_771_77 * m - 0.808_675_77 * s,
        }
    }

    /// How much colour there is, 0 for greys to about 0.3.
    #[must_use]
    pub fn chroma(self) -> f32 {
        self.a.hypot(self.b)
    }

    /// Euclidean; 0.02 is about what the eye just notices, 1 is black to white.
    #[must_use]
    pub fn distance(self, other: Self) -> f32 {
        ((self.l - other.l).powi(2) + (self.a - other.a).powi(2) + (self.b - other.b).powi(2))
            .sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_values_are_met() {
        // Ottosson's white and sRGB red.
        for (rgb, (l, a, b)) in [
            ([255; 3], (1.0, 0.0, 0.0)),
            ([255, 0, 0], (0.628, 0.225, 0.126)),
        ] {
            let seen = Oklab::of(Rgb(rgb));
            let off = seen.distance(Oklab { l, a, b });
            assert!(off < 2e-3, "{seen:?}");
        }
    }

    #[test]
    fn grey_has_no_chroma_and_red_has() {
        assert!(Oklab::of(Rgb([120; 3])).chroma() < 1e-3);
        assert!(Oklab::of(Rgb([255, 0, 0])).chroma() > 0.2);
    }
}
