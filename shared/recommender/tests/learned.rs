//! What is served where the way pieces go together was learned.

#![allow(clippy::unwrap_used)]

mod support;

use drape_domain::{Category, Color, Oklab, Prefs, Slot, color::NAMED};
use drape_learn::{Compat, Garment, Learner, Options};
use drape_recommender::{Answer, Context, FEATURES, LEARNED_FEATURES, Request, recommend};
use drape_taste::Model;
use support::{MODEL, NOW, Owned, id, items, owned, pieces, random};

const DIM: usize = 8;

/// A scorer of outfits whose tops and bottoms point the same way.
fn learned(learner: Learner) -> Compat {
    partners(learner, <[f32]>::to_vec)
}

/// A scorer of outfits whose bottoms point where `partner` says of their tops.
fn partners(learner: Learner, partner: fn(&[f32]) -> Vec<f32>) -> Compat {
    let mut rng = fastrand::Rng::with_seed(3);
    let colors: Vec<_> = NAMED
        .iter()
        .map(|(_, rgb)| [(Oklab::of(*rgb), 1.0f32)])
        .collect();
    let parts: Vec<(usize, [Vec<f32>; 2])> = (0..400)
        .map(|_| {
            let way: Vec<f32> = (0..DIM).map(|_| rng.f32() - 0.5).collect();
            let near = |way: &[f32], rng: &mut fastrand::Rng| -> Vec<f32> {
                way.iter().map(|x| x + 0.1 * (rng.f32() - 0.5)).collect()
            };
            let vectors = [near(&way, &mut rng), near(&partner(&way), &mut rng)];
            (rng.usize(..colors.len()), vectors)
        })
        .collect();
    let outfits: Vec<Vec<Garment<'_>>> = parts
        .iter()
        .map(|(color, vectors)| {
            let slots = [
                (Slot::Top, Category::Shirt),
                (Slot::Bottom, Category::Pants),
            ];
            slots
                .iter()
                .zip(vectors)
                .map(|((slot, category), vector)| Garment {
                    slot: *slot,
                    category: Some(*category),
                    vector: Some(vector),
                    colors: &colors[*color],
                    words: &[],
                })
                .collect()
        })
        .collect();
    let options = Options {
        seed: 1,
        learner: Some(learner),
    };
    Compat::train(&outfits, &options).unwrap().compat
}

fn knows(embedding: &str) -> Model {
    Model {
        embedding: Some(embedding.to_owned()),
        ..Model::builtin()
    }
}

fn ask(wardrobe: &[Owned], prefs: &Prefs, model: &Model, compat: Option<&Compat>) -> Answer {
    let (pieces, context) = (
        pieces(wardrobe),
        Context {
            temp_c: Some(22.0),
            ..Context::at(NOW)
        },
    );
    let model = Model {
        compat: compat.cloned(),
        ..model.clone()
    };
    recommend(&Request {
        model: Some(&model),
        limit: 10,
        ..Request::new(&pieces, prefs, &context)
    })
}

#[test]
fn contributions_sum_to_the_score_whatever_is_served() {
    let wardrobe = random(80, DIM, 5);
    let taste = Prefs {
        preferred_colors: vec!["navy".try_into().unwrap()],
        ..Prefs::default()
    };
    let (linear, net) = (learned(Learner::Linear), learned(Learner::Net));
    for prefs in [&Prefs::default(), &taste] {
        for compat in [None, Some(&linear), Some(&net)] {
            let answer = ask(&wardrobe, prefs, &knows(MODEL), compat);
            assert_eq!(answer.outfits.len(), 10);
            for outfit in &answer.outfits {
                let steps: f64 = outfit
                    .features
                    .iter()
                    .map(|feature| (feature.contribution * 1e4).round())
                    .sum();
                assert_eq!(steps, (outfit.score * 1e4).round());
                let blended = Model::builtin().blend.score(&outfit.parts);
                assert!(
                    (f64::from(blended) - outfit.score).abs() < 1e-3,
                    "the parts make the score"
                );
                let names: Vec<_> = outfit.features.iter().map(|feature| feature.name).collect();
                let more = if compat.is_some() {
                    LEARNED_FEATURES.len()
                } else {
                    0
                };
                assert_eq!(names.len(), FEATURES.len() + more);
                assert!(
                    outfit
                        .features
                        .iter()
                        .all(|feature| (0.0..=1.0).contains(&feature.value))
                );
            }
        }
    }
}

/// Two shirts alike but for their vectors, and trousers that go the way of the second.
fn two_shirts() -> Vec<Owned> {
    let mut wardrobe = vec![
        owned(1, Category::Shirt, "white"),
        owned(2, Category::Shirt, "white"),
        owned(3, Category::Pants, "navy"),
    ];
    let ways = [[1.0, -1.0], [-1.0, 1.0], [-1.0, 1.0]];
    for (piece, way) in wardrobe.iter_mut().zip(ways) {
        piece.vector = Some([&way[..], &[0.0; DIM - 2]].concat());
    }
    wardrobe
}

