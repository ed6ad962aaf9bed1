//! What boutiques sell, where there is much of it: published as an index, and found row by row in the tables.

use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};
use bytes::Bytes;
use drape_common::{
    hash,
    live::{File, INDEX, IndexNote, Pointer},
    testing::ready_item,
};
use drape_domain::{
    Category, Currency, Item, ItemId, Money, Role, Text, Timestamp, User, UserId, color::NAMED,
};
use drape_index::{Builder, Entry, Traits};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::world::{self, LEARNED, Object};

/// What the vectors are said to be made by.
pub(crate) const MODEL: &str = "bench";
/// How many numbers a vector has.
pub(crate) const DIM: usize = 512;
const BOUTIQUES: u128 = 50;
const VERSION: &str = "20261123T174502Z-00000000";
const KINDS: [Category; 12] = [
    Category::Shirt,
    Category::TShirt,
    Category::Blouse,
    Category::Pants,
    Category::Skirt,
    Category::Shorts,
    Category::Dress,
    Category::Shoes,
    Category::Outerwear,
    Category::Hat,
    Category::Bag,
    Category::Accessory,
];

/// Keys with what is there.
type Objects = Vec<(String, Object)>;

/// Items for sale. Only one of them is kept; the others differ from it in what is computed from their ids.
#[derive(Debug)]
pub(crate) struct Shelf {
    count: usize,
    now: Timestamp,
    example: Item,
}

impl Shelf {
    pub(crate) fn new(count: usize, now: Timestamp) -> Result<Self> {
        let mut example = ready_item(owner(0));
        example.typed.price = Some(Money::new(1_250_000, Currency::Ngn)?);
        example.typed.title = Some(Text::try_from("From a boutique")?);
        example.catalog = Some("0".to_owned());
        Ok(Self {
            count,
            now,
            example,
        })
    }

    fn item(&self, number: usize) -> Item {
        let mut item = self.example.clone();
        item.item_id = id(number);
        item.owner_id = owner(number);
        if let Some(inferred) = &mut item.inferred {
            inferred.category = KINDS[number % KINDS.len()];
            let (name, hex) = NAMED[number % NAMED.len()];
            if let Some(color) = inferred.colors.first_mut() {
                (color.name, color.hex) = (name.to_owned(), hex);
            }
        }
        item
    }

    /// A row of `items`, if its key is one of an item for sale.
    pub(crate) fn row(&self, table: &str, key: &Map<String, Value>) -> Option<Value> {
        let wanted: ItemId = key.get("item_id")?["S"].as_str()?.parse().ok()?;
        let number = usize::try_from(wanted.uuid().as_u128().checked_sub(FIRST)?).ok()?;
        let known = table == "items" && number < self.count;
        known.then(|| world::row(&self.item(number)).ok()).flatten()
    }

    /// The accounts that sell.
    pub(crate) fn boutiques(&self) -> Result<Vec<User>> {
        let name = |number| Text::try_from(format!("Boutique {number}").as_str());
        let account = |number| {
            Ok(User {
                id: owner(number),
                ..User::new(
                    format!("boutique-{number}@example.com"),
                    name(number)?,
                    Role::Boutique,
                    self.now,
                )
            })
        };
        (0..BOUTIQUES as usize).map(account).collect()
    }

    /// The index and its pointer, and the same as plain files for the peer in Python. Made once for each count, for
    /// it takes half a gigabyte.
    pub(crate) fn published(&self) -> Result<Objects> {
        static MADE: Mutex<Vec<(usize, Objects)>> = Mutex::new(Vec::new());
        let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, objects)) = made.iter().find(|(count, _)| *count == self.count) {
            return Ok(objects.clone());
        }
        let objects = self.publish()?;
        made.push((self.count, objects.clone()));
        Ok(objects)
    }

    fn publish(&self) -> Result<Objects> {
        let mut builder = Builder::new(MODEL, DIM, VERSION)?;
        let (mut vectors, mut items) = (Vec::with_capacity(self.count * DIM * 4), Vec::new());
        for number in 0..self.count {
            let item = self.item(number);
            let vector = vector(number);
            vectors.extend(vector.iter().flat_map(|value| value.to_le_bytes()));
            items.push(json!([
                item.item_id,
                item.owner_id,
                item.slot().as_str(),
                item.colors().first().map(|color| color.hex)
            ]));
            builder.push(Entry {
                item: item.item_id,
                owner: item.owner_id,
                traits: Traits::of(&item, Vec::new(), 0.0),
                vector,
            })?;
        }
        let mut index = Vec::new();
        builder.write(&mut index)?;
        let key = format!("{INDEX}/{VERSION}/base.idx");
        let note = IndexNote {
            model: MODEL.to_owned(),
            dim: DIM,
            base_rows: self.count,
            base_made_at: self.now,
            delta_rows: 0,
            delta_gone: 0,
        };
        let pointer = Pointer {
            version: VERSION.to_owned(),
            files: vec![File {
                key: key.clone(),
                length: index.len() as u64,
                sha256: hash::hex(&index),
            }],
            previous: None,
            made_at: self.now,
            held: false,
            note: serde_json::to_value(note).context("the index's note")?,
        };
        let object = |bytes: Vec<u8>| Object {
            content_type: "application/octet-stream",
            bytes: Bytes::from(bytes),
        };
        let place = |key: &str| format!("{LEARNED}/{key}");
        Ok(vec![
            (place(&key), object(index)),
            (
                place(&format!("{INDEX}/current.json")),
                object(serde_json::to_vec(&pointer)?),
            ),
            (place("peer/vectors.f32"), object(vectors)),
            (
                place("peer/items.json"),
                object(serde_json::to_vec(&items)?),
            ),
        ])
    }
}

/// Ids from here on are of items for sale.
const FIRST: u128 = 0x01a2_0000_0000_7000_8000_0000_0000_0000;

fn id(number: usize) -> ItemId {
    ItemId::from_uuid(Uuid::from_u128(FIRST + number as u128))
}

fn owner(number: usize) -> UserId {
    UserId::from_uuid(Uuid::from_u128(
        FIRST + (1 << 40) + number as u128 % BOUTIQUES,
    ))
}

/// A unit vector near one of 97 others.
fn vector(number: usize) -> Vec<f32> {
    let mut centre = fastrand::Rng::with_seed(number as u64 % 97);
    let mut own = fastrand::Rng::with_seed(1_000 + number as u64);
    let raw: Vec<f32> = (0..DIM)
        .map(|_| centre.f32() - 0.5 + 0.7 * (own.f32() - 0.5))
        .collect();
    let length = raw.iter().map(|value| value * value).sum::<f32>().sqrt();
    raw.into_iter().map(|value| value / length).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_for_sale_is_found_by_its_key_and_others_are_not() {
        let shelf = Shelf::new(20, Timestamp::UNIX_EPOCH).unwrap();
        let key = |item: ItemId| json!({ "item_id": { "S": item } });
        let row = |item| shelf.row("items", key(item).as_object().unwrap());
        assert_eq!(row(id(7)).unwrap()["item_id"]["S"], json!(id(7)));
        assert_eq!(row(id(20)), None);
        assert_eq!(row(ItemId::new()), None);
    }

    #[test]
    fn what_is_published_is_an_index_of_all_items() {
        let shelf = Shelf::new(30, Timestamp::UNIX_EPOCH).unwrap();
        let published = shelf.published().unwrap();
        let (_, index) = &published[0];
        let memory = drape_index::Memory::from(&index.bytes[..]);
        let segment = drape_index::Segment::open(memory, MODEL, DIM).unwrap();
        assert_eq!(segment.len(), 30);
    }
}
