//! The job with its real eyes, on files as people send them; only the stores are in memory.
#![allow(clippy::unwrap_used)] // helpers of tests, too

use std::{io::Cursor, sync::LazyLock};

use clean::{Analyse, Clean};
use drape_common::{
    store::{
        Create, Get,
        blob::keys,
        memory::{MemoryBucket, MemoryQueue, MemoryTable},
        queue::CleanItem,
        tables::{Embedding, item_key},
    },
    testing::new_item,
};
use drape_domain::{
    Item, ItemStatus, ReturnFormat, Rgb, Timestamp, UserId,
    item::{CleanRequest, ImageType, Upload},
};
use drape_vision::{GarmentPhoto, GarmentVision, Options, VisionError};
use image::{ImageFormat, RgbImage};

static VISION: LazyLock<GarmentVision> = LazyLock::new(|| GarmentVision::load().unwrap());

struct Eyes;

impl Analyse for Eyes {
    fn analyse(
        &self,
        bytes: &[u8],
        declared: ImageType,
        options: &Options,
    ) -> Result<GarmentPhoto, VisionError> {
        VISION.analyse(bytes, declared, options)
    }
}

type App = Clean<
    MemoryTable<Item>,
    MemoryTable<Embedding>,
    MemoryBucket,
    MemoryBucket,
    MemoryQueue<CleanItem>,
    Eyes,
>;

/// The item after its photo was sent and worked on.
async fn sent(bytes: &[u8], content_type: ImageType, request: CleanRequest) -> (App, Item) {
    let app = Clean {
        items: MemoryTable::default(),
        embeddings: MemoryTable::default(),
        uploads: MemoryBucket::default(),
        media: MemoryBucket::default(),
        queue: MemoryQueue::default(),
        vision: Eyes,
        clock: Timestamp::now_utc,
    };
    let mut item = new_item(UserId::new());
    item.upload = Upload {
        content_type,
        content_length: bytes.len() as u64,
    };
    item.clean = request;
    app.items.create(&item).await.unwrap();
    let key = keys::item_upload(item.owner_id, item.item_id);
    app.uploads.upload(&key, content_type.as_str(), bytes);
    app.clean_item(item.owner_id, item.item_id).await.unwrap();
    let item = app
        .items
        .get(&item_key(item.owner_id, item.item_id))
        .await
        .unwrap()
        .unwrap();
    (app, item)
}

/// A dark blue T-shirt on a light table.
fn shirt(format: ImageFormat) -> Vec<u8> {
    let photo = RgbImage::from_fn(640, 640, |x, y| {
        let (x, y) = (f64::from(x) / 640.0 - 0.5, f64::from(y) / 640.0);
        let body = x.abs() < 0.2 && (0.2..0.85).contains(&y);
        let sleeves = x.abs() < 0.36 && (0.2..0.42).contains(&(y - (x.abs() - 0.2).max(0.0) * 0.5));
        let neck = x.hypot(y - 0.19) < 0.08;
        if (body || sleeves) && !neck {
            image::Rgb([28, 36, 80])
        } else {
            image::Rgb([222, 216, 206])
        }
    });
    let mut bytes = Cursor::new(Vec::new());
    photo.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

#[tokio::test]
async fn a_shirt_is_cut_out_tagged_and_put_on_the_colour_asked_for() {
    let request = CleanRequest {
        seq: 0,
        bg_color: Some(Rgb([255, 240, 200])),
        return_format: Some(ReturnFormat::Jpeg),
        ..CleanRequest::default()
    };
    let (app, item) = sent(&shirt(ImageFormat::Jpeg), ImageType::Jpeg, request).await;

    assert_eq!(
        (item.status, item.error.as_ref()),
        (ItemStatus::Ready, None)
    );
    assert!(!item.colors().is_empty() && item.inferred.is_some());
    let picture = |key: &Option<String>, format| {
        let bytes = app.media.bytes(key.as_ref().unwrap()).unwrap();
        assert_eq!(image::guess_format(&bytes).unwrap(), format);
        image::load_from_memory(&bytes).unwrap()
    };
    picture(&item.images.original, ImageFormat::Jpeg);
    picture(&item.images.flat, ImageFormat::Jpeg);
    picture(&item.images.thumb, ImageFormat::Jpeg);
    let cutout = picture(&item.images.clean, ImageFormat::Png).into_rgba8();
    assert!(cutout.pixels().any(|pixel| pixel.0[3] == 0));
    assert!(cutout.pixels().any(|pixel| pixel.0[3] == 255));

    let vector = Embedding::key_of(item.owner_id, item.item_id);
    let vector = app.embeddings.get(&vector).await.unwrap().unwrap().floats();
    assert_eq!(vector.len(), 512);
    assert!((vector.iter().map(|x| x * x).sum::<f32>() - 1.0).abs() < 1e-3);
}

#[tokio::test]
async fn files_that_cannot_be_used_fail_with_their_reason() {
    let jpeg = shirt(ImageFormat::Jpeg);
    let heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic".as_slice();
    for (bytes, declared, code) in [
        (jpeg.as_slice(), ImageType::Png, "type_mismatch"),
        (&jpeg[..jpeg.len() / 2], ImageType::Jpeg, "truncated_image"),
        (&[], ImageType::Jpeg, "empty_file"),
        (heic, ImageType::Jpeg, "unsupported_format"),
    ] {
        let (app, item) = sent(bytes, declared, CleanRequest::default()).await;
        let error = item.error.unwrap();
        assert_eq!(
            (item.status, error.code.as_str()),
            (ItemStatus::Failed, code)
        );
        assert!(!error.message.is_empty() && app.media.keys().is_empty());
    }
}
