//! What the functions find when they are measured: the person, wardrobe, try-on and photos that the example
//! events speak of, each in the state in which its event makes sense.

use std::collections::HashMap;

use anyhow::{Context, Result};
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use drape_common::{
    password, sessions,
    store::{
        Record, StoreError,
        blob::keys,
        memory::MemoryTable,
        tables::{Embedding, Login, Session},
    },
    testing::ready_item,
    tokens::TokenKeys,
};
use drape_domain::{
    Category, Item, ItemId, ItemStatus, Role, Text, Timestamp, TryOn, User, UserId,
    color::NAMED,
    item::Upload,
    tryon::{Rendered, TryOnItem},
};
use serde_dynamo::AttributeValue;
use serde_json::{Value, json};

use crate::{
    photos::Photos,
    shelf::{DIM, MODEL, Shelf},
};

/// The example ids in `events/`.
const USER: &str = "01a20297-4dc0-7c21-9f60-3a1d7e5b0c11";
const SESSION: &str = "01a207bc-bf60-7d05-8c3e-5b0f6a9d2e42";
const ITEM: &str = "01a20786-bb40-7e93-a5d2-7c4e8f1a6b30";
const SECOND_ITEM: &str = "01a20787-a5a0-7a17-b8e4-1f9d3c5a7e61";
const PHOTO: &str = "01a207bd-3490-7f4c-8a35-2e7b9d1c5f84";
const TRYON: &str = "01a207bd-9a20-7b6f-9e21-6d8a2c4f0b73";
const EMAIL: &str = "shopper@example.com";
const PASSWORD: &str = "a long enough passphrase";
const STAGE: &str = "local";
const UPLOADS: &str = "drape-local-uploads-000000000000";
const MEDIA: &str = "drape-local-media-000000000000";
pub(crate) const LEARNED: &str = "drape-local-learned-000000000000";
/// Garments in the wardrobe, where nothing else is said.
const WARDROBE: usize = 40;

/// How large a world is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scale {
    /// Garments in the wardrobe.
    pub(crate) wardrobe: usize,
    /// Items that boutiques sell, in a published index.
    pub(crate) sold: usize,
}

impl Default for Scale {
    fn default() -> Self {
        Self {
            wardrobe: WARDROBE,
            sold: 0,
        }
    }
}

/// The value that a function finds in a variable of the template. None if it is not known here.
pub(crate) fn variable(name: &str, aws: &str) -> Option<String> {
    Some(match name {
        "STAGE" => STAGE.to_owned(),
        "UPLOADS_BUCKET" => UPLOADS.to_owned(),
        "MEDIA_BUCKET" => MEDIA.to_owned(),
        "LEARNED_BUCKET" => LEARNED.to_owned(),
        "TOKEN_SECRET_ID" => "drape/local/token-key".to_owned(),
        "OPEN_METEO_URL" => format!("http://{aws}/open-meteo"),
        _ => match name.strip_suffix("_QUEUE_URL") {
            Some(queue) => format!("http://{aws}/000000000000/{}", queue.to_lowercase()),
            None => name.strip_suffix("_TABLE")?.to_lowercase(),
        },
    })
}

/// An object in S3.
#[derive(Debug, Clone)]
pub(crate) struct Object {
    pub(crate) content_type: &'static str,
    pub(crate) bytes: Bytes,
}

/// Rows, objects and the secret.
#[derive(Debug)]
pub(crate) struct World {
    /// Table and row, as DynamoDB writes rows.
    pub(crate) rows: Vec<(String, Value)>,
    /// By `bucket/key`.
    pub(crate) objects: HashMap<String, Object>,
    pub(crate) secret: String,
    /// What boutiques sell.
    pub(crate) shelf: Option<Shelf>,
}

/// What only the world of one run knows: tokens for the events that carry one.
#[derive(Debug)]
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

