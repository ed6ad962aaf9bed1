//! Items with random traits and vectors, and the search that everything is compared with: one by one.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use std::collections::BTreeMap;

use drape_domain::{
    Category, Currency, ItemId, Money, Pattern, Rgb, Season, Slot, Timestamp, UserId, color::NAMED,
};
use drape_index::{Builder, Catalog, Entry, Memory, Segment, Shade, Size, Traits, Wanted};

pub const MODEL: &str = "test-model";

pub fn item(number: u64) -> ItemId {
    ItemId::from_uuid(uuid::Uuid::from_u128(u128::from(number) << 64 | 7))
}

pub fn owner(number: u64) -> UserId {
    UserId::from_uuid(uuid::Uuid::from_u128(u128::from(number)))
}

pub fn pick<T: Copy>(random: &mut fastrand::Rng, of: &[T]) -> T {
    of[random.usize(..of.len())]
}

pub fn vector(random: &mut fastrand::Rng, dim: usize) -> Vec<f32> {
    let raw: Vec<f32> = (0..dim)
        .map(|_| random.f32() + random.f32() - 1.0)
        .collect();
    let norm = raw.iter().map(|value| value * value).sum::<f32>().sqrt();
    raw.into_iter().map(|value| value / norm).collect()
}

pub fn size(text: &str) -> Size {
    Size::new(text).unwrap()
}

/// An item of any kind.
pub fn entry(random: &mut fastrand::Rng, number: u64, dim: usize) -> Entry {
    let category = pick(random, Category::ALL);
    let seasons = random.u8(1..16);
    let colors = (0..random.usize(0..4))
        .map(|_| {
            let (name, rgb) = pick(random, NAMED);
            Shade {
                name: random.bool().then_some(name),
                rgb,
                share: random.f32(),
            }
        })
        .collect();
    let price = random.i64(0..5_000_000);
    let currency = pick(random, &[Currency::Ngn, Currency::Ngn, Currency::Usd]);
    let mut sizes: Vec<Size> = (0..random.usize(0..4))
        .map(|_| size(pick(random, &["S", "M", "L", "EU 42"])))
        .collect();
    sizes.sort();
    sizes.dedup();
    Entry {
        item: item(number),
        owner: owner(random.u64(0..5)),
        traits: Traits {
            category,
            pattern: random.bool().then_some(pick(random, Pattern::ALL)),
            colors,
            formality: random.f32(),
            clo: random.f32(),
            seasons: (Season::ALL.iter().enumerate())
                .filter(|(at, _)| seasons >> at & 1 == 1)
                .map(|(_, season)| *season)
                .collect(),
            price: (random.u8(..) > 20).then(|| Money::new(price, currency).unwrap()),
            sizes,
            words: (0..random.usize(0..5)).map(|_| random.u32(..)).collect(),
            popularity: f32::from(random.u8(0..20)),
            updated_at: Timestamp::UNIX_EPOCH
                + std::time::Duration::from_micros(random.u64(..1 << 50)),
        },
        vector: vector(random, dim),
    }
}

/// A red shirt without anything special.
pub fn plain(number: u64, vector: Vec<f32>) -> Entry {
    Entry {
        item: item(number),
        owner: owner(1),
        traits: Traits {
            category: Category::Shirt,
            pattern: None,
            colors: vec![Shade {
                name: Some("red"),
                rgb: Rgb([196, 30, 42]),
                share: 1.0,
            }],
            formality: 0.5,
            clo: 0.2,
            seasons: Season::ALL.to_vec(),
            price: None,
            sizes: Vec::new(),
            words: Vec::new(),
            popularity: 0.0,
            updated_at: Timestamp::UNIX_EPOCH,
        },
        vector,
    }
}

pub fn file(entries: &[Entry], removed: &[ItemId], dim: usize) -> Vec<u8> {
    file_with(entries, removed, dim, usize::MAX)
}

