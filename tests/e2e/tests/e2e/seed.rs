//! Records as the jobs leave them, written straight into the tables: for what does not depend on photos.

use anyhow::Result;
use drape_common::store::{
    Create, Put,
    blob::{PutObject, keys},
    dynamo::Table,
    s3::Bucket,
    tables::Embedding,
};
use drape_domain::{
    Background, Category, Color, Item, ItemId, ItemStatus, Pattern, Rgb, Timestamp, TryOn, TryOnId,
    TryOnStatus, UploadId, UserId,
    item::{EmbeddingRef, ImageKeys, ImageType, Inferred, Typed, Upload},
    tryon::TryOnItem,
};
use drape_e2e::{Person, Stack};

pub(crate) fn user_id(person: &Person) -> UserId {
    person.id.parse().unwrap()
}

pub(crate) fn items(stack: &Stack) -> Result<Table<Item>> {
    let name = stack.output("ItemsTable")?.to_owned();
    Ok(Table::new(&stack.aws()?.dynamodb(), name))
}

pub(crate) fn tryons(stack: &Stack) -> Result<Table<TryOn>> {
    let name = stack.output("TryonsTable")?.to_owned();
    Ok(Table::new(&stack.aws()?.dynamodb(), name))
}

pub(crate) fn media(stack: &Stack) -> Result<Bucket> {
    let name = stack.output("MediaBucket")?.to_owned();
    Ok(Bucket::new(&stack.aws()?.s3(), name))
}

pub(crate) fn uploads(stack: &Stack) -> Result<Bucket> {
    let name = stack.output("UploadsBucket")?.to_owned();
    Ok(Bucket::new(&stack.aws()?.s3(), name))
}

/// An item of this category and colour that is ready, with a vector.
pub(crate) async fn ready_item(
    stack: &Stack,
    owner: &Person,
    category: Category,
    color: (&str, [u8; 3]),
) -> Result<ItemId> {
    const MODEL: &str = "seeded";
    let now = Timestamp::now_utc();
    let upload = Upload {
        content_type: ImageType::Jpeg,
        content_length: 1,
    };
    let owner_id = user_id(owner);
    let mut item = Item::new(owner_id, Typed::default(), Background::Clean, upload, now);
    let id = item.item_id;
    let key = |file| Some(keys::item_image(owner_id, id, file));
    item.status = ItemStatus::Ready;
    item.images = ImageKeys {
        original: key(keys::ORIGINAL),
        clean: key(keys::CLEAN),
        flat: None,
        thumb: key(keys::THUMB),
    };
    item.inferred = Some(Inferred {
        category,
        confidence: 0.9,
        candidates: Vec::new(),
        cutout_confidence: None,
        colors: vec![Color {
            name: color.0.to_owned(),
            hex: Rgb(color.1),
            share: 1.0,
        }],
        pattern: Pattern::Solid,
    });
    item.embedding = Some(EmbeddingRef {
        model: MODEL.into(),
        dim: 4,
        updated_at: now,
    });
    let vector = color.1.map(|value| f32::from(value) / 255.0 + 0.1);
    let vector = [vector[0], vector[1], vector[2], 0.5];
    let name = stack.output("EmbeddingsTable")?.to_owned();
    let embeddings = Table::<Embedding>::new(&stack.aws()?.dynamodb(), name);
    embeddings
        .put(&Embedding::new(owner_id, id, MODEL, &vector, now))
        .await?;
    assert!(items(stack)?.create(&item).await?);
    Ok(id)
}

/// A try-on with this status; a done one has a picture.
pub(crate) async fn tryon(stack: &Stack, owner: &Person, status: TryOnStatus) -> Result<TryOnId> {
    let (user_id, id, now) = (user_id(owner), TryOnId::new(), Timestamp::now_utc());
    let done = status == TryOnStatus::Done;
    let picture = keys::render(user_id, id);
    if done {
        let png = b"\x89PNG\r\n\x1a\n".to_vec();
        media(stack)?.put_object(&picture, "image/png", png).await?;
    }
    let tryon = TryOn {
        id,
        status,
        render_key: done.then_some(picture),
        confidence: done.then_some(0.8),
        renderer: done.then(|| "seeded".into()),
        ..TryOn::new(
            user_id,
            keys::body_upload(user_id, UploadId::new()),
            vec![TryOnItem {
                item_id: ItemId::new(),
                title: "navy shirt".into(),
                boutique: None,
                price: None,
                skipped: None,
            }],
            now,
        )
    };
    tryons(stack)?.put(&tryon).await?;
    Ok(id)
}
