//! What is found is what a search one by one finds.

#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;

use drape_domain::{Category, Currency, ItemId, Money, Season, Slot};
use drape_index::{Catalog, Entry, InstructionSet, Wanted};
use proptest::prelude::*;
use support::*;

const DIM: usize = 72;

fn some(seed: u64, count: u64) -> BTreeMap<ItemId, Entry> {
    let mut random = fastrand::Rng::with_seed(seed);
    (0..count)
        .map(|number| (item(number), entry(&mut random, number, DIM)))
        .collect()
}

fn of(entries: &BTreeMap<ItemId, Entry>) -> Vec<Entry> {
    entries.values().cloned().collect()
}

/// Wishes of all kinds, by chance.
struct Wish {
    categories: Option<Vec<Category>>,
    not_categories: Vec<Category>,
    seasons: Option<Vec<Season>>,
    sizes: Option<Vec<drape_index::Size>>,
    at_most: Option<Money>,
    formality: Option<(f32, f32)>,
    not_colors: Vec<&'static str>,
    not_items: Vec<ItemId>,
    not_owner: Option<drape_domain::UserId>,
}

impl Wish {
    fn new(seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let r = &mut random;
        Self {
            categories: (r.u8(..4) == 0).then(|| (0..8).map(|_| pick(r, Category::ALL)).collect()),
            not_categories: (0..r.usize(..3)).map(|_| pick(r, Category::ALL)).collect(),
            seasons: r
                .bool()
                .then(|| (0..r.usize(..3)).map(|_| pick(r, Season::ALL)).collect()),
            sizes: r.bool().then(|| {
                (0..r.usize(..3))
                    .map(|_| size(pick(r, &["M", "EU42", "XXS"])))
                    .collect()
            }),
            at_most: r.bool().then(|| {
                Money::new(
                    r.i64(0..6_000_000),
                    pick(r, &[Currency::Ngn, Currency::Usd]),
                )
                .unwrap()
            }),
            formality: (r.u8(..4) == 0).then(|| (r.f32() / 2.0, 0.5 + r.f32() / 2.0)),
            not_colors: (0..r.usize(..3))
                .map(|_| pick(r, &["blue", "light grey", "red", "brown"]))
                .collect(),
            not_items: (0..r.usize(..5)).map(|_| item(r.u64(..100))).collect(),
            not_owner: r.bool().then(|| owner(r.u64(..5))),
        }
    }

