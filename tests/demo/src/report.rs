//! What the page shows: everything that was sent, answered and measured.

use std::{collections::HashMap, time::Duration};

use crate::{
    api::{Advice, Item, Lighting, TryOn},
    photos::Skipped,
};

/// The whole way of one folder of photos.
#[derive(Debug)]
pub(crate) struct Report {
    /// The API's base URL.
    pub(crate) api: String,
    /// When, in words.
    pub(crate) date: String,
    /// Photos in the folder, of which `garments` may be a sample.
    pub(crate) found: usize,
    pub(crate) skipped: Vec<Skipped>,
    pub(crate) garments: Vec<Garment>,
    /// The body photo, beside the page.
    pub(crate) body: String,
    pub(crate) weathers: Vec<Weather>,
    /// Outfits with what a boutique sells, if there were photos enough for one.
    pub(crate) window: Option<Window>,
    /// A cutout that was mended by hand.
    pub(crate) mending: Option<Mending>,
    /// A photo that was sent twice.
    pub(crate) again: Option<Again>,
    pub(crate) times: Times,
}

/// One item through "Fix Image", step by step.
#[derive(Debug)]
pub(crate) struct Mending {
    pub(crate) title: String,
    pub(crate) steps: Vec<Step>,
}

/// What an item looks like after a step.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) title: &'static str,
    /// What was asked for, in the API's words.
    pub(crate) asked: String,
    /// The file beside the page.
    pub(crate) picture: Option<String>,
    /// What was drawn on the photo, to show above it.
    pub(crate) drawn: Option<Drawn>,
    /// Why there is no picture.
    pub(crate) reason: Option<String>,
}

/// Drawn on a photo, in parts of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Drawn {
    /// Left, top, right and bottom.
    pub(crate) crop: [f64; 4],
    /// From where to where.
    pub(crate) remove: [(f64, f64); 2],
    pub(crate) radius: f64,
}

/// The same photo sent once more.
#[derive(Debug)]
pub(crate) struct Again {
    pub(crate) title: String,
    /// Whether the answer named the first one.
    pub(crate) recognised: bool,
    /// From the second upload until it was seen to be settled.
    pub(crate) took: Duration,
}

/// One photo and what became of it.
#[derive(Debug)]
pub(crate) struct Garment {
    /// The file, below the folder.
    pub(crate) source: String,
    pub(crate) outcome: Outcome,
}

#[derive(Debug)]
pub(crate) enum Outcome {
    /// Cut out and tagged.
    Ready { item: Box<Item>, pictures: Pictures },
    /// It cannot be used, or could not be sent; the copy of the photo lies beside the page.
    Failed {
        reason: String,
        photo: Option<String>,
    },
}

/// Files beside the page.
#[derive(Debug, Default)]
pub(crate) struct Pictures {
    pub(crate) original: Option<String>,
    pub(crate) clean: Option<String>,
    pub(crate) thumb: Option<String>,
}

/// One weather, what to wear in it, and how that looks.
#[derive(Debug)]
pub(crate) struct Weather {
    pub(crate) temp_c: i32,
    pub(crate) condition: String,
    pub(crate) advice: Advice,
    /// From the request to the whole answer.
    pub(crate) latency: Duration,
    /// Of the best outfit, if there is one.
    pub(crate) fitting: Option<Fitting>,
}

/// What a boutique's things add to the wardrobe.
#[derive(Debug)]
pub(crate) struct Window {
    /// How many pieces it sells.
    pub(crate) pieces: usize,
    /// How long after they were ready one was seen in an outfit, if any was.
    pub(crate) after: Option<Duration>,
    /// Of its pieces by id, as files beside the page.
    pub(crate) pictures: HashMap<String, String>,
    pub(crate) weather: Weather,
}

/// A try-on as it ended.
#[derive(Debug)]
pub(crate) struct Fitting {
    pub(crate) tryon: TryOn,
    /// The file beside the page, if there is a picture.
    pub(crate) picture: Option<String>,
    /// The picture's layers, as files beside the page.
    pub(crate) layers: Option<LayerFiles>,
    /// The person turned to either side, as files beside the page.
    pub(crate) turns: Vec<String>,
    /// From asking until it was seen to be done.
    pub(crate) took: Duration,
}

/// Files that lie one over the other.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LayerFiles {
    pub(crate) person: String,
    pub(crate) garments: Vec<String>,
    pub(crate) shadow: String,
    pub(crate) lighting: Lighting,
}

/// What took how long, seen from here.
#[derive(Debug, Default)]
pub(crate) struct Times {
    /// Making the item, sending its photo and saying so; for each photo that was taken.
    pub(crate) uploads: Vec<Duration>,
    /// From there until the item was seen to be settled; for each that was.
    pub(crate) settling: Vec<Duration>,
    /// From the first upload's start until the last item was settled.
    pub(crate) all_settled: Duration,
    /// Listing the whole wardrobe.
    pub(crate) listing: Duration,
    /// How many uploads ran at once.
    pub(crate) parallel: usize,
    /// The longest time between two looks at what was not yet settled.
    pub(crate) between_looks: Duration,
}

/// The middle and the largest of some times; none of none.
pub(crate) fn middle_and_largest(times: &[Duration]) -> Option<(Duration, Duration)> {
    let mut times = times.to_vec();
    times.sort_unstable();
    Some((*times.get(times.len() / 2)?, *times.last()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_in_the_middle_whatever_the_order() {
        let seconds = |all: &[u64]| {
            all.iter()
                .map(|s| Duration::from_secs(*s))
                .collect::<Vec<_>>()
        };
        let result = middle_and_largest(&seconds(&[9, 1, 5]));
        assert_eq!(
            result,
            Some((Duration::from_secs(5), Duration::from_secs(9)))
        );
        assert_eq!(middle_and_largest(&[]), None);
    }
}
