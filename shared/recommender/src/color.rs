//! Colours as people see them (OKLab), and how two go together.

use drape_domain::{Color, Rgb, color::named};

/// A colour in OKLab: lightness 0–1, green–red and blue–yellow about −0.4 to 0.4.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Lab {
    l: f32,
    a: f32,
    b: f32,
}

impl Lab {
    /// Björn Ottosson's OKLab (2020) of an sRGB colour.
    pub(crate) fn of(rgb: Rgb) -> Self {
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

    fn chroma(self) -> f32 {
        self.a.hypot(self.b)
    }

    /// Euclidean; 0.02 is about what the eye just notices, 1 is black to white.
    pub(crate) fn distance(self, other: Self) -> f32 {
        ((self.l - other.l).powi(2) + (self.a - other.a).powi(2) + (self.b - other.b).powi(2))
            .sqrt()
    }
}

/// How well two colours go together, 0–1.
///
/// Schloss and Palmer (2011) found that people like pairs more the nearer their hues and the greater their
/// contrast of lightness. Hue only matters as far as both colours have one, so the unlikeness of hues counts
/// by the smaller chroma: anything goes with black, white, grey and (nearly) navy or beige. The harmonies of
/// the textbook (analogous, triad, complement) explain little of what people choose and are only a floor.
pub(crate) fn relation(x: Lab, y: Lab) -> f32 {
    /// A chroma at which a garment is simply called by its hue.
    const FULL_CHROMA: f32 = 0.18;
    const FLOOR: f32 = 0.55;
    let (cx, cy) = (x.chroma(), y.chroma());
    let contrast = ((x.l - y.l).abs() / 0.4).min(1.0);
    let strength = (cx.min(cy) / FULL_CHROMA).min(1.0);
    let cos = if cx * cy > 1e-9 {
        ((x.a * y.a + x.b * y.b) / (cx * cy)).clamp(-1.0, 1.0)
    } else {
        1.0
    };
    // 0 for the same hue, 1 from 60 degrees apart.
    let unlike = ((1.0 - cos) / 0.5).min(1.0);
    let value = 0.75 * (1.0 - strength * unlike) + 0.25 * contrast;
    // Within about 15 degrees of a triad (120) or complement (180), or 30 of each other.
    let (near, triad, complement) = (cos > 0.866, (-0.707..-0.259).contains(&cos), cos < -0.966);
    let textbook = near || triad || complement;
    if textbook { value.max(FLOOR) } else { value }
}

/// One of a garment's colours.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Swatch {
    pub(crate) lab: Lab,
    pub(crate) share: f32,
}

/// The most colours of a garment that are looked at.
const SWATCHES: usize = 3;

/// A garment's main colours, largest first, their shares summing to one; empty if none is known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Palette {
    swatches: [Swatch; SWATCHES],
    len: usize,
}

impl Palette {
    pub(crate) fn of(colors: &[Worn<'_>]) -> Self {
        let mut all: Vec<Swatch> = colors.iter().map(|color| color.swatch).collect();
        all.sort_by(|a, b| b.share.total_cmp(&a.share));
        all.truncate(SWATCHES);
        let total: f32 = all.iter().map(|swatch| swatch.share).sum();
        let nothing = Swatch {
            lab: Lab {
                l: 0.0,
                a: 0.0,
                b: 0.0,
            },
            share: 0.0,
        };
        let mut palette = Self {
            swatches: [nothing; SWATCHES],
            len: all.len(),
        };
        for (to, from) in palette.swatches.iter_mut().zip(all) {
            *to = Swatch {
                lab: from.lab,
                share: from.share / total,
            };
        }
        palette
    }

    pub(crate) fn swatches(&self) -> &[Swatch] {
        &self.swatches[..self.len]
    }

    /// The mean [`relation`] by share; none if either has no known colour.
    pub(crate) fn relation(&self, other: &Self) -> Option<f32> {
        if self.len == 0 || other.len == 0 {
            return None;
        }
        let mut sum = 0.0;
        for x in self.swatches() {
            for y in other.swatches() {
                sum += x.share * y.share * relation(x.lab, y.lab);
            }
        }
        Some(sum)
    }
}

/// A garment's colour, read once.
#[derive(Debug, Clone)]
pub(crate) struct Worn<'a> {
    words: Vec<&'a str>,
    swatch: Swatch,
}

impl<'a> Worn<'a> {
    pub(crate) fn new(color: &'a Color) -> Self {
        // A typed colour often has no share; then all count alike.
        let share = if (0.0..=1.0).contains(&color.share) {
            color.share.max(0.01)
        } else {
            1.0
        };
        Self {
            words: words(&color.name).collect(),
            swatch: Swatch {
                lab: Lab::of(color.hex),
                share,
            },
        }
    }
}

/// A colour that a person named as liked or disliked.
#[derive(Debug, Clone)]
pub(crate) struct Wish<'a> {
    words: Vec<&'a str>,
    lab: Option<Lab>,
}

impl<'a> Wish<'a> {
    /// From a colour word or `#RRGGBB`.
    pub(crate) fn new(text: &'a str) -> Self {
        let lab = named(text)
            .or_else(|| text.trim().parse().ok())
            .map(Lab::of);
        Self {
            words: words(text).collect(),
            lab,
        }
    }

