//! Whatever is written, and whenever, the next to ask is told of it.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use drape_common::{
    store::{Get, Page, Put, PutNewer, Record, Remove, Save, memory::MemoryTable},
    testing::ready_item,
};
use drape_domain::Timestamp;
use time::Duration;

use super::*;

/// What happens to a wardrobe, a write at a time.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Deed {
    /// A new garment: the vector first.
    Arrives,
    /// One goes into the wash.
    Washed,
    /// Its photo is cleaned again: the vector first.
    Recleaned,
    /// One is thrown out: the item first.
    Leaves,
}

const DEEDS: [Deed; 4] = [Deed::Arrives, Deed::Washed, Deed::Recleaned, Deed::Leaves];
/// A deed has at most so many writes.
const WRITES: usize = 2;

#[derive(Debug, Clone)]
struct World {
    owner: UserId,
    items: MemoryTable<Item>,
    embeddings: MemoryTable<Embedding>,
    /// How many calls have begun or ended, and after how many of them each write happens.
    moment: Arc<AtomicUsize>,
    plan: [usize; WRITES],
    deed: Option<Deed>,
    /// Items are read after the vectors beside them.
    items_come_late: bool,
    lists: Arc<AtomicUsize>,
    subject: ItemId,
}

fn vector_of(item: &Item, values: &[f32], at: Timestamp) -> Embedding {
    Embedding {
        item_revision: item.revision,
        ..Embedding::new(item.owner_id, item.item_id, "test", values, at)
    }
}

impl World {
    async fn with(count: usize) -> Self {
        let owner = UserId::new();
        let (items, embeddings) = (MemoryTable::default(), MemoryTable::default());
        let mut subject = ItemId::new();
        for _ in 0..count {
            let item = ready_item(owner);
            subject = item.item_id;
            let row = vector_of(&item, &[1.0, 0.0], Timestamp::UNIX_EPOCH);
            embeddings.put(&row).await.unwrap();
            items.put(&item).await.unwrap();
        }
        Self {
            owner,
            items,
            embeddings,
            moment: Arc::default(),
            plan: [usize::MAX; WRITES],
            deed: None,
            items_come_late: false,
            lists: Arc::default(),
            subject,
        }
    }

    /// The `write`-th write of a deed.
    async fn write(&self, deed: Deed, write: usize) {
        let key = drape_common::store::tables::item_key(self.owner, self.subject);
        let mut item = self.items.get(&key).await.unwrap();
        let later = Timestamp::UNIX_EPOCH + Duration::hours(1);
        match (deed, write, &mut item) {
            (Deed::Arrives, 0, _) => {
                let mut new = ready_item(self.owner);
                new.item_id = ItemId::from_uuid(self.owner.uuid());
                let row = vector_of(&new, &[0.0, 1.0], Timestamp::UNIX_EPOCH);
                self.embeddings.put(&row).await.unwrap();
            }
            (Deed::Arrives, _, _) => {
                let mut new = ready_item(self.owner);
                new.item_id = ItemId::from_uuid(self.owner.uuid());
                self.items.put(&new).await.unwrap();
            }
            (Deed::Washed, 0, Some(item)) => {
                item.in_wash = true;
                assert!(self.items.save(item).await.unwrap());
            }
            (Deed::Recleaned, 0, Some(item)) => {
                let row = vector_of(item, &[0.0, 1.0], later);
                assert!(self.embeddings.put_newer(&row).await.unwrap());
            }
            (Deed::Recleaned, _, Some(item)) => {
                if let Some(reference) = &mut item.embedding {
                    reference.updated_at = later;
                }
                assert!(self.items.save(item).await.unwrap());
            }
            (Deed::Leaves, 0, Some(item)) => self.items.remove(&item.key()).await.unwrap(),
            (Deed::Leaves, _, _) => {
                let key = Embedding::key_of(self.owner, self.subject);
                self.embeddings.remove(&key).await.unwrap();
            }
            _ => {}
        }
    }

    /// A call begins or ends: what is planned for this moment happens.
    async fn pass(&self) {
        let now = self.moment.fetch_add(1, Ordering::SeqCst);
        let Some(deed) = self.deed else { return };
        for (write, planned) in self.plan.iter().enumerate() {
            if *planned == now {
                self.write(deed, write).await;
            }
        }
    }

    /// What was planned for later happens now.
    async fn end(&self) {
        let now = self.moment.swap(usize::MAX / 2, Ordering::SeqCst);
        let Some(deed) = self.deed else { return };
        for (write, planned) in self.plan.iter().enumerate() {
            if *planned >= now {
                self.write(deed, write).await;
            }
        }
    }

    async fn ask(&self, wardrobes: &Wardrobes) -> Arc<Wardrobe> {
        wardrobes.of(self.owner, self, self).await.unwrap()
    }

    /// What nobody keeps.
    async fn now(&self) -> Wardrobe {
        read(self.owner, &self.items, &self.embeddings, None, PAGE)
            .await
            .unwrap()
    }
}

