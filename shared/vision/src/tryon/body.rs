//! The measures of a body that garments are fitted to.

use super::{
    TryOnError,
    geom::{P, Polyline, mix, p, smooth_step, to_segment},
    plane::Plane,
    pose::{Joint, Pose},
};

/// What must be seen of the body for a garment to be placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    /// Shoulders and hips.
    Torso,
    /// Hips, knees and ankles.
    Legs,
    /// Ankles and toes.
    Feet,
    /// The face.
    Head,
}

/// Below this a joint counts as not visible.
const VISIBLE: f32 = 0.5;

/// The least certainty of the landmark model that there is a person. People who stand get more than 0.99, clothes
/// without anybody in them rarely.
const PERSON: f32 = 0.99;

/// One arm and one leg.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Side {
    /// −1 on the picture's left, 1 on its right.
    pub(crate) sign: f32,
    pub(crate) shoulder: Joint,
    pub(crate) elbow: Joint,
    pub(crate) wrist: Joint,
    pub(crate) pinky: Joint,
    pub(crate) index: Joint,
    pub(crate) thumb: Joint,
    pub(crate) hip: Joint,
    pub(crate) knee: Joint,
    pub(crate) ankle: Joint,
    pub(crate) toe: Joint,
    pub(crate) ear: Joint,
    pub(crate) eye: Joint,
}

/// A line across the body, from its left to its right edge in the picture.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Section {
    pub(crate) left: P,
    pub(crate) right: P,
}

impl Section {
    pub(crate) fn centre(self) -> P {
        self.left.mix(self.right, 0.5)
    }
}

/// How many sections the outline of torso and legs is sampled at, per unit of its coordinate.
const STEPS: usize = 24;

/// A person facing the camera, measured.
///
/// Heights on the body are given by one coordinate `q`: 0 at the shoulders, 1 at the hips, 2 at the ankles.
#[derive(Debug, Clone)]
pub(crate) struct Body {
    pub(crate) mask: Plane,
    /// The picture's left side first.
    pub(crate) sides: [Side; 2],
    pub(crate) nose: Joint,
    pub(crate) mouth: P,
    /// Between the shoulders.
    pub(crate) neck: P,
    /// Between the hips.
    pub(crate) hips: P,
    /// From neck to hips, in pixels: the unit that all proportions are given in.
    pub(crate) torso: f32,
    /// From hips over the knees to the ankles, in pixels.
    pub(crate) leg: f32,
    /// Half the breadth of each upper arm and each forearm, in pixels; left side first.
    pub(crate) arm_radius: [[f32; 2]; 2],
    /// How far the middle of each upper arm and forearm lies beside its bone, along the bone's direction
    /// turned by a quarter, in pixels.
    pub(crate) arm_offset: [[f32; 2]; 2],
    presence: f32,
    outline: Vec<Section>,
    legs: [Vec<Section>; 2],
}

impl Body {
    /// Measures a pose.
    ///
    /// # Errors
    /// [`TryOnError`] if the person cannot be seen well enough or does not face the camera.
    pub(crate) fn measure(pose: Pose) -> Result<Self, TryOnError> {
        let joint = |index: usize| pose.joints[index];
        // The model numbers the person's left side odd and right side even. Who faces the camera has the
        // right side on the picture's left.
        let side = |right: usize, sign: f32| Side {
            sign,
            shoulder: joint(11 + right),
            elbow: joint(13 + right),
            wrist: joint(15 + right),
            pinky: joint(17 + right),
            index: joint(19 + right),
            thumb: joint(21 + right),
            hip: joint(23 + right),
            knee: joint(25 + right),
            ankle: joint(27 + right),
            toe: joint(31 + right),
            ear: joint(7 + right),
            eye: joint(2 + 3 * right),
        };
        let sides = [side(1, -1.0), side(0, 1.0)];
        let neck = sides[0].shoulder.at.mix(sides[1].shoulder.at, 0.5);
        let hips = sides[0].hip.at.mix(sides[1].hip.at, 0.5);
        let torso = neck.distance(hips);
        let leg = sides
            .iter()
            .map(|side| side.hip.at.distance(side.knee.at) + side.knee.at.distance(side.ankle.at))
            .sum::<f32>()
            / 2.0;
        let mut body = Self {
            nose: joint(0),
            mouth: joint(9).at.mix(joint(10).at, 0.5),
            sides,
            neck,
            hips,
            torso,
            leg,
            arm_radius: [[0.0; 2]; 2],
            arm_offset: [[0.0; 2]; 2],
            presence: pose.presence,
            mask: pose.mask,
            outline: Vec::new(),
            legs: [Vec::new(), Vec::new()],
        };
        for needs in [Needs::Torso, Needs::Head] {
            body.require(needs)?;
        }
        let smallest = 0.04 * body.mask.height.max(body.mask.width) as f32;
        if !torso.is_finite() || torso < smallest.max(16.0) {
            return Err(TryOnError::BodyNotVisible);
        }
        if body.frontal() < 0.4 {
            return Err(TryOnError::TurnedAway);
        }
        // Somebody lying down or bent over cannot be dressed by these measures.
        let down = (hips - neck).unit();
        if down.y < 0.85 {
            return Err(TryOnError::NotUpright);
        }
        if !body.is_person() {
            return Err(TryOnError::BodyNotVisible);
        }
        for index in 0..2 {
            let [upper, lower] = body.measure_arm(index);
            body.arm_radius[index] = [upper.0, lower.0];
            body.arm_offset[index] = [upper.1, lower.1];
        }
        body.measure_outline();
        Ok(body)
    }

