//! Open-Meteo: free, no key, worldwide. <https://open-meteo.com/en/docs>

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use serde::Deserialize;
use time::OffsetDateTime;
use url::Url;

use super::{
    LatLon, Observation, Weather, WeatherError, When,
    cache::{Cache, Key},
};

/// A person waits for the answer, and it is only one ingredient of it. There is no retry.
const TIMEOUT: Duration = Duration::from_millis(1500);
/// A real answer has under 1 KiB.
const MAX_BODY: usize = 64 * 1024;
/// A strong breeze or more (Beaufort 6 begins at 39 km/h): a dry day is then called windy.
const WINDY_KMH: f32 = 39.0;

/// The weather from Open-Meteo or a service that speaks like it, with a small cache.
#[derive(Debug)]
pub struct OpenMeteo {
    forecast: Url,
    // Made on first use: reading the system's certificates costs milliseconds that a start should not pay.
    client: Mutex<Option<reqwest::Client>>,
    timeout: Duration,
    cache: Cache,
    now: fn() -> OffsetDateTime,
}

/// The base URL is not one.
#[derive(Debug, thiserror::Error)]
#[error("not an http(s) URL")]
pub struct InvalidBaseUrl;

impl OpenMeteo {
    /// `base_url` such as `https://api.open-meteo.com`; the path `/v1/forecast` is added.
    ///
    /// # Errors
    /// [`InvalidBaseUrl`] unless it is an absolute `http` or `https` URL.
    pub fn new(base_url: &str) -> Result<Self, InvalidBaseUrl> {
        let mut forecast = Url::parse(base_url).map_err(|_| InvalidBaseUrl)?;
        if !matches!(forecast.scheme(), "http" | "https") {
            return Err(InvalidBaseUrl);
        }
        forecast
            .path_segments_mut()
            .map_err(|()| InvalidBaseUrl)?
            .pop_if_empty()
            .extend(["v1", "forecast"]);
        Ok(Self {
            forecast,
            client: Mutex::new(None),
            timeout: TIMEOUT,
            cache: Cache::default(),
            now: OffsetDateTime::now_utc,
        })
    }

    /// Waits for another time than 1.5 s.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    fn client(&self) -> Result<reqwest::Client, WeatherError> {
        let mut slot = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = slot.as_ref() {
            return Ok(client.clone());
        }
        // reqwest takes the process's provider; if somebody set one already, theirs is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .timeout(self.timeout)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("drape/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|_| WeatherError::Unreachable("no TLS certificates on this machine"))?;
        Ok(slot.insert(client).clone())
    }

    fn request_url(&self, place: LatLon, when: When) -> Url {
        let (lat, lon) = place.rounded();
        let mut url = self.forecast.clone();
        {
            let mut query = url.query_pairs_mut();
            query.append_pair("latitude", &format!("{:.1}", f64::from(lat) / 10.0));
            query.append_pair("longitude", &format!("{:.1}", f64::from(lon) / 10.0));
            match when {
                When::Now => {
                    query.append_pair(
                        "current",
                        "temperature_2m,relative_humidity_2m,weather_code,wind_speed_10m,is_day",
                    );
                }
                When::Day(date) => {
                    query.append_pair(
                        "daily",
                        "temperature_2m_max,temperature_2m_min,relative_humidity_2m_max,\
                         relative_humidity_2m_min,weather_code,wind_speed_10m_max",
                    );
                    query.append_pair("start_date", &date.to_string());
                    query.append_pair("end_date", &date.to_string());
                    query.append_pair("timezone", "auto");
                }
            }
        }
        url
    }

    async fn fetch(&self, place: LatLon, when: When) -> Result<Observation, WeatherError> {
        let mut response = self
            .client()?
            .get(self.request_url(place, when))
            .send()
            .await
            .map_err(unreachable)?;
        if response.status() != reqwest::StatusCode::OK {
            return Err(WeatherError::Status(response.status().as_u16()));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            if body.len() + chunk.len() > MAX_BODY {
                return Err(WeatherError::Garbage("far too long"));
            }
            body.extend_from_slice(&chunk);
        }
        parse(&body, when)
    }
}

impl Weather for OpenMeteo {
    async fn at(&self, place: LatLon, when: When) -> Result<Observation, WeatherError> {
        let key = Key::new(place, when, (self.now)().unix_timestamp());
        if let Some(seen) = self.cache.get(&key) {
            return Ok(seen);
        }
        let seen = self
            .fetch(place, when)
            .await
            .inspect_err(|error| tracing::warn!(%error, "no weather"))?;
        self.cache.put(key, seen);
        Ok(seen)
    }
}

/// The error's own text holds the URL and with it the place, so only its kind is told.
fn unreachable(error: reqwest::Error) -> WeatherError {
    let kind = match () {
        () if error.is_timeout() => "too slow",
        () if error.is_connect() => "no connection",
        () => "connection broke",
    };
    drop(error);
    WeatherError::Unreachable(kind)
}

#[derive(Deserialize)]
struct Forecast {
    current: Option<Current>,
    daily: Option<Daily>,
}

#[derive(Deserialize)]
struct Current {
    temperature_2m: Option<f32>,
    relative_humidity_2m: Option<f32>,
    weather_code: Option<i32>,
    wind_speed_10m: Option<f32>,
    is_day: Option<i32>,
}

#[derive(Deserialize)]
struct Daily {
    temperature_2m_max: Vec<Option<f32>>,
    temperature_2m_min: Vec<Option<f32>>,
    #[serde(default)]
    relative_humidity_2m_max: Vec<Option<f32>>,
    #[serde(default)]
    relative_humidity_2m_min: Vec<Option<f32>>,
    weather_code: Vec<Option<i32>>,
    #[serde(default)]
    wind_speed_10m_max: Vec<Option<f32>>,
}

