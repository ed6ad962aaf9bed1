//! People's styles, brought up to date by what they did on a day.

use std::collections::{BTreeMap, HashMap};

use drape_common::store::{
    Create, Get, GetMany, Key, Save, StoreError,
    tables::{Embedding, StyleRow},
};
use drape_domain::{ItemId, Signal, Timestamp, UserId};
use drape_taste::{Style, reward};
use futures::{StreamExt, TryStreamExt, stream};
use time::Date;

use crate::{
    deadline::{Deadline, Stopped},
    pieces::gather,
};

/// People whose styles are worked on at once; with a handful of items each, some hundred vectors.
const PEOPLE: usize = 100;
/// Writes that are under way at once.
const AT_ONCE: usize = 8;
/// What a person can be heard to say in a day: twenty items of a signal twenty-five times over.
const MOST_DEEDS: usize = 500;
/// Writers that meet on one row are few: a run that was started twice.
const ATTEMPTS: usize = 4;

/// A piece by its owner and itself.
pub(crate) type Piece = (UserId, ItemId);

/// What a person did on a day: rewards of pieces.
pub(crate) type Deeds = BTreeMap<UserId, Vec<(f32, Piece)>>;

/// What each did, rewards shared among pieces, in an order that does not depend on how the signals came. `owners` knows whose the pieces
/// are that are not the person's own.
pub(crate) fn deeds(signals: &[Signal], owners: &HashMap<ItemId, UserId>) -> Deeds {
    let mut deeds = Deeds::new();
    for signal in signals {
        let of_person = deeds.entry(signal.user_id).or_default();
        let room = MOST_DEEDS.saturating_sub(of_person.len());
        for (item, share) in reward::shared(signal).into_iter().take(room) {
            let owner = owners.get(&item).copied().unwrap_or(signal.user_id);
            of_person.push((share, (owner, item)));
        }
    }
    for of_person in deeds.values_mut() {
        of_person.sort_by(|a, b| a.1.cmp(&b.1).then(a.0.total_cmp(&b.0)));
    }
    deeds
}

/// Where vectors and styles are.
#[derive(Debug)]
pub(crate) struct Styles<'a, E, S> {
    pub(crate) embeddings: &'a E,
    pub(crate) rows: &'a S,
    /// The model whose vectors count; others are of no use by now.
    pub(crate) model: &'a str,
    pub(crate) now: Timestamp,
}

impl<E, S> Styles<'_, E, S>
where
    E: GetMany<Embedding>,
    S: GetMany<StyleRow> + Get<StyleRow> + Create<StyleRow> + Save<StyleRow>,
{
    /// Takes the day into the styles of all who did something. A style that has it already is left alone, and
    /// its vectors are not even read: so a run that was cut off goes on where it was.
    pub(crate) async fn update(
        &self,
        day: Date,
        deeds: &Deeds,
        deadline: &Deadline,
    ) -> Result<(), Stopped> {
        let people: Vec<_> = deeds.iter().collect();
        for people in people.chunks(PEOPLE) {
            deadline.check()?;
            let keys: Vec<_> = people
                .iter()
                .map(|(user, _)| StyleRow::key_of(**user))
                .collect();
            let mut rows: HashMap<UserId, StyleRow> = self
                .rows
                .get_many(&keys)
                .await?
                .into_iter()
                .map(|row| (row.user_id, row))
                .collect();
            let mut behind = Vec::new();
            for (user, deeds) in people {
                let row = rows.remove(*user);
                if row.as_ref().is_none_or(|row| row.through < day) {
                    behind.push((**user, deeds.as_slice(), row));
                }
            }
            let pieces = behind.iter().flat_map(|(_, deeds, _)| deeds.iter());
            let vectors = self.vectors(pieces.map(|deed| deed.1).collect()).await?;
            let updates: Vec<_> = behind
                .into_iter()
                .map(|(user, deeds, row)| self.update_one(day, user, deeds, row, &vectors))
                .collect();
            stream::iter(updates)
                .buffer_unordered(AT_ONCE)
                .try_collect::<()>()
                .await?;
        }
        Ok(())
    }

    /// The vectors of these pieces, as far as there are any of the model.
    pub(crate) async fn vectors(
        &self,
        mut pieces: Vec<Piece>,
    ) -> Result<HashMap<Piece, Vec<f32>>, StoreError> {
        pieces.sort_unstable();
        pieces.dedup();
        let keys: Vec<Key<Embedding>> = pieces
            .iter()
            .map(|(owner, item)| Embedding::key_of(*owner, *item))
            .collect();
        let of_model = |row: Embedding| {
            (row.model == self.model).then(|| ((row.owner_id, row.item_id), row.floats()))
        };
        gather(self.embeddings, &keys, of_model).await
    }

    async fn update_one(
        &self,
        day: Date,
        user: UserId,
        deeds: &[(f32, Piece)],
        mut row: Option<StyleRow>,
        vectors: &HashMap<Piece, Vec<f32>>,
    ) -> Result<(), StoreError> {
        for _ in 0..ATTEMPTS {
            let mut style = self.read(row.as_ref());
            let known = deeds
                .iter()
                .filter_map(|(reward, piece)| Some((*reward, vectors.get(piece)?.as_slice())));
            let updated = style
                .update(self.model, day, known)
                .map_err(|error| StoreError::new("update style", error))?;
            if !updated {
                return Ok(());
            }
            let bytes = style
                .to_bytes()
                .map_err(|error| StoreError::new("write style", error))?;
            let mut next = StyleRow {
                user_id: user,
                model: self.model.to_owned(),
                style: bytes,
                weight: style.weight(),
                through: day,
                updated_at: self.now,
                revision: row.as_ref().map_or(1, |row| row.revision),
            };
            let written = match row {
                None => self.rows.create(&next).await?,
                Some(_) => self.rows.save(&mut next).await?,
            };
            if written {
                return Ok(());
            }
            // A run that was started twice was faster.
            row = self.rows.get(&StyleRow::key_of(user)).await?;
        }
        Err(StoreError::new("update style", "too many writers at once"))
    }

    /// The style in a row. One of another model's vectors starts anew, and so does one that cannot be read: it
    /// is not the last copy, since the signals that it was made of are kept.
    fn read(&self, row: Option<&StyleRow>) -> Style {
        let Some(row) = row.filter(|row| row.model == self.model) else {
            return Style::new(self.model);
        };
        match Style::from_bytes(&row.style) {
            Ok(style) if style.model() == self.model => style,
            Ok(_) => Style::new(self.model),
            Err(error) => {
                tracing::warn!(user = %row.user_id, cause = %error, "unreadable style");
                Style::new(self.model)
            }
        }
    }
}
