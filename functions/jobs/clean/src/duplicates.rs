//! The same garment, photographed twice. It is told and no more: both items stay.
//!
//! The newer of two items points to the older one. Whichever is worked on last sees the vectors of both, since
//! each run stores its own before it reads the others; so it marks the newer one, whether that is its own item
//! or not. A mark may outlive the item that it points to: whoever shows it looks whether that is still there.

use drape_common::store::{
    Get, List, Save, StoreError, change,
    tables::{Embedding, item_key},
};
use drape_domain::{Item, ItemId, Timestamp, UserId};
use drape_vision::embed::{DUPLICATE_LIKENESS, likeness};

/// The newest vectors that are looked through.
const MOST: usize = 2_000;
/// Vectors read at a time; about 1 MB.
const PAGE: usize = 500;
/// Newer items that one run marks at most.
const MOST_MARKED: usize = 10;

/// Items that show the garment of this vector.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Alike {
    /// The most alike of the older ones.
    pub(crate) older: Option<ItemId>,
    /// The newer ones, the oldest first.
    pub(crate) newer: Vec<ItemId>,
}

/// Looks through the owner's vectors. Those of other models are not compared: they mean something else.
pub(crate) async fn find(
    vectors: &impl List<Embedding>,
    of: &Embedding,
) -> Result<Alike, StoreError> {
    let (partition, own) = (of.owner_id.to_string(), of.floats());
    let mut alike = Alike::default();
    let mut most = DUPLICATE_LIKENESS;
    let (mut after, mut read) = (None::<String>, 0);
    while read < MOST {
        let page = vectors.list(&partition, after.as_deref(), PAGE).await?;
        read += page.records.len();
        for other in page.records {
            if other.model != of.model || other.item_id == of.item_id {
                continue;
            }
            let likeness = likeness(&own, &other.floats());
            if other.item_id > of.item_id {
                if likeness >= DUPLICATE_LIKENESS {
                    alike.newer.push(other.item_id);
                }
            } else if likeness >= most {
                // Of those that are just as alike, the oldest.
                (alike.older, most) = (Some(other.item_id), likeness);
            }
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    alike.newer.reverse();
    alike.newer.truncate(MOST_MARKED);
    Ok(alike)
}

/// Marks newer items that show the same garment as this one.
pub(crate) async fn mark(
    items: &(impl Get<Item> + Save<Item>),
    owner: UserId,
    newer: &[ItemId],
    as_duplicates_of: ItemId,
    now: Timestamp,
) -> Result<(), StoreError> {
    for id in newer {
        change(items, &item_key(owner, *id), |item| {
            item.mark_duplicate(as_duplicates_of, now)
        })
        .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use drape_common::store::{Put, memory::MemoryTable};

    use super::*;

    fn row(owner: UserId, model: &str, angle: f32) -> Embedding {
        let vector = [angle.cos(), angle.sin()];
        let now = Timestamp::UNIX_EPOCH;
        Embedding::new(owner, ItemId::new(), model, &vector, now)
    }

    async fn alike(of: &Embedding, others: &[&Embedding]) -> Alike {
        let table = MemoryTable::default();
        for other in others.iter().chain([&of]) {
            table.put(*other).await.unwrap();
        }
        find(&table, of).await.unwrap()
    }

    #[tokio::test]
    async fn the_most_alike_of_the_older_ones_is_found() {
        let owner = UserId::new();
        let (near, nearest, far) = (
            row(owner, "m", 0.02),
            row(owner, "m", 0.01),
            row(owner, "m", 1.2),
        );
        let own = row(owner, "m", 0.0);
        let found = alike(&own, &[&near, &nearest, &far]).await;
        assert_eq!(found.older, Some(nearest.item_id));
        assert_eq!(alike(&own, &[&far]).await, Alike::default());
    }

    #[tokio::test]
    async fn of_two_that_are_just_as_alike_it_is_the_older() {
        let owner = UserId::new();
        let (first, second) = (row(owner, "m", 0.0), row(owner, "m", 0.0));
        let own = row(owner, "m", 0.0);
        let found = alike(&own, &[&first, &second]).await;
        assert_eq!(found.older, Some(first.item_id));
    }

    #[tokio::test]
    async fn newer_ones_are_found_the_oldest_first_and_not_without_end() {
        let owner = UserId::new();
        let own = row(owner, "m", 0.0);
        let newer: Vec<_> = (0..12).map(|_| row(owner, "m", 0.0)).collect();
        let found = alike(&own, &newer.iter().collect::<Vec<_>>()).await;
        let ids: Vec<_> = newer.iter().take(10).map(|row| row.item_id).collect();
        assert_eq!((found.older, found.newer), (None, ids));
    }

    #[tokio::test]
    async fn vectors_of_other_models_people_and_of_the_item_itself_are_not_compared() {
        let owner = UserId::new();
        let (model, person) = (row(owner, "other", 0.0), row(UserId::new(), "m", 0.0));
        let own = row(owner, "m", 0.0);
        assert_eq!(alike(&own, &[&model, &person]).await, Alike::default());
    }

    #[tokio::test]
    async fn a_large_wardrobe_is_read_in_pages_and_not_to_its_end() {
        let owner = UserId::new();
        let table = MemoryTable::default();
        let too_old = row(owner, "m", 0.0);
        table.put(&too_old).await.unwrap();
        let old = row(owner, "m", 0.01);
        table.put(&old).await.unwrap();
        for _ in 0..MOST - 2 {
            table.put(&row(owner, "m", 1.2)).await.unwrap();
        }
        let own = row(owner, "m", 0.0);
        table.put(&own).await.unwrap();
        let found = find(&table, &own).await.unwrap();
        assert_eq!(found.older, Some(old.item_id));
    }
}
