//! Old clothes that would stick out of the new ones are replaced by what is likely behind or below them: bare
//! skin where limbs, neck and shoulders are, the background elsewhere.

use drape_domain::Slot;
use image::{Rgb, RgbImage};

use super::{
    body::Body,
    foot::Foot,
    geom::{mix, p, smooth_step},
    inpaint,
    limbs::Limbs,
    mesh::Layer,
    plane::{Mask, Plane},
    protect::Protected,
    remains,
};

/// How uneven the background next to a gap may be (mean difference from its own smoothed self, 0–255) to be
/// continued into it.
const MOST_UNEVEN: f32 = 9.0;

/// Where feet and shoes begin, as a height on the body.
const LOWEST: f32 = 2.01;

/// A garment and how it covers the photo.
pub(crate) struct Worn<'a> {
    pub(crate) slot: Slot,
    /// Heights on the body of its upper and lower end.
    pub(crate) heights: (f32, f32),
    pub(crate) layer: &'a Layer,
}

/// The person without what would stick out.
pub(crate) struct Repaired {
    pub(crate) person: RgbImage,
    /// How much of each pixel shows the person still, where clothes gave way to the background.
    pub(crate) stays: Plane,
    /// Old clothes that had to be left, as a share of what the garments cover.
    pub(crate) left: f32,
    /// Skin that was made up without seeing any of the same limb, as a share of what the garments cover.
    pub(crate) guessed: f32,
}

/// What a pixel of the old clothes turns into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fill {
    Skin,
    Background,
}

