//! What is known of a piece, whoever's it is: all that rules and scoring look at.

use std::borrow::Cow;

use drape_domain::{
    Category, Color, Item, ItemId, Modesty, Pattern, Prefs, Season, Slot, Text, Timestamp,
};

use drape_index::Found;
use drape_learn::words;
use drape_taste::{Lens, Model, Style};

use crate::{
    Piece, Source,
    color::{Palette, Wish, Worn},
    cues::Cues,
    history::{History, Known},
    reading::{Reading, texts, worn},
    score::sigmoid,
    vector::Vector,
};

/// Where the words of a piece's title and tags are.
#[derive(Debug)]
enum Named<'a> {
    /// Not yet read: of thousands of pieces only some are tried.
    Texts(&'a Item),
    Hashes(Vec<u32>),
}

/// One piece that can be worn.
#[derive(Debug)]
pub(crate) struct Garment<'a> {
    pub(crate) id: ItemId,
    pub(crate) from: Source,
    values: Option<Cow<'a, [f32]>>,
    /// Which model made its vector.
    pub(crate) model: Option<&'a str>,
    pub(crate) category: Category,
    pub(crate) slot: Slot,
    /// 0 (gym) to 1 (black tie).
    pub(crate) formality: f32,
    /// Insulation in clo.
    pub(crate) clo: f32,
    pub(crate) seasons: Vec<Season>,
    pub(crate) palette: Palette,
    pub(crate) patterned: bool,
    pub(crate) cues: Cues,
    named: Named<'a>,
    pub(crate) known: Known,
    /// What its looks alone say of how much the person likes it, in log-odds.
    pub(crate) taste: f32,
    /// How much it is liked by others, 0–1, if a boutique sells it.
    pub(crate) popularity: Option<f32>,
    /// Days since it came into the wardrobe.
    pub(crate) age_days: f32,
    /// Nearness to the nearest preferred colour, 0–1; none if there are none or its colours are unknown.
    pub(crate) palette_fit: Option<f32>,
    /// The first favourite style among its tags.
    pub(crate) style: Option<usize>,
    pub(crate) disliked_color: bool,
    pub(crate) disliked_category: bool,
    /// It bares more than the person wants.
    pub(crate) immodest: bool,
}

impl<'a> Garment<'a> {
    /// Its vector, if it can be used.
    pub(crate) fn vector(&self) -> Option<Vector<'_>> {
        Vector::new(self.values.as_deref()?)
    }

    /// The numbers of its vector, usable or not.
    pub(crate) fn values(&self) -> Option<&[f32]> {
        self.values.as_deref()
    }

    /// The hashes of the words of its title and tags.
    pub(crate) fn words(&self) -> Cow<'_, [u32]> {
        match &self.named {
            Named::Texts(item) => {
                let all: Vec<&str> = texts(item).collect();
                Cow::Owned(words::of_title(&all.join(" ")))
            }
            Named::Hashes(words) => Cow::Borrowed(words),
        }
    }

    /// Top, bottom, dress or outer layer: what an outfit is remembered by.
    pub(crate) const fn is_main(&self) -> bool {
        matches!(
            self.slot,
            Slot::Top | Slot::Bottom | Slot::Dress | Slot::Outer
        )
    }
}

/// A person's tastes, read once.
#[derive(Debug)]
pub(crate) struct Tastes<'a> {
    liked: Vec<Wish<'a>>,
    disliked: Vec<Wish<'a>>,
    styles: Vec<String>,
    prefs: &'a Prefs,
    /// What they like by looks, and the embedding model by which that is told.
    lens: Option<(&'a str, Lens)>,
    model: &'a Model,
}

