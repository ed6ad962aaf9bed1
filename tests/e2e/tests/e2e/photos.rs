//! Photos: from the presigned upload to a ready item, or to a reason why not.

use anyhow::Result;
use drape_common::store::{
    Get,
    blob::{HeadObject, ListKeys, keys},
    dynamo::Table,
    tables::Embedding,
};
use drape_e2e::{
    Photo, Stack,
    pictures::{self, Shape},
};
use futures::future::try_join_all;
use image::{GenericImageView, ImageFormat};
use serde_json::{Value, json};

use crate::{Outcome, seed};

/// How far two colours are apart, by channel.
fn far(a: [u8; 3], b: [u8; 3]) -> u8 {
    a.iter()
        .zip(b)
        .map(|(a, b)| a.abs_diff(b))
        .max()
        .unwrap_or_default()
}

async fn image(stack: &Stack, link: &Value, content_type: &str) -> Result<image::DynamicImage> {
    let (status, found, bytes) = stack.follow(link).await?;
    assert_eq!((status, found.as_str()), (200, content_type));
    Ok(image::load_from_memory(&bytes)?)
}

#[tokio::test]
async fn a_photo_becomes_a_cutout_with_tags_and_a_vector() -> Outcome {
    let stack = Stack::from_env()?;
    let ada = stack.sign_up().await?;
    let navy = [30, 45, 110];
    let photo = pictures::garment(Shape::Shirt, navy)?;
    let uploaded = ada.upload_item(&photo, &json!({})).await?;
    let item = ada.ready(&uploaded.id).await?;

    // The cutout: the garment is there in its colour, the wall is not.
    let cutout = image(&stack, &item["images"]["clean"], "image/png").await?;
    assert!(cutout.color().has_alpha());
    let (width, height) = cutout.dimensions();
    let cutout = cutout.into_rgba8();
    let opaque: Vec<_> = cutout.pixels().filter(|pixel| pixel.0[3] > 200).collect();
    let share = opaque.len() as f64 / f64::from(width * height);
    assert!(
        (0.1..0.9).contains(&share),
        "{share} of the cutout is garment"
    );
    let close = opaque.iter().filter(|pixel| {
        let [r, g, b, _] = pixel.0;
        far([r, g, b], navy) < 40
    });
    assert!(close.count() * 10 > opaque.len() * 9, "it is the garment");
    assert_eq!(cutout.get_pixel(0, 0).0[3], 0, "the corner is clear");

    let thumb = image(&stack, &item["images"]["thumb"], "image/jpeg").await?;
    assert_eq!(thumb.width(), thumb.height());
    let corner = thumb.get_pixel(0, 0).0;
    assert!(
        far([corner[0], corner[1], corner[2]], [255; 3]) < 8,
        "on white"
    );
    let original = image(&stack, &item["images"]["original"], "image/jpeg").await?;
    assert_eq!(original.dimensions(), (480, 640));

    assert_eq!(item["background_cleaned"], true);
    assert!(item.get("error").is_none());
    assert!(item["category"].as_str().is_some());
    assert_eq!(item["tags_source"]["category"], "vision");
    assert!((0.0..=1.0).contains(&item["formality"].as_f64().unwrap()));
    assert!((0.0..=1.0).contains(&item["warmth_clo"].as_f64().unwrap()));
    assert!(!item["season"].as_array().unwrap().is_empty());
    assert!((0.0..=1.0).contains(&item["cutout_confidence"].as_f64().unwrap()));
    let shares: f64 = item["colors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|color| color["share"].as_f64().unwrap())
        .sum();
    assert!(shares > 0.5 && shares < 1.01, "{}", item["colors"]);
    let title = item["title"].as_str().unwrap();
    assert!(title.contains(item["colors"][0]["name"].as_str().unwrap()));

    assert_eq!(item["embedding"]["dim"], 512);
    assert_eq!(item["embedding"]["id"], item["id"]);
    let name = stack.output("EmbeddingsTable")?.to_owned();
    let rows = Table::<Embedding>::new(&stack.aws()?.dynamodb(), name);
    let key = Embedding::key_of(seed::user_id(&ada), uploaded.id.parse().unwrap());
    let row = rows.get(&key).await?.expect("the vector");
    assert_eq!(item["embedding"]["model"], row.model);
    let length: f32 = row.floats().iter().map(|x| x * x).sum::<f32>().sqrt();
    assert!((length - 1.0).abs() < 1e-3, "of length {length}");

    // Confirming late is harmless, and links work for nobody without their signature.
    let path = format!("/items/{}/image-uploaded", uploaded.id);
    let confirmed = ada.put(&path).expect(202).await?;
    assert_eq!(confirmed["item"]["etag"], item["etag"]);
    let bare = item["images"]["thumb"].as_str().unwrap();
    let bare = json!(bare.split('?').next().unwrap());
    let (status, ..) = stack.follow(&bare).await?;
    assert_eq!(
        status == 403,
        stack.enforces_iam().await?,
        "without a signature: {status}"
    );
    Ok(())
}

#[tokio::test]
async fn what_the_owner_says_wins_and_a_cutout_can_be_asked_for_again() -> Outcome {
    let stack = Stack::from_env()?;
    let ada = stack.sign_up().await?;
    let photo = pictures::garment(Shape::Dress, [150, 30, 50])?;
    let typed = json!({ "category": "skirt", "title": "Wedding guest" });
    let item = ada.add_item(&photo, &typed).await?;
    assert_eq!(item["category"], "skirt");
    assert_eq!(item["slot"], "bottom");
    assert_eq!(item["title"], "Wedding guest");
    assert_eq!(item["tags_source"]["category"], "user");
    assert_eq!(item["tags_source"]["colors"], "vision");

    let id = item["id"].as_str().unwrap();
    let path = format!("/items/{id}/background-clean");
    let wanted = json!({ "preferred_bg_color": "#102030", "return_format": "jpeg" });
    let asked = ada.post(&path, &wanted).expect(202).await?;
    assert_eq!(asked["item"]["status"], "processing");
    let again = ada.ready(id).await?;
    let flat = image(&stack, &again["images"]["clean"], "image/jpeg").await?;
    let corner = flat.get_pixel(0, 0).0;
    assert!(far([corner[0], corner[1], corner[2]], [0x10, 0x20, 0x30]) < 8);
    assert_eq!(again["title"], "Wedding guest");

    for (body, field) in [
        (
            json!({ "preferred_bg_color": "blurple" }),
            "preferred_bg_color",
        ),
        (json!({ "return_format": "gif" }), "return_format"),
        (json!({ "sharpen": true }), "sharpen"),
    ] {
        let fields = ada.post(&path, &body).invalid_fields().await?;
        assert_eq!(fields, [field], "for {body}");
    }
    Ok(())
}

#[tokio::test]
async fn a_photo_may_stay_as_it_was_taken() -> Outcome {
    let stack = Stack::from_env()?;
    let ada = stack.sign_up().await?;
    let picture = pictures::garment_image(Shape::Trousers, [90, 90, 60]);
    let photo = Photo {
        content_type: "image/webp",
        bytes: pictures::encode(picture, ImageFormat::WebP)?,
    };
    let fields = json!({ "background": "original", "category": "pants" });
    let item = ada.add_item(&photo, &fields).await?;
    assert_eq!(item["background"], "original");
    assert_eq!(item["background_cleaned"], false);
    assert!(item["images"]["clean"].is_null() && item["cutout_confidence"].is_null());
    image(&stack, &item["images"]["thumb"], "image/jpeg").await?;
    assert!(item["embedding"]["dim"].as_u64().is_some());

    // A cutout can still be asked for.
    let id = item["id"].as_str().unwrap();
    let path = format!("/items/{id}/background-clean");
    ada.post(&path, &json!({})).expect(202).await?;
    let item = ada.ready(id).await?;
    assert_eq!(item["background_cleaned"], true);
    Ok(())
}

#[tokio::test]
async fn metadata_ends_at_the_door() -> Outcome {
    let stack = Stack::from_env()?;
    let ada = stack.sign_up().await?;
    let mut photo = pictures::garment(Shape::Coat, [60, 80, 60])?;
    // An Exif segment after the start marker: lying on its side (orientation 6), taken by somebody.
    let tiff = [
        b"Exif\0\0MM\0\x2a\0\0\0\x08".as_slice(),
        b"\0\x02",
        b"\x01\x12\0\x03\0\0\0\x01\0\x06\0\0",
        b"\x01\x3b\0\x02\0\0\0\x0e\0\0\0\x26",
        b"\0\0\0\0",
        b"Adaeze Secret\0",
    ]
    .concat();
    let length = u16::try_from(tiff.len() + 2)?.to_be_bytes();
    let segment = [&[0xff, 0xe1], length.as_slice(), &tiff].concat();
    photo.bytes.splice(2..2, segment);
    let item = ada.add_item(&photo, &json!({})).await?;
    let (_, _, bytes) = stack.follow(&item["images"]["original"]).await?;
    assert!(!bytes.windows(6).any(|word| word == b"Secret"));
    assert!(!bytes.windows(4).any(|word| word == b"Exif"));
    let turned = image::load_from_memory(&bytes)?.dimensions();
    assert_eq!(turned, (640, 480), "upright");
    Ok(())
}

#[tokio::test]
async fn an_upload_takes_the_declared_type_and_length_and_nothing_else() -> Outcome {
    let stack = Stack::from_env()?;
    let ada = stack.sign_up().await?;
    let photo = pictures::garment(Shape::Shirt, [200, 180, 40])?;
    let created = ada.create_item(&photo, &json!({})).await?;
    let upload = &created["upload"];
    let id = created["item"]["id"].as_str().unwrap();

    let longer = Photo::jpeg([photo.bytes.as_slice(), b"more"].concat());
    let shorter = Photo::jpeg(photo.bytes[1..].to_vec());
    let nothing = Photo::jpeg(Vec::new());
    let other = Photo::png(photo.bytes.clone());
    for wrong in [longer, shorter, nothing, other] {
        let status = ada.send_photo(upload, &wrong).await?;
        let (length, kind) = (wrong.bytes.len(), wrong.content_type);
        assert_eq!(status, 403, "{length} bytes of {kind}");
    }
    // Nor does the signature carry over to somebody else's place.
    let mut moved = upload.clone();
    let url = moved["url"].as_str().unwrap().replace(&ada.id, id);
    moved["url"] = json!(url);
    assert_eq!(ada.send_photo(&moved, &photo).await?, 403);

    let path = format!("/items/{id}/image-uploaded");
    ada.put(&path).problem(409, "upload_missing").await?;
    assert_eq!(ada.send_photo(upload, &photo).await?, 200);
    let confirmed = ada.put(&path).expect(202).await?;
    let status = confirmed["item"]["status"].as_str().unwrap();
    assert!(["processing", "ready"].contains(&status), "{status}");
    ada.ready(id).await?;
    Ok(())
}

#[tokio::test]
async fn a_web_app_may_send_its_photo() -> Outcome {
    let stack = Stack::from_env()?;
    let ada = stack.sign_up().await?;
    let photo = pictures::garment(Shape::Shirt, [90, 60, 120])?;
    let created = ada.create_item(&photo, &json!({})).await?;
    let url = created["upload"]["url"].as_str().unwrap();
    let answer = stack.preflight(url, "PUT", "content-type").await?;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let methods = answer.header("access-control-allow-methods");
    assert!(methods.unwrap_or_default().contains("PUT"), "{methods:?}");
    assert!(answer.header("access-control-allow-origin").is_some());
    Ok(())
}

#[tokio::test]
async fn a_photo_that_cannot_be_used_fails_with_a_reason() -> Outcome {
    let stack = Stack::from_env()?;
    let ada = stack.sign_up().await?;
    let cases = [
        (pictures::truncated()?, "truncated_image"),
        (pictures::bomb(), "too_many_pixels"),
        (pictures::animated()?, "animated_image"),
        (pictures::cmyk()?, "unsupported_colors"),
        (pictures::heic(), "unsupported_format"),
        (pictures::disguised()?, "type_mismatch"),
        (pictures::noise(), "unsupported_format"),
        (pictures::wall()?, "no_garment_found"),
        (Photo::png(vec![0]), "unsupported_format"),
    ];
    let runs = cases.into_iter().map(async |(photo, code)| {
        let uploaded = ada.upload_item(&photo, &json!({})).await?;
        let item = ada.settled(&uploaded.id).await?;
        assert_eq!(item["status"], "failed", "{code}: {item}");
        assert_eq!(item["error"]["code"], code, "{item}");
        let message = item["error"]["message"].as_str().unwrap();
        assert!(message.contains("lease"), "says what to do: {message}");
        for inside in ["s3", "dynamo", ".rs", "Error"] {
            assert!(!message.contains(inside), "{message}");
        }
        assert!(item["images"]["clean"].is_null());
        assert!(item["embedding"].is_null());

        // It stays listed, can be named, and can be thrown away.
        let path = format!("/items/{}", uploaded.id);
        let named = ada.patch(&path, &json!({ "title": code }));
        named.expect(200).await?;
        anyhow::Ok(())
    });
    try_join_all(runs).await?;
    let failed = ada.get("/wardrobe?status=failed").expect(200).await?;
    assert_eq!(failed["items"].as_array().unwrap().len(), 9);
    Ok(())
}

#[tokio::test]
async fn a_better_photo_can_take_the_place_of_a_failed_one() -> Outcome {
    let stack = Stack::from_env()?;
    let ada = stack.sign_up().await?;
    // The same length and type as declared, so that the upload's own signature serves twice.
    let good = pictures::garment(Shape::Trousers, [40, 60, 90])?;
    let bad = Photo::jpeg(vec![9; good.bytes.len()]);
    let uploaded = ada.upload_item(&bad, &json!({})).await?;
    let item = ada.settled(&uploaded.id).await?;
    assert_eq!(item["status"], "failed");

    assert_eq!(ada.send_photo(&uploaded.upload, &good).await?, 200);
    let path = format!("/items/{}/image-uploaded", uploaded.id);
    let confirmed = ada.put(&path).expect(202).await?;
    assert_ne!(confirmed["item"]["status"], "failed", "{confirmed}");
    let item = ada.settled(&uploaded.id).await?;
    assert_eq!(item["status"], "ready", "{item}");
    assert!(item.get("error").is_none(), "{item}");
    Ok(())
}

#[tokio::test]
async fn the_same_garment_twice_is_told_until_one_is_gone_or_it_is_denied() -> Outcome {
    let stack = Stack::from_env()?;
    let (ada, bob) = (stack.sign_up().await?, stack.sign_up().await?);
    let photo = pictures::garment(Shape::Shirt, [20, 90, 60])?;
    let first = ada.add_item(&photo, &json!({})).await?;
    assert!(first["duplicate_of"].is_null());
    let second = ada.add_item(&photo, &json!({})).await?;
    let third = ada.add_item(&photo, &json!({})).await?;
    for later in [&second, &third] {
        assert_eq!(later["duplicate_of"], first["id"]);
        assert_eq!(later["status"], "ready", "told, and no more");
    }
    let bobs = bob.add_item(&photo, &json!({})).await?;
    assert!(bobs["duplicate_of"].is_null());

    let path = |item: &Value| format!("/items/{}", item["id"].as_str().unwrap());
    let denied = ada.patch(&path(&second), &json!({ "duplicate_of": null }));
    let denied = denied.expect(200).await?;
    assert!(denied["item"]["duplicate_of"].is_null());
    ada.delete(&path(&first)).expect(204).await?;
    let shown = ada.get(&path(&third)).expect(200).await?;
    assert!(shown["item"]["duplicate_of"].is_null());
    let listed = ada.get("/wardrobe").expect(200).await?;
    for item in listed["items"].as_array().unwrap() {
        assert!(item["duplicate_of"].is_null(), "{item}");
    }
    Ok(())
}

#[tokio::test]
async fn deleting_an_item_takes_its_photos_and_its_vector_along() -> Outcome {
    let stack = Stack::from_env()?;
    let ada = stack.sign_up().await?;
    let photo = pictures::garment(Shape::Dress, [70, 130, 90])?;
    let item = ada.add_item(&photo, &json!({})).await?;
    let id = item["id"].as_str().unwrap();
    let (owner, item_id) = (seed::user_id(&ada), id.parse().unwrap());
    let upload = keys::item_upload(owner, item_id);
    assert!(seed::uploads(&stack)?.head(&upload).await?.is_some());
    ada.delete(&format!("/items/{id}")).expect(204).await?;

    assert_eq!(seed::uploads(&stack)?.head(&upload).await?, None);
    let images = keys::item_images(owner, item_id);
    assert_eq!(seed::media(&stack)?.list_keys(&images).await?, [""; 0]);
    let name = stack.output("EmbeddingsTable")?.to_owned();
    let rows = Table::<Embedding>::new(&stack.aws()?.dynamodb(), name);
    let key = Embedding::key_of(owner, item_id);
    assert_eq!(rows.get(&key).await?, None);
    for image in ["clean", "thumb", "original"] {
        let (status, ..) = stack.follow(&item["images"][image]).await?;
        // Which of the two depends on whether the signer may list the bucket.
        assert!([403, 404].contains(&status), "{image}: {status}");
    }
    Ok(())
}