fn parse(body: &[u8], when: When) -> Result<Observation, WeatherError> {
    let forecast: Forecast =
        serde_json::from_slice(body).map_err(|_| WeatherError::Garbage("not a forecast"))?;
    let missing = WeatherError::Garbage("values are missing");
    match when {
        When::Now => {
            let Some(Current {
                temperature_2m: Some(temp),
                relative_humidity_2m: humidity,
                weather_code: Some(code),
                wind_speed_10m,
                is_day,
            }) = forecast.current
            else {
                return Err(missing);
            };
            observation(temp, humidity, code, wind_speed_10m, is_day != Some(0))
        }
        When::Day(_) => {
            let Some(daily) = forecast.daily else {
                return Err(missing);
            };
            let first = |values: &[Option<f32>]| values.first().copied().flatten();
            let (Some(max), Some(min), Some(code)) = (
                first(&daily.temperature_2m_max),
                first(&daily.temperature_2m_min),
                daily.weather_code.first().copied().flatten(),
            ) else {
                return Err(missing);
            };
            let driest = first(&daily.relative_humidity_2m_min);
            let dampest = first(&daily.relative_humidity_2m_max);
            // The night holds the minimum; the hours in which people are about lie nearer the maximum. Air that
            // warms gets drier, so of the humidity they lie nearer the minimum.
            observation(
                0.75 * max + 0.25 * min,
                driest
                    .zip(dampest)
                    .map(|(min, max)| 0.75 * min + 0.25 * max),
                code,
                first(&daily.wind_speed_10m_max),
                true,
            )
        }
    }
}

fn observation(
    temp_c: f32,
    humidity: Option<f32>,
    code: i32,
    wind_kmh: Option<f32>,
    day: bool,
) -> Result<Observation, WeatherError> {
    // The coldest and hottest air ever measured are −89.2 and 56.7 °C.
    if !(-90.0..=60.0).contains(&temp_c) {
        return Err(WeatherError::Garbage("an impossible temperature"));
    }
    let condition = condition(code, day).ok_or(WeatherError::Garbage("an unknown weather code"))?;
    let windy = wind_kmh.is_some_and(|wind| wind >= WINDY_KMH);
    let dry = matches!(condition, "sunny" | "clear" | "cloudy");
    Ok(Observation {
        temp_c,
        // One that cannot be is none: the rest of the answer is still of use.
        humidity: humidity.filter(|part| (0.0..=100.0).contains(part)),
        condition: if windy && dry { "windy" } else { condition },
    })
}

/// The WMO weather interpretation codes that Open-Meteo documents.
fn condition(code: i32, day: bool) -> Option<&'static str> {
    Some(match code {
        0 | 1 if day => "sunny",
        0 | 1 => "clear",
        2 | 3 => "cloudy",
        45 | 48 => "fog",
        51 | 53 | 55 | 56 | 57 | 61 | 63 | 65 | 66 | 67 | 80 | 81 | 82 => "rain",
        71 | 73 | 75 | 77 | 85 | 86 => "snow",
        95 | 96 | 99 => "storm",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use drape_recommender::Condition;
    use proptest::prelude::*;
    use time::macros::date;

    use super::*;

    #[test]
    fn every_condition_is_one_that_the_recommender_understands() {
        let mut words: Vec<_> = (0..100)
            .flat_map(|code| [condition(code, true), condition(code, false)])
            .collect();
        words.push(Some("windy"));
        let words: Vec<_> = words.into_iter().flatten().collect();
        assert!(words.len() > 40);
        for word in words {
            assert!(word.parse::<Condition>().is_ok(), "{word}");
        }
    }

    #[test]
    fn a_gale_under_a_blue_sky_is_windy_and_a_wet_one_is_rain() {
        assert_eq!(
            observation(20.0, None, 0, Some(50.0), true)
                .unwrap()
                .condition,
            "windy"
        );
        assert_eq!(
            observation(20.0, None, 61, Some(50.0), true)
                .unwrap()
                .condition,
            "rain"
        );
    }

    #[test]
    fn a_request_tells_the_place_only_roughly() {
        let weather = OpenMeteo::new("https://weather.example/").unwrap();
        let url = weather.request_url(
            LatLon::new(6.45407, 3.39467).unwrap(),
            When::Day(date!(2026 - 12 - 31)),
        );
        assert_eq!(url.path(), "/v1/forecast");
        let query = url.query().unwrap();
        assert!(
            query.starts_with("latitude=6.5&longitude=3.4&daily="),
            "{query}"
        );
        assert!(
            query.contains("start_date=2026-12-31&end_date=2026-12-31"),
            "{query}"
        );
    }

    #[test]
    fn a_base_url_must_be_one() {
        let behind_a_path = OpenMeteo::new("http://localhost:9/weather/").unwrap();
        assert_eq!(
            behind_a_path.forecast.as_str(),
            "http://localhost:9/weather/v1/forecast"
        );
        for bad in ["", "api.open-meteo.com", "file:///etc", "http://"] {
            assert!(OpenMeteo::new(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_answer_makes_it_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(parse(&body, When::Now).is_err());
        }

        #[test]
        fn what_is_accepted_is_possible_weather(
            temp in any::<f32>(),
            humidity in any::<f32>(),
            code in -5i32..120,
        ) {
            if let Ok(seen) = observation(temp, Some(humidity), code, None, true) {
                prop_assert!((-90.0..=60.0).contains(&seen.temp_c));
                prop_assert!(seen.humidity.is_none_or(|part| (0.0..=100.0).contains(&part)));
            }
        }
    }
}
