//! `POST /tryon` — records a try-on, asks for its rendering, and waits a little for the picture.
//!
//! The record is written before the message is sent, and the message only says which record to look at: a
//! crash in between leaves a queued record whose message the next status call sends again.

mod prefer;
mod request;
#[cfg(test)]
mod tests;

use std::{collections::HashMap, time::Duration};

use drape_common::{
    http::{
        Endpoint, Outcome, Problem, Request, Response, body, caller, earlier, idempotency_key,
        json, reserve,
    },
    store::{
        Create, Get, GetMany, Record,
        blob::{HeadObject, PresignGet},
        queue::{Enqueue, RenderTryOn},
        tables::{DayShowing, Reservation, item_key, tryon_key},
    },
    views::TryOnView,
};
use drape_domain::{
    Item, ItemId, ItemStatus, Timestamp, TryOn, TryOnId, TryOnStatus, UserId, tryon::TryOnItem,
};
use futures::future::try_join3;
use lambda_http::http::{HeaderValue, header};
use serde::Serialize;
use tokio::time::{Instant, sleep};

use prefer::Prefer;
use request::{NewTryOn, photo_not_found};

/// Names the request to idempotency keys.
const OPERATION: &str = "tryon";
/// Between two looks at the record while waiting.
const POLL: Duration = Duration::from_millis(200);
/// When a client should ask for the status of what is still being rendered.
const RETRY_AFTER: &str = "2";

/// The endpoint and what it needs.
#[derive(Debug, Clone)]
pub struct TryOnCreate<I, H, T, R, U, M, Q> {
    /// Reads the garments.
    pub items: I,
    /// Knows what was shown.
    pub showings: H,
    /// Writes and reads try-ons.
    pub tryons: T,
    /// Remembers idempotency keys.
    pub reservations: R,
    /// Looks for the body photo.
    pub uploads: U,
    /// Name of the bucket behind `uploads`.
    pub uploads_bucket: String,
    /// Signs links to pictures.
    pub media: M,
    /// Asks for renderings.
    pub queue: Q,
    /// Tells the time.
    pub now: fn() -> Timestamp,
}

impl<I, H, T, R, U, M, Q> Endpoint for TryOnCreate<I, H, T, R, U, M, Q>
where
    I: GetMany<Item> + 'static,
    H: Get<DayShowing> + 'static,
    T: Create<TryOn> + Get<TryOn> + 'static,
    R: Create<Reservation> + Get<Reservation> + 'static,
    U: HeadObject + 'static,
    M: PresignGet + 'static,
    Q: Enqueue<RenderTryOn> + 'static,
{
    async fn handle(&self, request: Request) -> Outcome {
        let caller = caller(&request)?;
        let key = idempotency_key(&request)?;
        let prefer = Prefer::read(request.headers());
        let new: NewTryOn = body(&request)?;
        caller.must_be(new.user_id)?;
        let user = caller.user_id;
        let body_key = new
            .target_image_s3
            .body_photo_of(user, &self.uploads_bucket)?;

        let now = (self.now)();

        // A repetition is answered before anything is checked: the photo or an item may be gone by now.
        let earlier = earlier(&self.reservations, user, OPERATION, key.as_ref(), &new).await?;
        if let Some(earlier) = earlier {
            if let Some(tryon) = self.tryons.get(&tryon_key(user, earlier.id)).await? {
                return self.follow(tryon, prefer).await;
            }
            if !earlier.is_fresh(now) {
                return Err(deleted());
            }
        }

        let item_keys: Vec<_> = new
            .items
            .ids()
            .iter()
            .map(|id| item_key(user, *id))
            .collect();
        let (photo, found, ()) = try_join3(
            async { Ok(self.uploads.head(&body_key).await?) },
            async { Ok(self.items.get_many(&item_keys).await?) },
            self.was_shown(user, &new),
        )
        .await?;
        if photo.is_none() {
            return Err(photo_not_found());
        }
        let items = garments(new.items.ids(), found)?;

        let planned = TryOnId::new();
        let reserved = reserve(
            &self.reservations,
            user,
            OPERATION,
            key.as_ref(),
            &new,
            planned,
            now,
        )
        .await?;
        let tryon = TryOn {
            id: reserved.id,
            prefer_clean_item_images: new.prefer_clean_item_images,
            view_options: new.view_options,
            recommendation_id: new.recommendation_id,
            ..TryOn::new(user, body_key, items, now)
        };
        let tryon = self.record(tryon).await?;
        self.follow(tryon, prefer).await
    }
}

