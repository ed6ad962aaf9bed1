//! Pagination: how many, and where to go on.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

/// How many records a list answers: 1–100, 20 if not said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "i64")]
pub struct Limit(usize);

impl Limit {
    /// The number.
    #[must_use]
    pub const fn get(self) -> usize {
        self.0
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(20)
    }
}

impl TryFrom<i64> for Limit {
    type Error = &'static str;
    fn try_from(limit: i64) -> Result<Self, &'static str> {
        usize::try_from(limit)
            .ok()
            .filter(|limit| (1..=100).contains(limit))
            .map(Self)
            .ok_or("must be from 1 to 100")
    }
}

/// Where to go on. Opaque to clients; inside is the last record's sort key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cursor(String);

impl Cursor {
    /// A cursor after this sort key.
    #[must_use]
    pub fn after(sort: &str) -> Self {
        Self(sort.to_owned())
    }

    /// The sort key to go on after.
    #[must_use]
    pub fn sort(&self) -> &str {
        &self.0
    }
}

impl From<Cursor> for String {
    fn from(cursor: Cursor) -> Self {
        URL_SAFE_NO_PAD.encode(cursor.0)
    }
}

impl TryFrom<String> for Cursor {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, &'static str> {
        const ERROR: &str = "must be a next_cursor of an earlier answer";
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| ERROR)?;
        let sort = String::from_utf8(bytes).map_err(|_| ERROR)?;
        // Every list is sorted by an id.
        uuid::Uuid::try_parse(&sort).map_err(|_| ERROR)?;
        Ok(Self(sort))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_cursor_survives_the_client() {
        let cursor = Cursor::after("018f0000-0000-7000-8000-000000000000");
        assert_eq!(Cursor::try_from(String::from(cursor.clone())), Ok(cursor));
    }

    proptest! {
        #[test]
        fn what_is_not_a_cursor_is_refused(text in ".{0,60}") {
            if let Ok(cursor) = Cursor::try_from(text) {
                prop_assert!(uuid::Uuid::try_parse(cursor.sort()).is_ok());
            }
        }

        #[test]
        fn a_limit_is_from_1_to_100(limit: i64) {
            prop_assert_eq!(Limit::try_from(limit).is_ok(), (1..=100).contains(&limit));
        }
    }
}
