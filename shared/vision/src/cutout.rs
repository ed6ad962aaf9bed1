//! Finding the garment in a photo and cutting it out.

use image::{GrayImage, Rgb, RgbImage, RgbaImage, imageops};

use crate::{
    confidence::Evidence,
    decode::{Photo, over},
    edit::{self, Edit},
    error::{PhotoError, VisionError},
    grow, hanger, holes, matte,
    plane::Plane,
    prints,
    region::{self, Scene, Strokes},
    runner::ModelError,
    saliency::Saliency,
    specks,
};

/// A garment covers at least this part of its photo.
const MIN_COVER: f32 = 0.01;
/// Space around the garment, as a part of its longer side.
const MARGIN: f32 = 0.02;
/// Alpha above this counts as garment when it is cropped.
const VISIBLE: u8 = 25;

/// Where the garment is in its photo.
#[derive(Debug, Clone, PartialEq)]
pub struct Cutout {
    /// The garment with transparency, cropped to it with a small margin.
    pub image: RgbaImage,
    /// The crop's left and top edge in the photo, in pixels.
    pub offset: (u32, u32),
    /// The part of the photo that the garment covers, 0–1.
    pub cover: f32,
    /// How far the outline can be trusted, 0–1: low if it is in pieces or ragged, if it touches much of the
    /// photo's border, or if the network was undecided.
    pub confidence: f32,
}

/// The loaded model.
#[derive(Debug)]
pub struct Cutter {
    saliency: Saliency,
}

/// The garment's outline before it is drawn: how much each pixel of a part of the photo stands out.
struct Prior {
    plane: Plane,
    /// Somebody drew it; it is not a guess.
    drawn: bool,
    /// How far the network finds the same in the photo and in its mirror image, 0–1.
    agreement: f32,
}

impl Cutter {
    /// Loads the model.
    ///
    /// # Errors
    /// [`ModelError`] if it cannot be loaded.
    pub fn load() -> Result<Self, ModelError> {
        Ok(Self {
            saliency: Saliency::load()?,
        })
    }

    /// Cuts the garment out of a photo. A photo that is transparent already keeps its own transparency.
    ///
    /// # Errors
    /// [`PhotoError::NoGarmentFound`] if nothing stands out; [`ModelError`] if the model cannot be run.
    pub fn cut(&self, photo: &Photo) -> Result<Cutout, VisionError> {
        self.cut_edited(photo, &Edit::default())
    }

    /// Cuts the garment out of a photo as the owner's drawing says.
    ///
    /// # Errors
    /// [`PhotoError::NoGarmentFound`] if nothing stands out, [`PhotoError::NothingLeft`] if that is because of
    /// the drawing, [`PhotoError::BadMask`]; [`ModelError`] if the model cannot be run.
    pub fn cut_edited(&self, photo: &Photo, edit: &Edit) -> Result<Cutout, VisionError> {
        let own = photo.alpha.as_ref().filter(|alpha| is_cut_out(alpha));
        if let (Some(alpha), true) = (own, edit.is_empty()) {
            let whole = matte::unflatten(&photo.rgb, alpha);
            return Ok(crop(&whole, (0, 0), photo.size(), 1.0).ok_or(PhotoError::NoGarmentFound)?);
        }
        let nothing = || {
            if edit.is_empty() {
                PhotoError::NoGarmentFound
            } else {
                PhotoError::NothingLeft
            }
        };
        let part @ [left, top, width, height] = edit::pixels(edit.crop, photo.size());
        let cropped;
        let shown = if edit.crop.is_some() {
            cropped = imageops::crop_imm(&photo.rgb, left, top, width, height).to_image();
            &cropped
        } else {
            &photo.rgb
        };
        let scene = Scene::new(shown);
        let strokes = strokes(edit, photo.size(), part, &scene);
        let prior = self.prior(shown, own, edit, (photo.size(), part), &scene)?;
        let mut prior = match prior {
            Some(prior) => prior,
            // Strokes alone can show what does not stand out.
            None if !edit.keep.is_empty() => Prior {
                plane: Plane::from_fn(scene.width, scene.height, |_, _| 0.1),
                drawn: false,
                agreement: 1.0,
            },
            None => return Err(nothing().into()),
        };
        let mut inside = region::divide(&scene, &prior.plane, prior.drawn, strokes.as_ref());
        if !prior.drawn && strokes.is_none() {
            if let Some(trust) = prints::add_cloth(&scene, &mut prior.plane, &inside) {
                prior.agreement *= trust;
                inside = region::divide(&scene, &prior.plane, false, None);
            }
            if grow::add(&scene, &mut prior.plane, &inside) {
                inside = region::divide(&scene, &prior.plane, false, None);
            }
            hanger::remove(&scene, &prior.plane, &mut inside);
        }
        let fixed = |at: usize| {
            strokes
                .as_ref()
                .is_some_and(|strokes| strokes.keep[at] || strokes.remove[at])
        };
        specks::clear(&mut inside, scene.width, fixed);
        if !prior.drawn {
            holes::close(&scene, &mut inside, fixed);
        }
        let area = inside.iter().filter(|inside| **inside).count();
        if (area as f32) < MIN_COVER * inside.len() as f32 {
            return Err(nothing().into());
        }
        // What the owner drew is not to be doubted.
        let drawn = prior.drawn || strokes.is_some();
        let (judged, views) = if drawn {
            let certain = Plane::from_fn(scene.width, scene.height, |x, y| {
                f32::from(u8::from(inside[y * scene.width + x]))
            });
            (certain, 1.0)
        } else {
            (prior.plane, prior.agreement)
        };
        let mut evidence = Evidence::gather(&scene, &judged, &inside, views);
        if drawn {
            evidence.lost = 0.0;
        }
        let confidence = evidence.confidence();
        let whole = matte::cut(shown, &scene, &inside);
        Ok(crop(&whole, (left, top), photo.size(), confidence).ok_or_else(nothing)?)
    }

