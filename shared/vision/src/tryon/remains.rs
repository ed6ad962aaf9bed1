//! An old coat or tunic that goes on below a new top. What is worn below it is not known, so it stays; but the
//! picture is not what it would look like.

use drape_domain::Slot;
use image::RgbImage;

use super::{body::Body, geom::p, limbs::Limbs, plane::Plane, repair::Worn};
use crate::{oklab::Lab, palette::Palette};

/// Heights on the body where only what is worn on the torso is seen, and only what is worn on the legs.
const TORSO: std::ops::Range<f32> = 0.2..0.85;
const LEGS: std::ops::Range<f32> = 1.7..1.97;
/// Hems may hang so much lower than the new one, as a part of the height.
const SLACK: f32 = 0.06;
/// Less of the legs in clothes than this is bare legs or little shoes: what hangs down to them reads as a skirt.
const CLOTHED: f32 = 0.5;
/// A colour is the torso's if it is at least this part as likely there as its usual ones, and so much likelier
/// than on the legs.
const COMMON: f32 = 0.25;
const LIKELIER: f32 = 3.0;
/// So few pixels tell no colour.
const FEW: usize = 40;

/// The number of pixels in which the cloth of the old top is seen below the hem of a new one, over what is worn
/// on the legs. `old` is how surely each pixel shows old clothes, `cover` how far new ones cover it.
pub(crate) fn below(
    photo: &RgbImage,
    body: &Body,
    limbs: &Limbs<'_>,
    old: &Plane,
    cover: &Plane,
    worn: &[Worn<'_>],
) -> f32 {
    let ends = |slots: &[Slot]| {
        (worn.iter())
            .filter(|worn| slots.contains(&worn.slot))
            .map(|worn| worn.heights.1)
            .reduce(f32::max)
    };
    // Below a new bottom or dress all that is old is removed, or counted, already.
    let (Some(hem), None) = (
        ends(&[Slot::Top, Slot::Outer]),
        ends(&[Slot::Bottom, Slot::Dress]),
    ) else {
        return 0.0;
    };
    let (mut torso, mut legs, mut tail) = (Vec::new(), Vec::new(), Vec::new());
    let mut low = 0_usize;
    for (index, pixel) in photo.pixels().enumerate() {
        if body.mask.data[index] < 0.5 {
            continue;
        }
        let (x, y) = (index % old.width, index / old.width);
        let at = p(x as f32 + 0.5, y as f32 + 0.5);
        let q = body.height_of(at);
        low += usize::from(LEGS.contains(&q));
        if old.data[index] < 0.5 || limbs.on_sleeve(at) {
            continue;
        }
        let color = Lab::from_srgb(pixel.0);
        if TORSO.contains(&q) {
            torso.push(color);
        }
        if LEGS.contains(&q) {
            legs.push(color);
        }
        if (hem + SLACK..LEGS.start).contains(&q) && cover.data[index] < 0.5 {
            tail.push(color);
        }
    }
    if torso.len() < FEW || legs.len() < FEW || (legs.len() as f32) < CLOTHED * low as f32 {
        return 0.0;
    }
    let palette = |colors: &[Lab]| Palette::of(colors.iter().map(|color| (*color, 1.0)));
    let (above, under) = (palette(&torso), palette(&legs));
    let common = COMMON * above.usual(torso.iter().copied());
    tail.iter()
        .filter(|color| {
            let likely = above.likelihood(**color);
            likely > common && likely > LIKELIER * under.likelihood(**color)
        })
        .count() as f32
}
