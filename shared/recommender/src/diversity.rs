//! Which of the found outfits are shown: maximal marginal relevance (Carbonell and Goldstein, 1998).

use std::collections::{HashMap, HashSet};

use drape_taste::Choice;

use crate::{
    center::Center,
    garment::Garment,
    search::{Candidates, Found},
    vector::Vector,
};

/// How much worth counts against difference.
const LAMBDA: f32 = 0.7;
/// The fewest outfits to choose from, where there are as many …
const POOL: usize = 30;
/// … and the most of them that share a top or dress, or both top and bottom, as long as there are others.
const POOL_PER_HERO: usize = 4;
const POOL_PER_CORE: usize = 2;
/// The first so many share no top or dress, where that can be.
const DISTINCT_HEROES: usize = 3;

/// What a boutique's piece must add to the best score that the person's own pieces have, unless it takes a place
/// for which they have nothing.
const LIFT: f32 = 0.01;
/// The place, counted from 0, that may be used for exploration …
const EXPLORED: usize = 2;
/// … among so many of the best.
const EXPLORED_POOL: usize = 10;
/// … none of which scores so much lower than what would come otherwise: trying something must not cost the person
/// a good outfit.
const EXPLORED_COST: f32 = 0.1;

/// An outfit that was chosen, and how likely that was.
pub(crate) struct Chosen {
    pub(crate) found: Found,
    pub(crate) propensity: f32,
}

/// Up to `limit` of the outfits, which come best first; the best is always the first. `explore` may put one into
/// the third place for what there is to learn from it, out of the places in the pool that it is given.
pub(crate) fn choose(
    candidates: &Candidates<'_>,
    found: Vec<Found>,
    limit: usize,
    explore: impl Fn(&[Found]) -> Option<Choice>,
) -> Vec<Chosen> {
    let found = worthwhile(candidates, found);
    let (own, mixed): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|found| !found.look.has_offer());
    // Mostly the person's own clothes, as far as there are as many outfits of them.
    let offers = (limit / 3).max(1).max(limit.saturating_sub(own.len()));
    let size = POOL.max(6 * limit);
    let mut pool = [own, mixed]
        .map(|found| pool(candidates, found, size))
        .concat();
    // Stable: those that are much the same stay behind their betters.
    pool.sort_by(|a, b| b.scored.total.total_cmp(&a.scored.total));
    let vectors: Vec<Mean<'_>> = pool
        .iter()
        .map(|found| {
            Mean::of(
                pieces(candidates, found),
                candidates.wardrobe.center.as_ref(),
            )
        })
        .collect();
    let mut heroes = HashSet::new();
    // For each outfit its likeness to the chosen one that it is most like.
    let mut nearest = vec![0f32; pool.len()];
    let mut chosen: Vec<(usize, f32)> = Vec::with_capacity(limit);
    while chosen.len() < limit.min(pool.len()) {
        let offered = |(n, _): &&(usize, f32)| pool[*n].look.has_offer();
        let room = chosen.iter().filter(offered).count() < offers;
        let open = |n: &usize| {
            !chosen.iter().any(|(taken, _)| taken == n) && (room || !pool[*n].look.has_offer())
        };
        let fresh = |n: &usize| open(n) && !heroes.contains(&candidates.hero(&pool[*n].look));
        let worth = |n: usize| LAMBDA * pool[n].scored.total - (1.0 - LAMBDA) * nearest[n];
        let mut ranked: Vec<usize> = if chosen.len() < DISTINCT_HEROES {
            (0..pool.len()).filter(fresh).collect()
        } else {
            Vec::new()
        };
        if ranked.is_empty() {
            ranked = (0..pool.len()).filter(open).collect();
        }
        // Stable: of equals the first, which is the better one.
        ranked.sort_by(|a, b| worth(*b).total_cmp(&worth(*a)));
        let Some(best) = ranked.first().copied() else {
            break;
        };
        let mut next = (best, 1.0);
        if chosen.len() == EXPLORED {
            ranked.truncate(EXPLORED_POOL);
            let least = pool[best].scored.total - EXPLORED_COST;
            ranked.retain(|n| pool[*n].scored.total >= least);
            let looks: Vec<Found> = ranked.iter().map(|n| pool[*n]).collect();
            if let Some(choice) = explore(&looks)
                && let Some(n) = ranked.get(choice.index)
            {
                next = (*n, choice.propensity);
            }
        }
        chosen.push(next);
        let next = next.0;
        heroes.insert(candidates.hero(&pool[next].look));
        for (n, near) in nearest.iter_mut().enumerate() {
            let (a, b) = (&pool[n].look, &pool[next].look);
            let shared = |pick: &usize| b.picks().any(|other| other == *pick);
            *near = near.max(likeness(
                a.picks().filter(shared).count(),
                a.picks().len(),
                b.picks().len(),
                vectors[n].cosine(&vectors[next]),
            ));
        }
    }
    let chosen = chosen.into_iter().map(|(n, propensity)| Chosen {
        found: Found {
            scored: candidates.score_in_full(&pool[n].look),
            ..pool[n]
        },
        propensity,
    });
    chosen.collect()
}

