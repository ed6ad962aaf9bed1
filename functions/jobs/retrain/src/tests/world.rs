//! A small world: people, what they were shown, what they did, and where it all lies.

use std::cell::Cell;

use drape_common::store::{
    Get, Put,
    memory::{Fuse, MemoryBucket, MemoryQueue, MemoryTable},
    queue::Retrain as Asked,
    tables::{DayShowing, DaySignal, Embedding, StyleRow},
};
use drape_domain::{
    Item, ItemId, Showing, ShowingId, Signal, SignalId, SignalKind, Slot, Timestamp, UserId,
    showing::{ShownFeature, ShownOutfit, ShownPiece},
};
use drape_taste::{Style, Summary};
use serde_json::Value;
use time::{Date, Duration, Time, macros::date};
use uuid::{Builder, Uuid};

use crate::{Deadline, Retrain};

/// The day that is learned from.
pub(super) const DAY: Date = date!(2026 - 11 - 22);
/// The model whose vectors count; its name is as long as a real one.
pub(super) const MODEL: &str = "a-network/trained-on-clothes-again-and-again/2-views/512-0badcafe";

pub(super) type App = Retrain<
    MemoryTable<DaySignal>,
    MemoryTable<DayShowing>,
    MemoryTable<Item>,
    MemoryTable<Embedding>,
    MemoryTable<StyleRow>,
    MemoryBucket,
    MemoryQueue<Asked>,
>;

thread_local! {
    /// How often the time was asked for.
    static ASKED: Cell<i64> = const { Cell::new(0) };
    /// The day on which it is asked.
    static TODAY: Cell<Date> = const { Cell::new(date!(2026 - 11 - 23)) };
}

/// Half past one of the day that is today.
pub(super) fn clock() -> Timestamp {
    TODAY.get().with_time(Time::MIDNIGHT).assume_utc() + Duration::minutes(90)
}

/// A second later each time.
pub(super) fn ticking() -> Timestamp {
    ASKED.set(ASKED.get() + 1);
    clock() + Duration::seconds(ASKED.get())
}

/// From now on it is the morning after this day.
pub(super) fn after(day: Date) {
    TODAY.set(day.next_day().unwrap());
}

/// A deadline that never comes.
pub(super) fn plenty() -> Deadline {
    Deadline {
        at: clock() + Duration::days(1),
        clock,
    }
}

/// A deadline after the time has been asked for so many times.
pub(super) fn after_looks(looks: i64) -> Deadline {
    ASKED.set(0);
    Deadline {
        at: clock() + Duration::seconds(120 + looks),
        clock: ticking,
    }
}

pub(super) struct World {
    pub(super) fuse: Fuse,
    pub(super) app: App,
}

fn id(kind: u128, n: u128) -> Uuid {
    // The last byte decides on the shard.
    Uuid::from_u128(kind << 96 | n << 8 | (n % 16))
}

pub(super) fn person(n: u128) -> UserId {
    UserId::from_uuid(id(1, n))
}

pub(super) fn item(n: u128) -> ItemId {
    ItemId::from_uuid(id(2, n))
}

/// When what is answered on a day was shown: on the evening before.
pub(super) fn shown_at(day: Date) -> Timestamp {
    day.with_time(Time::MIDNIGHT).assume_utc() - Duration::hours(5)
}

/// The answer of this number that was given on the evening before a day. As in life, its id tells when.
pub(super) fn showing_id(day: Date, n: u128) -> ShowingId {
    let millis = u64::try_from(shown_at(day).unix_timestamp() * 1_000).unwrap();
    let mut bytes = [0; 10];
    bytes[4..8].copy_from_slice(&u32::try_from(n).unwrap().to_be_bytes());
    ShowingId::from_uuid(Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid())
}

/// The vector of an item.
pub(super) fn vector(n: u128) -> [f32; 4] {
    let n = n as f32;
    [1.0, (n * 0.7).sin(), (n * 1.3).cos(), (n * 2.1).sin()]
}

/// Chance that is the same every time, 0–1.
fn chance(n: u128, salt: u128) -> f32 {
    let mut x = (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ salt.wrapping_mul(0xbf58_476d)) as u64;
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((x ^ (x >> 31)) >> 40) as f32 / (1u64 << 24) as f32
}

impl World {
    pub(super) fn empty() -> Self {
        after(DAY);
        let fuse = Fuse::default();
        let app = Retrain {
            signals: MemoryTable::new(&fuse),
            showings: MemoryTable::new(&fuse),
            items: MemoryTable::new(&fuse),
            embeddings: MemoryTable::new(&fuse),
            styles: MemoryTable::new(&fuse),
            learned: MemoryBucket::new(&fuse),
            queue: MemoryQueue::new(&fuse),
            model: MODEL,
            clock,
        };
        Self { fuse, app }
    }

    /// So many people who were shown three outfits on the day before, and said yes or no to each: what they go
    /// by is how an outfit suits their taste rather than how its pieces suit each other.
    pub(super) async fn with_people(count: u128) -> Self {
        let world = Self::empty();
        world.live(DAY, 0..count).await;
        world
    }

