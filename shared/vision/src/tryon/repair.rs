//! Old clothes that would stick out of the new ones are replaced by what is likely behind or below them: bare
//! skin where limbs, neck and shoulders are, the background elsewhere.

use drape_domain::Slot;
use image::{Rgb, RgbImage};

use super::{
    body::Body,
    geom::{P, mix, p, smooth_step, to_segment},
    inpaint,
    mesh::Layer,
    plane::{Mask, Plane},
    protect::Protected,
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
    let unchanged = |left| Repaired {
        person: photo.clone(),
        stays: Plane::from_fn(width, height, |_, _| 1.0),
        left,
        guessed: 0.0,
    };
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
    let count = stale.count();
    if (count as f32) < 0.0005 * covered {
        return unchanged(0.0);
    }
    // A little further, where old cloth and background mix; never onto what is kept.
    let rim = (0.014 * body.torso).max(2.0);
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
    let (mut left, mut guessed) = (0.0, 0.0);
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
                1.0 - smooth_step(0.2 * rim, rim, near[index])
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

/// Bare arms, legs, neck and shoulders: where they are and what of them can be seen.
struct Limbs<'a> {
    body: &'a Body,
    /// How much broader each leg is than usual, and how far beside its bones, in pixels.
    legs: [(f32, f32); 2],
    /// At which heights of each leg (in 24 steps from hip to ankle) bare skin can be seen.
    bare: [[bool; LEG_STEPS]; 2],
    /// At which places of each arm (in even steps from shoulder to wrist) bare skin can be seen.
    bare_arms: [[bool; ARM_STEPS]; 2],
    /// Whether skin of the arms, the legs and of neck and shoulders can be seen.
    seen: [bool; 3],
}

impl<'a> Limbs<'a> {
    fn new(body: &'a Body, protected: &Protected) -> Self {
        let mut limbs = Self {
            body,
            legs: [(1.0, 0.0); 2],
            bare: [[false; LEG_STEPS]; 2],
            bare_arms: [[false; ARM_STEPS]; 2],
            seen: [false; 3],
        };
        let skin = |at: P| protected.skin.near(at) > 0.5;
        for side in 0..2 {
            let (bare, measured) = bare_leg(body, protected, side);
            limbs.bare[side] = bare;
            if let Some(measured) = measured {
                limbs.legs[side] = measured;
                limbs.seen[1] = true;
            }
        }
        for side in 0..2 {
            let arm = body.arm(side);
            let radius = body.arm_radius[side][1];
            let [upper, lower] = body.arm_offset[side];
            for (step, bare) in limbs.bare_arms[side].iter_mut().enumerate() {
                let share = (step as f32 + 0.5) / ARM_STEPS as f32;
                let (bone, along) = arm.at(share);
                let bone = bone + along.turned() * mix(upper, lower, smooth_step(0.4, 0.7, share));
                let across = along.turned() * (0.5 * radius);
                *bare = [bone - across, bone, bone + across]
                    .into_iter()
                    .filter(|&at| skin(at))
                    .count()
                    >= 2;
            }
            limbs.seen[0] |= limbs.bare_arms[side].iter().filter(|&&bare| bare).count() >= 3;
        }
        limbs.seen[2] =
            skin(body.neck.mix(body.nose.at, 0.4)) || skin(body.neck.mix(body.nose.at, 0.25));
        limbs
    }

