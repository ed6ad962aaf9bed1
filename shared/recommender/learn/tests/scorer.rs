//! Outfits with a planted structure must be learned, and broken input does no harm.

#![allow(clippy::unwrap_used)]

use drape_domain::{Oklab, Rgb, Slot};
use drape_learn::{
    Broken, Compat, Error, Garment, Learner, Options, Parts, Trained, metrics, words,
};
use fastrand::Rng;

const DIMENSIONS: usize = 24;
const SLOTS: [Slot; 4] = [Slot::Top, Slot::Bottom, Slot::Shoes, Slot::Bag];

/// A piece that owns what a garment borrows.
#[derive(Clone)]
struct Piece {
    slot: Slot,
    vector: Vec<f32>,
    colors: Vec<(Oklab, f32)>,
    words: Vec<u32>,
}

impl Piece {
    fn garment(&self) -> Garment<'_> {
        Garment {
            slot: self.slot,
            category: None,
            vector: Some(&self.vector),
            colors: &self.colors,
            words: &self.words,
        }
    }
}

/// What the pieces of an outfit have in common.
#[derive(Clone, Copy, Default)]
struct Planted {
    /// Their vectors lean towards a direction of the style, another for each slot.
    style: bool,
    /// Their titles bear a word of the style, another for each slot.
    words: bool,
    /// All are light or all are dark.
    color: bool,
}

fn piece(slot: Slot, style: usize, planted: Planted, random: &mut Rng) -> Piece {
    let mut vector: Vec<f32> = (0..DIMENSIONS).map(|_| random.f32() - 0.5).collect();
    if planted.style {
        vector[(style * 5 + slot as usize) % DIMENSIONS] += 1.5;
    }
    let mut title = format!("thing{} stuff{}", random.u8(..30), random.u8(..30));
    if planted.words {
        title.push_str(&format!(" kind{style}of{slot}"));
    }
    let shade = if planted.color && style < 2 { 30 } else { 220 };
    let shade = if planted.color { shade } else { random.u8(..) };
    let rgb = Rgb([shade, shade.saturating_add(random.u8(..20)), shade]);
    Piece {
        slot,
        vector,
        colors: vec![(Oklab::of(rgb), 1.0)],
        words: words::of_title(&title),
    }
}

fn outfits(count: usize, planted: Planted, seed: u64) -> Vec<Vec<Piece>> {
    let mut random = Rng::with_seed(seed);
    (0..count)
        .map(|_| {
            let style = random.usize(..4);
            let slots = SLOTS.iter().skip(random.usize(..2));
            slots
                .map(|slot| piece(*slot, style, planted, &mut random))
                .collect()
        })
        .collect()
}

fn train(outfits: &[Vec<Piece>], learner: Option<Learner>) -> Result<Trained, Error> {
    let garments: Vec<Vec<Garment<'_>>> = outfits
        .iter()
        .map(|outfit| outfit.iter().map(Piece::garment).collect())
        .collect();
    Compat::train(&garments, &Options { seed: 1, learner })
}

fn judge(compat: &Compat, outfit: &[Piece]) -> drape_learn::Judged {
    let prepared: Vec<_> = outfit
        .iter()
        .map(|piece| compat.prepare(&piece.garment()))
        .collect();
    compat.judge(&prepared.iter().collect::<Vec<_>>())
}

/// The AUC on outfits never seen, against others of which each piece is replaced.
fn fresh_auc(compat: &Compat, planted: Planted) -> f64 {
    let real = outfits(300, planted, 99);
    let mut random = Rng::with_seed(98);
    let (mut scores, mut labels) = (Vec::new(), Vec::new());
    for outfit in &real {
        let chance: Vec<Piece> = outfit
            .iter()
            .map(|own| {
                loop {
                    let other = &real[random.usize(..real.len())];
                    if let Some(piece) = other.iter().find(|piece| piece.slot == own.slot) {
                        break piece.clone();
                    }
                }
            })
            .collect();
        scores.extend([judge(compat, outfit).logit, judge(compat, &chance).logit]);
        labels.extend([true, false]);
    }
    metrics::auc(&scores, &labels).unwrap()
}

const ALL: Planted = Planted {
    style: true,
    words: true,
    color: true,
};