pub fn file_with(entries: &[Entry], removed: &[ItemId], dim: usize, coded_from: usize) -> Vec<u8> {
    let mut builder = Builder::new(MODEL, dim, "test")
        .unwrap()
        .coded_from(coded_from);
    for entry in entries {
        builder.push(entry.clone()).unwrap();
    }
    for item in removed {
        builder.remove(*item);
    }
    let mut bytes = Vec::new();
    let written = builder.write(&mut bytes).unwrap();
    assert_eq!(written.bytes, bytes.len() as u64);
    bytes
}

pub fn open(bytes: &[u8], dim: usize) -> Segment {
    Segment::open(Memory::from(bytes), MODEL, dim).unwrap()
}

pub fn catalog(entries: &[Entry], dim: usize) -> Catalog {
    Catalog::new(open(&file(entries, &[], dim), dim), Vec::new()).unwrap()
}

/// Whether an item is wanted, by its traits.
pub fn is_wanted(entry: &Entry, wanted: &Wanted<'_>) -> bool {
    let traits = &entry.traits;
    let said = |name: &str, word: &str| {
        let words: Vec<&str> = name.split(' ').collect();
        word.split(' ').all(|word| words.contains(&word))
    };
    let total: f32 = traits.colors.iter().map(|color| color.share).sum();
    let in_color = |word: &str| {
        let part: f32 = (traits.colors.iter())
            .filter(|color| color.name.is_some_and(|name| said(name, word)))
            .map(|color| color.share)
            .sum();
        total > 0.0 && part / total >= 0.25
    };
    wanted
        .categories
        .is_none_or(|all| all.contains(&traits.category))
        && !wanted.not_categories.contains(&traits.category)
        && wanted
            .seasons
            .is_none_or(|all| all.iter().any(|season| traits.seasons.contains(season)))
        && wanted.sizes.is_none_or(|all| {
            traits.sizes.is_empty() || all.iter().any(|size| traits.sizes.contains(size))
        })
        && wanted.at_most.is_none_or(|most| {
            traits.price.is_some_and(|price| {
                price.currency() == most.currency() && price.amount() <= most.amount()
            })
        })
        && !wanted.not_colors.iter().any(|word| in_color(word))
        && !wanted.not_items.contains(&entry.item)
        && wanted
            .formality
            .is_none_or(|(low, high)| (low..=high).contains(&entry.traits.formality))
        && wanted.not_owner != Some(entry.owner)
}

/// The wanted items of a slot with the highest inner products, best first, then by id.
pub fn nearest(
    entries: &BTreeMap<ItemId, Entry>,
    slot: Slot,
    query: &[f32],
    wanted: &Wanted<'_>,
    k: usize,
) -> Vec<(ItemId, f32)> {
    let mut scored: Vec<(ItemId, f64)> = (entries.values())
        .filter(|entry| entry.traits.slot() == slot && is_wanted(entry, wanted))
        .map(|entry| {
            let products = entry
                .vector
                .iter()
                .zip(query)
                .map(|(a, b)| f64::from(*a) * f64::from(*b));
            (entry.item, products.sum())
        })
        .collect();
    scored.sort_by(|(one, a), (other, b)| b.total_cmp(a).then(one.cmp(other)));
    scored
        .into_iter()
        .take(k)
        .map(|(item, score)| (item, score as f32))
        .collect()
}

pub fn found(
    catalog: &Catalog,
    slot: Slot,
    query: &[f32],
    wanted: &Wanted<'_>,
    k: usize,
) -> Vec<(ItemId, f32)> {
    let hits = catalog.search(slot, &[query], wanted, k);
    let hits = hits.into_iter().next().unwrap();
    hits.into_iter()
        .map(|hit| (catalog.entry(hit.row).unwrap().item(), hit.score))
        .collect()
}

/// The same items in the same order, but where scores are so near that rounding may swap them.
pub fn assert_alike(found: &[(ItemId, f32)], expected: &[(ItemId, f32)]) {
    assert_eq!(found.len(), expected.len(), "{found:?} {expected:?}");
    for (one, other) in found.iter().zip(expected) {
        assert!((one.1 - other.1).abs() < 1e-5, "{found:?}\n{expected:?}");
    }
    let mut items: Vec<_> = found.iter().map(|(item, _)| item).collect();
    items.sort();
    items.dedup();
    assert_eq!(items.len(), found.len(), "an item twice");
}
