//! The words that people use for the sky, the time of day and what an outfit is for.

use std::str::FromStr;

/// The word is not known; the message lists the main ones that are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be one of {0}")]
pub struct UnknownWord(pub(crate) &'static str);

/// The sky.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Condition {
    /// Sun.
    Sunny,
    /// No clouds, no sun: a clear night.
    Clear,
    /// Clouds without rain.
    Cloudy,
    /// Fog, mist, haze or harmattan dust.
    Fog,
    /// Rain of any strength.
    Rain,
    /// Snow or sleet.
    Snow,
    /// Thunder.
    Storm,
    /// A strong wind without rain.
    Windy,
}

impl Condition {
    /// The main word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sunny => "sunny",
            Self::Clear => "clear",
            Self::Cloudy => "cloudy",
            Self::Fog => "fog",
            Self::Rain => "rain",
            Self::Snow => "snow",
            Self::Storm => "storm",
            Self::Windy => "windy",
        }
    }

    pub(crate) const fn is_wet(self) -> bool {
        matches!(self, Self::Rain | Self::Snow | Self::Storm)
    }
}

impl FromStr for Condition {
    type Err = UnknownWord;

    /// Understands one or several words in any case, such as "Partly cloudy" or "heavy rain"; of several
    /// conditions the one that matters most for clothes counts.
    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        const MEANT: &[(Condition, &[&str])] = &[
            (
                Condition::Storm,
                &[
                    "storm",
                    "stormy",
                    "thunder",
                    "thunderstorm",
                    "thunderstorms",
                    "hurricane",
                ],
            ),
            (
                Condition::Snow,
                &["snow", "snowy", "snowing", "sleet", "blizzard", "hail"],
            ),
            (
                Condition::Rain,
                &[
                    "rain", "rainy", "raining", "drizzle", "showers", "shower", "wet",
                ],
            ),
            (
                Condition::Windy,
                &["wind", "windy", "gale", "breezy", "gusty"],
            ),
            (
                Condition::Fog,
                &[
                    "fog",
                    "foggy",
                    "mist",
                    "misty",
                    "haze",
                    "hazy",
                    "harmattan",
                    "dust",
                    "dusty",
                ],
            ),
            (
                Condition::Cloudy,
                &["cloudy", "clouds", "cloud", "overcast"],
            ),
            (
                Condition::Sunny,
                &["sunny", "sun", "sunshine", "hot", "fair"],
            ),
            (Condition::Clear, &["clear"]),
        ];
        let words = words(text);
        MEANT
            .iter()
            .find(|(_, known)| words.iter().any(|word| known.contains(&word.as_str())))
            .map(|(condition, _)| *condition)
            .ok_or(UnknownWord(
                "sunny, clear, cloudy, fog, rain, snow, storm, windy",
            ))
    }
}

/// The part of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimeOfDay {
    /// Until noon.
    Morning,
    /// Until dusk.
    Afternoon,
    /// From dusk.
    Evening,
    /// Late.
    Night,
}

impl FromStr for TimeOfDay {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        match text.trim().to_lowercase().as_str() {
            "morning" | "dawn" | "breakfast" => Ok(Self::Morning),
            "afternoon" | "day" | "midday" | "noon" | "lunch" => Ok(Self::Afternoon),
            "evening" | "dusk" | "dinner" => Ok(Self::Evening),
            "night" | "midnight" => Ok(Self::Night),
            _ => Err(UnknownWord("morning, afternoon, evening, night")),
        }
    }
}

/// What the outfit is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Occasion {
    /// Office, meetings, interviews.
    Work,
    /// Errands, friends, weekends.
    Casual,
    /// Parties, clubs, birthdays.
    Party,
    /// Weddings and other great days, owambe included.
    Wedding,
    /// Church, mosque or another house of worship.
    Worship,
    /// Sport.
    Gym,
    /// On the way.
    Travel,
    /// At home.
    Home,
    /// A date or dinner for two.
    Date,
}

