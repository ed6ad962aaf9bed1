//! The pieces that can be worn, each with all that scoring needs of it.

use std::collections::{BTreeMap, HashSet};

use drape_domain::{Category, ItemId, ItemStatus, Slot};

use crate::{
    Request,
    center::Center,
    garment::{Garment, Tastes},
    history::History,
    vector::Vector,
};

/// The pieces that can be worn.
#[derive(Debug)]
pub(crate) struct Wardrobe<'a> {
    /// The person's own in the order of their ids, whatever order they came in; then those of boutiques.
    pub(crate) pieces: Vec<Garment<'a>>,
    /// How many are the person's own, or were asked for.
    own: usize,
    pub(crate) history: History,
    /// What their vectors have in common.
    pub(crate) center: Option<Center<'a>>,
    /// The index of the piece that every outfit must hold.
    pub(crate) pinned: Option<usize>,
}

impl<'a> Wardrobe<'a> {
    /// None if the piece that every outfit must hold cannot be worn.
    pub(crate) fn new(request: &Request<'a>, tastes: &Tastes<'a>) -> Option<Self> {
        let moment = request.context.moment();
        let history = History::new(request.history, moment, request.avoid_repeat_days);
        let excluded: HashSet<ItemId> = request.exclude.iter().copied().collect();

        let mut latest = BTreeMap::new();
        for piece in request.wardrobe {
            let entry = latest.entry(piece.item.item_id).or_insert(*piece);
            if piece.item.revision > entry.item.revision {
                *entry = *piece;
            }
        }
        let mut pieces: Vec<_> = latest
            .into_values()
            .filter(|piece| piece.item.status == ItemStatus::Ready && !piece.item.in_wash)
            .filter(|piece| !excluded.contains(&piece.item.item_id))
            // Nobody can say how an unknown thing is worn.
            .filter(|piece| piece.item.category() != Category::Other)
            .map(|piece| tastes.own(&piece, &history, request.context.now))
            .collect();
        let pinned = match request.pair_with {
            None => None,
            Some(id) => Some(match pieces.binary_search_by_key(&id, |piece| piece.id) {
                Ok(index) => index,
                Err(_) => {
                    pieces.push(asked_of_boutique(request, tastes, &history, &excluded, id)?);
                    pieces.len() - 1
                }
            }),
        };
        Some(Self {
            own: pieces.len(),
            center: Center::of(&pieces, request.model),
            pieces,
            history,
            pinned,
        })
    }

    /// A piece's vector, without what all have in common.
    pub(crate) fn look<'p>(&self, piece: &'p Garment<'_>) -> Option<Vector<'p>> {
        let vector = piece.vector()?;
        let center = self.center.as_ref().and_then(|all| all.by(piece.model));
        Some(center.map_or(vector, |center| vector.without(center)))
    }

    pub(crate) fn owns(&self, slot: Slot) -> bool {
        self.own().any(|(_, piece)| piece.slot == slot)
    }

    /// The person's own pieces, and the one that was asked for.
    pub(crate) fn own(&self) -> impl Iterator<Item = (usize, &Garment<'a>)> {
        self.pieces[..self.own].iter().enumerate()
    }

    /// Those that boutiques offer.
    pub(crate) fn offered(&self) -> impl Iterator<Item = (usize, &Garment<'a>)> {
        self.pieces.iter().enumerate().skip(self.own)
    }

    pub(crate) fn is_offered(&self, index: usize) -> bool {
        index >= self.own
    }

    pub(crate) fn find(&self, id: ItemId) -> Option<&Garment<'a>> {
        // A boutique's that was asked for stands after the person's own.
        let asked = self.pin().filter(|pin| pin.popularity.is_some());
        let own = self.pieces.get(..self.own - usize::from(asked.is_some()))?;
        let at = own.binary_search_by_key(&id, |piece| piece.id).ok();
        at.and_then(|at| own.get(at))
            .or(asked.filter(|piece| piece.id == id))
    }

    pub(crate) fn pin(&self) -> Option<&Garment<'a>> {
        self.pieces.get(self.pinned?)
    }
}

/// A piece of the catalogue that the person wants to see with their own.
fn asked_of_boutique<'a>(
    request: &Request<'a>,
    tastes: &Tastes<'a>,
    history: &History,
    excluded: &HashSet<ItemId>,
    id: ItemId,
) -> Option<Garment<'a>> {
    // One of their own that is not ready or in the wash is not bought again.
    if excluded.contains(&id)
        || request
            .wardrobe
            .iter()
            .any(|piece| piece.item.item_id == id)
    {
        return None;
    }
    let catalog = request.catalog?;
    let found = catalog.entry(catalog.find(id)?)?;
    let piece = tastes.offered(&found, catalog.model(), catalog.dim(), history);
    (piece.category != Category::Other).then_some(piece)
}
