//! From a photo to the landmarks and the mask of the person in it: detector, aligned crop, landmark model,
//! segmentation.

use image::RgbImage;

use super::{
    geom::{P, p, smooth_step},
    plane::Plane,
};
use crate::runner::{ModelError, Runner};

/// How many landmarks describe the body; the model's other six only align the next video frame's crop.
pub(crate) const JOINTS: usize = 33;

/// Side length of the landmark model's input.
const CROP: usize = 256;
/// Side length of the detector's input.
const DETECT: usize = 224;

/// One landmark.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Joint {
    /// In the photo's pixels; may lie outside of it.
    pub(crate) at: P,
    /// How surely it can be seen, 0–1.
    pub(crate) visibility: f32,
}

/// A person in a photo.
#[derive(Debug, Clone)]
pub(crate) struct Pose {
    /// The landmarks, numbered as the model does (0 nose, 11 and 12 left and right shoulder, …).
    pub(crate) joints: [Joint; JOINTS],
    /// How surely each pixel of the photo shows the person, 0–1.
    pub(crate) mask: Plane,
    /// How surely there is a person, 0–1.
    pub(crate) presence: f32,
}

/// The models that find a person.
#[derive(Debug)]
pub(crate) struct PoseFinder {
    detector: Runner,
    landmarks: Runner,
    person: Runner,
}

/// A square, turned part of the photo.
#[derive(Debug, Clone, Copy)]
struct Square {
    centre: P,
    /// Half the side, in pixels.
    half: f32,
    /// Unit vector of the square's own x axis.
    across: P,
}

impl Square {
    /// From the square's coordinates (0–1) to the photo's pixels.
    fn to_photo(self, u: f32, v: f32) -> P {
        self.centre
            + self.across * ((u - 0.5) * 2.0 * self.half)
            + self.across.turned() * ((v - 0.5) * 2.0 * self.half)
    }

    /// From the photo's pixels to the square's coordinates (0–1).
    fn locate(self, point: P) -> P {
        let offset = (point - self.centre) * (0.5 / self.half);
        p(
            0.5 + offset.dot(self.across),
            0.5 + offset.dot(self.across.turned()),
        )
    }
}

impl PoseFinder {
    /// Loads the models.
    pub(crate) fn load() -> Result<Self, ModelError> {
        Ok(Self {
            detector: Runner::load(
                "pose_detection",
                drape_models::POSE_DETECTION,
                &["Identity", "Identity_1"],
            )?,
            landmarks: Runner::load(
                "pose_landmark",
                drape_models::POSE_LANDMARK,
                &["Identity", "Identity_1", "Identity_2"],
            )?,
            person: Runner::load(
                "selfie_segmentation",
                drape_models::SELFIE_SEGMENTATION,
                &["activation_10"],
            )?,
        })
    }

    /// Finds the person who stands out most. `None` if there is nobody.
    pub(crate) fn find(&self, photo: &RgbImage) -> Result<Option<Pose>, ModelError> {
        if photo.width() < 8 || photo.height() < 8 {
            return Ok(None);
        }
        let Some(square) = self.detect(photo)? else {
            return Ok(None);
        };
        let input = cut(photo, square, CROP, |value| value / 255.0);
        let outputs = self.landmarks.run([1, 3, CROP, CROP], input)?;
        let [landmarks, presence, logits] = outputs.as_slice() else {
            return Ok(None);
        };
        // The model answers the presence as a probability and the landmarks in the crop's pixels.
        let presence = presence.data.first().copied().unwrap_or_default();
        if presence < 0.5 || landmarks.data.len() < JOINTS * 5 || logits.data.len() != CROP * CROP {
            return Ok(None);
        }
        let joints = std::array::from_fn(|joint| {
            let values = &landmarks.data[joint * 5..joint * 5 + 5];
            let at = square.to_photo(values[0] / CROP as f32, values[1] / CROP as f32);
            Joint {
                at,
                visibility: sigmoid(values[3]).min(sigmoid(values[4])),
            }
        });
        let body = Plane {
            width: CROP,
            height: CROP,
            data: logits.data.iter().map(|&logit| sigmoid(logit)).collect(),
        };
        let mask = self.segment(photo, square, &body)?;
        Ok(Some(Pose {
            joints,
            mask,
            presence,
        }))
    }

    /// The square around the person, upright along the body, as the landmark model wants it: the detector's
    /// first key point is the middle of the hips, its second lies on the circle around the whole body.
    fn detect(&self, photo: &RgbImage) -> Result<Option<Square>, ModelError> {
        let (width, height) = (photo.width() as f32, photo.height() as f32);
        let whole = Square {
            centre: p(width / 2.0, height / 2.0),
            half: width.max(height) / 2.0,
            across: p(1.0, 0.0),
        };
        let input = cut(photo, whole, DETECT, |value| value / 127.5 - 1.0);
        let outputs = self.detector.run([1, 3, DETECT, DETECT], input)?;
        let [boxes, scores] = outputs.as_slice() else {
            return Ok(None);
        };
        let best = scores
            .data
            .iter()
            .enumerate()
            .max_by(|a, b| a.1.total_cmp(b.1));
        let Some((index, &score)) = best else {
            return Ok(None);
        };
        let Some(values) = boxes.data.get(index * 12..index * 12 + 12) else {
            return Ok(None);
        };
        let Some(anchor) = anchor(index) else {
            return Ok(None);
        };
        if sigmoid(score) < 0.5 {
            return Ok(None);
        }
        let key = |x: f32, y: f32| {
            whole.to_photo(anchor.x + x / DETECT as f32, anchor.y + y / DETECT as f32)
        };
        let (hips, rim) = (key(values[4], values[5]), key(values[6], values[7]));
        let half = hips.distance(rim) * 1.25;
        if !half.is_finite() || half < 8.0 {
            return Ok(None);
        }
        let up = (rim - hips).unit();
        Ok(Some(Square {
            centre: hips,
            half,
            across: up.turned(),
        }))
    }