    /// How far the person faces the camera: about 0.8 from the front or the back, 0 from the side; negative
    /// from behind.
    pub(crate) fn frontal(&self) -> f32 {
        (self.sides[1].shoulder.at.x - self.sides[0].shoulder.at.x) / self.torso.max(1.0)
    }

    /// # Errors
    /// [`TryOnError::BodyNotVisible`] if a joint in need is hidden or outside of the photo.
    pub(crate) fn require(&self, needs: Needs) -> Result<(), TryOnError> {
        if self.joints(needs).iter().all(|joint| self.shows(joint)) {
            Ok(())
        } else {
            Err(TryOnError::BodyNotVisible)
        }
    }

    /// Whether it is a person at all: clothes laid out flat or hung on a wall are sometimes taken for one.
    fn is_person(&self) -> bool {
        let eyes = self.sides[0].eye.at.distance(self.sides[1].eye.at);
        let shoulders = self.sides[0]
            .shoulder
            .at
            .distance(self.sides[1].shoulder.at);
        let head = (self.nose.at - self.neck).dot(self.up());
        self.presence >= PERSON
            && self.mask_around(self.nose.at, 0.12 * self.torso) >= 0.5
            && head > 0.2 * self.torso
            && eyes < 0.2 * self.torso
            && shoulders < 1.1 * self.torso
    }

    /// The mean of the mask in a square around a point.
    fn mask_around(&self, at: P, half: f32) -> f32 {
        let steps = 6;
        let offset = |step: i32| half * step as f32 / steps as f32;
        let mut sum = 0.0;
        for y in -steps..=steps {
            for x in -steps..=steps {
                sum += self.mask.near(at + p(offset(x), offset(y)));
            }
        }
        sum / ((2 * steps + 1) * (2 * steps + 1)) as f32
    }

    fn shows(&self, joint: &Joint) -> bool {
        let (width, height) = (self.mask.width as f32, self.mask.height as f32);
        // Half a hand's breadth of tolerance at the edges.
        let slack = 0.02 * width.max(height);
        joint.visibility >= VISIBLE
            && (-slack..width + slack).contains(&joint.at.x)
            && (-slack..height + slack).contains(&joint.at.y)
    }

    /// The joints that a kind of garment hangs on.
    fn joints(&self, needs: Needs) -> Vec<Joint> {
        self.sides
            .iter()
            .flat_map(|side| match needs {
                Needs::Torso => vec![side.shoulder, side.hip],
                Needs::Legs => vec![side.hip, side.knee, side.ankle],
                Needs::Feet => vec![side.ankle, side.toe],
                Needs::Head => vec![side.eye, self.nose],
            })
            .collect()
    }

    /// How well the joints in need can be seen, 0–1.
    pub(crate) fn visibility(&self, needs: Needs) -> f32 {
        let joints = self.joints(needs);
        let mean =
            joints.iter().map(|joint| joint.visibility).sum::<f32>() / joints.len().max(1) as f32;
        let least = joints
            .iter()
            .map(|joint| joint.visibility)
            .fold(1.0, f32::min);
        0.5 * (mean + least)
    }

