//! Deeds about what was shown days or weeks before, found again with all that the person had done about it.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use drape_common::store::{
    Get, StoreError,
    blob::{HeadObject, keys},
    queries::RecentSignals,
    tables::DayShowing,
};
use drape_domain::{Showing, ShowingId, Signal, UserId};
use drape_taste::{
    Summary,
    examples::{Amendment, SETTLE_DAYS},
};
use futures::{StreamExt, TryStreamExt, stream};
use time::{Date, Duration};

use crate::{
    Retrain,
    deadline::{Deadline, Stopped},
};

/// The most answers of a shard's day about which late deeds are heard.
const MOST_ANSWERS: usize = 50_000;
/// A person's latest signals, among which are those about the answer; of one who does more in the time, the oldest
/// are missed.
const MOST_SIGNALS: usize = 1_000;
/// People whose signals are read at once.
const AT_ONCE: usize = 8;

/// Answers about which something was done late.
#[derive(Debug, Default)]
pub(crate) struct Late {
    by_person: BTreeMap<UserId, BTreeSet<ShowingId>>,
    answers: usize,
}

impl Late {
    /// Takes in a signal about an outfit of a day long past.
    pub(crate) fn note(&mut self, signal: &Signal) {
        if let Some(about) = signal.recommendation_id
            && self.answers < MOST_ANSWERS
        {
            let of_person = self.by_person.entry(signal.user_id).or_default();
            self.answers += usize::from(of_person.insert(about.showing()));
        }
    }

    fn days(&self) -> BTreeSet<Date> {
        let answers = self.by_person.values().flatten();
        answers.map(|id| id.shown_at().date()).collect()
    }
}

impl<G, H, I, E, S, B, Q> Retrain<G, H, I, E, S, B, Q>
where
    G: RecentSignals,
    H: Get<DayShowing>,
    I: Sync,
    E: Sync,
    S: Sync,
    B: HeadObject,
    Q: Sync,
{
    /// Takes into a day's summary what its late deeds change, and shows `see` the answers that they are about. Only an
    /// answer whose own day was learned from can change: of another it is not known what there is to change.
    pub(crate) async fn amend(
        &self,
        summary: &mut Summary,
        late: &Late,
        (day, shard): (Date, u8),
        deadline: &Deadline,
        mut see: impl FnMut(&Showing) + Send,
    ) -> Result<(), Stopped> {
        let mut learned = HashSet::new();
        for shown in late.days() {
            let settled = shown + Duration::days(i64::from(SETTLE_DAYS));
            let checkpoint = self.learned.head(&keys::checkpoint(settled, shard)).await?;
            if checkpoint.is_some() {
                learned.insert(shown);
            }
        }
        let people: Vec<_> = late
            .by_person
            .iter()
            .map(|(user, answers)| self.person(*user, answers))
            .collect();
        // In order, so that sums come out the same.
        let mut people = stream::iter(people).buffered(AT_ONCE);
        let explored = summary.explored().to_vec();
        while let Some((signals, showings)) = people.try_next().await? {
            deadline.check()?;
            for showing in &showings {
                see(showing);
                if learned.contains(&showing.shown_at.date())
                    && let Some(amendment) = Amendment::of(showing, &explored, &signals, day)
                {
                    summary.amend(&amendment);
                }
            }
        }
        Ok(())
    }

    /// What a person has done, and those of the answers that were given to them and are still known.
    async fn person(
        &self,
        user: UserId,
        answers: &BTreeSet<ShowingId>,
    ) -> Result<(Vec<Signal>, Vec<Showing>), StoreError> {
        let mut showings = Vec::new();
        for id in answers {
            let row = self.showings.get(&DayShowing::key_of(*id, user)).await?;
            let showing = row.map(|row| row.showing);
            showings.extend(showing.filter(|showing| showing.user_id == user));
        }
        let signals = match showings.is_empty() {
            true => Vec::new(),
            false => self.signals.recent_signals(user, MOST_SIGNALS).await?,
        };
        Ok((signals, showings))
    }
}
