//! Records: written, read, changed, removed and listed.

use std::sync::Arc;

use drape_common::store::{
    Create, Get, GetMany, Key, List, Put, PutNewer, Record, Remove, Revised, Save,
    memory::MemoryTable,
    tables::{DayShowing, DaySignal, Embedding, Login, Reservation, Session, StyleRow},
};
use drape_domain::{Item, TryOn, User};

use crate::{aws::on_stack, samples::Sample};

async fn nothing_is_there_before_it_is_written<R: Sample>(store: impl Get<R>) {
    assert_eq!(store.get(&R::sample().key()).await.unwrap(), None);
}

async fn a_record_is_read_as_it_was_written<R: Sample>(store: impl Create<R> + Get<R>) {
    let record = R::sample();
    assert!(store.create(&record).await.unwrap());
    assert_eq!(store.get(&record.key()).await.unwrap(), Some(record));
}

async fn creating_never_writes_over_a_record<R: Sample>(store: impl Create<R> + Get<R>) {
    let record = R::sample();
    assert!(store.create(&record).await.unwrap());
    assert!(!store.create(&record.altered()).await.unwrap());
    assert_eq!(store.get(&record.key()).await.unwrap(), Some(record));
}

async fn of_many_creators_one_wins<R: Sample>(store: impl Create<R> + Clone + 'static) {
    let record = Arc::new(R::sample());
    let racers: Vec<_> = (0..8)
        .map(|_| {
            let (store, record) = (store.clone(), record.clone());
            tokio::spawn(async move { store.create(&*record).await.unwrap() })
        })
        .collect();
    let mut winners = 0;
    for racer in racers {
        winners += u32::from(racer.await.unwrap());
    }
    assert_eq!(winners, 1);
}

async fn putting_writes_whatever_was_there<R: Sample>(store: impl Put<R> + Get<R>) {
    let record = R::sample();
    store.put(&record).await.unwrap();
    store.put(&record.altered()).await.unwrap();
    let stored = store.get(&record.key()).await.unwrap();
    assert_eq!(stored, Some(record.altered()));
}

async fn removing_takes_one_record_and_can_be_repeated<R: Sample>(
    store: impl Put<R> + Get<R> + Remove<R>,
) {
    let record = R::sample();
    let neighbour = record.next();
    store.put(&record).await.unwrap();
    store.put(&neighbour).await.unwrap();
    for _ in 0..2 {
        store.remove(&record.key()).await.unwrap();
        assert_eq!(store.get(&record.key()).await.unwrap(), None);
    }
    let stored = store.get(&neighbour.key()).await.unwrap();
    assert_eq!(stored, Some(neighbour));
}

async fn many_are_read_at_once_and_missing_ones_left_out<R: Sample>(
    store: impl Put<R> + GetMany<R>,
) {
    let mut records = vec![R::sample()];
    while records.len() < 60 {
        records.push(records[records.len() - 1].next());
    }
    let keys: Vec<Key<R>> = records.iter().map(Record::key).collect();
    assert_eq!(store.get_many(&keys).await.unwrap(), []);
    let (written, _missing) = records.split_at(45);
    for record in written {
        store.put(record).await.unwrap();
    }
    let read = store.get_many(&keys).await.unwrap();
    assert_eq!(read.len(), 45);
    assert!(written.iter().all(|record| read.contains(record)));
    assert_eq!(store.get_many(&[]).await.unwrap(), []);
}

async fn saving_counts_the_writes<R: Sample + Revised>(store: impl Create<R> + Get<R> + Save<R>) {
    let record = R::sample();
    store.create(&record).await.unwrap();
    let mut changed = record.altered();
    assert!(store.save(&mut changed).await.unwrap());
    assert_eq!(changed.revision(), record.revision() + 1);
    assert!(store.save(&mut changed).await.unwrap());
    assert_eq!(changed.revision(), record.revision() + 2);
    assert_eq!(store.get(&record.key()).await.unwrap(), Some(changed));
}

async fn saving_over_a_newer_write_is_refused<R: Sample + Revised>(
    store: impl Create<R> + Get<R> + Save<R>,
) {
    let record = R::sample();
    store.create(&record).await.unwrap();
    let mut newer = record.altered();
    assert!(store.save(&mut newer).await.unwrap());
    let mut late = record.clone();
    assert!(!store.save(&mut late).await.unwrap());
    assert_eq!(late, record, "a refused record is as it was");
    assert_eq!(store.get(&record.key()).await.unwrap(), Some(newer));
}

async fn saving_brings_nothing_back<R: Sample + Revised>(
    store: impl Create<R> + Get<R> + Save<R> + Remove<R>,
) {
    let mut record = R::sample();
    assert!(!store.save(&mut record).await.unwrap(), "never created");
    store.create(&record).await.unwrap();
    store.remove(&record.key()).await.unwrap();
    assert!(!store.save(&mut record).await.unwrap(), "removed");
    assert_eq!(store.get(&record.key()).await.unwrap(), None);
}

