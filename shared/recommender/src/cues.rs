//! What the words of a title or tag say of a garment that its category does not.

use std::{collections::HashMap, sync::LazyLock};

use drape_learn::words;

use crate::words::{parts, words as words_of};

/// A set of facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Cues(u8);

impl Cues {
    /// Shoes that let water in.
    pub(crate) const OPEN: Self = Self(1);
    /// Bares shoulders or middle, or is seen through.
    pub(crate) const BARE: Self = Self(2);
    /// Bares the knees.
    pub(crate) const SHORT: Self = Self(32);
    /// Covers what its category may leave bare.
    pub(crate) const COVERED: Self = Self(4);
    /// Keeps rain off.
    pub(crate) const RAINPROOF: Self = Self(8);
    /// Traditional dress.
    pub(crate) const TRADITIONAL: Self = Self(16);

    /// What the words of these texts say.
    pub(crate) fn of<'a>(texts: impl Iterator<Item = &'a str>) -> Self {
        let mut cues = Self::default();
        let mut word = String::new();
        for text in texts {
            let words = || parts(text).filter(|word| NAMES.may_hold(word));
            if words().next().is_none() {
                continue;
            }
            let said = words_of(text);
            let is_said = |name: &str| said.iter().any(|word| is_number_of(word, name));
            for part in words() {
                word.clear();
                word.extend(part.chars().flat_map(char::to_lowercase));
                for (cue, name) in NAMES.of(&word) {
                    if name.split(' ').all(is_said) {
                        cues.0 |= cue.0;
                    }
                }
            }
        }
        cues
    }

    /// As [`Cues::of`], of the words' hashes.
    pub(crate) fn of_hashes(said: &[u32]) -> Self {
        let mut cues = Self::default();
        for (cue, name) in HASHES.iter() {
            let is_said = |either: &[u32; 2]| either.iter().any(|word| said.contains(word));
            if name.iter().all(is_said) {
                cues.0 |= cue.0;
            }
        }
        cues
    }

    pub(crate) const fn has(self, cue: Self) -> bool {
        self.0 & cue.0 != 0
    }
}

/// Whether the word is the name's, or its plural.
fn is_number_of(word: &str, name: &str) -> bool {
    word == name || word.strip_suffix('s') == Some(name)
}

/// The names of the table by their first words: most words of titles are none of them, which shows at a glance.
struct Names {
    /// For each first letter the lengths of words, in the singular and plural, as bits.
    lengths: [u64; 256],
    by_first: HashMap<&'static str, Vec<(Cues, &'static str)>>,
}

static NAMES: LazyLock<Names> = LazyLock::new(|| {
    let mut names = Names {
        lengths: [0; 256],
        by_first: HashMap::new(),
    };
    for (cue, all) in TABLE {
        for name in all {
            let first = name.split(' ').next().unwrap_or(name);
            names.by_first.entry(first).or_default().push((cue, name));
            if let Some(letter) = first.bytes().next() {
                names.lengths[usize::from(letter)] |= 0b11 << first.len();
            }
        }
    }
    names
});

impl Names {
    /// Never false of a word with which a name begins, in whatever case.
    fn may_hold(&self, word: &str) -> bool {
        match word.bytes().next() {
            Some(letter) if word.is_ascii() => {
                let lengths = self.lengths[usize::from(letter.to_ascii_lowercase())];
                word.len() < 64 && lengths >> word.len() & 1 == 1
            }
            // Lower case may be of another length.
            Some(_) => true,
            None => false,
        }
    }

    /// The names that begin with a word in lower case or with its singular.
    fn of(&self, word: &str) -> impl Iterator<Item = &(Cues, &'static str)> {
        let either = [Some(word), word.strip_suffix('s')].into_iter().flatten();
        either.filter_map(|word| self.by_first.get(word)).flatten()
    }
}

