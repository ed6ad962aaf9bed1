//! What boutiques sell, read anew before it is shown: the index may be minutes old.

use std::collections::{HashMap, HashSet};

use drape_common::store::{GetMany, Key, StoreError, tables::item_key};
use drape_domain::{Item, ItemId, ItemStatus, User, UserId};
use drape_recommender::{Boutiques, Outfit, Source};
use futures::future::try_join;

/// The items of boutiques in some outfits, as they are now.
#[derive(Debug, Default)]
pub(crate) struct Offers {
    items: HashMap<ItemId, Item>,
    boutiques: HashMap<UserId, User>,
}

/// The most keys of one reading: ten outfits of eight pieces have eighty.
const MAX_KEYS: usize = 100;

impl Offers {
    /// Reads what is in the outfits, and who sells it, side by side. Only what can still be had is kept: is sold by
    /// a boutique that is there, in size and budget (but for the piece that was `asked` for by name).
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn read(
        outfits: &[Outfit],
        wishes: Boutiques<'_>,
        asked: Option<ItemId>,
        items: &impl GetMany<Item>,
        users: &impl GetMany<User>,
    ) -> Result<Self, StoreError> {
        let sold: HashSet<(UserId, ItemId)> = outfits
            .iter()
            .flat_map(|outfit| &outfit.pieces)
            .filter_map(|piece| match piece.from {
                Source::Own => None,
                Source::Boutique { owner, .. } => Some((owner, piece.item)),
            })
            .take(MAX_KEYS)
            .collect();
        if sold.is_empty() {
            return Ok(Self::default());
        }
        let sellers: HashSet<UserId> = sold.iter().map(|(owner, _)| *owner).collect();
        let keys: Vec<_> = sold
            .iter()
            .map(|(owner, id)| item_key(*owner, *id))
            .collect();
        let accounts: Vec<_> = sellers.into_iter().map(Key::simple).collect();
        let (items, boutiques) = try_join(items.get_many(&keys), users.get_many(&accounts)).await?;
        let boutiques: HashMap<_, _> = boutiques.into_iter().map(|user| (user.id, user)).collect();
        let can_be_had = |item: &Item| {
            let is_sold =
                item.status == ItemStatus::Ready && !item.in_wash && item.catalog.is_some();
            let suits = asked == Some(item.item_id) || wishes.suit(item);
            is_sold && suits && boutiques.contains_key(&item.owner_id)
        };
        let items = items.into_iter().filter(can_be_had);
        Ok(Self {
            items: items.map(|item| (item.item_id, item)).collect(),
            boutiques,
        })
    }

    /// An item that is sold, and the boutique that sells it.
    pub(crate) fn get(&self, id: ItemId) -> Option<(&Item, &User)> {
        let item = self.items.get(&id)?;
        Some((item, self.boutiques.get(&item.owner_id)?))
    }

    /// What is in the outfits but can no longer be had, each once.
    pub(crate) fn gone(&self, outfits: &[Outfit]) -> HashSet<ItemId> {
        let pieces = outfits.iter().flat_map(|outfit| &outfit.pieces);
        pieces
            .filter(|piece| piece.from != Source::Own && !self.items.contains_key(&piece.item))
            .map(|piece| piece.item)
            .collect()
    }
}