    /// How near a garment comes to it, 0–1: by the shares of its colours that bear the name ("blue" is also
    /// borne by "light blue") or look like it.
    pub(crate) fn nearness(&self, colors: &[Worn<'_>]) -> f32 {
        self.part(colors, |distance| {
            let off = distance / 0.10;
            (-off * off).exp()
        })
    }

    /// Whether a garment is in the colour: at least a quarter of it bears the name or can hardly be told from
    /// it.
    pub(crate) fn is_in(&self, colors: &[Worn<'_>]) -> bool {
        self.part(colors, |distance| if distance < 0.05 { 1.0 } else { 0.0 }) >= 0.25
    }

    fn part(&self, colors: &[Worn<'_>], looks: impl Fn(f32) -> f32) -> f32 {
        let total: f32 = colors.iter().map(|color| color.swatch.share).sum();
        if total <= 0.0 {
            return 0.0;
        }
        let near = |color: &Worn<'_>| {
            if self.is_named_by(color) {
                return 1.0;
            }
            self.lab
                .map_or(0.0, |lab| looks(lab.distance(color.swatch.lab)))
        };
        colors
            .iter()
            .map(|color| color.swatch.share * near(color))
            .sum::<f32>()
            / total
    }

    fn is_named_by(&self, color: &Worn<'_>) -> bool {
        let bears = |part: &[&str]| part.iter().zip(&self.words).all(|(a, b)| same_word(a, b));
        !self.words.is_empty() && color.words.windows(self.words.len()).any(bears)
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
}

fn same_word(a: &str, b: &str) -> bool {
    let grey = |word: &str| word.eq_ignore_ascii_case("grey") || word.eq_ignore_ascii_case("gray");
    a.eq_ignore_ascii_case(b) || (grey(a) && grey(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lab(name: &str) -> Lab {
        Lab::of(named(name).unwrap())
    }

    fn color(name: &str, share: f32) -> Color {
        Color {
            name: name.into(),
            hex: named(name).unwrap_or(Rgb([1, 2, 3])),
            share,
        }
    }

    fn worn(colors: &[Color]) -> Vec<Worn<'_>> {
        colors.iter().map(Worn::new).collect()
    }

    fn is_in(wish: &str, colors: &[Color]) -> bool {
        Wish::new(wish).is_in(&worn(colors))
    }

    #[test]
    fn the_published_oklab_values_are_met() {
        // Ottosson's white and sRGB red.
        for (rgb, (l, a, b)) in [
            ([255; 3], (1.0, 0.0, 0.0)),
            ([255, 0, 0], (0.628, 0.225, 0.126)),
        ] {
            let seen = Lab::of(Rgb(rgb));
            assert!(
                (seen.l - l).abs() < 2e-3 && (seen.a - a).abs() < 2e-3 && (seen.b - b).abs() < 2e-3,
                "{seen:?}"
            );
        }
    }

    #[test]
    fn neutrals_go_with_everything_and_loud_colours_do_not() {
        assert!(relation(lab("white"), lab("navy")) > 0.9);
        assert!(relation(lab("black"), lab("red")) > 0.8);
        assert!(relation(lab("red"), lab("green")) < relation(lab("beige"), lab("green")));
        assert!(relation(lab("hot pink"), lab("orange")) < relation(lab("hot pink"), lab("white")));
        assert!(relation(lab("light blue"), lab("navy")) > relation(lab("blue"), lab("orange")));
    }

    #[test]
    fn the_order_of_a_pair_does_not_matter() {
        for (x, _) in drape_domain::color::NAMED {
            for (y, _) in drape_domain::color::NAMED {
                let there = relation(lab(x), lab(y));
                assert!((0.0..=1.0).contains(&there));
                assert!((there - relation(lab(y), lab(x))).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn a_colour_family_bears_its_name() {
        assert!(is_in(
            "Blue",
            &[color("light blue", 0.6), color("white", 0.4)]
        ));
        assert!(
            !is_in("blue", &[color("white", 0.9), color("blue", 0.1)]),
            "a small print does not count"
        );
        assert!(!is_in("blue", &[color("black", 1.0)]));
        assert!(!is_in("light blue", &[color("navy", 1.0)]));
        assert!(is_in("Light Gray", &[color("light grey", 1.0)]));
        assert!(is_in("#181820", &[color("black", 1.0)]));
        assert!(!is_in("", &[color("black", 1.0)]));
    }

    #[test]
    fn broken_shares_do_no_harm() {
        for share in [f32::NAN, f32::INFINITY, -1.0, 0.0] {
            let colors = [color("red", share), color("white", share)];
            let sum: f32 = Palette::of(&worn(&colors))
                .swatches()
                .iter()
                .map(|swatch| swatch.share)
                .sum();
            assert!((sum - 1.0).abs() < 1e-5);
            assert!(Wish::new("red").nearness(&worn(&colors[..1])) > 0.9);
        }
        assert!(
            Palette::of(&[])
                .relation(&Palette::of(&worn(&[color("red", 1.0)])))
                .is_none()
        );
    }
}
