//! A person's photo and garments' cutouts in, a picture of the person wearing them out.
//!
//! The person's landmarks and mask say where shoulders, arms, waist and legs are (`pose`, `body`); the
//! cutout's outline says where a garment's are (`cloth`, `shape`); a grid of corresponding points bends
//! the one onto the other (`fit`, `mesh`); and what belongs in front stays in front (`protect`,
//! `compose`). Nothing outside of the garments changes: those pixels are the photo's own.

mod body;
mod cloth;
mod compose;
mod confidence;
mod error;
mod fit;
mod foot;
mod geom;
mod inpaint;
mod light;
mod limbs;
mod mesh;
mod plane;
mod pose;
mod protect;
mod remains;
mod repair;
mod shadow;
mod shape;
#[cfg(test)]
mod tests;
mod turn;
mod view;

use drape_domain::{Category, Slot};
use image::{DynamicImage, GrayImage, Luma, RgbImage, RgbaImage, imageops::FilterType};

pub use self::{
    error::{Skipped, TryOnError},
    view::{Layers, Lighting, View},
};

use self::{
    body::{Body, Needs},
    cloth::Cloth,
    compose::Keeps,
    mesh::Layer,
    plane::Plane,
    pose::{Pose, PoseFinder},
    protect::Head,
};
use crate::error::VisionError;

/// The longest side of a rendered picture, in pixels.
pub const MAX_SIDE: u32 = 1024;

/// Names what made a picture; changes whenever pictures may look different.
pub const RENDERER: &str = "drape-warp-9";

/// A garment to try on.
#[derive(Debug, Clone)]
pub struct Garment {
    /// What it is, which says where it goes.
    pub category: Category,
    /// Its picture with a transparent background. Sides up to 8,192 pixels.
    pub cutout: RgbaImage,
    /// How far the cutout's outline can be trusted, 0–1, as [`crate::Cutout::confidence`] has it; 1 where
    /// nobody knows.
    pub cutout_confidence: f32,
}

/// A person wearing garments.
#[derive(Debug, Clone)]
pub struct Rendering {
    /// The picture: the photo's size, or smaller if the photo's longer side is beyond [`MAX_SIDE`]. It is what
    /// `layers` compose to in the light that was asked for.
    pub image: RgbImage,
    /// What the picture is composed of, in neutral light.
    pub layers: Layers,
    /// 255 where something was drawn or repaired. Where it is 0, the picture is the photo bit for bit.
    pub regions: GrayImage,
    /// The person turned a little to the picture's left and to its right, if that was asked for; the picture's
    /// size.
    pub turns: Vec<RgbImage>,
    /// How far the picture can be trusted, 0–1: how well the joints are seen, how much the person faces the
    /// camera, how far the garments' cutouts can be trusted, and how well they cover the body and what was
    /// worn there before.
    pub confidence: f32,
    /// Positions (in the request) of the garments in the picture, in the order in which they were put on.
    pub placed: Vec<usize>,
    /// Positions of the garments that are not in the picture, with the reasons.
    pub skipped: Vec<(usize, Skipped)>,
}

/// Renders try-ons. Make it once: loading the models takes some tens of milliseconds.
#[derive(Debug)]
pub struct TryOnEngine {
    finder: PoseFinder,
}

impl TryOnEngine {
    /// Loads the models.
    ///
    /// # Errors
    /// [`VisionError`] if a model cannot be loaded.
    pub fn load() -> Result<Self, VisionError> {
        Ok(Self {
            finder: PoseFinder::load()?,
        })
    }

    /// Puts the garments on the person in the photo.
    ///
    /// Whatever the order of `garments`, they are put on in this order: shoes, bottoms (whose hems fall over
    /// them), dress or top, outer layer, hat. The result depends on nothing but the arguments.
    ///
    /// # Errors
    /// [`TryOnError`], which says what the person can do about it.
    pub fn render(
        &self,
        body: &RgbImage,
        garments: &[Garment],
        view: View,
    ) -> Result<Rendering, TryOnError> {
        if !garments
            .iter()
            .any(|garment| rank(garment.category).is_some())
        {
            return Err(TryOnError::NothingToTryOn);
        }
        let photo = fitted(body);
        let pose = self
            .finder
            .find(&photo)?
            .ok_or(TryOnError::BodyNotVisible)?;
        render_on(&photo, pose, garments, view)
    }
}

