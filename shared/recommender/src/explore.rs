//! What is tried in the third place.

use drape_taste::{Choice, Explorer, Parts};

use crate::{score::FEATURES, search::Found};

/// One of the pool, by what there is to learn from it.
pub(crate) fn choose(explorer: &Explorer, pool: &[Found], seed: u64) -> Option<Choice> {
    let values: Vec<Vec<f32>> = pool
        .iter()
        .map(|found| {
            let parts = Parts::NAMES.into_iter().zip(found.scored.parts().values());
            let features = FEATURES.into_iter().zip(found.scored.values);
            let named: Vec<(&str, f32)> = parts.chain(features).collect();
            explorer.values(&named)
        })
        .collect();
    explorer.choose(&values, seed)
}
