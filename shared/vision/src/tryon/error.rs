//! Why there is no picture, or why a garment is not in it.

use crate::runner::ModelError;

/// Why there is no picture. Each has a stable [`code`](Self::code) and a message for the person.
#[derive(Debug, thiserror::Error)]
pub enum TryOnError {
    /// Nobody is in the photo, or a part of the body that the garments hang on cannot be seen.
    #[error(
        "We could not see your whole body. Please use a photo that shows you from head to feet, facing the camera."
    )]
    BodyNotVisible,
    /// The person is seen from the side or from behind.
    #[error(
        "You are turned away from the camera in this photo. Please use one in which you face it."
    )]
    TurnedAway,
    /// The person does not stand upright.
    #[error("Please use a photo in which you stand upright.")]
    NotUpright,
    /// None of the items can be worn in the picture.
    #[error("None of these items can be tried on. Please choose clothes, shoes or a hat.")]
    NothingToTryOn,
    /// The pictures of the garments show nothing that can be placed.
    #[error(
        "We could not find the garment in its picture. Please take the photo again in front of a plain background."
    )]
    GarmentNotClear,
    /// A model failed: a fault of ours, which a later attempt may not have.
    #[error(transparent)]
    Model(#[from] ModelError),
}

impl TryOnError {
    /// A stable word for the reason.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::BodyNotVisible => "body_not_visible",
            Self::TurnedAway => "body_turned_away",
            Self::NotUpright => "body_not_upright",
            Self::NothingToTryOn => "nothing_to_try_on",
            Self::GarmentNotClear => "garment_not_clear",
            Self::Model(_) => "internal",
        }
    }

    /// Whether the photo or the items are the reason, so that trying again changes nothing.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        !matches!(self, Self::Model(_))
    }
}

/// Why a garment is not in the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skipped {
    /// Bags, accessories and the like are not drawn.
    NotWearable,
    /// Its picture shows no garment.
    NotClear,
}

impl Skipped {
    /// A stable word for the reason.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotWearable => "not_wearable",
            Self::NotClear => "garment_not_clear",
        }
    }
}
