//! The hard rules, and what gives way when nothing meets them all.

use std::fmt;

use drape_domain::{Category, Slot};

use crate::{
    Condition, Context, Occasion, TimeOfDay,
    wardrobe::{Ready, Wardrobe},
};

/// A hard rule. In the order in which they give way: a dislike is broken only if breaking the ones before it
/// is not enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// The piece's formality is in the occasion's range, and it is fit for worship.
    Occasion,
    /// The piece is neither far too light nor far too warm.
    Weather,
    /// No piece is in a colour that the person dislikes.
    DislikedColor,
    /// No piece is of a category that the person dislikes.
    DislikedCategory,
}

impl Rule {
    /// In the order in which they give way.
    pub const ALL: [Self; 4] = [
        Self::Occasion,
        Self::Weather,
        Self::DislikedColor,
        Self::DislikedCategory,
    ];

    /// A stable word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Occasion => "occasion",
            Self::Weather => "weather",
            Self::DislikedColor => "disliked_color",
            Self::DislikedCategory => "disliked_category",
        }
    }

    const fn bit(self) -> u8 {
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

/// The rules in a set.
pub(crate) fn rules(broken: Broken) -> Vec<Rule> {
    Rule::ALL
        .into_iter()
        .filter(|rule| broken & rule.bit() != 0)
        .collect()
}

/// The formality that an occasion asks for: what it allows and what it looks best with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Dress {
    low: f32,
    high: f32,
    /// The mean formality that fits best.
    pub(crate) target: f32,
}

/// Our own editorial table, on the scale of `Category::formality`.
pub(crate) fn dress(context: &Context) -> Dress {
    let (low, high, target) = match context.occasion {
        Some(Occasion::Gym) => (0.0, 0.58, 0.3),
        Some(Occasion::Home) => (0.0, 0.8, 0.35),
        Some(Occasion::Casual) => (0.0, 0.95, 0.45),
        Some(Occasion::Travel) => (0.0, 0.9, 0.45),
        Some(Occasion::Work) => (0.35, 1.0, 0.62),
        Some(Occasion::Party) => (0.25, 1.0, 0.58),
        Some(Occasion::Date) => (0.25, 1.0, 0.6),
        Some(Occasion::Worship) => (0.4, 1.0, 0.62),
        Some(Occasion::Wedding) => (0.52, 1.0, 0.7),
        None if matches!(
            context.time_of_day,
            Some(TimeOfDay::Evening | TimeOfDay::Night)
        ) =>
        {
            (0.0, 1.0, 0.53)
        }
        None => (0.0, 1.0, 0.48),
    };
    Dress { low, high, target }
}

/// The rules that a piece breaks.
pub(crate) fn broken(piece: &Ready<'_>, context: &Context) -> Broken {
    let mut broken = 0;
    if !fits_occasion(piece, context) {
        broken |= Rule::Occasion.bit();
    }
    if !fits_weather(piece.category, context) {
        broken |= Rule::Weather.bit();
    }
    if piece.disliked_color {
        broken |= Rule::DislikedColor.bit();
    }
    if piece.disliked_category {
        broken |= Rule::DislikedCategory.bit();
    }
    broken
}

fn fits_occasion(piece: &Ready<'_>, context: &Context) -> bool {
    let dress = dress(context);
    let worship = context.occasion == Some(Occasion::Worship);
    if worship && matches!(piece.category, Category::Shorts | Category::Undershirt) {
        return false;
    }
    let low = match piece.slot {
        // A coat is taken off at the door.
        Slot::Outer if piece.category == Category::Outerwear => 0.0,
        // The photo of a shoe or bag says little of its formality; only what was typed goes lower than this.
        Slot::Shoes | Slot::Bag | Slot::Accessory => (dress.low - 0.1).min(0.5),
        Slot::Top | Slot::Bottom | Slot::Dress | Slot::Outer | Slot::Hat => dress.low,
    };
    (low..=dress.high).contains(&piece.formality)
}

