//! The pieces that can be worn, each with all that scoring needs of it.

use std::collections::BTreeMap;

use drape_domain::{Category, Item, ItemId, ItemStatus, Pattern, Slot};

use crate::{
    Request,
    color::{Palette, Wish, Worn},
    history::{History, Known},
    vector::Vector,
};

/// One ready piece.
#[derive(Debug)]
pub(crate) struct Ready<'a> {
    pub(crate) id: ItemId,
    pub(crate) item: &'a Item,
    pub(crate) values: Option<&'a [f32]>,
    pub(crate) category: Category,
    pub(crate) slot: Slot,
    pub(crate) formality: f32,
    pub(crate) palette: Palette,
    pub(crate) patterned: bool,
    pub(crate) known: Known,
    /// Nearness to the nearest preferred colour, 0–1; none if there are none or its colours are unknown.
    pub(crate) palette_fit: Option<f32>,
    /// The first favourite style among its tags.
    pub(crate) style: Option<usize>,
    pub(crate) disliked_color: bool,
    pub(crate) disliked_category: bool,
}

impl<'a> Ready<'a> {
    /// Its vector, if it can be used.
    pub(crate) fn vector(&self) -> Option<Vector<'a>> {
        self.values.and_then(Vector::new)
    }

    /// Which model made its vector.
    pub(crate) fn model(&self) -> Option<&'a str> {
        self.item
            .embedding
            .as_ref()
            .map(|embedding| embedding.model.as_str())
    }
}

/// The ready pieces in the order of their ids, whatever order they came in.
#[derive(Debug)]
pub(crate) struct Wardrobe<'a> {
    pub(crate) pieces: Vec<Ready<'a>>,
    pub(crate) history: History,
}

impl<'a> Wardrobe<'a> {
    pub(crate) fn new(request: &Request<'a>) -> Self {
        let history = History::new(request.history, request.context.moment());
        let liked: Vec<Wish<'_>> = request
            .prefs
            .preferred_colors
            .iter()
            .map(|word| Wish::new(word.as_str()))
            .collect();
        let disliked: Vec<Wish<'_>> = request
            .prefs
            .disliked_colors
            .iter()
            .map(|word| Wish::new(word.as_str()))
            .collect();
        let styles: Vec<String> = request
            .prefs
            .favorite_styles
            .iter()
            .map(|style| style.as_str().to_lowercase())
            .collect();

        let mut latest = BTreeMap::new();
        for piece in request.wardrobe {
            let entry = latest.entry(piece.item.item_id).or_insert(*piece);
            if piece.item.revision > entry.item.revision {
                *entry = *piece;
            }
        }
        let pieces = latest
            .into_values()
            .filter(|piece| piece.item.status == ItemStatus::Ready)
            // Nobody can say how an unknown thing is worn.
            .filter(|piece| piece.item.category() != Category::Other)
            .map(|piece| {
                let (item, category) = (piece.item, piece.item.category());
                let colors: Vec<Worn<'_>> = item.colors().iter().map(Worn::new).collect();
                let colors = colors.as_slice();
                let formality = item.formality();
                let tags = item.typed.tags.as_deref().unwrap_or_default();
                Ready {
                    id: item.item_id,
                    item,
                    values: piece.vector,
                    category,
                    slot: category.slot(),
                    formality: if formality.is_finite() {
                        formality.clamp(0.0, 1.0)
                    } else {
                        category.formality()
                    },
                    palette: Palette::of(colors),
                    patterned: item
                        .pattern()
                        .is_some_and(|pattern| pattern != Pattern::Solid),
                    known: history.of(item.item_id),
                    palette_fit: (!liked.is_empty() && !colors.is_empty()).then(|| {
                        liked
                            .iter()
                            .map(|wish| wish.nearness(colors))
                            .fold(0.0, f32::max)
                    }),
                    style: styles.iter().position(|style| {
                        tags.iter().any(|tag| tag.as_str().to_lowercase() == *style)
                    }),
                    disliked_color: disliked.iter().any(|wish| wish.is_in(colors)),
                    disliked_category: request.prefs.disliked_categories.contains(&category),
                }
            })
            .collect();
        Self { pieces, history }
    }

    pub(crate) fn owns(&self, slot: Slot) -> bool {
        self.pieces.iter().any(|piece| piece.slot == slot)
    }
}
