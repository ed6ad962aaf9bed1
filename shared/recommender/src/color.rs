//! Colours as people see them (OKLab), and how two go together.

use drape_domain::{Color, Oklab, color::named};

/// How well two colours go together, 0–1.
///
/// Schloss and Palmer (2011) found that people like pairs more the nearer their hues and the greater their
/// contrast of lightness. Hue only matters as far as both colours have one, so the unlikeness of hues counts
/// by the smaller chroma: anything goes with black, white, grey and (nearly) navy or beige. The harmonies of
/// the textbook (analogous, triad, complement) explain little of what people choose and are only a floor.
pub(crate) fn relation(x: Oklab, y: Oklab) -> f32 {
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
    pub(crate) lab: Oklab,
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
            lab: Oklab::default(),
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
                lab: Oklab::of(color.hex),
                share,
            },
        }
    }
}

/// A colour that a person named as liked or disliked.
#[derive(Debug, Clone)]
pub(crate) struct Wish<'a> {
    words: Vec<&'a str>,
    lab: Option<Oklab>,
}

impl<'a> Wish<'a> {
    /// From a colour word or `#RRGGBB`.
    pub(crate) fn new(text: &'a str) -> Self {
        let lab = named(text)
            .or_else(|| text.trim().parse().ok())
            .map(Oklab::of);
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
    use drape_domain::Rgb;

    use super::*;

    fn lab(name: &str) -> Oklab {
        Oklab::of(named(name).unwrap())
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