/// The names of the table, each word as its hashes in the singular and plural.
static HASHES: LazyLock<Vec<(Cues, Vec<[u32; 2]>)>> = LazyLock::new(|| {
    let hashes = |word: &str| [words::hash(word), words::hash(&format!("{word}s"))];
    let names = TABLE.iter().flat_map(|(cue, names)| {
        // In titles a hyphen makes one word of several.
        let ways = names.iter().flat_map(|name| {
            let apart = name.split(' ').map(hashes).collect();
            [apart, vec![hashes(&name.replace(' ', "-"))]]
        });
        ways.map(move |way| (*cue, way))
    });
    names.collect()
});

/// The words for each, in the singular, in lower case; of a name of several words all must be said.
const TABLE: [(Cues, &[&str]); 6] = [
    (
        Cues::OPEN,
        &[
            "sandal",
            "slipper",
            "flip flop",
            "flipflop",
            "slide",
            "mule",
            "clog",
            "espadrille",
            "pam",
            "open toe",
            "peep toe",
            "slingback",
            "gladiator",
            "birkenstock",
        ],
    ),
    (
        Cues::BARE,
        &[
            "crop",
            "cropped",
            "sleeveless",
            "strapless",
            "backless",
            "halter",
            "cami",
            "camisole",
            "tank",
            "singlet",
            "bikini",
            "swimsuit",
            "sheer",
            "see through",
            "spaghetti",
            "strappy",
            "off shoulder",
            "cold shoulder",
            "one shoulder",
            "tube",
            "bandeau",
            "bralette",
            "corset",
        ],
    ),
    (Cues::SHORT, &["mini", "micro", "bikini", "swimsuit"]),
    (
        Cues::COVERED,
        &[
            "long sleeve",
            "longsleeve",
            "long sleeved",
            "turtleneck",
            "tunic",
            "maxi",
            "midi",
            "ankle",
            "full length",
            "abaya",
            "kaftan",
            "caftan",
            "jalabiya",
            "buba",
            "bubu",
            "boubou",
            "modest",
        ],
    ),
    (
        Cues::RAINPROOF,
        &[
            "rain",
            "raincoat",
            "rainproof",
            "waterproof",
            "windbreaker",
            "anorak",
            "poncho",
            "mac",
            "mackintosh",
        ],
    ),
    (
        Cues::TRADITIONAL,
        &[
            "agbada",
            "babanriga",
            "dandogo",
            "iro",
            "buba",
            "sokoto",
            "aso oke",
            "aso ebi",
            "asoebi",
            "ankara",
            "adire",
            "dashiki",
            "danshiki",
            "kaftan",
            "caftan",
            "jalabiya",
            "boubou",
            "bubu",
            "senator",
            "isiagu",
            "isi agu",
            "george",
            "wrapper",
            "kente",
            "gele",
            "fila",
            "native",
            "traditional",
        ],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Cues {
        Cues::of([text].into_iter())
    }

    #[test]
    fn shoes_are_open_by_many_names() {
        for name in [
            "Leather sandals",
            "pam slippers",
            "Flip-flops",
            "pool slides",
            "open-toe heels",
            "Mules",
        ] {
            assert!(of(name).has(Cues::OPEN), "{name}");
        }
        for name in ["Chelsea boots", "white sneakers", "closed-toe pumps", ""] {
            assert!(!of(name).has(Cues::OPEN), "{name}");
        }
    }

    #[test]
    fn every_name_in_the_table_is_found_as_it_stands() {
        for (cue, names) in TABLE {
            for name in names {
                assert!(of(name).has(cue), "{name}");
                assert!(
                    of(&format!("My {}s", name.to_uppercase())).has(cue),
                    "{name}"
                );
            }
        }
    }

    #[test]
    fn a_word_is_not_found_within_another() {
        assert_eq!(of("Macrame shortbread minibus"), Cues::default());
    }

    #[test]
    fn several_facts_may_hold() {
        let both = of("Ankara mini dress");
        assert!(both.has(Cues::SHORT) && both.has(Cues::TRADITIONAL));
        assert!(!both.has(Cues::RAINPROOF));
    }
}
