//! The shadows that garments cast on the person and on the garments below them.

use image::{Rgba, RgbaImage};

use super::{body::Body, geom::p, mesh::Layer, plane::Plane, protect::Protected};

/// How dark a shadow is right below an edge.
const DEPTH: f32 = 0.42;

/// Contact shadows under hems, cuffs and collars: each garment's outline, softened and moved a little down,
/// where neither the garment itself nor one above it lies. Nothing but body and clothes is shaded, and
/// neither is what stays in front of clothes.
///
/// `garments` come the lowest first; `stays` says where the person was not replaced by the background.
pub(crate) fn cast(
    garments: &[(usize, Layer)],
    body: &Body,
    protected: &Protected,
    stays: &Plane,
) -> RgbaImage {
    let (width, height) = (body.mask.width, body.mask.height);
    let radius = (0.012 * body.torso).round().max(1.0) as usize;
    let drop = p(0.0, 0.018 * body.torso);
    let mut surface = body.mask.clone();
    for (surface, stays) in surface.data.iter_mut().zip(&stays.data) {
        *surface *= stays;
    }
    let mut shadow = Plane::new(width, height);
    for (_, garment) in garments {
        let alpha = Plane {
            width,
            height,
            data: garment.data.iter().map(|pixel| pixel[3]).collect(),
        };
        let soft = alpha.blurred(radius);
        for y in 0..height {
            for x in 0..width {
                let index = y * width + x;
                let free = 1.0 - alpha.data[index];
                shadow.data[index] *= free;
                if free > 0.0 && surface.data[index] > 0.5 {
                    let above = soft.sample(p(x as f32 + 0.5, y as f32 + 0.5) - drop);
                    let firm = (2.0 * surface.data[index] - 1.0).clamp(0.0, 1.0);
                    let cast = DEPTH * above * free * firm;
                    shadow.data[index] = shadow.data[index].max(cast);
                }
            }
        }
        for (surface, alpha) in surface.data.iter_mut().zip(&alpha.data) {
            *surface = surface.max(*alpha);
        }
    }
    RgbaImage::from_fn(width as u32, height as u32, |x, y| {
        let index = y as usize * width + x as usize;
        let alpha = shadow.data[index] * (1.0 - protected.front.data[index]);
        // What cannot be seen is not drawn.
        let alpha = if alpha < 0.012 { 0.0 } else { alpha };
        Rgba([0, 0, 0, (alpha * 255.0).round() as u8])
    })
}
