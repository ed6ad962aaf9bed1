//! `GET /recommendations` — outfits from the caller's own wardrobe, for the weather and the occasion, with
//! reasons.

mod answer;
mod query;
mod showing;
#[cfg(test)]
mod tests;
mod wardrobe;
mod weather;

use std::sync::Arc;

use drape_common::{
    http::{Endpoint, Outcome, Problem, Request, caller, json, query as read_query},
    store::{
        Get, Key, List, Put, StoreError,
        blob::PresignGet,
        queries::{RecentSignals, Revisions},
        tables::{DayShowing, Embedding},
    },
};
use drape_domain::{Item, ItemId, Prefs, ShowingId, Signal, Timestamp, User, UserId};
use drape_providers::Weather;
use drape_recommender::{Context, recommend};
use futures::future::{join, try_join, try_join3};

use answer::View;
use query::Query;
use wardrobe::Wardrobe;
pub use wardrobe::Wardrobes;

/// Older signals have faded too far to matter.
const MAX_SIGNALS: usize = 300;

/// The endpoint and what it needs.
#[derive(Debug)]
pub struct Recommendations<U, I, E, S, H, M, W> {
    /// Reads the caller's tastes.
    pub users: U,
    /// Reads the wardrobe.
    pub items: I,
    /// Reads its vectors.
    pub embeddings: E,
    /// Keeps both while they are as they were.
    pub wardrobes: Wardrobes,
    /// Reads what the caller did lately.
    pub signals: S,
    /// Keeps what was shown.
    pub showings: H,
    /// Signs links to thumbs.
    pub media: M,
    /// Tells the weather.
    pub weather: W,
    /// Tells the time.
    pub now: fn() -> Timestamp,
}

impl<U, I, E, S, H, M, W> Endpoint for Recommendations<U, I, E, S, H, M, W>
where
    U: Get<User> + 'static,
    I: List<Item> + Revisions + 'static,
    E: List<Embedding> + 'static,
    S: RecentSignals + 'static,
    H: Put<DayShowing> + 'static,
    M: PresignGet + 'static,
    W: Weather + 'static,
{
    async fn handle(&self, request: Request) -> Outcome {
        let caller = caller(&request)?;
        let query: Query = read_query(&request)?;
        caller.must_be(query.user_id)?;
        let place = query.place()?;
        let purpose = query.purpose()?;
        let now = (self.now)();

        let person = async { Ok::<_, Problem>(self.load(caller.user_id).await?) };
        let sky = weather::sky(&query, &purpose, &self.weather, now.date());
        let (person, sky) = try_join(person, sky).await?;
        if let Some(wanted) = query.pair_with {
            check_wanted(wanted, &query, &person.wardrobe)?;
        }

        let pieces = person.wardrobe.pieces();
        let context = Context {
            temp_c: sky.temp_c,
            humidity: sky.humidity,
            condition: sky.condition,
            time_of_day: query.time_of_day,
            occasion: query.occasion.or(purpose.occasion),
            event: purpose.event,
            latitude: place.map(|place| place.lat()),
            date: query.date,
            now,
        };
        let answer = recommend(&drape_recommender::Request {
            history: &person.history,
            limit: query.limit(),
            pair_with: query.pair_with,
            exclude: &query.exclude,
            avoid_repeat_days: query.avoid_repeat_days(),
            ..drape_recommender::Request::new(&pieces, &person.prefs, &context)
        });
        let id = ShowingId::at(now);
        let shown = showing::row(id, caller.user_id, &context, &answer);
        let (_, view) = join(
            self.keep(&shown),
            View::new(id, answer, &person.wardrobe, sky, &self.media),
        )
        .await;
        json(200, &view?)
    }
}

/// A piece to build around is the person's own, and can be worn.
fn check_wanted(wanted: ItemId, query: &Query, wardrobe: &Wardrobe) -> Result<(), Problem> {
    let refused = |why| Err(Problem::invalid_field("pair_with", why));
    match wardrobe.item(wanted) {
        None if wardrobe.holds(wanted) => refused("has no photo that is ready"),
        None => Err(Problem::item_not_found()),
        Some(item) if item.in_wash => refused("is in the wash"),
        Some(_) if query.exclude.contains(&wanted) => refused("must not be excluded as well"),
        Some(_) => Ok(()),
    }
}

/// All that is known of a person.
struct Person {
    prefs: Prefs,
    wardrobe: Arc<Wardrobe>,
    history: Vec<Signal>,
}

impl<U, I, E, S, H, M, W> Recommendations<U, I, E, S, H, M, W>
where
    U: Get<User>,
    I: List<Item> + Revisions,
    E: List<Embedding>,
    S: RecentSignals,
{
    async fn load(&self, user: UserId) -> Result<Person, StoreError> {
        let key = Key::simple(user);
        let (account, wardrobe, history) = try_join3(
            self.users.get(&key),
            self.wardrobes.of(user, &self.items, &self.embeddings),
            self.signals.recent_signals(user, MAX_SIGNALS),
        )
        .await?;
        Ok(Person {
            prefs: account.map(|account| account.prefs).unwrap_or_default(),
            wardrobe,
            history,
        })
    }
    /// Keeps what is shown. An answer that cannot be learned from is as good for the person.
    async fn keep(&self, shown: &DayShowing)
    where
        H: Put<DayShowing>,
    {
        if shown.showing.outfits.is_empty() {
            return;
        }
        if let Err(error) = self.showings.put(shown).await {
            tracing::error!(cause = %error, "what was shown is not kept");
        }
    }
}
