//! `GET /recommendations` — outfits from the caller's own wardrobe, for the weather and the occasion, with
//! reasons.

mod answer;
mod query;
#[cfg(test)]
mod tests;
mod wardrobe;
mod weather;

use std::sync::Arc;

use drape_common::{
    http::{Endpoint, Outcome, Problem, Request, caller, json, query as read_query},
    store::{
        Get, Key, List, StoreError,
        blob::PresignGet,
        queries::{RecentSignals, Revisions},
        tables::Embedding,
    },
};
use drape_domain::{Item, Prefs, Signal, Timestamp, User, UserId};
use drape_providers::Weather;
use drape_recommender::{Context, recommend};
use futures::future::{try_join, try_join3};

use answer::View;
use query::Query;
use wardrobe::Wardrobe;
pub use wardrobe::Wardrobes;

/// Older signals have faded too far to matter.
const MAX_SIGNALS: usize = 300;

/// The endpoint and what it needs.
#[derive(Debug)]
pub struct Recommendations<U, I, E, S, M, W> {
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
    /// Signs links to thumbs.
    pub media: M,
    /// Tells the weather.
    pub weather: W,
    /// Tells the time.
    pub now: fn() -> Timestamp,
}

impl<U, I, E, S, M, W> Endpoint for Recommendations<U, I, E, S, M, W>
where
    U: Get<User> + 'static,
    I: List<Item> + Revisions + 'static,
    E: List<Embedding> + 'static,
    S: RecentSignals + 'static,
    M: PresignGet + 'static,
    W: Weather + 'static,
{
    async fn handle(&self, request: Request) -> Outcome {
        let caller = caller(&request)?;
        let query: Query = read_query(&request)?;
        caller.must_be(query.user_id)?;
        let place = query.place()?;
        let now = (self.now)();

        let person = async { Ok::<_, Problem>(self.load(caller.user_id).await?) };
        let sky = weather::sky(&query, &self.weather, now.date());
        let (person, sky) = try_join(person, sky).await?;

        let pieces = person.wardrobe.pieces();
        let context = Context {
            temp_c: sky.temp_c,
            condition: sky.condition,
            time_of_day: query.time_of_day,
            occasion: query.meant_occasion(),
            latitude: place.map(|place| place.lat()),
            date: query.date,
            ..Context::at(now)
        };
        let answer = recommend(&drape_recommender::Request {
            history: &person.history,
            limit: query.limit(),
            ..drape_recommender::Request::new(&pieces, &person.prefs, &context)
        });
        let view = View::new(answer, &person.wardrobe, sky, &self.media).await?;
        json(200, &view)
    }
}

/// All that is known of a person.
struct Person {
    prefs: Prefs,
    wardrobe: Arc<Wardrobe>,
    history: Vec<Signal>,
}

impl<U, I, E, S, M, W> Recommendations<U, I, E, S, M, W>
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
}
