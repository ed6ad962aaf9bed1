//! A small town with planted tastes: people are shown outfits, say what they would say, and every night all is
//! learned from that. What they are shown must get better by at least half of what could be gained.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod support;

use drape_domain::{
    Category, Prefs, RecommendationId, Showing, ShowingId, Signal, SignalId, SignalKind, Timestamp,
    UserId,
    color::NAMED,
    showing::{ShownOutfit, ShownPiece},
};
use drape_recommender::{Answer, Context, Request, recommend};
use drape_taste::{
    Model, Pace, Style, Summary, evaluate, examples::Joiner, outfits::Pieces, reward, train,
};
use fastrand::Rng;
use support::Owned;
use time::Duration;
use uuid::Uuid;

const PEOPLE: usize = 40;
const DAYS: i64 = 24;
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
            style: Style::new("m"),
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
            avoid_repeat_days: 0,
            ..Request::new(
                &support::pieces(&self.wardrobe),
                &Prefs::default(),
                &context,
            )
        })
    }
}

fn showing(person: &Person, answer: &Answer, now: Timestamp, rng: &mut Rng) -> Showing {
    let mut id = || Uuid::from_u64_pair(rng.u64(..), rng.u64(..));
    Showing {
        id: ShowingId::from_uuid(id()),
        user_id: person.id,
        shown_at: now,
        model: String::new(),
        index: None,
        occasion: None,
        temp_c: Some(22.0),
        outfits: answer
            .outfits
            .iter()
            .map(|outfit| ShownOutfit {
                id: RecommendationId::from_uuid(id()),
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

#[test]
fn planted_tastes_are_found_and_served() {
    let mut rng = Rng::with_seed(20);
    let mut people: Vec<Person> = (0..PEOPLE).map(|n| Person::new(n, &mut rng)).collect();
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
            for outfit in &showing.outfits {
                let pieces: Vec<usize> = outfit
                    .pieces
                    .iter()
                    .map(|piece| person.piece(piece.item_id))
                    .collect();
                let likely = person.likes(pieces.iter().copied());
                (sum, shown) = (sum + likely, shown + 1.0);
                let yes = rng.f32() < likely;
                let kind = if yes {
                    SignalKind::Like
                } else {
                    SignalKind::Skipped
                };
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
            // The night: what was done today goes into each person's style.
            let today = person
                .history
                .iter()
                .filter(|signal| signal.created_at == now);
            let deeds: Vec<(f32, usize)> = today
                .flat_map(|signal| {
                    let share = reward(signal.kind) / signal.items.len() as f32;
                    signal.items.iter().map(move |item| (share, *item))
                })
                .map(|(reward, item)| (reward, person.piece(item)))
                .collect();
            let vectors = deeds.iter().map(|(reward, piece)| {
                let vector = person.wardrobe[*piece].vector.as_deref().unwrap();
                summary.see("m", vector);
                (*reward, vector)
            });
            assert_eq!(person.style.update("m", now.date(), vectors), Ok(true));
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
        let challenger = train(&model, memory, Pace::STEADY, &format!("day-{day}"), now);
        let evaluation = evaluate(&model, &challenger, memory, &Pieces::default());
        if evaluation.decision.promoted {
            model = challenger;
            promoted += 1;
        }
    }

    let cold = accepted[0];
    let late = accepted[accepted.len() - 4..].iter().sum::<f32>() / 4.0;
    println!(
        "cold {cold:.3}, late {late:.3}, oracle {oracle:.3}: {:.2} of the gain; promoted {promoted} times; {:?}",
        (late - cold) / (oracle - cold),
        model.blend.weights()
    );
    assert!(promoted > 0);
    assert!(
        late - cold >= 0.5 * (oracle - cold),
        "from {cold:.3} to {late:.3} of {oracle:.3}: {accepted:.2?}"
    );
}
