//! What boutiques sell, read anew before it is shown: the index may be minutes old.

use std::collections::{HashMap, HashSet};

use drape_common::store::{GetMany, Key, StoreError, tables::item_key};
use drape_domain::{Item, ItemId, ItemStatus, Money, User, UserId};
use drape_recommender::{Outfit, Source};
use futures::future::try_join;

/// The items of boutiques in some outfits, as they are now.
#[derive(Debug, Default)]
pub(crate) struct Offers {
    items: HashMap<ItemId, Item>,
    boutiques: HashMap<UserId, User>,
    budget: Option<Money>,
}

/// The most keys of one reading: ten outfits of eight pieces have eighty.
const MAX_KEYS: usize = 100;

impl Offers {
    /// Reads what is in the outfits, and who sells it, side by side.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn read(
        outfits: &[Outfit],
        budget: Option<Money>,
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
        Ok(Self {
            items: items.into_iter().map(|item| (item.item_id, item)).collect(),
            boutiques: boutiques.into_iter().map(|user| (user.id, user)).collect(),
            budget,
        })
    }

    /// An item that is sold, and the boutique that sells it.
    pub(crate) fn get(&self, id: ItemId) -> Option<(&Item, &User)> {
        let item = self.items.get(&id)?;
        let is_sold = item.status == ItemStatus::Ready && !item.in_wash && item.catalog.is_some();
        let is_affordable = match (self.budget, item.typed.price) {
            (Some(budget), Some(price)) => {
                price.currency() == budget.currency() && price.amount() <= budget.amount()
            }
            (Some(_), None) => false,
            (None, _) => true,
        };
        let boutique = self.boutiques.get(&item.owner_id)?;
        (is_sold && is_affordable).then_some((item, boutique))
    }

    /// Whether all of an outfit can still be had.
    pub(crate) fn has_all_of(&self, outfit: &Outfit) -> bool {
        outfit.pieces.iter().all(|piece| match piece.from {
            Source::Own => true,
            Source::Boutique { .. } => self.get(piece.item).is_some(),
        })
    }
}
