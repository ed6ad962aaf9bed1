//! Feet in a photo: where they point, how long and how broad they are, with what is worn on them.

use super::{
    body::Body,
    geom::{P, mix, p, smooth_step, to_segment},
};

/// How far from its bones a foot's outline lies at most, in torso lengths.
const BREADTH: f32 = 0.15;
/// Half the breadth of an ankle, in torso lengths: 0.23 m of girth over a torso of half a metre, a little more for
/// what is worn on it.
const ANKLE: f32 = 0.085;

/// One foot.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Foot {
    pub(crate) ankle: P,
    /// From the ankle to the tip.
    pub(crate) axis: P,
    /// Down the leg.
    pub(crate) down: P,
    /// From the ankle to the tip, in pixels.
    pub(crate) length: f32,
    /// Half its breadth, in pixels.
    pub(crate) half: f32,
    /// How far its middle lies beside the axis, to the side that the axis turned by a quarter points to.
    pub(crate) aside: f32,
    /// Half the ankle's breadth, in pixels.
    leg: f32,
    knee: P,
}

impl Foot {
    /// Measures a foot by the person's outline. `None` if it is too short in the picture to tell where it points.
    pub(crate) fn measure(body: &Body, side: usize) -> Option<Self> {
        let joints = &body.sides[side];
        let (ankle, toe) = (joints.ankle.at, joints.toe.at);
        let rough = toe - ankle;
        if rough.length() < 0.03 * body.torso {
            return None;
        }
        let other = &body.sides[1 - side];
        let outline = foot_pixels(body, ankle, toe, other.ankle.at, other.toe.at);
        // The tip is what lies furthest towards the toes.
        let tip = outline
            .iter()
            .copied()
            .filter(|&at| (at - ankle).unit().dot(rough.unit()) > 0.8)
            .max_by(|a, b| a.distance(ankle).total_cmp(&b.distance(ankle)))
            .filter(|tip| tip.distance(ankle) > rough.length())
            .unwrap_or(toe + rough.unit() * (0.06 * body.torso));
        let axis = (tip - ankle).unit();
        let length = tip.distance(ankle).min(0.5 * body.torso);
        let across = axis.turned();
        let mut sides: Vec<f32> = outline
            .iter()
            .filter(|&&at| (0.5 * length..0.85 * length).contains(&(at - ankle).dot(axis)))
            .map(|&at| (at - ankle).dot(across))
            .collect();
        sides.sort_by(f32::total_cmp);
        let at = |share: f32| {
            let index = (share * sides.len() as f32) as usize;
            sides.get(index.min(sides.len().saturating_sub(1))).copied()
        };
        let (low, high) = (at(0.02).unwrap_or(0.0), at(0.98).unwrap_or(0.0));
        Some(Self {
            ankle,
            axis,
            down: (ankle - joints.knee.at).unit(),
            length,
            half: (0.5 * (high - low)).clamp(0.07 * body.torso, 0.13 * body.torso),
            aside: (0.5 * (high + low)).clamp(-0.06 * body.torso, 0.06 * body.torso),
            leg: ANKLE * body.torso,
            knee: joints.knee.at,
        })
    }

    /// Whether a point lies on the foot.
    pub(crate) fn holds(&self, at: P) -> bool {
        let along = (at - self.ankle).dot(self.axis);
        along > 0.1 * self.length && to_segment(at, self.ankle, self.tip()).0 < 1.9 * self.half
    }

    /// The foremost point.
    pub(crate) fn tip(&self) -> P {
        self.ankle + self.axis * self.length
    }

    /// How much of a pixel is the leg, which stands in front of a shoe's opening: 1 down to the ankle, less on the
    /// instep.
    pub(crate) fn leg(&self, at: P) -> f32 {
        let end = self.ankle + self.axis * (0.12 * self.length);
        let start = self.ankle.mix(self.knee, 0.5);
        let (distance, share) = to_segment(at, start, end);
        let radius = mix(1.3, 1.0, share) * self.leg;
        1.0 - smooth_step(radius - 1.0, radius + 1.0, distance)
    }
}

/// The person's pixels around a foot that are not nearer to the other.
fn foot_pixels(body: &Body, ankle: P, toe: P, other_ankle: P, other_toe: P) -> Vec<P> {
    let reach = BREADTH * body.torso;
    let end = toe + (toe - ankle).unit() * reach;
    let (left, right) = (ankle.x.min(end.x) - reach, ankle.x.max(end.x) + reach);
    let (top, bottom) = (ankle.y.min(end.y), ankle.y.max(end.y) + reach);
    let range = |low: f32, high: f32, size: usize| {
        low.clamp(0.0, size as f32) as usize..high.clamp(0.0, size as f32) as usize
    };
    let mut pixels = Vec::new();
    for y in range(top, bottom, body.mask.height) {
        for x in range(left, right, body.mask.width) {
            let at = p(x as f32 + 0.5, y as f32 + 0.5);
            let own = to_segment(at, ankle, end).0;
            if own < reach
                && own < to_segment(at, other_ankle, other_toe).0
                && body.mask.near(at) > 0.5
            {
                pixels.push(at);
            }
        }
    }
    pixels
}
