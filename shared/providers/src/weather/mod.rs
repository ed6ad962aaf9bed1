//! The weather at a place. A guess that helps: callers go on without it when it cannot be had.

mod cache;
mod open_meteo;

use std::future::Future;

use time::Date;

pub use open_meteo::{InvalidBaseUrl, OpenMeteo};

/// A place on Earth, in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LatLon {
    lat: f64,
    lon: f64,
}

/// The coordinates are no place on Earth; the message says which one and what is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPlace {
    /// Not a number, or beyond the poles.
    #[error("lat must be between -90 and 90")]
    Latitude,
    /// Not a number, or beyond the date line.
    #[error("lon must be between -180 and 180")]
    Longitude,
}

impl LatLon {
    /// Checks that both are finite and in range.
    ///
    /// # Errors
    /// [`InvalidPlace`] names the coordinate that is wrong.
    pub fn new(lat: f64, lon: f64) -> Result<Self, InvalidPlace> {
        // `contains` is false for NaN.
        if !(-90.0..=90.0).contains(&lat) {
            return Err(InvalidPlace::Latitude);
        }
        if !(-180.0..=180.0).contains(&lon) {
            return Err(InvalidPlace::Longitude);
        }
        Ok(Self { lat, lon })
    }

    /// Degrees north.
    #[must_use]
    pub const fn lat(self) -> f64 {
        self.lat
    }

    /// Degrees east.
    #[must_use]
    pub const fn lon(self) -> f64 {
        self.lon
    }

    /// The place in tenths of a degree (about 11 km): as exact as the weather needs, and all that leaves
    /// the house of where somebody is.
    #[must_use]
    pub fn rounded(self) -> (i16, i16) {
        // In range by construction, so the casts cannot overflow.
        (
            (self.lat * 10.0).round() as i16,
            (self.lon * 10.0).round() as i16,
        )
    }
}

/// The time that the weather is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum When {
    /// The current hour.
    Now,
    /// The daylight hours of a day, local to the place.
    Day(Date),
}

/// The weather, as far as it matters for what to wear.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Observation {
    /// Air temperature at 2 m in °C.
    pub temp_c: f32,
    /// Relative humidity at 2 m in percent, if it is known.
    pub humidity: Option<f32>,
    /// One of `sunny`, `clear`, `cloudy`, `fog`, `rain`, `snow`, `storm`, `windy`.
    pub condition: &'static str,
}

/// The weather could not be had. None of these is worth a retry within a request.
#[derive(Debug, thiserror::Error)]
pub enum WeatherError {
    /// No connection, or none in time.
    #[error("the weather service could not be reached: {0}")]
    Unreachable(&'static str),
    /// It answered with another status than 200.
    #[error("the weather service answered {0}")]
    Status(u16),
    /// The answer was too long, no JSON, or made no sense.
    #[error("the weather service's answer could not be used: {0}")]
    Garbage(&'static str),
}

/// Tells the weather.
pub trait Weather: Send + Sync {
    /// The weather at `place`.
    ///
    /// # Errors
    /// [`WeatherError`] if it cannot be had within the provider's time limit.
    fn at(
        &self,
        place: LatLon,
        when: When,
    ) -> impl Future<Output = Result<Observation, WeatherError>> + Send;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_places_on_earth_are_places() {
        assert!(LatLon::new(6.45, 3.39).is_ok());
        assert!(LatLon::new(-90.0, 180.0).is_ok());
        for lat in [f64::NAN, f64::INFINITY, 90.01, -91.0] {
            assert_eq!(LatLon::new(lat, 0.0), Err(InvalidPlace::Latitude));
        }
        for lon in [f64::NAN, f64::NEG_INFINITY, 180.5, -181.0] {
            assert_eq!(LatLon::new(0.0, lon), Err(InvalidPlace::Longitude));
        }
    }

    #[test]
    fn the_corners_of_the_map_can_be_rounded() {
        assert_eq!(LatLon::new(90.0, -180.0).unwrap().rounded(), (900, -1800));
        assert_eq!(LatLon::new(6.4541, 3.3947).unwrap().rounded(), (65, 34));
    }
}