impl Occasion {
    /// The main word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Work => "work",
            Self::Casual => "casual",
            Self::Party => "party",
            Self::Wedding => "wedding",
            Self::Worship => "worship",
            Self::Gym => "gym",
            Self::Travel => "travel",
            Self::Home => "home",
            Self::Date => "date",
        }
    }

    /// For reasons: "dressed for …".
    pub(crate) const fn phrase(self) -> &'static str {
        match self {
            Self::Work => "work",
            Self::Casual => "a casual day",
            Self::Party => "a party",
            Self::Wedding => "a wedding",
            Self::Worship => "worship",
            Self::Gym => "the gym",
            Self::Travel => "travel",
            Self::Home => "home",
            Self::Date => "a date",
        }
    }
}

impl FromStr for Occasion {
    type Err = UnknownWord;

    /// Understands one or several words in any case, such as "job interview" or "Sunday service". Of several
    /// occasions the dressiest counts ("wedding party" is a wedding).
    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        const MEANT: &[(Occasion, &[&str])] = &[
            (
                Occasion::Wedding,
                &[
                    "wedding",
                    "owambe",
                    "gala",
                    "ceremony",
                    "engagement",
                    "introduction",
                    "reception",
                    "formal",
                ],
            ),
            (
                Occasion::Worship,
                &[
                    "worship", "church", "mosque", "jumat", "jummah", "service", "mass", "temple",
                    "prayer", "funeral",
                ],
            ),
            (
                Occasion::Work,
                &[
                    "work",
                    "office",
                    "business",
                    "meeting",
                    "interview",
                    "job",
                    "conference",
                    "presentation",
                ],
            ),
            (
                Occasion::Party,
                &[
                    "party",
                    "club",
                    "clubbing",
                    "birthday",
                    "celebration",
                    "concert",
                    "hangout",
                ],
            ),
            (
                Occasion::Date,
                &["date", "dinner", "romantic", "anniversary"],
            ),
            (
                Occasion::Gym,
                &[
                    "gym", "sport", "sports", "workout", "running", "run", "training", "yoga",
                    "exercise",
                ],
            ),
            (
                Occasion::Travel,
                &[
                    "travel", "trip", "flight", "airport", "journey", "vacation", "holiday",
                ],
            ),
            (Occasion::Home, &["home", "lounge", "lounging", "indoors"]),
            (
                Occasion::Casual,
                &[
                    "casual", "everyday", "weekend", "errands", "school", "class", "shopping",
                    "friends", "market", "beach",
                ],
            ),
        ];
        let words = words(text);
        MEANT
            .iter()
            .find(|(_, known)| words.iter().any(|word| known.contains(&word.as_str())))
            .map(|(occasion, _)| *occasion)
            .ok_or(UnknownWord(
                "work, casual, party, wedding, worship, gym, travel, home, date",
            ))
    }
}

/// The words of a text in lower case.
pub(crate) fn words(text: &str) -> Vec<String> {
    parts(text).map(str::to_lowercase).collect()
}

/// The words of a text as they are written.
pub(crate) fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_say_it_in_many_ways() {
        for (text, condition) in [
            ("sunny", Condition::Sunny),
            ("Partly cloudy", Condition::Cloudy),
            ("HEAVY_RAIN", Condition::Rain),
            ("rain and thunder", Condition::Storm),
            ("harmattan", Condition::Fog),
        ] {
            assert_eq!(text.parse(), Ok(condition), "{text}");
        }
        for (text, occasion) in [
            ("Owambe", Occasion::Wedding),
            ("wedding party", Occasion::Wedding),
            ("job interview", Occasion::Work),
            ("church", Occasion::Worship),
            ("mosque", Occasion::Worship),
            ("dinner date", Occasion::Date),
            ("at home", Occasion::Home),
        ] {
            assert_eq!(text.parse(), Ok(occasion), "{text}");
        }
        assert!("".parse::<Condition>().is_err());
        assert!(
            "purple"
                .parse::<Occasion>()
                .unwrap_err()
                .to_string()
                .contains("wedding")
        );
        assert_eq!("Evening".parse(), Ok(TimeOfDay::Evening));
    }

    #[test]
    fn every_main_word_parses_back() {
        for word in [
            "sunny", "clear", "cloudy", "fog", "rain", "snow", "storm", "windy",
        ] {
            assert_eq!(word.parse::<Condition>().unwrap().as_str(), word);
        }
        for word in [
            "work", "casual", "party", "wedding", "worship", "gym", "travel", "home", "date",
        ] {
            assert_eq!(word.parse::<Occasion>().unwrap().as_str(), word);
        }
    }
}
