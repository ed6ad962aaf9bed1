//! How outfits are found: a beam over whole outfits of what is shortlisted.

use std::{
    cell::Cell,
    cmp::Ordering,
    collections::{HashMap, HashSet},
};

use drape_domain::Slot;
use drape_taste::Model;

use crate::{
    context::Context,
    learned::{Learned, Split},
    plan::Plan,
    rules::Outer,
    score::{KEEPS_RECORD, Measure, Pair, Scored, Unit, WARMTH},
    shortlist::{self, SHORTLIST},
    wardrobe::Wardrobe,
};

/// Up to so many outfits are all tried.
const EXHAUSTIVE: usize = 20_000;
/// Beyond that, so many half-made outfits are carried on …
const BEAM: usize = 240;
/// … of which so many may have the same top or dress.
const BEAM_PER_HERO: usize = 12;

/// The most pieces from boutiques in an outfit: one, or two where the wardrobe alone holds no outfit.
const OFFERS: u8 = 1;
const OFFERS_IN_NEED: u8 = 2;

/// An outfit by places in the shortlist: top and bottom, or dress; then outer, shoes, hat, bag, accessory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Look {
    picks: [u16; 7],
    len: u8,
    /// How many of them boutiques offer.
    offers: u8,
}

impl Look {
    const EMPTY: Self = Self {
        picks: [u16::MAX; 7],
        len: 0,
        offers: 0,
    };

    fn with(mut self, pick: Pick) -> Self {
        // Shortlists hold some hundred places, and an outfit at most seven pieces.
        if let Some(place) = self.picks.get_mut(usize::from(self.len)) {
            *place = pick.place as u16;
            self.len += 1;
            self.offers += u8::from(pick.is_offer);
        }
        self
    }

    /// Whether it holds a piece that a boutique offers.
    pub(crate) const fn has_offer(&self) -> bool {
        self.offers > 0
    }

    /// Places in the shortlist.
    pub(crate) fn picks(&self) -> impl ExactSizeIterator<Item = usize> + '_ {
        self.picks[..usize::from(self.len)]
            .iter()
            .map(|pick| usize::from(*pick))
    }

    fn first(&self) -> usize {
        usize::from(self.picks[0])
    }
}

/// A place in the shortlist.
#[derive(Debug, Clone, Copy)]
struct Pick {
    place: usize,
    is_offer: bool,
}

/// An outfit and its score.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found {
    pub(crate) look: Look,
    pub(crate) scored: Scored,
}

/// Best first; equal scores by place, so that the order never depends on chance.
fn by_score(a: &(f32, Look), b: &(f32, Look)) -> Ordering {
    b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1))
}

/// The shortlists of a request, with all that is known of each pair.
pub(crate) struct Candidates<'a> {
    pub(crate) wardrobe: &'a Wardrobe<'a>,
    pub(crate) plan: &'a Plan,
    pub(crate) measure: Measure,
    pub(crate) units: Vec<Unit<'a>>,
    slots: [Vec<Pick>; 8],
    /// What is known of the pieces at places a < b, at b · (b − 1) / 2 + a, once it was asked for: a beam never meets
    /// most of them.
    pairs: Vec<Cell<Option<Pair>>>,
    learned: Option<Learned<'a>>,
    /// The place of the piece that every outfit must hold.
    pinned: Option<usize>,
    /// Cores that were worn lately.
    repeats: HashSet<(usize, usize)>,
}

impl<'a> Candidates<'a> {
    pub(crate) fn new(
        wardrobe: &'a Wardrobe<'a>,
        plan: &'a Plan,
        context: &Context,
        measure: Measure,
        model: &'a Model,
    ) -> Self {
        Self::of_shortlists(wardrobe, plan, context, measure, model, SHORTLIST)
    }

