//! A boutique beside the wardrobe: outfits may be completed with what it sells.

use std::{
    collections::HashMap,
    path::Path,
    time::{Duration, Instant},
};

use crate::{
    api::{Advice, Api, Role, Trouble},
    files,
    photos::Photo,
    progress::Progress,
    report::{Weather, Window},
    wardrobe,
};

/// The weather that is asked about.
const WEATHER: (i32, &str) = (28, "sunny");
/// Between two questions, while what is sold cannot be found yet.
const POLL: Duration = Duration::from_secs(5);
/// What a boutique sends can be found within five minutes.
const PATIENCE: Duration = Duration::from_secs(330);

/// A boutique that has put its things up.
#[derive(Debug)]
pub(crate) struct Shop {
    pieces: usize,
    since: Instant,
}

/// From 6,500 to 26,000 naira, in kobo: enough to see that a price comes back as it was given.
#[allow(clippy::unnecessary_wraps)]
fn price(n: usize) -> Option<u64> {
    Some(650_000 + 150_000 * (n as u64 % 14))
}

/// Signs a boutique up and lets it sell what is on these photos.
///
/// # Errors
/// When the API cannot be used.
pub(crate) async fn open(
    base: &str,
    photos: &[Photo],
    parallel: usize,
    progress: &Progress,
) -> Result<Shop, Trouble> {
    progress.say("  A boutique puts up what it sells:");
    let api = Api::sign_up(base, Role::Boutique).await?;
    let sent = wardrobe::fill(&api, photos, price, parallel, progress).await?;
    Ok(Shop {
        pieces: sent.items.iter().flatten().count(),
        since: Instant::now(),
    })
}

/// Asks for outfits with what the boutique sells, again until there is some of it among them.
///
/// # Errors
/// When a question is refused or a picture cannot be kept.
pub(crate) async fn look(
    api: &Api,
    shop: &Shop,
    folder: &Path,
    progress: &Progress,
) -> Result<Window, Trouble> {
    let step = progress.step("the boutique's things among the outfits", 0);
    let (temp_c, condition) = WEATHER;
    let (advice, latency, found) = loop {
        let began = Instant::now();
        let advice = api.recommend(temp_c, condition, true).await?;
        let (latency, waited) = (began.elapsed(), shop.since.elapsed());
        if sold(&advice) || waited > PATIENCE {
            break (advice, latency, waited);
        }
        step.at(0);
        tokio::time::sleep(POLL).await;
    };
    let after = sold(&advice).then_some(found);
    step.done(&match after {
        Some(after) => format!("seen {} s after they were ready", after.as_secs()),
        None => "none; is the index being made?".to_owned(),
    });
    let pictures = pictures(api, &advice, folder).await?;
    Ok(Window {
        pieces: shop.pieces,
        after,
        pictures,
        weather: Weather {
            temp_c,
            condition: condition.to_owned(),
            advice,
            latency,
            fitting: None,
        },
    })
}

fn sold(advice: &Advice) -> bool {
    let mut pieces = advice.recommendations.iter().flat_map(|one| &one.pieces);
    pieces.any(|piece| piece.boutique.is_some())
}

/// The boutique's pieces by id, as files beside the page.
async fn pictures(
    api: &Api,
    advice: &Advice,
    folder: &Path,
) -> Result<HashMap<String, String>, Trouble> {
    let mut kept = HashMap::new();
    for piece in advice.recommendations.iter().flat_map(|one| &one.pieces) {
        if let (Some(_), Some(link), false) = (
            &piece.boutique,
            &piece.thumb,
            kept.contains_key(&piece.item_id),
        ) {
            let name = format!("boutique-{}", kept.len() + 1);
            let path = files::keep(folder, &name, &api.follow(link).await?)?;
            kept.insert(piece.item_id.clone(), path);
        }
    }
    Ok(kept)
}
