//! What an item's record alone says of how it is worn.

use drape_domain::{Item, Season, Text};

use crate::{
    color::{Palette, Worn},
    cues::Cues,
};

/// What an item's record alone says of how it is worn. Reading it takes as long as all the rest of an answer
/// does, so who keeps items between requests keeps this beside them.
#[derive(Debug, Clone)]
pub struct Reading {
    /// 0 (gym) to 1 (black tie).
    pub(crate) formality: f32,
    /// Insulation in clo.
    pub(crate) clo: f32,
    pub(crate) seasons: Vec<Season>,
    pub(crate) palette: Palette,
    pub(crate) cues: Cues,
}

impl Reading {
    /// Reads an item.
    #[must_use]
    pub fn of(item: &Item) -> Self {
        let attributes = item.attributes();
        let formality = item.typed.formality.unwrap_or(attributes.formality);
        Self {
            formality: if formality.is_finite() {
                formality.clamp(0.0, 1.0)
            } else {
                item.category().formality()
            },
            clo: attributes.warmth_clo,
            seasons: item.typed.season.clone().unwrap_or(attributes.seasons),
            palette: Palette::of(&worn(item)),
            cues: Cues::of(texts(item)),
        }
    }
}

/// Its colours.
pub(crate) fn worn(item: &Item) -> Vec<Worn<'_>> {
    item.colors().iter().map(Worn::new).collect()
}

/// Its title, then its tags.
pub(crate) fn texts(item: &Item) -> impl Iterator<Item = &str> {
    let title = item.typed.title.as_ref().map(Text::as_str);
    let tags = item.typed.tags.as_deref().unwrap_or_default();
    title.into_iter().chain(tags.iter().map(Text::as_str))
}
