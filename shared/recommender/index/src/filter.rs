//! Which rows of a slot are wanted, by bitsets and columns alone.

use drape_domain::{Category, Money, Season, color::NAMED};

use crate::{
    Segment, Wanted,
    format::{self, Bits, CURRENCIES},
    traits::words,
};

/// The wanted rows of a slot, as a bitset over it. `hidden` has the slot's words too, or none.
pub(crate) fn select(
    segment: &Segment,
    slot: usize,
    wanted: &Wanted<'_>,
    hidden: &[u64],
) -> Vec<u64> {
    let rows = segment.rows_of(slot);
    let mut chosen = vec![u64::MAX; rows.len().div_ceil(64)];
    if let (Some(last), rest @ 1..) = (chosen.last_mut(), rows.len() % 64) {
        *last = (1 << rest) - 1;
    }
    without(&mut chosen, hidden);
    let mut union = vec![0; chosen.len()];
    if let Some(categories) = wanted.categories {
        for at in categories
            .iter()
            .filter_map(|category| position(Category::ALL, category))
        {
            unite(&mut union, segment.bits(Bits::Category(at), slot));
        }
        intersect(&mut chosen, &mut union);
    }
    for at in wanted
        .not_categories
        .iter()
        .filter_map(|category| position(Category::ALL, category))
    {
        without(&mut chosen, segment.bits(Bits::Category(at), slot));
    }
    if let Some(seasons) = wanted.seasons {
        for at in seasons
            .iter()
            .filter_map(|season| position(Season::ALL, season))
        {
            unite(&mut union, segment.bits(Bits::Season(at), slot));
        }
        intersect(&mut chosen, &mut union);
    }
    if let Some(sizes) = wanted.sizes {
        unite(&mut union, segment.bits(Bits::AnySize, slot));
        for size in sizes {
            let all = segment.rows_in_size(*size);
            let first = all.partition_point(|row| (*row as usize) < rows.start);
            for row in all[first..]
                .iter()
                .map(|row| *row as usize)
                .take_while(|row| *row < rows.end)
            {
                let Some(at) = row.checked_sub(rows.start) else {
                    continue;
                };
                union[at / 64] |= 1 << (at % 64);
            }
        }
        intersect(&mut chosen, &mut union);
    }
    for color in wanted.not_colors {
        let spelled = words(color);
        if let Some(at) = NAMED.iter().position(|(name, _)| words(name) == spelled) {
            without(&mut chosen, segment.bits(Bits::Color(at), slot));
        }
    }
    if let Some(most) = wanted.at_most {
        affordable(segment, slot, most, &mut union);
        intersect(&mut chosen, &mut union);
    }
    if let Some((low, high)) = wanted.formality {
        keep(&mut chosen, |at| {
            let record = segment.records().get(rows.start + at);
            record.is_some_and(|record| (low..=high).contains(&record.formality))
        });
    }
    for item in wanted.not_items {
        if let Some(at) = segment
            .find(*item)
            .filter(|row| rows.contains(row))
            .map(|row| row - rows.start)
        {
            chosen[at / 64] &= !(1 << (at % 64));
        }
    }
    if let Some(owner) = wanted.not_owner {
        // Compared as numbers, since calls for sixteen bytes each would take as long as all the rest.
        let owner = u128::from_ne_bytes(owner.uuid().into_bytes());
        for (at, _) in segment.owners()[rows]
            .iter()
            .enumerate()
            .filter(|(_, other)| u128::from_ne_bytes(**other) == owner)
        {
            chosen[at / 64] &= !(1 << (at % 64));
        }
    }
    chosen
}

/// Sets the rows that cost no more: all of the bands below the limit's, and those of its band that do.
fn affordable(segment: &Segment, slot: usize, most: Money, union: &mut [u64]) {
    let limit = format::band(most.amount());
    let Some(currency) = position(&CURRENCIES, &most.currency()) else {
        return;
    };
    for band in 0..limit {
        unite(union, segment.bits(Bits::Band(band), slot));
    }
    let records = &segment.records()[segment.rows_of(slot)];
    for (at, word) in segment.bits(Bits::Band(limit), slot).iter().enumerate() {
        for bit in ones(*word) {
            if records
                .get(at * 64 + bit)
                .is_some_and(|record| record.price <= most.amount())
            {
                union[at] |= 1 << bit;
            }
        }
    }
    for (word, currency) in union
        .iter_mut()
        .zip(segment.bits(Bits::Currency(currency), slot))
    {
        *word &= currency;
    }
}

/// Unsets the bits that do not pass.
fn keep(chosen: &mut [u64], passes: impl Fn(usize) -> bool) {
    for (at, word) in chosen.iter_mut().enumerate() {
        for bit in ones(*word) {
            if !passes(at * 64 + bit) {
                *word &= !(1 << bit);
            }
        }
    }
}

/// The bits that are set.
pub(crate) fn ones(mut word: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = (word != 0).then(|| word.trailing_zeros() as usize);
        word &= word.wrapping_sub(1);
        bit
    })
}

fn position<T: PartialEq>(all: &[T], value: &T) -> Option<usize> {
    all.iter().position(|other| other == value)
}

fn unite(union: &mut [u64], other: &[u64]) {
    for (word, other) in union.iter_mut().zip(other) {
        *word |= other;
    }
}

/// Keeps what is in the union too, and empties that.
fn intersect(chosen: &mut [u64], union: &mut [u64]) {
    for (word, other) in chosen.iter_mut().zip(union) {
        *word &= std::mem::take(other);
    }
}

fn without(chosen: &mut [u64], other: &[u64]) {
    for (word, other) in chosen.iter_mut().zip(other) {
        *word &= !other;
    }
}