    /// How much each pixel of the scene stands out; none if nothing does.
    fn prior(
        &self,
        shown: &RgbImage,
        own: Option<&GrayImage>,
        edit: &Edit,
        (whole, part): ((u32, u32), [u32; 4]),
        scene: &Scene,
    ) -> Result<Option<Prior>, VisionError> {
        let drawn = match (&edit.mask, own) {
            (Some(mask), _) => Some(edit::decode_mask(mask)?),
            (None, Some(alpha)) => Some(Plane {
                width: alpha.width() as usize,
                height: alpha.height() as usize,
                data: alpha
                    .pixels()
                    .map(|pixel| f32::from(pixel.0[0]) / 255.0)
                    .collect(),
            }),
            (None, None) => None,
        };
        if let Some(drawn) = drawn {
            return Ok(Some(Prior {
                plane: edit::shown(&drawn, whole, part, (scene.width, scene.height)),
                drawn: true,
                agreement: 1.0,
            }));
        }
        let views = self.saliency.views(shown)?;
        Ok(views.map(|views| Prior {
            plane: views.plane.resize(scene.width, scene.height),
            drawn: false,
            agreement: views.agreement,
        }))
    }
}

fn strokes(edit: &Edit, whole: (u32, u32), part: [u32; 4], scene: &Scene) -> Option<Strokes> {
    let grid = (scene.width, scene.height);
    let drawn = !edit.keep.is_empty() || !edit.remove.is_empty();
    drawn.then(|| Strokes {
        keep: edit::paint(&edit.keep, whole, part, grid),
        remove: edit::paint(&edit.remove, whole, part, grid),
    })
}

/// Whether a good part of a file is transparent and a good part is not: somebody has cut the garment out
/// already.
fn is_cut_out(alpha: &GrayImage) -> bool {
    let count =
        |wanted: fn(u8) -> bool| alpha.pixels().filter(|pixel| wanted(pixel.0[0])).count() as f32;
    let total = (alpha.width() * alpha.height()) as f32;
    count(|a| a < 16) / total >= 0.05 && count(|a| a > 239) / total >= MIN_COVER
}

