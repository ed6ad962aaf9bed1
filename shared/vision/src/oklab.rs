//! Oklab, a colour space in which distances are about what the eye sees: Björn Ottosson, "A perceptual color
//! space for image processing" (2020). Matrices are from there; the transfer function is sRGB's
//! (IEC 61966-2-1).

use std::sync::LazyLock;

/// L is lightness 0–1; a runs from green to red, b from blue to yellow, both within about ±0.4.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Lab {
    pub(crate) l: f32,
    pub(crate) a: f32,
    pub(crate) b: f32,
}

impl Lab {
    pub(crate) fn from_srgb(rgb: [u8; 3]) -> Self {
        Self::from_linear(linear(rgb))
    }

    /// From linear light, 0–1 each.
    pub(crate) fn from_linear([r, g, b]: [f32; 3]) -> Self {
        let l = (0.412_221_46 * r + 0.536_332_55 * g + 0.051_445_995 * b).cbrt();
        let m = (0.211_903_5 * r + 0.680_699_5 * g + 0.107_396_96 * b).cbrt();
        let s = (0.088_302_46 * r + 0.281_718_85 * g + 0.629_978_7 * b).cbrt();
        Self {
            l: 0.210_454_26 * l + 0.793_617_8 * m - 0.004_072_047 * s,
            a: 1.977_998_5 * l - 2.428_592_2 * m + 0.450_593_7 * s,
            b: 0.025_904_037 * l + 0.782_771_77 * m - 0.808_675_77 * s,
        }
    }

    pub(crate) fn to_srgb(self) -> [u8; 3] {
        let l = (self.l + 0.396_337_78 * self.a + 0.215_803_76 * self.b).powi(3);
        let m = (self.l - 0.105_561_346 * self.a - 0.063_854_17 * self.b).powi(3);
        let s = (self.l - 0.089_484_18 * self.a - 1.291_485_5 * self.b).powi(3);
        [
            4.076_741_7 * l - 3.307_711_6 * m + 0.230_969_94 * s,
            -1.268_438 * l + 2.609_757_4 * m - 0.341_319_38 * s,
            -0.004_196_086_3 * l - 0.703_418_6 * m + 1.707_614_7 * s,
        ]
        .map(|value| {
            let value = value.clamp(0.0, 1.0);
            let value = if value <= 0.003_130_8 {
                value * 12.92
            } else {
                1.055 * value.powf(1.0 / 2.4) - 0.055
            };
            (value * 255.0).round() as u8
        })
    }

    /// How much colour there is, 0 for greys to about 0.3.
    pub(crate) fn chroma(self) -> f32 {
        self.a.hypot(self.b)
    }

    /// Which colour it is, in degrees: about 30 is red, 100 yellow, 150 green, 260 blue. Of a grey, no matter.
    pub(crate) fn hue(self) -> f32 {
        self.b.atan2(self.a).to_degrees().rem_euclid(360.0)
    }

    /// The sum of two colours, to take means.
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            l: self.l + other.l,
            a: self.a + other.a,
            b: self.b + other.b,
        }
    }

    /// All three values times a factor: with less light on it, a surface's linear values fall by a factor, and
    /// these by its cube root.
    pub(crate) fn times(self, factor: f32) -> Self {
        Self {
            l: self.l * factor,
            a: self.a * factor,
            b: self.b * factor,
        }
    }

    /// Squared distance, in which lightness counts `lightness` times as much as usual.
    pub(crate) fn distance2(self, other: Self, lightness: f32) -> f32 {
        let l = (self.l - other.l) * lightness;
        l * l + (self.a - other.a).powi(2) + (self.b - other.b).powi(2)
    }
}

/// What each byte of sRGB is in linear light.
static LINEAR: LazyLock<[f32; 256]> = LazyLock::new(|| {
    std::array::from_fn(|byte| {
        let value = byte as f32 / 255.0;
        if value <= 0.040_45 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    })
});

/// An sRGB colour in linear light, 0–1 each.
pub(crate) fn linear(rgb: [u8; 3]) -> [f32; 3] {
    rgb.map(|byte| LINEAR[usize::from(byte)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn srgb_survives_the_way_there_and_back() {
        for r in (0..=255).step_by(51) {
            for g in (0..=255).step_by(51) {
                for b in (0..=255).step_by(51) {
                    let rgb = [r, g, b];
                    assert_eq!(Lab::from_srgb(rgb).to_srgb(), rgb);
                }
            }
        }
    }

    #[test]
    fn white_is_light_and_without_colour() {
        let white = Lab::from_srgb([255; 3]);
        assert!((white.l - 1.0).abs() < 1e-3 && white.a.hypot(white.b) < 1e-3);
    }
}
