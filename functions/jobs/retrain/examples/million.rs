//! A day of a million signals through the real job: what it takes of time and memory. `make bench-learning`.
//!
//! People, what they were shown and what they said about it are made up while they are read, so that only the
//! job's own memory counts; what it leaves goes to files. There is no network, so its calls are counted.
#![allow(clippy::print_stdout, clippy::expect_used, clippy::unwrap_used)]

use std::{
    ops::RangeInclusive,
    path::PathBuf,
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use cpu_time::ProcessTime;
use drape_common::{
    date,
    store::{
        Create, Get, GetMany, Key, List, Page, Record, Save, StoreError,
        blob::{
            DeleteObject, Expected, GetObject, HeadObject, ListKeys, Object, ObjectHead, PutIf,
            PutObject,
        },
        memory::MemoryQueue,
        queries::RecentSignals,
        queue,
        tables::{DAY_SHARDS, DayShowing, DaySignal, Embedding, StyleRow},
    },
};
use drape_domain::{
    Background, Category, Item, ItemId, Showing, ShowingId, Signal, SignalId, SignalKind, Slot,
    Text, Timestamp, UserId,
    item::{ImageType, Typed, Upload},
    showing::{ShownFeature, ShownOutfit, ShownPiece},
};
use drape_taste::{Model, Parts, Style};
use retrain::{Deadline, Report, Retrain};
use serde_json::json;
use time::{Date, Duration, Time};
use uuid::{Builder, Uuid};

/// The features that are logged with an outfit.
static FEATURES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let builtin = Model::builtin();
    let others = builtin.explorer.names().iter().skip(Parts::NAMES.len());
    let parts = Parts::NAMES.into_iter().map(str::to_owned);
    parts.chain(others.cloned()).collect()
});
/// Outfits of an answer, each of three pieces.
const OUTFITS: u64 = 3;
/// Answers to one person in a day.
const ANSWERS_EACH: u64 = 4;
/// One signal in so many comes late.
const LATE: u64 = 50;
/// Pieces of a wardrobe.
const WARDROBE: u64 = 60;
/// Components of a vector.
const DIM: u64 = 512;
const MODEL: &str = "made-up";