/// Crops a part of the photo to the garment in it.
fn crop(
    part: &RgbaImage,
    (left_of, top_of): (u32, u32),
    photo_size: (u32, u32),
    confidence: f32,
) -> Option<Cutout> {
    let (mut left, mut top, mut right, mut bottom) = (u32::MAX, u32::MAX, 0, 0);
    let mut sum = 0_u64;
    for (x, y, pixel) in part.enumerate_pixels() {
        let alpha = pixel.0[3];
        sum += u64::from(alpha);
        if alpha > VISIBLE {
            (left, right) = (left.min(x), right.max(x + 1));
            (top, bottom) = (top.min(y), bottom.max(y + 1));
        }
    }
    let pixels = f64::from(photo_size.0) * f64::from(photo_size.1);
    let cover = (sum as f64 / 255.0 / pixels) as f32;
    if left >= right {
        return None;
    }
    let margin = ((right - left).max(bottom - top) as f32 * MARGIN).ceil() as u32;
    let (left, top) = (left.saturating_sub(margin), top.saturating_sub(margin));
    let (right, bottom) = (
        (right + margin).min(part.width()),
        (bottom + margin).min(part.height()),
    );
    Some(Cutout {
        image: imageops::crop_imm(part, left, top, right - left, bottom - top).to_image(),
        offset: (left_of + left, top_of + top),
        cover,
        confidence,
    })
}

impl Cutout {
    /// The garment on a plain colour.
    #[must_use]
    pub fn on(&self, background: Rgb<u8>) -> RgbImage {
        over(&self.image, background.0)
    }

