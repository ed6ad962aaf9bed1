//! Bare arms, legs, neck and shoulders: where they are on a body, whatever it wears.

use super::{
    body::Body,
    geom::{P, mix, p, smooth_step, to_segment},
    protect::Protected,
};

/// Bare arms, legs, neck and shoulders: where they are and what of them can be seen.
pub(crate) struct Limbs<'a> {
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
    pub(crate) fn new(body: &'a Body, protected: &Protected) -> Self {
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
            limb(mid, knee_at, (radius(mix(1.0, knee, 0.5)), radius(knee)), 1);
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
    pub(crate) fn cover(&self, at: P) -> f32 {
        smooth_step(-0.8, 0.8, self.depth(at).0)
    }

    /// Limbs are round: skin darkens a little towards their edges.
    pub(crate) fn shade(&self, at: P) -> f32 {
        let (_, aside, _) = self.depth(at);
        1.02 - 0.16 * aside * aside * aside.abs()
    }

    /// Whether a point lies at a height at which its leg is seen bare, so that nothing old is there.
    ///
    /// `firm` asks for bare skin some way up the leg, too: hems slant.
    pub(crate) fn beside_bare_leg(&self, at: P, q: f32, firm: bool) -> bool {
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
    pub(crate) fn beside_torso(&self, at: P, q: f32) -> bool {
        let section = self.body.section(q.clamp(0.0, 1.2));
        q < 1.4 && (at.x < section.left.x || at.x > section.right.x)
    }

    /// Whether a point lies beside a part of an arm that is seen bare.
    pub(crate) fn beside_bare_arm(&self, at: P) -> bool {
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

    pub(crate) fn seen_near(&self, at: P) -> bool {
        self.seen[self.depth(at).2]
    }

    /// Whether a point lies where an old sleeve may be.
    pub(crate) fn on_sleeve(&self, at: P) -> bool {
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
    pub(crate) fn skin_seen(&self, body: &Body, protected: &Protected) -> Vec<bool> {
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

/// Below a skirt or shorts the legs are as broad as what is seen of them lets expect, not as the cloth.
pub(crate) fn slim_legs(body: &mut Body, protected: &Protected) {
    for side in 0..2 {
        let (bare, measured) = bare_leg(body, protected, side);
        if let (Some((breadth, aside)), Some(first)) =
            (measured, bare.iter().position(|&bare| bare))
        {
            let hem = first as f32 / LEG_STEPS as f32;
            body.slim_leg(side, hem, |along| {
                (EASE * breadth * usual_leg(1.0 + along), aside)
            });
        }
    }
}

/// Steps in which an arm is looked at.
const ARM_STEPS: usize = 16;
/// Steps in which a leg is looked at.
const LEG_STEPS: usize = 24;
/// How much broader a leg that cannot be seen may be than what is seen of it lets expect.
const EASE: f32 = 1.08;

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
    // Nearest to the hem, where made-up skin joins it.
    found.truncate(3);
    let middle = |mut values: Vec<f32>| {
        values.sort_by(f32::total_cmp);
        values[values.len() / 2]
    };
    let breadth = middle(found.iter().map(|found| found.0).collect());
    let aside = middle(found.iter().map(|found| found.1).collect());
    (steps_bare, Some((breadth, aside)))
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
