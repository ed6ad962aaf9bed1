//! What each table holds.

use drape_domain::{
    Item, ItemId, RecommendationId, SessionId, Showing, ShowingId, Signal, Timestamp, TryOn,
    TryOnId, User, UserId, showing::ShownOutfit,
};
use serde::{Deserialize, Serialize};

use super::{
    StoreError,
    record::{Derived, Get, Key, Record, Revised},
};

macro_rules! revised {
    ($record:ty) => {
        impl Revised for $record {
            fn revision(&self) -> u64 {
                self.revision
            }
            fn set_revision(&mut self, revision: u64) {
                self.revision = revision;
            }
        }
    };
}

impl Record for User {
    const PARTITION: &'static str = "id";
    const SORT: Option<&'static str> = None;
    fn key(&self) -> Key<Self> {
        Key::simple(self.id)
    }
}
revised!(User);

/// The second row of an account in `users`: it keeps the email unique and holds the credentials, so that
/// code that reads an account never has them at hand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Login {
    /// `email#` and the hash of the email in lower case.
    pub id: String,
    /// Whose.
    pub user_id: UserId,
    /// Argon2id, in PHC format.
    pub password_hash: String,
}

impl Login {
    /// The row of an email address, whatever its case.
    #[must_use]
    pub fn key_of(email: &str) -> Key<Self> {
        Key::simple(format!(
            "email#{}",
            crate::hash::hex(email.trim().to_lowercase().as_bytes())
        ))
    }
}

impl Record for Login {
    const PARTITION: &'static str = "id";
    const SORT: Option<&'static str> = None;
    fn key(&self) -> Key<Self> {
        Key::simple(&self.id)
    }
}

/// A family of refresh tokens: one sign-in on one device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Identity.
    pub id: SessionId,
    /// Whose.
    pub user_id: UserId,
    /// SHA-256 of the one token that may be used next, in hex.
    pub token_hash: String,
    /// No token of the family works any more.
    pub revoked: bool,
    /// When the row may go, in Unix seconds (TTL).
    pub expires_at: i64,
    /// Number of the latest write.
    pub revision: u64,
}

impl Record for Session {
    const PARTITION: &'static str = "id";
    const SORT: Option<&'static str> = None;
    fn key(&self) -> Key<Self> {
        Key::simple(self.id)
    }
}
revised!(Session);

impl Record for Item {
    const PARTITION: &'static str = "owner_id";
    const SORT: Option<&'static str> = Some("item_id");
    fn key(&self) -> Key<Self> {
        item_key(self.owner_id, self.item_id)
    }
}
revised!(Item);

/// Where an item lives.
#[must_use]
pub fn item_key(owner: UserId, item: ItemId) -> Key<Item> {
    Key::pair(owner, item)
}

/// Into how many shards the catalogue of what boutiques sell is split, so that a busy hour does not press on one
/// partition of its index.
pub const CATALOG_SHARDS: u8 = 16;

/// The names of the shards.
pub fn catalog_shards() -> impl Iterator<Item = String> {
    (0..CATALOG_SHARDS).map(|shard| format!("{shard:02}"))
}

/// The shard of a boutique's item: `07`.
#[must_use]
pub fn catalog_shard(item: ItemId) -> String {
    format!("{:02}", item.uuid().as_bytes()[15] % CATALOG_SHARDS)
}

/// What a boutique's deleted item leaves in `items`, so that the catalogue's index shows the deletion like any
/// other change. It lies in a partition that is nobody's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gone {
    /// `gone#07`: the shard.
    pub owner_id: String,
    /// `<owner>#<item>`: what is gone.
    pub item_id: String,
    /// The shard of the catalogue.
    pub catalog: String,
    /// When it was deleted.
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: Timestamp,
    /// When the row may go, in Unix seconds (TTL).
    pub expires_at: i64,
}

impl Gone {
    /// By then the index was made anew several times, without the item.
    pub const KEPT: time::Duration = time::Duration::days(7);
    const PREFIX: &str = "gone#";

    /// The row for an item that is deleted now; none if it is in no catalogue.
    #[must_use]
    pub fn of(item: &Item, now: Timestamp) -> Option<Self> {
        let catalog = item.catalog.clone()?;
        Some(Self {
            owner_id: format!("{}{catalog}", Self::PREFIX),
            item_id: format!("{}#{}", item.owner_id, item.item_id),
            catalog,
            updated_at: now,
            expires_at: (now + Self::KEPT).unix_timestamp(),
        })
    }