    fn of_shortlists(
        wardrobe: &'a Wardrobe<'a>,
        plan: &'a Plan,
        context: &Context,
        measure: Measure,
        model: &'a Model,
        most: [usize; 8],
    ) -> Self {
        let keeps_record = wardrobe.history.wears >= KEEPS_RECORD;
        let offer =
            |index: &usize| Unit::new(*index, &wardrobe.pieces[*index], context, keeps_record);
        let own = shortlist::own(wardrobe, plan, context, &measure, model, most);
        let mut units = Vec::new();
        let mut slots: [Vec<Pick>; 8] = Default::default();
        for ((offered, own), slot) in plan.offered.iter().zip(own).zip(&mut slots) {
            for mut unit in own.into_iter().chain(offered.iter().map(offer)) {
                let piece = &wardrobe.pieces[unit.index];
                unit.vector = wardrobe.look(piece);
                unit.is_told_of = wardrobe.history.knows(piece.id);
                slot.push(Pick {
                    place: units.len(),
                    is_offer: wardrobe.is_offered(unit.index),
                });
                units.push(unit);
            }
        }
        let learned = model.compat.as_ref().map(|compat| {
            let pieces = units.iter().map(|unit| &wardrobe.pieces[unit.index]);
            let pieces: Vec<_> = pieces.collect();
            Learned::new(compat, model.embedding.as_deref(), &pieces)
        });
        Self {
            wardrobe,
            plan,
            measure,
            slots,
            pairs: vec![Cell::new(None); units.len() * units.len().saturating_sub(1) / 2],
            learned,
            pinned: units
                .iter()
                .position(|unit| Some(unit.index) == wardrobe.pinned),
            repeats: repeats(wardrobe, &units),
            units,
        }
    }

    /// What an outfit is known by: top or dress, or the next piece where that is in every outfit.
    pub(crate) fn hero(&self, look: &Look) -> usize {
        look.picks()
            .find(|pick| Some(*pick) != self.pinned)
            .unwrap_or(look.first())
    }

    /// Top and bottom, or dress.
    pub(crate) fn core(&self, look: &Look) -> (usize, usize) {
        let mut rest = look.picks().skip(1);
        let bottom = rest.find(|pick| self.units[*pick].slot == Slot::Bottom);
        (look.first(), bottom.unwrap_or(usize::MAX))
    }

    /// Whether it was worn lately. A dress that was asked for is not held back.
    fn is_repeat(&self, look: &Look) -> bool {
        let core = self.core(look);
        let is_asked_dress = core.1 == usize::MAX && self.pinned == Some(core.0);
        self.repeats.contains(&core) && !is_asked_dress
    }

    /// Whether all of it was worn together lately, and nothing else with it.
    fn was_worn_whole(&self, look: &Look) -> bool {
        let mut items: Vec<_> = look
            .picks()
            .map(|pick| self.wardrobe.pieces[self.units[pick].index].id)
            .collect();
        items.sort_unstable();
        self.wardrobe.history.worn_lately.contains(&items)
    }

    fn slot(&self, slot: Slot) -> &[Pick] {
        &self.slots[slot as usize]
    }

    /// How many of a slot's places the person's own pieces take.
    fn own(&self, slot: Slot) -> usize {
        let picks = self.slot(slot).iter();
        picks.filter(|pick| !pick.is_offer).count()
    }

    /// Whether a boutique's piece takes a place for which the person has nothing.
    pub(crate) fn fills_a_gap(&self, look: &Look) -> bool {
        look.picks().any(|pick| {
            let unit = &self.units[pick];
            self.wardrobe.is_offered(unit.index) && self.own(unit.slot) == 0
        })
    }

    fn pair(&self, a: usize, b: usize) -> Pair {
        let (a, b) = (a.min(b), a.max(b));
        let cell = &self.pairs[b * b.saturating_sub(1) / 2 + a];
        cell.get().unwrap_or_else(|| {
            // A learned scorer tells all but what the person said.
            let tell = if self.learned.is_some() { said } else { known };
            let pair = tell(self.wardrobe, &self.units[a], &self.units[b]);
            cell.set(Some(pair));
            pair
        })
    }

    pub(crate) fn score(&self, look: &Look) -> Scored {
        self.score_by(look, |a, b| self.pair(a, b))
    }

    /// The same score with all facts that reasons may tell.
    pub(crate) fn score_in_full(&self, look: &Look) -> Scored {
        self.score_by(look, |a, b| {
            known(self.wardrobe, &self.units[a], &self.units[b])
        })
    }

    fn score_by(&self, look: &Look, pair: impl Fn(usize, usize) -> Pair) -> Scored {
        let mut pieces = [&self.units[look.first()]; 7];
        for (place, pick) in pieces.iter_mut().zip(look.picks()) {
            *place = &self.units[pick];
        }
        let place = |n: usize| usize::from(look.picks[n]);
        let learned = self.learned.as_ref();
        let learned =
            learned.map(|learned| Split::of(&learned.judge(&look.picks[..usize::from(look.len)])));
        let pair = |n, m| pair(place(n), place(m));
        let count = usize::from(look.len);
        self.measure.score(&pieces[..count], pair, learned)
    }
}

