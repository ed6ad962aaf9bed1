//! What is known of a piece, whoever's it is: all that rules and scoring look at.

use drape_domain::{Category, Item, ItemId, Modesty, Pattern, Prefs, Season, Slot, Text};

use crate::{
    Piece, Source,
    color::{Palette, Wish, Worn},
    cues::Cues,
    history::{History, Known},
    vector::Vector,
};

/// One piece that can be worn.
#[derive(Debug)]
pub(crate) struct Garment<'a> {
    pub(crate) id: ItemId,
    pub(crate) from: Source,
    values: Option<&'a [f32]>,
    /// Which model made its vector.
    pub(crate) model: Option<&'a str>,
    pub(crate) category: Category,
    pub(crate) slot: Slot,
    /// 0 (gym) to 1 (black tie).
    pub(crate) formality: f32,
    /// Insulation in clo.
    pub(crate) clo: f32,
    pub(crate) seasons: Vec<Season>,
    pub(crate) palette: Palette,
    pub(crate) patterned: bool,
    pub(crate) cues: Cues,
    pub(crate) known: Known,
    /// Days since it came into the wardrobe.
    pub(crate) age_days: f32,
    /// Nearness to the nearest preferred colour, 0–1; none if there are none or its colours are unknown.
    pub(crate) palette_fit: Option<f32>,
    /// The first favourite style among its tags.
    pub(crate) style: Option<usize>,
    pub(crate) disliked_color: bool,
    pub(crate) disliked_category: bool,
    /// It bares more than the person wants.
    pub(crate) immodest: bool,
}

impl<'a> Garment<'a> {
    /// Its vector, if it can be used.
    pub(crate) fn vector(&self) -> Option<Vector<'a>> {
        self.values.and_then(Vector::new)
    }

    /// Top, bottom, dress or outer layer: what an outfit is remembered by.
    pub(crate) const fn is_main(&self) -> bool {
        matches!(
            self.slot,
            Slot::Top | Slot::Bottom | Slot::Dress | Slot::Outer
        )
    }
}

/// A person's tastes, read once.
#[derive(Debug)]
pub(crate) struct Tastes<'a> {
    liked: Vec<Wish<'a>>,
    disliked: Vec<Wish<'a>>,
    styles: Vec<String>,
    prefs: &'a Prefs,
}

impl<'a> Tastes<'a> {
    pub(crate) fn new(prefs: &'a Prefs) -> Self {
        let wishes = |words: &'a [Text<40>]| {
            let wishes = words.iter().map(|word| Wish::new(word.as_str()));
            wishes.collect()
        };
        Self {
            liked: wishes(&prefs.preferred_colors),
            disliked: wishes(&prefs.disliked_colors),
            styles: prefs
                .favorite_styles
                .iter()
                .map(|style| style.as_str().to_lowercase())
                .collect(),
            prefs,
        }
    }

    /// What is known of a piece of the person's own.
    pub(crate) fn own(
        &self,
        piece: &Piece<'a>,
        history: &History,
        now: drape_domain::Timestamp,
    ) -> Garment<'a> {
        let item: &'a Item = piece.item;
        let category = item.category();
        let attributes = item.attributes();
        let formality = item.typed.formality.unwrap_or(attributes.formality);
        let colors: Vec<Worn<'_>> = item.colors().iter().map(Worn::new).collect();
        let tags = item.typed.tags.as_deref().unwrap_or_default();
        let title = item.typed.title.as_ref().map(Text::as_str);
        let cues = Cues::of(title.into_iter().chain(tags.iter().map(Text::as_str)));
        Garment {
            id: item.item_id,
            from: Source::Own,
            values: piece.vector,
            model: item.embedding.as_ref().map(|made| made.model.as_str()),
            category,
            slot: category.slot(),
            formality: if formality.is_finite() {
                formality.clamp(0.0, 1.0)
            } else {
                category.formality()
            },
            clo: attributes.warmth_clo,
            seasons: item.typed.season.clone().unwrap_or(attributes.seasons),
            palette: Palette::of(&colors),
            patterned: item
                .pattern()
                .is_some_and(|pattern| pattern != Pattern::Solid),
            cues,
            known: history.of(item.item_id),
            age_days: ((now - item.created_at).as_seconds_f32() / 86_400.0).max(0.0),
            palette_fit: self.palette_fit(&colors),
            style: self
                .styles
                .iter()
                .position(|style| tags.iter().any(|tag| tag.as_str().to_lowercase() == *style)),
            disliked_color: self.disliked.iter().any(|wish| wish.is_in(&colors)),
            disliked_category: self.prefs.disliked_categories.contains(&category),
            immodest: self.is_immodest(category, cues),
        }
    }

    fn palette_fit(&self, colors: &[Worn<'_>]) -> Option<f32> {
        (!self.liked.is_empty() && !colors.is_empty()).then(|| {
            self.liked
                .iter()
                .map(|wish| wish.nearness(colors))
                .fold(0.0, f32::max)
        })
    }

    /// Whether it leaves shoulders or knees bare, for those who mind: by its category, as far as its words do
    /// not say otherwise.
    fn is_immodest(&self, category: Category, cues: Cues) -> bool {
        if self.prefs.modesty != Some(Modesty::Modest) {
            return false;
        }
        match category {
            Category::Shorts | Category::Undershirt => true,
            // The category is that of crop and camisole tops.
            Category::Top => cues.has(Cues::BARE) || !cues.has(Cues::COVERED),
            _ => match category.slot() {
                Slot::Top => cues.has(Cues::BARE),
                Slot::Bottom => cues.has(Cues::SHORT),
                Slot::Dress => cues.has(Cues::BARE) || cues.has(Cues::SHORT),
                Slot::Outer | Slot::Shoes | Slot::Hat | Slot::Bag | Slot::Accessory => false,
            },
        }
    }
}
