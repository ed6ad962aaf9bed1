//! When and for what an outfit is wanted.

use drape_domain::{Season, Timestamp};
use time::{Date, Month};

use crate::{Condition, DressCode, Event, Occasion, TimeOfDay, heat};

/// When and for what the outfit is wanted. What is not known is left out, not guessed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Context {
    /// Air temperature in °C; one that no place on earth ever had (−90 to 60) counts as unknown.
    pub temp_c: Option<f32>,
    /// Relative humidity in percent; one that is not from 0 to 100 counts as unknown.
    pub humidity: Option<f32>,
    /// The sky.
    pub condition: Option<Condition>,
    /// The part of the day.
    pub time_of_day: Option<TimeOfDay>,
    /// What it is for.
    pub occasion: Option<Occasion>,
    /// What it is for, by the calendar: tells occasion, time and day where those are not given, and what
    /// guests are asked to wear.
    pub event: Option<Event>,
    /// Degrees north, for the season when no temperature is known.
    pub latitude: Option<f64>,
    /// The day on which it will be worn, if it is not today.
    pub date: Option<Date>,
    /// The current time.
    pub now: Timestamp,
}

impl Context {
    /// Nothing known but the time.
    #[must_use]
    pub const fn at(now: Timestamp) -> Self {
        Self {
            temp_c: None,
            humidity: None,
            condition: None,
            time_of_day: None,
            occasion: None,
            event: None,
            latitude: None,
            date: None,
            now,
        }
    }

    pub(crate) fn temp(&self) -> Option<f32> {
        // False for NaN. The extremes measured were −89.2 °C (Vostok) and 56.7 °C (Furnace Creek).
        self.temp_c.filter(|temp| (-90.0..=60.0).contains(temp))
    }

    /// The temperature as it feels: the heat index where it is hot and the humidity is known.
    pub(crate) fn felt(&self) -> Option<f32> {
        let temp = self.temp()?;
        let humidity = self.humidity.filter(|part| (0.0..=100.0).contains(part));
        Some(humidity.map_or(temp, |humidity| heat::index(temp, humidity)))
    }

    /// What it is for: as said, else as the calendar's title tells.
    pub(crate) fn meant_occasion(&self) -> Option<Occasion> {
        self.occasion
            .or(self.event.and_then(|event| event.occasion))
    }

    /// The part of the day: as said, else by the event's start.
    pub(crate) fn meant_time_of_day(&self) -> Option<TimeOfDay> {
        self.time_of_day
            .or_else(|| self.event.and_then(|event| event.time_of_day()))
    }

    pub(crate) fn is_dark(&self) -> bool {
        matches!(
            self.meant_time_of_day(),
            Some(TimeOfDay::Evening | TimeOfDay::Night)
        )
    }

    pub(crate) fn dress_code(&self) -> Option<DressCode> {
        self.event.and_then(|event| event.dress_code)
    }

    /// The day on which it is worn.
    fn day(&self) -> Date {
        let start = self.event.and_then(|event| event.start);
        self.date
            .or(start.map(|start| start.date()))
            .unwrap_or(self.now.date())
    }

    /// The moment the outfit is for; the past is read as now.
    pub(crate) fn moment(&self) -> Timestamp {
        let start = self.event.and_then(|event| event.start);
        match (self.date, start) {
            (Some(date), _) if date > self.now.date() => date.midnight().assume_utc(),
            (None, Some(start)) if start > self.now => start,
            _ => self.now,
        }
    }

    pub(crate) fn is_wet(&self) -> bool {
        self.condition.is_some_and(Condition::is_wet)
    }

    /// The seasons whose clothes suit the day: by temperature if it is known (so that the tropics, and odd
    /// days anywhere, are right), else by calendar and latitude, else unknown (empty).
    pub(crate) fn seasons(&self) -> &'static [Season] {
        use Season::{Autumn, Spring, Summer, Winter};
        if let Some(temp) = self.temp() {
            return match temp {
                t if t >= 23.0 => &[Summer],
                t if t >= 18.0 => &[Spring, Summer, Autumn],
                t if t >= 10.0 => &[Spring, Autumn],
                t if t >= 5.0 => &[Autumn, Winter],
                _ => &[Winter],
            };
        }
        let Some(latitude) = self.latitude.filter(|lat| (-90.0..=90.0).contains(lat)) else {
            return &[];
        };
        if latitude.abs() < 23.5 {
            return &[Summer];
        }
        let north = latitude > 0.0;
        match self.day().month() {
            Month::December | Month::January | Month::February if north => &[Winter],
            Month::December | Month::January | Month::February => &[Summer],
            Month::March | Month::April | Month::May if north => &[Spring],
            Month::March | Month::April | Month::May => &[Autumn],
            Month::June | Month::July | Month::August if north => &[Summer],
            Month::June | Month::July | Month::August => &[Winter],
            _ if north => &[Autumn],
            _ => &[Spring],
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn december_is_winter_only_where_it_is() {
        let mut context = Context::at(datetime!(2026-12-31 23:59:59 UTC));
        assert!(
            context.seasons().is_empty(),
            "without a place or temperature the season is unknown"
        );
        context.latitude = Some(52.5);
        assert_eq!(context.seasons(), [Season::Winter]);
        context.latitude = Some(-33.9);
        assert_eq!(context.seasons(), [Season::Summer]);
        context.latitude = Some(6.5);
        assert_eq!(context.seasons(), [Season::Summer]);
        context.temp_c = Some(16.0);
        assert_eq!(context.seasons(), [Season::Spring, Season::Autumn]);
    }

    #[test]
    fn weather_that_cannot_be_is_unknown() {
        let at = |temp_c, humidity| Context {
            temp_c: Some(temp_c),
            humidity: Some(humidity),
            ..Context::at(datetime!(2026-07-01 12:00 UTC))
        };
        for temp in [500.0, -91.0, f32::NAN, f32::INFINITY] {
            assert_eq!(at(temp, 50.0).felt(), None);
        }
        for humidity in [f32::NAN, -1.0, 101.0, f32::INFINITY] {
            assert_eq!(at(33.0, humidity).felt(), Some(33.0));
        }
        assert!(at(33.0, 75.0).felt() > Some(40.0));
    }

    #[test]
    fn the_calendar_tells_what_was_not_said() {
        let start = datetime!(2027-01-01 19:00 UTC);
        let context = Context {
            event: Some(Event::new("New year's party", Some(start), None)),
            latitude: Some(52.5),
            ..Context::at(datetime!(2026-12-31 22:00 UTC))
        };
        assert_eq!(context.meant_occasion(), Some(Occasion::Party));
        assert!(context.is_dark());
        assert_eq!(context.moment(), start);
        assert_eq!(context.seasons(), [Season::Winter]);
        let said = Context {
            occasion: Some(Occasion::Home),
            time_of_day: Some(TimeOfDay::Morning),
            ..context
        };
        assert_eq!(said.meant_occasion(), Some(Occasion::Home));
        assert!(!said.is_dark());
    }
}
