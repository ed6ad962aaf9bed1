//! What the words of a title or tag say of a garment that its category does not.

use std::{collections::HashSet, sync::LazyLock};

use drape_learn::words;

use crate::words::words as words_of;

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
        for text in texts {
            let words = words_of(text);
            let singles = words.iter().filter_map(|word| word.strip_suffix('s'));
            let said: HashSet<&str> = words.iter().map(String::as_str).chain(singles).collect();
            for (cue, names) in TABLE {
                let is_said = |name: &&str| name.split(' ').all(|word| said.contains(word));
                if names.iter().any(is_said) {
                    cues.0 |= cue.0;
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
