//! What to wear in which weather, and how it looks.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use crate::{
    api::{Api, Trouble, TryOn, TryOnStatus},
    files,
    photos::Photo,
    progress::Progress,
    report::{Fitting, LayerFiles, Weather},
};

/// The weathers that are asked about.
const WEATHERS: [(i32, &str); 2] = [(28, "sunny"), (12, "rain")];
/// Between two looks at a try-on.
const POLL: Duration = Duration::from_millis(300);
/// The API tries on no more at once. Outfits name what matters most first.
const MAX_GARMENTS: usize = 6;
/// A try-on that takes longer is given up.
const PATIENCE: Duration = Duration::from_secs(180);

/// Sends the body photo and answers its `s3://` URL.
///
/// # Errors
/// When it is refused.
pub(crate) async fn send_body(api: &Api, body: &Photo) -> Result<String, Trouble> {
    let content = std::fs::read(&body.path)
        .map_err(|error| Trouble::Local(format!("{}: {error}", body.path.display())))?;
    let created = api.create_body_upload(body.kind, content.len()).await?;
    api.send_photo(&created.upload, body.kind, &content).await?;
    Ok(created.s3)
}

/// Asks about each weather. Nothing is tried on yet.
///
/// # Errors
/// When a question is refused.
pub(crate) async fn ask(api: &Api, progress: &Progress) -> Result<Vec<Weather>, Trouble> {
    let step = progress.step("outfits", WEATHERS.len());
    let mut weathers = Vec::new();
    for (temp_c, condition) in WEATHERS {
        let began = Instant::now();
        let advice = api.recommend(temp_c, condition, false).await?;
        weathers.push(Weather {
            temp_c,
            condition: condition.to_owned(),
            advice,
            latency: began.elapsed(),
            fitting: None,
        });
        step.at(weathers.len());
    }
    let told: Vec<_> = weathers
        .iter()
        .map(|weather| {
            let (count, latency) = (weather.advice.recommendations.len(), weather.latency);
            let (temp, sky) = (weather.temp_c, &weather.condition);
            format!("{count} for {temp} °C {sky} in {} ms", latency.as_millis())
        })
        .collect();
    step.done(&told.join(", "));
    Ok(weathers)
}

/// Tries on the best outfit of each weather, one after the other so that each has its own time, and keeps
/// the pictures in `folder`.
///
/// # Errors
/// When a try-on is refused, or its picture cannot be kept. One that fails is an answer like another.
pub(crate) async fn try_on(
    api: &Api,
    weathers: &mut [Weather],
    body: &str,
    folder: &Path,
    progress: &Progress,
) -> Result<(), Trouble> {
    let step = progress.step("try-ons", weathers.len());
    let mut told = Vec::new();
    for (n, weather) in weathers.iter_mut().enumerate() {
        if let Some(best) = weather.advice.recommendations.first() {
            let began = Instant::now();
            let garments = &best.items[..best.items.len().min(MAX_GARMENTS)];
            let tryon = finished(api, api.try_on(body, garments).await?).await?;
            let took = began.elapsed();
            let picture = match &tryon.render_url {
                Some(link) => {
                    let content = api.follow(link).await?;
                    Some(files::keep(folder, &format!("tryon-{}", n + 1), &content)?)
                }
                None => None,
            };
            told.push(match (&picture, tryon.confidence) {
                (Some(_), Some(confidence)) => {
                    format!("{:.1} s, confidence {confidence:.2}", took.as_secs_f64())
                }
                (Some(_), None) => format!("{:.1} s", took.as_secs_f64()),
                (None, _) => "none".to_owned(),
            });
            let name = format!("tryon-{}", n + 1);
            let (layers, turns) = further(api, &tryon, folder, &name).await?;
            weather.fitting = Some(Fitting {
                tryon,
                picture,
                layers,
                turns,
                took,
            });
        }
        step.at(n + 1);
    }
    step.done(&told.join("; "));
    Ok(())
}

/// The layers of a picture and its turns, kept beside the page.
async fn further(
    api: &Api,
    tryon: &TryOn,
    folder: &Path,
    name: &str,
) -> Result<(Option<LayerFiles>, Vec<String>), Trouble> {
    let keep = async |link: &str, what: String| {
        files::keep(folder, &format!("{name}-{what}"), &api.follow(link).await?)
    };
    let mut turns = Vec::new();
    for (n, link) in tryon.turns.iter().enumerate() {
        turns.push(keep(link, format!("turn-{}", n + 1)).await?);
    }
    let Some(layers) = &tryon.layers else {
        return Ok((None, turns));
    };
    let mut garments = Vec::new();
    for (n, garment) in layers.garments.iter().enumerate() {
        garments.push(keep(&garment.url, format!("garment-{}", n + 1)).await?);
    }
    let layers = LayerFiles {
        person: keep(&layers.person, "person".to_owned()).await?,
        garments,
        shadow: keep(&layers.shadow, "shadow".to_owned()).await?,
        lighting: layers.lighting,
    };
    Ok((Some(layers), turns))
}

/// Waits until nothing more will happen to it.
async fn finished(api: &Api, mut tryon: TryOn) -> Result<TryOn, Trouble> {
    let began = Instant::now();
    while tryon.status == TryOnStatus::UnderWay && began.elapsed() < PATIENCE {
        tokio::time::sleep(POLL).await;
        tryon = api.try_on_status(&tryon.id).await?;
    }
    Ok(tryon)
}
