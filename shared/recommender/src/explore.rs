//! What is tried in the third place.

use drape_taste::{Choice, Explorer, Parts};

use crate::{score::Measure, search::Found};

/// One of the pool, by what there is to learn from it.
pub(crate) fn choose(
    explorer: &Explorer,
    measure: &Measure,
    pool: &[Found],
    seed: u64,
) -> Option<Choice> {
    let values: Vec<Vec<f32>> = pool
        .iter()
        .map(|found| {
            let parts = measure.parts(&found.scored).values();
            let parts = Parts::NAMES.into_iter().zip(parts);
            let features = measure.contributions(&found.scored);
            let features = features.map(|(name, value, _)| (name, value));
            let named: Vec<(&str, f32)> = parts.chain(features).collect();
            explorer.values(&named)
        })
        .collect();
    explorer.choose(&values, seed)
}
