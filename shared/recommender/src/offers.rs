//! What boutiques sell that may go with the person's own pieces.

use std::collections::BTreeSet;

use drape_domain::{Category, ItemId, Slot, UserId};
use drape_index::{Catalog, Row, Size, Wanted};
use drape_taste::Model;

use crate::{
    Boutiques, Context, Request,
    garment::{Garment, Tastes},
    neighbours::Direction,
    request::has_size,
    rules::{self, Rule},
    score::{KEEPS_RECORD, Measure, Unit},
    wardrobe::Wardrobe,
};

/// For so many of the person's best pieces neighbours are looked for.
const HEROES: usize = 2;
/// So many neighbours of each, and so many of what is liked most, are looked at in each slot …
const NEIGHBOURS: usize = 16;
const POPULAR: usize = 8;
/// … and so many of them that break no rule are tried.
const OFFERS: usize = 10;
/// What titles tell of bare shoulders, open shoes and traditional clothes is not known to the index: where that leaves
/// too few, so many times as many are looked at, as often as this says.
const WIDER: usize = 8;
const ROUNDS: u32 = 3;

/// Pieces of the catalogue that meet all rules and may go with the wardrobe, by neighbourhood and by what is liked
/// most; in the order of their ids.
pub(crate) fn find<'a>(
    request: &Request<'a>,
    tastes: &Tastes<'a>,
    wardrobe: &Wardrobe<'a>,
    measure: &Measure,
    model: &Model,
) -> Vec<Garment<'a>> {
    let (Some(catalog), Some(boutiques)) = (request.catalog, request.boutiques) else {
        return Vec::new();
    };
    let search = Search::new(
        request, tastes, catalog, boutiques, wardrobe, measure, model,
    );
    let mut offers: Vec<Garment<'a>> = Slot::ALL
        .iter()
        .filter(|slot| search.is_open(**slot))
        .flat_map(|slot| search.offers(*slot))
        .collect();
    offers.sort_unstable_by_key(|piece| piece.id);
    offers
}

/// A search of a catalogue for one request.
struct Search<'r, 'a> {
    tastes: &'r Tastes<'a>,
    catalog: &'a Catalog,
    context: &'r Context,
    wardrobe: &'r Wardrobe<'a>,
    measure: &'r Measure,
    sizes: Vec<Size>,
    boutiques: Boutiques<'a>,
    /// Knows where partners lie among the catalogue's vectors.
    model: &'r Model,
    not_categories: Vec<Category>,
    not_colors: Vec<&'a str>,
    not_items: Vec<ItemId>,
    /// The person, who may be a boutique: nobody is offered what is theirs.
    owner: Option<UserId>,
}

impl<'r, 'a> Search<'r, 'a> {
    fn new(
        request: &'r Request<'a>,
        tastes: &'r Tastes<'a>,
        catalog: &'a Catalog,
        boutiques: Boutiques<'a>,
        wardrobe: &'r Wardrobe<'a>,
        measure: &'r Measure,
        model: &'r Model,
    ) -> Self {
        let unfit = Category::ALL.iter().copied().filter(|category| {
            *category == Category::Other
                || request.prefs.disliked_categories.contains(category)
                || !rules::suits_weather(*category, request.context)
                || !rules::suits_occasion(*category, request.context)
        });
        Self {
            tastes,
            catalog,
            context: request.context,
            wardrobe,
            measure,
            sizes: boutiques.wanted_sizes(),
            boutiques,
            model,
            not_categories: unfit.collect(),
            not_colors: request
                .prefs
                .disliked_colors
                .iter()
                .map(|word| word.as_str())
                .collect(),
            not_items: request
                .exclude
                .iter()
                .copied()
                .chain(request.pair_with)
                .collect(),
            owner: request.wardrobe.first().map(|piece| piece.item.owner_id),
        }
    }

    /// Whether the outfit has room for one.
    fn is_open(&self, slot: Slot) -> bool {
        let pin = self.wardrobe.pin();
        let fits = pin.is_none_or(|pin| rules::may_meet(pin.slot, slot));
        fits && rules::has_purpose(slot, self.context)
    }

