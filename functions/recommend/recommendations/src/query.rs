//! What a client asks for, in types that hold only what makes sense.

use std::{fmt::Display, str::FromStr};

use drape_common::http::{Problem, json_in};
use drape_domain::{ItemId, Text, Timestamp, UserId};
use drape_providers::{LatLon, When};
use drape_recommender::{AVOID_REPEAT_DAYS, Condition, Event, MAX_OUTFITS, Occasion, TimeOfDay};
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
    humidity: Option<Percent>,
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
    include_boutiques: Option<bool>,
    /// A piece that each outfit must hold.
    pub(crate) pair_with: Option<ItemId>,
    /// Pieces that no outfit may hold.
    #[serde(deserialize_with = "ids")]
    pub(crate) exclude: Vec<ItemId>,
    avoid_repeat_days: Days,
    /// In the person's words, or what their calendar says.
    context: Option<Text<1000>>,
}

/// The most items that can be excluded.
const MAX_EXCLUDED: usize = 100;

/// What it is for, besides `occasion`.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Purpose {
    /// As far as the person's own words tell.
    pub(crate) occasion: Option<Occasion>,
    /// The entry in their calendar.
    pub(crate) event: Option<Event>,
}

/// `context` as JSON.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Calendar {
    event: Entry,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    title: Text<200>,
    #[serde(default, with = "time::serde::rfc3339::option")]
    start: Option<Timestamp>,
    #[serde(default)]
    dress_code: Option<Text<100>>,
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

    /// Relative humidity in percent, if the client knows it.
    pub(crate) fn humidity(&self) -> Option<f32> {
        self.humidity.map(|part| part.0)
    }

    /// Whether to show what boutiques sell, too.
    pub(crate) fn include_boutiques(&self) -> bool {
        self.include_boutiques.unwrap_or_default()
    }

    /// For how many days what was worn does not come again: 0–60, 7 if not said.
    pub(crate) fn avoid_repeat_days(&self) -> u16 {
        self.avoid_repeat_days.0
    }

    /// What it is for.
    ///
    /// # Errors
    /// 422 for JSON that holds no event.
    pub(crate) fn purpose(&self) -> Result<Purpose, Problem> {
        let Some(context) = &self.context else {
            return Ok(Purpose::default());
        };
        let text = context.as_str();
        if !text.starts_with(['{', '[']) {
            return Ok(Purpose {
                occasion: text.parse().ok(),
                event: None,
            });
        }
        let Calendar { event } = json_in("context", text)?;
        let dress_code = event.dress_code.as_ref().map(Text::as_str);
        Ok(Purpose {
            occasion: None,
            event: Some(Event::new(event.title.as_str(), event.start, dress_code)),
        })
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
    pub(crate) fn when(&self, purpose: &Purpose, today: Date) -> When {
        let start = purpose.event.and_then(|event| event.start);
        match self.date.or(start.map(Timestamp::date)) {
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

/// From 0 to 100.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "f32")]
struct Percent(f32);

impl TryFrom<f32> for Percent {
    type Error = &'static str;
    fn try_from(part: f32) -> Result<Self, &'static str> {
        if (0.0..=100.0).contains(&part) {
            Ok(Self(part))
        } else {
            Err("must be from 0 to 100")
        }
    }
}

/// From 0 to 60.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "i64")]
struct Days(u16);

impl Default for Days {
    fn default() -> Self {
        Self(AVOID_REPEAT_DAYS)
    }
}

impl TryFrom<i64> for Days {
    type Error = &'static str;
    fn try_from(days: i64) -> Result<Self, &'static str> {
        u16::try_from(days)
            .ok()
            .filter(|days| *days <= 60)
            .map(Self)
            .ok_or("must be from 0 to 60")
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

fn ids<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<ItemId>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let ids: Result<Vec<ItemId>, _> = text
        .split(',')
        .take(MAX_EXCLUDED + 1)
        .map(|id| id.trim().parse())
        .collect();
    ids.ok()
        .filter(|ids| ids.len() <= MAX_EXCLUDED)
        .ok_or_else(|| {
            D::Error::custom(format!(
                "must be at most {MAX_EXCLUDED} ids of items, with commas between them"
            ))
        })
}

fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    const FORMAT: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");
    let text = String::deserialize(deserializer)?;
    Date::parse(&text, FORMAT)
        .map(Some)
        .map_err(|_| D::Error::custom("must be a date such as 2026-12-31"))
}
