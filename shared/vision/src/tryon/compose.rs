//! Putting the fitted pieces into the photo: order, light, edges, and what stays in front.

use image::RgbImage;

use super::{
    body::Body,
    fit::Piece,
    geom::P,
    mesh::{Layer, over},
    plane::Plane,
    protect::Protected,
};

/// What a garment must leave alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keeps {
    /// Face, neck, hair, hands.
    Head,
    /// The face below the brows only.
    Face,
}

/// Draws a garment's pieces into the photo and answers how many pixels it covers and how many of those lie on
/// the body (in sums of opacity).
pub(crate) fn dress(
    photo: &mut RgbImage,
    pieces: &[Piece],
    keeps: Keeps,
    protected: &Protected,
    light: &Plane,
    body: &Plane,
) -> (f32, f32) {
    let (width, height) = (photo.width() as usize, photo.height() as usize);
    let mut garment = Layer::new(width, height);
    for piece in pieces {
        let mut layer = Layer::new(width, height);
        piece.grid.draw(&piece.picture, &mut layer);
        for (index, pixel) in layer.data.iter().enumerate() {
            if pixel[3] <= 0.002 {
                continue;
            }
            let mut kept = match keeps {
                Keeps::Head => protected.always.data[index],
                Keeps::Face => protected.face.data[index],
            };
            if piece.behind_arms {
                kept = kept.max(protected.arms.data[index]);
            }
            let visible = pixel.map(|value| value * (1.0 - kept));
            garment.data[index] = over(visible, garment.data[index]);
        }
    }
    let shade = rounding(&garment);
    let (mut covered, mut on_body) = (0.0, 0.0);
    for (index, pixel) in garment.data.iter().enumerate() {
        let alpha = pixel[3];
        if alpha < 0.004 {
            continue;
        }
        covered += alpha;
        on_body += alpha * body.data[index];
        let gain = light.data[index] * shade.data[index];
        let target = photo.get_pixel_mut((index % width) as u32, (index / width) as u32);
        for (below, colour) in target.0.iter_mut().zip(pixel) {
            let value = (colour * gain).min(alpha) + f32::from(*below) / 255.0 * (1.0 - alpha);
            *below = (value * 255.0).round().clamp(0.0, 255.0) as u8;
        }
    }
    (covered, on_body)
}

/// A body is round: cloth darkens a little where it turns away, towards the garment's edges.
fn rounding(garment: &Layer) -> Plane {
    let alpha = Plane {
        width: garment.width,
        height: garment.height,
        data: garment.data.iter().map(|pixel| pixel[3]).collect(),
    };
    let reach = (garment.width.max(garment.height) / 90).max(2);
    let mut soft = alpha.blurred(reach);
    for value in &mut soft.data {
        // 0.5 at a straight edge, 1 deep inside.
        *value = 0.86 + 0.14 * ((*value - 0.45) / 0.5).clamp(0.0, 1.0);
    }
    soft
}

/// The photo's broad light on the body, as a factor around 1: brightness far and wide against the body's
/// own, so that neither folds nor prints of the old clothes are carried over.
pub(crate) fn light(photo: &RgbImage, body: &Body) -> Plane {
    // Broad light has no fine detail: a quarter of the size tells as much.
    const STEP: usize = 4;
    let (width, height) = (photo.width() as usize, photo.height() as usize);
    let (wide, high) = (width.div_ceil(STEP), height.div_ceil(STEP));
    let mut bright = Plane::new(wide, high);
    let mut weight = Plane::new(wide, high);
    for (x, y, pixel) in photo.enumerate_pixels() {
        let (x, y) = (x as usize, y as usize);
        if body.mask.data[y * width + x] >= 0.6 {
            let [r, g, b] = pixel.0.map(f32::from);
            let index = y / STEP * wide + x / STEP;
            bright.data[index] += (0.299 * r + 0.587 * g + 0.114 * b) / 255.0;
            weight.data[index] += 1.0;
        }
    }
    let mean = |share: f32| {
        let radius = (share * body.torso) as usize / STEP + 1;
        let (mut mean, count) = (bright.blurred(radius), weight.blurred(radius));
        for (value, count) in mean.data.iter_mut().zip(&count.data) {
            *value = if *count > 0.3 { *value / count } else { -1.0 };
        }
        mean
    };
    let (near, far) = (mean(0.05), mean(0.3));
    let mut gain = Plane::new(wide, high);
    for (gain, (&near, &far)) in gain.data.iter_mut().zip(near.data.iter().zip(&far.data)) {
        *gain = if near <= 0.0 || far <= 0.0 {
            1.0
        } else {
            ((near + 0.05) / (far + 0.05)).powf(0.6).clamp(0.84, 1.1)
        };
    }
    Plane::from_fn(width, height, |x, y| {
        gain.sample(P {
            x: (x as f32 + 0.5) / STEP as f32,
            y: (y as f32 + 0.5) / STEP as f32,
        })
    })
}
