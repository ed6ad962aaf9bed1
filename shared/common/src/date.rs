//! Days as they are written everywhere: `2026-11-23`.

use serde::{Deserialize, Deserializer, Serializer, de::Error};
use time::{Date, error::Parse, format_description::well_known::Iso8601};

/// Reads a day.
///
/// # Errors
/// When it is none.
pub fn parse(text: &str) -> Result<Date, Parse> {
    Date::parse(text, &Iso8601::DATE)
}

/// For `#[serde(with = "date")]`.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<S: Serializer>(date: &Date, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(date)
}

/// For `#[serde(with = "date")]`.
///
/// # Errors
/// When it is no day.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse(&text).map_err(D::Error::custom)
}

/// For `#[serde(default, with = "date::option")]`.
pub mod option {
    use super::{Date, Deserialize, Deserializer, Error, Serializer, parse};

    /// Writes a day or null.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(date: &Option<Date>, serializer: S) -> Result<S::Ok, S::Error> {
        match date {
            Some(date) => serializer.collect_str(date),
            None => serializer.serialize_none(),
        }
    }

    /// Reads a day or null.
    ///
    /// # Errors
    /// When it is neither.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Date>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| parse(&text).map_err(D::Error::custom))
            .transpose()
    }
}
