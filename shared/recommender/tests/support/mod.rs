//! Wardrobes for tests and measurements.
#![allow(dead_code, clippy::unwrap_used)]

use drape_domain::{
    Background, Category, Color, Item, ItemId, ItemStatus, Pattern, Prefs, Signal, SignalId,
    SignalKind, Slot, Timestamp, UserId,
    color::NAMED,
    item::{EmbeddingRef, ImageType, Typed, Upload},
};
use drape_index::{Builder, Catalog, Entry, Memory, Segment, Traits};
use drape_recommender::{Answer, Context, Outfit, Piece, Request};
use time::{Duration, macros::datetime};
use uuid::Uuid;

pub(crate) const NOW: Timestamp = datetime!(2026-11-23 08:00 UTC);

/// An item and its vector.
#[derive(Debug, Clone)]
pub(crate) struct Owned {
    pub(crate) item: Item,
    pub(crate) vector: Option<Vec<f32>>,
}

pub(crate) fn id(n: usize) -> ItemId {
    ItemId::from_uuid(Uuid::from_u128(n as u128))
}

/// A ready item of this category and colour.
pub(crate) fn owned(n: usize, category: Category, color: &str) -> Owned {
    let typed = Typed {
        category: Some(category),
        colors: Some(vec![Color {
            name: color.into(),
            hex: drape_domain::color::named(color).unwrap(),
            share: 1.0,
        }]),
        pattern: Some(Pattern::Solid),
        ..Typed::default()
    };
    let upload = Upload {
        content_type: ImageType::Jpeg,
        content_length: 10,
    };
    let owner = UserId::from_uuid(Uuid::from_u128(1));
    let mut item = Item::new(owner, typed, Background::Clean, upload, NOW);
    item.item_id = id(n);
    item.status = ItemStatus::Ready;
    item.embedding = Some(EmbeddingRef {
        model: MODEL.into(),
        dim: 512,
        updated_at: NOW,
    });
    Owned { item, vector: None }
}

/// `size` items with random categories, colours and vectors, in the proportions of a usual wardrobe.
pub(crate) fn random(size: usize, dim: usize, seed: u64) -> Vec<Owned> {
    use Category::*;
    const MIX: [Category; 26] = [
        TShirt, TShirt, TShirt, Shirt, Shirt, Blouse, Polo, Top, Longsleeve, Hoodie, Sweater,
        Undershirt, Pants, Pants, Pants, Shorts, Skirt, Dress, Dress, Outerwear, Blazer, Shoes,
        Shoes, Hat, Bag, Accessory,
    ];
    let mut rng = fastrand::Rng::with_seed(seed);
    (0..size)
        .map(|n| {
            let mut owned = owned(
                n + 1,
                MIX[rng.usize(..MIX.len())],
                NAMED[rng.usize(..NAMED.len())].0,
            );
            // Embeddings of clothes share much: a common part, and a part of their own.
            owned.vector = Some(
                (0..dim)
                    .map(|k| 0.5 + 0.3 * (k % 3) as f32 + rng.f32() - 0.5)
                    .collect(),
            );
            owned
        })
        .collect()
}

pub(crate) fn signal(n: usize, kind: SignalKind, items: &[usize], days_ago: i64) -> Signal {
    Signal {
        id: SignalId::from_uuid(Uuid::from_u128(n as u128)),
        user_id: UserId::from_uuid(Uuid::from_u128(1)),
        kind,
        recommendation_id: None,
        items: items.iter().map(|n| id(*n)).collect(),
        created_at: NOW - Duration::days(days_ago),
    }
}

pub(crate) fn pieces(wardrobe: &[Owned]) -> Vec<Piece<'_>> {
    wardrobe
        .iter()
        .map(|owned| Piece {
            item: &owned.item,
            vector: owned.vector.as_deref(),
            reading: None,
        })
        .collect()
}

/// With the usual options, but what was worn lately may come again.
pub(crate) fn ask(
    wardrobe: &[Owned],
    prefs: &Prefs,
    history: &[Signal],
    context: &Context,
    limit: usize,
) -> Answer {
    drape_recommender::recommend(&Request {
        history,
        limit,
        avoid_repeat_days: 0,
        ..Request::new(&pieces(wardrobe), prefs, context)
    })
}

pub(crate) fn items(outfit: &Outfit) -> Vec<ItemId> {
    outfit.pieces.iter().map(|piece| piece.item).collect()
}

pub(crate) fn slots(outfit: &Outfit) -> Vec<Slot> {
    outfit.pieces.iter().map(|piece| piece.slot).collect()
}

/// The model of all items' embeddings in tests.
pub(crate) const MODEL: &str = "m";
/// The boutique that offers everything.
pub(crate) fn boutique() -> UserId {
    UserId::from_uuid(Uuid::from_u128(2))
}

/// What a boutique would offer it as: its vector, or zeros with a one where there is none.
pub(crate) fn entry(owned: &Owned, dim: usize, popularity: f32) -> Entry {
    let words = owned.item.typed.title.iter();
    let words = words.flat_map(|title| drape_learn::words::of_title(title.as_str()));
    let mut plain = vec![0.0; dim];
    plain[0] = 1.0;
    Entry {
        item: owned.item.item_id,
        owner: boutique(),
        traits: Traits::of(&owned.item, words.collect(), popularity),
        vector: owned.vector.clone().unwrap_or(plain),
    }
}

pub(crate) fn catalog(
    model: &str,
    dim: usize,
    entries: impl IntoIterator<Item = Entry>,
) -> Catalog {
    let mut builder = Builder::new(model, dim, "1").unwrap();
    for entry in entries {
        builder.push(entry).unwrap();
    }
    let mut file = Vec::new();
    builder.write(&mut file).unwrap();
    let segment = Segment::open(Memory::from(file.as_slice()), model, dim).unwrap();
    Catalog::new(segment, Vec::new()).unwrap()
}
