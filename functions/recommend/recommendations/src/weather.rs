//! Where the weather comes from: the client, else Open-Meteo, else nowhere.

use drape_common::http::Problem;
use drape_providers::Weather;
use drape_recommender::Condition;
use serde::Serialize;
use time::Date;

use crate::query::{Purpose, Query};

/// Who told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Source {
    Client,
    OpenMeteo,
    None,
}

/// The weather, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Sky {
    pub(crate) temp_c: Option<f32>,
    pub(crate) humidity: Option<f32>,
    pub(crate) condition: Option<Condition>,
    pub(crate) source: Source,
}

/// The weather where and when the outfit is worn. A client that knows the temperature is believed and nobody
/// else is asked; one that knows only the sky or the humidity is believed on that.
///
/// # Errors
/// 422 for a place that is none. That the service cannot tell is no error.
pub(crate) async fn sky(
    query: &Query,
    purpose: &Purpose,
    weather: &impl Weather,
    today: Date,
) -> Result<Sky, Problem> {
    let place = query.place()?;
    let known = |source| Sky {
        temp_c: query.temp_c(),
        humidity: query.humidity(),
        condition: query.condition,
        source,
    };
    let told = known(match (query.temp_c(), query.humidity(), query.condition) {
        (None, None, None) => Source::None,
        _ => Source::Client,
    });
    let (None, Some(place)) = (query.temp_c(), place) else {
        return Ok(told);
    };
    Ok(match weather.at(place, query.when(purpose, today)).await {
        Ok(seen) => Sky {
            temp_c: Some(seen.temp_c),
            humidity: query.humidity().or(seen.humidity),
            condition: query.condition.or_else(|| seen.condition.parse().ok()),
            source: Source::OpenMeteo,
        },
        Err(error) => {
            tracing::info!(cause = %error, "recommending without the weather");
            told
        }
    })
}
