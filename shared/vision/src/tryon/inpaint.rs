//! Filling gaps in a picture from what surrounds them.

use image::RgbImage;

use super::plane::Mask;

/// One level of the pyramid: colours weighted by how much of them is known.
struct Level {
    width: usize,
    height: usize,
    /// Red, green and blue (0–255) times the weight, and the weight (0–1).
    data: Vec<[f32; 4]>,
}

impl Level {
    /// At half the size: the mean of four pixels each.
    fn pulled(&self) -> Self {
        let (width, height) = (self.width.div_ceil(2), self.height.div_ceil(2));
        let mut data = vec![[0.0; 4]; width * height];
        for y in 0..self.height {
            for x in 0..self.width {
                let target = &mut data[y / 2 * width + x / 2];
                for (sum, value) in target.iter_mut().zip(self.data[y * self.width + x]) {
                    *sum += value;
                }
            }
        }
        // A pixel counts as known as soon as some of it is.
        for pixel in &mut data {
            if pixel[3] > 1.0 {
                let scale = 1.0 / pixel[3];
                *pixel = pixel.map(|value| value * scale);
            }
        }
        Self {
            width,
            height,
            data,
        }
    }

    /// What is missing is taken from the coarser level, bilinear.
    fn pushed(&mut self, coarse: &Self) {
        let at = |x: usize, y: usize| coarse.data[y * coarse.width + x];
        for y in 0..self.height {
            let fy = (y as f32 + 0.5) * 0.5 - 0.5;
            let top = fy.max(0.0) as usize;
            let bottom = (top + 1).min(coarse.height - 1);
            let ty = (fy - top as f32).clamp(0.0, 1.0);
            for x in 0..self.width {
                let pixel = &mut self.data[y * self.width + x];
                let missing = 1.0 - pixel[3];
                if missing <= 0.0 {
                    continue;
                }
                let fx = (x as f32 + 0.5) * 0.5 - 0.5;
                let left = fx.max(0.0) as usize;
                let right = (left + 1).min(coarse.width - 1);
                let tx = (fx - left as f32).clamp(0.0, 1.0);
                for (channel, value) in pixel.iter_mut().enumerate() {
                    let upper = at(left, top)[channel] * (1.0 - tx) + at(right, top)[channel] * tx;
                    let lower =
                        at(left, bottom)[channel] * (1.0 - tx) + at(right, bottom)[channel] * tx;
                    *value += missing * (upper * (1.0 - ty) + lower * ty);
                }
            }
        }
    }
}

/// The picture's colours (0–255) with the unknown pixels filled smoothly from the known ones, the nearest
/// counting most (pull and push through a pyramid: Gortler et al., "The Lumigraph", 1996). `None` if nothing
/// is known.
pub(crate) fn filled(photo: &RgbImage, known: &Mask) -> Option<Vec<[f32; 3]>> {
    if known.count() == 0 {
        return None;
    }
    let first = Level {
        width: known.width,
        height: known.height,
        data: photo
            .pixels()
            .zip(&known.data)
            .map(|(pixel, &known)| {
                let [red, green, blue] = pixel.0.map(f32::from);
                if known {
                    [red, green, blue, 1.0]
                } else {
                    [0.0; 4]
                }
            })
            .collect(),
    };
    let mut levels = vec![first];
    while let Some(last) = levels.last()
        && last.width.max(last.height) > 1
    {
        let next = last.pulled();
        levels.push(next);
    }
    let mut coarse = levels.pop()?;
    while let Some(mut fine) = levels.pop() {
        fine.pushed(&coarse);
        coarse = fine;
    }
    Some(
        coarse
            .data
            .into_iter()
            .map(|[red, green, blue, weight]| {
                let scale = 1.0 / weight.max(1e-3);
                [red * scale, green * scale, blue * scale]
            })
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    #[test]
    fn a_gap_takes_the_colours_around_it_and_what_is_known_stays() {
        let photo = RgbImage::from_fn(64, 48, |x, _| {
            if (20..44).contains(&x) {
                Rgb([255, 0, 255])
            } else {
                Rgb([(x * 2) as u8, 100, 50])
            }
        });
        let known = Mask {
            width: 64,
            height: 48,
            data: (0..64 * 48)
                .map(|index| !(20..44).contains(&(index % 64)))
                .collect(),
        };
        let filled = filled(&photo, &known).unwrap();
        assert_eq!(filled[10 * 64 + 5], [10.0, 100.0, 50.0]);
        let [red, green, blue] = filled[24 * 64 + 32];
        assert!((40.0..88.0).contains(&red), "{red}");
        assert!((green - 100.0).abs() < 0.5 && (blue - 50.0).abs() < 0.5);
    }

    #[test]
    fn nothing_known_is_nothing_to_fill_with() {
        let nothing = Mask {
            width: 4,
            height: 4,
            data: vec![false; 16],
        };
        assert!(filled(&RgbImage::new(4, 4), &nothing).is_none());
    }
}