fn fits_weather(category: Category, context: &Context) -> bool {
    let Some(temp) = context.temp() else {
        return true;
    };
    match category {
        // Nobody wears a coat over bare legs.
        Category::Shorts | Category::Undershirt => outer(context) != Outer::Needed,
        Category::Outerwear => temp <= 24.0,
        Category::Hoodie | Category::Sweater => temp <= 28.0,
        _ => true,
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

pub(crate) fn outer(context: &Context) -> Outer {
    let dressy = matches!(
        context.occasion,
        Some(
            Occasion::Work
                | Occasion::Wedding
                | Occasion::Worship
                | Occasion::Party
                | Occasion::Date
        )
    );
    let windy = context.condition == Some(Condition::Windy);
    match context.temp() {
        Some(t) if t < 12.0 || (context.is_wet() && t < 18.0) || (windy && t < 15.0) => {
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

/// How outfits may be put together.
#[derive(Debug)]
pub(crate) struct Plan {
    /// For each slot the indices of the pieces that may be used.
    pub(crate) allowed: [Vec<usize>; 8],
    pub(crate) outer: Outer,
    /// The rules broken by each of the wardrobe's pieces.
    pub(crate) broken: Vec<Broken>,
    relaxed: Broken,
}

impl Plan {
    pub(crate) fn allowed(&self, slot: Slot) -> &[usize] {
        &self.allowed[slot as usize]
    }

    pub(crate) fn relaxed(&self) -> Vec<Rule> {
        rules(self.relaxed)
    }
}

/// None if the wardrobe holds no outfit at all.
///
/// Top, bottom and dress may each break the least set of rules without which the slot stays empty; then
/// whichever of top + bottom and dress breaks less is used, or both if they break the same. Other slots
/// never break a rule: they stay empty instead.
pub(crate) fn plan(wardrobe: &Wardrobe<'_>, context: &Context) -> Option<Plan> {
    let broken: Vec<Broken> = wardrobe
        .pieces
        .iter()
        .map(|piece| broken(piece, context))
        .collect();
    let least = |slot: Slot| {
        let in_slot = || {
            wardrobe
                .pieces
                .iter()
                .zip(&broken)
                .filter(move |(piece, _)| piece.slot == slot)
        };
        (0..16u8).find(|mask| in_slot().any(|(_, broken)| broken & !mask == 0))
    };
    let (top, bottom, dress) = (least(Slot::Top), least(Slot::Bottom), least(Slot::Dress));
    let separates = top.zip(bottom).map(|(top, bottom)| top | bottom);
    let relaxed = separates.into_iter().chain(dress).min()?;

    let mut allowed: [Vec<usize>; 8] = Default::default();
    for (index, piece) in wardrobe.pieces.iter().enumerate() {
        let may_break = match piece.slot {
            Slot::Top if separates == Some(relaxed) => top,
            Slot::Bottom if separates == Some(relaxed) => bottom,
            Slot::Dress if dress == Some(relaxed) => dress,
            Slot::Top | Slot::Bottom | Slot::Dress => None,
            Slot::Outer | Slot::Shoes | Slot::Hat | Slot::Bag | Slot::Accessory => Some(0),
        };
        if may_break.is_some_and(|may_break| broken[index] & !may_break == 0) {
            allowed[piece.slot as usize].push(index);
        }
    }

    let outer = outer(context);
    let layers = &mut allowed[Slot::Outer as usize];
    let is_coat = |index: &usize| wardrobe.pieces[*index].category == Category::Outerwear;
    match outer {
        // A blazer keeps no rain off.
        Outer::Needed if context.is_wet() && layers.iter().any(is_coat) => layers.retain(is_coat),
        Outer::Needed | Outer::Welcome => {}
        Outer::ForLook => layers.retain(|index| !is_coat(index)),
        Outer::No => layers.clear(),
    }
    sparingly(wardrobe, context, &mut allowed);
    Some(Plan {
        allowed,
        outer,
        broken,
        relaxed,
    })
}

/// Hats, bags and accessories only where they have a purpose.
fn sparingly(wardrobe: &Wardrobe<'_>, context: &Context, allowed: &mut [Vec<usize>; 8]) {
    let dark = matches!(
        context.time_of_day,
        Some(TimeOfDay::Evening | TimeOfDay::Night)
    );
    let sun = context.condition == Some(Condition::Sunny)
        && context.temp().is_some_and(|t| t >= 24.0)
        && !dark;
    let cold = context.temp().is_some_and(|t| t < 8.0);
    let outdoors = matches!(
        context.occasion,
        None | Some(Occasion::Casual | Occasion::Travel)
    );
    if !(outdoors && (sun || cold)) {
        allowed[Slot::Hat as usize].clear();
    }
    use Occasion::{Date, Party, Travel, Wedding, Work};
    if !matches!(
        context.occasion,
        Some(Work | Travel | Party | Wedding | Date)
    ) {
        allowed[Slot::Bag as usize].clear();
    }
    if !matches!(context.occasion, Some(Party | Wedding | Date)) {
        allowed[Slot::Accessory as usize].clear();
    }
    debug_assert!(
        allowed
            .iter()
            .flatten()
            .all(|index| *index < wardrobe.pieces.len())
    );
}

/// The slots without which there is no outfit, or the outer layer that the weather asks for.
pub(crate) fn missing(wardrobe: &Wardrobe<'_>, context: &Context) -> Vec<Slot> {
    let mut missing = Vec::new();
    if !wardrobe.owns(Slot::Dress) {
        missing.extend(
            [Slot::Top, Slot::Bottom]
                .into_iter()
                .filter(|slot| !wardrobe.owns(*slot)),
        );
    }
    if outer(context) == Outer::Needed && !wardrobe.owns(Slot::Outer) {
        missing.push(Slot::Outer);
    }
    missing
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
    fn clothes_have_their_weather() {
        assert!(!fits_weather(Category::Shorts, &at(11.0, Condition::Sunny)));
        assert!(!fits_weather(
            Category::Outerwear,
            &at(25.0, Condition::Sunny)
        ));
        assert!(!fits_weather(Category::Shorts, &at(12.0, Condition::Rain)));
        assert!(fits_weather(Category::Shorts, &at(12.0, Condition::Sunny)));
        assert!(fits_weather(Category::Shorts, &at(28.0, Condition::Sunny)));
        assert!(fits_weather(
            Category::Outerwear,
            &Context::at(time::OffsetDateTime::UNIX_EPOCH)
        ));
    }

    #[test]
    fn rules_give_way_in_the_documented_order() {
        assert!(Rule::ALL.is_sorted_by_key(|rule| rule.bit()));
        assert_eq!(rules(0b1001), [Rule::Occasion, Rule::DislikedCategory]);
    }
}
