//! The hard rules.

use std::fmt;

use drape_domain::{Category, Slot};

use crate::{Condition, Context, DressCode, Occasion, cues::Cues, garment::Garment};

/// A hard rule. In the order in which they give way: a dislike is broken only if breaking the ones before it
/// is not enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// The piece's formality is in the range of the occasion or dress code, and it is fit for worship.
    Occasion,
    /// The piece is neither far too light nor far too warm, and shoes are closed in rain and cold.
    Weather,
    /// No piece is in a colour that the person dislikes.
    DislikedColor,
    /// No piece is of a category that the person dislikes.
    DislikedCategory,
    /// No piece bares shoulders or knees, for those who want to be covered.
    Modesty,
}

impl Rule {
    /// In the order in which they give way.
    pub const ALL: [Self; 5] = [
        Self::Occasion,
        Self::Weather,
        Self::DislikedColor,
        Self::DislikedCategory,
        Self::Modesty,
    ];

    /// A stable word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Occasion => "occasion",
            Self::Weather => "weather",
            Self::DislikedColor => "disliked_color",
            Self::DislikedCategory => "disliked_category",
            Self::Modesty => "modesty",
        }
    }

    pub(crate) const fn bit(self) -> Broken {
        1 << self as u8
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A set of rules, as bits in the order of [`Rule::ALL`]: of two sets the smaller number breaks less
/// precious rules.
pub(crate) type Broken = u8;

/// All sets of rules are below this.
pub(crate) const SETS: Broken = 1 << Rule::ALL.len();

/// The rules in a set.
pub(crate) fn rules(broken: Broken) -> impl Iterator<Item = Rule> {
    Rule::ALL
        .into_iter()
        .filter(move |rule| broken & rule.bit() != 0)
}

/// The formality that an occasion asks for: what it allows and what it looks best with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Dress {
    low: f32,
    high: f32,
    /// The mean formality that fits best.
    pub(crate) target: f32,
}

/// Our own editorial table, on the scale of `Category::formality`. What an invitation asks for comes before
/// what is usual for the occasion.
pub(crate) fn dress(context: &Context) -> Dress {
    let (low, high, target) = match (context.dress_code(), context.meant_occasion()) {
        (Some(DressCode::Casual), _) => (0.0, 0.85, 0.42),
        (Some(DressCode::SmartCasual), _) => (0.3, 0.95, 0.56),
        (Some(DressCode::Business), _) => (0.45, 1.0, 0.7),
        (Some(DressCode::Cocktail), _) => (0.5, 1.0, 0.74),
        (Some(DressCode::BlackTie), _) => (0.6, 1.0, 0.88),
        (Some(DressCode::Traditional), _) => (0.45, 1.0, 0.75),
        (None, Some(Occasion::Gym)) => (0.0, 0.58, 0.3),
        (None, Some(Occasion::Home)) => (0.0, 0.8, 0.35),
        (None, Some(Occasion::Casual)) => (0.0, 0.95, 0.45),
        (None, Some(Occasion::Travel)) => (0.0, 0.9, 0.45),
        (None, Some(Occasion::Work)) => (0.35, 1.0, 0.62),
        (None, Some(Occasion::Party)) => (0.25, 1.0, 0.58),
        (None, Some(Occasion::Date)) => (0.25, 1.0, 0.6),
        (None, Some(Occasion::Worship)) => (0.4, 1.0, 0.62),
        (None, Some(Occasion::Wedding)) => (0.52, 1.0, 0.7),
        (None, None) if context.is_dark() => (0.0, 1.0, 0.53),
        (None, None) => (0.0, 1.0, 0.48),
    };
    Dress { low, high, target }
}

/// The rules that a piece breaks.
pub(crate) fn broken(piece: &Garment<'_>, context: &Context) -> Broken {
    [
        (Rule::Occasion, !fits_occasion(piece, context)),
        (Rule::Weather, !fits_weather(piece, context)),
        (Rule::DislikedColor, piece.disliked_color),
        (Rule::DislikedCategory, piece.disliked_category),
        (Rule::Modesty, piece.immodest),
    ]
    .into_iter()
    .filter(|(_, is_broken)| *is_broken)
    .fold(0, |set, (rule, _)| set | rule.bit())
}

fn fits_occasion(piece: &Garment<'_>, context: &Context) -> bool {
    if !suits_occasion(piece.category, context) {
        return false;
    }
    // What is worn above tells whether it is traditional; trousers go with all of it.
    let shows = matches!(piece.slot, Slot::Top | Slot::Dress);
    if context.dress_code() == Some(DressCode::Traditional)
        && shows
        && !piece.cues.has(Cues::TRADITIONAL)
    {
        return false;
    }
    // A coat is taken off at the door.
    let is_coat = piece.category == Category::Outerwear;
    let (low, high) = formality(piece.slot, context);
    (if is_coat { 0.0 } else { low }..=high).contains(&piece.formality)
}

/// Whether pieces of this category may be worn there, however formal.
pub(crate) fn suits_occasion(category: Category, context: &Context) -> bool {
    let worship = context.meant_occasion() == Some(Occasion::Worship);
    !(worship && matches!(category, Category::Shorts | Category::Undershirt))
}

/// How formal pieces of a slot may be at least and at most; coats may be less.
pub(crate) fn formality(slot: Slot, context: &Context) -> (f32, f32) {
    let dress = dress(context);
    let low = match slot {
        // The photo of a shoe or bag says little of its formality; only what was typed goes lower than this.
        Slot::Shoes | Slot::Bag | Slot::Accessory => (dress.low - 0.1).min(0.5),
        Slot::Top | Slot::Bottom | Slot::Dress | Slot::Outer | Slot::Hat => dress.low,
    };
    (low, dress.high)
}

