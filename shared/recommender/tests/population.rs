//! A small town with planted tastes: people are shown outfits, say what they would say, and every night all is
//! learned from that. What they are shown must get better by at least half of what could be gained.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod support;

use drape_domain::{
    Category, Oklab, Prefs, Showing, ShowingId, Signal, SignalId, SignalKind, Timestamp, UserId,
    color::NAMED,
    showing::{ShownOutfit, ShownPiece},
};
use drape_recommender::{Answer, Context, Request, recommend};
use drape_taste::{
    Model, Pace, Style, Summary, challenge,
    examples::Joiner,
    outfits::{Known, Pieces},
    reward,
};
use fastrand::Rng;
use support::Owned;
use time::Duration;
use uuid::Uuid;

const PEOPLE: usize = 40;
const DAYS: i64 = 32;
/// Numbers of a vector, and how many of its directions taste is about.
const DIM: usize = 48;
const STYLES: usize = 6;
/// Tops, bottoms and shoes of each person.
const OWNED: [(&[Category], usize); 3] = [
    (
        &[
            Category::TShirt,
            Category::Shirt,
            Category::Polo,
            Category::Blouse,
        ],
        16,
    ),
    (&[Category::Pants, Category::Skirt], 10),
    (&[Category::Shoes], 5),
];

type Taste = [f32; STYLES];

struct Person {
    id: UserId,
    wardrobe: Vec<Owned>,
    /// What each piece is like.
    looks: Vec<Taste>,
    taste: Taste,
    style: Style,
    history: Vec<Signal>,
}

fn direction(rng: &mut Rng) -> Taste {
    let values = [(); STYLES].map(|()| rng.f32() * 2.0 - 1.0);
    let norm = values.iter().map(|x| x * x).sum::<f32>().sqrt();
    values.map(|x| x / norm)
}

impl Person {
    fn new(n: usize, rng: &mut Rng) -> Self {
        let (mut wardrobe, mut looks) = (Vec::new(), Vec::new());
        for (categories, count) in OWNED {
            for _ in 0..count {
                let id = n * 1_000 + wardrobe.len() + 1;
                let category = categories[rng.usize(..categories.len())];
                let color = NAMED[rng.usize(..NAMED.len())].0;
                let mut owned = support::owned(id, category, color);
                let look = direction(rng);
                // All clothes share much; then there is what each is like, and chance.
                owned.vector = Some(
                    (0..DIM)
                        .map(|k| {
                            let own = look.get(k).copied().unwrap_or_default();
                            0.3 + own + 0.1 * (rng.f32() - 0.5)
                        })
                        .collect(),
                );
                wardrobe.push(owned);
                looks.push(look);
            }
        }
        Self {
            id: UserId::from_uuid(Uuid::from_u128(1 << 64 | n as u128)),
            wardrobe,
            looks,
            taste: direction(rng),
            style: Style::new(support::MODEL),
            history: Vec::new(),
        }
    }

    /// The probability that they say yes to these pieces.
    fn likes(&self, pieces: impl Iterator<Item = usize>) -> f32 {
        let (mut sum, mut n) = (0.0, 0.0);
        for piece in pieces {
            let look = &self.looks[piece];
            sum += look.iter().zip(self.taste).map(|(a, b)| a * b).sum::<f32>();
            n += 1.0;
        }
        let odds = 5.0 * sum / n - 1.0;
        1.0 / (1.0 + (-odds).exp())
    }

    fn piece(&self, item: drape_domain::ItemId) -> usize {
        self.wardrobe
            .iter()
            .position(|owned| owned.item.item_id == item)
            .unwrap()
    }

    /// The mean over the best three with different tops, if one could see into them.
    fn best(&self) -> f32 {
        let slot = |wanted: usize| {
            let start: usize = OWNED.iter().take(wanted).map(|(_, count)| count).sum();
            start..start + OWNED[wanted].1
        };
        let mut tops: Vec<f32> = slot(0)
            .map(|top| {
                let outfits = slot(1).flat_map(|bottom| slot(2).map(move |shoes| (bottom, shoes)));
                outfits
                    .map(|(bottom, shoes)| self.likes([top, bottom, shoes].into_iter()))
                    .fold(0.0, f32::max)
            })
            .collect();
        tops.sort_by(|a, b| b.total_cmp(a));
        tops.iter().take(3).sum::<f32>() / 3.0
    }

    fn ask(&self, model: &Model, now: Timestamp, seed: u64) -> Answer {
        let context = Context {
            temp_c: Some(22.0),
            ..Context::at(now)
        };
        recommend(&Request {
            history: &self.history,
            model: Some(model),
            style: Some(&self.style),
            explore: Some(seed),
            ..Request::new(
                &support::pieces(&self.wardrobe),
                &Prefs::default(),
                &context,
            )
        })
    }
}

/// As [`ShowingId::at`], by the town's own chance.
fn showing_id(now: Timestamp, rng: &mut Rng) -> ShowingId {
    let millis = u64::try_from(now.unix_timestamp() * 1_000).unwrap();
    let mut chance = [0; 10];
    rng.fill(&mut chance[..9]);
    ShowingId::from_uuid(uuid::Builder::from_unix_timestamp_millis(millis, &chance).into_uuid())
}