    /// How far the torso is free of hands and crossed arms, which would have to lie over what is worn there: 1 if
    /// both wrists are beside or below it.
    pub(crate) fn free_of_arms(&self) -> f32 {
        self.sides
            .iter()
            .map(|side| {
                let q = self.height_of(side.wrist.at);
                if !(0.1..0.95).contains(&q) {
                    return 1.0;
                }
                let section = self.section(q);
                let half = 0.5 * section.left.distance(section.right);
                let off = side.wrist.at.distance(section.centre()) / half.max(1.0);
                mix(0.65, 1.0, smooth_step(0.5, 1.0, off))
            })
            .product()
    }

    /// How surely there is a person, 0–1.
    pub(crate) fn presence(&self) -> f32 {
        self.presence
    }

    /// Upwards along the torso.
    pub(crate) fn up(&self) -> P {
        (self.neck - self.hips).unit()
    }

    /// From the picture's left shoulder towards its right one.
    pub(crate) fn across(&self) -> P {
        (self.sides[1].shoulder.at - self.sides[0].shoulder.at).unit()
    }

    /// From the eyes down to the mouth: middle of the eyes and the way to the mouth.
    pub(crate) fn face(&self) -> (P, P) {
        let eyes = self.sides[0].eye.at.mix(self.sides[1].eye.at, 0.5);
        (eyes, self.mouth - eyes)
    }

    /// How far the shoulder's outline lies from its joint along a direction, in pixels.
    pub(crate) fn shoulder_depth(&self, side: usize, direction: P) -> f32 {
        let depth = self.reach(self.sides[side].shoulder.at, direction, 0.17 * self.torso);
        depth.clamp(0.05 * self.torso, 0.14 * self.torso)
    }

    /// The arm's bones from the shoulder over the elbow to the wrist.
    pub(crate) fn arm(&self, side: usize) -> Polyline {
        let side = &self.sides[side];
        Polyline::new(vec![side.shoulder.at, side.elbow.at, side.wrist.at])
    }

    /// The distance below the shoulders, along torso and legs, as a height `q`.
    pub(crate) fn height_at(&self, distance: f32) -> f32 {
        if distance <= self.torso {
            distance / self.torso
        } else {
            1.0 + (distance - self.torso) / self.leg.max(1.0)
        }
    }

    /// The height `q` of a point.
    pub(crate) fn height_of(&self, at: P) -> f32 {
        let distance = (self.neck - at).dot(self.up());
        if distance <= self.torso {
            distance / self.torso
        } else {
            // Legs are followed straight down: whoever stands upright has them below the hips.
            1.0 + (at.y - self.hips.y).max(0.0) / self.leg.max(1.0)
        }
    }

    /// The body's outermost edges at a height, arms excluded.
    pub(crate) fn section(&self, q: f32) -> Section {
        lookup(&self.outline, q)
    }

    /// One leg's edges at a height of 1 (hips) to 2 (ankles); the left leg is the picture's left one.
    pub(crate) fn leg_section(&self, side: usize, q: f32) -> Section {
        lookup(&self.legs[side], q - 1.0)
    }

    fn inside(&self, point: P) -> bool {
        self.mask.near(point) >= 0.5
    }

    /// How far the mask reaches from a point along a direction, at most `limit`. Gaps of a few pixels do not
    /// count.
    pub(crate) fn reach(&self, from: P, direction: P, limit: f32) -> f32 {
        let gap = (0.02 * self.torso).max(2.0);
        let (mut reached, mut at) = (0.0, 0.0);
        while at <= limit && at - reached <= gap {
            if self.inside(from + direction * at) {
                reached = at;
            }
            at += 0.5;
        }
        reached
    }

    /// Half the breadth and the offset of the upper arm and the forearm.
    fn measure_arm(&self, side: usize) -> [(f32, f32); 2] {
        let joints = &self.sides[side];
        let breadth = |a: P, b: P, least: f32, most: f32| {
            let across = (b - a).unit().turned();
            let (least, most) = (least * self.torso, most * self.torso);
            let middle = |mut values: Vec<f32>| {
                values.sort_by(f32::total_cmp);
                values[values.len() / 2]
            };
            let reach = |direction: P| {
                middle(
                    [0.4, 0.5, 0.6, 0.7, 0.8]
                        .map(|share| self.reach(a.mix(b, share), direction, 2.0 * most))
                        .to_vec(),
                )
            };
            let (one, other) = (reach(across), reach(across * -1.0));
            // Where the arm lies against the body, only its free edge tells.
            if one.max(other) > 1.5 * most {
                return (one.min(other).clamp(least, most), 0.0);
            }
            let half = (0.5 * (one + other)).clamp(least, most);
            (half, (0.5 * (one - other)).clamp(-0.6 * half, 0.6 * half))
        };
        [
            breadth(joints.shoulder.at, joints.elbow.at, 0.07, 0.14),
            breadth(joints.elbow.at, joints.wrist.at, 0.05, 0.11),
        ]
    }