    /// Of which item a row of the catalogue's index speaks, itself or deleted, by the row's keys.
    #[must_use]
    pub fn or_item(owner_id: &str, item_id: &str) -> Option<(UserId, ItemId)> {
        let (owner, item) = match owner_id.strip_prefix(Self::PREFIX) {
            Some(_) => item_id.split_once('#')?,
            None => (owner_id, item_id),
        };
        Some((owner.parse().ok()?, item.parse().ok()?))
    }
}

impl Record for Gone {
    const PARTITION: &'static str = "owner_id";
    const SORT: Option<&'static str> = Some("item_id");
    fn key(&self) -> Key<Self> {
        Key::pair(&self.owner_id, &self.item_id)
    }
}

/// An item's vector.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Embedding {
    /// Whose.
    pub owner_id: UserId,
    /// Of which item.
    pub item_id: ItemId,
    /// Says how the vector was made.
    pub model: String,
    /// Number of components.
    pub dim: u32,
    /// `dim` little-endian `f32`, unit length.
    #[serde(with = "serde_bytes")]
    pub vector: Vec<u8>,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: Timestamp,
    /// The item's revision that it was made for.
    #[serde(default)]
    pub item_revision: u64,
}

impl Embedding {
    /// Where an item's vector lives.
    #[must_use]
    pub fn key_of(owner: UserId, item: ItemId) -> Key<Self> {
        Key::pair(owner, item)
    }

    /// The row for a vector.
    #[must_use]
    pub fn new(
        owner_id: UserId,
        item_id: ItemId,
        model: &str,
        vector: &[f32],
        updated_at: Timestamp,
    ) -> Self {
        Self {
            owner_id,
            item_id,
            model: model.to_owned(),
            dim: u32::try_from(vector.len()).unwrap_or(u32::MAX),
            vector: vector.iter().flat_map(|x| x.to_le_bytes()).collect(),
            updated_at,
            item_revision: 0,
        }
    }

    /// The vector; empty if the row does not hold `dim` components.
    #[must_use]
    pub fn floats(&self) -> Vec<f32> {
        let (chunks, rest) = self.vector.as_chunks::<4>();
        if !rest.is_empty() || chunks.len() != self.dim as usize {
            return Vec::new();
        }
        chunks
            .iter()
            .map(|bytes| f32::from_le_bytes(*bytes))
            .collect()
    }
}

impl Record for Embedding {
    const PARTITION: &'static str = "owner_id";
    const SORT: Option<&'static str> = Some("item_id");
    fn key(&self) -> Key<Self> {
        Self::key_of(self.owner_id, self.item_id)
    }
}

impl Derived for Embedding {
    const ORIGIN: &'static str = "item_revision";
    fn origin(&self) -> u64 {
        self.item_revision
    }
}

impl Record for TryOn {
    const PARTITION: &'static str = "user_id";
    const SORT: Option<&'static str> = Some("id");
    fn key(&self) -> Key<Self> {
        tryon_key(self.user_id, self.id)
    }
}
revised!(TryOn);

/// Where a try-on lives.
#[must_use]
pub fn tryon_key(user: UserId, tryon: TryOnId) -> Key<TryOn> {
    Key::pair(user, tryon)
}

/// A training signal in its day's partition. Days are split into sixteen shards by user, so that a busy day
/// does not press on one partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DaySignal {
    /// `2026-11-23#07`: the day and the user's shard.
    pub day: String,
    /// The signal.
    #[serde(flatten)]
    pub signal: Signal,
}

impl DaySignal {
    /// The row for a signal.
    #[must_use]
    pub fn new(signal: Signal) -> Self {
        Self {
            day: day_of(signal.created_at, signal.user_id),
            signal,
        }
    }
}

/// Into how many shards a day is split.
pub const DAY_SHARDS: u8 = 16;

/// The partition of what a user did or was shown at a time: `2026-11-23#07`.
#[must_use]
pub fn day_of(at: Timestamp, user: UserId) -> String {
    day_partition(at.date(), user.uuid().as_bytes()[15] % DAY_SHARDS)
}

/// The partition of a day's shard, which is below [`DAY_SHARDS`].
#[must_use]
pub fn day_partition(date: time::Date, shard: u8) -> String {
    format!("{date}#{shard:02}")
}

