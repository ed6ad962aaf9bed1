//! What the owner draws on a photo to mend its cutout ("Fix Image").
//!
//! Every coordinate is a part of the whole upright photo, as it was taken: 0 is its left or upper edge, 1 its
//! right or lower one. So an edit means the same whatever size the photo is shown or kept in.

use serde::{Deserialize, Deserializer, Serialize, de::Error};

/// The most strokes that an edit may have, those to keep and those to remove together.
pub const MAX_STROKES: usize = 64;
/// The most points that one stroke may have.
pub const MAX_STROKE_POINTS: usize = 256;
/// The most points that all strokes of an edit may have. The edit is kept in the item's row, of which a page
/// of the wardrobe reads a hundred.
pub const MAX_POINTS: usize = 4096;
/// The smallest side of a crop.
pub const MIN_CROP_SIDE: f32 = 0.01;
/// The finest stroke.
pub const MIN_RADIUS: f32 = 0.002;
/// The broadest stroke.
pub const MAX_RADIUS: f32 = 0.2;
/// A stroke's radius if none is given: about a fingertip on a photo that fills a phone.
pub const DEFAULT_RADIUS: f32 = 0.02;
/// The largest mask that is accepted, in bytes.
pub const MAX_MASK_BYTES: u64 = 2 * 1024 * 1024;

/// Why something cannot be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEdit {
    /// A coordinate outside the photo, or none at all.
    #[error("must be from 0 to 1")]
    OutsidePhoto,
    /// The edges are in the wrong order, or nearly touch.
    #[error(
        "left and right, and top and bottom, must be in this order and at least {MIN_CROP_SIDE} apart"
    )]
    NoCrop,
    /// A stroke too fine or too broad.
    #[error("must be from {MIN_RADIUS} to {MAX_RADIUS}")]
    Radius,
    /// A stroke without points, or with too many.
    #[error("must have from 1 to {MAX_STROKE_POINTS} points")]
    StrokePoints,
    /// Too many strokes.
    #[error("must have at most {MAX_STROKES} strokes in all")]
    Strokes,
    /// Too many points.
    #[error("must have at most {MAX_POINTS} points in all strokes")]
    Points,
}

fn coordinate(value: f32) -> Result<f32, InvalidEdit> {
    // Not a number is in no range.
    if (0.0..=1.0).contains(&value) {
        Ok(value)
    } else {
        Err(InvalidEdit::OutsidePhoto)
    }
}

fn read_coordinate<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f32, D::Error> {
    coordinate(f32::deserialize(deserializer)?).map_err(D::Error::custom)
}

/// A place in a photo.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitPoint {
    #[serde(deserialize_with = "read_coordinate")]
    x: f32,
    #[serde(deserialize_with = "read_coordinate")]
    y: f32,
}

impl UnitPoint {
    /// A place in the photo.
    ///
    /// # Errors
    /// [`InvalidEdit::OutsidePhoto`].
    pub fn new(x: f32, y: f32) -> Result<Self, InvalidEdit> {
        Ok(Self {
            x: coordinate(x)?,
            y: coordinate(y)?,
        })
    }

    /// From the left, 0–1.
    #[must_use]
    pub const fn x(self) -> f32 {
        self.x
    }

    /// From the top, 0–1.
    #[must_use]
    pub const fn y(self) -> f32 {
        self.y
    }
}

/// An upright part of a photo, at least [`MIN_CROP_SIDE`] wide and high.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Edges")]
pub struct UnitRect {
    left: f32,
    top: f32,
    right: f32,
    bottom: f32,
}

/// A [`UnitRect`] as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Edges {
    #[serde(deserialize_with = "read_coordinate")]
    left: f32,
    #[serde(deserialize_with = "read_coordinate")]
    top: f32,
    #[serde(deserialize_with = "read_coordinate")]
    right: f32,
    #[serde(deserialize_with = "read_coordinate")]
    bottom: f32,
}

impl TryFrom<Edges> for UnitRect {
    type Error = InvalidEdit;
    fn try_from(edges: Edges) -> Result<Self, InvalidEdit> {
        Self::new(edges.left, edges.top, edges.right, edges.bottom)
    }
}

impl UnitRect {
    /// The part between these edges.
    ///
    /// # Errors
    /// [`InvalidEdit::OutsidePhoto`] and [`InvalidEdit::NoCrop`].
    pub fn new(left: f32, top: f32, right: f32, bottom: f32) -> Result<Self, InvalidEdit> {
        let (left, top) = (coordinate(left)?, coordinate(top)?);
        let (right, bottom) = (coordinate(right)?, coordinate(bottom)?);
        if right - left < MIN_CROP_SIDE || bottom - top < MIN_CROP_SIDE {
            return Err(InvalidEdit::NoCrop);
        }
        Ok(Self {
            left,
            top,
            right,
            bottom,
        })
    }

