//! Words of titles and tags, as numbers.

/// The most words of a piece that are looked at.
pub const MOST: usize = 16;

/// A word's number: FNV-1a (Fowler, Noll, Vo; 32 bits) of its lower-case form.
#[must_use]
pub fn hash(word: &str) -> u32 {
    const BASIS: u32 = 0x811c_9dc5;
    const PRIME: u32 = 0x0100_0193;
    word.chars()
        .flat_map(char::to_lowercase)
        .fold(BASIS, |hash, letter| {
            let mut bytes = [0; 4];
            letter
                .encode_utf8(&mut bytes)
                .bytes()
                .fold(hash, |hash, byte| {
                    (hash ^ u32::from(byte)).wrapping_mul(PRIME)
                })
        })
}

/// The numbers of a title's first [`MOST`] words, each once, in rising order. Hyphens, dots and apostrophes within
/// a word are part of it.
#[must_use]
pub fn of_title(title: &str) -> Vec<u32> {
    let is_of_word = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '.' | '\'');
    let words = title.split(|letter| !is_of_word(letter));
    let trimmed = words.map(|word| word.trim_matches(|letter: char| !letter.is_alphanumeric()));
    distinct(trimmed.filter(|word| !word.is_empty()).map(hash))
}

/// The first [`MOST`] different words, in rising order.
pub(crate) fn distinct(words: impl IntoIterator<Item = u32>) -> Vec<u32> {
    let mut found: Vec<u32> = Vec::with_capacity(MOST);
    for word in words {
        if found.len() == MOST {
            break;
        }
        if let Err(place) = found.binary_search(&word) {
            found.insert(place, word);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_hash_is_met() {
        assert_eq!(hash(""), 0x811c_9dc5);
        assert_eq!(hash("a"), 0xe40c_292c);
        assert_eq!(hash("foobar"), 0xbf9c_f968);
    }

    #[test]
    fn case_marks_and_repeats_do_not_matter() {
        let one = of_title("Women's T-Shirt, t-shirt (blue)");
        assert_eq!(one.len(), 3);
        assert_eq!(one, of_title("blue  t-shirt women's"));
        assert!(one.is_sorted());
    }

    #[test]
    fn a_title_of_no_words_has_none_and_a_long_one_is_cut() {
        assert!(of_title(" -- ' !").is_empty());
        let long: Vec<String> = (0..100).map(|at| format!("word{at}")).collect();
        assert_eq!(of_title(&long.join(" ")).len(), MOST);
    }
}
