//! `GET /wardrobe`: the caller's items that match, newest first.

mod filter;

use drape_common::{
    http::{Cursor, Endpoint, Outcome, Request, caller, json, query},
    store::{Get, List, StoreError, blob::PresignGet},
    views::ItemView,
};
use drape_domain::{Item, UserId};

pub use filter::{Filter, WardrobeQuery};

/// Rows read at a time when not every one of them will match.
const PAGE: usize = 200;
/// Rows that one request reads at most; the cursor goes on after them.
const SCAN: usize = 2_000;

/// What lists items.
#[derive(Debug)]
pub struct WardrobeList<I, M> {
    /// Items.
    pub items: I,
    /// Images.
    pub media: M,
}

impl<I: List<Item>, M> WardrobeList<I, M> {
    /// The next matching items, and where to go on if there may be more.
    async fn find(
        &self,
        owner: UserId,
        filter: &Filter,
        limit: usize,
        after: Option<&Cursor>,
    ) -> Result<(Vec<Item>, Option<Cursor>), StoreError> {
        let partition = owner.to_string();
        let mut found = Vec::with_capacity(limit);
        let mut after = after.map(|cursor| cursor.sort().to_owned());
        let mut scanned = 0;
        while scanned < SCAN {
            let rows = if filter.is_open() { limit } else { PAGE };
            let page = self.items.list(&partition, after.as_deref(), rows).await?;
            scanned += page.records.len();
            let mut records = page.records.into_iter();
            for item in records.by_ref() {
                if !filter.admits(&item) {
                    continue;
                }
                found.push(item);
                if found.len() == limit {
                    let more = records.len() > 0 || page.next.is_some();
                    let last = found.last().map(|item| item.item_id.to_string());
                    return Ok((found, last.filter(|_| more).map(|id| Cursor::after(&id))));
                }
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        Ok((found, after.map(|sort| Cursor::after(&sort))))
    }
}

impl<I, M> Endpoint for WardrobeList<I, M>
where
    I: Get<Item> + List<Item> + 'static,
    M: PresignGet + 'static,
{
    async fn handle(&self, request: Request) -> Outcome {
        let owner = caller(&request)?.user_id;
        let asked: WardrobeQuery = query(&request)?;
        let limit = asked.limit.get();
        let cursor = asked.cursor.clone();
        let (items, next) = self
            .find(owner, &asked.into(), limit, cursor.as_ref())
            .await?;
        let items = ItemView::many(items, &self.items, &self.media).await?;
        json(
            200,
            &serde_json::json!({ "items": items, "next_cursor": next }),
        )
    }
}

#[cfg(test)]
mod tests;
