//! Everything that is made of one photo of a garment.

use drape_domain::{
    Background, Category, Color, ReturnFormat, Rgb,
    item::{ImageType, Inferred},
};
use image::{ImageResult, RgbImage, imageops};

use crate::{
    colors,
    cutout::{Cutout, Cutter},
    decode::{Photo, decode},
    edit::Edit,
    embed::Projection,
    encode,
    error::{PhotoError, VisionError},
    features::FeatureExtractor,
    light::Light,
    runner::ModelError,
    square::fit_square,
    tags::Tagger,
};

/// Side of a thumb, in pixels.
pub const THUMB_SIDE: u32 = 512;
/// A thumb is at most this large, in bytes.
pub const THUMB_BYTES: usize = 60_000;
/// Space around a cutout in its thumb, in pixels.
const THUMB_MARGIN: u32 = 24;
const WHITE: Rgb = Rgb([255; 3]);

/// How the owner wants to see the garment.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Cut out, or as taken.
    pub background: Background,
    /// Colour behind the garment in the thumb and in a flat image; white if none.
    pub bg_color: Option<Rgb>,
    /// Also make a flat image in this format. A colour alone asks for a JPEG.
    pub return_format: Option<ReturnFormat>,
    /// What the owner drew to mend the cutout.
    pub edit: Edit,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            background: Background::Clean,
            bg_color: None,
            return_format: None,
            edit: Edit::default(),
        }
    }
}

/// A flattened cutout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flat {
    /// Of the file.
    pub format: ReturnFormat,
    /// The file.
    pub bytes: Vec<u8>,
}

/// What is made of a photo. The same bytes and options always make the same.
#[derive(Debug, Clone, PartialEq)]
pub struct GarmentPhoto {
    /// The whole photo: JPEG, upright, without metadata, at most 2,048 pixels along its longer side.
    pub original_jpeg: Vec<u8>,
    /// The garment cut out: PNG with transparency, cropped to it. None if the original is wanted.
    pub clean_png: Option<Vec<u8>>,
    /// The cutout on a colour (a PNG without a colour stays transparent), if that is wanted.
    pub flat: Option<Flat>,
    /// The garment, or the whole photo if the original is wanted, in a square of [`THUMB_SIDE`] pixels: JPEG.
    pub thumb_jpeg: Vec<u8>,
    /// What was read from the photo.
    pub inferred: Inferred,
    /// [`crate::embed::DIMENSIONS`] components, unit length; made as [`crate::embed::MODEL_ID`] says.
    pub embedding: Vec<f32>,
}

/// The loaded models. Loading takes a while, so do it once; looking at a photo takes `&self`.
#[derive(Debug)]
pub struct GarmentVision {
    cutter: Cutter,
    features: FeatureExtractor,
    tagger: Tagger,
    projection: Projection,
}

impl GarmentVision {
    /// Loads the models.
    ///
    /// # Errors
    /// [`ModelError`] if one cannot be loaded.
    pub fn load() -> Result<Self, ModelError> {
        Ok(Self {
            cutter: Cutter::load()?,
            features: FeatureExtractor::load()?,
            tagger: Tagger::load(),
            projection: Projection::load(),
        })
    }

    /// The garment in a photo.
    ///
    /// # Errors
    /// [`PhotoError::NoGarmentFound`] if nothing stands out; the others are faults of ours.
    pub fn cut(&self, photo: &Photo) -> Result<Cutout, VisionError> {
        self.cutter.cut(photo)
    }

    /// The colours of a garment in its photo, by the part of it that they cover, in the photo's light.
    #[must_use]
    pub fn colors(&self, cutout: &Cutout, photo: &Photo, category: Category) -> Vec<Color> {
        let light = Light::around(&photo.rgb, cutout);
        colors::of_garment(&cutout.image, light, Some(category))
    }

    /// Every category that is known with its probability, likeliest first.
    ///
    /// # Errors
    /// [`ModelError`] if the model cannot be run.
    pub fn categories(&self, photo: &RgbImage) -> Result<Vec<(Category, f32)>, ModelError> {
        Ok(self.tagger.categories(&self.features.features(photo)?))
    }

