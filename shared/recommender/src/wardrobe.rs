//! The pieces that can be worn, each with all that scoring needs of it.

use std::collections::{BTreeMap, HashSet};

use drape_domain::{Category, ItemId, ItemStatus, Slot};

use crate::{
    Request,
    garment::{Garment, Tastes},
    history::History,
};

/// The pieces that can be worn, in the order of their ids, whatever order they came in.
#[derive(Debug)]
pub(crate) struct Wardrobe<'a> {
    pub(crate) pieces: Vec<Garment<'a>>,
    pub(crate) history: History,
    /// The index of the piece that every outfit must hold.
    pub(crate) pinned: Option<usize>,
}

impl<'a> Wardrobe<'a> {
    /// None if the piece that every outfit must hold cannot be worn.
    pub(crate) fn new(request: &Request<'a>) -> Option<Self> {
        let moment = request.context.moment();
        let history = History::new(request.history, moment, request.avoid_repeat_days);
        let tastes = Tastes::new(request.prefs);
        let excluded: HashSet<ItemId> = request.exclude.iter().copied().collect();

        let mut latest = BTreeMap::new();
        for piece in request.wardrobe {
            let entry = latest.entry(piece.item.item_id).or_insert(*piece);
            if piece.item.revision > entry.item.revision {
                *entry = *piece;
            }
        }
        let pieces: Vec<_> = latest
            .into_values()
            .filter(|piece| piece.item.status == ItemStatus::Ready && !piece.item.in_wash)
            .filter(|piece| !excluded.contains(&piece.item.item_id))
            // Nobody can say how an unknown thing is worn.
            .filter(|piece| piece.item.category() != Category::Other)
            .map(|piece| tastes.own(&piece, &history, request.context.now))
            .collect();
        let pinned = match request.pair_with {
            None => None,
            Some(id) => Some(pieces.binary_search_by_key(&id, |piece| piece.id).ok()?),
        };
        Some(Self {
            pieces,
            history,
            pinned,
        })
    }

    pub(crate) fn owns(&self, slot: Slot) -> bool {
        self.pieces.iter().any(|piece| piece.slot == slot)
    }

    pub(crate) fn pin(&self) -> Option<&Garment<'a>> {
        self.pieces.get(self.pinned?)
    }
}
