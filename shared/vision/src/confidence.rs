//! How far a cutout can be trusted.

use crate::{lost, plane::Plane, region::Scene, specks::Parts};

/// What a cutout is judged by, each 0–1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Evidence {
    /// How decided the network was about what is garment now.
    pub(crate) decided: f32,
    /// How far what stood out and what is garment now are the same: intersection over union.
    pub(crate) agreement: f32,
    /// The two largest parts' share of the garment.
    pub(crate) whole: f32,
    /// The part of the photo's rim that the garment touches.
    pub(crate) border: f32,
    /// How far the network found the same in the photo's mirror image.
    pub(crate) views: f32,
    /// How much longer its outline is than that of the smoothed garment.
    pub(crate) ragged: f32,
    /// How much of it seems to have been lost, as a part of what was found.
    pub(crate) lost: f32,
}

impl Evidence {
    /// Of a division of a scene in which things stood out as `prior` says, to the network the same in a
    /// mirror as far as `views` says.
    pub(crate) fn gather(scene: &Scene, prior: &Plane, inside: &[bool], views: f32) -> Self {
        let (width, height) = (prior.width, prior.height);
        let (mut decided, mut looked, mut both, mut either) = (0.0_f32, 0.0_f32, 0.0, 0.0);
        for (p, inside) in prior.data.iter().zip(inside) {
            if *inside || *p > 0.1 {
                decided += (2.0 * p - 1.0).abs();
                looked += 1.0;
            }
            both += f32::from(u8::from(*inside && *p > 0.5));
            either += f32::from(u8::from(*inside || *p > 0.5));
        }
        let mut sizes = Parts::find(inside, width, true).sizes;
        sizes.sort_unstable_by(|one, two| two.cmp(one));
        let area: usize = sizes.iter().sum();
        let two: usize = sizes.iter().take(2).sum();
        let rim = (0..inside.len())
            .filter(|at| {
                let (x, y) = (at % width, at / width);
                x == 0 || y == 0 || x + 1 == width || y + 1 == height
            })
            .filter(|at| inside[*at])
            .count();
        let share = |part: f32, of: f32| if of > 0.0 { part / of } else { 0.0 };
        let smooth = Plane {
            width,
            height,
            data: inside
                .iter()
                .map(|inside| f32::from(u8::from(*inside)))
                .collect(),
        }
        .box_blur(2);
        let smooth: Vec<bool> = smooth.data.iter().map(|value| *value > 0.5).collect();
        let (own, plain) = (outline(inside, width), outline(&smooth, width));
        Self {
            decided: share(decided, looked),
            agreement: share(both, either),
            whole: share(two as f32, area as f32),
            border: share(rim as f32, 2.0 * (width + height) as f32),
            views,
            ragged: (share(own as f32, plain as f32) - 1.0).clamp(0.0, 1.0),
            lost: lost::share(scene, inside),
        }
    }

    /// All of it in one number.
    pub(crate) fn confidence(&self) -> f32 {
        let fall = |value: f32, bad: f32, good: f32| ((value - bad) / (good - bad)).clamp(0.0, 1.0);
        let mix = |least: f32, value: f32| least + (1.0 - least) * value;
        mix(0.1, fall(self.decided, 0.5, 0.95))
            * mix(0.3, fall(self.agreement, 0.6, 0.97))
            * mix(0.5, fall(self.whole, 0.8, 1.0))
            * mix(0.4, fall(self.views, 0.6, 0.93))
            * mix(0.5, fall(self.border, 0.45, 0.1))
            * mix(0.5, fall(self.ragged, 0.35, 0.08))
            * mix(0.35, fall(self.lost, 0.05, 0.01))
    }
}

/// The number of neighbouring pairs with one inside.
fn outline(inside: &[bool], width: usize) -> usize {
    (0..inside.len())
        .map(|at| {
            let right = at % width + 1 < width && inside[at] != inside[at + 1];
            let below = inside
                .get(at + width)
                .is_some_and(|below| *below != inside[at]);
            usize::from(right) + usize::from(below)
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};

    use super::*;

    fn confidence(prior: impl Fn(usize, usize) -> f32) -> f32 {
        seen_twice(prior, 1.0)
    }

    fn seen_twice(prior: impl Fn(usize, usize) -> f32, views: f32) -> f32 {
        let prior = Plane::from_fn(100, 100, prior);
        let inside: Vec<bool> = prior.data.iter().map(|p| *p > 0.5).collect();
        // A dark garment on a light floor, all of it.
        let scene = Scene::new(&RgbImage::from_fn(100, 100, |x, y| {
            Rgb([if inside[(y * 100 + x) as usize] {
                40
            } else {
                210
            }; 3])
        }));
        Evidence::gather(&scene, &prior, &inside, views).confidence()
    }

    fn square(x: usize, y: usize, left: usize, top: usize, side: usize) -> bool {
        (left..left + side).contains(&x) && (top..top + side).contains(&y)
    }

    fn sure(inside: bool) -> f32 {
        if inside { 0.99 } else { 0.01 }
    }

    #[test]
    fn a_sure_cutout_in_one_piece_is_trusted() {
        assert!(confidence(|x, y| sure(square(x, y, 20, 20, 60))) > 0.95);
    }

    #[test]
    fn what_the_mirror_image_contradicts_is_trusted_less() {
        let square = |x, y| sure(square(x, y, 20, 20, 60));
        assert!(seen_twice(square, 0.75) < 0.8);
        assert!(seen_twice(square, 0.4) < 0.5);
    }

    #[test]
    fn pieces_doubt_borders_and_rags_are_each_trusted_less() {
        let poor = [
            confidence(|x, y| sure((0..5).any(|part| square(x, y, 5 + 18 * part, 18 * part, 14)))),
            confidence(|x, y| if square(x, y, 20, 20, 60) { 0.7 } else { 0.3 }),
            confidence(|x, y| sure(y > 20 || x > 50)),
            confidence(|x, y| sure(square(x, y, 20, 20, 60) && (x % 4 > 0 || y > 50))),
        ];
        for (at, poor) in poor.into_iter().enumerate() {
            assert!(poor < 0.8, "{at}: {poor}");
        }
    }
}
