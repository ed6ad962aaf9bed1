//! Which pieces may be used, and what gives way when nothing meets all rules.

use drape_domain::{Category, Slot};

use crate::{
    Condition, Context, Rule,
    cues::Cues,
    rules::{self, Broken, Outer, broken, outer},
    wardrobe::Wardrobe,
};

/// How outfits may be put together.
#[derive(Debug)]
pub(crate) struct Plan {
    /// For each slot the indices of the pieces that may be used.
    pub(crate) allowed: [Vec<usize>; 8],
    /// For each slot the indices of what boutiques offer.
    pub(crate) offered: [Vec<usize>; 8],
    pub(crate) outer: Outer,
    /// The rules broken by each of the wardrobe's pieces.
    pub(crate) broken: Vec<Broken>,
    /// It rains and nothing but open shoes is owned.
    pub(crate) lacks_closed_shoes: bool,
    relaxed: Broken,
}

impl Plan {
    /// None if the wardrobe holds no outfit at all, nor with what boutiques offer.
    ///
    /// Top, bottom and dress may each break the least set of rules without which the slot stays empty; then
    /// whichever of top + bottom and dress breaks less is used, or both if they break the same. Other slots
    /// never break a rule: they stay empty instead. The piece that the person asked for may break any.
    pub(crate) fn new(wardrobe: &Wardrobe<'_>, context: &Context) -> Option<Self> {
        let broken: Vec<Broken> = wardrobe
            .pieces
            .iter()
            .map(|piece| broken(piece, context))
            .collect();
        let least = |slot: Slot| {
            let in_slot = || {
                let all = wardrobe.own().zip(&broken);
                all.filter(move |((index, piece), _)| {
                    piece.slot == slot && is_open(wardrobe, *index)
                })
            };
            (0..rules::SETS).find(|set| in_slot().any(|(_, broken)| broken & !set == 0))
        };
        let (mut top, mut bottom, mut dress) =
            (least(Slot::Top), least(Slot::Bottom), least(Slot::Dress));
        if dress.is_none() && top.zip(bottom).is_none() {
            // Offers break no rule.
            let fill = |slot: Slot, own: Option<Broken>| {
                let mut offers = wardrobe.offered();
                own.or(offers.any(|(_, piece)| piece.slot == slot).then_some(0))
            };
            top = fill(Slot::Top, top);
            bottom = fill(Slot::Bottom, bottom);
            dress = fill(Slot::Dress, dress);
        }
        let separates = top.zip(bottom).map(|(top, bottom)| top | bottom);
        let core = separates.into_iter().chain(dress).min()?;

        let mut allowed: [Vec<usize>; 8] = Default::default();
        for (index, piece) in wardrobe.own() {
            let may_break = match piece.slot {
                Slot::Top if separates == Some(core) => top,
                Slot::Bottom if separates == Some(core) => bottom,
                Slot::Dress if dress == Some(core) => dress,
                Slot::Top | Slot::Bottom | Slot::Dress => None,
                Slot::Outer | Slot::Shoes | Slot::Hat | Slot::Bag | Slot::Accessory => Some(0),
            };
            let pinned = wardrobe.pinned == Some(index);
            let meets = may_break.is_some_and(|may_break| broken[index] & !may_break == 0);
            if pinned || (meets && is_open(wardrobe, index)) {
                allowed[piece.slot as usize].push(index);
            }
        }
        let mut plan = Self {
            allowed,
            offered: Default::default(),
            outer: outer(context),
            broken,
            lacks_closed_shoes: false,
            relaxed: core,
        };
        plan.layer(wardrobe, context);
        plan.keep_feet_dry(wardrobe, context);
        plan.add_sparingly(wardrobe, context);
        plan.take_offers(wardrobe, context);
        if let Some(index) = wardrobe.pinned {
            plan.relaxed |= plan.broken[index];
        }
        Some(plan)
    }

    pub(crate) fn allowed(&self, slot: Slot) -> &[usize] {
        &self.allowed[slot as usize]
    }

    pub(crate) fn relaxed(&self) -> Vec<Rule> {
        rules::rules(self.relaxed).collect()
    }

    fn layer(&mut self, wardrobe: &Wardrobe<'_>, context: &Context) {
        if wardrobe.pin().is_some_and(|pin| pin.slot == Slot::Outer) {
            self.outer = Outer::Needed;
            return;
        }
        let layers = &mut self.allowed[Slot::Outer as usize];
        let is_coat = |index: &usize| wardrobe.pieces[*index].category == Category::Outerwear;
        match self.outer {
            // A blazer keeps no rain off.
            Outer::Needed if context.is_wet() && layers.iter().any(is_coat) => {
                layers.retain(is_coat);
            }
            Outer::Needed | Outer::Welcome => {}
            Outer::ForLook => layers.retain(|index| !is_coat(index)),
            // A raincoat may yet be needed.
            Outer::No => layers.retain(|index| context.is_wet() && is_coat(index)),
        }
    }