#[test]
fn each_planted_structure_is_found_by_both_learners_and_nothing_is_found_in_noise() {
    let only = [
        Planted {
            style: true,
            ..Planted::default()
        },
        Planted {
            words: true,
            ..Planted::default()
        },
        Planted {
            color: true,
            ..Planted::default()
        },
    ];
    for (at, planted) in only.into_iter().enumerate() {
        for learner in [Learner::Linear, Learner::Net] {
            let trained = train(&outfits(300, planted, 1), Some(learner)).unwrap();
            let auc = fresh_auc(&trained.compat, planted);
            assert!(auc > 0.8, "structure {at}, {learner:?}: {auc}");
            assert_eq!(trained.serves, learner);
        }
    }
    let noise = train(&outfits(300, Planted::default(), 1), None).unwrap();
    let auc = fresh_auc(&noise.compat, Planted::default());
    assert!((0.42..0.58).contains(&auc), "{auc}");
    assert!(noise.linear.auc.low < 0.5 && noise.linear.auc.value < 0.58);
}

#[test]
fn contributions_are_of_the_group_that_was_planted() {
    let planted = Planted {
        words: true,
        ..Planted::default()
    };
    let trained = train(&outfits(300, planted, 1), None).unwrap();
    let (mut of_words, mut of_others) = (0.0, 0.0);
    for outfit in outfits(50, planted, 7) {
        let parts = judge(&trained.compat, &outfit).parts;
        of_words += parts.words;
        of_others += parts.style + parts.color;
    }
    assert!(
        of_words > 100.0 && of_words > 4.0 * of_others.abs(),
        "{of_words} {of_others}"
    );
}

#[test]
fn parts_sum_to_the_score_for_both_learners_and_pairs_have_no_order() {
    for learner in [Learner::Linear, Learner::Net] {
        let trained = train(&outfits(200, ALL, 1), Some(learner)).unwrap();
        let compat = trained.compat;
        for outfit in outfits(20, ALL, 3) {
            let prepared: Vec<_> = outfit
                .iter()
                .map(|piece| compat.prepare(&piece.garment()))
                .collect();
            let mut pairs: Vec<Parts> = Vec::new();
            for (at, x) in prepared.iter().enumerate() {
                for y in &prepared[..at] {
                    let (there, back) = (compat.pair(x, y), compat.pair(y, x));
                    assert!((there.logit() - back.logit()).abs() < 1e-5);
                    pairs.push(there);
                }
            }
            let root = (pairs.len() as f32).sqrt();
            let judged = compat.outfit(pairs.iter().copied());
            let parts = judged.parts;
            let sum = parts.color + parts.style + parts.words + parts.bias;
            assert!((sum - judged.logit).abs() < 1e-6);
            // Each group is its pairs' sum, and all that is left is the same for every outfit.
            let style: f32 = pairs.iter().map(|pair| pair.style).sum();
            assert!((style / root - parts.style).abs() < 1e-4);
            let bias: f32 = pairs.iter().map(|pair| pair.bias).sum();
            let alone = compat.outfit([]).logit;
            assert!((bias / root + alone - parts.bias).abs() < 1e-4);
            let probability = 1.0 / (1.0 + (-judged.logit).exp());
            assert!((probability - judged.probability).abs() < 1e-5);
        }
    }
}

#[test]
fn a_group_contributes_what_it_changes() {
    // Without words in one piece, only the part of words changes: the net's parts do not leak into each other.
    let trained = train(&outfits(200, ALL, 1), Some(Learner::Net)).unwrap();
    let outfit = &outfits(20, ALL, 3)[0];
    let whole = judge(&trained.compat, outfit);
    let mut silent = outfit.clone();
    silent.iter_mut().for_each(|piece| piece.words.clear());
    let without = judge(&trained.compat, &silent);
    assert!(without.parts.words.abs() < 1e-6 && whole.parts.words.abs() > 1e-3);
    assert!((whole.parts.style - without.parts.style).abs() < 1e-6);
    assert!((whole.parts.color - without.parts.color).abs() < 1e-6);
    assert!((whole.logit - whole.parts.words - without.logit).abs() < 1e-4);
}