/// The tops and bottoms that were worn together lately, and the dresses.
fn repeats(wardrobe: &Wardrobe<'_>, units: &[Unit<'_>]) -> HashSet<(usize, usize)> {
    let mut repeats = HashSet::new();
    for worn in &wardrobe.history.worn_lately {
        let places = |slot: Slot| {
            let all = units.iter().enumerate();
            all.filter(move |(_, unit)| unit.slot == slot)
                .filter(|(_, unit)| worn.binary_search(&wardrobe.pieces[unit.index].id).is_ok())
                .map(|(place, _)| place)
        };
        for top in places(Slot::Top) {
            repeats.extend(places(Slot::Bottom).map(|bottom| (top, bottom)));
        }
        repeats.extend(places(Slot::Dress).map(|dress| (dress, usize::MAX)));
    }
    repeats
}

/// All that is known of two pieces.
fn known(wardrobe: &Wardrobe<'_>, a: &Unit<'_>, b: &Unit<'_>) -> Pair {
    let (x, y) = (&wardrobe.pieces[a.index], &wardrobe.pieces[b.index]);
    // Two prints compete.
    let busy = if x.patterned && y.patterned {
        0.85
    } else {
        1.0
    };
    Pair {
        color: x.palette.relation(&y.palette).map(|value| value * busy),
        cosine: a
            .vector
            .zip(b.vector)
            .filter(|_| a.model == b.model)
            .and_then(|(left, right)| left.cosine(right)),
        ..said(wardrobe, a, b)
    }
}

/// What the person said of two pieces, and nothing else.
fn said(wardrobe: &Wardrobe<'_>, a: &Unit<'_>, b: &Unit<'_>) -> Pair {
    if !(a.is_told_of && b.is_told_of) {
        return Pair::UNKNOWN;
    }
    let (x, y) = (&wardrobe.pieces[a.index], &wardrobe.pieces[b.index]);
    Pair {
        together: wardrobe.history.together(x.id, y.id),
        ..Pair::UNKNOWN
    }
}

/// Whole outfits, best first: all of them if they are few, else the best that the beam finds.
pub(crate) fn search(candidates: &Candidates<'_>) -> Vec<Found> {
    let count = |slot| candidates.slot(slot).len();
    let cores = count(Slot::Top) * count(Slot::Bottom) + count(Slot::Dress);
    let all = cores * (count(Slot::Outer) + 1) * count(Slot::Shoes).max(1);
    search_within(
        candidates,
        if all <= EXHAUSTIVE { usize::MAX } else { BEAM },
    )
}

/// `width` is the most half-made outfits that are carried on: so many of the person's own pieces alone, and so
/// many with others.
fn search_within(candidates: &Candidates<'_>, width: usize) -> Vec<Found> {
    let (tops, bottoms) = (candidates.slot(Slot::Top), candidates.slot(Slot::Bottom));
    let own = |slot| candidates.own(slot) > 0;
    let offers = if own(Slot::Dress) || (own(Slot::Top) && own(Slot::Bottom)) {
        OFFERS
    } else {
        OFFERS_IN_NEED
    };

    let separates = tops.iter().flat_map(|top| {
        let top = Look::EMPTY.with(*top);
        bottoms.iter().map(move |bottom| top.with(*bottom))
    });
    let dresses = candidates.slot(Slot::Dress).iter();
    let cores = separates
        .chain(dresses.map(|dress| Look::EMPTY.with(*dress)))
        .filter(|look| look.offers <= offers && !candidates.is_repeat(look));
    let hopes = Hopes::new(candidates);
    let mut beam: Vec<(f32, Look)> = cores
        .map(|look| (hopes.raise(candidates, candidates.score(&look)), look))
        .collect();
    prune(candidates, &mut beam, width);

    for (slot, width) in [(Slot::Outer, width), (Slot::Shoes, width.max(BEAM))] {
        if candidates.slot(slot).is_empty() {
            continue;
        }
        // Who owns none goes without, whatever boutiques offer.
        let bare = match slot {
            Slot::Outer => candidates.plan.outer != Outer::Needed || !own(slot),
            _ => !own(slot),
        };
        beam = beam
            .iter()
            .flat_map(|(_, look)| {
                let picks = candidates.slot(slot).iter();
                let more = picks
                    .map(|pick| look.with(*pick))
                    .filter(|look| look.offers <= offers);
                bare.then_some(*look).into_iter().chain(more)
            })
            .map(|look| (candidates.score(&look).total, look))
            .collect();
        prune(candidates, &mut beam, width);
    }
    // Exhaustive searches may end with thousands; the tail can no longer be chosen.
    prune(candidates, &mut beam, BEAM);
    let mut found: Vec<(f32, Look)> = beam
        .into_iter()
        .map(|(_, look)| trimmed(candidates, look, offers))
        // Of a dress that was asked for, with other things than then.
        .filter(|(_, look)| !candidates.was_worn_whole(look))
        .collect();
    found.sort_by(by_score);
    found
        .into_iter()
        .map(|(_, look)| Found {
            look,
            scored: candidates.score(&look),
        })
        .collect()
}