/// A shown answer in its day's partition, which is the one of the signals about it if they come on the same
/// day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DayShowing {
    /// `2026-11-23#07`: the day and the user's shard.
    pub day: String,
    /// When the row may go, in Unix seconds (TTL).
    pub expires_at: i64,
    /// What was shown.
    #[serde(flatten)]
    pub showing: Showing,
}

impl DayShowing {
    /// Signals have lost nine tenths of their weight by then.
    const KEPT: time::Duration = time::Duration::days(150);

    /// Where an answer lives that has its id of its time: see [`ShowingId::at`].
    #[must_use]
    pub fn key_of(showing: ShowingId, user: UserId) -> Key<Self> {
        Key::pair(day_of(showing.shown_at(), user), showing)
    }

    /// The row for an answer.
    #[must_use]
    pub fn new(showing: Showing) -> Self {
        Self {
            day: day_of(showing.shown_at, showing.user_id),
            expires_at: (showing.shown_at + Self::KEPT).unix_timestamp(),
            showing,
        }
    }

    /// The outfit of this id, if it was shown to this person and is still known.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn outfit(
        showings: &impl Get<Self>,
        user: UserId,
        id: RecommendationId,
    ) -> Result<Option<ShownOutfit>, StoreError> {
        let row = showings.get(&Self::key_of(id.showing(), user)).await?;
        let showing = row.map(|row| row.showing);
        let theirs = showing.filter(|showing| showing.user_id == user);
        let outfits = theirs.map(|showing| showing.outfits).unwrap_or_default();
        Ok(outfits.into_iter().find(|outfit| outfit.id == id))
    }
}

impl Record for DayShowing {
    const PARTITION: &'static str = "day";
    const SORT: Option<&'static str> = Some("id");
    fn key(&self) -> Key<Self> {
        Key::pair(&self.day, self.showing.id)
    }
}

impl Record for DaySignal {
    const PARTITION: &'static str = "day";
    const SORT: Option<&'static str> = Some("id");
    fn key(&self) -> Key<Self> {
        Key::pair(&self.day, self.signal.id)
    }
}

/// What a person likes, as a vector in the space of the items' vectors. Written once a day by learning, read
/// when outfits are chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StyleRow {
    /// Whose.
    pub user_id: UserId,
    /// Says how the items' vectors were made; a style of another model's vectors is of no use.
    pub model: String,
    /// The vector and what belongs to it, as `drape_taste::Style` writes itself.
    #[serde(with = "serde_bytes")]
    pub style: Vec<u8>,
    /// How many likes' worth of deeds it holds, as of `through`.
    pub weight: f32,
    /// The last day that is in it. Days come in order and each once, so one that comes again is seen.
    #[serde(with = "crate::date")]
    pub through: time::Date,
    /// When the row was written.
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: Timestamp,
    /// Number of the latest write.
    pub revision: u64,
}

impl StyleRow {
    /// Where a person's style lives.
    #[must_use]
    pub fn key_of(user: UserId) -> Key<Self> {
        Key::simple(user)
    }
}

impl Record for StyleRow {
    const PARTITION: &'static str = "user_id";
    const SORT: Option<&'static str> = None;
    fn key(&self) -> Key<Self> {
        Self::key_of(self.user_id)
    }
}
revised!(StyleRow);

/// A used idempotency key, and the id that was planned for what it makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    /// Hash of user, operation and key.
    pub id: String,
    /// Hash of the request: the same key with another body is an error.
    pub fingerprint: String,
    /// The id of what the request makes; the same for every repetition.
    pub planned: String,
    /// When the row may go, in Unix seconds (TTL).
    pub expires_at: i64,
}

impl Record for Reservation {
    const PARTITION: &'static str = "id";
    const SORT: Option<&'static str> = None;
    fn key(&self) -> Key<Self> {
        Key::simple(&self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_survives_its_row() {
        let row = Embedding::new(
            UserId::new(),
            ItemId::new(),
            "m",
            &[1.0, -0.5, f32::MIN],
            Timestamp::UNIX_EPOCH,
        );
        assert_eq!(row.floats(), [1.0, -0.5, f32::MIN]);
        assert!(Embedding { dim: 2, ..row }.floats().is_empty());
    }

    #[test]
    fn an_email_is_one_row_whatever_its_case() {
        assert_eq!(
            Login::key_of("Shopper@Example.com "),
            Login::key_of("shopper@example.com")
        );
        assert_ne!(
            Login::key_of("a@example.com"),
            Login::key_of("b@example.com")
        );
    }
}
