//! `GET /recommendations` — outfits from the caller's own wardrobe, and from what boutiques sell if that is wished,
//! for the weather and the occasion, with reasons.

mod answer;
mod offers;
mod published;
mod query;
mod showing;
#[cfg(test)]
mod tests;
mod wardrobe;
mod weather;

use std::{collections::HashSet, sync::Arc};

use drape_common::{
    http::{Endpoint, Outcome, Problem, Request, caller, json, query as read_query},
    store::{
        Get, GetMany, Key, List, Put, StoreError,
        blob::PresignGet,
        queries::{RecentSignals, Revisions},
        tables::{DayShowing, Embedding, StyleRow},
    },
};
use drape_domain::{Item, ItemId, Prefs, ShowingId, Signal, Timestamp, User, UserId};
use drape_index::Catalog;
use drape_providers::Weather;
use drape_recommender::{Answer, Boutiques, Context, recommend};
use drape_taste::{Model, Style};
use futures::future::{join, try_join, try_join4};
use time::Duration;

use answer::{Pieces, View};
use offers::Offers;
use published::Served;
pub use published::{LiveModel, Published, model};
use query::Query;
use wardrobe::Wardrobe;
pub use wardrobe::Wardrobes;

/// Older signals have faded too far to matter, but for those that tell what was worn lately.
const MAX_SIGNALS: usize = 300;

/// The endpoint and what it needs.
#[derive(Debug)]
pub struct Recommendations<U, I, E, S, Y, H, M, W, C, L> {
    /// Reads the caller's tastes, and the names of boutiques.
    pub users: U,
    /// Reads the wardrobe, and what boutiques sell.
    pub items: I,
    /// Reads its vectors.
    pub embeddings: E,
    /// Keeps both while they are as they were.
    pub wardrobes: Wardrobes,
    /// Reads what the caller did lately.
    pub signals: S,
    /// Reads what was learned of the caller.
    pub styles: Y,
    /// Keeps what was shown.
    pub showings: H,
    /// Signs links to thumbs.
    pub media: M,
    /// Tells the weather.
    pub weather: W,
    /// The index of what boutiques sell.
    pub catalog: C,
    /// What was learned from everyone.
    pub model: L,
    /// Tells the time.
    pub now: fn() -> Timestamp,
}

