//! The in-house renderer.

use drape_domain::{
    Slot,
    item::Failure,
    tryon::{Lighting, Lights, ViewOptions},
};
use drape_vision::{
    Cutter, Photo, VisionError,
    tryon::{self, RENDERER, Skipped, TryOnEngine, TryOnError, View},
};
use image::{
    DynamicImage, ImageBuffer, ImageEncoder, ImageResult, PixelWithColorType, RgbaImage,
    codecs::png::{CompressionType, FilterType, PngEncoder},
};

use crate::renderer::{Garment, LayerFiles, Picture, Render, RenderError};

/// The in-house renderer with its models.
#[derive(Debug)]
pub struct Engine {
    cutter: Cutter,
    engine: TryOnEngine,
}

impl Engine {
    /// Loads the models.
    ///
    /// # Errors
    /// [`VisionError`] if one cannot be loaded.
    pub fn load() -> Result<Self, VisionError> {
        Ok(Self {
            cutter: Cutter::load()?,
            engine: TryOnEngine::load()?,
        })
    }

    /// A garment that is cut out keeps its outline, and what was thought of it when that was made; one that is
    /// not is cut out now. One in which nothing can be found is empty, and left to the engine like any other
    /// that shows nothing.
    fn cut_out(&self, garment: &Garment) -> Result<tryon::Garment, RenderError> {
        let (cutout, confidence) = match self.cutter.cut(&garment.photo) {
            Ok(cutout) => (cutout.image, cutout.confidence),
            Err(VisionError::Photo(_)) => (RgbaImage::new(1, 1), 0.0),
            Err(error) => return Err(fault(error)),
        };
        Ok(tryon::Garment {
            category: garment.category,
            cutout,
            cutout_confidence: garment.cutout_confidence.unwrap_or(confidence),
        })
    }
}

impl Render for Engine {
    fn render(
        &self,
        body: &Photo,
        garments: &[Garment],
        view: ViewOptions,
    ) -> Result<Picture, RenderError> {
        // Bags and the like are not drawn, so there is no need to cut them out.
        let (drawn, left): (Vec<_>, Vec<_>) = garments
            .iter()
            .partition(|garment| !matches!(garment.category.slot(), Slot::Bag | Slot::Accessory));
        let cutouts = drawn
            .iter()
            .map(|garment| self.cut_out(garment))
            .collect::<Result<Vec<_>, _>>()?;
        let rendering = self
            .engine
            .render(&body.rgb, &cutouts, seen_as(view))
            .map_err(refused)?;
        let unclear = rendering
            .skipped
            .iter()
            .filter_map(|(position, reason)| Some((drawn.get(*position)?.item_id, *reason)));
        let skipped: Vec<_> = left
            .iter()
            .map(|garment| (garment.item_id, Skipped::NotWearable))
            .chain(unclear)
            .map(|(item_id, reason)| (item_id, told(reason)))
            .collect();
        // A picture that lacks a garment is that much less the outfit that was asked for.
        let shown = rendering.placed.len() as f32 / drawn.len().max(1) as f32;
        let turns = rendering.turns.iter().map(png).collect::<Result<_, _>>();
        Ok(Picture {
            png: png(&rendering.image).map_err(fault)?,
            layers: layers(&rendering.layers, &drawn).map_err(fault)?,
            turns: turns.map_err(fault)?,
            confidence: rendering.confidence * shown,
            renderer: RENDERER.to_owned(),
            skipped,
        })
    }
}

/// Why a garment is not in the picture, for the person.
fn told(reason: Skipped) -> Failure {
    let message = match reason {
        Skipped::NotWearable => "Bags, accessories and the like are not shown on the photo.",
        Skipped::NotClear => {
            "The shape of this piece is not clear in its photo. Lay it flat, alone, seen from the front."
        }
    };
    Failure {
        code: reason.code().to_owned(),
        message: message.to_owned(),
    }
}

fn refused(error: TryOnError) -> RenderError {
    if !error.is_final() {
        return fault(error);
    }
    RenderError::Photo(Failure {
        code: error.code().into(),
        message: error.to_string(),
    })
}

#[allow(clippy::needless_pass_by_value)] // for `map_err`
fn fault(error: impl ToString) -> RenderError {
    RenderError::Fault(error.to_string())
}

const fn light(wanted: Lighting) -> tryon::Lighting {
    match wanted {
        Lighting::Neutral => tryon::Lighting::Neutral,
        Lighting::Warm => tryon::Lighting::Warm,
        Lighting::Cool => tryon::Lighting::Cool,
    }
}

const fn seen_as(view: ViewOptions) -> View {
    View {
        rotate: view.rotate,
        lighting: light(view.lighting),
    }
}

fn layers(layers: &tryon::Layers, drawn: &[&Garment]) -> ImageResult<LayerFiles> {
    let garments = layers
        .garments
        .iter()
        .filter_map(|(position, layer)| Some((drawn.get(*position)?.item_id, layer)));
    let gains = |lighting| light(lighting).gains();
    Ok(LayerFiles {
        // It is opaque, and by far the largest.
        person: png(&DynamicImage::from(layers.person.clone()).into_rgb8())?,
        garments: garments
            .map(|(item_id, layer)| Ok((item_id, png(layer)?)))
            .collect::<ImageResult<_>>()?,
        shadow: png(&layers.shadow)?,
        lighting: Lights {
            warm: gains(Lighting::Warm),
            neutral: gains(Lighting::Neutral),
            cool: gains(Lighting::Cool),
        },
    })
}

/// Nothing but pixels goes in, so no metadata comes out.
fn png<P>(picture: &ImageBuffer<P, Vec<u8>>) -> ImageResult<Vec<u8>>
where
    P: PixelWithColorType<Subpixel = u8>,
{
    let mut bytes = Vec::new();
    PngEncoder::new_with_quality(&mut bytes, CompressionType::Fast, FilterType::Adaptive)
        .write_image(picture, picture.width(), picture.height(), P::COLOR_TYPE)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use drape_domain::{Category, ItemId};
    use image::{Rgb, RgbImage};

    use super::*;

    fn photo(color: [u8; 3]) -> Photo {
        Photo {
            rgb: RgbImage::from_pixel(256, 256, Rgb(color)),
            alpha: None,
        }
    }

    fn garment(category: Category) -> Garment {
        Garment {
            item_id: ItemId::new(),
            category,
            photo: photo([200, 10, 10]),
            cutout_confidence: None,
        }
    }

    fn code(category: Category) -> String {
        let engine = Engine::load().unwrap();
        match engine.render(
            &photo([120, 120, 120]),
            &[garment(category)],
            ViewOptions::default(),
        ) {
            Err(RenderError::Photo(failure)) => failure.code,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_photo_without_a_person_is_a_reason() {
        assert_eq!(code(Category::Shirt), "body_not_visible");
    }

    #[test]
    fn what_is_not_worn_on_the_body_is_a_reason() {
        assert_eq!(code(Category::Bag), "nothing_to_try_on");
    }
}
