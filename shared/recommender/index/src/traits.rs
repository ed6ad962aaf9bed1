//! What is known of an item on sale besides its vector.

use drape_domain::{
    Category, Color, Item, ItemId, Money, Pattern, Rgb, Season, Slot, Timestamp, UserId,
    color::NAMED,
};

/// Most colours that are kept of an item.
pub const MAX_COLORS: usize = 4;
/// Most sizes that are kept of an item.
pub const MAX_SIZES: usize = 16;
/// Most words that are kept of an item.
pub const MAX_WORDS: usize = 16;

/// An item on sale, as it is put into an index.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The item.
    pub item: ItemId,
    /// The boutique that sells it.
    pub owner: UserId,
    /// What is known of it.
    pub traits: Traits,
    /// Its vector, as long as the index says.
    pub vector: Vec<f32>,
}

/// What is known of an item on sale.
#[derive(Debug, Clone, PartialEq)]
pub struct Traits {
    /// Its kind; says the slot too.
    pub category: Category,
    /// Its design.
    pub pattern: Option<Pattern>,
    /// Its colours, the main one first; no more than [`MAX_COLORS`] are kept.
    pub colors: Vec<Shade>,
    /// 0 is gym wear, 1 is black tie.
    pub formality: f32,
    /// Thermal insulation in clo.
    pub clo: f32,
    /// When it is worn, in the year's order.
    pub seasons: Vec<Season>,
    /// What it costs.
    pub price: Option<Money>,
    /// The sizes that it comes in; none if unknown. No more than [`MAX_SIZES`] are kept.
    pub sizes: Vec<Size>,
    /// Hashes of the words of its title and tags. No more than [`MAX_WORDS`] are kept.
    pub words: Vec<u32>,
    /// How much it is liked by all; more is better.
    pub popularity: f32,
    /// When it last changed, to the microsecond.
    pub updated_at: Timestamp,
}

impl Traits {
    /// What an item's record says. Words and popularity are known elsewhere.
    #[must_use]
    pub fn of(item: &Item, words: Vec<u32>, popularity: f32) -> Self {
        let attributes = item.attributes();
        Self {
            category: item.category(),
            pattern: item.pattern(),
            colors: item.colors().iter().map(Shade::of).collect(),
            formality: item.formality(),
            clo: attributes.warmth_clo,
            seasons: item.seasons(),
            price: item.typed.price,
            sizes: (item.typed.sizes.iter().flatten())
                .filter_map(|size| Size::new(size.as_str()))
                .collect(),
            words,
            popularity,
            updated_at: item.updated_at,
        }
    }

    /// Where on the body it is worn.
    #[must_use]
    pub fn slot(&self) -> Slot {
        self.category.slot()
    }
}

/// One of an item's colours.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shade {
    /// Its word in [`NAMED`], if it has one.
    pub name: Option<&'static str>,
    /// The colour itself.
    pub rgb: Rgb,
    /// The part of the garment that it covers, 0–1.
    pub share: f32,
}

impl Shade {
    /// From an item's record.
    #[must_use]
    pub fn of(color: &Color) -> Self {
        let words = words(&color.name);
        let named = |(name, _): &&(&'static str, Rgb)| self::words(name) == words;
        Self {
            name: NAMED.iter().find(named).map(|(name, _)| *name),
            rgb: color.hex,
            share: color.share,
        }
    }
}

/// The words of a colour's name, however it is spelled.
pub(crate) fn words(name: &str) -> Vec<String> {
    let name = name.to_lowercase().replace("gray", "grey");
    let words = name.split(|c: char| !c.is_alphanumeric());
    words
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// A size however it is spelled: `EU 42`, `eu-42` and `EU42` are one. No longer than 16 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Size([u8; 16]);

impl Size {
    /// Letters and digits in lower case (and the point of `7.5`); none if nothing is left or more than 16 bytes.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let kept = text
            .chars()
            .filter(|c| c.is_alphanumeric() || *c == '.')
            .flat_map(char::to_lowercase)
            .collect::<String>();
        let bytes = kept.as_bytes();
        let mut size = [0; 16];
        size.get_mut(..bytes.len())?.copy_from_slice(bytes);
        (!bytes.is_empty()).then_some(Self(size))
    }

    /// As it was normalised.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let end = self.0.iter().position(|byte| *byte == 0).unwrap_or(16);
        std::str::from_utf8(&self.0[..end]).unwrap_or_default()
    }

    pub(crate) const fn bytes(self) -> [u8; 16] {
        self.0
    }

    pub(crate) const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_the_same_however_it_is_spelled() {
        for text in [
            "EU 42",
            "eu-42",
            "EU42",
            " e.u.42".replace('.', "").as_str(),
        ] {
            assert_eq!(Size::new(text).unwrap().as_str(), "eu42", "{text}");
        }
        assert_ne!(Size::new("7.5"), Size::new("75"));
        assert_eq!(Size::new("—"), None);
        assert_eq!(Size::new("a size that is a whole sentence"), None);
    }

    #[test]
    fn a_colour_keeps_its_word_if_it_is_one_of_ours() {
        let shade = |name: &str| {
            Shade::of(&Color {
                name: name.to_owned(),
                hex: Rgb([1, 2, 3]),
                share: 0.5,
            })
        };
        assert_eq!(shade("Light-Gray").name, Some("light grey"));
        assert_eq!(shade("blurple").name, None);
    }
}