/// The world in which the event of `function` makes sense.
///
/// # Errors
/// When a password cannot be hashed or a token not be signed.
pub(crate) async fn of(function: &str, photos: &Photos, scale: Scale) -> Result<(World, Tokens)> {
    let now = Timestamp::now_utc();
    let secret = "k".repeat(64);
    let keys = TokenKeys::new(std::slice::from_ref(&secret), STAGE);
    let person = user(now)?;

    let mut rows = Rows::default();
    rows.add("users", &person)?;
    let login = Login {
        id: Login::key_of(EMAIL).partition,
        user_id: person.id,
        password_hash: password::hash(PASSWORD)?,
    };
    rows.add("users", &login)?;
    let (refresh, session) = open_session(&keys, &person, now).await?;
    let signed_in = Session {
        id: SESSION.parse()?,
        ..session.clone()
    };
    let access = keys.issue(person.id, signed_in.id, person.role, now)?;
    rows.add("sessions", &signed_in)?;
    rows.add("sessions", &session)?;

    let mut objects = HashMap::new();
    let mut store = |bucket: &str, key: String, content_type, bytes: &Bytes| {
        objects.insert(
            format!("{bucket}/{key}"),
            Object {
                content_type,
                bytes: bytes.clone(),
            },
        );
    };
    for item in wardrobe(function, person.id, photos, scale.wardrobe, now)? {
        let place = |file| keys::item_image(item.owner_id, item.item_id, file);
        store(
            UPLOADS,
            keys::item_upload(item.owner_id, item.item_id),
            "image/jpeg",
            &photos.garment,
        );
        store(MEDIA, place(keys::CLEAN), "image/png", &photos.cutout);
        let vector = vector(item.item_id);
        rows.add(
            "embeddings",
            &Embedding::new(item.owner_id, item.item_id, MODEL, &vector, now),
        )?;
        rows.add("items", &item)?;
    }
    let tryon = tryon(function, person.id, now)?;
    store(UPLOADS, tryon.body_key.clone(), "image/jpeg", &photos.body);
    rows.add("tryons", &tryon)?;
    let shelf = if scale.sold > 0 {
        let shelf = Shelf::new(scale.sold, now)?;
        for boutique in shelf.boutiques()? {
            rows.add("users", &boutique)?;
        }
        objects.extend(shelf.published()?);
        Some(shelf)
    } else {
        None
    };
    Ok((
        World {
            rows: rows.0,
            objects,
            secret,
            shelf,
        },
        Tokens { access, refresh },
    ))
}

fn user(now: Timestamp) -> Result<User> {
    Ok(User {
        id: USER.parse()?,
        ..User::new(
            EMAIL.to_owned(),
            Text::try_from("Shopper")?,
            Role::User,
            now,
        )
    })
}

/// A refresh token, and the row of its sign-in.
async fn open_session(keys: &TokenKeys, user: &User, now: Timestamp) -> Result<(String, Session)> {
    let sessions = MemoryTable::<Session>::default();
    let tokens = sessions::open(&sessions, keys, user, now).await?;
    let row = sessions
        .dump()
        .into_iter()
        .next()
        .context("the session was not stored")?;
    Ok((tokens.refresh_token, serde_json::from_value(row)?))
}

/// Garments of every kind; the first two are those of the events.
fn wardrobe(
    function: &str,
    owner: UserId,
    photos: &Photos,
    count: usize,
    now: Timestamp,
) -> Result<Vec<Item>> {
    const KINDS: [Category; 8] = [
        Category::Shirt,
        Category::Pants,
        Category::Shoes,
        Category::TShirt,
        Category::Dress,
        Category::Shorts,
        Category::Outerwear,
        Category::Bag,
    ];
    let named: [ItemId; 2] = [ITEM.parse()?, SECOND_ITEM.parse()?];
    let mut items = Vec::with_capacity(count);
    for at in 0..count {
        let mut item = ready_item(owner);
        if let Some(id) = named.get(at) {
            item.item_id = *id;
        }
        item.upload = Upload {
            content_length: photos.garment.len() as u64,
            ..item.upload
        };
        item.images.clean = Some(keys::item_image(owner, item.item_id, keys::CLEAN));
        if let (Some(inferred), Some(kind)) = (&mut item.inferred, KINDS.get(at % KINDS.len())) {
            inferred.category = *kind;
            if let (Some(color), Some((name, hex))) =
                (inferred.colors.first_mut(), NAMED.get(at * 7 % NAMED.len()))
            {
                (color.name, color.hex) = ((*name).to_owned(), *hex);
            }
        }
        if let Some(embedding) = &mut item.embedding {
            MODEL.clone_into(&mut embedding.model);
            embedding.dim = DIM as u32;
            embedding.updated_at = now;
        }
        items.push(item);
    }
    if let Some(first) = items.first_mut() {
        let status = match function {
            "item-image-uploaded" => Some(ItemStatus::AwaitingUpload),
            "clean" => Some(ItemStatus::Processing),
            _ => None,
        };
        if let Some(status) = status {
            *first = Item {
                status,
                processed: None,
                inferred: None,
                embedding: None,
                images: Default::default(),
                ..first.clone()
            };
        }
    }
    Ok(items)
}

/// 512 components that differ from item to item, of unit length.
fn vector(item: ItemId) -> Vec<f32> {
    let seed = item
        .uuid()
        .as_bytes()
        .iter()
        .fold(1.0, |sum, byte| sum + f32::from(*byte));
    let raw: Vec<f32> = (0..DIM as u16)
        .map(|at| (f32::from(at) * seed * 0.001).sin())
        .collect();
    let length = raw.iter().map(|x| x * x).sum::<f32>().sqrt();
    raw.iter().map(|x| x / length).collect()
}

