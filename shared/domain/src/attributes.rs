//! How warm, how formal and how seasonal a garment is, by what is known of it.
//!
//! One table, `data/attributes.csv`, says what each category, pattern, colour and word of a title means; its
//! head says how to read it.

use std::{
    collections::{HashMap, HashSet},
    str::FromStr,
    sync::LazyLock,
};

use crate::{Category, Color, Pattern, Season, Slot};

/// What a garment is like to wear.
#[derive(Debug, Clone, PartialEq)]
pub struct Attributes {
    /// The seasons in which it is usually worn, in the year's order; at least one.
    pub seasons: Vec<Season>,
    /// Thermal insulation in clo (1 clo = 0.155 m²·K/W), 0–1.
    pub warmth_clo: f32,
    /// 0 is gym wear, 1 is black tie.
    pub formality: f32,
}

/// What a category, a design, colours (the main one first) and words, such as a title and tags with `;`
/// between them, say of a garment.
///
/// A category's own values come first; words may set them (of several warmths the highest counts, of several
/// formalities the mean) and, like pattern and main colour, shift them. Words that name seasons overrule the
/// category: those seasons in which all of them agree, or else any.
#[must_use]
pub fn attributes(
    category: Category,
    pattern: Option<Pattern>,
    colors: &[Color],
    words: &str,
) -> Attributes {
    let table = &*TABLE;
    let own = table.category(category);
    let pattern = pattern.and_then(|pattern| table.patterns.get(pattern.as_str()));
    let color = colors
        .first()
        .and_then(|color| table.colors.get(&color.name));
    let said = table.said(words, category.slot());

    let set = |rules: &[&Rule]| {
        let warmths = rules.iter().filter_map(|rule| rule.clo.set());
        warmths.fold(None, |most: Option<f32>, clo| {
            Some(most.map_or(clo, |most| most.max(clo)))
        })
    };
    let factor: f32 = said.iter().map(|rule| rule.clo.factor()).product();
    let warmth = set(&said).or(own.clo.set()).unwrap_or(0.0) * factor;

    let formalities: Vec<f32> = said
        .iter()
        .filter_map(|rule| rule.formality.set())
        .collect();
    let usual = if formalities.is_empty() {
        own.formality.set().unwrap_or(UNKNOWN_FORMALITY)
    } else {
        formalities.iter().sum::<f32>() / formalities.len() as f32
    };
    let shift: f32 = said
        .iter()
        .copied()
        .chain(pattern)
        .chain(color)
        .map(|rule| rule.formality.shift())
        .sum();

    let named: Vec<&[Season]> = said
        .iter()
        .map(|rule| rule.seasons.as_slice())
        .filter(|seasons| !seasons.is_empty())
        .collect();
    Attributes {
        seasons: common(&named).unwrap_or_else(|| own.seasons.clone()),
        warmth_clo: warmth.clamp(0.0, 1.0),
        formality: (usual + shift).clamp(0.0, 1.0),
    }
}

/// A category's usual formality, 0–1.
pub(crate) fn formality(category: Category) -> f32 {
    let own = TABLE.category(category);
    own.formality.set().unwrap_or(UNKNOWN_FORMALITY)
}

/// A category's usual insulation in clo.
pub(crate) fn clo(category: Category) -> f32 {
    TABLE.category(category).clo.set().unwrap_or(0.0)
}

/// A category's usual seasons.
pub(crate) fn seasons(category: Category) -> &'static [Season] {
    &TABLE.category(category).seasons
}

/// The seasons that all name, or that any names if there are none; none if nobody names one.
fn common(named: &[&[Season]]) -> Option<Vec<Season>> {
    let by_all = |season: &Season| named.iter().all(|seasons| seasons.contains(season));
    let by_any = |season: &Season| named.iter().any(|seasons| seasons.contains(season));
    let every = || Season::ALL.iter().copied();
    if named.is_empty() {
        return None;
    }
    let agreed: Vec<Season> = every().filter(by_all).collect();
    Some(if agreed.is_empty() {
        every().filter(by_any).collect()
    } else {
        agreed
    })
}

const UNKNOWN_FORMALITY: f32 = 0.5;
/// The most words that a name in the table has.
const LONGEST: usize = 3;

static TABLE: LazyLock<Table> =
    LazyLock::new(|| Table::read(include_str!("../data/attributes.csv")));

