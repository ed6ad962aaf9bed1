//! Which state a wardrobe is in.

use drape_common::store::{
    Create, Put, Record, Remove, Revised, Save, memory::MemoryTable, queries::Revisions,
};
use drape_domain::{Item, ItemId, UserId};

use crate::{aws::on_stack, samples::Sample};

async fn sorted(store: &impl Revisions, owner: UserId) -> Vec<(ItemId, u64)> {
    let mut revisions = store.revisions(owner).await.unwrap();
    revisions.sort_unstable();
    revisions
}

fn state(item: &Item) -> (ItemId, u64) {
    (item.item_id, item.revision)
}

async fn every_write_shows_at_once(
    store: impl Create<Item> + Save<Item> + Remove<Item> + Revisions,
) {
    let mut first = Item::sample();
    let (owner, second) = (first.owner_id, first.next());
    assert_eq!(sorted(&store, owner).await, []);
    store.create(&first).await.unwrap();
    assert_eq!(sorted(&store, owner).await, [state(&first)]);
    store.create(&second).await.unwrap();
    let mut both = [state(&first), state(&second)];
    both.sort_unstable();
    assert_eq!(sorted(&store, owner).await, both);
    for _ in 0..20 {
        assert!(store.save(&mut first).await.unwrap());
        let mut both = [state(&first), state(&second)];
        both.sort_unstable();
        assert_eq!(sorted(&store, owner).await, both);
    }
    store.remove(&second.key()).await.unwrap();
    assert_eq!(sorted(&store, owner).await, [state(&first)]);
}

async fn another_owners_items_do_not_show(store: impl Create<Item> + Revisions) {
    let (own, other) = (Item::sample(), Item::sample());
    store.create(&own).await.unwrap();
    store.create(&other).await.unwrap();
    assert_eq!(sorted(&store, own.owner_id).await, [state(&own)]);
}

async fn a_large_wardrobe_is_told_whole(store: impl Put<Item> + Revisions + Clone + 'static) {
    const ITEMS: usize = 300;
    let sample = Item::sample();
    let mut written = Vec::with_capacity(ITEMS);
    let mut tasks = Vec::new();
    for n in 0..ITEMS {
        let mut item = sample.next();
        item.set_revision(n as u64 % 7 + 1);
        written.push(state(&item));
        let store = store.clone();
        tasks.push(tokio::spawn(async move { store.put(&item).await.unwrap() }));
        if tasks.len() == 32 {
            for task in tasks.drain(..) {
                task.await.unwrap();
            }
        }
    }
    for task in tasks {
        task.await.unwrap();
    }
    written.sort_unstable();
    assert_eq!(sorted(&store, sample.owner_id).await, written);
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
                on_stack(async |stack| super::$clause(stack.table::<Item>().await).await).await;
            }
        }
    )+};
}

contract! {
    every_write_shows_at_once,
    another_owners_items_do_not_show,
    a_large_wardrobe_is_told_whole,
}