impl List<Item> for World {
    async fn list(
        &self,
        partition: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<Item>, StoreError> {
        self.lists.fetch_add(1, Ordering::SeqCst);
        if self.items_come_late {
            tokio::task::yield_now().await;
        }
        self.pass().await;
        let page = self.items.list(partition, after, limit).await;
        self.pass().await;
        page
    }
}

impl List<Embedding> for World {
    async fn list(
        &self,
        partition: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<Embedding>, StoreError> {
        self.pass().await;
        let page = self.embeddings.list(partition, after, limit).await;
        self.pass().await;
        page
    }
}

impl Revisions for World {
    async fn revisions(&self, owner: UserId) -> Result<Vec<(ItemId, u64)>, StoreError> {
        self.pass().await;
        let revisions = self.items.revisions(owner).await;
        self.pass().await;
        revisions
    }
}

/// All that the recommender gets to see.
fn content(wardrobe: &Wardrobe) -> Vec<(ItemId, bool, Option<Vec<f32>>)> {
    let pieces = wardrobe.pieces();
    pieces
        .iter()
        .map(|piece| {
            let vector = piece.vector.map(<[f32]>::to_vec);
            (piece.item.item_id, piece.item.in_wash, vector)
        })
        .collect()
}

#[tokio::test]
async fn no_write_at_any_moment_of_a_reading_is_missed_by_the_next() {
    const MOMENTS: usize = 14;
    let mut tried = 0;
    for deed in DEEDS {
        for (first, second) in (0..MOMENTS).flat_map(|a| (a..MOMENTS).map(move |b| (a, b))) {
            for case in 0..8 {
                let [is_kept, items_come_late, is_large] = [1, 2, 4].map(|bit| case & bit != 0);
                // Given a wardrobe of one page or three, that is kept in the instance or not yet
                let mut world = World::with(3).await;
                let wardrobes = Wardrobes::new(MAX_BYTES, if is_large { 1 } else { PAGE });
                if is_kept {
                    world.ask(&wardrobes).await;
                }
                world.moment.store(0, Ordering::SeqCst);
                world.items_come_late = items_come_late;
                world.plan = [first, second];
                world.deed = Some(deed);
                // When somebody writes while it is read
                world.ask(&wardrobes).await;
                world.end().await;
                // Then the next reading finds what was written
                let (found, now) = (world.ask(&wardrobes).await, world.now().await);
                let case = format!("{deed:?} at {first}, {second}; {case}");
                assert_eq!(content(&found), content(&now), "{case}");
                assert_eq!(found.name(), now.name(), "{case}");
                tried += 1;
            }
        }
    }
    assert_eq!(tried, 4 * 105 * 8);
}

#[tokio::test]
async fn what_has_not_changed_is_not_read_again() {
    let world = World::with(5).await;
    let wardrobes = Wardrobes::default();
    let first = world.ask(&wardrobes).await;
    let again = world.ask(&wardrobes).await;
    assert!(Arc::ptr_eq(&first, &again));
    assert_eq!(world.lists.load(Ordering::SeqCst), 1);
    assert_eq!(first.pieces().len(), 5);
}

#[tokio::test]
async fn those_who_asked_longest_ago_make_room() {
    let worlds = [
        World::with(10).await,
        World::with(10).await,
        World::with(10).await,
    ];
    let size = worlds[0].now().await.bytes;
    let wardrobes = Wardrobes::new(size * 5 / 2, PAGE);
    // Given room for two, and the first asked again before the third
    for world in [&worlds[0], &worlds[1], &worlds[0], &worlds[2]] {
        world.ask(&wardrobes).await;
    }
    for (world, is_kept) in worlds.iter().zip([true, false, true]) {
        assert_eq!(wardrobes.kept(world.owner).is_some(), is_kept);
    }
    assert!(wardrobes.kept.lock().unwrap().bytes <= wardrobes.limit);
}

#[tokio::test]
async fn a_wardrobe_too_large_to_keep_is_read_each_time() {
    let world = World::with(10).await;
    let wardrobes = Wardrobes::new(100, PAGE);
    for _ in 0..3 {
        assert_eq!(world.ask(&wardrobes).await.pieces().len(), 10);
    }
    assert_eq!(world.lists.load(Ordering::SeqCst), 3);
    assert_eq!(wardrobes.kept.lock().unwrap().bytes, 0);
}

#[tokio::test]
async fn of_a_wardrobe_beyond_all_bounds_the_newest_are_searched() {
    let world = World::with(0).await;
    let mut ids = Vec::new();
    for _ in 0..MAX_ITEMS + 5 {
        let item = ready_item(world.owner);
        ids.push(item.item_id);
        world.items.put(&item).await.unwrap();
    }
    let wardrobes = Wardrobes::default();
    let wardrobe = world.ask(&wardrobes).await;
    assert_eq!(wardrobe.pieces().len(), MAX_ITEMS);
    assert!(wardrobe.item(ids[5]).is_some() && wardrobe.item(ids[4]).is_none());
    assert!(Arc::ptr_eq(&wardrobe, &world.ask(&wardrobes).await));
}

#[tokio::test]
async fn a_large_wardrobe_is_read_in_pages_side_by_side_and_whole() {
    let world = World::with(50).await;
    for page in [1, 7, 25, 49, 50, 51] {
        world.lists.store(0, Ordering::SeqCst);
        let found = world.ask(&Wardrobes::new(MAX_BYTES, page)).await;
        assert_eq!(content(&found), content(&world.now().await));
        assert_eq!(
            world.lists.load(Ordering::SeqCst),
            50_usize.div_ceil(page),
            "{page}"
        );
    }
}

#[tokio::test]
async fn items_are_found_by_id() {
    let world = World::with(4).await;
    let mut waiting = ready_item(world.owner);
    waiting.status = ItemStatus::Processing;
    world.items.put(&waiting).await.unwrap();
    let wardrobe = world.now().await;
    assert!(wardrobe.item(world.subject).is_some());
    assert!(wardrobe.item(waiting.item_id).is_none() && wardrobe.holds(waiting.item_id));
    assert!(wardrobe.item(ItemId::new()).is_none() && !wardrobe.holds(ItemId::new()));
}