    /// Distance from the spine, on one side, at which an arm that hangs beside the body begins.
    fn arm_limit(&self, side: usize, from: P, direction: P) -> f32 {
        let joints = &self.sides[side];
        let radius = self.arm_radius[side];
        let hand = joints.index.at.mix(joints.pinky.at, 0.5);
        let hand = hand + (hand - joints.wrist.at) * 0.6;
        let mut nearest = f32::INFINITY;
        for (a, b, radius) in [
            (joints.shoulder.at, joints.elbow.at, radius[0]),
            (joints.elbow.at, joints.wrist.at, radius[1]),
            (joints.wrist.at, hand, radius[1] * 1.2),
        ] {
            // Where the ray crosses the bone.
            let normal = direction.turned();
            let (ha, hb) = ((a - from).dot(normal), (b - from).dot(normal));
            if ha * hb > 0.0 || (ha - hb).abs() < 1e-3 {
                continue;
            }
            let crossing = a.mix(b, ha / (ha - hb));
            let along = (crossing - from).dot(direction);
            if along > 0.0 {
                // A slanting limb takes more of the ray.
                let slant = (b - a).unit().dot(normal).abs().max(0.3);
                nearest = nearest.min(along - radius / slant);
            }
        }
        nearest
    }

    fn measure_outline(&mut self) {
        let across_hips = (self.sides[1].hip.at - self.sides[0].hip.at).unit();
        let shoulders = self.sides[0]
            .shoulder
            .at
            .distance(self.sides[1].shoulder.at);
        // A turned body is narrower in the picture than its length tells.
        let half = (0.5 * shoulders).max(0.28 * self.torso);
        let mut outline = Vec::new();
        for step in 0..STEPS {
            let q = step as f32 / STEPS as f32;
            let centre = self.neck.mix(self.hips, q);
            let across = self.across().mix(across_hips, q).unit();
            let most = half * mix(1.05, 1.35, q);
            let least = half * 0.68;
            let edge = |side: usize| {
                let direction = across * self.sides[side].sign;
                let arm = self.arm_limit(side, centre, direction);
                let limit = if arm > least { most.min(arm) } else { most };
                centre + direction * self.reach(centre, direction, limit).max(least)
            };
            outline.push(Section {
                left: edge(0),
                right: edge(1),
            });
        }
        for index in 0..2 {
            self.legs[index] = (0..=STEPS)
                .map(|step| self.leg_edges(index, step as f32 / STEPS as f32))
                .collect();
        }
        for index in 0..2 {
            smooth(&mut self.legs[index], 1);
        }
        for step in 0..=STEPS {
            let (left, right) = (self.legs[0][step], self.legs[1][step]);
            let mut section = Section {
                left: left.left,
                right: right.right,
            };
            if step * 6 < STEPS {
                // Around the hips the torso's direction still counts: no step in the outline.
                let torso = outline.last().copied().unwrap_or(section);
                let share = (step * 6) as f32 / STEPS as f32;
                let shift = self.bone(0, 0.0).mix(self.bone(1, 0.0), 0.5);
                let now = self
                    .bone(0, step as f32 / STEPS as f32)
                    .mix(self.bone(1, step as f32 / STEPS as f32), 0.5);
                let down = now - shift;
                section = Section {
                    left: (torso.left + down).mix(section.left, share),
                    right: (torso.right + down).mix(section.right, share),
                };
            }
            outline.push(section);
        }
        smooth(&mut outline, 2);
        self.outline = outline;
    }

    /// A point on a leg's bones: 0 at the hip, 1 at the ankle.
    fn bone(&self, side: usize, along: f32) -> P {
        let side = &self.sides[side];
        let thigh = side.hip.at.distance(side.knee.at);
        let share = thigh / (thigh + side.knee.at.distance(side.ankle.at)).max(1.0);
        if along < share {
            side.hip.at.mix(side.knee.at, along / share.max(1e-3))
        } else {
            side.knee
                .at
                .mix(side.ankle.at, (along - share) / (1.0 - share).max(1e-3))
        }
    }

