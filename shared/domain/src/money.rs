//! Money in minor units: never a float, never without its currency.

use serde::{Deserialize, Serialize};

/// The currencies that Drape trades in (ISO 4217), all with two minor digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Currency {
    /// Naira.
    Ngn,
    /// US dollar.
    Usd,
    /// Euro.
    Eur,
    /// Pound sterling.
    Gbp,
    /// Ghanaian cedi.
    Ghs,
    /// Kenyan shilling.
    Kes,
    /// Rand.
    Zar,
}

impl Currency {
    const fn symbol(self) -> &'static str {
        match self {
            Self::Ngn => "₦",
            Self::Usd => "$",
            Self::Eur => "€",
            Self::Gbp => "£",
            Self::Ghs => "GH₵",
            Self::Kes => "KSh",
            Self::Zar => "R",
        }
    }
}

/// An amount that is zero or more and below 10¹⁵ minor units (so that it is exact in every JSON client).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "MoneyWire", into = "MoneyWire")]
pub struct Money {
    amount: i64,
    currency: Currency,
}

/// The amount was negative or too large.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("amount must be from 0 to 999999999999999 minor units")]
pub struct AmountOutOfRange;

impl Money {
    const MAX: i64 = 999_999_999_999_999;

    /// `amount` minor units (kobo, cents) of `currency`.
    ///
    /// # Errors
    /// When the amount is negative or 10¹⁵ or more.
    pub fn new(amount: i64, currency: Currency) -> Result<Self, AmountOutOfRange> {
        if (0..=Self::MAX).contains(&amount) {
            Ok(Self { amount, currency })
        } else {
            Err(AmountOutOfRange)
        }
    }

    /// Minor units.
    #[must_use]
    pub const fn amount(self) -> i64 {
        self.amount
    }

    /// The currency.
    #[must_use]
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// As a shopper reads it: `₦12,500`, `$9.99`. Whole amounts show no minor digits.
    #[must_use]
    pub fn display(self) -> String {
        let digits = (self.amount / 100).to_string();
        let mut text = String::from(self.currency.symbol());
        for (position, digit) in digits.chars().enumerate() {
            if position > 0 && (digits.len() - position).is_multiple_of(3) {
                text.push(',');
            }
            text.push(digit);
        }
        let minor = self.amount % 100;
        if minor != 0 {
            text.push_str(&format!(".{minor:02}"));
        }
        text
    }
}

/// `display` goes out with every amount; what a client sends back in it is ignored.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MoneyWire {
    amount: i64,
    currency: Currency,
    #[serde(default)]
    display: Option<String>,
}

impl TryFrom<MoneyWire> for Money {
    type Error = AmountOutOfRange;
    fn try_from(wire: MoneyWire) -> Result<Self, AmountOutOfRange> {
        Self::new(wire.amount, wire.currency)
    }
}

impl From<Money> for MoneyWire {
    fn from(money: Money) -> Self {
        Self {
            amount: money.amount,
            currency: money.currency,
            display: Some(money.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn naira_reads_as_a_shopper_writes_it() {
        for (amount, text) in [
            (0, "₦0"),
            (5, "₦0.05"),
            (99_900, "₦999"),
            (1_250_000, "₦12,500"),
            (12_345_678_900, "₦123,456,789"),
        ] {
            assert_eq!(Money::new(amount, Currency::Ngn).unwrap().display(), text);
        }
    }

    #[test]
    fn a_negative_or_unknown_amount_is_refused() {
        assert!(serde_json::from_str::<Money>(r#"{"amount":-1,"currency":"NGN"}"#).is_err());
        assert!(serde_json::from_str::<Money>(r#"{"amount":1,"currency":"XXX"}"#).is_err());
        assert!(serde_json::from_str::<Money>(r#"{"amount":1.5,"currency":"NGN"}"#).is_err());
    }

    proptest! {
        #[test]
        fn money_survives_json(amount in 0..=Money::MAX) {
            let money = Money::new(amount, Currency::Ngn).unwrap();
            let json = serde_json::to_string(&money).unwrap();
            prop_assert_eq!(serde_json::from_str::<Money>(&json).unwrap(), money);
        }

        #[test]
        fn display_keeps_every_digit(amount in 0..=Money::MAX) {
            let shown = Money::new(amount, Currency::Usd).unwrap().display();
            let digits: String = shown.chars().filter(char::is_ascii_digit).collect();
            let expected = if amount % 100 == 0 { amount / 100 } else { amount };
            prop_assert_eq!(digits.parse::<i64>().unwrap(), expected);
        }
    }
}
