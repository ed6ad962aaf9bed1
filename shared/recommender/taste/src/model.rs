//! All that is learned, as one thing that is served.

use std::collections::BTreeMap;

use drape_domain::{ItemId, Timestamp};
use drape_learn::Compat;
use serde::{Deserialize, Serialize};

use crate::{
    Blend, COMPAT_WEIGHTS, Explorer, Parts,
    codec::{Format, LoadError},
    style::trust,
};

/// The most items whose popularity is kept.
const MAX_POPULAR: usize = 100_000;
/// The most numbers of a vector.
const MAX_DIM: usize = 4096;
/// The longest id or name.
const MAX_NAME: usize = 200;
/// What exploration looks at: the parts of the score, and what compat is made of until it is learned.
const EXPLORED: [&str; 9] = [
    Parts::NAMES[0],
    Parts::NAMES[1],
    Parts::NAMES[2],
    Parts::NAMES[3],
    COMPAT_WEIGHTS[0].0,
    COMPAT_WEIGHTS[1].0,
    COMPAT_WEIGHTS[2].0,
    COMPAT_WEIGHTS[3].0,
    COMPAT_WEIGHTS[4].0,
];

const FORMAT: Format = Format {
    name: "model",
    magic: *b"DRAPEMDL",
    version: 2,
    limit: 64 << 20,
};

/// How much of what is sold is liked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Popularity {
    base: f32,
    items: BTreeMap<ItemId, f32>,
}

impl Default for Popularity {
    fn default() -> Self {
        Self {
            base: 0.5,
            items: BTreeMap::new(),
        }
    }
}

impl Popularity {
    /// Of an item, 0–1; that of all items together if nothing is known of it.
    #[must_use]
    pub fn of(&self, item: ItemId) -> f32 {
        self.items.get(&item).copied().unwrap_or(self.base)
    }

    /// That of all items together.
    #[must_use]
    pub const fn base(&self) -> f32 {
        self.base
    }

    /// From rewards: for each item the sum of what was good and of what was said at all, both as sizes. It is
    /// shrunk by n / (n + 10) towards the share of all items.
    #[must_use]
    pub fn learn(items: impl IntoIterator<Item = (ItemId, f32, f32)>) -> Self {
        let mut seen: Vec<_> = items
            .into_iter()
            .filter(|(_, good, all)| good.is_finite() && all.is_finite() && *all > 0.0)
            .map(|(item, good, all)| (item, good.clamp(0.0, all), all))
            .collect();
        seen.sort_by(|a, b| b.2.total_cmp(&a.2).then(a.0.cmp(&b.0)));
        let (good, all) = seen.iter().fold((0f64, 0f64), |(good, all), item| {
            (good + f64::from(item.1), all + f64::from(item.2))
        });
        let base = if all > 0.0 { (good / all) as f32 } else { 0.5 };
        let items = seen
            .into_iter()
            .take(MAX_POPULAR)
            .map(|(item, good, all)| (item, base + trust(all) * (good / all - base)))
            .collect();
        Self { base, items }
    }
}

/// All that is learned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// Names it: in answers, in the record of what was shown, in storage.
    pub id: String,
    /// When it was made.
    #[serde(with = "time::serde::timestamp::nanoseconds")]
    pub made_at: Timestamp,
    /// The embedding model whose vectors it knows; none if it knows no vectors.
    pub embedding: Option<String>,
    /// The mean unit vector of clothes; empty if it is not known.
    pub center: Vec<f32>,
    /// What was learned of what goes with what, for vectors of the same embedding model; none until there is
    /// enough to learn from, when rules tell it.
    #[serde(with = "stored_compat")]
    pub compat: Option<Compat>,
    /// How the parts of a score are weighed.
    pub blend: Blend,
    /// What is tried in the third place.
    pub explorer: Explorer,
    /// What is liked of what is sold.
    pub popularity: Popularity,
}

impl Model {
    /// Rules and defaults alone: nothing is learned yet, and any embedding will do.
    #[must_use]
    pub fn builtin() -> Self {
        Self {
            id: "builtin-1".to_owned(),
            made_at: Timestamp::UNIX_EPOCH,
            embedding: None,
            center: Vec::new(),
            compat: None,
            blend: Blend::default(),
            explorer: Explorer::new(EXPLORED),
            popularity: Popularity::default(),
        }
    }

    /// The mean unit vector of clothes, if it is known for this embedding model.
    #[must_use]
    pub fn center(&self, embedding: &str) -> Option<&[f32]> {
        (self.embedding.as_deref() == Some(embedding) && !self.center.is_empty())
            .then_some(self.center.as_slice())
    }

    /// Its stored form.
    ///
    /// # Errors
    /// If it is larger than is ever stored.
    pub fn to_bytes(&self) -> Result<Vec<u8>, LoadError> {
        FORMAT.write(self)
    }

    /// From its stored form.
    ///
    /// # Errors
    /// Says what is wrong with the bytes; never panics.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LoadError> {
        let model: Self = FORMAT.read(bytes)?;
        let names = [Some(&model.id), model.embedding.as_ref()];
        if names.iter().flatten().any(|name| name.len() > MAX_NAME)
            || model.center.len() > MAX_DIM
            || model.popularity.items.len() > MAX_POPULAR
        {
            return Err(LoadError::Content("more of something than is ever written"));
        }
        if !model.center.iter().all(|value| value.is_finite()) {
            return Err(LoadError::Content("a centre with numbers that are none"));
        }
        if !model.blend.is_usable() {
            return Err(LoadError::Content("weights out of their bounds"));
        }
        if !model.explorer.is_usable() {
            return Err(LoadError::Content("evidence that contradicts itself"));
        }
        let shares = model.popularity.items.values();
        if !shares
            .chain([&model.popularity.base])
            .all(|share| (0.0..=1.0).contains(share))
        {
            return Err(LoadError::Content("a popularity that is no share"));
        }
        Ok(model)
    }

    /// As [`Model::from_bytes`], for vectors of this embedding model.
    ///
    /// # Errors
    /// Also if it knows the vectors of another one.
    pub fn for_embedding(bytes: &[u8], wanted: &str) -> Result<Self, LoadError> {
        let model = Self::from_bytes(bytes)?;
        match &model.embedding {
            Some(found) if found != wanted => Err(LoadError::Embedding {
                found: found.clone(),
                wanted: wanted.to_owned(),
            }),
            _ => Ok(model),
        }
    }
}

