//! Which items are asked for.

use drape_common::{
    http::{Cursor, Limit},
    typed::{ColorWord, nearest_word},
};
use drape_domain::{Category, Color, Item, Season, ShownStatus, Text, color::named};
use serde::Deserialize;

/// The query string.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WardrobeQuery {
    /// Kind of garment.
    pub category: Option<Category>,
    /// A colour word or `#RRGGBB`.
    pub color: Option<AskedColor>,
    /// Worn in this season.
    pub season: Option<Season>,
    /// Text to find in title, description, tags, category and colours.
    pub q: Option<Text<100>>,
    /// How far the photo has come, and whether the garment can be worn.
    pub status: Option<ShownStatus>,
    /// 1–100, 20 if absent.
    #[serde(default)]
    pub limit: Limit,
    /// Where to go on.
    pub cursor: Option<Cursor>,
}

/// A colour to look for: one of our words, or a word of the user's own.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct AskedColor(String);

impl TryFrom<String> for AskedColor {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let text = Text::<40>::try_from(text)
            .map_err(|error| error.to_string())?
            .to_string();
        if text.starts_with('#') || named(&text).is_some() {
            let word = ColorWord::try_from(text).map_err(str::to_owned)?;
            return Ok(Self(word.name.to_owned()));
        }
        Ok(Self(plain(&text)))
    }
}

/// Case, hyphens and underscores do not matter.
fn plain(word: &str) -> String {
    word.trim().to_lowercase().replace(['-', '_'], " ")
}

impl AskedColor {
    /// "blue" finds "light blue" too. A colour that the user named in words of their own is found by its
    /// own name and by ours for it.
    fn admits(&self, color: &Color) -> bool {
        let name = plain(&color.name);
        let is = |name: &str| {
            name == self.0
                || name
                    .strip_suffix(self.0.as_str())
                    .is_some_and(|rest| rest.ends_with(' '))
        };
        is(&name) || (named(&name).is_none() && is(nearest_word(color.hex)))
    }
}

/// Which items are asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    category: Option<Category>,
    color: Option<AskedColor>,
    season: Option<Season>,
    /// In lower case.
    text: Option<String>,
    status: Option<ShownStatus>,
}

impl From<WardrobeQuery> for Filter {
    fn from(asked: WardrobeQuery) -> Self {
        Self {
            category: asked.category,
            color: asked.color,
            season: asked.season,
            text: asked.q.map(|text| text.as_str().to_lowercase()),
            status: asked.status,
        }
    }
}

impl Filter {
    /// Whether every item is asked for.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.category.is_none()
            && self.color.is_none()
            && self.season.is_none()
            && self.text.is_none()
            && self.status.is_none()
    }

    /// Whether the item is asked for. An item of which nothing is known yet has no category or season.
    #[must_use]
    pub fn admits(&self, item: &Item) -> bool {
        let known = item.typed.category.is_some() || item.inferred.is_some();
        self.status
            .is_none_or(|status| item.shown_status() == status)
            && self
                .category
                .is_none_or(|category| known && item.category() == category)
            && self.season.is_none_or(|season| {
                (known || item.typed.season.is_some()) && item.seasons().contains(&season)
            })
            && self
                .color
                .as_ref()
                .is_none_or(|asked| item.colors().iter().any(|color| asked.admits(color)))
            && self
                .text
                .as_ref()
                .is_none_or(|text| mentions(item, text, known))
    }
}

fn mentions(item: &Item, text: &str, known: bool) -> bool {
    let has = |words: &str| words.to_lowercase().contains(text);
    has(&item.title())
        || item
            .typed
            .description
            .as_ref()
            .is_some_and(|words| has(words.as_str()))
        || item
            .typed
            .tags
            .iter()
            .flatten()
            .any(|tag| has(tag.as_str()))
        || known
            && (has(item.category().as_str()) || has(&item.category().as_str().replace('_', "-")))
        || item.colors().iter().any(|color| has(&color.name))
}
