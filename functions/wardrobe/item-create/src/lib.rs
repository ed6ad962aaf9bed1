//! `POST /items`: records an item and presigns the upload of its photo.
//!
//! What a boutique adds is for sale: it goes to the catalogue, from which others are recommended.
//!
//! With an `Idempotency-Key` the same request sent again answers the item as it is by then, with a fresh
//! upload. One that was deleted since is not made again.

use drape_common::{
    http::{
        Caller, Endpoint, IdempotencyKey, Outcome, Problem, Request, body, caller, created,
        idempotency_key, reserve, with_etag,
    },
    store::{
        Create, Get, Key, Save, StoreError,
        blob::{PresignGet, PresignPut, keys},
        change,
        tables::{Reservation, catalog_shard, item_key},
    },
    typed::ContentLength,
    typed_request,
    views::{ItemView, UPLOAD_LIFETIME},
};
use drape_domain::{
    Background, Item, ItemId, Role, Timestamp, User, UserId,
    item::{ImageType, Typed, Upload},
};

typed_request! {
    /// The item to make.
    pub struct CreateItem {
        /// Cut out, or as taken; if absent, what the account prefers, else cut out.
        #[serde(default)]
        pub background: Option<Background>,
        /// Make `background` the account's preference.
        #[serde(default)]
        pub remember_preference: bool,
        /// The photo's media type.
        pub content_type: ImageType,
        /// The photo's exact length in bytes.
        pub content_length: ContentLength,
    }
}

/// What makes items.
#[derive(Debug)]
pub struct ItemCreate<U, I, R, P, M> {
    /// Accounts.
    pub users: U,
    /// Items.
    pub items: I,
    /// Used idempotency keys.
    pub reservations: R,
    /// Photos as sent.
    pub uploads: P,
    /// Images, for a repetition that finds its item ready.
    pub media: M,
}

impl<U, I, R, P, M> ItemCreate<U, I, R, P, M>
where
    U: Get<User> + Save<User>,
    I: Create<Item> + Get<Item>,
    R: Create<Reservation> + Get<Reservation>,
{
    /// The new item, or the one that an earlier sending of the request made.
    async fn item(
        &self,
        caller: Caller,
        key: Option<&IdempotencyKey>,
        input: &CreateItem,
    ) -> Result<Item, Problem> {
        let (owner, now) = (caller.user_id, Timestamp::now_utc());
        let reserved = reserve(
            &self.reservations,
            owner,
            "item-create",
            key,
            input,
            ItemId::new(),
            now,
        )
        .await?;
        let id = reserved.id;
        if !reserved.is_fresh(now) {
            let earlier = self.items.get(&item_key(owner, id)).await?;
            return earlier.ok_or_else(deleted);
        }
        let background = match input.background {
            Some(background) => background,
            None => self.preferred_background(owner).await?,
        };
        let mut typed = Typed::default();
        input.write_to(&mut typed);
        let upload = Upload {
            content_type: input.content_type,
            content_length: input.content_length.get(),
        };
        let mut item = Item::new(owner, typed, background, upload, now);
        item.item_id = id;
        item.catalog = (caller.role == Role::Boutique).then(|| catalog_shard(id));
        if self.items.create(&item).await? {
            return Ok(item);
        }
        let earlier = self.items.get(&item_key(owner, id)).await?;
        earlier.ok_or_else(Problem::item_not_found)
    }

    async fn preferred_background(&self, user: UserId) -> Result<Background, StoreError> {
        let user = self.users.get(&Key::simple(user)).await?;
        Ok(user
            .and_then(|user| user.prefs.background_preference)
            .unwrap_or(Background::Clean))
    }

    async fn remember(&self, user: UserId, background: Background) -> Result<(), StoreError> {
        let wanted = Some(background);
        change(&self.users, &Key::simple(user), |user: &mut User| {
            let news = user.prefs.background_preference != wanted;
            if news {
                user.prefs.background_preference = wanted;
                user.updated_at = Timestamp::now_utc();
            }
            news
        })
        .await
        .map(drop)
    }
}

/// 404 for a late repetition.
fn deleted() -> Problem {
    Problem::not_found(
        "item_not_found",
        "The item of this Idempotency-Key has been deleted. Use a new key to make another.",
    )
}

impl<U, I, R, P, M> Endpoint for ItemCreate<U, I, R, P, M>
where
    U: Get<User> + Save<User> + 'static,
    I: Create<Item> + Get<Item> + 'static,
    R: Create<Reservation> + Get<Reservation> + 'static,
    P: PresignPut + 'static,
    M: PresignGet + 'static,
{
    async fn handle(&self, request: Request) -> Outcome {
        let caller = caller(&request)?;
        let owner = caller.user_id;
        let key = idempotency_key(&request)?;
        let input: CreateItem = body(&request)?;

        let item = self.item(caller, key.as_ref(), &input).await?;
        if let (true, Some(background)) = (input.remember_preference, input.background) {
            self.remember(owner, background).await?;
        }
        let revision = item.revision;
        let location = format!("/items/{}", item.item_id);
        let photo = keys::item_upload(owner, item.item_id);
        let upload = self
            .uploads
            .presign_put(&photo, item.upload, UPLOAD_LIFETIME)
            .await?;
        let item = ItemView::new(item, &self.items, &self.media).await?;
        let answer = serde_json::json!({ "item": item, "upload": upload });
        with_etag(revision, created(&location, &answer))
    }
}

#[cfg(test)]
mod tests;
