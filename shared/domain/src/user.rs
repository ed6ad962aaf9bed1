//! People and boutiques.

use serde::{Deserialize, Serialize};

use crate::{Background, Category, Money, Text, Timestamp, UserId};

/// What an account may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A shopper with a wardrobe.
    #[default]
    User,
    /// A seller with a catalogue.
    Boutique,
}

impl Role {
    /// The word used in JSON and tokens.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Boutique => "boutique",
        }
    }
}

/// An account, without its credentials.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct User {
    /// Identity.
    pub id: UserId,
    /// As typed at sign-up, trimmed.
    pub email: String,
    /// Shown name.
    pub name: Text<100>,
    /// What the account may do.
    pub role: Role,
    /// Tastes.
    #[serde(default)]
    pub prefs: Prefs,
    /// When the account was made.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: Timestamp,
    /// When name or prefs last changed.
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: Timestamp,
    /// Grows by one with every write; the `etag` shown to clients.
    pub revision: u64,
}

impl User {
    /// A new account without tastes.
    #[must_use]
    pub fn new(email: String, name: Text<100>, role: Role, now: Timestamp) -> Self {
        Self {
            id: UserId::new(),
            email,
            name,
            role,
            prefs: Prefs::default(),
            created_at: now,
            updated_at: now,
            revision: 1,
        }
    }
}

/// How much a person wants to be covered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Modesty {
    /// As the weather and the occasion have it.
    Standard,
    /// Shoulders and knees are covered.
    Modest,
}

/// What a person likes and how they see their wardrobe.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Prefs {
    /// The background that new items get when they name none.
    pub background_preference: Option<Background>,
    /// Style words such as "minimal" or "streetwear".
    pub favorite_styles: Vec<Text<40>>,
    /// Colour words.
    pub preferred_colors: Vec<Text<40>>,
    /// Colour words; items in them are never recommended.
    pub disliked_colors: Vec<Text<40>>,
    /// Categories that are never recommended.
    pub disliked_categories: Vec<Category>,
    /// Sizes such as "M" or "EU 42".
    pub sizes: Vec<Text<40>>,
    /// How much they want to be covered.
    pub modesty: Option<Modesty>,
    /// The most that one piece from a boutique may cost.
    pub budget: Option<Money>,
}