    /// How far inside of the nearest limb a point lies, in pixels (negative outside), and across which limb: from
    /// −1 at one edge to 1 at the other.
    fn depth(&self, at: P) -> (f32, f32, usize) {
        let torso = self.body.torso;
        let mut best = (f32::NEG_INFINITY, 0.0, 2);
        let mut limb = |a: P, b: P, radii: (f32, f32), kind: usize| {
            let (distance, share) = to_segment(at, a, b);
            let radius = mix(radii.0, radii.1, share);
            if radius - distance > best.0 {
                let aside = (at - a).dot((b - a).unit().turned());
                best = (
                    radius - distance,
                    (aside / radius.max(1.0)).clamp(-1.0, 1.0),
                    kind,
                );
            }
        };
        for (side, joints) in self.body.sides.iter().enumerate() {
            let [upper, lower] = self.body.arm_radius[side];
            let [upper, lower] = [upper.min(0.088 * torso), lower.min(0.068 * torso)];
            limb(
                joints.shoulder.at,
                joints.elbow.at,
                (upper, 0.5 * (upper + lower)),
                0,
            );
            limb(joints.elbow.at, joints.wrist.at, (lower, 0.72 * lower), 0);
            let (breadth, aside) = self.legs[side];
            let radius = |q: f32| breadth * usual_leg(q) * torso;
            let hip = joints.hip.at;
            let knee_at = joints.knee.at + p(aside, 0.0);
            let ankle_at = joints.ankle.at + p(0.5 * aside, 0.0);
            let knee = self.body.height_of(joints.knee.at).clamp(1.3, 1.7);
            let mid = hip.mix(joints.knee.at, 0.5) + p(aside, 0.0);
            limb(hip, mid, (radius(1.0), radius(mix(1.0, knee, 0.5))), 1);
            limb(
                mid,
                joints.knee.at,
                (radius(mix(1.0, knee, 0.5)), radius(knee)),
                1,
            );
            let calf = knee_at.mix(ankle_at, 0.35);
            limb(knee_at, calf, (radius(knee), radius(1.68)), 1);
            limb(calf, ankle_at, (radius(1.68), radius(2.0)), 1);
        }
        // Neck and shoulders: below a line from the neck's side to the shoulder's end.
        let across = self.body.across();
        let aside = (at - self.body.neck).dot(across).abs();
        let q = (self.body.neck - at).dot(self.body.up()) / torso;
        let half = 0.5
            * self.body.sides[0]
                .shoulder
                .at
                .distance(self.body.sides[1].shoulder.at);
        let neck = 0.1 * torso;
        if q < 0.5 {
            let top = if aside < neck {
                -0.45
            } else {
                mix(
                    -0.16,
                    -0.06,
                    ((aside - neck) / (half - neck).max(1.0)).min(1.0),
                )
            };
            let inside = (q - top).min(0.5 - q) * torso;
            let inside = inside.min(half + 0.05 * torso - aside);
            if inside > best.0 {
                best = (inside, 0.0, 2);
            }
        }
        best
    }

    /// How much of a pixel is bare body, 0–1.
    fn cover(&self, at: P) -> f32 {
        smooth_step(-0.8, 0.8, self.depth(at).0)
    }

    /// Limbs are round: skin darkens a little towards their edges.
    fn shade(&self, at: P) -> f32 {
        let (_, aside, _) = self.depth(at);
        1.02 - 0.16 * aside * aside * aside.abs()
    }

    /// Whether a point lies at a height at which its leg is seen bare, so that nothing old is there.
    ///
    /// `firm` asks for bare skin some way up the leg, too: hems slant.
    fn beside_bare_leg(&self, at: P, q: f32, firm: bool) -> bool {
        if q < 1.0 {
            return false;
        }
        let step = ((q - 1.0) * LEG_STEPS as f32) as usize;
        let middle = self.body.hips.x.mul_add(0.5, 0.5 * self.between(q));
        let side = usize::from(at.x > if q < 1.2 { middle } else { self.between(q) });
        let bare = |step: usize| self.bare[side].get(step).copied().unwrap_or(false);
        let above = if firm { 3 } else { 0 };
        step >= above && (step - above..=step).all(bare)
    }

    /// Whether a point lies to the left or the right of torso and hips.
    fn beside_torso(&self, at: P, q: f32) -> bool {
        let section = self.body.section(q.clamp(0.0, 1.2));
        q < 1.4 && (at.x < section.left.x || at.x > section.right.x)
    }

    /// Whether a point lies beside a part of an arm that is seen bare.
    fn beside_bare_arm(&self, at: P) -> bool {
        let mut nearest = (f32::INFINITY, 0, 0);
        for side in 0..2 {
            let arm = self.body.arm(side);
            for step in 0..ARM_STEPS {
                let (bone, _) = arm.at((step as f32 + 0.5) / ARM_STEPS as f32);
                let distance = bone.distance(at);
                if distance < nearest.0 {
                    nearest = (distance, side, step);
                }
            }
        }
        let (_, side, step) = nearest;
        let bare = |step: usize| self.bare_arms[side].get(step).copied().unwrap_or(true);
        // Cuffs slant: right below one the arm may still be covered.
        bare(step) && (step == 0 || bare(step - 1))
    }

    /// Half way between the legs at a height.
    fn between(&self, q: f32) -> f32 {
        let [left, right] = [0, 1].map(|side| self.body.leg_section(side, q).centre().x);
        0.5 * (left + right)
    }

