//! `GET /recommendations` — outfits from the caller's own wardrobe, for the weather and the occasion, with
//! reasons.

mod answer;
mod query;
#[cfg(test)]
mod tests;
mod weather;

use std::collections::HashMap;

use drape_common::{
    http::{Endpoint, Outcome, Problem, Request, caller, json, query as read_query},
    store::{
        Get, Key, List, StoreError, blob::PresignGet, queries::RecentSignals, tables::Embedding,
    },
};
use drape_domain::{Item, ItemId, ItemStatus, Prefs, Signal, Timestamp, User, UserId};
use drape_providers::Weather;
use drape_recommender::{Context, Piece, recommend};
use futures::future::{try_join, try_join4};

use answer::View;
use query::Query;

/// The largest wardrobe that is searched; of a larger one, the newest.
const MAX_WARDROBE: usize = 1500;
/// Older signals have faded too far to matter.
const MAX_SIGNALS: usize = 300;

/// The endpoint and what it needs.
#[derive(Debug, Clone)]
pub struct Recommendations<U, I, E, S, M, W> {
    /// Reads the caller's tastes.
    pub users: U,
    /// Reads the wardrobe.
    pub items: I,
    /// Reads its vectors.
    pub embeddings: E,
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
    I: List<Item> + 'static,
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

        let pieces: Vec<_> = person
            .wardrobe
            .iter()
            .map(|item| Piece {
                item,
                vector: person.vectors.get(&item.item_id).map(Vec::as_slice),
            })
            .collect();
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
    /// What is ready to be worn.
    wardrobe: Vec<Item>,
    vectors: HashMap<ItemId, Vec<f32>>,
    history: Vec<Signal>,
}

impl<U, I, E, S, M, W> Recommendations<U, I, E, S, M, W>
where
    U: Get<User>,
    I: List<Item>,
    E: List<Embedding>,
    S: RecentSignals,
{
    async fn load(&self, user: UserId) -> Result<Person, StoreError> {
        let partition = user.to_string();
        let key = Key::simple(user);
        let (account, items, embeddings, history) = try_join4(
            self.users.get(&key),
            self.items.list(&partition, None, MAX_WARDROBE),
            self.embeddings.list(&partition, None, MAX_WARDROBE),
            self.signals.recent_signals(user, MAX_SIGNALS),
        )
        .await?;
        let mut wardrobe = items.records;
        wardrobe.retain(|item| item.status == ItemStatus::Ready);

        // The job writes the vector before the item. Until the item names it too, it belongs to a newer
        // photo or model than the rest of what is known of the item.
        let models: HashMap<_, _> = wardrobe
            .iter()
            .filter_map(|item| Some((item.item_id, item.embedding.as_ref()?.model.as_str())))
            .collect();
        let vectors = embeddings
            .records
            .iter()
            .filter(|row| models.get(&row.item_id) == Some(&row.model.as_str()))
            .map(|row| (row.item_id, row.floats()))
            .collect();
        Ok(Person {
            prefs: account.map(|account| account.prefs).unwrap_or_default(),
            vectors,
            wardrobe,
            history,
        })
    }
}
