//! A calendar event, as far as clothes go.

use std::str::FromStr;

use drape_domain::Timestamp;

use crate::{Occasion, TimeOfDay, UnknownWord, words::words};

/// What an invitation asks its guests to wear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DressCode {
    /// As one likes.
    Casual,
    /// Neat, without a suit; business casual too.
    SmartCasual,
    /// A suit or what goes for one.
    Business,
    /// Between a suit and evening dress.
    Cocktail,
    /// Evening dress.
    BlackTie,
    /// The dress of one's people: native attire, aso ebi.
    Traditional,
}

impl DressCode {
    /// For reasons: "dressed right for …".
    pub(crate) const fn phrase(self) -> &'static str {
        match self {
            Self::Casual => "a casual dress code",
            Self::SmartCasual => "smart casual",
            Self::Business => "business dress",
            Self::Cocktail => "cocktail dress",
            Self::BlackTie => "black tie",
            Self::Traditional => "traditional dress",
        }
    }
}

impl FromStr for DressCode {
    type Err = UnknownWord;

    /// Understands the words of invitations in any case, such as "Black-tie optional" or "aso ebi: teal".
    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        // Of several the first in this order counts; each is one or two words that stand together.
        const MEANT: &[(DressCode, &[&str])] = &[
            (
                DressCode::Traditional,
                &[
                    "traditional",
                    "trad",
                    "native",
                    "cultural",
                    "aso ebi",
                    "asoebi",
                    "aso oke",
                    "ankara",
                    "agbada",
                    "kaftan",
                    "senator",
                    "gele",
                ],
            ),
            (
                DressCode::BlackTie,
                &["black tie", "white tie", "tuxedo", "formal", "gala"],
            ),
            (
                DressCode::SmartCasual,
                &["smart casual", "business casual", "dressy casual", "smart"],
            ),
            (
                DressCode::Cocktail,
                &["cocktail", "semi formal", "semiformal"],
            ),
            (
                DressCode::Business,
                &[
                    "business",
                    "corporate",
                    "office",
                    "professional",
                    "suit",
                    "suits",
                ],
            ),
            (
                DressCode::Casual,
                &["casual", "relaxed", "informal", "comfortable"],
            ),
        ];
        let words = words(text);
        let pairs: Vec<String> = words.windows(2).map(|pair| pair.join(" ")).collect();
        let says = |known: &&str| {
            let semi = *known == "formal" && pairs.iter().any(|pair| pair == "semi formal");
            !semi && words.iter().chain(&pairs).any(|said| said == known)
        };
        MEANT
            .iter()
            .find(|(_, known)| known.iter().any(says))
            .map(|(code, _)| *code)
            .ok_or(UnknownWord(
                "casual, smart casual, business, cocktail, black tie, traditional",
            ))
    }
}

/// What an entry in the calendar tells of the clothes for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// What it is, as far as its title tells.
    pub occasion: Option<Occasion>,
    /// When it begins, on the clock of its place.
    pub start: Option<Timestamp>,
    /// What guests are asked to wear, as far as its words are known.
    pub dress_code: Option<DressCode>,
}

impl Event {
    /// Reads it from its title and dress code, in people's words. What they do not tell stays unknown; a title
    /// may name the dress code too ("Traditional wedding").
    #[must_use]
    pub fn new(title: &str, start: Option<Timestamp>, dress_code: Option<&str>) -> Self {
        let code = |text: &str| text.parse::<DressCode>().ok();
        // A "business lunch" says what it is; only these two words say what is worn in a title.
        let by_title = code(title)
            .filter(|code| matches!(code, DressCode::Traditional | DressCode::BlackTie))
            .filter(|_| dress_code.is_none());
        Self {
            occasion: title.parse().ok(),
            start,
            dress_code: dress_code.and_then(code).or(by_title),
        }
    }

    /// The part of the day in which it begins.
    pub(crate) fn time_of_day(&self) -> Option<TimeOfDay> {
        Some(match self.start?.hour() {
            5..12 => TimeOfDay::Morning,
            12..17 => TimeOfDay::Afternoon,
            17..21 => TimeOfDay::Evening,
            _ => TimeOfDay::Night,
        })
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn invitations_are_understood() {
        for (text, code) in [
            ("Black-tie optional", DressCode::BlackTie),
            ("aso ebi: teal and gold", DressCode::Traditional),
            ("Native", DressCode::Traditional),
            ("smart casual", DressCode::SmartCasual),
            ("Business casual", DressCode::SmartCasual),
            ("business formal", DressCode::BlackTie),
            ("Corporate", DressCode::Business),
            ("semi-formal", DressCode::Cocktail),
            ("COCKTAIL", DressCode::Cocktail),
            ("Casual", DressCode::Casual),
        ] {
            assert_eq!(text.parse(), Ok(code), "{text}");
        }
        assert!("".parse::<DressCode>().is_err());
        assert!("fancy hats".parse::<DressCode>().is_err());
    }

    #[test]
    fn a_title_tells_the_occasion_and_sometimes_the_dress() {
        let event = Event::new("Traditional wedding in Abeokuta", None, None);
        assert_eq!(event.occasion, Some(Occasion::Wedding));
        assert_eq!(event.dress_code, Some(DressCode::Traditional));
        let event = Event::new("Business lunch", None, None);
        assert_eq!(event.occasion, Some(Occasion::Work));
        assert_eq!(event.dress_code, None);
        let event = Event::new("Gala", None, Some("smart casual"));
        assert_eq!(event.dress_code, Some(DressCode::SmartCasual));
        assert_eq!(Event::new("Call the plumber", None, None).occasion, None);
    }

    #[test]
    fn the_clock_of_its_place_tells_the_part_of_the_day() {
        let at = |start| Event::new("", Some(start), None).time_of_day();
        assert_eq!(at(datetime!(2026-12-05 18:00 +1)), Some(TimeOfDay::Evening));
        assert_eq!(at(datetime!(2026-12-31 23:30 UTC)), Some(TimeOfDay::Night));
        assert_eq!(at(datetime!(2027-01-01 00:10 UTC)), Some(TimeOfDay::Night));
        assert_eq!(
            at(datetime!(2026-12-05 09:00 UTC)),
            Some(TimeOfDay::Morning)
        );
        assert_eq!(Event::new("", None, None).time_of_day(), None);
    }
}
