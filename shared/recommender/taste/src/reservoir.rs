//! A bounded sample that is the same however it was gathered.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::Date;
use uuid::Uuid;

use crate::HALF_LIFE_DAYS;

/// Keeps so many of what it is given: each by chance, the later the likelier, with the half-life of 45 days.
///
/// It is weighted sampling without replacement by exponential keys (Efraimidis and Spirakis), where chance is
/// a hash of the id. So the same things give the same sample in whatever order they come, and a sample of
/// samples is the sample of all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Reservoir<T> {
    limit: usize,
    kept: BTreeMap<Key, T>,
}

/// The least are kept.
type Key = (u64, Uuid);

impl<T: Clone> Reservoir<T> {
    pub(crate) const fn new(limit: usize) -> Self {
        Self {
            limit,
            kept: BTreeMap::new(),
        }
    }

    pub(crate) fn offer(&mut self, id: Uuid, day: Date, value: impl FnOnce() -> T) {
        let key = (rank(id, day), id);
        if self.kept.len() >= self.limit && self.kept.last_key_value().is_none_or(|(k, _)| *k < key)
        {
            return;
        }
        self.kept.insert(key, value());
        self.trim();
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (key, value) in &other.kept {
            if self.kept.len() >= self.limit
                && self.kept.last_key_value().is_none_or(|(k, _)| k < key)
            {
                break;
            }
            self.kept.insert(*key, value.clone());
            self.trim();
        }
    }

    fn trim(&mut self) {
        while self.kept.len() > self.limit {
            self.kept.pop_last();
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.kept.len()
    }

    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.kept.values()
    }
}

/// log of an exponential number over the day's weight, in the order of unsigned numbers.
fn rank(id: Uuid, day: Date) -> u64 {
    // From the open interval (0, 1).
    let chance = ((hash(id) >> 12) as f64 + 0.5) / (1u64 << 52) as f64;
    let days = f64::from(day.to_julian_day());
    let key = (-chance.ln()).ln() - days / f64::from(HALF_LIFE_DAYS) * std::f64::consts::LN_2;
    // Orders floating-point numbers as unsigned ones.
    let bits = key.to_bits();
    if bits >> 63 == 0 {
        bits | 1 << 63
    } else {
        !bits
    }
}

/// Well-mixed bits of an id, the same everywhere and always (SplitMix64's finish over both halves).
pub(crate) fn hash(id: Uuid) -> u64 {
    let (high, low) = id.as_u64_pair();
    mix(mix(high) ^ low)
}

const fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::{Duration, macros::date};

    use super::*;

    const DAY: Date = date!(2026 - 11 - 23);

    fn filled(limit: usize, offered: &[(u128, u16)]) -> Reservoir<u128> {
        let mut reservoir = Reservoir::new(limit);
        for (id, age) in offered {
            let day = DAY - Duration::days(i64::from(*age));
            reservoir.offer(Uuid::from_u128(*id), day, || *id);
        }
        reservoir
    }

    proptest! {
        #[test]
        fn a_sample_of_shards_is_the_sample_of_all_in_any_order(
            offered in prop::collection::vec((any::<u128>(), 0u16..400), 0..60)
                .prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
            cut in any::<prop::sample::Index>(),
            limit in 1usize..20,
        ) {
            let (all, shuffled) = offered;
            let (a, b) = shuffled.split_at(cut.index(shuffled.len() + 1));
            let mut merged = filled(limit, a);
            merged.merge(&filled(limit, b));
            prop_assert_eq!(&merged, &filled(limit, &all));
            prop_assert!(merged.len() <= limit);
        }
    }

    #[test]
    fn of_what_is_45_days_older_half_as_much_is_kept() {
        let offered: Vec<(u128, u16)> = (0..40_000)
            .map(|n| (n, if n % 2 == 0 { 0 } else { 45 }))
            .collect();
        let kept = filled(2_000, &offered);
        let old = kept.iter().filter(|n| *n % 2 == 1).count();
        assert!((550..790).contains(&old), "{old} of 2000");
    }
}
