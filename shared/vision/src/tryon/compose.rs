//! From fitted pieces to a garment's layer: order, light, edges, and what stays in front.

use image::{Rgba, RgbaImage};

use super::{
    fit::Piece,
    mesh::{Layer, over},
    plane::Plane,
    protect::Protected,
};

/// What a garment must leave alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keeps {
    /// Face, neck, hair, hands.
    Head,
    /// The same but for the sides of the neck.
    Collared,
    /// The face below the brows only.
    Face,
    /// The legs down to the ankles.
    Legs,
}

/// Draws a garment's pieces as they lie on the body, lit like it.
pub(crate) fn draw(pieces: &[Piece], keeps: Keeps, protected: &Protected, light: &Plane) -> Layer {
    let (width, height) = (light.width, light.height);
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
                Keeps::Collared => protected.collared.data[index],
                Keeps::Face => protected.face.data[index],
                Keeps::Legs => protected.legs.data[index],
            };
            if piece.behind_arms {
                kept = kept.max(protected.arms.data[index]);
            }
            let visible = pixel.map(|value| value * (1.0 - kept));
            garment.data[index] = over(visible, garment.data[index]);
        }
    }
    let shade = rounding(&garment);
    for (index, pixel) in garment.data.iter_mut().enumerate() {
        let alpha = pixel[3];
        let gain = light.data[index] * shade.data[index];
        *pixel = if alpha < 0.004 {
            [0.0; 4]
        } else {
            let [red, green, blue] =
                [pixel[0], pixel[1], pixel[2]].map(|value| (value * gain).min(alpha));
            [red, green, blue, alpha]
        };
    }
    garment
}

/// How many pixels a garment covers and how many of those lie on the body (in sums of opacity).
pub(crate) fn coverage(garment: &Layer, body: &Plane) -> (f32, f32) {
    garment
        .data
        .iter()
        .zip(&body.data)
        .fold((0.0, 0.0), |(covered, on_body), (pixel, body)| {
            (covered + pixel[3], on_body + pixel[3] * body)
        })
}

/// A layer as a picture whose colours are not premultiplied.
pub(crate) fn picture(layer: &Layer) -> RgbaImage {
    let byte = |value: f32| (value * 255.0).round().clamp(0.0, 255.0) as u8;
    RgbaImage::from_fn(layer.width as u32, layer.height as u32, |x, y| {
        let [red, green, blue, alpha] = layer.data[y as usize * layer.width + x as usize];
        if byte(alpha) == 0 {
            return Rgba([0; 4]);
        }
        let [red, green, blue] = [red, green, blue].map(|value| byte(value / alpha));
        Rgba([red, green, blue, byte(alpha)])
    })
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