/// How a line changes a value.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Change {
    Keep,
    Set(f32),
    Factor(f32),
    Shift(f32),
}

impl Change {
    const fn set(self) -> Option<f32> {
        match self {
            Self::Set(value) => Some(value),
            _ => None,
        }
    }

    const fn factor(self) -> f32 {
        match self {
            Self::Factor(factor) => factor,
            _ => 1.0,
        }
    }

    const fn shift(self) -> f32 {
        match self {
            Self::Shift(shift) => shift,
            _ => 0.0,
        }
    }
}

impl FromStr for Change {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        let number = |digits: &str| digits.parse().map_err(|_| Malformed);
        match text.split_at_checked(1) {
            None => Ok(Self::Keep),
            Some(("=", digits)) => Ok(Self::Set(number(digits)?)),
            Some(("*", digits)) => Ok(Self::Factor(number(digits)?)),
            Some(("+", digits)) => Ok(Self::Shift(number(digits)?)),
            Some(("-", digits)) => Ok(Self::Shift(-number(digits)?)),
            Some(_) => Err(Malformed),
        }
    }
}

/// A line that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Malformed;

/// What a line says.
#[derive(Debug, Clone, PartialEq)]
struct Rule {
    slots: Vec<Slot>,
    clo: Change,
    formality: Change,
    seasons: Vec<Season>,
}

/// A line: its kind, its name and what it says.
fn line(text: &str) -> Result<(&str, &str, Rule), Malformed> {
    fn list<T: FromStr>(text: &str) -> Result<Vec<T>, Malformed> {
        let words = text.split_whitespace();
        words
            .map(|word| word.parse().map_err(|_| Malformed))
            .collect()
    }
    let fields: Vec<&str> = text.split(',').collect();
    let [kind, name, slots, clo, formality, seasons] = fields.as_slice() else {
        return Err(Malformed);
    };
    let rule = Rule {
        slots: list(slots)?,
        clo: clo.parse()?,
        formality: formality.parse()?,
        seasons: list(seasons)?,
    };
    Ok((kind, name, rule))
}

/// The lines that say something: no remarks, no heading.
fn lines(csv: &str) -> impl Iterator<Item = &str> {
    csv.lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#') && !line.starts_with("kind,"))
}

#[derive(Debug, Default)]
struct Table {
    categories: HashMap<Category, Rule>,
    patterns: HashMap<String, Rule>,
    colors: HashMap<String, Rule>,
    words: HashMap<String, Rule>,
    /// The first words of the names in `words`: most words of titles are none of them.
    firsts: HashSet<String>,
}

/// What is assumed of a category that the table lacks.
static UNKNOWN: LazyLock<Rule> = LazyLock::new(|| Rule {
    slots: Vec::new(),
    clo: Change::Keep,
    formality: Change::Keep,
    seasons: Season::ALL.to_vec(),
});

impl Table {
    /// A test sees to it that every line can be read.
    fn read(csv: &str) -> Self {
        let mut table = Self::default();
        for (kind, name, rule) in lines(csv).filter_map(|text| line(text).ok()) {
            let named = match kind {
                "pattern" => &mut table.patterns,
                "color" => &mut table.colors,
                "word" => &mut table.words,
                _ => {
                    if let Ok(category) = name.parse() {
                        table.categories.insert(category, rule);
                    }
                    continue;
                }
            };
            named.insert(name.to_owned(), rule);
        }
        let firsts = table.words.keys().filter_map(|name| name.split(' ').next());
        table.firsts = firsts.map(str::to_owned).collect();
        table
    }

    fn category(&self, category: Category) -> &Rule {
        self.categories.get(&category).unwrap_or(&UNKNOWN)
    }

    /// The rules of the words in a text that mean something of a garment worn there, each once. Of words that
    /// overlap, the longer name counts: a "denim jacket" is not also "denim".
    fn said(&self, text: &str, slot: Slot) -> Vec<&Rule> {
        let mut said: Vec<&Rule> = Vec::new();
        for part in text.split([',', ';', '\n']) {
            let words = words(part);
            let mut at = 0;
            while let Some(word) = words.get(at) {
                if !self.begins(word) {
                    at += 1;
                    continue;
                }
                let found = (1..=LONGEST).rev().find_map(|length| {
                    let name = words.get(at..at + length)?.join(" ");
                    let rule = self.rule(&name)?;
                    let fits = rule.slots.is_empty() || rule.slots.contains(&slot);
                    fits.then_some((length, rule))
                });
                if let Some((_, rule)) = found
                    && !said.iter().any(|known| std::ptr::eq(*known, rule))
                {
                    said.push(rule);
                }
                at += found.map_or(1, |(length, _)| length);
            }
        }
        said
    }

