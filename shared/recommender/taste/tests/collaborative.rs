//! Choices with planted causes: what is learned from the choices alone must beat both popularity and matrix
//! factorisation where there is a cause, and not fall below them where there is none.

#![allow(clippy::unwrap_used)]

use drape_taste::{Collaborative, collaborative::Line};
use fastrand::Rng;

const LINES: usize = 14_000;
const USERS: usize = 2_000;

/// Why people choose.
#[derive(Clone, Copy)]
struct Causes {
    bottoms: usize,
    /// How unequal the popularity of bottoms is.
    skew: f64,
    /// How often they take what they took before.
    habit: f64,
    /// How many circles of people and things there are, and how often people stay in theirs.
    circles: usize,
    loyalty: f64,
    /// How often they take what arrived just before.
    novelty: f64,
}

const NOTHING: Causes = Causes {
    bottoms: 12_000,
    skew: 0.55,
    habit: 0.0,
    circles: 1,
    loyalty: 0.0,
    novelty: 0.0,
};

/// User, top, chosen bottom, other bottom; ids are numbers in the order of arrival.
fn choices(causes: Causes, seed: u64) -> Vec<[String; 4]> {
    let mut rng = Rng::with_seed(seed);
    let Causes {
        bottoms, circles, ..
    } = causes;
    let mut ranks: Vec<usize> = (0..bottoms).collect();
    rng.shuffle(&mut ranks);
    // Sums of the popularity of bottoms in the order of arrival.
    let mut sum = 0.0;
    let sums: Vec<f64> = ranks
        .iter()
        .map(|rank| {
            sum += (*rank as f64 + 6.0).powf(-causes.skew);
            sum
        })
        .collect();
    let within = |from: usize, to: usize, rng: &mut Rng| {
        let low = if from == 0 { 0.0 } else { sums[from - 1] };
        let at = low + rng.f64() * (sums[to - 1] - low);
        sums.partition_point(|sum| *sum < at).clamp(from, to - 1)
    };
    let shuffled: Vec<usize> = {
        let mut all: Vec<usize> = (0..bottoms).collect();
        // Unless arrival matters, ids say nothing of it.
        if causes.novelty == 0.0 {
            rng.shuffle(&mut all);
        }
        all
    };
    let starts: Vec<f64> = (0..USERS).map(|_| 0.1 + 0.8 * rng.f64()).collect();
    let mut before: Vec<Vec<usize>> = vec![Vec::new(); USERS];
    (0..LINES)
        .map(|line| {
            // Everyone once, then some much more often than others.
            let user = if line < USERS {
                line
            } else {
                (USERS as f64 * rng.f64().powi(2)) as usize
            };
            let circle = user % circles;
            let (from, to) = (circle * bottoms / circles, (circle + 1) * bottoms / circles);
            let now = (starts[user] * bottoms as f64) as usize;
            let why = rng.f64();
            let mut top = rng.usize(..bottoms);
            let chosen = if why < causes.habit && !before[user].is_empty() {
                before[user][rng.usize(..before[user].len())]
            } else if why < causes.habit + causes.loyalty {
                top = rng.usize(from..to);
                within(from, to, &mut rng)
            } else if why < causes.habit + causes.loyalty + causes.novelty {
                top = now.saturating_sub(rng.usize(..bottoms / 40));
                within(now.saturating_sub(bottoms / 20), now, &mut rng)
            } else {
                within(0, bottoms, &mut rng)
            };
            before[user].push(chosen);
            let other = (chosen + rng.usize(1..bottoms)) % bottoms;
            let id = |thing: usize| (1_000_000 + 7 * shuffled[thing]).to_string();
            [user.to_string(), id(top), id(chosen), id(other)]
        })
        .collect()
}

/// AUC of popularity, of matrix factorisation and of all together on the last fifth, in percent.
fn judge(causes: Causes) -> [f64; 3] {
    let mut choices = choices(causes, 11);
    Rng::with_seed(5).shuffle(&mut choices);
    let lines: Vec<Line<'_>> = choices
        .iter()
        .map(|[user, top, positive, negative]| Line {
            user,
            top,
            positive,
            negative,
        })
        .collect();
    let (past, future) = lines.split_at(LINES * 4 / 5);
    let learned = Collaborative::train(past).unwrap();
    let share = |score: &dyn Fn(&Line<'_>, &str) -> f32| {
        let wins: f64 = future
            .iter()
            .map(|line| {
                let (yes, no) = (score(line, line.positive), score(line, line.negative));
                f64::from(u8::from(yes > no)) + 0.5 * f64::from(u8::from(yes == no))
            })
            .sum();
        100.0 * wins / future.len() as f64
    };
    [
        share(&|_, bottom| learned.popularity(bottom)),
        share(&|line, bottom| learned.factorised(line.user, bottom)),
        share(&|line, bottom| learned.score(line.user, line.top, bottom)),
    ]
}

fn assert_gain(causes: Causes, gain: f64) {
    let [popularity, factors, together] = judge(causes);
    assert!(
        together > popularity.max(factors) + gain,
        "popularity {popularity:.1}, factors {factors:.1}, together {together:.1}"
    );
}

#[test]
fn habits_are_found() {
    let habit = 0.15;
    assert_gain(Causes { habit, ..NOTHING }, 0.4);
}

#[test]
fn circles_of_people_with_the_same_taste_are_found() {
    let causes = Causes {
        circles: 80,
        loyalty: 0.8,
        skew: 0.4,
        ..NOTHING
    };
    assert_gain(causes, 1.5);
}

#[test]
fn a_liking_for_what_is_new_is_found_in_the_order_of_ids() {
    let causes = Causes {
        novelty: 0.3,
        ..NOTHING
    };
    assert_gain(causes, 3.0);
}

#[test]
fn where_only_popularity_counts_nothing_is_lost() {
    assert_gain(NOTHING, -0.3);
}

#[test]
fn what_nobody_has_seen_is_scored_too_and_training_on_nothing_is_an_error() {
    let line = Line {
        user: "u",
        top: "t",
        positive: "a",
        negative: "b",
    };
    let learned = Collaborative::train(&[line; 8]).unwrap();
    assert!(learned.score("u", "t", "a") > learned.score("u", "t", "b"));
    for bottom in ["a", "z", ""] {
        assert!(learned.score("?", "?", bottom).is_finite());
    }
    assert!(Collaborative::train(&[]).is_err());
}

#[test]
fn the_same_lines_give_the_same_model() {
    let choices = choices(NOTHING, 3);
    let lines: Vec<Line<'_>> = choices
        .iter()
        .take(500)
        .map(|[user, top, positive, negative]| Line {
            user,
            top,
            positive,
            negative,
        })
        .collect();
    let (a, b) = (
        Collaborative::train(&lines).unwrap(),
        Collaborative::train(&lines).unwrap(),
    );
    assert_eq!(a.weights(), b.weights());
    for line in &lines {
        let score = |model: &Collaborative| model.score(line.user, line.top, line.negative);
        assert_eq!(score(&a), score(&b));
    }
}
