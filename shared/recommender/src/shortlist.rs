//! Which of a person's pieces are tried: all of a small wardrobe; of a large one the best of each category, the best
//! of all, and what lies near to what goes with the best tops and dresses.

use std::collections::{BTreeSet, HashMap};

use drape_domain::{Category, Slot};
use drape_taste::Model;

use crate::{
    context::Context,
    neighbours::{self, Direction},
    plan::Plan,
    rules,
    score::{KEEPS_RECORD, Measure, Unit},
    wardrobe::Wardrobe,
};

/// The most pieces of a slot that are tried for what they are by themselves, in the order of [`Slot::ALL`]. All pairs
/// of them cost about a millisecond.
pub(crate) const SHORTLIST: [usize; 8] = [56, 40, 24, 10, 10, 3, 3, 3];
/// The best of each category are tried whatever the others are: category is what warmth and formality hang
/// on, and both only show in the whole outfit.
const PER_CATEGORY: usize = 3;
/// For so many of the best tops and dresses, and of what every outfit must hold …
const HEROES: usize = 3;
/// … so many of each other slot that lie nearest to where their partners do are tried too.
const NEAREST: usize = 1;

/// Pieces, each with what it is worth by itself.
type Ranked<'a> = Vec<(f32, Unit<'a>)>;

/// The pieces of each slot that are tried, in the order of their ids. `most` is [`SHORTLIST`] but in tests.
pub(crate) fn own<'a>(
    wardrobe: &'a Wardrobe<'a>,
    plan: &Plan,
    context: &Context,
    measure: &Measure,
    model: &Model,
    most: [usize; 8],
) -> Vec<Vec<Unit<'a>>> {
    let keeps_record = wardrobe.history.wears >= KEEPS_RECORD;
    let lists = Slot::ALL.iter().map(|slot| {
        let units = plan.allowed(*slot).iter();
        let units = units
            .map(|index| Unit::new(*index, &wardrobe.pieces[*index], context, keeps_record))
            .map(|unit| (unit.alone(measure.dress), unit));
        split(units.collect(), most[*slot as usize])
    });
    let (mut tried, left_out): (Vec<_>, Vec<_>) = lists.unzip();
    add_neighbours(&mut tried, left_out, wardrobe, model);
    let in_order = |tried: Ranked<'a>| {
        let mut units: Vec<_> = tried.into_iter().map(|(_, unit)| unit).collect();
        units.sort_by_key(|unit| unit.index);
        units
    };
    tried.into_iter().map(in_order).collect()
}

/// The best `PER_CATEGORY` of each category, then the best of the rest, up to `most`; and all others.
fn split(mut all: Ranked<'_>, most: usize) -> (Ranked<'_>, Ranked<'_>) {
    if all.len() <= most {
        return (all, Vec::new());
    }
    all.sort_by(|(a, x), (b, y)| b.total_cmp(a).then(x.index.cmp(&y.index)));
    let mut taken: HashMap<Category, usize> = HashMap::new();
    let (mut best, rest): (Vec<_>, Vec<_>) = all.into_iter().partition(|(_, unit)| {
        let taken = taken.entry(unit.category).or_default();
        *taken += 1;
        *taken <= PER_CATEGORY
    });
    best.extend(rest);
    let left_out = best.split_off(most);
    (best, left_out)
}

/// Moves what lies near to where the partners of the best pieces do from those left out to those tried.
fn add_neighbours<'a>(
    tried: &mut [Ranked<'a>],
    left_out: Vec<Ranked<'a>>,
    wardrobe: &'a Wardrobe<'a>,
    model: &Model,
) {
    if left_out.iter().all(Vec::is_empty) {
        return;
    }
    let heroes = heroes(tried, wardrobe);
    for ((slot, tried), left_out) in Slot::ALL.iter().zip(tried).zip(left_out) {
        let directions: Vec<Direction<'_>> = heroes
            .iter()
            .map(|index| &wardrobe.pieces[*index])
            .filter(|hero| !left_out.is_empty() && rules::may_meet(hero.slot, *slot))
            .filter_map(|hero| Direction::of_partners(hero, *slot, model))
            .collect();
        let pieces = left_out.iter().enumerate();
        let pieces = pieces.map(|(place, (_, unit))| (place, &wardrobe.pieces[unit.index]));
        let near: BTreeSet<usize> = neighbours::nearest(&directions, pieces, NEAREST)
            .into_iter()
            .flatten()
            .collect();
        let near = |(place, one)| near.contains(&place).then_some(one);
        tried.extend(left_out.into_iter().enumerate().filter_map(near));
    }
}

/// The pieces whose partners are looked for: what every outfit must hold, then the best tops and dresses.
fn heroes(tried: &[Ranked<'_>], wardrobe: &Wardrobe<'_>) -> Vec<usize> {
    let mut best: Vec<(f32, usize)> = tried
        .iter()
        .flatten()
        .filter(|(_, unit)| matches!(unit.slot, Slot::Top | Slot::Dress))
        .map(|(worth, unit)| (*worth, unit.index))
        .filter(|(_, index)| Some(*index) != wardrobe.pinned)
        .collect();
    best.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let best = best.into_iter().map(|(_, index)| index);
    wardrobe
        .pinned
        .into_iter()
        .chain(best.take(HEROES))
        .collect()
}