    fn wanted(&self) -> Wanted<'_> {
        Wanted {
            categories: self.categories.as_deref(),
            not_categories: &self.not_categories,
            seasons: self.seasons.as_deref(),
            sizes: self.sizes.as_deref(),
            at_most: self.at_most,
            formality: self.formality,
            not_colors: &self.not_colors,
            not_items: &self.not_items,
            not_owner: self.not_owner,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn an_exact_search_finds_what_a_search_one_by_one_finds(seed: u64, count in 0_u64..600, k in 1_usize..40) {
        let entries = some(seed, count);
        let catalog = catalog(&of(&entries), DIM);
        let wish = Wish::new(seed);
        let query = vector(&mut fastrand::Rng::with_seed(!seed), DIM);
        for slot in Slot::ALL {
            for wanted in [Wanted::default(), wish.wanted()] {
                let expected = nearest(&entries, *slot, &query, &wanted, k);
                assert_alike(&found(&catalog, *slot, &query, &wanted, k), &expected);
            }
        }
    }

    #[test]
    fn deltas_over_a_base_are_found_as_if_they_were_one_index(seed: u64, count in 0_u64..300, rounds in 1_usize..5) {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut entries = some(seed, count);
        let base = open(&file(&of(&entries), &[], DIM), DIM);
        let mut deltas = Vec::new();
        for _ in 0..rounds {
            let changed: Vec<Entry> = (0..random.usize(..60))
                .map(|_| {
                    let number = random.u64(..count + 20);
                    entry(&mut random, number, DIM)
                })
                .collect();
            let removed: Vec<ItemId> = (0..random.usize(..30)).map(|_| item(random.u64(..count + 20))).collect();
            entries.extend(changed.iter().map(|entry| (entry.item, entry.clone())));
            entries.retain(|item, _| !removed.contains(item));
            deltas.push(open(&file(&changed, &removed, DIM), DIM));
        }
        let layered = Catalog::new(base, deltas).unwrap();
        let rebuilt = catalog(&of(&entries), DIM);
        prop_assert_eq!(layered.len(), entries.len());
        let compacted: Vec<Entry> = layered.rows().map(|row| layered.entry(row).unwrap().to_entry()).collect();
        prop_assert_eq!(file(&compacted, &[], DIM), file(&of(&entries), &[], DIM));

        let wish = Wish::new(seed);
        let query = vector(&mut random, DIM);
        for slot in Slot::ALL {
            for wanted in [Wanted::default(), wish.wanted()] {
                prop_assert_eq!(
                    found(&layered, *slot, &query, &wanted, 10),
                    found(&rebuilt, *slot, &query, &wanted, 10)
                );
                let popular = |catalog: &Catalog| -> Vec<_> {
                    let hits = catalog.popular(*slot, &wanted, 10);
                    hits.iter().map(|hit| (catalog.entry(hit.row).unwrap().item(), hit.score)).collect()
                };
                prop_assert_eq!(popular(&layered), popular(&rebuilt));
            }
        }
        for number in 0..count + 20 {
            let row = layered.find(item(number));
            let found = row.map(|row| layered.entry(row).unwrap().to_entry());
            prop_assert_eq!(found.as_ref(), entries.get(&item(number)));
        }
    }

    #[test]
    fn all_instruction_sets_find_the_same(seed: u64) {
        let entries = of(&some(seed, 400));
        let coded = open(&file_with(&entries, &[], DIM, 1), DIM);
        let mut random = fastrand::Rng::with_seed(seed);
        let queries: Vec<Vec<f32>> = (0..3).map(|_| vector(&mut random, DIM)).collect();
        let queries: Vec<&[f32]> = queries.iter().map(Vec::as_slice).collect();
        for catalog in [catalog(&entries, DIM), Catalog::new(coded, Vec::new()).unwrap()] {
            let found = |set| catalog.clone().with_instructions(set).search(Slot::Top, &queries, &Wanted::default(), 7);
            let sets = InstructionSet::available();
            for set in &sets {
                prop_assert_eq!(found(*set), found(sets[0]), "{}", set.name());
            }
        }
    }
}

#[test]
fn what_is_liked_most_comes_first_and_of_equals_the_newest() {
    let mut random = fastrand::Rng::with_seed(2);
    let liking = [0.5, 0.9, 0.5, 0.2, 0.5];
    let entries: Vec<Entry> = (0..)
        .zip(liking)
        .map(|(number, popularity)| {
            let mut entry = plain(number, vector(&mut random, DIM));
            entry.traits.popularity = popularity;
            entry
        })
        .collect();
    let catalog = |base: &[Entry], delta: &[Entry]| {
        let [base, delta] = [base, delta].map(|entries| open(&file(entries, &[], DIM), DIM));
        Catalog::new(base, vec![delta]).unwrap()
    };
    for catalog in [
        catalog(&entries, &[]),
        catalog(&entries[..2], &entries[2..]),
    ] {
        let hits = catalog.popular(Slot::Top, &Wanted::default(), 4);
        let items: Vec<_> = hits
            .iter()
            .map(|hit| catalog.entry(hit.row).unwrap().item())
            .collect();
        assert_eq!(items, [1, 4, 2, 0].map(item));
    }
}

#[test]
fn codes_find_nearly_all_of_the_nearest() {
    let mut random = fastrand::Rng::with_seed(5);
    let entries: BTreeMap<ItemId, Entry> = (0..4000)
        .map(|number| (item(number), plain(number, vector(&mut random, 256))))
        .collect();
    let bytes = file_with(&of(&entries), &[], 256, 1000);
    let catalog = Catalog::new(open(&bytes, 256), Vec::new()).unwrap();
    let (mut hits, mut of) = (0, 0);
    for _ in 0..50 {
        let query = vector(&mut random, 256);
        let expected = nearest(&entries, Slot::Top, &query, &Wanted::default(), 10);
        let found = found(&catalog, Slot::Top, &query, &Wanted::default(), 10);
        hits += found
            .iter()
            .filter(|(item, _)| expected.iter().any(|(other, _)| other == item))
            .count();
        of += expected.len();
    }
    assert!(hits as f64 >= 0.97 * of as f64, "{hits} of {of}");
}

#[test]
fn without_full_precision_rows_the_scores_are_near_and_so_are_the_hits() {
    let entries = some(6, 500);
    let whole = file(&of(&entries), &[], DIM);
    let core = drape_index::Segment::core_bytes(&whole).unwrap() as usize;
    let segment = open(&whole[..core], DIM);
    assert!(!segment.has_rescoring());
    segment.verify().unwrap();
    let catalog = Catalog::new(segment, Vec::new()).unwrap();
    let query = vector(&mut fastrand::Rng::with_seed(1), DIM);
    let found = found(&catalog, Slot::Top, &query, &Wanted::default(), 10);
    let expected = nearest(&entries, Slot::Top, &query, &Wanted::default(), 10);
    assert_eq!(found[0].0, expected[0].0);
    for (one, other) in found.iter().zip(&expected) {
        assert!((one.1 - other.1).abs() < 0.01, "{found:?}\n{expected:?}");
    }
    let row = catalog.find(expected[0].0).unwrap();
    let mut vector = vec![0.0; DIM];
    catalog.entry(row).unwrap().vector(&mut vector);
    let off = vector
        .iter()
        .zip(&entries[&expected[0].0].vector)
        .map(|(a, b)| (a - b).powi(2))
        .sum::<f32>();
    assert!(off.sqrt() < 0.02, "{off}");
}

#[test]
fn several_queries_are_answered_each_for_itself() {
    let entries = some(7, 300);
    let catalog = catalog(&of(&entries), DIM);
    let mut random = fastrand::Rng::with_seed(3);
    let (one, other) = (vector(&mut random, DIM), vector(&mut random, DIM));
    let (short, broken) = (vec![1.0; DIM - 1], vec![f32::NAN; DIM]);
    let both = catalog.search(
        Slot::Top,
        &[&one, &short, &other, &broken],
        &Wanted::default(),
        5,
    );
    assert_eq!(
        both[0],
        catalog.search(Slot::Top, &[&one], &Wanted::default(), 5)[0]
    );
    assert_eq!(
        both[2],
        catalog.search(Slot::Top, &[&other], &Wanted::default(), 5)[0]
    );
    assert_eq!((both[1].len(), both[3].len()), (0, 0));
}

#[test]
fn nothing_is_found_in_nothing() {
    let empty = catalog(&[], DIM);
    assert!(empty.is_empty());
    let query = vec![1.0; DIM];
    assert_eq!(
        empty.search(Slot::Top, &[&query], &Wanted::default(), 10),
        [Vec::new()]
    );
    assert!(empty.popular(Slot::Top, &Wanted::default(), 10).is_empty());
    let one = catalog(&[plain(1, vec![1.0; DIM])], DIM);
    assert!(one.search(Slot::Top, &[&query], &Wanted::default(), 0)[0].is_empty());
    assert!(one.search(Slot::Shoes, &[&query], &Wanted::default(), 10)[0].is_empty());
    assert_eq!(
        one.search(Slot::Top, &[&query], &Wanted::default(), usize::MAX)[0].len(),
        1
    );
}

#[test]
fn equal_vectors_come_in_the_order_of_their_ids() {
    let entries: Vec<Entry> = (0..200)
        .rev()
        .map(|number| plain(number, vec![0.5; DIM]))
        .collect();
    let found = found(
        &catalog(&entries, DIM),
        Slot::Top,
        &[1.0; DIM],
        &Wanted::default(),
        5,
    );
    let items: Vec<ItemId> = found.iter().map(|(item, _)| *item).collect();
    assert_eq!(items, (0..5).map(item).collect::<Vec<_>>());
}
