//! What a search is for, besides being near to a vector.

use drape_domain::{Category, ItemId, Money, Season, UserId};

use crate::Size;

/// Which items may be found. All of it is looked up in bitsets and columns before any vector is compared, so that
/// a narrow wish makes a search faster and never leaves it with too few hits. The default wants everything.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted<'a> {
    /// Of these kinds only.
    pub categories: Option<&'a [Category]>,
    /// Of none of these kinds.
    pub not_categories: &'a [Category],
    /// Worn in one of these seasons.
    pub seasons: Option<&'a [Season]>,
    /// In one of these sizes. An item whose sizes are unknown is taken to come in all.
    pub sizes: Option<&'a [Size]>,
    /// Priced in this currency and no higher. An item without a price is not wanted then.
    pub at_most: Option<Money>,
    /// At least and at most so formal.
    pub formality: Option<(f32, f32)>,
    /// Not in these colour words: "blue" is also borne by "light blue". A quarter of the garment is enough to be
    /// in a colour. Only words of [`drape_domain::color::NAMED`] are known.
    pub not_colors: &'a [&'a str],
    /// None of these items.
    pub not_items: &'a [ItemId],
    /// Not sold by this account.
    pub not_owner: Option<UserId>,
}