/// A scorer keeps its own checked form.
mod stored_compat {
    use drape_learn::Compat;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(
        compat: &Option<Compat>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        compat.as_ref().map(Compat::to_bytes).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Compat>, D::Error> {
        let bytes = Option::<Vec<u8>>::deserialize(from)?;
        bytes
            .map(|bytes| Compat::from_bytes(&bytes))
            .transpose()
            .map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use drape_domain::Slot;
    use drape_learn::{Garment, Options};
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn item(n: u128) -> ItemId {
        ItemId::from_uuid(Uuid::from_u128(n))
    }

    fn learned() -> Model {
        Model {
            id: "2026-11-23-1".to_owned(),
            embedding: Some("m".to_owned()),
            center: vec![0.5, 0.25],
            popularity: Popularity::learn([(item(1), 8.0, 10.0), (item(2), 1.0, 10.0)]),
            ..Model::builtin()
        }
    }

    #[test]
    fn a_model_survives_storage() {
        for model in [Model::builtin(), learned()] {
            let bytes = model.to_bytes().unwrap();
            assert_eq!(Model::from_bytes(&bytes), Ok(model));
        }
    }

    #[test]
    fn a_learned_scorer_survives_storage_within_its_model() {
        let mut rng = fastrand::Rng::with_seed(1);
        let vectors: Vec<[[f32; 4]; 2]> = (0..drape_learn::LEAST_OUTFITS.max(60))
            .map(|_| {
                let shared = rng.f32();
                [(); 2].map(|()| [shared, rng.f32(), rng.f32(), rng.f32()])
            })
            .collect();
        let outfits: Vec<Vec<Garment<'_>>> = vectors
            .iter()
            .map(|[top, bottom]| {
                [(Slot::Top, top), (Slot::Bottom, bottom)]
                    .map(|(slot, vector)| Garment {
                        slot,
                        category: None,
                        vector: Some(vector),
                        colors: &[],
                        words: &[],
                    })
                    .to_vec()
            })
            .collect();
        let trained = Compat::train(&outfits, &Options::default()).unwrap();
        let model = Model {
            compat: Some(trained.compat),
            ..learned()
        };
        let bytes = model.to_bytes().unwrap();
        assert_eq!(Model::from_bytes(&bytes), Ok(model));
    }

    #[test]
    fn a_model_for_other_vectors_is_told_from_a_damaged_one() {
        let bytes = learned().to_bytes().unwrap();
        assert!(Model::for_embedding(&bytes, "m").is_ok());
        assert!(matches!(
            Model::for_embedding(&bytes, "n"),
            Err(LoadError::Embedding { .. })
        ));
        let builtin = Model::builtin().to_bytes().unwrap();
        assert!(Model::for_embedding(&builtin, "n").is_ok());
        assert_eq!(learned().center("n"), None);
        assert!(learned().center("m").is_some());
    }

    #[test]
    fn each_kind_of_damage_has_its_name() {
        let bytes = learned().to_bytes().unwrap();
        let mut later = bytes.clone();
        later[8] = 9;
        let mut other = bytes.clone();
        other[0] = b'X';
        let mut damaged = bytes.clone();
        *damaged.last_mut().unwrap() ^= 1;
        let mut wrong = learned();
        wrong.center[0] = f32::NAN;
        let error = |bytes: &[u8]| Model::from_bytes(bytes).unwrap_err();
        assert!(matches!(error(&later), LoadError::Version { found: 9, .. }));
        assert!(matches!(error(&other), LoadError::Kind("model")));
        assert!(matches!(error(&damaged), LoadError::Checksum));
        assert!(matches!(error(&bytes[..50]), LoadError::Length { .. }));
        assert!(matches!(error(&[]), LoadError::Length { .. }));
        assert!(matches!(
            error(&wrong.to_bytes().unwrap()),
            LoadError::Content(_)
        ));
    }

    #[test]
    fn what_few_have_judged_is_near_the_mean_of_all() {
        let popularity = Popularity::learn([
            (item(1), 50.0, 50.0),
            (item(2), 0.0, 50.0),
            (item(3), 1.0, 1.0),
        ]);
        assert!(popularity.of(item(1)) > popularity.of(item(3)));
        assert!(popularity.of(item(3)) > popularity.of(item(9)));
        assert!(popularity.of(item(9)) > popularity.of(item(2)));
        assert_eq!(Popularity::learn([]).of(item(1)), 0.5);
    }

    proptest! {
        #[test]
        fn no_change_of_a_byte_and_no_cut_passes(at in any::<prop::sample::Index>(), flip in 1u8..) {
            let mut bytes = learned().to_bytes().unwrap();
            let at = at.index(bytes.len());
            prop_assert!(Model::from_bytes(&bytes[..at]).is_err());
            bytes[at] ^= flip;
            prop_assert!(Model::from_bytes(&bytes).is_err());
        }

        #[test]
        fn bytes_of_chance_are_no_model(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(Model::from_bytes(&bytes).is_err());
        }
    }
}
