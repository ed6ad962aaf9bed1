//! "Fix Image" on one garment, and the same photo sent twice.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    api::{Api, Item, ItemStatus, Trouble},
    files,
    photos::Photo,
    progress::Progress,
    report::{Again, Drawn, Garment, Mending, Outcome, Step},
};

/// Between two looks at an item.
const POLL: Duration = Duration::from_millis(300);
/// An item that takes longer is given up.
const PATIENCE: Duration = Duration::from_secs(120);

/// Crops the first garment's photo, rubs a part of it out, and takes it all back; none if no garment is ready.
///
/// # Errors
/// When a request is refused, or a picture cannot be kept.
pub(crate) async fn mend(
    api: &Api,
    garments: &[Garment],
    folder: &Path,
    progress: &Progress,
) -> Result<Option<Mending>, Trouble> {
    let ready = garments.iter().find_map(|garment| match &garment.outcome {
        Outcome::Ready { item, pictures } => Some((item, pictures)),
        Outcome::Failed { .. } => None,
    });
    let Some((item, pictures)) = ready else {
        return Ok(None);
    };
    let drawn = Drawn {
        crop: [0.05, 0.05, 0.95, 0.8],
        remove: [(0.1, 0.3), (0.3, 0.7)],
        radius: 0.04,
    };
    let edit = request(&drawn);
    let progress = progress.step("an image fixed", 3);
    let mut steps = vec![Step {
        title: "The photo, with what is drawn on it",
        asked: "a crop (frame), and a stroke over what is to go (red)".to_owned(),
        picture: pictures.original.clone(),
        drawn: Some(drawn),
        reason: None,
    }];
    let wishes = [
        ("Cut out anew", Some(edit.clone())),
        ("The original restored", None),
        ("Cut out again, without an edit", Some(json!({}))),
    ];
    for (n, (title, wish)) in wishes.into_iter().enumerate() {
        let asked = match &wish {
            Some(edit) => {
                api.clean(&item.id, edit).await?;
                format!("POST /items/{{id}}/background-clean {edit}")
            }
            None => {
                api.restore(&item.id).await?;
                "POST /items/{id}/restore-original".to_owned()
            }
        };
        let now = settled(api, &item.id).await?;
        let link = now.images.clean.as_ref().or(now.images.original.as_ref());
        let picture = match link.filter(|_| now.status == ItemStatus::Ready) {
            Some(link) => {
                let name = format!("mended-{}", n + 1);
                Some(files::keep(folder, &name, &api.follow(link).await?)?)
            }
            None => None,
        };
        steps.push(Step {
            title,
            asked,
            picture,
            drawn: None,
            reason: now.error.map(|error| error.message),
        });
        progress.at(n + 1);
    }
    progress.done("cropped, rubbed out, restored");
    Ok(Some(Mending {
        title: item.title.clone(),
        steps,
    }))
}

/// The drawing as a request.
fn request(drawn: &Drawn) -> Value {
    let [left, top, right, bottom] = drawn.crop;
    let points: Vec<_> = drawn
        .remove
        .iter()
        .map(|(x, y)| json!({ "x": x, "y": y }))
        .collect();
    json!({
        "crop": { "left": left, "top": top, "right": right, "bottom": bottom },
        "remove": [{ "points": points, "radius": drawn.radius }],
    })
}

/// Sends the first photo that became an item once more, and looks whether that is noticed.
///
/// # Errors
/// When a request is refused.
pub(crate) async fn send_again(
    api: &Api,
    photos: &[Photo],
    garments: &[Garment],
    progress: &Progress,
) -> Result<Option<Again>, Trouble> {
    let ready = photos.iter().zip(garments);
    let first = ready
        .into_iter()
        .find_map(|(photo, garment)| match &garment.outcome {
            Outcome::Ready { item, .. } => Some((photo, item)),
            Outcome::Failed { .. } => None,
        });
    let Some((photo, first)) = first else {
        return Ok(None);
    };
    let step = progress.step("a photo sent twice", 0);
    let content = std::fs::read(&photo.path)
        .map_err(|error| Trouble::Local(format!("{}: {error}", photo.path.display())))?;
    let began = Instant::now();
    let created = api.create_item(photo.kind, content.len(), None).await?;
    api.send_photo(&created.upload, photo.kind, &content)
        .await?;
    api.photo_sent(&created.item.id).await?;
    let second = settled(api, &created.item.id).await?;
    let again = Again {
        title: first.title.clone(),
        recognised: second.duplicate_of.as_deref() == Some(&first.id),
        took: began.elapsed(),
    };
    step.done(if again.recognised {
        "recognised"
    } else {
        "not recognised"
    });
    Ok(Some(again))
}

/// Waits until an item is no longer worked on.
async fn settled(api: &Api, id: &str) -> Result<Item, Trouble> {
    let began = Instant::now();
    loop {
        let item = api.item(id).await?;
        if item.status.is_settled() || began.elapsed() > PATIENCE {
            return Ok(item);
        }
        tokio::time::sleep(POLL).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawing_is_asked_for_in_parts_of_the_photo() {
        let drawn = Drawn {
            crop: [0.0, 0.25, 1.0, 0.75],
            remove: [(0.5, 0.5), (0.75, 0.5)],
            radius: 0.05,
        };
        assert_eq!(
            request(&drawn),
            json!({
                "crop": { "left": 0.0, "top": 0.25, "right": 1.0, "bottom": 0.75 },
                "remove": [{
                    "points": [{ "x": 0.5, "y": 0.5 }, { "x": 0.75, "y": 0.5 }],
                    "radius": 0.05,
                }],
            })
        );
    }
}
