//! Boutiques' items by shard and time of change.

use drape_common::store::{
    Get, Put, Record, Remove, Save,
    memory::MemoryTable,
    queries::{CatalogItems, CatalogPlace},
    tables::{Gone, catalog_shard, catalog_shards},
};
use drape_domain::{Item, ItemId, Timestamp, UserId};
use time::{Duration, macros::datetime};

use crate::{aws::on_stack, samples::Sample};

const NOON: Timestamp = datetime!(2026-11-23 12:00:00 UTC);

/// An item of a boutique, changed at a time.
fn item(shard: &str, updated_at: Timestamp) -> Item {
    Item {
        owner_id: UserId::new(),
        catalog: Some(shard.to_owned()),
        updated_at,
        ..Item::sample().next()
    }
}

fn ids(items: &[&Item]) -> Vec<(UserId, ItemId)> {
    items
        .iter()
        .map(|item| (item.owner_id, item.item_id))
        .collect()
}

async fn changed(
    store: &impl CatalogItems,
    shard: &str,
    since: Option<Timestamp>,
) -> Vec<(UserId, ItemId)> {
    let page = store.changed_since(shard, since, None, 100).await.unwrap();
    assert_eq!(page.next, None);
    page.items
}

async fn a_shard_s_items_come_by_time_of_change<I>(items: I, _: impl Put<Gone>)
where
    I: Put<Item> + CatalogItems,
{
    let times = [NOON + Duration::HOUR, NOON, NOON + Duration::SECOND];
    let [last, first, second] = times.map(|at| item("03", at));
    let (elsewhere, wardrobe) = (
        item("04", NOON),
        Item {
            catalog: None,
            ..item("03", NOON)
        },
    );
    for item in [&last, &first, &second, &elsewhere, &wardrobe] {
        items.put(item).await.unwrap();
    }
    assert_eq!(
        changed(&items, "03", None).await,
        ids(&[&first, &second, &last])
    );
    assert_eq!(changed(&items, "04", None).await, ids(&[&elsewhere]));
    assert_eq!(changed(&items, "05", None).await, []);
}

async fn what_changed_since_then_is_told_to_the_second<I>(items: I, _: impl Put<Gone>)
where
    I: Put<Item> + CatalogItems,
{
    // As text, a second sorts after its own fractions.
    let fractions =
        [0, 1, 500_000_000].map(|nanos| item("03", NOON + Duration::nanoseconds(nanos)));
    let before = item("03", NOON - Duration::NANOSECOND);
    for item in fractions.iter().chain([&before]) {
        items.put(item).await.unwrap();
    }
    let mut expected = ids(&fractions.each_ref());
    expected.sort();
    for since in [NOON, NOON + Duration::milliseconds(900)] {
        let mut found = changed(&items, "03", Some(since)).await;
        found.sort();
        assert_eq!(found, expected);
    }
    let later = NOON + Duration::SECOND;
    assert_eq!(changed(&items, "03", Some(later)).await, []);
}

async fn a_change_moves_an_item_to_the_end<I>(items: I, _: impl Put<Gone>)
where
    I: Put<Item> + Get<Item> + Save<Item> + CatalogItems,
{
    let (mut first, second) = (item("03", NOON), item("03", NOON + Duration::SECOND));
    for item in [&first, &second] {
        items.put(item).await.unwrap();
    }
    first.updated_at = NOON + Duration::HOUR;
    assert!(items.save(&mut first).await.unwrap());
    assert_eq!(changed(&items, "03", None).await, ids(&[&second, &first]));
    let since = Some(NOON + Duration::MINUTE);
    assert_eq!(changed(&items, "03", since).await, ids(&[&first]));
}

async fn a_deletion_is_a_change<I>(items: I, gone: impl Put<Gone>)
where
    I: Put<Item> + Remove<Item> + CatalogItems,
{
    let (deleted, other) = (item("03", NOON), item("03", NOON));
    for item in [&deleted, &other] {
        items.put(item).await.unwrap();
    }
    let marker = Gone::of(&deleted, NOON + Duration::HOUR).unwrap();
    gone.put(&marker).await.unwrap();
    items.remove(&deleted.key()).await.unwrap();
    assert_eq!(changed(&items, "03", None).await, ids(&[&other, &deleted]));
}

async fn a_shard_is_read_in_pages<I>(items: I, _: impl Put<Gone>)
where
    I: Put<Item> + CatalogItems,
{
    // Some changed at the same time.
    let all: Vec<_> = (0..7)
        .map(|n| item("03", NOON + Duration::seconds(n / 3)))
        .collect();
    for item in &all {
        items.put(item).await.unwrap();
    }
    let (mut found, mut after) = (Vec::new(), None::<CatalogPlace>);
    for _ in 0..10 {
        let page = items
            .changed_since("03", Some(NOON), after.as_ref(), 2)
            .await
            .unwrap();
        assert!(page.items.len() <= 2);
        found.extend(page.items);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let mut expected = ids(&all.iter().collect::<Vec<_>>());
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
}

macro_rules! contract {
    ($($clause:ident),+ $(,)?) => {$(
        mod $clause {
            use super::*;

            #[tokio::test]
            async fn in_memory() {
                let items = MemoryTable::<Item>::default();
                let gone = items.share();
                super::$clause(items, gone).await;
            }

            #[tokio::test]
            async fn in_dynamodb() {
                on_stack(async |stack| {
                    let (items, gone) = stack.items().await;
                    super::$clause(items, gone).await;
                })
                .await;
            }
        }
    )+};
}

contract! {
    a_shard_s_items_come_by_time_of_change,
    what_changed_since_then_is_told_to_the_second,
    a_change_moves_an_item_to_the_end,
    a_deletion_is_a_change,
    a_shard_is_read_in_pages,
}

#[test]
fn every_item_has_one_of_the_shards() {
    let shards: Vec<_> = catalog_shards().collect();
    assert_eq!((shards.len(), shards[7].as_str()), (16, "07"));
    assert!((0..100).all(|_| shards.contains(&catalog_shard(ItemId::new()))));
}