#[test]
fn what_was_learned_decides() {
    let compat = learned(Learner::Linear);
    let wardrobe = two_shirts();
    let answer = ask(&wardrobe, &Prefs::default(), &knows(MODEL), Some(&compat));
    assert_eq!(items(&answer.outfits[0])[0], id(2));
    let style = |n: usize| {
        let features = &answer.outfits[n].features;
        let style = features
            .iter()
            .find(|feature| feature.name == "style_match");
        style.unwrap().contribution
    };
    assert!(style(0) > style(1), "{} {}", style(0), style(1));
}

#[test]
fn vectors_of_another_model_are_kept_from_what_was_learned() {
    let compat = learned(Learner::Linear);
    let bare: Vec<Owned> = two_shirts()
        .into_iter()
        .map(|owned| Owned {
            vector: None,
            ..owned
        })
        .collect();
    let part = |wardrobe: &[Owned], model: &Model| {
        let answer = ask(wardrobe, &Prefs::default(), model, Some(&compat));
        let features = answer.outfits[0].features.iter();
        let style = features.filter(|feature| feature.name == "style_match");
        style.map(|feature| feature.contribution).sum::<f64>()
    };
    assert_eq!(
        part(&two_shirts(), &knows("another")),
        part(&bare, &knows(MODEL))
    );
    assert_ne!(
        part(&two_shirts(), &knows(MODEL)),
        part(&bare, &knows(MODEL))
    );
}

#[test]
fn what_was_learned_survives_broken_pieces() {
    let compat = learned(Learner::Net);
    for bad in [vec![], vec![0.0; DIM], vec![f32::NAN; DIM], vec![1.0; 3]] {
        let mut wardrobe = random(30, DIM, 6);
        for owned in &mut wardrobe {
            owned.vector = Some(bad.clone());
            owned.item.typed.colors = Some(Vec::<Color>::new());
        }
        let answer = ask(&wardrobe, &Prefs::default(), &knows(MODEL), Some(&compat));
        assert!(!answer.outfits.is_empty());
        assert!(answer.outfits.iter().all(|outfit| outfit.score.is_finite()));
    }
}

/// What goes with a top lies where its vector points with all numbers one place on.
fn one_on(way: &[f32]) -> Vec<f32> {
    let mut partner = way.to_vec();
    partner.rotate_right(1);
    partner
}

/// Trousers of one kind, the last of which lie where the partners of `way` do.
fn trousers(way: &[f32], count: usize) -> Vec<Owned> {
    let mut rng = fastrand::Rng::with_seed(9);
    (0..count)
        .map(|n| {
            let mut piece = owned(100 + n, Category::Pants, "black");
            piece.vector = Some(if n + 1 == count {
                one_on(way)
            } else {
                way.iter().map(|x| x + 0.3 * (rng.f32() - 0.5)).collect()
            });
            piece
        })
        .collect()
}

const WAY: [f32; DIM] = [0.4, -0.4, 0.4, -0.4, 0.4, -0.4, 0.4, -0.4];

fn shirt() -> Owned {
    let mut shirt = owned(1, Category::Shirt, "white");
    shirt.vector = Some(WAY.to_vec());
    shirt
}

#[test]
fn in_a_large_wardrobe_partners_are_looked_for_where_they_were_learned_to_lie() {
    let mut wardrobe = trousers(&WAY, 200);
    wardrobe.push(shirt());
    let compat = partners(Learner::Linear, one_on);
    let best =
        |model: &Model| items(&ask(&wardrobe, &Prefs::default(), model, Some(&compat)).outfits[0]);
    assert!(best(&knows(MODEL)).contains(&id(299)));
    // Whoever does not know the vectors finds others as good.
    assert!(!best(&knows("another")).contains(&id(299)));
}

#[test]
fn what_boutiques_sell_is_looked_for_where_partners_were_learned_to_lie() {
    let mut own = owned(2, Category::Pants, "black");
    own.vector = Some(WAY.to_vec());
    let wardrobe = [shirt(), own];
    let shop = support::catalog(
        MODEL,
        DIM,
        trousers(&WAY, 300)
            .iter()
            .map(|owned| support::entry(owned, DIM, 0.5)),
    );
    let compat = partners(Learner::Linear, one_on);
    let bought = |compat: Option<Compat>| {
        let (pieces, prefs) = (pieces(&wardrobe), Prefs::default());
        let context = Context::at(NOW);
        let model = Model {
            compat,
            ..knows(MODEL)
        };
        let answer = recommend(&Request {
            catalog: Some(&shop),
            boutiques: Some(drape_recommender::Boutiques::default()),
            model: Some(&model),
            ..Request::new(&pieces, &prefs, &context)
        });
        answer.outfits.iter().flat_map(items).collect::<Vec<_>>()
    };
    assert!(bought(Some(compat)).contains(&id(399)));
    assert!(!bought(None).contains(&id(399)));
}