    fn leg_edges(&self, index: usize, along: f32) -> Section {
        let here = self.bone(index, along);
        let other = self.bone(1 - index, along);
        let outward = p(self.sides[index].sign, 0.0);
        let arm = self.arm_limit(index, here, outward);
        let least = self.torso * mix(0.13, 0.07, along);
        let most = self.torso * mix(0.36, 0.2, along);
        let limit = if arm > least { most.min(arm) } else { most };
        let outer = self.reach(here, outward, limit).max(least);
        let middle = ((other.x - here.x) * -outward.x).abs() * 0.5;
        let inner = self
            .reach(here, outward * -1.0, middle.min(most))
            .max(least.min(middle));
        let (outer, inner) = (here + outward * outer, here - outward * inner);
        if index == 0 {
            Section {
                left: outer,
                right: inner,
            }
        } else {
            Section {
                left: inner,
                right: outer,
            }
        }
    }

    /// Makes a leg's edges no broader than they are expected to be, from the hips (0) to a hem. `expected` gives
    /// half the breadth in torso lengths and how far the middle lies to the right of the bone, in pixels.
    pub(crate) fn slim_leg(&mut self, side: usize, hem: f32, expected: impl Fn(f32) -> (f32, f32)) {
        for step in 0..=STEPS {
            let along = step as f32 / STEPS as f32;
            if along > hem {
                break;
            }
            let (half, aside) = expected(along);
            let middle = self.bone(side, along).x + aside;
            let half = half * self.torso;
            if let Some(section) = self.legs[side].get_mut(step) {
                section.left.x = section.left.x.max(middle - half);
                section.right.x = section.right.x.min(middle + half);
            }
        }
    }

    /// Whether a point lies on a forearm or hand.
    pub(crate) fn on_forearm(&self, side: usize, point: P) -> bool {
        let joints = &self.sides[side];
        let radius = self.arm_radius[side][1];
        let start = joints.shoulder.at.mix(joints.elbow.at, 0.85);
        to_segment(point, start, joints.elbow.at).0 < radius * 1.5
            || to_segment(point, joints.elbow.at, joints.wrist.at).0 < radius * 1.5
            || self.on_hand(side, point)
    }

    /// Whether a point lies on a hand.
    pub(crate) fn on_hand(&self, side: usize, point: P) -> bool {
        let joints = &self.sides[side];
        let knuckles = joints.index.at.mix(joints.pinky.at, 0.5);
        let size = knuckles
            .distance(joints.wrist.at)
            .clamp(0.1 * self.torso, 0.3 * self.torso);
        let tips = knuckles + (knuckles - joints.wrist.at).unit() * (0.9 * size);
        let thumb = joints.thumb.at + (joints.thumb.at - joints.wrist.at) * 0.4;
        // From a little below the wrist on, so that cuffs can cover the wrist itself.
        let start = joints.wrist.at.mix(knuckles, 0.15);
        to_segment(point, start, knuckles).0 < 0.62 * size
            || to_segment(point, knuckles, tips).0 < 0.8 * size
            || to_segment(point, start, thumb).0 < 0.35 * size
    }
}

fn lookup(sections: &[Section], q: f32) -> Section {
    let last = sections.len().saturating_sub(2);
    let at = (q * STEPS as f32).clamp(0.0, (sections.len().saturating_sub(1)) as f32);
    let index = (at as usize).min(last);
    let (a, b) = (
        sections[index],
        sections[(index + 1).min(sections.len() - 1)],
    );
    let share = at - index as f32;
    Section {
        left: a.left.mix(b.left, share),
        right: a.right.mix(b.right, share),
    }
}

/// Evens out the edges: each becomes the mean of its neighbours up to `reach` away.
fn smooth(sections: &mut [Section], reach: usize) {
    let before = sections.to_vec();
    for (index, section) in sections.iter_mut().enumerate() {
        let reach = reach.min(index).min(before.len() - 1 - index);
        let near = &before[index - reach..=index + reach];
        let mean = |edge: fn(&Section) -> P| {
            near.iter()
                .map(edge)
                .fold(P::default(), |sum, point| sum + point)
                * (1.0 / near.len() as f32)
        };
        *section = Section {
            left: mean(|section| section.left),
            right: mean(|section| section.right),
        };
    }
}
