//! An answer that was shown, and what was done about its outfits.

use drape_domain::{RecommendationId, Showing, SignalKind, UserId, showing::ShownOutfit};

use crate::{
    Deed, Parts,
    examples::{Example, ExamplePiece},
    reward::{self, MAX_REWARD},
};

/// The most outfits of a showing, pieces of an outfit and features of an outfit that are looked at.
const MAX_OUTFITS: usize = 10;
const MAX_PIECES: usize = 12;
pub(crate) const MAX_FEATURES: usize = 64;
/// For an outfit about which nothing was done though one after it was chosen: half of passing over it.
const PASSED: f32 = -0.25;

/// An answer, and what was done about it so far.
#[derive(Debug)]
pub(crate) struct Shown {
    /// In the order in which they were shown.
    pub(crate) outfits: Vec<Outfit>,
}

/// As little of a shown outfit as will do.
#[derive(Debug)]
pub(crate) struct Outfit {
    example: Example,
    pub(crate) has_parts: bool,
    /// A bit for each kind of deed.
    deeds: u8,
}

/// What came of a deed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    /// It is new.
    New,
    /// It was known.
    Known,
    /// It is about no outfit of this answer, or somebody else's deed.
    Foreign,
}

impl Shown {
    /// For an explorer that looks at these features.
    pub(crate) fn new(showing: &Showing, explored: &[String]) -> Self {
        let outfits = (0..=u8::MAX).zip(showing.outfits.iter().take(MAX_OUTFITS));
        let outfit = |(position, outfit): (u8, &ShownOutfit)| {
            let (parts, has_parts) = parts(outfit);
            Outfit {
                example: Example {
                    recommendation: outfit.id,
                    user: showing.user_id,
                    day: showing.shown_at.date(),
                    position,
                    propensity: if outfit.propensity.is_finite() {
                        outfit.propensity.clamp(1e-3, 1.0)
                    } else {
                        1.0
                    },
                    score: if outfit.score.is_finite() {
                        outfit.score.clamp(0.0, 1.0) as f32
                    } else {
                        0.5
                    },
                    parts,
                    reward: 0.0,
                    pieces: outfit
                        .pieces
                        .iter()
                        .take(MAX_PIECES)
                        .map(|piece| ExamplePiece {
                            item: piece.item_id,
                            owner: piece.owner_id,
                        })
                        .collect(),
                    explored: explored
                        .iter()
                        .map(|name| feature(outfit, name).unwrap_or(0.0))
                        .collect(),
                },
                has_parts,
                deeds: 0,
            }
        };
        Self {
            outfits: outfits.map(outfit).collect(),
        }
    }

    /// Takes in a deed. One that comes again changes nothing.
    pub(crate) fn tell(&mut self, about: RecommendationId, user: UserId, deed: Deed) -> Told {
        let outfit = self
            .outfits
            .iter_mut()
            .find(|outfit| outfit.example.recommendation == about)
            .filter(|outfit| outfit.example.user == user);
        let Some(outfit) = outfit else {
            return Told::Foreign;
        };
        let is_new = outfit.deeds & bit(deed) == 0;
        outfit.deeds |= bit(deed);
        if is_new { Told::New } else { Told::Known }
    }

    /// The place of the last outfit about which something good was done on the whole.
    pub(crate) fn chosen(&self) -> Option<usize> {
        self.outfits
            .iter()
            .rposition(|outfit| outfit.reward() > 0.0)
    }

    /// What is to be learned from it.
    ///
    /// Of an outfit about which nothing was done there is an example only if one after it in the same answer
    /// was chosen: then it was seen and passed over. If opposite deeds cancel out there is none.
    pub(crate) fn examples(&self) -> impl Iterator<Item = Example> {
        let chosen = self.chosen();
        let outfits = self.outfits.iter().enumerate();
        outfits.filter_map(move |(position, outfit)| {
            let passed = outfit.deeds == 0 && chosen.is_some_and(|last| position < last);
            let reward = if passed { PASSED } else { outfit.reward() };
            (outfit.has_parts && reward != 0.0).then(|| Example {
                reward,
                ..outfit.example.clone()
            })
        })
    }
}

impl Outfit {
    /// Whether this was done about it.
    pub(crate) const fn was(&self, kind: SignalKind) -> bool {
        self.deeds & bit(Deed::Signal(kind)) != 0
    }

    fn reward(&self) -> f32 {
        DEEDS
            .iter()
            .filter(|deed| self.deeds & bit(**deed) != 0)
            .map(|deed| reward::reward(*deed))
            .sum::<f32>()
            .clamp(-MAX_REWARD, MAX_REWARD)
    }
}

const DEEDS: [Deed; 8] = [
    Deed::Purchase,
    Deed::Signal(SignalKind::TryonKept),
    Deed::Signal(SignalKind::Like),
    Deed::Signal(SignalKind::Worn),
    Deed::Signal(SignalKind::Saved),
    Deed::Signal(SignalKind::Clicked),
    Deed::Signal(SignalKind::Skipped),
    Deed::Signal(SignalKind::Dislike),
];

const fn bit(deed: Deed) -> u8 {
    match deed {
        Deed::Purchase => 1,
        Deed::Signal(SignalKind::TryonKept) => 1 << 1,
        Deed::Signal(SignalKind::Like) => 1 << 2,
        Deed::Signal(SignalKind::Worn) => 1 << 3,
        Deed::Signal(SignalKind::Saved) => 1 << 4,
        Deed::Signal(SignalKind::Clicked) => 1 << 5,
        Deed::Signal(SignalKind::Skipped) => 1 << 6,
        Deed::Signal(SignalKind::Dislike) => 1 << 7,
    }
}

fn feature(outfit: &ShownOutfit, name: &str) -> Option<f32> {
    outfit
        .features
        .iter()
        .take(MAX_FEATURES)
        .find(|feature| feature.name == name)
        .map(|feature| feature.value)
        .filter(|value| value.is_finite())
}

fn parts(outfit: &ShownOutfit) -> (Parts, bool) {
    let values = Parts::NAMES.map(|name| feature(outfit, name));
    // Answers without pieces from boutiques may leave that part out.
    let known = values.iter().take(3).all(Option::is_some);
    (
        Parts::from_values(values.map(|value| value.unwrap_or(0.5).clamp(0.0, 1.0))),
        known,
    )
}