#[test]
fn held_out_probabilities_are_honest_and_the_better_learner_serves() {
    let trained = train(&outfits(400, ALL, 1), None).unwrap();
    assert!(trained.linear.auc.value > 0.9 && trained.linear.ece.value < 0.06);
    assert!(trained.linear.log_loss < 0.5 && trained.net.log_loss < 0.5);
    let net_is_better = trained.net.auc.value > trained.linear.auc.value
        && trained.net.log_loss < trained.linear.log_loss;
    assert_eq!(trained.serves == Learner::Net, net_is_better);
}

#[test]
fn training_twice_gives_the_same() {
    let some = outfits(120, ALL, 1);
    assert!(train(&some, None).unwrap() == train(&some, None).unwrap());
}

#[test]
fn bytes_bring_the_same_scorer_back() {
    for learner in [Learner::Linear, Learner::Net] {
        let compat = train(&outfits(100, ALL, 1), Some(learner)).unwrap().compat;
        assert!(Compat::from_bytes(&compat.to_bytes()).unwrap() == compat);
    }
}

#[test]
fn damaged_bytes_are_refused() {
    let bytes = train(&outfits(60, ALL, 1), None).unwrap().compat.to_bytes();
    assert_eq!(Compat::from_bytes(&[]), Err(Broken::Magic));
    assert_eq!(Compat::from_bytes(&bytes[..10]), Err(Broken::Length));
    assert_eq!(
        Compat::from_bytes(&bytes[..bytes.len() / 2]),
        Err(Broken::Checksum)
    );
    let mut other = bytes.clone();
    other[8] = 9;
    assert_eq!(Compat::from_bytes(&other), Err(Broken::Version));
    let mut random = Rng::with_seed(2);
    for _ in 0..50 {
        let mut flipped = bytes.clone();
        flipped[random.usize(20..bytes.len())] ^= 1 << random.u8(..8);
        assert_eq!(Compat::from_bytes(&flipped), Err(Broken::Checksum));
    }
}

#[test]
fn a_right_checksum_over_nonsense_is_refused_too() {
    // Whoever writes the checksum could write anything.
    let bytes = train(&outfits(60, ALL, 1), None).unwrap().compat.to_bytes();
    let sign = |body: &[u8]| {
        let sum = body.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
        [&bytes[..12], &sum.to_le_bytes(), body].concat()
    };
    Compat::from_bytes(&sign(&bytes[20..])).unwrap();
    assert_eq!(
        Compat::from_bytes(&sign(&bytes[20..bytes.len() - 1])),
        Err(Broken::Length)
    );
    assert_eq!(
        Compat::from_bytes(&sign(&[&bytes[20..], &[0]].concat())),
        Err(Broken::Length)
    );
    let mut huge = bytes[20..].to_vec();
    huge[..4].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(Compat::from_bytes(&sign(&huge)), Err(Broken::Content));
    let mut infinite = bytes[20..].to_vec();
    infinite[8..12].copy_from_slice(&f32::INFINITY.to_le_bytes());
    assert_eq!(Compat::from_bytes(&sign(&infinite)), Err(Broken::Content));
    let mut random = Rng::with_seed(4);
    for _ in 0..300 {
        let mut other = bytes[20..].to_vec();
        for _ in 0..4 {
            let at = random.usize(..other.len().min(200));
            other[at] = random.u8(..);
        }
        if let Ok(compat) = Compat::from_bytes(&sign(&other)) {
            let outfit = &outfits(1, ALL, 3)[0];
            assert!(!judge(&compat, outfit).probability.is_nan());
        }
    }
}

#[test]
fn what_is_not_known_contributes_nothing() {
    let compat = train(&outfits(150, ALL, 1), None).unwrap().compat;
    let known = outfits(1, ALL, 3)[0][0].clone();
    let nothing = Garment {
        slot: Slot::Hat,
        category: None,
        vector: None,
        colors: &[],
        words: &[],
    };
    let broken = [f32::NAN; DIMENSIONS];
    let short = [1.0; 3];
    let unheard = [words::hash("unheard of")];
    for odd in [
        nothing,
        Garment {
            vector: Some(&[0.0; DIMENSIONS]),
            ..nothing
        },
        Garment {
            vector: Some(&broken),
            ..nothing
        },
        Garment {
            vector: Some(&short),
            ..nothing
        },
        Garment {
            words: &unheard,
            ..nothing
        },
        Garment {
            colors: &[(
                Oklab {
                    l: f32::NAN,
                    a: 0.0,
                    b: 0.0,
                },
                f32::NAN,
            )],
            ..nothing
        },
    ] {
        let parts = compat.pair(&compat.prepare(&odd), &compat.prepare(&known.garment()));
        assert!(parts.style == 0.0 && parts.color == 0.0 && parts.words.abs() < 1e-6);
    }
}