    fn seen_near(&self, at: P) -> bool {
        self.seen[self.depth(at).2]
    }

    /// Whether a point lies where an old sleeve may be.
    fn on_sleeve(&self, at: P) -> bool {
        let q = self.body.height_of(at);
        (0..2).any(|side| {
            let joints = &self.body.sides[side];
            let [upper, lower] = self.body.arm_radius[side];
            let section = self.body.section(q.clamp(0.0, 1.5));
            // Not the torso beside a hanging arm.
            let beside = (at.x - section.centre().x) * joints.sign
                > 0.46 * section.left.distance(section.right);
            beside
                && (to_segment(at, joints.shoulder.at, joints.elbow.at).0 < 1.7 * upper
                    || to_segment(at, joints.elbow.at, joints.wrist.at).0 < 2.2 * lower)
        })
    }

    /// Pixels that surely show bare skin, apart from the face (which is made up or in other light) unless
    /// there is no other.
    fn skin_seen(&self, body: &Body, protected: &Protected) -> Vec<bool> {
        let sure = |index: usize| protected.skin.data[index] > 0.7 && body.mask.data[index] > 0.85;
        let width = body.mask.width;
        let low = body.neck.y - 0.12 * body.torso;
        let mut seen: Vec<bool> = (0..body.mask.data.len())
            .map(|index| sure(index) && (index / width) as f32 > low)
            .collect();
        let enough = (0.004 * body.torso * body.torso) as usize;
        if seen.iter().filter(|&&seen| seen).count() < enough {
            seen = (0..body.mask.data.len()).map(sure).collect();
        }
        seen
    }
}

/// Steps in which an arm is looked at.
const ARM_STEPS: usize = 16;
/// Steps in which a leg is looked at.
const LEG_STEPS: usize = 24;

/// At which heights a leg is bare; how broad it is where it begins to be seen, as a factor of the usual breadth, and how far its middle
/// lies to the right of the bone, in pixels.
fn bare_leg(
    body: &Body,
    protected: &Protected,
    side: usize,
) -> ([bool; LEG_STEPS], Option<(f32, f32)>) {
    let joints = &body.sides[side];
    let bare = |at: P| protected.skin.near(at) > 0.5 && body.mask.near(at) > 0.5;
    let mut found = Vec::new();
    let mut steps_bare = [false; LEG_STEPS];
    for (step, is_bare) in steps_bare.iter_mut().enumerate().skip(6) {
        let share = step as f32 / LEG_STEPS as f32;
        let bone = if share < 0.5 {
            joints.hip.at.mix(joints.knee.at, 2.0 * share)
        } else {
            joints.knee.at.mix(joints.ankle.at, 2.0 * share - 1.0)
        };
        let usual = usual_leg(1.0 + share) * body.torso;
        let edge = |direction: f32| {
            let steps = (1.8 * usual) as i32;
            (0..steps)
                .find(|&step| {
                    (0..3).all(|more| !bare(bone + p(direction * (step + more) as f32, 0.0)))
                })
                .unwrap_or(steps) as f32
        };
        let (left, right) = (edge(-1.0), edge(1.0));
        let half = 0.5 * (left + right);
        if (0.55..1.5).contains(&(half / usual)) {
            found.push((half / usual, 0.5 * (right - left)));
            *is_bare = true;
        }
    }
    if found.len() < 4 {
        return (steps_bare, None);
    }
    // Nearest to the hem.
    found.truncate(5);
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    (steps_bare, Some(found[found.len() / 2]))
}

/// Half the breadth of an adult's bare leg in torso lengths, at a height of 1 (hips) to 2 (ankles).
///
/// From girths of adults (thigh 0.56 m, knee 0.37 m, calf 0.36 m, ankle 0.23 m) over a torso of half a metre.
fn usual_leg(q: f32) -> f32 {
    const POINTS: [(f32, f32); 5] = [
        (1.0, 0.17),
        (1.25, 0.145),
        (1.5, 0.112),
        (1.68, 0.112),
        (2.0, 0.066),
    ];
    for pair in POINTS.windows(2) {
        if let [(low, first), (high, second)] = *pair
            && q <= high
        {
            return mix(first, second, ((q - low) / (high - low)).clamp(0.0, 1.0));
        }
    }
    POINTS[POINTS.len() - 1].1
}
