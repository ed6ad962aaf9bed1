//! A shard of the people, brought up to the end of a day.

use std::collections::HashMap;

use drape_common::store::{
    Create, Get, GetMany, List, Record, Save, StoreError,
    blob::{GetObject, HeadObject, PutObject, keys},
    queries::RecentSignals,
    tables::{DayShowing, DaySignal, Embedding, StyleRow, day_partition},
};
use drape_domain::{ItemId, Showing, Signal, UserId};
use drape_taste::{
    Model, Summary,
    examples::{Joiner, LATE_DAYS, SETTLE_DAYS},
};
use time::{Date, Duration};

use crate::{
    Retrain,
    deadline::{Deadline, Stopped},
    late::Late,
    styles::{Deeds, Styles, deeds},
};

/// Days that are made good if they were missed.
pub(crate) const CATCH_UP_DAYS: i64 = 7;
/// Rows read at a time; some megabytes.
const PAGE: usize = 500;
/// The most signals of a shard's day that are looked at; sixteen times as many of a day.
const MOST_SIGNALS: usize = 1_000_000;
/// The most pieces of others whose owners are kept in mind.
const MOST_OWNERS: usize = 1_000_000;
/// People whose pieces are looked at for the centre of all.
const CENTRAL_PEOPLE: usize = 256;

impl<G, H, I, E, S, B, Q> Retrain<G, H, I, E, S, B, Q>
where
    G: List<DaySignal> + RecentSignals,
    H: List<DayShowing> + Get<DayShowing>,
    I: Sync,
    E: GetMany<Embedding>,
    S: GetMany<StyleRow> + Get<StyleRow> + Create<StyleRow> + Save<StyleRow>,
    B: HeadObject + GetObject + PutObject,
    Q: Sync,
{
    /// Does the shard's part of the day, and before it of days that were missed. What is done already is not
    /// done again.
    pub(crate) async fn shard(
        &self,
        day: Date,
        shard: u8,
        deadline: &Deadline,
    ) -> Result<(), Stopped> {
        // Styles take in days in their order.
        for ago in (0..=CATCH_UP_DAYS).rev() {
            let day = day - Duration::days(ago);
            let key = keys::checkpoint(day, shard);
            if self.learned.head(&key).await?.is_some() {
                continue;
            }
            deadline.check()?;
            let summary = self.shard_day(day, shard, deadline).await?;
            let bytes = summary
                .to_bytes()
                .map_err(|error| StoreError::new("write checkpoint", error))?;
            self.learned.put_object(&key, BINARY, bytes).await?;
        }
        Ok(())
    }

    /// One day: the styles of those who did something on it, what was shown on the day before, about which most has
    /// been said by now, and what was said about what was shown earlier.
    async fn shard_day(
        &self,
        day: Date,
        shard: u8,
        deadline: &Deadline,
    ) -> Result<Summary, Stopped> {
        let settled = day - Duration::days(i64::from(SETTLE_DAYS));
        let explorer = Model::builtin().explorer;
        let mut joiner = Joiner::new(settled, explorer.names());
        let mut owners = Owners::default();
        each(
            &self.showings,
            settled,
            shard,
            deadline,
            |row: DayShowing| {
                joiner.show(&row.showing);
                owners.note(&row.showing);
                true
            },
        )
        .await?;
        let mut late = Late::default();
        let mut signals: Vec<Signal> = Vec::new();
        for before in (0..=i64::from(SETTLE_DAYS)).rev() {
            let date = day - Duration::days(before);
            let oldest = date - Duration::days(i64::from(LATE_DAYS));
            each(&self.signals, date, shard, deadline, |row: DaySignal| {
                let signal = row.signal;
                let shown = shown_on(&signal);
                let is_earlier = shown.is_some_and(|shown| (oldest..settled).contains(&shown));
                // What is about no day that counts is counted with its own day; what is about an earlier day was
                // known in time or is late on its own day, once.
                if shown == Some(settled) || (date == settled && !is_earlier) {
                    joiner.signal(&signal);
                } else if date == day && is_earlier {
                    joiner.late();
                    late.note(&signal);
                }
                if date == day {
                    signals.push(signal);
                }
                signals.len() < MOST_SIGNALS
            })
            .await?;
        }

        let mut summary = Summary::new(settled, explorer.names());
        summary.add(&joiner.finish());
        for signal in &signals {
            summary.compose(signal);
        }
        if signals.is_empty() {
            return Ok(summary);
        }
        self.amend(&mut summary, &late, (day, shard), deadline, |showing| {
            owners.note(showing);
        })
        .await?;
        each(&self.showings, day, shard, deadline, |row: DayShowing| {
            owners.note(&row.showing)
        })
        .await?;
        let deeds = deeds(&signals, &owners.0);
        drop((signals, owners));
        let styles = Styles {
            embeddings: &self.embeddings,
            rows: &self.styles,
            model: self.model,
            now: (self.clock)(),
        };
        self.see(&mut summary, &deeds, &styles).await?;
        styles.update(day, &deeds, deadline).await?;
        Ok(summary)
    }

    /// The centre of all, from the pieces of some of the people: always the same ones, whatever was done before.
    async fn see(
        &self,
        summary: &mut Summary,
        deeds: &Deeds,
        styles: &Styles<'_, E, S>,
    ) -> Result<(), StoreError> {
        let mut people: Vec<&UserId> = deeds.keys().collect();
        // Ids begin with the time and end with chance.
        people.sort_unstable_by_key(|user| user.uuid().as_u128().reverse_bits());
        people.truncate(CENTRAL_PEOPLE);
        let pieces = people
            .iter()
            .filter_map(|user| deeds.get(user))
            .flat_map(|deeds| deeds.iter().map(|deed| deed.1))
            .collect();
        let mut vectors: Vec<_> = styles.vectors(pieces).await?.into_iter().collect();
        vectors.sort_unstable_by_key(|(piece, _)| *piece);
        for (_, vector) in &vectors {
            summary.see(self.model, vector);
        }
        Ok(())
    }
}

/// When the outfit that a signal is about was shown: its id tells. None if it is about no shown outfit.
fn shown_on(signal: &Signal) -> Option<Date> {
    let about = signal.recommendation_id?;
    Some(about.showing().shown_at().date())
}

/// Whose the pieces are that were shown to others than their owners.
#[derive(Debug, Default)]
struct Owners(HashMap<ItemId, UserId>);

impl Owners {
    /// Whether there is room for more.
    fn note(&mut self, showing: &Showing) -> bool {
        let pieces = showing.outfits.iter().flat_map(|outfit| &outfit.pieces);
        let foreign = pieces.filter(|piece| piece.owner_id != showing.user_id);
        let room = MOST_OWNERS.saturating_sub(self.0.len());
        self.0.extend(
            foreign
                .take(room)
                .map(|piece| (piece.item_id, piece.owner_id)),
        );
        self.0.len() < MOST_OWNERS
    }
}

/// The type of what only programs read.
pub(crate) const BINARY: &str = "application/octet-stream";

/// Reads a day's shard page by page, for as long as `take` answers true.
async fn each<R: Record>(
    table: &impl List<R>,
    day: Date,
    shard: u8,
    deadline: &Deadline,
    mut take: impl FnMut(R) -> bool + Send,
) -> Result<(), Stopped> {
    let partition = day_partition(day, shard);
    let mut after: Option<String> = None;
    loop {
        deadline.check()?;
        let page = table.list(&partition, after.as_deref(), PAGE).await?;
        for record in page.records {
            if !take(record) {
                tracing::warn!(partition, "more than is looked at");
                return Ok(());
            }
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(()),
        }
    }
}
