//! Outside services behind traits, so that a handler can be tested without them and they can be
//! replaced. No AWS.

pub mod weather;

pub use weather::{
    InvalidBaseUrl, InvalidPlace, LatLon, Observation, OpenMeteo, Weather, WeatherError, When,
};
