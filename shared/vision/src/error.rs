//! What can be wrong with a photo, in words for people, and what can go wrong with the machinery.

use crate::runner::ModelError;

/// The photo cannot be used. Trying again with the same bytes changes nothing.
///
/// [`code`](Self::code) is stable; the text (`Display`) can be shown to people beside "Fix Image".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PhotoError {
    /// No bytes at all.
    #[error("This file is empty. Please send the photo again.")]
    Empty,
    /// More bytes than are accepted.
    #[error("This file is larger than {} MB. Please send a smaller photo.", limit / 1024 / 1024)]
    FileTooLarge {
        /// In bytes.
        limit: u64,
    },
    /// A kind of file that is not read; `kind` is such as `a HEIC photo`.
    #[error("This is {kind}. Please send JPEG, PNG or WebP.")]
    UnsupportedFormat {
        /// With its article.
        kind: &'static str,
    },
    /// A readable photo, but not of the declared type.
    #[error("This file was announced as {declared} but is {found}. Please send it again.")]
    TypeMismatch {
        /// The declared media type.
        declared: &'static str,
        /// The media type of the bytes.
        found: &'static str,
    },
    /// Several frames.
    #[error("This is an animated image. Please send a still photo.")]
    Animated,
    /// More pixels than are accepted, by the file's own header.
    #[error(
        "This photo has {width} × {height} pixels, which is too many. Please send one of at most {limit_megapixels} megapixels."
    )]
    TooManyPixels {
        /// In pixels.
        width: u32,
        /// In pixels.
        height: u32,
        /// In millions of pixels.
        limit_megapixels: u32,
    },
    /// Too few pixels to see a garment.
    #[error(
        "This photo is too small ({width} × {height} pixels). Please send one of at least {limit} pixels each way."
    )]
    TooSmall {
        /// In pixels.
        width: u32,
        /// In pixels.
        height: u32,
        /// In pixels, each way.
        limit: u32,
    },
    /// The file ends before the image does.
    #[error("This photo is incomplete: the end of the file is missing. Please send it again.")]
    Truncated,
    /// The bytes contradict the format.
    #[error("This photo is damaged and cannot be opened. Please send another one.")]
    Corrupt,
    /// A CMYK file that does not say how its inks are written, so that any reading may be a negative.
    #[error(
        "This photo is in print colours (CMYK) that cannot be read reliably. Please save it as RGB and send it again."
    )]
    UnsupportedColors,
    /// Nothing in the photo stands out from what is behind it.
    #[error(
        "We could not find a garment in this photo. Please lay it flat or hang it up against a plain background."
    )]
    NoGarmentFound,
    /// What the owner drew leaves no garment.
    #[error(
        "Nothing is left of the garment after this edit. Please choose a larger part of the photo, remove less, or draw over what should stay."
    )]
    NothingLeft,
    /// The drawn mask cannot be used; `reason` is such as `is larger than 2 MB`.
    #[error("The drawn mask {reason}. Please draw it again and send it as a PNG.")]
    BadMask {
        /// What is wrong with it.
        reason: &'static str,
    },
}

impl PhotoError {
    /// Stable, for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty_file",
            Self::FileTooLarge { .. } => "file_too_large",
            Self::UnsupportedFormat { .. } => "unsupported_format",
            Self::TypeMismatch { .. } => "type_mismatch",
            Self::Animated => "animated_image",
            Self::TooManyPixels { .. } => "too_many_pixels",
            Self::TooSmall { .. } => "image_too_small",
            Self::Truncated => "truncated_image",
            Self::Corrupt => "corrupt_image",
            Self::UnsupportedColors => "unsupported_colors",
            Self::NoGarmentFound | Self::NothingLeft => "no_garment_found",
            Self::BadMask { .. } => "bad_mask",
        }
    }

    /// For people.
    #[must_use]
    pub fn message(&self) -> String {
        self.to_string()
    }
}

/// Why a photo was not worked on.
#[derive(Debug, thiserror::Error)]
pub enum VisionError {
    /// The photo's fault: final.
    #[error(transparent)]
    Photo(#[from] PhotoError),
    /// Ours: a model could not be loaded or run.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// Ours: a picture could not be written.
    #[error("encoding a picture: {0}")]
    Encode(#[from] image::ImageError),
}