    /// Whether a name may begin with the word, in the singular or plural.
    fn begins(&self, word: &str) -> bool {
        let is_first = |word: &str| self.firsts.contains(word);
        is_first(word) || word.strip_suffix('s').is_some_and(is_first)
    }

    /// A name as it is or without its plural's ending.
    fn rule(&self, name: &str) -> Option<&Rule> {
        let singular = || self.words.get(name.strip_suffix('s')?);
        self.words.get(name).or_else(singular)
    }
}

/// The words of a text in lower case, without the accents of Yoruba, Igbo and French.
fn words(text: &str) -> Vec<String> {
    let plain: String = text
        .chars()
        .flat_map(char::to_lowercase)
        .filter(|letter| !('\u{300}'..='\u{36f}').contains(letter))
        .map(without_accent)
        .collect();
    plain
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

const fn without_accent(letter: char) -> char {
    match letter {
        'à' | 'á' | 'â' | 'ã' | 'ā' | 'ạ' => 'a',
        'è' | 'é' | 'ê' | 'ē' | 'ẹ' => 'e',
        'ì' | 'í' | 'î' | 'ī' | 'ị' => 'i',
        'ò' | 'ó' | 'ô' | 'ō' | 'ọ' => 'o',
        'ù' | 'ú' | 'û' | 'ū' | 'ụ' => 'u',
        'ṣ' => 's',
        'ç' => 'c',
        'ǹ' | 'ń' | 'ñ' | 'ṅ' => 'n',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::color::named;

    fn of(category: Category, words: &str) -> Attributes {
        attributes(category, None, &[], words)
    }

    fn color(name: &str) -> Color {
        Color {
            name: name.to_owned(),
            hex: named(name).unwrap(),
            share: 1.0,
        }
    }

    #[test]
    fn every_line_of_the_table_can_be_read_and_stands_once() {
        let mut seen = HashSet::new();
        for text in lines(include_str!("../data/attributes.csv")) {
            let (kind, name, rule) = line(text).unwrap_or_else(|_| panic!("{text}"));
            assert!(seen.insert((kind, name)), "{text} stands twice");
            let value = match rule.formality {
                Change::Keep => 0.5,
                Change::Set(value) => value,
                Change::Shift(value) => value.abs(),
                Change::Factor(_) => panic!("{text}: formality has no factor"),
            };
            assert!((0.0..=1.0).contains(&value), "{text}");
            let value = match rule.clo {
                Change::Keep => 0.5,
                Change::Set(value) => value,
                Change::Factor(value) => value / 2.0,
                Change::Shift(_) => panic!("{text}: warmth has no shift"),
            };
            assert!((0.0..=1.0).contains(&value), "{text}");
            let known = match kind {
                "category" => name.parse::<Category>().is_ok(),
                "pattern" => name.parse::<Pattern>().is_ok(),
                "color" => named(name).is_some(),
                "word" => {
                    let words = words(name);
                    words.join(" ") == name && words.len() <= LONGEST
                }
                _ => false,
            };
            assert!(known, "{text}");
        }
    }

    #[test]
    fn the_table_has_warmth_formality_and_seasons_of_every_category() {
        for category in Category::ALL {
            let own = &TABLE.categories[category];
            assert!(own.clo.set().is_some() && own.formality.set().is_some());
            assert!(!own.seasons.is_empty());
        }
    }

    #[test]
    fn a_garment_without_a_name_is_as_its_category() {
        for category in Category::ALL {
            let known = of(*category, "");
            assert_eq!(known.warmth_clo, category.clo());
            assert_eq!(known.formality, category.formality());
            assert_eq!(known.seasons, category.seasons());
        }
    }

    #[test]
    fn cloth_changes_warmth_and_seasons() {
        use Season::{Autumn, Spring, Summer, Winter};
        let (plain, linen, wool) = (
            of(Category::Pants, "Trousers"),
            of(Category::Pants, "Linen trousers"),
            of(Category::Pants, "Grey WOOL trousers"),
        );
        assert!(linen.warmth_clo < plain.warmth_clo && plain.warmth_clo < wool.warmth_clo);
        assert_eq!(linen.seasons, [Spring, Summer]);
        assert_eq!(wool.seasons, [Autumn, Winter]);
        assert_eq!(plain.seasons, Category::Pants.seasons());
    }

    #[test]
    fn nigerian_dress_is_known_by_its_names_however_they_are_spelled() {
        let t_shirt = of(Category::TShirt, "");
        for name in [
            "agbada",
            "Agbádá",
            "white agbada set",
            "Aṣọ òkè",
            "ASO-OKE",
            "owambe outfit",
        ] {
            assert!(of(Category::Dress, name).formality >= 0.85, "{name}");
        }
        assert!(of(Category::Outerwear, "agbada").warmth_clo > 3.0 * t_shirt.warmth_clo);
        assert!(of(Category::Accessory, "gele").formality > of(Category::Accessory, "").formality);
        assert!(of(Category::Dress, "ankara").formality > of(Category::Dress, "").formality);
        let set = of(Category::Dress, "iro and buba");
        assert!((set.formality, set.warmth_clo) == (0.8, 0.5), "{set:?}");
    }

    #[test]
    fn shoes_range_from_the_beach_to_the_ball() {
        let formality = |name| of(Category::Shoes, name).formality;
        let rising = ["flip-flops", "sneakers", "loafers", "heels"];
        for pair in rising.windows(2) {
            assert!(formality(pair[0]) < formality(pair[1]), "{pair:?}");
        }
        let (sandals, boots) = (of(Category::Shoes, "sandals"), of(Category::Shoes, "boots"));
        assert!(sandals.warmth_clo < boots.warmth_clo);
        assert!(!sandals.seasons.contains(&Season::Winter));
        assert!(boots.seasons.contains(&Season::Winter));
    }

    #[test]
    fn a_word_means_nothing_where_it_is_not_worn() {
        assert_eq!(of(Category::Bag, "boots bag"), of(Category::Bag, ""));
        assert_eq!(of(Category::Dress, "heeled"), of(Category::Dress, ""));
    }

    #[test]
    fn the_longer_name_counts_and_each_counts_once() {
        let jacket = of(Category::Outerwear, "denim jacket");
        assert_eq!(jacket.warmth_clo, 0.35);
        assert_eq!(
            jacket,
            of(Category::Outerwear, "Denim jacket, denim jacket")
        );
        assert_eq!(
            of(Category::Pants, "jeans denim jeans"),
            of(Category::Pants, "denim jeans")
        );
    }

    #[test]
    fn seasons_that_do_not_agree_are_all_kept() {
        let both = of(Category::Dress, "summer wool");
        assert_eq!(
            both.seasons,
            [Season::Summer, Season::Autumn, Season::Winter]
        );
        assert_eq!(of(Category::Dress, "winter wool").seasons, [Season::Winter]);
    }

    #[test]
    fn a_graphic_print_is_less_formal_and_black_is_more() {
        let formality = |pattern, name| {
            attributes(Category::TShirt, Some(pattern), &[color(name)], "").formality
        };
        assert!(formality(Pattern::Graphic, "white") < formality(Pattern::Solid, "white"));
        assert!(formality(Pattern::Solid, "black") > formality(Pattern::Solid, "white"));
    }

    #[test]
    fn whatever_is_said_values_stay_in_range() {
        let everything: Vec<&str> = TABLE.words.keys().map(String::as_str).collect();
        let mut everything = everything;
        everything.sort_unstable();
        let everything = everything.join(" ; ");
        for category in Category::ALL {
            for words in [
                everything.as_str(),
                "",
                "\u{0}\u{301}ß漢字",
                "gym gala tuxedo pyjama",
            ] {
                let known =
                    attributes(*category, Some(Pattern::Graphic), &[color("orange")], words);
                assert!(
                    (0.0..=1.0).contains(&known.formality)
                        && (0.0..=1.0).contains(&known.warmth_clo)
                );
                assert!(!known.seasons.is_empty());
            }
        }
    }
}