    /// The person's mask in the photo's size: the segmentation of the upright square around the body (finer
    /// than of the whole photo), limited to the neighbourhood of the landmark model's own, coarser mask,
    /// which knows whom of several people the landmarks belong to.
    fn segment(&self, photo: &RgbImage, square: Square, body: &Plane) -> Result<Plane, ModelError> {
        let upright = Square {
            across: p(1.0, 0.0),
            ..square
        };
        let input = cut(photo, upright, CROP, |value| value / 255.0);
        let outputs = self.person.run([1, 3, CROP, CROP], input)?;
        let Some(fine) = outputs
            .into_iter()
            .next()
            .filter(|fine| fine.data.len() == CROP * CROP)
        else {
            return Ok(Plane::new(photo.width() as usize, photo.height() as usize));
        };
        let fine = Plane {
            width: CROP,
            height: CROP,
            data: fine.data,
        };
        let near = body.blurred(4);
        Ok(Plane::from_fn(
            photo.width() as usize,
            photo.height() as usize,
            |x, y| {
                let point = p(x as f32 + 0.5, y as f32 + 0.5);
                let at = upright.locate(point);
                if !(0.0..1.0).contains(&at.x) || !(0.0..1.0).contains(&at.y) {
                    return 0.0;
                }
                let rough = square.locate(point);
                let rough = near.sample(rough * CROP as f32);
                fine.sample(at * CROP as f32) * smooth_step(0.02, 0.12, rough)
            },
        ))
    }
}

/// The centre of a detector's anchor in input coordinates (0–1): two a cell at strides 8 and 16, six at 32.
fn anchor(index: usize) -> Option<P> {
    let mut first = 0;
    for (stride, per_cell) in [(8, 2), (16, 2), (32, 6)] {
        let side = DETECT / stride;
        let count = side * side * per_cell;
        if index < first + count {
            let cell = (index - first) / per_cell;
            let centre = |at: usize| (at as f32 + 0.5) / side as f32;
            return Some(p(centre(cell % side), centre(cell / side)));
        }
        first += count;
    }
    None
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

/// A square of the photo as a planar model input of the given side; black outside of the photo. Each pixel is
/// the mean of as many samples as its area asks for.
fn cut(photo: &RgbImage, square: Square, side: usize, scale: impl Fn(f32) -> f32) -> Vec<f32> {
    let mut input = vec![0.0; 3 * side * side];
    let taps = (2.0 * square.half / side as f32).ceil().clamp(1.0, 4.0) as usize;
    let (width, height) = (photo.width() as f32, photo.height() as f32);
    for y in 0..side {
        for x in 0..side {
            let mut sum = [0.0; 3];
            for tap in 0..taps * taps {
                let inner = |tap: usize| (tap as f32 + 0.5) / taps as f32;
                let u = (x as f32 + inner(tap % taps)) / side as f32;
                let v = (y as f32 + inner(tap / taps)) / side as f32;
                let at = square.to_photo(u, v);
                if at.x >= 0.0 && at.y >= 0.0 && at.x < width && at.y < height {
                    let pixel = photo.get_pixel(at.x as u32, at.y as u32);
                    for (total, value) in sum.iter_mut().zip(pixel.0) {
                        *total += f32::from(value);
                    }
                }
            }
            for (channel, total) in sum.into_iter().enumerate() {
                input[(channel * side + y) * side + x] = scale(total / (taps * taps) as f32);
            }
        }
    }
    input
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_detector_has_2254_anchors_in_rows_from_the_top_left() {
        assert_eq!(anchor(0), Some(p(0.5 / 28.0, 0.5 / 28.0)));
        assert_eq!(anchor(2), Some(p(1.5 / 28.0, 0.5 / 28.0)));
        assert_eq!(anchor(2253), Some(p(6.5 / 7.0, 6.5 / 7.0)));
        assert_eq!(anchor(2254), None);
    }

    #[test]
    fn a_turned_square_maps_there_and_back() {
        let square = Square {
            centre: p(100.0, 50.0),
            half: 40.0,
            across: p(0.6, 0.8),
        };
        let back = square.locate(square.to_photo(0.2, 0.9));
        assert!((back.x - 0.2).abs() < 1e-5 && (back.y - 0.9).abs() < 1e-5);
    }

    #[test]
    fn nobody_is_found_where_nobody_is() {
        let finder = PoseFinder::load().unwrap();
        assert!(
            finder
                .find(&RgbImage::from_pixel(300, 500, image::Rgb([200; 3])))
                .unwrap()
                .is_none()
        );
        assert!(finder.find(&RgbImage::new(1, 1)).unwrap().is_none());
    }
}
