//! Text that people type: trimmed, bounded, free of control characters.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Text of at most `MAX` characters, not empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Text<const MAX: usize>(String);

/// The text does not fit; the message says what would.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidText {
    /// Nothing but white space.
    #[error("must not be empty")]
    Empty,
    /// Over the limit.
    #[error("must have at most {0} characters")]
    TooLong(usize),
    /// A control character other than a line break or tab.
    #[error("must not contain control characters")]
    Control,
}

impl<const MAX: usize> Text<MAX> {
    /// The text inside.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> TryFrom<String> for Text<MAX> {
    type Error = InvalidText;
    fn try_from(text: String) -> Result<Self, InvalidText> {
        let text = text.trim();
        if text.is_empty() {
            return Err(InvalidText::Empty);
        }
        if text.chars().count() > MAX {
            return Err(InvalidText::TooLong(MAX));
        }
        if text
            .chars()
            .any(|c| c.is_control() && c != '\n' && c != '\t')
        {
            return Err(InvalidText::Control);
        }
        Ok(Self(text.to_owned()))
    }
}

impl<const MAX: usize> TryFrom<&str> for Text<MAX> {
    type Error = InvalidText;
    fn try_from(text: &str) -> Result<Self, InvalidText> {
        text.to_owned().try_into()
    }
}

impl<const MAX: usize> From<Text<MAX>> for String {
    fn from(text: Text<MAX>) -> Self {
        text.0
    }
}

impl<const MAX: usize> fmt::Display for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_limit_counts_characters_and_not_bytes() {
        assert!(Text::<3>::try_from("éée").is_ok());
        assert_eq!(Text::<3>::try_from("éééé"), Err(InvalidText::TooLong(3)));
        assert_eq!(Text::<3>::try_from(" \n"), Err(InvalidText::Empty));
        assert_eq!(Text::<3>::try_from("a\0"), Err(InvalidText::Control));
    }

    proptest! {
        #[test]
        fn accepted_text_is_accepted_again(text in ".{0,40}") {
            if let Ok(once) = Text::<20>::try_from(text) {
                prop_assert_eq!(Text::<20>::try_from(String::from(once.clone())), Ok(once));
            }
        }
    }
}
