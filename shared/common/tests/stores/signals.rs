//! Signals by person, across the days that partition them.

use drape_common::store::{Put, memory::MemoryTable, queries::RecentSignals, tables::DaySignal};
use drape_domain::{Signal, SignalKind, Timestamp, UserId};
use time::Duration;

use crate::{aws::on_stack, samples::signal};

async fn recent_ones_come_newest_first_and_are_the_persons_own(
    store: impl Put<DaySignal> + RecentSignals,
) {
    let (user, other, now) = (UserId::new(), UserId::new(), Timestamp::now_utc());
    let mut signals: Vec<_> = (0..5)
        .map(|days| signal(user, now - Duration::days(days)))
        .collect();
    for at in [3, 0, 4, 1, 2] {
        let row = DaySignal::new(signals[at].clone());
        store.put(&row).await.unwrap();
        store
            .put(&DaySignal::new(signal(other, now)))
            .await
            .unwrap();
    }
    assert_eq!(store.recent_signals(user, 100).await.unwrap(), signals);
    signals.truncate(2);
    assert_eq!(store.recent_signals(user, 2).await.unwrap(), signals);
    assert_eq!(store.recent_signals(UserId::new(), 100).await.unwrap(), []);
}

async fn what_was_worn_is_found_back_to_a_moment_behind_much_else(
    store: impl Put<DaySignal> + RecentSignals,
) {
    let (user, now) = (UserId::new(), Timestamp::now_utc());
    let said = |kind, days| Signal {
        kind,
        ..signal(user, now - Duration::days(days))
    };
    for days in 0..6 {
        let row = DaySignal::new(said(SignalKind::Like, days));
        store.put(&row).await.unwrap();
    }
    let worn: Vec<_> = [2, 5, 9].map(|days| said(SignalKind::Worn, days)).into();
    for worn in &worn {
        store.put(&DaySignal::new(worn.clone())).await.unwrap();
    }
    let since = now - Duration::days(7);
    assert_eq!(store.worn_since(user, since).await.unwrap(), worn[..2]);
    assert_eq!(store.worn_since(UserId::new(), since).await.unwrap(), []);
}

async fn the_same_signal_twice_is_one(store: impl Put<DaySignal> + RecentSignals) {
    let signal = signal(UserId::new(), Timestamp::now_utc());
    for _ in 0..2 {
        let row = DaySignal::new(signal.clone());
        store.put(&row).await.unwrap();
    }
    let recent = store.recent_signals(signal.user_id, 100).await.unwrap();
    assert_eq!(recent, [signal]);
}

macro_rules! contract {
    ($($clause:ident),+ $(,)?) => {$(
        mod $clause {
            use super::*;

            #[tokio::test]
            async fn in_memory() {
                super::$clause(MemoryTable::default()).await;
            }

            #[tokio::test]
            async fn in_dynamodb() {
                on_stack(async |stack| super::$clause(stack.table().await).await).await;
            }
        }
    )+};
}

contract! {
    recent_ones_come_newest_first_and_are_the_persons_own,
    what_was_worn_is_found_back_to_a_moment_behind_much_else,
    the_same_signal_twice_is_one,
}
