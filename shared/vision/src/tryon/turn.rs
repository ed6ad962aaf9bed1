//! Pictures of the person turned slightly, made by moving what is nearer to the camera further.
//!
//! A point at `x` from the body's axis and `z` in front of it moves to `x cos a + z sin a` when the body turns
//! by the angle `a`. How far the body bulges towards the camera is not in the photo; it is taken to be
//! as deep as it is far from the silhouette, up to the depth of a chest. Around the silhouette the
//! movement fades out, so that the background is neither torn nor uncovered.

use image::{Rgb, RgbImage};

use super::{
    body::Body,
    geom::{P, mix, p},
    plane::{Mask, Plane},
};

/// How far the person turns, in degrees.
const ANGLE: f32 = 11.0;
/// How deep a body is from its silhouette to its front, in torso lengths.
const DEPTH: f32 = 0.26;
/// How far beyond the silhouette the movement fades out, in torso lengths.
const FADE: f32 = 0.3;

/// The picture with the person turned to the picture's left and to its right. `person` says how surely each
/// pixel shows the person or what they wear.
pub(crate) fn turns(image: &RgbImage, person: &Plane, body: &Body) -> Vec<RgbImage> {
    let mask = Mask::of(person, 0.5);
    let depth = depth(&mask, body.torso);
    let fade: Vec<f32> = mask
        .distance_to()
        .into_iter()
        .map(|distance| (1.0 - distance / (FADE * body.torso)).max(0.0))
        .collect();
    [-ANGLE, ANGLE]
        .map(|angle| {
            let (sin, cos) = angle.to_radians().sin_cos();
            let shift = Plane::from_fn(person.width, person.height, |x, y| {
                let index = y * person.width + x;
                let aside = x as f32 + 0.5 - axis(body, y as f32 + 0.5);
                fade[index] * (aside * (cos - 1.0) + depth.data[index] * sin)
            });
            moved(image, &shift)
        })
        .into()
}

/// The body's axis at a height: through neck and hips, and straight down between the ankles.
fn axis(body: &Body, y: f32) -> f32 {
    let feet = body.sides[0].ankle.at.mix(body.sides[1].ankle.at, 0.5);
    let feet = if feet.y > body.hips.y + body.torso {
        feet
    } else {
        p(body.hips.x, body.hips.y + body.torso)
    };
    let along = |a: P, b: P| {
        let share = (y - a.y) / (b.y - a.y).max(1.0);
        mix(a.x, b.x, share.clamp(0.0, 1.0))
    };
    if y < body.hips.y {
        along(body.neck, body.hips)
    } else {
        along(body.hips, feet)
    }
}

/// How far each pixel of the person bulges towards the camera, in pixels.
fn depth(mask: &Mask, torso: f32) -> Plane {
    let outside = Mask {
        data: mask.data.iter().map(|set| !set).collect(),
        ..*mask
    };
    let most = DEPTH * torso;
    let data = outside
        .distance_to()
        .into_iter()
        .map(|distance| {
            let share = (distance / most).min(1.0);
            most * (share * std::f32::consts::FRAC_PI_2).sin()
        })
        .collect();
    Plane {
        width: mask.width,
        height: mask.height,
        data,
    }
    .blurred((0.035 * torso).round().max(1.0) as usize)
}

/// The image with each pixel moved sideways.
fn moved(image: &RgbImage, shift: &Plane) -> RgbImage {
    RgbImage::from_fn(image.width(), image.height(), |x, y| {
        // The pixel that came here: its own shift brings it to x. The shift varies slowly, so that a few
        // steps find it.
        let at = |from: f32| shift.sample(p(from + 0.5, y as f32 + 0.5));
        let mut from = x as f32;
        for _ in 0..4 {
            from = x as f32 - at(from);
        }
        if (from - x as f32).abs() < 0.02 {
            return *image.get_pixel(x, y);
        }
        cubic(image, from, y)
    })
}

/// A colour between pixels of a row (Catmull-Rom); edges repeat.
fn cubic(image: &RgbImage, x: f32, y: u32) -> Rgb<u8> {
    let first = x.floor();
    let t = x - first;
    let weights = [
        ((-0.5 * t + 1.0) * t - 0.5) * t,
        (1.5 * t - 2.5) * t * t + 1.0,
        ((-1.5 * t + 2.0) * t + 0.5) * t,
        (0.5 * t - 0.5) * t * t,
    ];
    let mut sum = [0.0_f32; 3];
    for (offset, weight) in (-1_i32..).zip(weights) {
        let column = (first as i32 + offset).clamp(0, image.width() as i32 - 1);
        for (sum, value) in sum.iter_mut().zip(image.get_pixel(column as u32, y).0) {
            *sum += weight * f32::from(value);
        }
    }
    Rgb(sum.map(|value| value.round().clamp(0.0, 255.0) as u8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_nowhere_stays_bit_for_bit_and_the_rest_moves_as_far_as_told() {
        let image = RgbImage::from_fn(40, 3, |x, y| Rgb([(x * 6) as u8, (y * 40) as u8, 7]));
        let still = moved(&image, &Plane::new(40, 3));
        assert_eq!(still, image);
        let three = moved(&image, &Plane::from_fn(40, 3, |_, _| 3.0));
        assert_eq!(three.get_pixel(20, 1), image.get_pixel(17, 1));
        assert_eq!(three.get_pixel(0, 1), image.get_pixel(0, 1), "edges repeat");
    }

    #[test]
    fn a_body_is_deepest_in_its_middle_and_flat_outside() {
        let mask = Mask {
            width: 100,
            height: 100,
            data: (0..10_000)
                .map(|index| (30..70).contains(&(index % 100)))
                .collect(),
        };
        let depth = depth(&mask, 100.0);
        assert!(depth.get(50, 50) > depth.get(38, 50));
        assert!(depth.get(38, 50) > depth.get(31, 50));
        assert!(depth.get(10, 50) < 0.5);
    }
}
