//! What a client asks for, in types that hold only what makes sense.

use std::{fmt::Display, str::FromStr};

use drape_common::http::Problem;
use drape_domain::{Text, UserId};
use drape_providers::{LatLon, When};
use drape_recommender::{Condition, MAX_OUTFITS, Occasion, TimeOfDay};
use serde::{Deserialize, Deserializer, de::Error};
use time::{Date, format_description::BorrowedFormatItem, macros::format_description};

/// The query string of `GET /recommendations`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Query {
    /// If given, the caller.
    pub(crate) user_id: Option<UserId>,
    /// What it is for.
    #[serde(deserialize_with = "word")]
    pub(crate) occasion: Option<Occasion>,
    temp_c: Option<Temperature>,
    /// The sky.
    #[serde(deserialize_with = "word")]
    pub(crate) condition: Option<Condition>,
    /// The part of the day.
    #[serde(deserialize_with = "word")]
    pub(crate) time_of_day: Option<TimeOfDay>,
    lat: Option<f64>,
    lon: Option<f64>,
    #[serde(deserialize_with = "date")]
    pub(crate) date: Option<Date>,
    limit: Limit,
    /// Also show what boutiques sell. There are none yet, so this changes nothing.
    #[serde(rename = "include_boutiques")]
    _include_boutiques: Option<bool>,
    /// In the person's words.
    context: Option<Text<500>>,
}

impl Query {
    /// Air temperature in °C, if the client knows it.
    pub(crate) fn temp_c(&self) -> Option<f32> {
        self.temp_c.map(|temp| temp.0)
    }

    /// How many outfits: 1–10, 3 if not said.
    pub(crate) fn limit(&self) -> usize {
        self.limit.0
    }

    /// What it is for: as said, else as far as the person's own words tell.
    pub(crate) fn meant_occasion(&self) -> Option<Occasion> {
        self.occasion
            .or_else(|| self.context.as_ref()?.as_str().parse().ok())
    }

    /// Where the outfit will be worn.
    ///
    /// # Errors
    /// 422 unless both coordinates are given and in range, or none is given.
    pub(crate) fn place(&self) -> Result<Option<LatLon>, Problem> {
        let (lat, lon) = match (self.lat, self.lon) {
            (None, None) => return Ok(None),
            (Some(lat), Some(lon)) => (lat, lon),
            (Some(_), None) => return Err(Problem::invalid_field("lon", "must be given with lat")),
            (None, Some(_)) => return Err(Problem::invalid_field("lat", "must be given with lon")),
        };
        LatLon::new(lat, lon).map(Some).map_err(|error| {
            let field = match error {
                drape_providers::weather::InvalidPlace::Latitude => "lat",
                drape_providers::weather::InvalidPlace::Longitude => "lon",
            };
            Problem::invalid_field(field, error.to_string())
        })
    }

    /// When the outfit will be worn.
    pub(crate) fn when(&self, today: Date) -> When {
        match self.date {
            Some(date) if date != today => When::Day(date),
            _ => When::Now,
        }
    }
}

/// °C, from −60 to 60.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "f32")]
struct Temperature(f32);

impl TryFrom<f32> for Temperature {
    type Error = &'static str;
    fn try_from(temp: f32) -> Result<Self, &'static str> {
        // `contains` is false for NaN.
        if (-60.0..=60.0).contains(&temp) {
            Ok(Self(temp))
        } else {
            Err("must be from -60 to 60")
        }
    }
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "i64")]
struct Limit(usize);

impl Default for Limit {
    fn default() -> Self {
        Self(3)
    }
}

impl TryFrom<i64> for Limit {
    type Error = String;
    fn try_from(limit: i64) -> Result<Self, String> {
        usize::try_from(limit)
            .ok()
            .filter(|limit| (1..=MAX_OUTFITS).contains(limit))
            .map(Self)
            .ok_or_else(|| format!("must be from 1 to {MAX_OUTFITS}"))
    }
}

fn word<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: Display>,
{
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(D::Error::custom)
}

fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    const FORMAT: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");
    let text = String::deserialize(deserializer)?;
    Date::parse(&text, FORMAT)
        .map(Some)
        .map_err(|_| D::Error::custom("must be a date such as 2026-12-31"))
}