    /// Rain needs closed shoes, or else a coat over open ones.
    fn keep_feet_dry(&mut self, wardrobe: &Wardrobe<'_>, context: &Context) {
        let is_open = |index: &usize| wardrobe.pieces[*index].cues.has(Cues::OPEN);
        let shoes = &self.allowed[Slot::Shoes as usize];
        let wet_feet = context.is_wet() && shoes.iter().all(is_open);
        if !wet_feet {
            if self.outer == Outer::No {
                self.allowed[Slot::Outer as usize].clear();
            }
            return;
        }
        let too_cold = context.condition == Some(Condition::Snow)
            || context.felt().is_some_and(|felt| felt < rules::COLD);
        let only_wet = |index: &usize| self.broken[*index] & !Rule::Weather.bit() == 0;
        let open: Vec<usize> = wardrobe
            .own()
            .filter(|(_, piece)| piece.slot == Slot::Shoes)
            .map(|(index, _)| index)
            .filter(|index| is_open(index) && only_wet(index))
            .filter(|index| shoes.is_empty() || shoes.contains(index))
            .collect();
        let layers = &self.allowed[Slot::Outer as usize];
        let has_coat = layers
            .iter()
            .any(|index| wardrobe.pieces[*index].category == Category::Outerwear);
        if open.is_empty() || too_cold || !has_coat {
            self.lacks_closed_shoes = shoes.is_empty() && wardrobe.owns(Slot::Shoes);
            if self.outer == Outer::No {
                self.allowed[Slot::Outer as usize].clear();
            }
            return;
        }
        self.outer = Outer::Needed;
        self.allowed[Slot::Outer as usize]
            .retain(|index| wardrobe.pieces[*index].category == Category::Outerwear);
        for index in &open {
            self.broken[*index] &= !Rule::Weather.bit();
        }
        self.allowed[Slot::Shoes as usize] = open;
    }

    /// Hats, bags and accessories only where they have a purpose, or were asked for.
    fn add_sparingly(&mut self, wardrobe: &Wardrobe<'_>, context: &Context) {
        for slot in [Slot::Hat, Slot::Bag, Slot::Accessory] {
            let asked = wardrobe.pin().is_some_and(|pin| pin.slot == slot);
            if !asked && !rules::has_purpose(slot, context) {
                self.allowed[slot as usize].clear();
            }
        }
    }

    /// Room for what boutiques offer: where an outer layer is for looks alone, no coats.
    fn take_offers(&mut self, wardrobe: &Wardrobe<'_>, context: &Context) {
        for (index, piece) in wardrobe.offered() {
            let is_coat = piece.category == Category::Outerwear;
            let fits = match (piece.slot, self.outer) {
                (Slot::Outer, Outer::No) => false,
                (Slot::Outer, Outer::ForLook) => !is_coat,
                (Slot::Outer, Outer::Needed) => is_coat || !context.is_wet(),
                _ => true,
            };
            if fits {
                self.offered[piece.slot as usize].push(index);
            }
        }
    }
}

/// Whether the piece can stand beside the one that every outfit must hold.
fn is_open(wardrobe: &Wardrobe<'_>, index: usize) -> bool {
    let (Some(pinned), Some(pin)) = (wardrobe.pinned, wardrobe.pin()) else {
        return true;
    };
    index == pinned || rules::may_meet(pin.slot, wardrobe.pieces[index].slot)
}

/// The slots without which there is no outfit; or an outer layer or closed shoes that the weather asks for.
pub(crate) fn missing(
    wardrobe: &Wardrobe<'_>,
    context: &Context,
    plan: Option<&Plan>,
) -> Vec<Slot> {
    let has = |slot: Slot| {
        wardrobe
            .own()
            .any(|(index, piece)| piece.slot == slot && is_open(wardrobe, index))
    };
    let mut missing = Vec::new();
    if !has(Slot::Dress) {
        let core = [Slot::Top, Slot::Bottom].into_iter();
        missing.extend(core.filter(|slot| !has(*slot)));
    }
    if outer(context) == Outer::Needed && !wardrobe.owns(Slot::Outer) {
        missing.push(Slot::Outer);
    }
    if plan.is_some_and(|plan| plan.lacks_closed_shoes) {
        missing.push(Slot::Shoes);
    }
    missing
}