    /// From the photo's left, 0–1.
    #[must_use]
    pub const fn left(self) -> f32 {
        self.left
    }

    /// From the photo's top, 0–1.
    #[must_use]
    pub const fn top(self) -> f32 {
        self.top
    }

    /// From the photo's left, 0–1.
    #[must_use]
    pub const fn right(self) -> f32 {
        self.right
    }

    /// From the photo's top, 0–1.
    #[must_use]
    pub const fn bottom(self) -> f32 {
        self.bottom
    }
}

/// A line drawn with a round brush; a tap is a stroke of one point.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stroke {
    #[serde(deserialize_with = "read_points")]
    points: Vec<UnitPoint>,
    #[serde(default = "default_radius", deserialize_with = "read_radius")]
    radius: f32,
}

const fn default_radius() -> f32 {
    DEFAULT_RADIUS
}

fn stroke_points(points: Vec<UnitPoint>) -> Result<Vec<UnitPoint>, InvalidEdit> {
    if (1..=MAX_STROKE_POINTS).contains(&points.len()) {
        Ok(points)
    } else {
        Err(InvalidEdit::StrokePoints)
    }
}

fn stroke_radius(radius: f32) -> Result<f32, InvalidEdit> {
    if (MIN_RADIUS..=MAX_RADIUS).contains(&radius) {
        Ok(radius)
    } else {
        Err(InvalidEdit::Radius)
    }
}

fn read_points<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<UnitPoint>, D::Error> {
    stroke_points(Vec::deserialize(deserializer)?).map_err(D::Error::custom)
}

fn read_radius<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f32, D::Error> {
    stroke_radius(f32::deserialize(deserializer)?).map_err(D::Error::custom)
}

impl Stroke {
    /// A line through these points. The radius is a part of the photo's longer side.
    ///
    /// # Errors
    /// [`InvalidEdit::StrokePoints`] and [`InvalidEdit::Radius`].
    pub fn new(points: Vec<UnitPoint>, radius: f32) -> Result<Self, InvalidEdit> {
        Ok(Self {
            points: stroke_points(points)?,
            radius: stroke_radius(radius)?,
        })
    }

    /// In the order in which they were drawn; at least one.
    #[must_use]
    pub fn points(&self) -> &[UnitPoint] {
        &self.points
    }

    /// As a part of the photo's longer side.
    #[must_use]
    pub const fn radius(&self) -> f32 {
        self.radius
    }
}

/// A mask that the owner drew: a PNG that is white (or opaque) where the garment is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mask {
    /// Object key in the uploads bucket.
    pub key: String,
    /// Names its content.
    pub etag: String,
}

/// What the owner drew on a photo. The default changes nothing.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(try_from = "Drawn")]
pub struct Edit {
    crop: Option<UnitRect>,
    keep: Vec<Stroke>,
    remove: Vec<Stroke>,
    mask: Option<Mask>,
}

/// An [`Edit`] as it is written.
#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct Drawn {
    crop: Option<UnitRect>,
    keep: Vec<Stroke>,
    remove: Vec<Stroke>,
    mask: Option<Mask>,
}

impl TryFrom<Drawn> for Edit {
    type Error = InvalidEdit;
    fn try_from(drawn: Drawn) -> Result<Self, InvalidEdit> {
        Ok(Self {
            mask: drawn.mask,
            ..Self::new(drawn.crop, drawn.keep, drawn.remove)?
        })
    }
}

impl Edit {
    /// The part of the photo to look at, and what in it is garment and what is not.
    ///
    /// # Errors
    /// [`InvalidEdit::Strokes`] and [`InvalidEdit::Points`].
    pub fn new(
        crop: Option<UnitRect>,
        keep: Vec<Stroke>,
        remove: Vec<Stroke>,
    ) -> Result<Self, InvalidEdit> {
        if keep.len() + remove.len() > MAX_STROKES {
            return Err(InvalidEdit::Strokes);
        }
        let strokes = keep.iter().chain(&remove);
        if strokes.map(|stroke| stroke.points.len()).sum::<usize>() > MAX_POINTS {
            return Err(InvalidEdit::Points);
        }
        Ok(Self {
            crop,
            keep,
            remove,
            mask: None,
        })
    }

    /// The same with a mask.
    #[must_use]
    pub fn with_mask(self, mask: Mask) -> Self {
        Self {
            mask: Some(mask),
            ..self
        }
    }

    /// Only this part of the photo is looked at.
    #[must_use]
    pub const fn crop(&self) -> Option<UnitRect> {
        self.crop
    }

    /// What is garment.
    #[must_use]
    pub fn keep(&self) -> &[Stroke] {
        &self.keep
    }

    /// What is not.
    #[must_use]
    pub fn remove(&self) -> &[Stroke] {
        &self.remove
    }

    /// Where the garment is.
    #[must_use]
    pub const fn mask(&self) -> Option<&Mask> {
        self.mask.as_ref()
    }