fn fits_weather(piece: &Garment<'_>, context: &Context) -> bool {
    if piece.slot == Slot::Shoes && piece.cues.has(Cues::OPEN) {
        return !context.is_wet() && context.felt().is_none_or(|felt| felt >= COLD);
    }
    // What is made for rain is thin.
    let raincoat = piece.category == Category::Outerwear && piece.cues.has(Cues::RAINPROOF);
    (raincoat && context.is_wet()) || suits_weather(piece.category, context)
}

/// Whether pieces of this category are neither far too light nor far too warm.
pub(crate) fn suits_weather(category: Category, context: &Context) -> bool {
    let Some(felt) = context.felt() else {
        return true;
    };
    match category {
        // Nobody wears a coat over bare legs.
        Category::Shorts | Category::Undershirt => outer(context) != Outer::Needed,
        Category::Outerwear => felt <= 24.0,
        Category::Hoodie | Category::Sweater => felt <= 27.0,
        _ => true,
    }
}

/// Whether pieces of these slots may be in one outfit: one body has one of each, and a dress takes the place of top
/// and bottom.
pub(crate) fn may_meet(a: Slot, b: Slot) -> bool {
    let dressed = |slot| matches!(slot, Slot::Top | Slot::Bottom);
    let twice = (a == Slot::Dress && dressed(b)) || (b == Slot::Dress && dressed(a));
    a != b && !twice
}

/// Whether a piece there has a purpose: hats, bags and accessories only where they have one.
pub(crate) fn has_purpose(slot: Slot, context: &Context) -> bool {
    use Occasion::{Casual, Date, Party, Travel, Wedding, Work};
    let occasion = context.meant_occasion();
    match slot {
        Slot::Hat => {
            let sun = context.condition == Some(Condition::Sunny)
                && context.felt().is_some_and(|t| t >= 24.0)
                && !context.is_dark();
            let frost = context.felt().is_some_and(|t| t < 8.0);
            matches!(occasion, None | Some(Casual | Travel)) && (sun || frost)
        }
        Slot::Bag => matches!(occasion, Some(Work | Travel | Party | Wedding | Date)),
        Slot::Accessory => matches!(occasion, Some(Party | Wedding | Date)),
        Slot::Outer => outer(context) != Outer::No,
        Slot::Top | Slot::Bottom | Slot::Dress | Slot::Shoes => true,
    }
}

/// Whether an outer layer belongs to the outfit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outer {
    /// The weather asks for it.
    Needed,
    /// If it makes the outfit better.
    Welcome,
    /// Only a blazer, for the look.
    ForLook,
    /// Too warm for one, or nothing asks for one.
    No,
}

/// Below so many °C nobody goes without an outer layer, or in sandals.
pub(crate) const COLD: f32 = 12.0;

pub(crate) fn outer(context: &Context) -> Outer {
    use Occasion::{Date, Party, Wedding, Work, Worship};
    let dressy_code = matches!(
        context.dress_code(),
        Some(DressCode::Business | DressCode::Cocktail | DressCode::BlackTie)
    );
    let dressy = dressy_code
        || matches!(
            context.meant_occasion(),
            Some(Work | Wedding | Worship | Party | Date)
        );
    let windy = context.condition == Some(Condition::Windy);
    match context.felt() {
        Some(t) if t < COLD || (context.is_wet() && t < 18.0) || (windy && t < 15.0) => {
            Outer::Needed
        }
        Some(t) if t < 20.0 => Outer::Welcome,
        Some(t) if t <= 26.0 && dressy => Outer::ForLook,
        Some(_) => Outer::No,
        None if context.condition == Some(Condition::Snow) => Outer::Needed,
        None if context.is_wet() => Outer::Welcome,
        None if dressy => Outer::ForLook,
        None => Outer::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(temp: f32, condition: Condition) -> Context {
        Context {
            temp_c: Some(temp),
            condition: Some(condition),
            ..Context::at(time::OffsetDateTime::UNIX_EPOCH)
        }
    }

    #[test]
    fn cold_and_cold_rain_ask_for_an_outer_layer_and_heat_forbids_it() {
        assert_eq!(outer(&at(5.0, Condition::Sunny)), Outer::Needed);
        assert_eq!(outer(&at(16.0, Condition::Rain)), Outer::Needed);
        assert_eq!(outer(&at(16.0, Condition::Cloudy)), Outer::Welcome);
        assert_eq!(outer(&at(30.0, Condition::Rain)), Outer::No);
        assert_eq!(
            outer(&Context {
                occasion: Some(Occasion::Work),
                ..at(24.0, Condition::Sunny)
            }),
            Outer::ForLook
        );
    }

    #[test]
    fn rules_give_way_in_the_documented_order() {
        assert!(Rule::ALL.is_sorted_by_key(|rule| rule.bit()));
        assert!(rules(0b1001).eq([Rule::Occasion, Rule::DislikedCategory]));
        assert!(rules(SETS - 1).eq(Rule::ALL));
    }

    #[test]
    fn what_an_invitation_asks_for_comes_before_what_is_usual() {
        let wedding = Context {
            occasion: Some(Occasion::Wedding),
            ..at(25.0, Condition::Sunny)
        };
        let invited = |code| Context {
            event: Some(crate::Event::new("", None, Some(code))),
            ..wedding
        };
        assert!(dress(&invited("black tie")).target > dress(&wedding).target);
        assert!(dress(&invited("casual")).target < dress(&wedding).target);
        let rising = [
            "casual",
            "smart casual",
            "business",
            "cocktail",
            "black tie",
        ];
        for pair in rising.windows(2) {
            assert!(dress(&invited(pair[0])).target < dress(&invited(pair[1])).target);
        }
    }
}
