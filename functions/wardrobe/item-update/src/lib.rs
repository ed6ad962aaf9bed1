//! `PATCH /items/{id}`: changes what the owner typed about an item.
//!
//! A field that is absent stays, null clears it, so that what was read from the photo shows again.
//! `background` only says which picture the owner wants to see: a photo that was taken up as `original` has
//! no cutout, so `clean` is refused for it and `POST /items/{id}/background-clean` makes one. Where that found
//! no garment, `original` is content with the photo as taken, and the item is ready again. `duplicate_of` can only
//! be taken back, for good. `status` puts the garment in the wash (`in_wash`) and takes it out (`ready`), once
//! there is a photo of it.

use drape_common::{
    http::{
        Endpoint, IfMatch, Outcome, Problem, Request, body, caller, if_match, json, path_id,
        with_etag,
    },
    store::{Changed, Get, Save, blob::PresignGet, change, tables::item_key},
    typed::Field,
    typed_request,
    views::ItemView,
};
use drape_domain::{Background, Item, ItemStatus, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, de::Error};

typed_request! {
    /// What may be changed.
    pub struct UpdateItem {
        /// The picture that the owner wants to see.
        #[serde(default)]
        pub background: Field<Background>,
        /// Null: it is no duplicate, whatever it looks like.
        #[serde(default)]
        pub duplicate_of: Field<Never>,
        /// Whether it can be worn.
        #[serde(default)]
        pub status: Field<Wear>,
    }
}

/// The statuses that the owner decides on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wear {
    /// It can be worn.
    Ready,
    /// It cannot until it has been washed.
    InWash,
}

/// A value that nobody can give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Never {}

impl<'de> Deserialize<'de> for Never {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(D::Error::custom("can only be null, which takes it back"))
    }
}

impl UpdateItem {
    fn check(&self) -> Result<(), Problem> {
        if self.background == Field::Cleared {
            return Err(Problem::invalid_field(
                "background",
                "must be clean or original",
            ));
        }
        if self.status == Field::Cleared {
            return Err(Problem::invalid_field("status", "must be in_wash or ready"));
        }
        if self.background.is_given()
            || self.duplicate_of.is_given()
            || self.status.is_given()
            || self.says_something()
        {
            Ok(())
        } else {
            Err(Problem::invalid_field(
                "body",
                "must name at least one field to change",
            ))
        }
    }

    /// Changes the item; false if there was nothing to change.
    fn apply(&self, item: &mut Item, if_match: IfMatch) -> Result<bool, Problem> {
        if_match.check(item.revision)?;
        let mut typed = item.typed.clone();
        self.write_to(&mut typed);
        let background = match self.background {
            Field::Given(background) => background,
            _ => item.background,
        };
        let settled =
            self.background == Field::Given(Background::Original) && item.settle_for_original();
        let dismissed = self.duplicate_of.is_given() && item.dismiss_duplicate();
        let washed = self.wash(item)?;
        if background == item.background && typed == item.typed && !settled && !dismissed && !washed
        {
            return Ok(false);
        }
        if background == Background::Clean
            && item.background == Background::Original
            && item.status == ItemStatus::Ready
            && item.images.clean.is_none()
        {
            return Err(Problem::conflict(
                "cutout_missing",
                "The photo was not cut out. Ask for it with POST /items/{id}/background-clean.",
            ));
        }
        item.typed = typed;
        item.background = background;
        item.updated_at = Timestamp::now_utc();
        Ok(true)
    }

    /// Puts the item in the wash or takes it out; false if it is there already.
    fn wash(&self, item: &mut Item) -> Result<bool, Problem> {
        let in_wash = match self.status {
            Field::Given(wear) => wear == Wear::InWash,
            _ => return Ok(false),
        };
        if matches!(item.status, ItemStatus::AwaitingUpload | ItemStatus::Failed) {
            return Err(Problem::conflict(
                "item_not_ready",
                "The item has no photo that could be used yet.",
            ));
        }
        let changes = in_wash != item.in_wash;
        item.in_wash = in_wash;
        Ok(changes)
    }
}

/// What changes items.
#[derive(Debug)]
pub struct ItemUpdate<I, M> {
    /// Items.
    pub items: I,
    /// Images.
    pub media: M,
}

impl<I, M> Endpoint for ItemUpdate<I, M>
where
    I: Get<Item> + Save<Item> + 'static,
    M: PresignGet + 'static,
{
    async fn handle(&self, request: Request) -> Outcome {
        let caller = caller(&request)?;
        let id = path_id(&request, Problem::item_not_found)?;
        let if_match = if_match(&request);
        let input: UpdateItem = body(&request)?;
        input.check()?;

        let mut refused = None;
        let changed = change(&self.items, &item_key(caller.user_id, id), |item| {
            input.apply(item, if_match).unwrap_or_else(|problem| {
                refused = Some(problem);
                false
            })
        })
        .await?;
        if let Some(problem) = refused {
            return Err(problem);
        }
        match changed {
            Changed::Missing => Err(Problem::item_not_found()),
            Changed::Kept(item) | Changed::Written(item) => {
                let revision = item.revision;
                let item = ItemView::new(item, &self.items, &self.media).await?;
                with_etag(revision, json(200, &serde_json::json!({ "item": item })))
            }
        }
    }
}

#[cfg(test)]
mod tests;