fn showing(person: &Person, answer: &Answer, now: Timestamp, rng: &mut Rng) -> Showing {
    let id = showing_id(now, rng);
    Showing {
        id,
        user_id: person.id,
        shown_at: now,
        model: String::new(),
        index: None,
        occasion: None,
        temp_c: Some(22.0),
        outfits: (1..)
            .zip(&answer.outfits)
            .map(|(place, outfit)| ShownOutfit {
                id: id.outfit(place),
                pieces: outfit
                    .pieces
                    .iter()
                    .map(|piece| ShownPiece {
                        item_id: piece.item,
                        owner_id: person.id,
                        slot: piece.slot,
                    })
                    .collect(),
                score: outfit.score,
                propensity: outfit.propensity,
                features: outfit.recorded(),
                explain: Vec::new(),
            })
            .collect(),
    }
}

/// What is known of everybody's pieces.
fn known(people: &[Person]) -> Pieces {
    let pieces = people.iter().flat_map(|person| &person.wardrobe);
    Pieces {
        embedding: support::MODEL.to_owned(),
        known: pieces
            .map(|owned| {
                let colors = owned.item.colors().iter();
                let known = Known {
                    category: owned.item.category(),
                    vector: owned.vector.clone(),
                    colors: colors.map(|color| (Oklab::of(color.hex), 1.0)).collect(),
                    words: Vec::new(),
                };
                (owned.item.item_id, known)
            })
            .collect(),
    }
}

/// How a town's acceptance of the top three has changed.
#[derive(Debug)]
struct Gain {
    /// On the first day.
    cold: f32,
    /// On the last four.
    late: f32,
    /// If one could see into people.
    oracle: f32,
}

impl Gain {
    /// The part of what could be gained that was.
    fn part(&self) -> f32 {
        (self.late - self.cold) / (self.oracle - self.cold)
    }
}

/// A town's days. Who `wears` puts on the first outfit that they like each day.
fn live(wears: bool) -> Gain {
    let mut rng = Rng::with_seed(20);
    let mut people: Vec<Person> = (0..PEOPLE).map(|n| Person::new(n, &mut rng)).collect();
    let pieces = known(&people);
    let oracle = people.iter().map(Person::best).sum::<f32>() / PEOPLE as f32;

    let mut model = Model::builtin();
    let mut memory: Option<Summary> = None;
    let mut accepted: Vec<f32> = Vec::new();
    let mut promoted = 0;
    for day in 0..DAYS {
        let now = support::NOW + Duration::days(day);
        let explored = model.explorer.names().to_vec();
        let mut joiner = Joiner::new(now.date(), &explored);
        let mut summary = Summary::new(now.date(), &explored);
        let (mut sum, mut shown) = (0.0, 0.0);
        for person in &mut people {
            let answer = person.ask(&model, now, rng.u64(..));
            let showing = showing(person, &answer, now, &mut rng);
            joiner.show(&showing);
            let mut wants = wears;
            for outfit in &showing.outfits {
                let pieces: Vec<usize> = outfit
                    .pieces
                    .iter()
                    .map(|piece| person.piece(piece.item_id))
                    .collect();
                let likely = person.likes(pieces.iter().copied());
                (sum, shown) = (sum + likely, shown + 1.0);
                let yes = rng.f32() < likely;
                let mut kinds = vec![if yes {
                    SignalKind::Like
                } else {
                    SignalKind::Skipped
                }];
                if yes && wants {
                    wants = false;
                    kinds.push(SignalKind::Worn);
                }
                for kind in kinds {
                    let signal = Signal {
                        id: SignalId::from_uuid(Uuid::from_u64_pair(rng.u64(..), rng.u64(..))),
                        user_id: person.id,
                        kind,
                        recommendation_id: Some(outfit.id),
                        items: outfit.pieces.iter().map(|piece| piece.item_id).collect(),
                        created_at: now,
                    };
                    joiner.signal(&signal);
                    person.history.push(signal);
                }
            }
            // The night: what was done today goes into each person's style.
            let today = person
                .history
                .iter()
                .filter(|signal| signal.created_at == now);
            let deeds: Vec<(f32, usize)> = today
                .flat_map(reward::shared)
                .map(|(item, reward)| (reward, person.piece(item)))
                .collect();
            let vectors = deeds.iter().map(|(reward, piece)| {
                let vector = person.wardrobe[*piece].vector.as_deref().unwrap();
                summary.see(support::MODEL, vector);
                (*reward, vector)
            });
            let updated = person.style.update(support::MODEL, now.date(), vectors);
            assert_eq!(updated, Ok(true));
        }
        accepted.push(sum / shown);
        summary.add(&joiner.finish());
        let memory = match &mut memory {
            Some(memory) => {
                assert!(memory.advance(&summary));
                memory
            }
            None => memory.insert(summary),
        };
        // Each night in production; styles, which do most of it, are brought up to date each night here too.
        if day % 4 > 0 {
            continue;
        }
        let name = format!("day-{day}");
        let challenger = challenge(&model, memory, &pieces, Pace::STEADY, (&name, now));
        if challenger.evaluation.decision.promoted {
            model = challenger.model;
            promoted += 1;
        }
    }

    let gain = Gain {
        cold: accepted[0],
        late: accepted[accepted.len() - 4..].iter().sum::<f32>() / 4.0,
        oracle,
    };
    println!(
        "{gain:?}: {:.2} of the gain; promoted {promoted} times; {:?}, scorer {}",
        gain.part(),
        model.blend.weights(),
        model.compat.is_some(),
    );
    assert!(promoted > 0);
    gain
}

#[test]
fn planted_tastes_are_found_and_served() {
    let gain = live(false);
    assert!(gain.part() >= 0.5, "{gain:?}");
}

/// What was worn rests for a week and its pieces for longer, which none of these people asked for.
#[test]
fn planted_tastes_are_found_beside_the_variety_of_what_is_worn() {
    let gain = live(true);
    assert!(gain.part() >= 0.4, "{gain:?}");
}