impl<'a> Tastes<'a> {
    pub(crate) fn new(prefs: &'a Prefs, style: Option<&'a Style>, model: &'a Model) -> Self {
        let wishes = |words: &'a [Text<40>]| {
            let wishes = words.iter().map(|word| Wish::new(word.as_str()));
            wishes.collect()
        };
        Self {
            liked: wishes(&prefs.preferred_colors),
            disliked: wishes(&prefs.disliked_colors),
            styles: prefs
                .favorite_styles
                .iter()
                .map(|style| style.as_str().to_lowercase())
                .collect(),
            prefs,
            lens: style.map(|style| {
                let embedding = style.model();
                (embedding, style.lens(model.center(embedding)))
            }),
            model,
        }
    }

    /// The log-odds of liking these looks: `expected` for whom nothing is known yet, and the less of it the more is.
    fn taste(&self, vector: Option<&[f32]>, model: Option<&str>, expected: f32) -> f32 {
        let (Some((embedding, lens)), Some(vector)) = (&self.lens, vector) else {
            return expected;
        };
        if model != Some(*embedding) {
            return expected;
        }
        logit(lens.preference(vector, sigmoid(expected)).value)
    }

    /// What is known of a piece of the person's own.
    pub(crate) fn own(&self, piece: &Piece<'a>, history: &History, now: Timestamp) -> Garment<'a> {
        let item: &'a Item = piece.item;
        let category = item.category();
        let reading = match piece.reading {
            Some(kept) => Cow::Borrowed(kept),
            None => Cow::Owned(Reading::of(item)),
        };
        let colors = if self.liked.is_empty() && self.disliked.is_empty() {
            Vec::new()
        } else {
            worn(item)
        };
        let tags = item.typed.tags.as_deref().unwrap_or_default();
        let style = self
            .styles
            .iter()
            .position(|style| tags.iter().any(|tag| tag.as_str().to_lowercase() == *style));
        Garment {
            id: item.item_id,
            from: Source::Own,
            values: piece.vector.map(Cow::Borrowed),
            model: item.embedding.as_ref().map(|made| made.model.as_str()),
            category,
            slot: category.slot(),
            formality: reading.formality,
            clo: reading.clo,
            seasons: reading.seasons.clone(),
            palette: reading.palette,
            patterned: item
                .pattern()
                .is_some_and(|pattern| pattern != Pattern::Solid),
            cues: reading.cues,
            named: Named::Texts(item),
            known: history.of(item.item_id),
            taste: self.taste(
                piece.vector,
                item.embedding.as_ref().map(|made| made.model.as_str()),
                expected(style),
            ),
            popularity: None,
            age_days: ((now - item.created_at).as_seconds_f32() / 86_400.0).max(0.0),
            palette_fit: self.palette_fit(&colors),
            style,
            disliked_color: self.disliked.iter().any(|wish| wish.is_in(&colors)),
            disliked_category: self.prefs.disliked_categories.contains(&category),
            immodest: self.is_immodest(category, reading.cues),
        }
    }

    /// What is known of a piece that a boutique sells.
    pub(crate) fn offered(
        &self,
        found: &Found<'_>,
        embedding: &'a str,
        dim: usize,
        history: &History,
    ) -> Garment<'a> {
        let traits = found.traits();
        let category = traits.category;
        let mut vector = vec![0.0; dim];
        found.vector(&mut vector);
        let colors: Vec<Color> = traits
            .colors
            .iter()
            .map(|shade| Color {
                name: shade.name.unwrap_or_default().to_owned(),
                hex: shade.rgb,
                share: shade.share,
            })
            .collect();
        let colors: Vec<Worn<'_>> = colors.iter().map(Worn::new).collect();
        let cues = Cues::of_hashes(&traits.words);
        let popularity = &self.model.popularity;
        let style = self.styles.iter().position(|style| {
            let words = words::of_title(style);
            !words.is_empty() && words.iter().all(|word| traits.words.contains(word))
        });
        let known = |value: f32, otherwise: f32| {
            if value.is_finite() {
                value.clamp(0.0, 1.0)
            } else {
                otherwise
            }
        };
        Garment {
            id: found.item(),
            from: Source::Boutique {
                owner: found.owner(),
                price: traits.price,
            },
            model: Some(embedding),
            category,
            slot: category.slot(),
            formality: known(traits.formality, category.formality()),
            clo: known(traits.clo, category.clo()),
            seasons: traits.seasons,
            palette: Palette::of(&colors),
            patterned: traits
                .pattern
                .is_some_and(|pattern| pattern != Pattern::Solid),
            cues,
            known: history.of(found.item()),
            taste: self.taste(
                Some(&vector),
                Some(embedding),
                expected(style) + logit(popularity.of(found.item())) - logit(popularity.base()),
            ),
            popularity: Some(popularity.of(found.item())),
            age_days: 0.0,
            palette_fit: self.palette_fit(&colors),
            style,
            named: Named::Hashes(traits.words),
            disliked_color: self.disliked.iter().any(|wish| wish.is_in(&colors)),
            disliked_category: self.prefs.disliked_categories.contains(&category),
            immodest: self.is_immodest(category, cues),
            values: Some(Cow::Owned(vector)),
        }
    }

    fn palette_fit(&self, colors: &[Worn<'_>]) -> Option<f32> {
        (!self.liked.is_empty() && !colors.is_empty()).then(|| {
            self.liked
                .iter()
                .map(|wish| wish.nearness(colors))
                .fold(0.0, f32::max)
        })
    }

    /// Whether it leaves shoulders or knees bare, for those who mind: by its category, as far as its words do
    /// not say otherwise.
    fn is_immodest(&self, category: Category, cues: Cues) -> bool {
        if self.prefs.modesty != Some(Modesty::Modest) {
            return false;
        }
        match category {
            Category::Shorts | Category::Undershirt => true,
            // The category is that of crop and camisole tops.
            Category::Top => cues.has(Cues::BARE) || !cues.has(Cues::COVERED),
            _ => match category.slot() {
                Slot::Top => cues.has(Cues::BARE),
                Slot::Bottom => cues.has(Cues::SHORT),
                Slot::Dress => cues.has(Cues::BARE) || cues.has(Cues::SHORT),
                Slot::Outer | Slot::Shoes | Slot::Hat | Slot::Bag | Slot::Accessory => false,
            },
        }
    }
}

/// The log-odds of liking what bears a favourite style.
const FAVORITE: f32 = 0.7;

/// The log-odds of liking a piece by what people say they like: by this of their favourite styles, if it is of one.
fn expected(style: Option<usize>) -> f32 {
    if style.is_some() { FAVORITE } else { 0.0 }
}

/// The log-odds of a probability that is never quite sure.
fn logit(probability: f32) -> f32 {
    let probability = probability.clamp(0.01, 0.99);
    (probability / (1.0 - probability)).ln()
}