async fn of_many_savers_one_wins<R: Sample + Revised>(
    store: impl Create<R> + Get<R> + Save<R> + Clone + 'static,
) {
    let record = R::sample();
    store.create(&record).await.unwrap();
    let racers: Vec<_> = (0..8)
        .map(|_| {
            let (store, mut record) = (store.clone(), record.altered());
            tokio::spawn(async move { store.save(&mut record).await.unwrap() })
        })
        .collect();
    let mut winners = 0;
    for racer in racers {
        winners += u32::from(racer.await.unwrap());
    }
    assert_eq!(winners, 1);
    let stored = store.get(&record.key()).await.unwrap().unwrap();
    assert_eq!(stored.revision(), record.revision() + 1);
}

async fn pages_are_newest_first_and_lose_and_double_nothing<R: Sample>(
    store: impl Put<R> + List<R>,
) {
    let mut records = vec![R::sample()];
    while records.len() < 12 {
        records.push(records[records.len() - 1].next());
    }
    // Written in another order than they are read in.
    for record in records
        .iter()
        .step_by(2)
        .chain(records.iter().skip(1).step_by(2))
    {
        store.put(record).await.unwrap();
    }
    let partition = records[0].key().partition;
    // Sixteen people share a partition of the day's signals.
    let stranger = std::iter::repeat_with(R::sample)
        .find(|stranger| stranger.key().partition != partition)
        .unwrap();
    store.put(&stranger).await.unwrap();
    records.reverse();

    for limit in [1, 4, 5, 12, 100] {
        let (mut read, mut after, mut pages) = (Vec::new(), None, 0);
        loop {
            let page = store.list(&partition, after.as_deref(), limit);
            let page = page.await.unwrap();
            assert!(page.records.len() <= limit);
            read.extend(page.records);
            pages += 1;
            after = page.next;
            if after.is_none() {
                break;
            }
            assert!(pages < 20, "the pages do not end");
        }
        let of_others = |record: &&R| record.key().partition != partition;
        assert_eq!(read.iter().find(of_others), None);
        assert_eq!(read, records, "in pages of {limit}");
        assert_eq!(
            pages,
            records.len().div_ceil(limit),
            "the last page says that it is"
        );
    }
}

async fn a_cursor_outlives_its_record<R: Sample>(store: impl Put<R> + List<R> + Remove<R>) {
    let first = R::sample();
    let (second, third) = (first.next(), first.next());
    for record in [&first, &second, &third] {
        store.put(record).await.unwrap();
    }
    let partition = first.key().partition;
    let page = store.list(&partition, None, 2).await.unwrap();
    assert_eq!(page.records, [third, second.clone()]);
    store.remove(&second.key()).await.unwrap();
    let rest = store.list(&partition, page.next.as_deref(), 2);
    assert_eq!(rest.await.unwrap().records, [first]);
}

async fn an_empty_partition_is_one_empty_page<R: Sample>(store: impl List<R>) {
    let page = store.list("nobody", None, 10).await.unwrap();
    assert_eq!((page.records, page.next), (vec![], None));
}

async fn removed_records_are_not_listed<R: Sample>(store: impl Put<R> + List<R> + Remove<R>) {
    let record = R::sample();
    let kept = record.next();
    store.put(&record).await.unwrap();
    store.put(&kept).await.unwrap();
    store.remove(&record.key()).await.unwrap();
    let page = store.list(&record.key().partition, None, 10).await.unwrap();
    assert_eq!(page.records, [kept]);
}