/// Replaces the parts of old clothes that the garments are worn instead of and do not cover.
pub(crate) fn repair(
    photo: &RgbImage,
    body: &Body,
    protected: &Protected,
    worn: &[Worn<'_>],
) -> Repaired {
    let (width, height) = (body.mask.width, body.mask.height);
    let mut cover = Plane::new(width, height);
    for worn in worn {
        for (cover, pixel) in cover.data.iter_mut().zip(&worn.layer.data) {
            *cover = cover.max(pixel[3]);
        }
    }
    let covered = cover.data.iter().sum::<f32>().max(1.0);
    let limbs = Limbs::new(body, protected);
    let old = old_clothes(body, protected);
    let stale = stale(body, &limbs, &old, &cover, worn);
    let mut left = remains::below(photo, body, &limbs, &old, &cover, worn);
    if (stale.count() as f32) < 0.0005 * covered {
        return Repaired {
            person: photo.clone(),
            stays: Plane::from_fn(width, height, |_, _| 1.0),
            left: left / covered,
            guessed: 0.0,
        };
    }
    // A little further, where old cloth and background mix; never onto what is kept.
    let rim = (0.02 * body.torso).max(2.0);
    let near = stale.distance_to();

    let skin = Mask {
        width,
        height,
        data: limbs.skin_seen(body, protected),
    };
    // Skin's edges are shaded, or mixed with what is beside them.
    let known_depth = Mask {
        data: skin.data.iter().map(|set| !set).collect(),
        ..skin
    }
    .distance_to();
    let skin = Mask {
        data: known_depth
            .iter()
            .zip(&near)
            .map(|(&depth, &near)| depth > 0.012 * body.torso && near > rim)
            .collect(),
        ..skin
    };
    let behind = Mask {
        width,
        height,
        data: Mask::of(&body.mask, 0.12)
            .distance_to()
            .iter()
            .map(|&distance| distance > 0.03 * body.torso)
            .collect(),
    };
    let even = unevenness(photo, &behind, &near, body) < MOST_UNEVEN;
    let skin_colours = inpaint::filled(photo, &skin);
    let background = if even {
        inpaint::filled(photo, &behind)
    } else {
        None
    };

    let mut person = photo.clone();
    let mut stays = Plane::from_fn(width, height, |_, _| 1.0);
    let mut guessed = 0.0;
    for y in 0..height {
        for x in 0..width {
            let index = y * width + x;
            if near[index] > rim {
                continue;
            }
            let at = p(x as f32 + 0.5, y as f32 + 0.5);
            let kept = protected.front.data[index];
            let soft = 1.0 - smooth_step(0.6 * rim, rim, near[index]);
            let inside = limbs.cover(at);
            // Right beside old cloth, skin lies in its shade: it passes over into the new skin.
            let visible_skin = protected.skin.data[index] > 0.5
                && body.mask.data[index] > 0.5
                && known_depth[index] > 0.0;
            let pass = if visible_skin {
                1.0 - smooth_step(0.4 * rim, rim, near[index])
            } else {
                1.0
            };
            let share = soft * (1.0 - kept) * pass;
            if share <= 0.01 {
                continue;
            }
            let shown = 1.0 - cover.data[index];
            let fill = if inside > 0.5 {
                Fill::Skin
            } else {
                Fill::Background
            };
            let below = background.as_ref().map(|colours| colours[index]);
            // Beside bare legs, the neck and arms the mask may hold some background.
            let off = below.map_or(f32::INFINITY, |below| {
                let pixel = photo.get_pixel(x as u32, y as u32).0.map(f32::from);
                pixel
                    .iter()
                    .zip(below)
                    .map(|(a, b)| (a - b).abs())
                    .fold(0.0, f32::max)
            });
            let q = body.height_of(at);
            if off < 14.0 && (q < 0.0 || limbs.beside_bare_leg(at, q, false))
                || off < 8.0 && q > 0.15 && limbs.beside_torso(at, q)
            {
                continue;
            }
            let above = skin_colours
                .as_ref()
                .map(|colours| colours[index].map(|value| value * limbs.shade(at)));
            let colour = match (fill, above, below) {
                (_, Some(above), Some(below)) => {
                    std::array::from_fn(|channel| mix(below[channel], above[channel], inside))
                }
                (Fill::Skin, Some(above), None) => above,
                (Fill::Background, None, Some(below)) => below,
                _ => {
                    left += share * shown;
                    continue;
                }
            };
            if fill == Fill::Skin && !limbs.seen_near(at) {
                guessed += share * shown;
            }
            if below.is_some() {
                stays.data[index] = 1.0 - share * (1.0 - inside);
            }
            let pixel = person.get_pixel_mut(x as u32, y as u32);
            *pixel = Rgb(std::array::from_fn(|channel| {
                let before = f32::from(pixel.0[channel]);
                mix(before, colour[channel], share)
                    .round()
                    .clamp(0.0, 255.0) as u8
            }));
        }
    }
    Repaired {
        person,
        stays,
        left: left / covered,
        guessed: guessed / covered,
    }
}

/// What the person wears now: all of the person that is neither skin nor kept.
fn old_clothes(body: &Body, protected: &Protected) -> Plane {
    let mut old = body.mask.clone();
    for (index, value) in old.data.iter_mut().enumerate() {
        let kept =
            protected.front.data[index].max(smooth_step(0.3, 0.6, protected.skin.data[index]));
        *value *= 1.0 - kept;
    }
    old
}

/// Old clothes that the garments are worn instead of, and that would be seen.
fn stale(body: &Body, limbs: &Limbs<'_>, old: &Plane, cover: &Plane, worn: &[Worn<'_>]) -> Mask {
    let feet: Vec<Foot> = (0..2)
        .filter_map(|side| Foot::measure(body, side))
        .collect();
    let mut stale = Mask::of(old, 0.45);
    for (index, set) in stale.data.iter_mut().enumerate() {
        if !*set {
            continue;
        }
        if cover.data[index] > 0.97 {
            *set = false;
            continue;
        }
        let at = p(
            (index % old.width) as f32 + 0.5,
            (index / old.width) as f32 + 0.5,
        );
        let q = body.height_of(at);
        let arm = limbs.on_sleeve(at);
        if q > 0.15 && limbs.beside_torso(at, q) && limbs.beside_bare_arm(at) {
            *set = false;
            continue;
        }
        if limbs.beside_bare_leg(at, q, true) {
            *set = false;
            continue;
        }
        *set = worn.iter().any(|worn| {
            let (top, hem) = worn.heights;
            match worn.slot {
                Slot::Top => arm || (q > -0.4 && q < hem - 0.02),
                Slot::Dress => arm || (q > -0.4 && q < LOWEST),
                Slot::Bottom => !arm && q > top + 0.02 && q < LOWEST,
                Slot::Shoes => feet.iter().any(|foot| foot.holds(at)),
                _ => false,
            }
        });
    }
    // What is thin is the mask's own blur along edges.
    let outside = Mask {
        data: stale.data.iter().map(|set| !set).collect(),
        ..stale
    };
    let thin = (0.017 * body.torso).max(2.0);
    let core = Mask {
        data: outside
            .distance_to()
            .iter()
            .map(|&depth| depth > thin)
            .collect(),
        ..stale
    };
    let near = core.grown(1.3 * thin);
    for (set, near) in stale.data.iter_mut().zip(&near.data) {
        *set &= near;
    }
    let least = (0.0006 * body.torso * body.torso) as usize;
    for piece in stale.pieces(true) {
        if piece.pixels.len() < least {
            for index in piece.pixels {
                stale.data[index] = false;
            }
        }
    }
    stale
}

/// How uneven the background is next to the gap: the mean difference of its brightness from its surroundings'.
fn unevenness(photo: &RgbImage, behind: &Mask, near: &[f32], body: &Body) -> f32 {
    let bright = Plane {
        width: behind.width,
        height: behind.height,
        data: photo
            .pixels()
            .map(|pixel| {
                let [red, green, blue] = pixel.0.map(f32::from);
                0.299 * red + 0.587 * green + 0.114 * blue
            })
            .collect(),
    };
    let soft = bright.blurred((0.03 * body.torso).round().max(2.0) as usize);
    let reach = 0.2 * body.torso;
    // Far enough from the person that the person is not in the mean.
    let clear = 0.12 * body.torso;
    let inner = Mask::of(&body.mask, 0.12).distance_to();
    let (mut sum, mut count) = (0.0, 0.0_f32);
    for (index, (&distance, &inner)) in near.iter().zip(&inner).enumerate() {
        if distance < reach + clear && inner > clear {
            sum += (bright.data[index] - soft.data[index]).abs();
            count += 1.0;
        }
    }
    if count < 50.0 { 255.0 } else { sum / count }
}