static PAGES: AtomicU64 = AtomicU64::new(0);
static BATCHES: AtomicU64 = AtomicU64::new(0);
static WRITES: AtomicU64 = AtomicU64::new(0);

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// The same bits for the same number, and no others (SplitMix64).
const fn chance(n: u64) -> u64 {
    let mut z = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// 0–1.
fn share(n: u64) -> f32 {
    (chance(n) >> 40) as f32 / (1u64 << 24) as f32
}

fn id(kind: u64, n: u64, shard: u64) -> Uuid {
    Uuid::from_u128(u128::from(kind) << 112 | u128::from(n) << 16 | u128::from(shard))
}

/// The number of an answer or a signal.
fn order(id: Uuid) -> u64 {
    (id.as_u128() >> 16) as u64 & 0xff_ffff_ffff
}

fn number(of: Date) -> u64 {
    u64::from(of.to_julian_day().unsigned_abs())
}

/// People, and the days on which they do something.
struct World {
    days: RangeInclusive<Date>,
    /// Signals of a day and shard: one about each outfit.
    signals: u64,
}

/// A day's shard.
#[derive(Clone, Copy)]
struct Shard {
    day: Date,
    shard: u64,
}

impl Shard {
    fn seed(self, n: u64) -> u64 {
        chance(number(self.day) << 40 ^ n << 8 ^ self.shard)
    }

    /// To whom the answer of this number was given.
    fn user(self, answer: u64) -> UserId {
        UserId::from_uuid(id(1, answer / ANSWERS_EACH, self.shard))
    }

    fn at(self, hour: i64) -> Timestamp {
        self.day.with_time(Time::MIDNIGHT).assume_utc() + Duration::hours(hour)
    }

    /// As in life, its id tells when; and here also which it is.
    fn showing_id(self, n: u64) -> ShowingId {
        let millis = self.at(7).unix_timestamp() as u64 * 1_000;
        let mut bytes = [0; 10];
        bytes[1] = self.shard as u8;
        bytes[3..8].copy_from_slice(&n.to_be_bytes()[3..]);
        ShowingId::from_uuid(Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid())
    }

    fn showing(self, n: u64) -> DayShowing {
        DayShowing::new(Showing {
            id: self.showing_id(n),
            user_id: self.user(n),
            shown_at: self.at(7),
            model: "builtin-1".to_owned(),
            index: Some("20261122T000000Z".to_owned()),
            occasion: Some("work".to_owned()),
            temp_c: Some(28.0),
            outfits: (0..OUTFITS)
                .map(|place| self.outfit(n * OUTFITS + place))
                .collect(),
        })
    }

    fn outfit(self, n: u64) -> ShownOutfit {
        let (seed, answer) = (self.seed(n), n / OUTFITS);
        let wardrobe = answer / ANSWERS_EACH * WARDROBE;
        let pieces = [Slot::Top, Slot::Bottom, Slot::Shoes].into_iter().zip(0..);
        ShownOutfit {
            id: self.showing_id(answer).outfit((n % OUTFITS) as u8 + 1),
            pieces: pieces
                .map(|(slot, place)| ShownPiece {
                    item_id: ItemId::from_uuid(id(
                        4,
                        wardrobe + chance(seed ^ place) % WARDROBE,
                        self.shard,
                    )),
                    owner_id: self.user(answer),
                    slot,
                })
                .collect(),
            score: f64::from(share(seed)),
            propensity: if n % OUTFITS == 2 { 0.2 } else { 1.0 },
            features: FEATURES
                .iter()
                .zip(1..)
                .map(|(name, which)| ShownFeature {
                    name: name.clone(),
                    value: share(seed ^ which << 32),
                    contribution: 0.1,
                })
                .collect(),
            explain: vec![
                "matches your color palette".to_owned(),
                "great for 28 °C".to_owned(),
            ],
        }
    }

    /// The better an outfit suits their taste, the likelier a person says yes to it. One signal in fifty is about what
    /// was shown two days before.
    fn signal(self, n: u64) -> DaySignal {
        let shown = Self {
            day: self.day - Duration::days(if n.is_multiple_of(LATE) { 2 } else { 0 }),
            ..self
        };
        let outfit = shown.outfit(n);
        let odds = (outfit.features[1].value - 0.5) * 6.0;
        let yes = share(!self.seed(n)) < 1.0 / (1.0 + (-odds).exp());
        DaySignal::new(Signal {
            id: SignalId::from_uuid(id(5, n, self.shard)),
            user_id: self.user(n / OUTFITS),
            kind: if yes {
                SignalKind::Like
            } else {
                SignalKind::Skipped
            },
            recommendation_id: Some(outfit.id),
            items: outfit.pieces.iter().map(|piece| piece.item_id).collect(),
            created_at: self.at(8),
        })
    }
}

impl World {
    /// A page of so many records in all, newest first.
    fn page<R: Record>(
        &self,
        (partition, after, limit): (&str, Option<&str>, usize),
        all: u64,
        make: impl Fn(Shard, u64) -> R,
    ) -> Page<R> {
        count(&PAGES);
        let (day, shard) = partition.split_once('#').unwrap();
        let (day, shard) = (date::parse(day).unwrap(), shard.parse().unwrap());
        let all = if self.days.contains(&day) { all } else { 0 };
        let end = after.map_or(all, |after| {
            let uuid: Uuid = after.parse().unwrap();
            order(uuid)
        });
        let start = end.saturating_sub(limit as u64);
        let shard = Shard { day, shard };
        let records: Vec<R> = (start..end).rev().map(|n| make(shard, n)).collect();
        let last = records.last().filter(|_| start > 0);
        let next = last.and_then(|last| last.key().sort);
        Page { records, next }
    }
}

impl List<DayShowing> for World {
    async fn list(
        &self,
        partition: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<DayShowing>, StoreError> {
        Ok(self.page(
            (partition, after, limit),
            self.signals.div_ceil(OUTFITS),
            Shard::showing,
        ))
    }
}

impl List<DaySignal> for World {
    async fn list(
        &self,
        partition: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<DaySignal>, StoreError> {
        Ok(self.page((partition, after, limit), self.signals, Shard::signal))
    }
}

impl Get<DayShowing> for World {
    async fn get(&self, key: &Key<DayShowing>) -> Result<Option<DayShowing>, StoreError> {
        count(&BATCHES);
        let (day, shard) = key.partition.split_once('#').unwrap();
        let (day, shard) = (date::parse(day).unwrap(), shard.parse().unwrap());
        let id: Uuid = key.sort.as_deref().unwrap().parse().unwrap();
        let is_there = self.days.contains(&day);
        Ok(is_there.then(|| Shard { day, shard }.showing(order(id))))
    }
}

impl RecentSignals for World {
    async fn recent_signals(&self, user: UserId, _: usize) -> Result<Vec<Signal>, StoreError> {
        count(&BATCHES);
        let (person, shard) = (order(user.uuid()), user.uuid().as_u128() as u64 & 0xffff);
        let each = ANSWERS_EACH * OUTFITS;
        let all = person * each..((person + 1) * each).min(self.signals);
        let mut days = Vec::new();
        let mut day = *self.days.end();
        while self.days.contains(&day) {
            days.push(Shard { day, shard });
            day -= Duration::days(1);
        }
        let signals = days
            .iter()
            .flat_map(|day| all.clone().map(|n| day.signal(n).signal));
        Ok(signals.collect())
    }

    async fn worn_since(&self, user: UserId, since: Timestamp) -> Result<Vec<Signal>, StoreError> {
        let mut signals = self.recent_signals(user, usize::MAX).await?;
        signals.retain(|signal| signal.kind == SignalKind::Worn && signal.created_at >= since);
        Ok(signals)
    }
}

impl GetMany<Embedding> for World {
    async fn get_many(&self, keys: &[Key<Embedding>]) -> Result<Vec<Embedding>, StoreError> {
        count(&BATCHES);
        let vectors = keys.iter().map(|key| {
            let item: ItemId = key.sort.as_deref().unwrap().parse().unwrap();
            let seed = chance(item.uuid().as_u128() as u64);
            let vector: Vec<f32> = (0..DIM).map(|n| share(seed ^ n) - 0.3).collect();
            let owner = key.partition.parse().unwrap();
            Embedding::new(owner, item, MODEL, &vector, Timestamp::UNIX_EPOCH)
        });
        Ok(vectors.collect())
    }
}

impl GetMany<Item> for World {
    async fn get_many(&self, keys: &[Key<Item>]) -> Result<Vec<Item>, StoreError> {
        count(&BATCHES);
        let items = keys.iter().map(|key| {
            let item_id: ItemId = key.sort.as_deref().unwrap().parse().unwrap();
            let seed = chance(item_id.uuid().as_u128() as u64);
            let category = [Category::Shirt, Category::Pants, Category::Shoes][seed as usize % 3];
            let typed = Typed {
                title: Text::try_from(format!("piece of kind {}", seed % 200)).ok(),
                category: Some(category),
                ..Typed::default()
            };
            let upload = Upload {
                content_type: ImageType::Jpeg,
                content_length: 1,
            };
            let owner = key.partition.parse().unwrap();
            let made = Timestamp::UNIX_EPOCH;
            let item = Item::new(owner, typed, Background::Clean, upload, made);
            Item { item_id, ..item }
        });
        Ok(items.collect())
    }
}

/// Everybody has a style already; what is written is forgotten.
struct Styles {
    style: Vec<u8>,
    through: Date,
}

impl Styles {
    fn row(&self, key: &Key<StyleRow>) -> StyleRow {
        StyleRow {
            user_id: key.partition.parse().unwrap(),
            model: MODEL.to_owned(),
            style: self.style.clone(),
            weight: 3.0,
            through: self.through,
            updated_at: Timestamp::UNIX_EPOCH,
            revision: 1,
        }
    }
}

impl Get<StyleRow> for Styles {
    async fn get(&self, key: &Key<StyleRow>) -> Result<Option<StyleRow>, StoreError> {
        Ok(Some(self.row(key)))
    }
}

impl GetMany<StyleRow> for Styles {
    async fn get_many(&self, keys: &[Key<StyleRow>]) -> Result<Vec<StyleRow>, StoreError> {
        count(&BATCHES);
        Ok(keys.iter().map(|key| self.row(key)).collect())
    }
}

impl Create<StyleRow> for Styles {
    async fn create(&self, _: &StyleRow) -> Result<bool, StoreError> {
        count(&WRITES);
        Ok(true)
    }
}

impl Save<StyleRow> for Styles {
    async fn save(&self, _: &mut StyleRow) -> Result<bool, StoreError> {
        count(&WRITES);
        Ok(true)
    }
}

/// Objects as files.
struct Files(PathBuf);

impl Files {
    fn path(&self, key: &str) -> PathBuf {
        self.0.join(key.replace('/', "_"))
    }
}

impl HeadObject for Files {
    async fn head(&self, key: &str) -> Result<Option<ObjectHead>, StoreError> {
        let file = std::fs::metadata(self.path(key)).ok();
        Ok(file.map(|file| ObjectHead {
            etag: file.len().to_string(),
            length: file.len(),
            content_type: None,
        }))
    }
}

impl GetObject for Files {
    async fn get_object(&self, key: &str, _: u64) -> Result<Option<Object>, StoreError> {
        let head = self.head(key).await?;
        Ok(head.map(|head| Object {
            head,
            bytes: std::fs::read(self.path(key)).unwrap(),
        }))
    }
}

impl PutObject for Files {
    async fn put_object(
        &self,
        key: &str,
        _: &'static str,
        bytes: Vec<u8>,
    ) -> Result<(), StoreError> {
        count(&WRITES);
        std::fs::write(self.path(key), bytes).map_err(|error| StoreError::new("write", error))
    }
}

impl ListKeys for Files {
    async fn list_keys(&self, _: &str) -> Result<Vec<String>, StoreError> {
        Ok(Vec::new())
    }
}

impl DeleteObject for Files {
    async fn delete_object(&self, _: &str) -> Result<(), StoreError> {
        Ok(())
    }
}

impl PutIf for Files {
    async fn put_if(
        &self,
        key: &str,
        content_type: &'static str,
        bytes: Vec<u8>,
        _: &Expected,
    ) -> Result<bool, StoreError> {
        self.put_object(key, content_type, bytes)
            .await
            .map(|()| true)
    }
}

/// The most memory that this process has held, where the system tells.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.map_or_else(|| "unknown".to_owned(), |kib| format!("{} MiB", kib / 1024))
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let folder = std::env::temp_dir().join(format!("drape-million-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let yesterday = (Timestamp::now_utc() - Duration::days(1)).date();
    let through = yesterday - Duration::days(9);
    let world = |signals| World {
        days: yesterday - Duration::days(2)..=yesterday,
        signals: signals / u64::from(DAY_SHARDS),
    };
    let mut style = Style::new(MODEL);
    let vector: Vec<f32> = (0..DIM).map(share).collect();
    style
        .update(MODEL, through, [(2.0, vector.as_slice())])
        .unwrap();
    let style = style.to_bytes().unwrap();
    let retrain = |signals| Retrain {
        signals: world(signals),
        showings: world(signals),
        items: world(signals),
        embeddings: world(signals),
        styles: Styles {
            style: style.clone(),
            through,
        },
        learned: Files(folder.clone()),
        queue: MemoryQueue::<queue::Retrain>::default(),
        model: MODEL,
        clock: Timestamp::now_utc,
    };
    // A lesser day first, so that there is a memory and a model.
    for (signals, ago) in [(50_000, 1), (1_000_000, 0)] {
        let (day, retrain) = (yesterday - Duration::days(ago), retrain(signals));
        for counter in [&PAGES, &BATCHES, &WRITES] {
            counter.store(0, Ordering::Relaxed);
        }
        let (started, computed) = (Instant::now(), ProcessTime::now());
        let deadline = Deadline {
            at: Timestamp::now_utc() + Duration::days(1),
            clock: Timestamp::now_utc,
        };
        let event = json!({ "day": day.to_string() });
        let answer = retrain.handle(event, deadline).await.unwrap();
        let report: Report = serde_json::from_value(answer).unwrap();
        let (took, computed) = (started.elapsed(), computed.elapsed());
        let [pages, batches, writes] =
            [&PAGES, &BATCHES, &WRITES].map(|n| n.load(Ordering::Relaxed));
        let learned = &report.training;
        println!("a day of {signals} signals, beside as many of the day before");
        println!(
            "  {:.0} s, {:.0} s of them on the processor",
            took.as_secs_f64(),
            computed.as_secs_f64()
        );
        println!("  {} of memory at most so far", peak());
        println!("  {pages} pages and {batches} batches read, {writes} rows and objects written");
        println!(
            "  {} signals, {} of them late, {} examples, {} kept",
            learned.counts.signals,
            learned.counts.late,
            learned.counts.examples,
            learned.material.examples
        );
        println!(
            "  {} liked outfits; {}",
            learned.scorer.outfits, learned.scorer.why
        );
        println!(
            "  promoted: {}; {}",
            report.promoted(),
            learned.evaluation.decision.why
        );
    }
    for file in std::fs::read_dir(&folder).unwrap() {
        let (file, day) = (file.unwrap(), yesterday.to_string());
        let name = file.file_name().into_string().unwrap();
        if name.contains(&day) && (name.contains("shard-00") || name.contains("memory")) {
            println!("  {name}: {} KiB", file.metadata().unwrap().len() / 1024);
        }
    }
    std::fs::remove_dir_all(folder).unwrap();
}