    /// Whether nothing is drawn.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn point() -> UnitPoint {
        UnitPoint::new(0.5, 0.5).unwrap()
    }

    fn stroke(points: usize) -> Stroke {
        Stroke::new(vec![point(); points], DEFAULT_RADIUS).unwrap()
    }

    #[test]
    fn a_place_outside_the_photo_is_none() {
        for outside in [-0.001, 1.001, f32::NAN, f32::INFINITY] {
            assert_eq!(UnitPoint::new(outside, 0.0), Err(InvalidEdit::OutsidePhoto));
            assert_eq!(UnitPoint::new(0.0, outside), Err(InvalidEdit::OutsidePhoto));
            assert_eq!(
                UnitRect::new(0.0, 0.0, outside, 1.0),
                Err(InvalidEdit::OutsidePhoto)
            );
        }
        assert!(UnitPoint::new(0.0, 1.0).is_ok());
    }

    #[test]
    fn a_crop_has_its_edges_in_order_and_some_size() {
        assert!(UnitRect::new(0.0, 0.0, 1.0, 1.0).is_ok());
        assert!(UnitRect::new(0.25, 0.25, 0.265, 0.265).is_ok());
        for (left, top, right, bottom) in [
            (0.5, 0.0, 0.5, 1.0),
            (0.6, 0.0, 0.4, 1.0),
            (0.0, 0.6, 1.0, 0.4),
            (0.0, 0.5, 1.0, 0.505),
        ] {
            assert_eq!(
                UnitRect::new(left, top, right, bottom),
                Err(InvalidEdit::NoCrop)
            );
        }
    }

    #[test]
    fn a_stroke_has_points_and_a_breadth_within_limits() {
        let points = |count| vec![point(); count];
        assert_eq!(Stroke::new(points(0), 0.1), Err(InvalidEdit::StrokePoints));
        assert_eq!(
            Stroke::new(points(257), 0.1),
            Err(InvalidEdit::StrokePoints)
        );
        for radius in [0.001, 0.21, f32::NAN] {
            assert_eq!(Stroke::new(points(1), radius), Err(InvalidEdit::Radius));
        }
        assert_eq!(stroke(256).points().len(), 256);
    }

    #[test]
    fn strokes_are_counted_over_the_whole_edit() {
        let edit = |keep, remove, points| {
            Edit::new(
                None,
                vec![stroke(points); keep],
                vec![stroke(points); remove],
            )
        };
        assert!(edit(32, 32, 64).is_ok());
        assert_eq!(edit(33, 32, 1), Err(InvalidEdit::Strokes));
        assert_eq!(edit(9, 8, 256), Err(InvalidEdit::Points));
    }

    #[test]
    fn what_is_stored_reads_as_it_was() {
        let edit = Edit::new(
            Some(UnitRect::new(0.1, 0.2, 0.9, 0.8).unwrap()),
            vec![stroke(1)],
            vec![stroke(3), stroke(2)],
        )
        .unwrap()
        .with_mask(Mask {
            key: "uploads/masks/x".into(),
            etag: "m".into(),
        });
        let text = serde_json::to_string(&edit).unwrap();
        assert_eq!(serde_json::from_str::<Edit>(&text).unwrap(), edit);
        assert!(!edit.is_empty());
        assert!(serde_json::from_str::<Edit>("{}").unwrap().is_empty());
    }

    #[test]
    fn a_stroke_without_a_radius_has_the_usual_one() {
        let stroke: Stroke = serde_json::from_value(json!({"points": [{"x": 0, "y": 1}]})).unwrap();
        assert_eq!(stroke.radius(), DEFAULT_RADIUS);
    }

    proptest! {
        #[test]
        fn what_is_read_keeps_the_limits(
            edges in prop::array::uniform4(-0.5_f32..1.5),
            points in prop::collection::vec((-0.1_f32..1.1, -0.1_f32..1.1), 0..300),
            radius in -0.1_f32..0.3,
        ) {
            let [left, top, right, bottom] = edges;
            let points: Vec<_> = points.iter().map(|(x, y)| json!({"x": x, "y": y})).collect();
            let drawn = json!({
                "crop": {"left": left, "top": top, "right": right, "bottom": bottom},
                "keep": [{"points": points, "radius": radius}],
            });
            if let Ok(edit) = serde_json::from_value::<Edit>(drawn) {
                let crop = edit.crop().unwrap();
                prop_assert!(crop.left() < crop.right() && crop.top() < crop.bottom());
                let stroke = &edit.keep()[0];
                prop_assert!((1..=256).contains(&stroke.points().len()));
                prop_assert!(stroke.points().iter().all(|at| (0.0..=1.0).contains(&at.x()) && (0.0..=1.0).contains(&at.y())));
                prop_assert!((0.002..=0.2).contains(&stroke.radius()));
            }
        }
    }
}
