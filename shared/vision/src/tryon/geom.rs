//! Points, directions and polylines in pixel coordinates (x right, y down).

use std::ops::{Add, Mul, Sub};

/// A point or a direction.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct P {
    pub(crate) x: f32,
    pub(crate) y: f32,
}

/// Shorthand for a point.
pub(crate) const fn p(x: f32, y: f32) -> P {
    P { x, y }
}

impl Add for P {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        p(self.x + other.x, self.y + other.y)
    }
}

impl Sub for P {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        p(self.x - other.x, self.y - other.y)
    }
}

impl Mul<f32> for P {
    type Output = Self;
    fn mul(self, factor: f32) -> Self {
        p(self.x * factor, self.y * factor)
    }
}

impl P {
    pub(crate) fn dot(self, other: Self) -> f32 {
        self.x * other.x + self.y * other.y
    }

    pub(crate) fn length(self) -> f32 {
        self.dot(self).sqrt()
    }

    pub(crate) fn distance(self, other: Self) -> f32 {
        (self - other).length()
    }

    /// The direction; to the right for a point without one.
    pub(crate) fn unit(self) -> Self {
        let length = self.length();
        if length < 1e-6 {
            p(1.0, 0.0)
        } else {
            self * (1.0 / length)
        }
    }

    /// Turned by a quarter: right becomes down.
    pub(crate) fn turned(self) -> Self {
        p(-self.y, self.x)
    }

    pub(crate) fn mix(self, other: Self, share: f32) -> Self {
        self + (other - self) * share
    }
}

/// A number between two.
pub(crate) fn mix(a: f32, b: f32, share: f32) -> f32 {
    a + (b - a) * share
}

/// 0 below `low`, 1 above `high`, smooth between.
pub(crate) fn smooth_step(low: f32, high: f32, x: f32) -> f32 {
    let t = ((x - low) / (high - low)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// Distance from a point to a segment, and how far along the segment the nearest point lies (0–1).
pub(crate) fn to_segment(point: P, a: P, b: P) -> (f32, f32) {
    let along = b - a;
    let t = ((point - a).dot(along) / along.dot(along).max(1e-6)).clamp(0.0, 1.0);
    (point.distance(a.mix(b, t)), t)
}

/// A chain of points, addressed by the fraction of its length.
#[derive(Debug, Clone)]
pub(crate) struct Polyline {
    points: Vec<P>,
    ends: Vec<f32>,
}

impl Polyline {
    /// From at least one point.
    pub(crate) fn new(points: Vec<P>) -> Self {
        let mut length = 0.0;
        let ends = (0..points.len())
            .map(|index| {
                if index > 0 {
                    length += points[index].distance(points[index - 1]);
                }
                length
            })
            .collect();
        Self { points, ends }
    }

    pub(crate) fn length(&self) -> f32 {
        self.ends.last().copied().unwrap_or_default()
    }

    /// The point at a fraction of the length, and the direction there. Fractions below 0 and above 1 go on
    /// straight.
    pub(crate) fn at(&self, fraction: f32) -> (P, P) {
        let Some(first) = self.points.first() else {
            return (P::default(), p(1.0, 0.0));
        };
        if self.points.len() == 1 {
            return (*first, p(1.0, 0.0));
        }
        let wanted = fraction * self.length();
        let last = self.points.len() - 2;
        let index = (0..last)
            .find(|&index| wanted < self.ends[index + 1])
            .unwrap_or(last);
        let (a, b) = (self.points[index], self.points[index + 1]);
        let step = (self.ends[index + 1] - self.ends[index]).max(1e-6);
        (a.mix(b, (wanted - self.ends[index]) / step), (b - a).unit())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_polyline_is_walked_by_length_and_goes_on_straight_beyond_its_ends() {
        let line = Polyline::new(vec![p(0.0, 0.0), p(10.0, 0.0), p(10.0, 30.0)]);
        assert_eq!(line.length(), 40.0);
        assert_eq!(line.at(0.5), (p(10.0, 10.0), p(0.0, 1.0)));
        assert_eq!(line.at(-0.25).0, p(-10.0, 0.0));
        assert_eq!(line.at(1.25).0, p(10.0, 40.0));
    }

    #[test]
    fn a_quarter_turn_takes_right_to_down() {
        assert_eq!(p(1.0, 0.0).turned(), p(-0.0, 1.0));
    }

    #[test]
    fn the_nearest_point_of_a_segment_is_never_beyond_its_ends() {
        assert_eq!(
            to_segment(p(5.0, 3.0), p(0.0, 0.0), p(10.0, 0.0)),
            (3.0, 0.5)
        );
        assert_eq!(
            to_segment(p(-4.0, 3.0), p(0.0, 0.0), p(10.0, 0.0)),
            (5.0, 0.0)
        );
    }
}