impl<U, I, E, S, Y, H, M, W, C, L> Endpoint for Recommendations<U, I, E, S, Y, H, M, W, C, L>
where
    U: Get<User> + GetMany<User> + 'static,
    I: List<Item> + GetMany<Item> + Revisions + 'static,
    E: List<Embedding> + 'static,
    S: RecentSignals + 'static,
    Y: Get<StyleRow> + 'static,
    H: Put<DayShowing> + 'static,
    M: PresignGet + 'static,
    W: Weather + 'static,
    C: Published<Catalog> + 'static,
    L: Published<Arc<Model>> + 'static,
{
    async fn handle(&self, request: Request) -> Outcome {
        let caller = caller(&request)?;
        let query: Query = read_query(&request)?;
        caller.must_be(query.user_id)?;
        let place = query.place()?;
        let purpose = query.purpose()?;
        let now = (self.now)();

        let rests_since = now - Duration::days(i64::from(query.avoid_repeat_days()));
        let person = async { Ok::<_, Problem>(self.load(caller.user_id, rests_since).await?) };
        let sky = weather::sky(&query, &purpose, &self.weather, now.date());
        let (person, sky) = try_join(person, sky).await?;

        let model = self.model.current();
        let model = model.as_ref().map(|loaded| &*loaded.value);
        let catalog = self.catalog.current();
        let wants_boutiques = query.include_boutiques() || query.pair_with.is_some();
        let catalog = catalog.as_deref().filter(|_| wants_boutiques);
        self.model.refresh();
        self.catalog.refresh();
        if let Some(wanted) = query.pair_with {
            check_wanted(
                wanted,
                &query,
                &person.wardrobe,
                catalog.map(|it| &it.value),
            )?;
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
        let id = ShowingId::at(now);
        let boutiques = Boutiques {
            sizes: &person.prefs.sizes,
            budget: person.prefs.budget,
        };
        let ask = drape_recommender::Request {
            history: &person.history,
            limit: query.limit(),
            pair_with: query.pair_with,
            avoid_repeat_days: query.avoid_repeat_days(),
            catalog: catalog.map(|catalog| &catalog.value),
            boutiques: query.include_boutiques().then_some(boutiques),
            model,
            style: person.style.as_ref(),
            explore: Some(id.seed()),
            ..drape_recommender::Request::new(&pieces, &person.prefs, &context)
        };
        let (answer, offers) = self.outfits(ask, &query.exclude, boutiques).await?;

        let served = Served::new(model, catalog);
        let shown = showing::row(id, caller.user_id, &context, &served, &answer);
        let pieces = Pieces {
            wardrobe: &person.wardrobe,
            offers: &offers,
        };
        let view = View::new(id, answer, pieces, served, sky, &self.media);
        let (_, view) = join(self.keep(&shown), view).await;
        json(200, &view?)
    }
}

/// How often outfits are looked for anew because something in them is no longer sold, before it is done without
/// boutiques.
const ATTEMPTS: usize = 3;

/// A piece to build around is the person's own and can be worn, or is in the catalogue.
fn check_wanted(
    wanted: ItemId,
    query: &Query,
    wardrobe: &Wardrobe,
    catalog: Option<&Catalog>,
) -> Result<(), Problem> {
    let refused = |why| Err(Problem::invalid_field("pair_with", why));
    match wardrobe.item(wanted) {
        None if wardrobe.holds(wanted) => refused("has no photo that is ready"),
        None if catalog.is_none_or(|catalog| catalog.find(wanted).is_none()) => {
            Err(Problem::item_not_found())
        }
        Some(item) if item.in_wash => refused("is in the wash"),
        _ if query.exclude.contains(&wanted) => refused("must not be excluded as well"),
        _ => Ok(()),
    }
}

/// All that is known of a person.
struct Person {
    prefs: Prefs,
    wardrobe: Arc<Wardrobe>,
    history: Vec<Signal>,
    style: Option<Style>,
}

impl<U, I, E, S, Y, H, M, W, C, L> Recommendations<U, I, E, S, Y, H, M, W, C, L>
where
    U: Get<User>,
    I: List<Item> + Revisions,
    E: List<Embedding>,
    S: RecentSignals,
    Y: Get<StyleRow>,
{
    async fn load(&self, user: UserId, rests_since: Timestamp) -> Result<Person, StoreError> {
        let key = Key::simple(user);
        let style = StyleRow::key_of(user);
        let (account, wardrobe, mut history, style) = try_join4(
            self.users.get(&key),
            self.wardrobes.of(user, &self.items, &self.embeddings),
            self.signals.recent_signals(user, MAX_SIGNALS),
            self.styles.get(&style),
        )
        .await?;
        // Who says much may have worn something within the days of rest and said all this since.
        let oldest = history.last().map(|signal| signal.created_at);
        if history.len() == MAX_SIGNALS && oldest.is_some_and(|oldest| oldest > rests_since) {
            let known: HashSet<_> = history.iter().map(|signal| signal.id).collect();
            let worn = self.signals.worn_since(user, rests_since).await?;
            history.extend(
                worn.into_iter()
                    .filter(|signal| !known.contains(&signal.id)),
            );
        }
        Ok(Person {
            prefs: account.map(|account| account.prefs).unwrap_or_default(),
            wardrobe,
            history,
            style: style.and_then(|row| read_style(&row)),
        })
    }

    /// Outfits all of whose pieces can be had, and what boutiques sell of them. What turns out to be gone is
    /// excluded and all is chosen again, so that places, shares and what is tried stay as they were meant.
    async fn outfits(
        &self,
        mut ask: drape_recommender::Request<'_>,
        exclude: &[ItemId],
        wishes: Boutiques<'_>,
    ) -> Result<(Answer, Offers), Problem>
    where
        I: GetMany<Item>,
        U: GetMany<User>,
    {
        let mut excluded = exclude.to_vec();
        for attempt in 1..=ATTEMPTS {
            if attempt == ATTEMPTS {
                ask.boutiques = None;
            }
            let answer = recommend(&drape_recommender::Request {
                exclude: &excluded,
                ..ask
            });
            let (outfits, asked) = (&answer.outfits, ask.pair_with);
            let offers = Offers::read(outfits, wishes, asked, &self.items, &self.users).await?;
            let gone = offers.gone(outfits);
            if gone.is_empty() {
                return Ok((answer, offers));
            }
            if asked.is_some_and(|asked| gone.contains(&asked)) {
                return Err(Problem::item_not_found());
            }
            excluded.extend(gone);
        }
        // Without boutiques nothing can be gone but the piece that was asked for.
        Err(Problem::item_not_found())
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

/// A style that cannot be read is learned anew by and by; until then there is none.
fn read_style(row: &StyleRow) -> Option<Style> {
    Style::from_bytes(&row.style)
        .inspect_err(|error| tracing::error!(cause = %error, "a style cannot be read"))
        .ok()
}
