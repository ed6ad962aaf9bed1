//! Photos in, a wardrobe out.

use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use futures::{StreamExt, TryStreamExt, future::try_join, stream};

use crate::{
    api::{Api, Item, Trouble},
    photos::Photo,
    progress::Progress,
    report::Times,
};

/// The least pause between two looks at what is not yet settled.
const POLL: Duration = Duration::from_millis(400);
/// The pause is so many times as long as a look takes, so that looking at a large wardrobe leaves the API
/// time for the photos.
const REST: u32 = 3;
/// Without any news for so long, the rest is given up.
const PATIENCE: Duration = Duration::from_secs(180);

/// What became of the photos, in their order.
#[derive(Debug)]
pub(crate) struct Sent {
    /// The item's id, or why there is none.
    pub(crate) items: Vec<Result<String, String>>,
    pub(crate) times: Times,
}

/// What the two sides, sending and watching, tell each other.
#[derive(Debug, Default)]
struct Board {
    /// When the photo of which item had been sent.
    sent: Mutex<HashMap<String, Instant>>,
    all_sent: AtomicBool,
}

impl Board {
    fn sent(&self) -> MutexGuard<'_, HashMap<String, Instant>> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends photos, so many at once, and waits until each is ready or failed. A photo that is refused does not
/// keep the others from being sent. `price` tells what the item of a photo is sold for, if it is.
///
/// # Errors
/// When the API cannot be used at all.
pub(crate) async fn fill(
    api: &Api,
    photos: &[Photo],
    price: fn(usize) -> Option<u64>,
    parallel: usize,
    progress: &Progress,
) -> Result<Sent, Trouble> {
    let began = Instant::now();
    let board = Board::default();
    let (uploads, (settling, between_looks)) = try_join(
        send_all(api, photos, price, parallel, progress, &board),
        watch(api, photos.len(), progress, &board),
    )
    .await?;

    let mut times = Times {
        settling,
        all_settled: began.elapsed(),
        parallel,
        between_looks,
        ..Times::default()
    };
    let mut items = Vec::with_capacity(uploads.len());
    for upload in uploads {
        items.push(upload.map(|(item, took)| {
            times.uploads.push(took);
            item
        }));
    }
    Ok(Sent { items, times })
}

/// The whole wardrobe by item id, and how long listing it took.
///
/// # Errors
/// When a page is refused.
pub(crate) async fn list(api: &Api) -> Result<(HashMap<String, Item>, Duration), Trouble> {
    let began = Instant::now();
    let mut all = HashMap::new();
    let mut cursor: Option<String> = None;
    loop {
        let page = api.wardrobe(cursor.as_deref()).await?;
        all.extend(page.items.into_iter().map(|item| (item.id.clone(), item)));
        cursor = page.next_cursor;
        if cursor.is_none() {
            return Ok((all, began.elapsed()));
        }
    }
}

type Uploaded = Result<(String, Duration), String>;

async fn send_all(
    api: &Api,
    photos: &[Photo],
    price: fn(usize) -> Option<u64>,
    parallel: usize,
    progress: &Progress,
    board: &Board,
) -> Result<Vec<Uploaded>, Trouble> {
    let step = progress.step("photos sent", photos.len());
    let done = Mutex::new(0_usize);
    let uploads = stream::iter(photos.iter().enumerate()).map(async |(n, photo)| {
        let upload = match send(api, photo, price(n), board).await {
            Err(trouble) if trouble.concerns_one_photo() => Err(trouble.to_string()),
            result => Ok(result?),
        };
        let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
        *done += 1;
        step.at(*done);
        Ok::<_, Trouble>(upload)
    });
    let uploads: Vec<Uploaded> = uploads.buffered(parallel).try_collect().await?;
    board.all_sent.store(true, Ordering::Release);
    let refused = uploads.iter().filter(|upload| upload.is_err()).count();
    let sent = uploads.len() - refused;
    step.done(&match refused {
        0 => format!("{sent}, {parallel} at once"),
        refused => format!("{sent}, {parallel} at once; {refused} refused"),
    });
    Ok(uploads)
}

async fn send(
    api: &Api,
    photo: &Photo,
    price: Option<u64>,
    board: &Board,
) -> Result<(String, Duration), Trouble> {
    let content = std::fs::read(&photo.path)
        .map_err(|error| Trouble::Local(format!("cannot be read: {error}")))?;
    let began = Instant::now();
    let created = api.create_item(photo.kind, content.len(), price).await?;
    api.send_photo(&created.upload, photo.kind, &content)
        .await?;
    api.photo_sent(&created.item.id).await?;
    let now = Instant::now();
    board.sent().insert(created.item.id.clone(), now);
    Ok((created.item.id, now - began))
}

/// Looks at the wardrobe until every photo that was sent is settled. Answers how long each took, and the
/// longest time between two looks.
async fn watch(
    api: &Api,
    photos: usize,
    progress: &Progress,
    board: &Board,
) -> Result<(Vec<Duration>, Duration), Trouble> {
    let step = progress.step("photos cut out and tagged", photos);
    let mut settled: HashMap<String, Duration> = HashMap::new();
    let mut failed = 0;
    let mut news = Instant::now();
    let mut looked = Instant::now();
    let mut longest = Duration::ZERO;
    loop {
        // Asked before looking, so that the last look comes after the last photo.
        let all_sent = board.all_sent.load(Ordering::Acquire);
        let (items, took) = list(api).await?;
        let now = Instant::now();
        longest = longest.max(now - looked);
        looked = now;
        let sent = board.sent().clone();
        for (id, since) in &sent {
            let status = items.get(id).map(|item| item.status);
            if status.is_some_and(crate::api::ItemStatus::is_settled) && !settled.contains_key(id) {
                settled.insert(id.clone(), now - *since);
                failed += usize::from(status == Some(crate::api::ItemStatus::Failed));
                news = now;
            }
        }
        step.at(settled.len());
        let waiting = sent.len() - settled.len();
        if all_sent && waiting == 0 {
            step.done(&format!(
                "{} ready, {failed} not usable",
                settled.len() - failed
            ));
            return Ok((settled.into_values().collect(), longest));
        }
        if all_sent && news.elapsed() > PATIENCE {
            step.done(&format!(
                "{waiting} are still not, and nothing has happened for {} s; going on without them. `make status` tells whether the stack still runs",
                PATIENCE.as_secs()
            ));
            return Ok((settled.into_values().collect(), longest));
        }
        tokio::time::sleep(POLL.max(took * REST)).await;
    }
}

#[cfg(test)]
mod tests;