    /// Pieces of a slot that break no rule, or as many as the last round has found of them.
    fn offers(&self, slot: Slot) -> Vec<Garment<'a>> {
        let mut offers = Vec::new();
        let mut seen = BTreeSet::new();
        for round in 0..ROUNDS {
            let rows = self.rows(slot, WIDER.pow(round));
            let fresh: Vec<Row> = rows.into_iter().filter(|row| seen.insert(*row)).collect();
            let is_all = fresh.is_empty();
            let garments = fresh.into_iter().filter_map(|row| {
                let found = self.catalog.entry(row)?;
                let (model, dim) = (self.catalog.model(), self.catalog.dim());
                Some((self.tastes).offered(&found, model, dim, &self.wardrobe.history))
            });
            let fit = garments.filter(|piece| rules::broken(piece, self.context) == 0);
            offers.extend(fit.take(OFFERS - offers.len()));
            if is_all || offers.len() == OFFERS {
                break;
            }
        }
        offers
    }

    /// Neighbours of the person's best pieces, then what is liked most, `width` times as many as usual; each row once.
    fn rows(&self, slot: Slot, width: usize) -> Vec<Row> {
        let (near, liked) = (NEIGHBOURS * width, POPULAR * width);
        let has_size = has_size(slot);
        let seasons = self.context.seasons();
        let wears_season = matches!(slot, Slot::Top | Slot::Bottom | Slot::Dress | Slot::Outer);
        let wanted = Wanted {
            not_categories: &self.not_categories,
            seasons: (wears_season && !seasons.is_empty()).then_some(seasons),
            sizes: (has_size && !self.sizes.is_empty()).then_some(self.sizes.as_slice()),
            at_most: self.boutiques.budget,
            // Coats may be less formal than what is worn below.
            formality: Some(rules::formality(slot, self.context))
                .filter(|range| slot != Slot::Outer && *range != (0.0, 1.0)),
            not_colors: &self.not_colors,
            not_items: &self.not_items,
            not_owner: self.owner,
            ..Wanted::default()
        };
        let queries = self.queries(slot);
        let queries: Vec<&[f32]> = queries
            .iter()
            .map(|query| query.values.as_slice())
            .collect();
        let nearest = self.catalog.search(slot, &queries, &wanted, near);
        let popular = self.catalog.popular(slot, &wanted, liked);
        // In turn: the nearest of each hero, what is liked most, the next of each, and so on.
        let mut lists: Vec<_> = nearest
            .into_iter()
            .chain([popular])
            .map(Vec::into_iter)
            .collect();
        let mut seen = BTreeSet::new();
        let mut rows = Vec::new();
        for _ in 0..near.max(liked) {
            let next = lists.iter_mut().filter_map(Iterator::next);
            rows.extend(next.map(|hit| hit.row).filter(|row| seen.insert(*row)));
        }
        rows
    }

    /// The directions in which what goes with the person's best pieces lies.
    fn queries(&self, slot: Slot) -> Vec<Direction<'_>> {
        let context = self.context;
        let keeps_record = self.wardrobe.history.wears >= KEEPS_RECORD;
        let heroes: &[Slot] = match slot {
            Slot::Top => &[Slot::Bottom],
            Slot::Bottom => &[Slot::Top],
            Slot::Dress => &[Slot::Outer, Slot::Shoes],
            _ => &[Slot::Top, Slot::Dress],
        };
        let pin = self.wardrobe.pin().map(|pin| pin.id);
        let mut best: Vec<(bool, f32, usize)> = self
            .wardrobe
            .own()
            .filter(|(_, piece)| heroes.contains(&piece.slot) || Some(piece.id) == pin)
            .filter(|(_, piece)| piece.model == Some(self.catalog.model()))
            .filter(|(_, piece)| rules::broken(piece, context) & !Rule::Occasion.bit() == 0)
            .map(|(index, piece)| {
                let worth =
                    Unit::new(index, piece, context, keeps_record).alone(self.measure.dress);
                (Some(piece.id) == pin, worth, index)
            })
            .collect();
        best.sort_by(|a, b| {
            (b.0.cmp(&a.0))
                .then(b.1.total_cmp(&a.1))
                .then(a.2.cmp(&b.2))
        });
        let unit = |(_, _, index): (bool, f32, usize)| {
            Direction::of_partners(&self.wardrobe.pieces[index], slot, self.model)
        };
        best.into_iter().filter_map(unit).take(HEROES).collect()
    }
}