    /// A photo's vector: [`crate::embed::DIMENSIONS`] components, unit length.
    ///
    /// # Errors
    /// [`ModelError`] if the model cannot be run.
    pub fn embedding(&self, photo: &RgbImage) -> Result<Vec<f32>, ModelError> {
        Ok(self.projection.embed(&self.features.features(photo)?))
    }

    /// Decodes an uploaded photo of the declared type, cuts the garment out, and reads tags and vector.
    ///
    /// # Errors
    /// [`VisionError::Photo`] if the photo cannot be used; the others are faults of ours.
    pub fn analyse(
        &self,
        bytes: &[u8],
        declared: ImageType,
        options: &Options,
    ) -> Result<GarmentPhoto, VisionError> {
        let photo = decode(bytes, declared)?;
        let cutout = match self.cutter.cut_edited(&photo, &options.edit) {
            // Whoever wants the photo as taken need not have a garment that stands out in it.
            Err(VisionError::Photo(PhotoError::NoGarmentFound | PhotoError::NothingLeft))
                if options.background == Background::Original =>
            {
                None
            }
            other => Some(other?),
        };
        let features = self.features.features(&photo.rgb)?;
        let guess = self.tagger.category(&features);
        let inferred = Inferred {
            category: guess.category,
            confidence: guess.confidence,
            candidates: guess.candidates,
            cutout_confidence: cutout.as_ref().map(|cutout| cutout.confidence),
            colors: cutout.as_ref().map_or_else(
                || photo_colors(&photo),
                |cutout| self.colors(cutout, &photo, guess.category),
            ),
            pattern: self.tagger.pattern(&features),
        };
        let embedding = self.projection.embed(&features);
        let pictures = pictures(&photo, cutout.as_ref(), options)?;
        Ok(GarmentPhoto {
            original_jpeg: encode::jpeg(&photo.rgb, encode::PHOTO_QUALITY)?,
            clean_png: pictures.clean_png,
            flat: pictures.flat,
            thumb_jpeg: pictures.thumb_jpeg,
            inferred,
            embedding,
        })
    }
}

fn photo_colors(photo: &Photo) -> Vec<drape_domain::Color> {
    colors::dominant(&image::DynamicImage::ImageRgb8(photo.rgb.clone()).into_rgba8())
}

struct Pictures {
    clean_png: Option<Vec<u8>>,
    flat: Option<Flat>,
    thumb_jpeg: Vec<u8>,
}

fn pictures(photo: &Photo, cutout: Option<&Cutout>, options: &Options) -> ImageResult<Pictures> {
    let Rgb(background) = options.bg_color.unwrap_or(WHITE);
    let background = image::Rgb(background);
    let cutout = cutout.filter(|_| options.background == Background::Clean);
    let Some(cutout) = cutout else {
        return Ok(Pictures {
            clean_png: None,
            flat: None,
            thumb_jpeg: thumb(&fit_square(&photo.rgb, THUMB_SIDE, background))?,
        });
    };
    let clean_png = encode::png_rgba(&cutout.image)?;
    let on_color = cutout.on(background);
    let flat = match (options.return_format, options.bg_color) {
        (None, None) => None,
        (Some(ReturnFormat::Png), None) => Some(Flat {
            format: ReturnFormat::Png,
            bytes: clean_png.clone(),
        }),
        (Some(ReturnFormat::Png), Some(_)) => Some(Flat {
            format: ReturnFormat::Png,
            bytes: encode::png_rgb(&on_color)?,
        }),
        (Some(ReturnFormat::Jpeg), _) | (None, Some(_)) => Some(Flat {
            format: ReturnFormat::Jpeg,
            bytes: encode::jpeg(&on_color, encode::PHOTO_QUALITY)?,
        }),
    };
    let inner = fit_square(&on_color, THUMB_SIDE - 2 * THUMB_MARGIN, background);
    let mut square = RgbImage::from_pixel(THUMB_SIDE, THUMB_SIDE, background);
    imageops::replace(
        &mut square,
        &inner,
        i64::from(THUMB_MARGIN),
        i64::from(THUMB_MARGIN),
    );
    Ok(Pictures {
        clean_png: Some(clean_png),
        flat,
        thumb_jpeg: thumb(&square)?,
    })
}

fn thumb(square: &RgbImage) -> ImageResult<Vec<u8>> {
    encode::jpeg_within(square, 85, THUMB_BYTES)
}