impl<I, H, T, R, U, M, Q> TryOnCreate<I, H, T, R, U, M, Q>
where
    H: Get<DayShowing>,
{
    /// What is tried on is of the recommendation that is named, and that was shown to the person: what they think
    /// of the picture is learned as about that outfit.
    async fn was_shown(&self, user: UserId, new: &NewTryOn) -> Result<(), Problem> {
        let Some(id) = new.recommendation_id else {
            return Ok(());
        };
        let outfit = DayShowing::outfit(&self.showings, user, id).await?;
        let pieces = outfit.ok_or_else(recommendation_not_found)?.pieces;
        let holds = |wanted: &ItemId| pieces.iter().any(|piece| piece.item_id == *wanted);
        if new.items.ids().iter().all(holds) {
            Ok(())
        } else {
            Err(Problem::invalid_field(
                "recommendation_id",
                "must be of an outfit that holds all the items",
            ))
        }
    }
}

impl<I, H, T, R, U, M, Q> TryOnCreate<I, H, T, R, U, M, Q>
where
    T: Create<TryOn> + Get<TryOn>,
    M: PresignGet,
    Q: Enqueue<RenderTryOn>,
{
    /// Writes the record. Of a repeated request, the one that is there by now.
    async fn record(&self, tryon: TryOn) -> Result<TryOn, Problem> {
        if self.tryons.create(&tryon).await? {
            return Ok(tryon);
        }
        let stored = self.tryons.get(&tryon.key()).await?;
        stored.ok_or_else(Problem::tryon_not_found)
    }

    /// Sends the record's message and waits for the picture. Of a repeated request the message goes again as
    /// long as no job has taken it up, since the first one may never have been sent.
    async fn follow(&self, tryon: TryOn, prefer: Prefer) -> Outcome {
        if tryon.status == TryOnStatus::Queued {
            let message = RenderTryOn {
                user_id: tryon.user_id,
                tryon_id: tryon.id,
            };
            self.queue.enqueue(&message).await?;
        }
        let tryon = self.settle(tryon, prefer.patience()).await?;
        self.answer(tryon, prefer).await
    }

    /// Looks at the record until it is final or the wait is over.
    async fn settle(&self, mut tryon: TryOn, wait: Duration) -> Result<TryOn, Problem> {
        let ends = Instant::now() + wait;
        while !tryon.status.is_final() {
            let left = ends.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            sleep(POLL.min(left)).await;
            match self.tryons.get(&tryon.key()).await {
                Ok(Some(stored)) => tryon = stored,
                Ok(None) => return Err(Problem::tryon_not_found()),
                // The try-on is under way whether we can look at it or not.
                Err(error) => tracing::warn!(cause = %error, "look at try-on"),
            }
        }
        Ok(tryon)
    }

    async fn answer(&self, tryon: TryOn, prefer: Prefer) -> Outcome {
        #[derive(Serialize)]
        struct Answer {
            tryon: TryOnView,
            #[serde(skip_serializing_if = "Option::is_none")]
            status_url: Option<String>,
        }
        let status_url = (!tryon.status.is_final()).then(|| format!("/tryon/{}/status", tryon.id));
        let handed_over = status_url.is_some();
        let location = status_url.as_deref().map(HeaderValue::from_str);
        let tryon = TryOnView::new(tryon, &self.media).await?;
        let mut response: Response = json(
            if handed_over { 202 } else { 200 },
            &Answer { tryon, status_url },
        )?;
        let headers = response.headers_mut();
        if let Some(location) = location {
            headers.insert(header::LOCATION, location.map_err(Problem::internal)?);
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER));
        }
        if let Some(applied) = prefer.applied(handed_over) {
            let applied = HeaderValue::from_str(&applied).map_err(Problem::internal)?;
            headers.insert("preference-applied", applied);
        }
        Ok(response)
    }
}

/// 404 for a recommendation, whether there never was one or it was another person's.
fn recommendation_not_found() -> Problem {
    Problem::not_found(
        "recommendation_not_found",
        "No such recommendation was shown to you lately.",
    )
}

/// 404 for a late repetition.
fn deleted() -> Problem {
    Problem::not_found(
        "tryon_not_found",
        "The try-on of this Idempotency-Key has been deleted. Use a new key to make another.",
    )
}

/// The garments as they are now, in the client's order.
fn garments(wanted: &[ItemId], found: Vec<Item>) -> Result<Vec<TryOnItem>, Problem> {
    let mut found: HashMap<_, _> = found.into_iter().map(|item| (item.item_id, item)).collect();
    let items: Vec<Item> = wanted
        .iter()
        .map(|id| found.remove(id).ok_or_else(Problem::item_not_found))
        .collect::<Result<_, _>>()?;

    let waiting: Vec<_> = items
        .iter()
        .filter(|item| item.status != ItemStatus::Ready)
        .map(|item| format!("{} ({})", item.item_id, item.status.as_str()))
        .collect();
    if !waiting.is_empty() {
        let which = waiting.join(", ");
        return Err(Problem::conflict(
            "item_not_ready",
            format!("Only items that are ready can be tried on. Not ready: {which}."),
        ));
    }
    let tryon_item = |item: Item| TryOnItem {
        item_id: item.item_id,
        title: item.title(),
        boutique: None,
        price: None,
        skipped: None,
    };
    Ok(items.into_iter().map(tryon_item).collect())
}
