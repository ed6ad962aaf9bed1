//! What makes a picture of photos.

use drape_domain::{
    Category, ItemId,
    item::Failure,
    tryon::{Lights, ViewOptions},
};
use drape_vision::Photo;

/// One garment.
#[derive(Debug, Clone)]
pub struct Garment {
    /// Names it in logs, which hold nothing that a person typed.
    pub item_id: ItemId,
    /// Says where it is worn.
    pub category: Category,
    /// Its cutout; where there is none, its photo, which has no transparency.
    pub photo: Photo,
    /// How far its cutout can be trusted, 0–1; none if there is none, or if nobody knows.
    pub cutout_confidence: Option<f32>,
}

/// What a picture is composed of: PNGs of its size.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerFiles {
    /// The person below the garments.
    pub person: Vec<u8>,
    /// The garments, the lowest first.
    pub garments: Vec<(ItemId, Vec<u8>)>,
    /// The shadows that garments cast, over all else.
    pub shadow: Vec<u8>,
    /// How to show the garments in another light.
    pub lighting: Lights,
}

/// What was made.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// The picture as PNG.
    pub png: Vec<u8>,
    /// What it is composed of.
    pub layers: LayerFiles,
    /// The picture turned slightly, as PNGs, if that was wanted.
    pub turns: Vec<Vec<u8>>,
    /// How far it can be trusted, 0–1.
    pub confidence: f32,
    /// What made it.
    pub renderer: String,
    /// The garments that it does not show, and why.
    pub skipped: Vec<(ItemId, Failure)>,
}

/// Why there is no picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RenderError {
    /// The photos do not allow one; the person is told why.
    Photo(Failure),
    /// Something of ours failed; it may work next time.
    Fault(String),
}

/// Makes pictures of people in garments.
pub trait Render: Send + Sync {
    /// A picture of the person on the `body` photo wearing the garments.
    ///
    /// # Errors
    /// See [`RenderError`].
    fn render(
        &self,
        body: &Photo,
        garments: &[Garment],
        view: ViewOptions,
    ) -> Result<Picture, RenderError>;
}
