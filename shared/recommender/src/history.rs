//! What a person did, boiled down to what each of their pieces can expect.

use std::collections::{BTreeMap, HashMap};

use drape_domain::{ItemId, Signal, SignalKind, Timestamp};
use drape_taste::{reward, reward::decay};

/// What is said of a piece without end never counts more than so much, in log-odds; of a pair, never more than 1.
const MOST_LIKING: f32 = 2.5;
/// So much said of a piece weighs as much as knowing nothing.
const UNSAID: f32 = 2.0;
/// So much said of a pair does.
const UNSAID_TOGETHER: f32 = 0.75;

/// What is known of one piece.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Known {
    /// What its signals say on the whole, in log-odds: the sum of their decayed rewards over the sum of their
    /// sizes, so that what is shown often does not win by being shown.
    pub(crate) liking: f32,
    /// The sum of the decayed rewards' sizes, each shared among the items that it was about.
    said: f32,
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
    /// Decayed rewards, and their sizes, of signals about two to eight things at once, by pairs of them.
    together: HashMap<(ItemId, ItemId), (f32, f32)>,
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
            let says = reward(signal.kind) * decay(days);
            for item in &items {
                let known = history.pieces.entry(*item).or_default();
                known.liking += says / items.len() as f32;
                known.said += says.abs() / items.len() as f32;
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
                        let (sum, said) = history.together.entry((*first, *second)).or_default();
                        *sum += says;
                        *said += says.abs();
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
        for known in history.pieces.values_mut() {
            known.liking = MOST_LIKING * known.liking / (known.said + UNSAID);
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

    /// Whether anything was said of it.
    pub(crate) fn knows(&self, item: ItemId) -> bool {
        self.pieces.contains_key(&item)
    }

    /// What was said of the two together on the whole, −1 to 1; 0 if nothing.
    pub(crate) fn together(&self, a: ItemId, b: ItemId) -> f32 {
        if self.together.is_empty() {
            return 0.0;
        }
        self.together
            .get(&(a.min(b), a.max(b)))
            .map_or(0.0, |(sum, said)| sum / (said + UNSAID_TOGETHER))
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
        assert!((History::new(&[old], now, 7).of(item).said - 1.0).abs() < 1e-4);
    }

    #[test]
    fn what_is_liked_half_the_time_is_liked_no_more_for_being_shown_more() {
        let (item, now) = (ItemId::new(), Timestamp::UNIX_EPOCH);
        let liking = |times: usize| {
            let kinds = [SignalKind::Like, SignalKind::Dislike];
            let said: Vec<Signal> = (0..times)
                .map(|n| signal(kinds[n % 2], &[item], now))
                .collect();
            History::new(&said, now, 7).of(item).liking
        };
        assert!(liking(1) > 1.0);
        assert!(liking(200) < 0.0 && liking(200) > -1.0);
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
        assert!((history.of(a).said - 1.5).abs() < 1e-6);
        assert!((history.together(b, a) + 0.8).abs() < 1e-6);
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