fn tryon(function: &str, user_id: UserId, now: Timestamp) -> Result<TryOn> {
    let items = vec![TryOnItem {
        item_id: ITEM.parse()?,
        title: "Blue shirt".to_owned(),
        boutique: None,
        price: None,
        skipped: None,
    }];
    let body_key = keys::body_upload(user_id, PHOTO.parse()?);
    let mut tryon = TryOn {
        id: TRYON.parse()?,
        ..TryOn::new(user_id, body_key, items, now)
    };
    if function != "render" {
        let picture = Rendered::picture(keys::render(user_id, tryon.id), 0.8, "bench");
        tryon.finish(picture, now);
    }
    Ok(tryon)
}

#[derive(Debug, Default)]
struct Rows(Vec<(String, Value)>);

impl Rows {
    fn add(&mut self, table: &str, record: &impl Record) -> Result<()> {
        self.0.push((table.to_owned(), row(record)?));
        Ok(())
    }
}

/// A record as DynamoDB's protocol writes its row.
pub(crate) fn row(record: &impl Record) -> Result<Value> {
    let row = serde_dynamo::to_attribute_value(record)
        .map_err(|error| StoreError::new("make row", error))?;
    Ok(written(row)["M"].take())
}

/// A value as DynamoDB's protocol writes it. Records have no sets.
fn written(value: AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => json!({ "S": text }),
        AttributeValue::N(number) => json!({ "N": number }),
        AttributeValue::Bool(is) => json!({ "BOOL": is }),
        AttributeValue::B(bytes) => json!({ "B": BASE64_STANDARD.encode(bytes) }),
        AttributeValue::L(values) => {
            json!({ "L": values.into_iter().map(written).collect::<Vec<_>>() })
        }
        AttributeValue::M(values) => {
            let values = values
                .into_iter()
                .map(|(name, value)| (name, written(value)));
            json!({ "M": values.collect::<serde_json::Map<_, _>>() })
        }
        _ => json!({ "NULL": true }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn photos() -> Photos {
        let photo = Bytes::from_static(b"photo");
        Photos {
            garment: photo.clone(),
            cutout: photo.clone(),
            body: photo,
        }
    }

    #[tokio::test]
    async fn rows_are_written_as_dynamodb_writes_them() {
        let (world, _) = of("item-get", &photos(), Scale::default()).await.unwrap();
        let (_, item) = world
            .rows
            .iter()
            .find(|(table, _)| table == "items")
            .unwrap();
        assert_eq!(item["item_id"]["S"], ITEM);
        assert_eq!(item["revision"]["N"], "1");
        assert_eq!(item["typed"]["M"]["title"], json!({ "NULL": true }));
        let (_, vector) = world
            .rows
            .iter()
            .find(|(table, _)| table == "embeddings")
            .unwrap();
        let bytes = BASE64_STANDARD
            .decode(vector["vector"]["B"].as_str().unwrap())
            .unwrap();
        assert_eq!(bytes.len(), 4 * 512);
    }

    #[tokio::test]
    async fn each_event_finds_its_item_in_the_state_it_is_about() {
        let status = async |function: &str| {
            let (world, _) = of(function, &photos(), Scale::default()).await.unwrap();
            let rows = world.rows.into_iter().filter(|(table, _)| table == "items");
            let items: Vec<_> = rows
                .map(|(_, row)| row["status"]["S"].as_str().unwrap().to_owned())
                .collect();
            (items.len(), items.first().cloned().unwrap())
        };
        assert_eq!(status("item-get").await, (WARDROBE, "ready".to_owned()));
        assert_eq!(status("item-image-uploaded").await.1, "awaiting_upload");
        assert_eq!(status("clean").await.1, "processing");
    }

    #[test]
    fn variables_have_values_by_their_kind() {
        let value = |name| variable(name, "127.0.0.1:1");
        assert_eq!(value("ITEMS_TABLE").as_deref(), Some("items"));
        assert_eq!(
            value("CLEAN_QUEUE_URL").as_deref(),
            Some("http://127.0.0.1:1/000000000000/clean")
        );
        assert_eq!(value("UPLOADS_BUCKET").as_deref(), Some(UPLOADS));
        assert_eq!(value("SOMETHING_ELSE"), None);
    }

    #[test]
    fn vectors_are_of_unit_length_and_differ() {
        let (a, b) = (vector(ItemId::new()), vector(ITEM.parse().unwrap()));
        let length: f32 = a.iter().map(|x| x * x).sum();
        assert!((length - 1.0).abs() < 1e-4);
        assert_ne!(a, b);
    }
}