/// Without those whose pieces from boutiques neither lift the score nor take a place for which there is nothing.
fn worthwhile(candidates: &Candidates<'_>, mut found: Vec<Found>) -> Vec<Found> {
    let own = found.iter().find(|found| !found.look.has_offer());
    if let Some(bar) = own.map(|own| own.scored.total + LIFT) {
        found.retain(|found| {
            !found.look.has_offer()
                || found.scored.total >= bar
                || candidates.fills_a_gap(&found.look)
        });
    }
    found
}

fn pieces<'a, 'b>(
    candidates: &'b Candidates<'a>,
    found: &Found,
) -> impl Iterator<Item = &'b Garment<'a>> {
    let picks = found.look.picks();
    picks.map(|pick| &candidates.wardrobe.pieces[candidates.units[pick].index])
}

/// The best outfits, with a limit on those that are much the same; topped up with the rest.
fn pool(candidates: &Candidates<'_>, found: Vec<Found>, size: usize) -> Vec<Found> {
    let (mut heroes, mut cores) = (HashMap::new(), HashMap::new());
    let (varied, alike): (Vec<_>, Vec<_>) = found.into_iter().partition(|found| {
        let core = cores.entry(candidates.core(&found.look)).or_insert(0);
        if *core == POOL_PER_CORE {
            return false;
        }
        *core += 1;
        let hero = heroes.entry(candidates.hero(&found.look)).or_insert(0);
        *hero += 1;
        *hero <= POOL_PER_HERO
    });
    varied.into_iter().chain(alike).take(size).collect()
}

/// How much two looks of `a` and `b` pieces, `common` of them shared, are alike, 0–1: half the share of common
/// pieces (Jaccard), half the cosine of the looks' vectors, or the former alone where that is unknown.
pub(crate) fn likeness(common: usize, a: usize, b: usize, cosine: Option<f32>) -> f32 {
    let shared = common as f32 / (a + b - common).max(1) as f32;
    0.5 * shared + 0.5 * cosine.map_or(shared, |cosine| cosine.max(0.0))
}

/// The mean direction of the vectors of its pieces' first model, without what all clothes have in common.
pub(crate) struct Mean<'a> {
    model: Option<&'a str>,
    sum: Vec<f32>,
}

impl<'a> Mean<'a> {
    pub(crate) fn of<'b>(
        pieces: impl Iterator<Item = &'b Garment<'a>>,
        center: Option<&Center<'_>>,
    ) -> Self
    where
        'a: 'b,
    {
        let mut mean = Self {
            model: None,
            sum: Vec::new(),
        };
        for piece in pieces {
            let Some(vector) = piece.vector() else {
                continue;
            };
            if mean.sum.is_empty() {
                mean.model = piece.model;
            }
            if mean.model == piece.model {
                vector.add_to(&mut mean.sum, 1.0);
                if let Some(center) = center.and_then(|all| all.by(piece.model)) {
                    mean.sum
                        .iter_mut()
                        .zip(center)
                        .for_each(|(sum, all)| *sum -= all);
                }
            }
        }
        mean
    }

    pub(crate) fn cosine(&self, other: &Self) -> Option<f32> {
        if self.model != other.model {
            return None;
        }
        Vector::new(&self.sum)?.cosine(Vector::new(&other.sum)?)
    }
}
