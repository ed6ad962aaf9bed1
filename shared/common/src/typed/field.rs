//! Fields that can be absent, null or given, and values with limits.

use drape_domain::{Season, Text};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// A field of a request: absent keeps, null clears, a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Field<T> {
    /// Not named.
    #[default]
    Absent,
    /// Null.
    Cleared,
    /// A value.
    Given(T),
}

impl<T> Field<T> {
    /// Whether the field was named, be it as null.
    #[must_use]
    pub const fn is_given(&self) -> bool {
        !matches!(self, Self::Absent)
    }

    /// Writes the field over what is stored.
    pub fn write_to<S>(&self, stored: &mut Option<S>)
    where
        T: Clone + IntoStored<S>,
    {
        match self {
            Self::Absent => {}
            Self::Cleared => *stored = None,
            Self::Given(value) => *stored = value.clone().into_stored(),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Cleared, Self::Given))
    }
}

impl<T: Serialize> Serialize for Field<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Given(value) => serializer.serialize_some(value),
            _ => serializer.serialize_none(),
        }
    }
}

/// How a request's value is stored; none if it says nothing.
pub trait IntoStored<S> {
    /// The stored form.
    fn into_stored(self) -> Option<S>;
}

impl<T> IntoStored<T> for T {
    fn into_stored(self) -> Option<T> {
        Some(self)
    }
}

/// 0 (gym) to 1 (black tie).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Formality(f32);

impl TryFrom<f64> for Formality {
    type Error = &'static str;
    fn try_from(value: f64) -> Result<Self, &'static str> {
        if (0.0..=1.0).contains(&value) {
            Ok(Self(value as f32))
        } else {
            Err("must be from 0 to 1")
        }
    }
}

impl From<Formality> for f64 {
    fn from(formality: Formality) -> Self {
        formality.0.into()
    }
}

impl IntoStored<f32> for Formality {
    fn into_stored(self) -> Option<f32> {
        Some(self.0)
    }
}

/// At most `MAX` values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct List<T, const MAX: usize>(Vec<T>);

impl<T, const MAX: usize> Default for List<T, MAX> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T, const MAX: usize> List<T, MAX> {
    /// The values.
    #[must_use]
    pub fn into_vec(self) -> Vec<T> {
        self.0
    }
}

impl<'de, T: Deserialize<'de>, const MAX: usize> Deserialize<'de> for List<T, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let values = Vec::deserialize(deserializer)?;
        if values.len() > MAX {
            return Err(D::Error::custom(format_args!(
                "must have at most {MAX} entries"
            )));
        }
        Ok(Self(values))
    }
}

fn unless_empty<T>(values: Vec<T>) -> Option<Vec<T>> {
    Some(values).filter(|values| !values.is_empty())
}

impl<const LONG: usize, const MAX: usize> IntoStored<Vec<Text<LONG>>> for List<Text<LONG>, MAX> {
    fn into_stored(self) -> Option<Vec<Text<LONG>>> {
        unless_empty(self.0)
    }
}

impl<const MAX: usize> IntoStored<Vec<Season>> for List<Season, MAX> {
    fn into_stored(self) -> Option<Vec<Season>> {
        let mut seasons: Vec<Season> = Vec::with_capacity(self.0.len());
        for season in self.0 {
            if !seasons.contains(&season) {
                seasons.push(season);
            }
        }
        unless_empty(seasons)
    }
}
