//! What a deed is worth, and how it fades: the one table for learning and for a person's own history.

use drape_domain::{ItemId, Signal, SignalKind};

/// After so many days a deed counts half.
pub const HALF_LIFE_DAYS: f32 = 45.0;

/// The largest reward, up or down.
pub const MAX_REWARD: f32 = 5.0;

/// What a person did to an outfit or to its pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Deed {
    /// What they told the app.
    Signal(SignalKind),
    /// They bought it.
    Purchase,
}

impl From<SignalKind> for Deed {
    fn from(kind: SignalKind) -> Self {
        Self::Signal(kind)
    }
}

/// In log-odds of liking, −3 to 5. Our own setting: money says most, a no says more than a yes, and passing
/// over says little.
#[must_use]
pub fn reward(deed: impl Into<Deed>) -> f32 {
    match deed.into() {
        Deed::Purchase => MAX_REWARD,
        Deed::Signal(SignalKind::TryonKept) => 3.0,
        Deed::Signal(SignalKind::Like) => 2.0,
        Deed::Signal(SignalKind::Worn | SignalKind::Saved) => 1.0,
        Deed::Signal(SignalKind::Clicked) => 0.25,
        Deed::Signal(SignalKind::Skipped) => -0.5,
        Deed::Signal(SignalKind::Dislike) => -3.0,
    }
}

/// The reward of a signal, shared among the pieces that it is about, each of them once: a whole outfit says no more
/// than one piece would, and naming a piece twice says no more than naming it once.
#[must_use]
pub fn shared(signal: &Signal) -> Vec<(ItemId, f32)> {
    let mut items = signal.items.clone();
    items.sort_unstable();
    items.dedup();
    let share = reward(signal.kind) / items.len().max(1) as f32;
    items.into_iter().map(|item| (item, share)).collect()
}

/// What is left of a deed after so many days, 0–1. A device's clock may be ahead; nothing was done in the
/// future, and what is not a number is of today.
#[must_use]
pub fn decay(days: f32) -> f32 {
    decay_by(days, HALF_LIFE_DAYS)
}

/// As [`decay`], with another half-life.
#[must_use]
pub fn decay_by(days: f32, half_life_days: f32) -> f32 {
    (-days.max(0.0) / half_life_days.max(f32::MIN_POSITIVE)).exp2()
}

#[cfg(test)]
mod tests {
    use drape_domain::{SignalId, Timestamp, UserId};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn of_many_pieces_each_has_its_share_however_often_it_is_named() {
        let mut signal = Signal {
            id: SignalId::new(),
            user_id: UserId::new(),
            kind: SignalKind::TryonKept,
            recommendation_id: None,
            items: [3, 1, 3, 2]
                .map(|n| ItemId::from_uuid(Uuid::from_u128(n)))
                .to_vec(),
            created_at: Timestamp::UNIX_EPOCH,
        };
        let shares = shared(&signal);
        assert_eq!(shares.len(), 3);
        assert!(shares.iter().all(|(_, share)| *share == 1.0));
        signal.items.clear();
        assert_eq!(shared(&signal), []);
    }

    #[test]
    fn deeds_rank_from_a_purchase_down_to_a_dislike() {
        let rewards = [
            reward(Deed::Purchase),
            reward(SignalKind::TryonKept),
            reward(SignalKind::Like),
            reward(SignalKind::Worn),
            reward(SignalKind::Clicked),
            reward(SignalKind::Skipped),
            reward(SignalKind::Dislike),
        ];
        assert!(rewards.is_sorted_by(|a, b| a > b));
        assert_eq!(reward(SignalKind::Worn), reward(SignalKind::Saved));
    }

    #[test]
    fn a_deed_fades_by_half_in_45_days_and_never_grows() {
        assert!((decay(45.0) - 0.5).abs() < 1e-6);
        assert!((decay(90.0) - 0.25).abs() < 1e-6);
        for today in [0.0, -3.0, f32::NAN] {
            assert_eq!(decay(today), 1.0);
        }
        assert_eq!(decay(f32::INFINITY), 0.0);
    }
}