    /// The garment at its place in a picture of the photo's width and height that is transparent elsewhere.
    #[must_use]
    pub fn full(&self, (width, height): (u32, u32)) -> RgbaImage {
        let mut full = RgbaImage::new(width, height);
        let (left, top) = self.offset;
        imageops::replace(&mut full, &self.image, i64::from(left), i64::from(top));
        full
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A drawn garment: whether a place (0–1 each way) is garment, and its colour there.
    type Garment = fn(f32, f32) -> Option<[f32; 3]>;

    const SIZE: u32 = 600;
    const NAVY: [f32; 3] = [34.0, 42.0, 88.0];
    const WHITE: [f32; 3] = [238.0, 238.0, 236.0];
    const WINE: [f32; 3] = [122.0, 24.0, 44.0];

    fn is_shirt(x: f32, y: f32) -> bool {
        let aside = (x - 0.5).abs();
        let sleeve = (0.17..0.36).contains(&aside)
            && (0.18 + (aside - 0.17) * 0.5..0.34 + (aside - 0.17) * 0.8).contains(&y);
        ((aside < 0.19 && (0.17..0.86).contains(&y)) || sleeve)
            && (x - 0.5).hypot((y - 0.15) * 1.2) > 0.085
    }

    fn plain(x: f32, y: f32) -> Option<[f32; 3]> {
        is_shirt(x, y).then_some(WINE)
    }

    fn striped(x: f32, y: f32) -> Option<[f32; 3]> {
        is_shirt(x, y).then_some(if y * 14.0 % 1.0 < 0.45 { WHITE } else { NAVY })
    }

    fn trousers(x: f32, y: f32) -> Option<[f32; 3]> {
        let aside = (x - 0.5).abs();
        let gap = y > 0.36 && aside < 0.16 * (y - 0.36);
        (aside < 0.15 + 0.09 * y && (0.1..0.92).contains(&y) && !gap).then_some(NAVY)
    }

    /// Two straps that meet the body at both ends, with holes between them and it.
    fn strappy(x: f32, y: f32) -> Option<[f32; 3]> {
        let aside = (x - 0.5).abs();
        let body = aside < 0.2 + 0.06 * y && (0.36..0.86).contains(&y);
        let ring = ((aside - 0.12) / 0.07).hypot((y - 0.27) / 0.13);
        (body || (0.62..1.0).contains(&ring)).then_some(WINE)
    }

    /// Wooden boards with grain.
    fn floor(x: f32, y: f32) -> [f32; 3] {
        let grain = (y * 90.0 + (x * 17.0).sin() * 2.0).sin() * 6.0 + (x * 240.0).sin() * 3.0;
        let gap = if (x * 5.0).fract() < 0.02 { -40.0 } else { 0.0 };
        [204.0, 176.0, 138.0_f32].map(|value| value + grain + gap + 16.0 * (y - 0.5))
    }

    fn hook(x: f32, y: f32) -> bool {
        (x - 0.5).abs() < 0.006 && (0.03..0.19).contains(&y)
            || (y - 0.19 - (x - 0.5).abs() * 0.25).abs() < 0.008 && (x - 0.5).abs() < 0.1
    }

    /// The photo, the true alpha (0–1) and the garment's true colour at each pixel.
    fn drawn(garment: Garment, on_hanger: bool) -> (RgbImage, Vec<(f32, [f32; 3])>) {
        const FINE: u32 = 4;
        let mut photo = RgbImage::new(SIZE, SIZE);
        let mut truth = Vec::new();
        for (px, py, pixel) in photo.enumerate_pixels_mut() {
            let (mut share, mut own, mut seen) = (0.0, [0.0; 3], [0.0; 3]);
            for part in 0..FINE * FINE {
                let place = |at: u32, part: u32| {
                    (at as f32 + (part as f32 + 0.5) / FINE as f32) / SIZE as f32
                };
                let (x, y) = (place(px, part % FINE), place(py, part / FINE));
                // Light falls off, and cloth has folds.
                let light = 1.05 - 0.12 * y + 0.03 * (x * 23.0 + y * 9.0).sin();
                let color = garment(x, y);
                let shown = match color {
                    Some(color) => color.map(|value| value * light),
                    None if on_hanger && hook(x, y) => [24.0, 24.0, 26.0],
                    None => floor(x, y),
                };
                for channel in 0..3 {
                    seen[channel] += shown[channel];
                    own[channel] += if color.is_some() { shown[channel] } else { 0.0 };
                }
                share += f32::from(u8::from(color.is_some()));
            }
            truth.push((
                share / (FINE * FINE) as f32,
                own.map(|sum| if share > 0.0 { sum / share } else { 0.0 }),
            ));
            *pixel = Rgb(seen.map(|sum| (sum / (FINE * FINE) as f32).clamp(0.0, 255.0) as u8));
        }
        (photo, truth)
    }

    /// How far a cutout is from the truth: alpha's mean error (percent), intersection over union, and the mean
    /// error of its colours laid on magenta (of 255).
    fn errors(cutout: &RgbaImage, truth: &[(f32, [f32; 3])]) -> [f32; 3] {
        let (mut alpha_error, mut both, mut either, mut color_error) = (0.0, 0.0, 0.0, 0.0);
        for (pixel, (alpha, own)) in cutout.pixels().zip(truth) {
            let share = f32::from(pixel.0[3]) / 255.0;
            alpha_error += (share - alpha).abs();
            both += f32::from(u8::from(share > 0.5 && *alpha > 0.5));
            either += f32::from(u8::from(share > 0.5 || *alpha > 0.5));
            for (channel, behind) in [230.0, 0.0, 230.0_f32].into_iter().enumerate() {
                let shown = f32::from(pixel.0[channel]) * share + behind * (1.0 - share);
                let right = own[channel] * alpha + behind * (1.0 - alpha);
                color_error += (shown - right).abs() / 3.0;
            }
        }
        let pixels = truth.len() as f32;
        [
            100.0 * alpha_error / pixels,
            both / either,
            color_error / pixels,
        ]
    }

    #[test]
    fn drawn_garments_come_out_nearer_to_the_truth_than_by_the_networks_mask_alone() {
        let cutter = Cutter::load().unwrap();
        let mut sums = [(0.0, 0.0); 3];
        for (name, garment, on_hanger) in [
            ("plain", plain as Garment, false),
            ("striped", striped, false),
            ("trousers", trousers, false),
            ("straps", strappy, false),
            ("hanger", plain, true),
        ] {
            let (rgb, truth) = drawn(garment, on_hanger);
            let mask = cutter.saliency.mask(&rgb).unwrap().unwrap();
            let alpha = mask.resize(SIZE as usize, SIZE as usize);
            let plainly = RgbaImage::from_fn(SIZE, SIZE, |x, y| {
                let [r, g, b] = rgb.get_pixel(x, y).0;
                let share = alpha.data[(y * SIZE + x) as usize];
                image::Rgba([r, g, b, (share * 255.0).round() as u8])
            });
            let photo = Photo { rgb, alpha: None };
            let cutout = cutter.cut(&photo).unwrap().full((SIZE, SIZE));

            let ours = errors(&cutout, &truth);
            let theirs = errors(&plainly, &truth);

            for (measure, (ours, theirs)) in ours.into_iter().zip(theirs).enumerate() {
                let better = if measure == 1 {
                    ours > theirs
                } else {
                    ours < theirs
                };
                assert!(better, "{name}, measure {measure}: {ours} against {theirs}");
                sums[measure].0 += ours;
                sums[measure].1 += theirs;
            }
        }
        // Over all of them, less than half as far.
        assert!(sums[0].0 < 0.5 * sums[0].1, "{sums:?}");
        assert!(sums[2].0 < 0.5 * sums[2].1, "{sums:?}");
    }
}
