//! What a person did, boiled down to what each of their pieces can expect.

use std::collections::{BTreeMap, HashMap};

use drape_domain::{ItemId, Signal, SignalKind, Timestamp};

/// After so many days a signal counts half.
const HALF_LIFE_DAYS: f32 = 45.0;

/// How much a deed says, in log-odds of liking.
const fn weight(kind: SignalKind) -> f32 {
    match kind {
        SignalKind::TryonKept => 3.0,
        SignalKind::Like => 2.0,
        SignalKind::Worn | SignalKind::Saved => 1.0,
        SignalKind::Clicked => 0.25,
        SignalKind::Skipped => -0.5,
        SignalKind::Dislike => -3.0,
    }
}

/// What is known of one piece.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Known {
    /// The sum of its signals' decayed weights, each shared among the items that it was about.
    pub(crate) liking: f32,
    /// Whole days since it was last worn.
    pub(crate) worn_days_ago: Option<u32>,
}

/// A whole look that the person liked.
#[derive(Debug)]
pub(crate) struct LikedLook {
    /// Sorted.
    pub(crate) items: Vec<ItemId>,
    pub(crate) at: Timestamp,
}

/// So many of the looks that were liked last are remembered.
const LIKED_LOOKS: usize = 50;

/// What is known of everything.
#[derive(Debug, Default)]
pub(crate) struct History {
    pieces: HashMap<ItemId, Known>,
    /// Decayed weights of signals about two to eight things at once, by pairs of them.
    together: HashMap<(ItemId, ItemId), f32>,
    /// What was worn at once within the days in which no outfit may come again; each sorted.
    pub(crate) worn_lately: Vec<Vec<ItemId>>,
    /// The looks that were liked, the latest first.
    pub(crate) liked: Vec<LikedLook>,
    /// How often anything was said to be worn.
    pub(crate) wears: usize,
}

impl History {
    /// At `moment`; what was worn less than `rest_days` before it is `worn_lately`.
    pub(crate) fn new(signals: &[Signal], moment: Timestamp, rest_days: u16) -> Self {
        // By id: a repeated signal counts once, and sums do not depend on the order in which they came.
        let signals: BTreeMap<_, _> = signals.iter().map(|signal| (signal.id, signal)).collect();
        let mut history = Self::default();
        for signal in signals.values() {
            let mut items = signal.items.clone();
            items.sort_unstable();
            items.dedup();
            // A device's clock may be ahead; nothing was done in the future.
            let days = ((moment - signal.created_at).as_seconds_f32() / 86_400.0).max(0.0);
            let says = weight(signal.kind) * (-days / HALF_LIFE_DAYS).exp2();
            for item in &items {
                let known = history.pieces.entry(*item).or_default();
                known.liking += says / items.len() as f32;
                if signal.kind == SignalKind::Worn {
                    let days = days as u32;
                    known.worn_days_ago =
                        Some(known.worn_days_ago.map_or(days, |before| before.min(days)));
                }
            }
            if (2..=8).contains(&items.len()) {
                // Shared among the pairs, as above among the pieces: a whole outfit passed over weighs no more
                // than one piece of it would.
                let says = says / (items.len() * (items.len() - 1) / 2) as f32;
                for (n, first) in items.iter().enumerate() {
                    for second in &items[n + 1..] {
                        *history.together.entry((*first, *second)).or_default() += says;
                    }
                }
            }
            if signal.kind == SignalKind::Like && items.len() >= 2 {
                history.liked.push(LikedLook {
                    items: items.clone(),
                    at: signal.created_at,
                });
            }
            if signal.kind == SignalKind::Worn {
                history.wears += 1;
                if days < f32::from(rest_days) {
                    history.worn_lately.push(items);
                }
            }
        }
        history
            .liked
            .sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.items.cmp(&b.items)));
        history.liked.truncate(LIKED_LOOKS);
        history
    }

    pub(crate) fn of(&self, item: ItemId) -> Known {
        self.pieces.get(&item).copied().unwrap_or_default()
    }

    /// What was said of the two together; 0 if nothing.
    pub(crate) fn together(&self, a: ItemId, b: ItemId) -> f32 {
        if self.together.is_empty() {
            return 0.0;
        }
        self.together
            .get(&(a.min(b), a.max(b)))
            .copied()
            .unwrap_or(0.0)
    }
}

#[cfg(test)]
mod tests {
    use drape_domain::{SignalId, UserId};
    use time::Duration;

    use super::*;

    fn signal(kind: SignalKind, items: &[ItemId], created_at: Timestamp) -> Signal {
        Signal {
            id: SignalId::new(),
            user_id: UserId::new(),
            kind,
            recommendation_id: None,
            items: items.to_vec(),
            created_at,
        }
    }

    #[test]
    fn a_signal_fades_by_half_in_45_days() {
        let (item, now) = (ItemId::new(), Timestamp::UNIX_EPOCH + Duration::days(400));
        let old = signal(SignalKind::Like, &[item], now - Duration::days(45));
        assert!((History::new(&[old], now, 7).of(item).liking - 1.0).abs() < 1e-4);
    }

    #[test]
    fn the_last_time_worn_counts_and_a_clock_ahead_means_today() {
        let (item, now) = (ItemId::new(), Timestamp::UNIX_EPOCH + Duration::days(400));
        let worn = |days| signal(SignalKind::Worn, &[item], now - Duration::days(days));
        assert_eq!(
            History::new(&[worn(30), worn(9), worn(12)], now, 7)
                .of(item)
                .worn_days_ago,
            Some(9)
        );
        assert_eq!(
            History::new(&[worn(-3)], now, 7).of(item).worn_days_ago,
            Some(0)
        );
        assert_eq!(History::new(&[], now, 7).of(item).worn_days_ago, None);
    }

    #[test]
    fn a_signal_sent_twice_counts_once() {
        let (a, b, now) = (ItemId::new(), ItemId::new(), Timestamp::UNIX_EPOCH);
        let said = signal(SignalKind::Dislike, &[b, a, a], now);
        let history = History::new(&[said.clone(), said], now, 7);
        assert!((history.of(a).liking + 1.5).abs() < 1e-6);
        assert!((history.together(b, a) + 3.0).abs() < 1e-6);
    }

    #[test]
    fn what_was_worn_rests_for_just_so_many_days() {
        let (item, now) = (ItemId::new(), Timestamp::UNIX_EPOCH + Duration::days(400));
        let lately = |hours, days| {
            let worn = signal(SignalKind::Worn, &[item], now - Duration::hours(hours));
            !History::new(&[worn], now, days).worn_lately.is_empty()
        };
        assert!(lately(7 * 24 - 1, 7));
        assert!(!lately(7 * 24, 7));
        assert!(!lately(0, 0));
    }
}
