//! Counted attempts.

use std::collections::BTreeSet;

use drape_common::store::{
    dynamo::Counters, memory::MemoryCounters, queries::CountAttempts, tables::Reservation,
};

use crate::aws::on_stack;

/// The year 2100.
const LATER: i64 = 4_102_444_800;

async fn attempts_add_up_and_can_be_taken_back(store: impl CountAttempts) {
    assert_eq!(store.add_attempts("a", 1, LATER).await.unwrap(), 1);
    assert_eq!(store.add_attempts("a", 1, LATER).await.unwrap(), 2);
    assert_eq!(store.add_attempts("a", -1, LATER).await.unwrap(), 1);
    assert_eq!(store.add_attempts("b", 1, LATER).await.unwrap(), 1);
}

async fn attempts_at_the_same_moment_are_all_counted(store: impl CountAttempts + Clone + 'static) {
    let racers: Vec<_> = (0..20)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.add_attempts("a", 1, LATER).await.unwrap() })
        })
        .collect();
    let mut seen = BTreeSet::new();
    for racer in racers {
        seen.insert(racer.await.unwrap());
    }
    assert_eq!(seen, (1..=20).collect());
}

macro_rules! contract {
    ($($clause:ident),+ $(,)?) => {$(
        mod $clause {
            use super::*;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn in_memory() {
                super::$clause(MemoryCounters::default()).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn in_dynamodb() {
                on_stack(async |stack| {
                    // Counters, like reservations, have `id` for their only key.
                    let name = stack.named_table::<Reservation>().await;
                    super::$clause(Counters::new(&stack.aws.dynamodb(), name)).await;
                })
                .await;
            }
        }
    )+};
}

contract! {
    attempts_add_up_and_can_be_taken_back,
    attempts_at_the_same_moment_are_all_counted,
}