/// What an outer layer can still do for an outfit's warmth, so that a light outfit is not dropped before the
/// coat that makes it right.
struct Hopes {
    clo: Vec<f32>,
}

impl Hopes {
    fn new(candidates: &Candidates<'_>) -> Self {
        let mut clo: Vec<f32> = candidates
            .slot(Slot::Outer)
            .iter()
            .map(|outer| candidates.units[outer.place].clo)
            .collect();
        if clo.is_empty() || candidates.plan.outer != Outer::Needed {
            clo.push(0.0);
        }
        clo.sort_by(f32::total_cmp);
        clo.dedup();
        Self { clo }
    }

    fn raise(&self, candidates: &Candidates<'_>, scored: Scored) -> f32 {
        let best = self
            .clo
            .iter()
            .map(|clo| candidates.measure.warmth(scored.clo + clo))
            .fold(0.0, f32::max);
        scored.total + candidates.measure.weights[WARMTH] * (best - scored.values[WARMTH])
    }
}

/// Keeps the best, with a limit on those that share a top or dress: `width` of those with pieces from boutiques,
/// and as many of those without.
fn prune(candidates: &Candidates<'_>, beam: &mut Vec<(f32, Look)>, width: usize) {
    let own = beam.iter().filter(|(_, look)| !look.has_offer()).count();
    if own.max(beam.len() - own) <= width {
        return;
    }
    beam.sort_unstable_by(by_score);
    let mut kept = [0; 2];
    let mut per_hero: HashMap<(bool, usize), usize> = HashMap::new();
    beam.retain(|(_, look)| {
        let kept = &mut kept[usize::from(look.has_offer())];
        let key = (look.has_offer(), candidates.hero(look));
        let seen = per_hero.entry(key).or_default();
        *seen += 1;
        *kept += usize::from(*seen <= BEAM_PER_HERO);
        *seen <= BEAM_PER_HERO && *kept <= width
    });
}