/// The photo at the size of its rendering: made smaller if its longer side is beyond [`MAX_SIDE`].
#[must_use]
pub fn fitted(photo: &RgbImage) -> RgbImage {
    let (width, height) = photo.dimensions();
    let longest = width.max(height);
    if longest <= MAX_SIDE {
        return photo.clone();
    }
    let scaled = |side: u32| {
        ((f64::from(side) * f64::from(MAX_SIDE) / f64::from(longest)).round() as u32).max(1)
    };
    image::imageops::resize(photo, scaled(width), scaled(height), FilterType::Triangle)
}

/// When a garment is put on; `None` if it is not drawn at all.
const fn rank(category: Category) -> Option<u8> {
    match category.slot() {
        Slot::Shoes => Some(0),
        Slot::Bottom => Some(1),
        Slot::Dress => Some(2),
        Slot::Top => Some(3),
        Slot::Outer => Some(4),
        Slot::Hat => Some(5),
        Slot::Bag | Slot::Accessory => None,
    }
}

const fn needs(category: Category) -> &'static [Needs] {
    match category.slot() {
        Slot::Bottom => &[Needs::Torso, Needs::Legs],
        Slot::Dress => &[Needs::Torso, Needs::Legs],
        Slot::Shoes => &[Needs::Feet],
        Slot::Hat => &[Needs::Head],
        _ => &[Needs::Torso],
    }
}