#[test]
fn one_piece_or_none_is_neither_good_nor_bad() {
    let compat = train(&outfits(150, ALL, 1), None).unwrap().compat;
    let one = compat.prepare(&outfits(1, ALL, 3)[0][0].garment());
    for judged in [compat.judge(&[]), compat.judge(&[&one])] {
        assert!(judged.parts.style == 0.0 && judged.parts.bias == judged.logit);
        assert!((0.0..=1.0).contains(&judged.probability));
    }
}

#[test]
fn the_projection_finds_the_partner_that_the_vector_itself_does_not() {
    let planted = Planted {
        style: true,
        ..Planted::default()
    };
    let compat = train(&outfits(300, planted, 1), None).unwrap().compat;
    let mut random = Rng::with_seed(11);
    let tops: Vec<Piece> = (0..40)
        .map(|at| piece(Slot::Top, at % 4, planted, &mut random))
        .collect();
    let shoes: Vec<Piece> = (0..40)
        .map(|at| piece(Slot::Shoes, at % 4, planted, &mut random))
        .collect();
    let right = |queries: &[Vec<f32>]| {
        let hits = queries.iter().enumerate().filter(|(at, query)| {
            let score = |shoe: &Piece| -> f32 {
                let length = shoe.vector.iter().map(|x| x * x).sum::<f32>().sqrt();
                query
                    .iter()
                    .zip(&shoe.vector)
                    .map(|(x, y)| x * y / length)
                    .sum()
            };
            let best = (0..40).max_by(|a, b| score(&shoes[*a]).total_cmp(&score(&shoes[*b])));
            best.is_some_and(|best| best % 4 == at % 4)
        });
        hits.count()
    };
    let own: Vec<_> = tops.iter().map(|top| top.vector.clone()).collect();
    let projected: Vec<_> = tops
        .iter()
        .map(|top| compat.project(Slot::Top, Slot::Shoes, &top.vector))
        .collect();
    assert!(right(&projected) >= 32, "{}", right(&projected));
    assert!(right(&own) <= 24, "{}", right(&own));
    for query in &projected {
        assert!((query.iter().map(|x| x * x).sum::<f32>() - 1.0).abs() < 1e-4);
    }
    assert_eq!(
        compat.project(Slot::Top, Slot::Bag, &[1.0, 2.0]),
        [1.0, 2.0]
    );
}

#[test]
fn too_few_and_too_many_outfits_are_refused() {
    assert_eq!(train(&outfits(20, ALL, 1), None), Err(Error::Few));
    let single: Vec<_> = outfits(100, ALL, 1)
        .into_iter()
        .map(|all| all[..1].to_vec())
        .collect();
    assert_eq!(train(&single, None), Err(Error::Few));
    let mut crowded = outfits(100, ALL, 1);
    crowded[0] = vec![crowded[0][0].clone(); 17];
    assert_eq!(train(&crowded, None), Err(Error::Many));
}

#[test]
fn outfits_of_which_nothing_is_known_teach_nothing_but_do_no_harm() {
    let empty: Vec<Vec<Piece>> = outfits(80, ALL, 1)
        .into_iter()
        .map(|outfit| {
            let bare = |piece: Piece| Piece {
                vector: vec![0.0; 3],
                colors: Vec::new(),
                words: Vec::new(),
                ..piece
            };
            outfit.into_iter().map(bare).collect()
        })
        .collect();
    let trained = train(&empty, None).unwrap();
    assert!((trained.linear.auc.value - 0.5).abs() < 1e-9);
    assert!((judge(&trained.compat, &empty[0]).probability - 0.5).abs() < 0.05);
}
