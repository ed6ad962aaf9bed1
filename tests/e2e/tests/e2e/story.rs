//! The main job from beginning to end, with real photos where there are some: photos in, outfits and a
//! try-on out.

use std::{
    collections::HashMap,
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use drape_e2e::{Person, Photo, Stack, pictures, real_photos};
use futures::{StreamExt, TryStreamExt, stream};
use image::{DynamicImage, GenericImageView, RgbImage, imageops::FilterType};
use serde_json::{Value, json};

use crate::Outcome;

/// The folder of photos, or a word that there is none.
fn photos() -> Option<PathBuf> {
    let folder = real_photos();
    if folder.is_none() {
        let _ = writeln!(
            std::io::stderr(),
            "\nSKIPPED: the story with real photos; set DRAPE_PHOTOS to a folder with wardrobe/<category>/*.jpg \
             and people/full-body.jpg.\n"
        );
    }
    folder
}

/// The `at`-th photo of a category, in order of name.
fn photo(folder: &Path, category: &str, at: usize) -> Result<Photo> {
    let mut names: Vec<_> = std::fs::read_dir(folder.join("wardrobe").join(category))?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    names.sort();
    let name = names.get(at).context("too few photos")?;
    Ok(Photo::jpeg(std::fs::read(name)?))
}

/// What is put into the wardrobe: folder and what the owner says it is.
const CLOTHES: [(&str, Option<&str>); 8] = [
    ("t-shirt", None),
    ("shirt", None),
    ("longsleeve", None),
    ("pants", None),
    ("pants", None),
    ("shoes", None),
    ("outwear", Some("outerwear")),
    ("dress", None),
];

/// Uploads clothes four at a time and answers the items by id, all of them ready.
async fn fill(ada: &Person, folder: &Path) -> Result<HashMap<String, Value>> {
    stream::iter(CLOTHES.into_iter().enumerate())
        .map(async |(at, (category, said))| {
            let photo = photo(folder, category, at + 1)?;
            let fields = match said {
                Some(category) => json!({ "category": category }),
                None => json!({}),
            };
            let item = ada.add_item(&photo, &fields).await?;
            Ok((item["id"].as_str().context("no id")?.to_owned(), item))
        })
        .buffer_unordered(4)
        .try_collect()
        .await
}

async fn layer(stack: &Stack, link: &Value) -> Result<DynamicImage> {
    let (status, content_type, bytes) = stack.follow(link).await?;
    assert_eq!((status, content_type.as_str()), (200, "image/png"));
    Ok(image::load_from_memory(&bytes)?)
}

async fn picture(stack: &Stack, link: &Value) -> Result<RgbImage> {
    Ok(layer(stack, link).await?.into_rgb8())
}

/// A photo in the size of the picture that was made of it: of the same shape, and reduced if it was large.
fn at_size(photo: &DynamicImage, picture: &RgbImage) -> RgbImage {
    let ((width, height), (w, h)) = (photo.dimensions(), picture.dimensions());
    assert_eq!(width * h, height * w, "of the same shape");
    assert!(
        width.max(height) == w.max(h) || w.max(h) >= 1000,
        "{w} × {h}"
    );
    photo.resize_exact(w, h, FilterType::Triangle).into_rgb8()
}

/// Mean difference by channel within a part of two pictures, given in hundredths: left, top, right, bottom.
fn difference(a: &RgbImage, b: &RgbImage, part: [u32; 4]) -> f64 {
    let (width, height) = a.dimensions();
    let [left, top, right, bottom] = part;
    let (mut sum, mut count) = (0_u64, 0_u64);
    for y in height * top / 100..height * bottom / 100 {
        for x in width * left / 100..width * right / 100 {
            let (a, b) = (a.get_pixel(x, y).0, b.get_pixel(x, y).0);
            sum += (0..3).map(|c| u64::from(a[c].abs_diff(b[c]))).sum::<u64>();
            count += 3;
        }
    }
    sum as f64 / count as f64
}

#[tokio::test]
async fn photos_become_outfits_and_an_outfit_is_tried_on() -> Outcome {
    let stack = Stack::from_env()?;
    let Some(folder) = photos() else {
        return Ok(());
    };
    let ada = stack.sign_up().await?;
    let items = fill(&ada, &folder).await?;

    // The wardrobe shows each of them with its images, tags and vector.
    let wardrobe = ada
        .get("/wardrobe?status=ready&limit=100")
        .expect(200)
        .await?;
    assert_eq!(wardrobe["items"].as_array().unwrap().len(), CLOTHES.len());
    for item in wardrobe["items"].as_array().unwrap() {
        assert_eq!(item["embedding"]["dim"], 512);
        assert!(!item["colors"].as_array().unwrap().is_empty());
        assert_eq!(stack.follow(&item["images"]["thumb"]).await?.0, 200);
    }

    // Outfits for sun and for rain.
    let outfits = async |question: &str| -> Result<Vec<Value>> {
        let path = format!("/recommendations?{question}");
        let answer = ada.get(&path).expect(200).await?;
        Ok(answer["recommendations"].as_array().unwrap().clone())
    };
    let sunny = outfits("temp_c=28&condition=sunny").await?;
    let rainy = outfits("temp_c=12&condition=rain").await?;
    assert!(!sunny.is_empty() && !rainy.is_empty());
    let has = |outfit: &Value, slot: &str| {
        let pieces = outfit["pieces"].as_array().unwrap().iter();
        pieces.into_iter().any(|piece| piece["slot"] == slot)
    };
    assert!(sunny.iter().all(|outfit| !has(outfit, "outer")));
    assert!(rainy.iter().any(|outfit| has(outfit, "outer")), "{rainy:?}");

    // The best outfit on a real person: what can be worn over the body, without shoes and the like.
    let path = folder.join("people/full-body.jpg");
    let photo = Photo::jpeg(std::fs::read(path)?);
    let body = ada.upload_body(&photo).await?;
    let worn = ["top", "bottom", "dress", "outer"];
    let pieces: Vec<_> = sunny[0]["pieces"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|piece| worn.iter().any(|slot| piece["slot"] == *slot))
        .map(|piece| piece["item_id"].clone())
        .collect();
    let request = json!({
        "target_image_s3": body,
        "items": pieces,
        "view_options": { "rotate": true, "lighting": "neutral" },
    });
    let answer = ada.post("/tryon", &request).send().await?;
    assert!([200, 202].contains(&answer.status), "{}", answer.text);
    let id = answer.body["tryon"]["id"].as_str().unwrap().to_owned();
    let tryon = ada.finished(&id).await?;
    assert_eq!(tryon["status"], "done", "{tryon}");
    let confidence = tryon["confidence"].as_f64().unwrap();
    assert!((0.0..=1.0).contains(&confidence));

    let after = picture(&stack, &tryon["render_url"]).await?;
    let before = at_size(&image::load_from_memory(&photo.bytes)?, &after);
    // The figure stands in the middle, the head in the uppermost part of the picture and the feet below.
    let head = difference(&before, &after, [0, 0, 100, 12]);
    let feet = difference(&before, &after, [0, 93, 100, 100]);
    let trunk = difference(&before, &after, [35, 20, 65, 80]);
    assert!(head < 2.0, "the face changed by {head}");
    assert!(feet < 2.0, "the feet changed by {feet}");
    assert!(trunk > 8.0, "the clothes changed by only {trunk}");

    // The layers are the picture, and there are two turns of it.
    let layers = &tryon["layers"];
    let mut composed = layer(&stack, &layers["person"]).await?.into_rgba8();
    let mut above = Vec::new();
    for garment in layers["garments"].as_array().unwrap() {
        assert!(pieces.contains(&garment["item_id"]), "{garment}");
        above.push(&garment["url"]);
    }
    above.push(&layers["shadow"]);
    for link in above {
        let layer = layer(&stack, link).await?.into_rgba8();
        image::imageops::overlay(&mut composed, &layer, 0, 0);
    }
    let composed = DynamicImage::from(composed).into_rgb8();
    let apart = difference(&composed, &after, [0, 0, 100, 100]);
    assert!(apart < 1.0, "layers and picture are {apart} apart");
    assert_eq!(layers["lighting"]["neutral"], json!([1.0, 1.0, 1.0]));
    let turns = tryon["turns"].as_array().unwrap();
    assert_eq!(turns.len(), 2);
    for turn in turns {
        let turn = picture(&stack, turn).await?;
        assert_eq!(turn.dimensions(), after.dimensions());
    }

    // And what she thinks of it.
    let thought = json!({ "accuracy": 4 });
    let path = format!("/feedback/tryon/{id}");
    ada.post(&path, &thought).expect(201).await?;
    let like = json!({
        "kind": "like",
        "recommendation_id": sunny[0]["id"],
        "items": sunny[0]["items"],
    });
    ada.post("/signals", &like).expect(202).await?;
    assert!(items.len() == CLOTHES.len());
    Ok(())
}

#[tokio::test]
async fn waiting_for_a_try_on_can_be_left_to_the_api() -> Outcome {
    let stack = Stack::from_env()?;
    let Some(folder) = photos() else {
        return Ok(());
    };
    let ada = stack.sign_up().await?;
    let shirt = pictures::garment(pictures::Shape::Shirt, [170, 30, 40])?;
    let item = ada
        .add_item(&shirt, &json!({ "category": "t_shirt" }))
        .await?;
    let person = image::open(folder.join("people/full-body.jpg"))?;
    // As a PNG, and mirrored: no part of the way may depend on the one file.
    let mirrored = person.fliph();
    let png = pictures::encode(mirrored.to_rgb8(), image::ImageFormat::Png)?;
    let body = ada.upload_body(&Photo::png(png)).await?;
    let request = json!({ "target_image_s3": body, "items": [item["id"]] });
    let call = ada.post("/tryon", &request).header("prefer", "wait=20");
    let answer = call.send().await?;
    let applied = answer.header("preference-applied").unwrap_or_default();
    assert!(applied.contains("wait=20"), "{applied}");
    let tryon = if answer.status == 200 {
        answer.body["tryon"].clone()
    } else {
        let answer = answer.expect(202)?;
        ada.finished(answer["tryon"]["id"].as_str().unwrap())
            .await?
    };
    assert_eq!(tryon["status"], "done", "{tryon}");
    let after = picture(&stack, &tryon["render_url"]).await?;
    let before = at_size(&mirrored, &after);
    assert!(difference(&before, &after, [0, 0, 100, 12]) < 2.0);
    // Red where the chest is, and the legs as they were.
    let chest = after
        .get_pixel(after.width() / 2, after.height() * 3 / 10)
        .0;
    assert!(chest[0] > 2 * chest[1].max(chest[2]), "{chest:?}");
    assert!(difference(&before, &after, [35, 70, 65, 100]) < 2.0);
    Ok(())
}