/// Each clause of the contract as a test, over a table in memory and one in DynamoDB.
macro_rules! clauses {
    ($record:ty: $($clause:ident),+ $(,)?) => {$(
        mod $clause {
            use super::*;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn in_memory() {
                super::super::$clause::<$record>(MemoryTable::default()).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn in_dynamodb() {
                on_stack(async |stack| super::super::$clause::<$record>(stack.table().await).await).await;
            }
        }
    )+};
}

macro_rules! contract {
    ($($name:ident: $record:ty $(, $extra:ident)*;)+) => {$(
        mod $name {
            use super::*;

            clauses! { $record:
                nothing_is_there_before_it_is_written,
                a_record_is_read_as_it_was_written,
                creating_never_writes_over_a_record,
                of_many_creators_one_wins,
                putting_writes_whatever_was_there,
                removing_takes_one_record_and_can_be_repeated,
                many_are_read_at_once_and_missing_ones_left_out,
            }
            $(contract!(@$extra $record);)*
        }
    )+};
    (@revised $record:ty) => {
        clauses! { $record:
            saving_counts_the_writes,
            saving_over_a_newer_write_is_refused,
            saving_brings_nothing_back,
            of_many_savers_one_wins,
        }
    };
    (@listed $record:ty) => {
        clauses! { $record:
            pages_are_newest_first_and_lose_and_double_nothing,
            a_cursor_outlives_its_record,
            an_empty_partition_is_one_empty_page,
            removed_records_are_not_listed,
        }
    };
}

contract! {
    user: User, revised;
    login: Login;
    session: Session, revised;
    reservation: Reservation;
    item: Item, revised, listed;
    embedding: Embedding, listed;
    tryon: TryOn, revised, listed;
    day_signal: DaySignal, listed;
    day_showing: DayShowing, listed;
    style: StyleRow, revised;
}

async fn a_page_may_be_larger_than_one_answer(store: impl Put<Embedding> + List<Embedding>) {
    // 40 times 40 KB; DynamoDB answers at most 1 MB at once.
    let mut row = Embedding::sample();
    for _ in 0..40 {
        row = Embedding {
            vector: vec![7; 40_000],
            ..row.next()
        };
        store.put(&row).await.unwrap();
    }
    let partition = row.key().partition;
    let page = store.list(&partition, None, 100).await.unwrap();
    assert_eq!((page.records.len(), page.next), (40, None));
}

#[tokio::test]
async fn a_page_may_be_larger_than_one_answer_in_memory() {
    a_page_may_be_larger_than_one_answer(MemoryTable::default()).await;
}

#[tokio::test]
async fn a_page_may_be_larger_than_one_answer_in_dynamodb() {
    on_stack(async |stack| a_page_may_be_larger_than_one_answer(stack.table().await).await).await;
}

async fn vectors_are_kept_bit_by_bit(store: impl Put<Embedding> + Get<Embedding>) {
    // Every byte value, and floats that text would lose.
    let mut row = Embedding::sample();
    row.vector = (0..=255).cycle().take(2048).collect();
    let special = [f32::NAN, -0.0, f32::MIN_POSITIVE / 2.0, f32::MAX];
    for (place, value) in row.vector.chunks_exact_mut(4).zip(special) {
        place.copy_from_slice(&value.to_le_bytes());
    }
    store.put(&row).await.unwrap();
    let stored = store.get(&row.key()).await.unwrap().unwrap();
    assert_eq!(stored.vector, row.vector);
    let bits = |row: &Embedding| -> Vec<u32> { row.floats().iter().map(|x| x.to_bits()).collect() };
    assert_eq!(bits(&stored), bits(&row));
}

#[tokio::test]
async fn vectors_are_kept_bit_by_bit_in_memory() {
    vectors_are_kept_bit_by_bit(MemoryTable::default()).await;
}

#[tokio::test]
async fn vectors_are_kept_bit_by_bit_in_dynamodb() {
    on_stack(async |stack| {
        let name = stack.named_table::<Embedding>().await;
        let client = stack.aws.dynamodb();
        vectors_are_kept_bit_by_bit(drape_common::store::dynamo::Table::new(
            &client,
            name.clone(),
        ))
        .await;
        // As a binary attribute: a list of numbers would cost five times the space.
        let rows = client.scan().table_name(name).send().await.unwrap();
        let vector = &rows.items()[0]["vector"];
        assert_eq!(vector.as_b().unwrap().as_ref().len(), 2048);
    })
    .await;
}

async fn an_older_record_never_takes_the_place_of_a_newer_one(
    store: impl Put<Embedding> + PutNewer<Embedding> + Get<Embedding> + Remove<Embedding>,
) {
    let of = |item_revision, row: &Embedding| Embedding {
        item_revision,
        ..row.clone()
    };
    let row = Embedding::sample();
    let (second, third) = (of(2, &row), of(3, &row.altered()));
    assert!(store.put_newer(&second).await.unwrap(), "nothing there");
    assert!(store.put_newer(&second).await.unwrap(), "the same again");
    assert!(store.put_newer(&third).await.unwrap(), "a newer one");
    assert!(!store.put_newer(&second).await.unwrap(), "an older one");
    assert_eq!(store.get(&row.key()).await.unwrap(), Some(third));
    // Ten is more than nine, as numbers go.
    for revision in [9, 10] {
        assert!(store.put_newer(&of(revision, &row)).await.unwrap());
    }
    store.remove(&row.key()).await.unwrap();
    assert!(store.put_newer(&second).await.unwrap(), "removed");
}

#[tokio::test]
async fn an_older_record_never_takes_the_place_of_a_newer_one_in_memory() {
    an_older_record_never_takes_the_place_of_a_newer_one(MemoryTable::default()).await;
}

#[tokio::test]
async fn an_older_record_never_takes_the_place_of_a_newer_one_in_dynamodb() {
    on_stack(async |stack| {
        an_older_record_never_takes_the_place_of_a_newer_one(stack.table().await).await;
    })
    .await;
}
