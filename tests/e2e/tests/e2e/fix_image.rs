//! "Fix Image": cutouts mended by what the owner draws, and undone.

use anyhow::Result;
use drape_common::store::{
    Get,
    blob::{ListKeys, keys},
    tables::item_key,
};
use drape_domain::item::edit::DEFAULT_RADIUS;
use drape_e2e::{
    Person, Photo, Stack,
    pictures::{self, Shape},
};
use image::{GenericImageView, GrayImage, ImageFormat, Luma};
use serde_json::{Value, json};

use crate::{Outcome, seed};

async fn shirt(ada: &Person) -> Result<Value> {
    let photo = pictures::garment(Shape::Shirt, [30, 45, 110])?;
    ada.add_item(&photo, &json!({})).await
}

/// White in the middle of the photo.
fn mask() -> Result<Photo> {
    let mask = GrayImage::from_fn(240, 320, |x, y| {
        let inside = (80..160).contains(&x) && (110..210).contains(&y);
        Luma([if inside { 255 } else { 0 }])
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    mask.write_to(&mut bytes, ImageFormat::Png)?;
    Ok(Photo::png(bytes.into_inner()))
}

#[tokio::test]
async fn what_is_drawn_is_what_the_cutout_is_made_with() -> Outcome {
    let stack = Stack::from_env()?;
    let ada = stack.sign_up().await?;
    let item = shirt(&ada).await?;
    let id = item["id"].as_str().unwrap();
    let path = format!("/items/{id}/background-clean");
    let drawn = json!({
        "crop": { "left": 0.05, "top": 0.05, "right": 0.95, "bottom": 0.95 },
        "keep": [{ "points": [{ "x": 0.5, "y": 0.4 }, { "x": 0.5, "y": 0.6 }], "radius": 0.03 }],
        "remove": [{ "points": [{ "x": 0.1, "y": 0.9 }] }],
    });
    let asked = ada.post(&path, &drawn).expect(202).await?;
    assert_eq!(asked["item"]["status"], "processing");
    assert!(asked.get("mask_upload").is_none());
    let fixed = ada.ready(id).await?;
    assert_ne!(place(&fixed), place(&item));
    let key = item_key(seed::user_id(&ada), id.parse().unwrap());
    let row = seed::items(&stack)?.get(&key).await?.unwrap();
    let edit = &row.clean.edit;
    assert_eq!(edit.crop().map(|crop| crop.right()), Some(0.95));
    assert_eq!(edit.keep()[0].points().len(), 2);
    assert_eq!(edit.remove()[0].radius(), DEFAULT_RADIUS);

    for (body, field) in [
        (
            json!({ "keep": [{ "points": [{ "x": 0.5, "y": -0.1 }] }] }),
            "keep[0].points[0].y",
        ),
        (
            json!({ "crop": { "left": 0.9, "top": 0, "right": 0.1, "bottom": 1 } }),
            "crop",
        ),
        (
            json!({ "mask_upload": { "content_length": 3_000_000 } }),
            "mask_upload.content_length",
        ),
    ] {
        let fields = ada.post(&path, &body).invalid_fields().await?;
        assert_eq!(fields, [field], "for {body}");
    }
    Ok(())
}

#[tokio::test]
async fn a_mask_that_arrives_starts_the_work_it_was_asked_for() -> Outcome {
    let stack = Stack::from_env()?;
    let ada = stack.sign_up().await?;
    let item = shirt(&ada).await?;
    let id = item["id"].as_str().unwrap();
    let path = format!("/items/{id}/background-clean");
    let mask = mask()?;
    let body = json!({ "mask_upload": { "content_length": mask.bytes.len() } });
    let asked = ada.post(&path, &body).expect(202).await?;
    assert_eq!(asked["item"]["status"], "ready", "until the mask is there");
    let upload = &asked["mask_upload"];
    // The same request again is the same place.
    let again = ada.post(&path, &body).expect(202).await?;
    let url = |upload: &Value| {
        let url = upload["url"].as_str().unwrap();
        url.split('?').next().unwrap().to_owned()
    };
    assert_eq!(url(upload), url(&again["mask_upload"]));

    let longer = Photo::png([mask.bytes.as_slice(), b"more"].concat());
    let other = Photo::jpeg(mask.bytes.clone());
    for wrong in [longer, other] {
        assert_eq!(ada.send_photo(upload, &wrong).await?, 403);
    }
    assert_eq!(ada.send_photo(upload, &mask).await?, 200);
    // Confirming is harmless, and makes good an event that was lost.
    ada.put(&format!("/items/{id}/image-uploaded"))
        .expect(202)
        .await?;
    let fixed = settled_otherwise(&ada, id, |fixed| place(fixed) != place(&item)).await?;
    assert_eq!(fixed["background_cleaned"], true);
    let (_, _, bytes) = stack.follow(&fixed["images"]["clean"]).await?;
    let (width, height) = image::load_from_memory(&bytes)?.dimensions();
    // A third of the photo's 480 pixels by five sixteenths of its 640, give or take a blurred edge.
    assert!(
        width.abs_diff(160) < 20 && height.abs_diff(200) < 20,
        "{width} × {height}"
    );

    let (owner, item_id) = (seed::user_id(&ada), id.parse().unwrap());
    let masks = keys::item_masks(owner, item_id);
    assert_eq!(seed::uploads(&stack)?.list_keys(&masks).await?.len(), 1);
    ada.delete(&format!("/items/{id}")).expect(204).await?;
    assert_eq!(seed::uploads(&stack)?.list_keys(&masks).await?, [""; 0]);
    Ok(())
}

#[tokio::test]
async fn a_mask_that_cannot_be_read_is_a_reason_that_can_be_undone() -> Outcome {
    let stack = Stack::from_env()?;
    let ada = stack.sign_up().await?;
    let item = shirt(&ada).await?;
    let id = item["id"].as_str().unwrap();
    let rubbish = Photo::png(vec![7; 100]);
    let body = json!({ "mask_upload": { "content_length": 100 } });
    let path = format!("/items/{id}/background-clean");
    let asked = ada.post(&path, &body).expect(202).await?;
    assert_eq!(ada.send_photo(&asked["mask_upload"], &rubbish).await?, 200);
    let failed = settled_otherwise(&ada, id, |item| item["status"] == "failed").await?;
    assert_eq!(failed["error"]["code"], "bad_mask");
    assert_eq!(failed["background_cleaned"], true, "the cutout of before");

    let path = format!("/items/{id}/restore-original");
    ada.post(&path, &json!({})).expect(202).await?;
    let restored = ada.ready(id).await?;
    assert!(restored.get("error").is_none(), "{restored}");
    Ok(())
}

/// The item, once it has settled as is wanted: a mask's arrival takes a moment to be known.
async fn settled_otherwise(
    ada: &Person,
    id: &str,
    wanted: impl Fn(&Value) -> bool,
) -> Result<Value> {
    for _ in 0..600 {
        let item = ada.settled(id).await?;
        if wanted(&item) {
            return Ok(item);
        }
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    anyhow::bail!("nothing became of the mask")
}

/// Where the cutout is, without the link's signature.
fn place(item: &Value) -> String {
    let link = item["images"]["clean"].as_str().unwrap_or_default();
    link.split('?').next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn the_photo_as_taken_can_be_had_back_and_the_cutout_too() -> Outcome {
    let stack = Stack::from_env()?;
    let ada = stack.sign_up().await?;
    let item = shirt(&ada).await?;
    let id = item["id"].as_str().unwrap();
    let path = format!("/items/{id}/restore-original");
    let answer = ada.post(&path, &json!({})).expect(202).await?;
    let shown = &answer["item"];
    assert!(shown["images"]["clean"].is_null());
    assert_eq!(shown["images"]["thumb"], shown["images"]["original"]);
    let restored = ada.ready(id).await?;
    assert_eq!(restored["background"], "original");
    assert_eq!(restored["background_cleaned"], false);
    assert!(restored["images"]["clean"].is_null());
    let (status, kind, _) = stack.follow(&restored["images"]["thumb"]).await?;
    assert_eq!((status, kind.as_str()), (200, "image/jpeg"));
    // Undone once is undone, and the links that were given out still work.
    let again = ada.post(&path, &json!({})).expect(200).await?;
    assert_eq!(again["item"]["etag"], restored["etag"]);
    let (status, ..) = stack.follow(&item["images"]["clean"]).await?;
    assert_eq!(status, 200);

    let clean = format!("/items/{id}/background-clean");
    ada.post(&clean, &json!({})).expect(202).await?;
    let item = ada.ready(id).await?;
    assert_eq!(item["background_cleaned"], true);
    assert_eq!(item["background"], "clean");

    // Nobody else's, and not before there is a photo.
    let bob = stack.sign_up().await?;
    bob.post(&path, &json!({}))
        .problem(404, "item_not_found")
        .await?;
    let photo = pictures::garment(Shape::Shirt, [30, 45, 110])?;
    let waiting = ada.create_item(&photo, &json!({})).await?;
    let waiting = waiting["item"]["id"].as_str().unwrap();
    ada.post(&format!("/items/{waiting}/restore-original"), &json!({}))
        .problem(409, "upload_missing")
        .await?;
    Ok(())
}