    /// Those people's day: answers about what was shown on the day before.
    pub(super) async fn live(&self, day: Date, people: std::ops::Range<u128>) {
        for n in people {
            let user = person(n);
            let salt = salt(day);
            let outfits: Vec<ShownOutfit> = (0..3)
                .map(|place| outfit(user, n * 3 + place, day))
                .collect();
            for (place, outfit) in outfits.iter().enumerate() {
                let odds = (outfit.features[1].value - 0.5) * 9.0;
                let yes = chance(n * 3 + place as u128, salt + 99) < 1.0 / (1.0 + (-odds).exp());
                let kind = if yes {
                    SignalKind::Like
                } else {
                    SignalKind::Dislike
                };
                self.says(user, kind, Some(outfit), day).await;
            }
            let showing = Showing {
                id: showing_id(day, n),
                user_id: user,
                shown_at: shown_at(day),
                model: "builtin-1".to_owned(),
                index: None,
                occasion: None,
                temp_c: None,
                outfits,
            };
            self.app
                .showings
                .put(&DayShowing::new(showing))
                .await
                .unwrap();
        }
    }

    /// A signal at noon of the day.
    pub(super) async fn says(
        &self,
        user: UserId,
        kind: SignalKind,
        outfit: Option<&ShownOutfit>,
        day: Date,
    ) {
        let created_at = day.with_time(Time::MIDNIGHT).assume_utc() + Duration::hours(12);
        let items = outfit.map_or_else(Vec::new, |outfit| {
            outfit.pieces.iter().map(|piece| piece.item_id).collect()
        });
        let about = outfit.map(|outfit| outfit.id);
        let id = about.map_or_else(Uuid::now_v7, |about| {
            let (kind, day) = (kind as u128, u128::from(day.ordinal()));
            Uuid::from_u128(about.uuid().as_u128() ^ (day << 8 | kind) << 16)
        });
        let signal = Signal {
            id: SignalId::from_uuid(id),
            user_id: user,
            kind,
            recommendation_id: about,
            items,
            created_at,
        };
        self.app.signals.put(&DaySignal::new(signal)).await.unwrap();
    }

    /// The vector of a person's piece.
    pub(super) async fn owns(&self, owner: UserId, n: u128, model: &str) {
        let row = Embedding::new(owner, item(n), model, &vector(n), clock());
        self.app.embeddings.put(&row).await.unwrap();
    }

    /// All vectors of these people's pieces.
    pub(super) async fn wardrobes(&self, people: std::ops::Range<u128>) {
        for n in people.start * 3..people.end * 3 {
            self.owns(person(n / 3), n, MODEL).await;
        }
    }

    pub(super) async fn run(&self, event: Value) -> Value {
        self.app.handle(event, plenty()).await.unwrap()
    }

    pub(super) async fn style(&self, user: UserId) -> Option<Style> {
        let row = self.app.styles.get(&StyleRow::key_of(user)).await.unwrap();
        row.map(|row| Style::from_bytes(&row.style).unwrap())
    }

    /// Everything that a run leaves.
    pub(super) fn left(&self) -> (Vec<Value>, Vec<(String, Vec<u8>)>) {
        let learned = &self.app.learned;
        let objects = learned
            .keys()
            .into_iter()
            .map(|key| {
                let bytes = learned.bytes(&key).unwrap();
                (key, bytes)
            })
            .collect();
        (self.app.styles.dump(), objects)
    }

    pub(super) fn json(&self, key: &str) -> Value {
        serde_json::from_slice(&self.app.learned.bytes(key).unwrap()).unwrap()
    }
}

fn salt(day: Date) -> u128 {
    u128::from(day.to_julian_day().unsigned_abs())
}

/// Of one piece of the person's, to be answered on a day: one of the three of its answer.
pub(super) fn outfit(user: UserId, n: u128, day: Date) -> ShownOutfit {
    let values = [1, 2, 3, 4].map(|part| 0.2 + 0.6 * chance(n, salt(day) * 8 + part));
    let names = drape_taste::Parts::NAMES;
    ShownOutfit {
        id: showing_id(day, n / 3).outfit(u8::try_from(n % 3).unwrap() + 1),
        pieces: vec![ShownPiece {
            item_id: item(n),
            owner_id: user,
            slot: Slot::Dress,
        }],
        score: f64::from(values[0]),
        propensity: 1.0,
        features: names
            .iter()
            .zip(values)
            .map(|(name, value)| ShownFeature {
                name: (*name).to_owned(),
                value,
                contribution: 0.0,
            })
            .collect(),
        explain: Vec::new(),
    }
}

/// What is kept of all that was learned from up to this day.
pub(super) fn memory(world: &World, day: Date) -> Summary {
    let bytes = world
        .app
        .learned
        .bytes(&format!("learning/{day}/memory.bin"));
    Summary::from_bytes(&bytes.unwrap()).unwrap()
}