fn render_on(
    photo: &RgbImage,
    pose: Pose,
    garments: &[Garment],
    view: View,
) -> Result<Rendering, TryOnError> {
    let mut body = Body::measure(pose)?;
    let mut order: Vec<usize> = Vec::new();
    let mut skipped = Vec::new();
    for (index, garment) in garments.iter().enumerate() {
        if rank(garment.category).is_some() {
            order.push(index);
            for &needs in needs(garment.category) {
                body.require(needs)?;
            }
        } else {
            skipped.push((index, Skipped::NotWearable));
        }
    }
    if order.is_empty() {
        return Err(TryOnError::NothingToTryOn);
    }
    order.sort_by_key(|&index| rank(garments[index].category));

    let protected = protect::protect(photo, &body);
    limbs::slim_legs(&mut body, &protected);
    let body = body;
    let light = light::light(photo, &body);
    let head = Head::of(&body);
    let mut worn: Vec<(usize, Layer)> = Vec::new();
    let mut confidence = body.presence() * (body.frontal() / 0.62).clamp(0.0, 1.0).sqrt();
    for index in order {
        let Garment {
            category,
            cutout,
            cutout_confidence,
        } = &garments[index];
        let pieces = if *category == Category::Shoes { 2 } else { 1 };
        let upright = *category != Category::Hat;
        let size = fit::picture_size(*category, &body);
        let Some(cloth) = Cloth::prepare(cutout, size, pieces, upright) else {
            skipped.push((index, Skipped::NotClear));
            continue;
        };
        let (fitted, keeps) = match category.slot() {
            Slot::Bottom => (fit::bottom(&cloth, *category, &body), Keeps::Head),
            Slot::Shoes => (fit::shoes(&cloth, &body), Keeps::Legs),
            Slot::Hat => (fit::hat(&cloth, &head, &body), Keeps::Face),
            _ => {
                let fitted = fit::top(&cloth, *category, &body);
                let keeps = if fitted.collar {
                    Keeps::Collared
                } else {
                    Keeps::Head
                };
                (fitted, keeps)
            }
        };
        let layer = compose::draw(&fitted.pieces, keeps, &protected, &light);
        let (covered, on_body) = compose::coverage(&layer, &body.mask);
        if covered < 16.0 {
            skipped.push((index, Skipped::NotClear));
            continue;
        }
        let seen = needs(*category)
            .iter()
            .map(|&needs| body.visibility(needs))
            .fold(1.0, f32::min);
        let free = match category.slot() {
            Slot::Top | Slot::Outer | Slot::Dress => body.free_of_arms(),
            _ => 1.0,
        };
        let signs = confidence::Signs {
            seen: seen * free,
            // Hats stand out of the head's outline.
            on_body: match keeps {
                Keeps::Head | Keeps::Collared | Keeps::Legs => on_body / covered,
                Keeps::Face => 1.0,
            },
            quality: cloth.quality,
            cutout: cutout_confidence.max(0.0),
            // Shoes are compared with each other.
            symmetry: match keeps {
                Keeps::Legs => 1.0,
                _ => cloth.symmetry,
            },
            shape: fitted.trust,
            distortion: fitted.distortion(),
        };
        let trust = signs.confidence();
        if trust < confidence::LEAST {
            skipped.push((index, Skipped::NotClear));
            continue;
        }
        confidence *= trust;
        worn.push((index, layer));
    }
    if worn.is_empty() {
        return Err(TryOnError::GarmentNotClear);
    }
    skipped.sort_by_key(|skipped| skipped.0);
    // Several garments must not look worse than the worst of them.
    let confidence = confidence.clamp(0.0, 1.0).powf(1.0 / worn.len() as f32);
    let placed = worn.iter().map(|worn| worn.0).collect();
    let repaired = {
        let worn: Vec<_> = worn
            .iter()
            .map(|(index, layer)| repair::Worn {
                slot: garments[*index].category.slot(),
                heights: heights(layer, &body),
                layer,
            })
            .collect();
        repair::repair(photo, &body, &protected, &worn)
    };
    let confidence = confidence * confidence::after_repair(repaired.left, repaired.guessed);
    let shadow = shadow::cast(&worn, &body, &protected, &repaired.stays);
    let layers = Layers {
        person: DynamicImage::ImageRgb8(repaired.person).into_rgba8(),
        garments: worn
            .iter()
            .map(|(index, layer)| (*index, compose::picture(layer)))
            .collect(),
        shadow,
    };
    let image = layers.compose(view.lighting);
    let regions = GrayImage::from_fn(photo.width(), photo.height(), |x, y| {
        let repaired = layers.person.get_pixel(x, y).0[..3] != photo.get_pixel(x, y).0;
        Luma([if repaired || layers.covers(x, y) {
            u8::MAX
        } else {
            0
        }])
    });
    let turns = if view.rotate {
        turn::turns(&image, &person(&body, &worn), &body)
    } else {
        Vec::new()
    };
    Ok(Rendering {
        image,
        layers,
        regions,
        turns,
        confidence,
        placed,
        skipped,
    })
}

/// How surely each pixel shows the person or what they wear.
fn person(body: &Body, worn: &[(usize, Layer)]) -> Plane {
    let mut person = body.mask.clone();
    for (_, layer) in worn {
        for (person, pixel) in person.data.iter_mut().zip(&layer.data) {
            *person = person.max(pixel[3]);
        }
    }
    person
}

/// The heights on the body between which nearly all of a garment lies.
fn heights(layer: &Layer, body: &Body) -> (f32, f32) {
    let rows: Vec<f32> = layer
        .data
        .chunks(layer.width.max(1))
        .map(|row| row.iter().map(|pixel| pixel[3]).sum())
        .collect();
    let all: f32 = rows.iter().sum();
    let row = |share: f32| {
        let mut sum = 0.0;
        rows.iter()
            .position(|row| {
                sum += row;
                sum >= share * all
            })
            .unwrap_or(0)
    };
    let height = |row: usize| body.height_of(geom::p(body.hips.x, row as f32));
    (height(row(0.01)), height(row(0.985)))
}