/// Adds hat, bag and accessory where one makes the outfit better or was asked for.
fn trimmed(candidates: &Candidates<'_>, look: Look, offers: u8) -> (f32, Look) {
    let mut best = (candidates.score(&look).total, look);
    for slot in [Slot::Hat, Slot::Bag, Slot::Accessory] {
        let base = best.1;
        for pick in candidates.slot(slot) {
            let look = base.with(*pick);
            if look.offers > offers || (look.has_offer() && !base.has_offer()) {
                continue;
            }
            let total = candidates.score(&look).total;
            if total > best.0 || candidates.pinned == Some(pick.place) {
                best = (total, look);
            }
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use drape_domain::{
        Background, Category, Color, Item, ItemStatus, Prefs, Timestamp, UserId,
        color::NAMED,
        item::{ImageType, Typed, Upload},
    };

    use drape_taste::Model;

    use super::*;
    use crate::{Condition, Occasion, Piece, Request, garment::Tastes};

    fn measure(context: &Context) -> (Model, Measure) {
        let model = Model::builtin();
        let measure = Measure::new(context, &model.blend);
        (model, measure)
    }

    /// Random clothes and vectors; shared out over the categories that make outfits.
    fn clothes(size: usize, seed: u64) -> Vec<(Item, Vec<f32>)> {
        use Category::{
            Blazer, Dress, Hoodie, Longsleeve, Outerwear, Pants, Shirt, Shoes, Shorts, Skirt,
            Sweater, TShirt,
        };
        const MIX: [Category; 15] = [
            TShirt, TShirt, Shirt, Shirt, Longsleeve, Hoodie, Sweater, Pants, Pants, Shorts, Skirt,
            Dress, Outerwear, Blazer, Shoes,
        ];
        let mut rng = fastrand::Rng::with_seed(seed);
        (0..size)
            .map(|_| {
                let (name, hex) = NAMED[rng.usize(..NAMED.len())];
                let typed = Typed {
                    category: Some(MIX[rng.usize(..MIX.len())]),
                    colors: Some(vec![Color {
                        name: name.into(),
                        hex,
                        share: 1.0,
                    }]),
                    ..Typed::default()
                };
                let upload = Upload {
                    content_type: ImageType::Jpeg,
                    content_length: 1,
                };
                let mut item = Item::new(
                    UserId::new(),
                    typed,
                    Background::Clean,
                    upload,
                    Timestamp::UNIX_EPOCH,
                );
                item.status = ItemStatus::Ready;
                (item, (0..16).map(|_| rng.f32() - 0.3).collect())
            })
            .collect()
    }

    #[test]
    fn the_beam_loses_next_to_nothing_against_trying_everything() {
        let prefs = Prefs::default();
        let now = Timestamp::UNIX_EPOCH;
        let mut worst = 0f32;
        for seed in 0..12 {
            let clothes = clothes(160, seed);
            let pieces: Vec<_> = clothes
                .iter()
                .map(|(item, vector)| Piece {
                    item,
                    vector: Some(vector),
                    reading: None,
                })
                .collect();
            for context in [
                Context {
                    temp_c: Some(28.0),
                    condition: Some(Condition::Sunny),
                    ..Context::at(now)
                },
                Context {
                    temp_c: Some(8.0),
                    condition: Some(Condition::Rain),
                    ..Context::at(now)
                },
                Context {
                    temp_c: Some(18.0),
                    occasion: Some(Occasion::Work),
                    ..Context::at(now)
                },
            ] {
                let request = Request::new(&pieces, &prefs, &context);
                let (model, measure) = measure(&context);
                let tastes = Tastes::new(&prefs, None, &model);
                let wardrobe = Wardrobe::new(&request, &tastes).unwrap();
                let plan = Plan::new(&wardrobe, &context).unwrap();
                let best = |candidates: &Candidates<'_>, width| {
                    search_within(candidates, width)[0].scored.total
                };
                let quick = best(
                    &Candidates::new(&wardrobe, &plan, &context, measure, &model),
                    BEAM,
                );
                let everything = [usize::MAX; 8];
                let all = Candidates::of_shortlists(
                    &wardrobe, &plan, &context, measure, &model, everything,
                );
                let thorough = best(&all, usize::MAX);
                worst = worst.max(thorough - quick);
            }
        }
        assert!(
            worst < 0.02,
            "the beam's best is {worst} worse than the best of all"
        );
    }

    #[test]
    fn a_light_outfit_is_rated_with_the_coat_it_can_still_get() {
        let clothes = clothes(160, 1);
        let pieces: Vec<_> = clothes
            .iter()
            .map(|(item, vector)| Piece {
                item,
                vector: Some(vector),
                reading: None,
            })
            .collect();
        let cold = Context {
            temp_c: Some(10.0),
            ..Context::at(Timestamp::UNIX_EPOCH)
        };
        let prefs = Prefs::default();
        let request = Request::new(&pieces, &prefs, &cold);
        let (model, measure) = measure(&cold);
        let tastes = Tastes::new(&prefs, None, &model);
        let wardrobe = Wardrobe::new(&request, &tastes).unwrap();
        let plan = Plan::new(&wardrobe, &cold).unwrap();
        let candidates = Candidates::new(&wardrobe, &plan, &cold, measure, &model);
        let hopes = Hopes::new(&candidates);
        for top in candidates.slot(Slot::Top) {
            let bare = Look::EMPTY
                .with(*top)
                .with(candidates.slot(Slot::Bottom)[0]);
            let hoped =
                hopes.raise(&candidates, candidates.score(&bare)) - candidates.score(&bare).total;
            let warmth = |look: &Look| {
                candidates.score(look).values[WARMTH] - candidates.score(&bare).values[WARMTH]
            };
            let best = candidates
                .slot(Slot::Outer)
                .iter()
                .map(|outer| warmth(&bare.with(*outer)));
            let best = best.fold(f32::MIN, f32::max) * measure.weights[WARMTH];
            assert!((hoped - best).abs() < 1e-6, "{hoped} {best}");
        }
    }
}
