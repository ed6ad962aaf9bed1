//! Numbers and names for people.

use std::time::Duration;

/// "1 photo", "3 photos".
pub(super) fn count(n: usize, noun: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{n} {noun}{plural}")
}

/// "85 ms", "2.4 s", "3 min 5 s".
pub(super) fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds >= 100 {
        format!("{} min {} s", seconds / 60, seconds % 60)
    } else if seconds >= 1 {
        format!("{:.1} s", time.as_secs_f64())
    } else {
        format!("{} ms", time.as_millis())
    }
}

/// A word of the API's vocabularies as people write it: "t_shirt" is a T-shirt.
pub(super) fn plain(word: &str) -> String {
    match word {
        "t_shirt" => "T-shirt".to_owned(),
        _ => word.replace('_', " "),
    }
}

/// A title whose hyphens are no places to break a line: "t-shirt" stays whole.
pub(super) fn unbroken(title: &str) -> String {
    title.replace('-', "\u{2011}")
}

/// A share (0–1) in whole percent.
pub(super) fn percent(share: f64) -> String {
    format!("{:.0}%", share.clamp(0.0, 1.0) * 100.0)
}

/// A colour that may stand in a style: `#` and six hexadecimal digits, nothing else.
pub(super) fn css_color(hex: &str) -> &str {
    let digits = hex.strip_prefix('#').unwrap_or_default();
    if digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        hex
    } else {
        "transparent"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_the_unit_that_fits() {
        for (milliseconds, said) in [(85, "85 ms"), (2_440, "2.4 s"), (185_000, "3 min 5 s")] {
            assert_eq!(duration(Duration::from_millis(milliseconds)), said);
        }
    }

    #[test]
    fn only_a_plain_colour_gets_into_a_style() {
        assert_eq!(css_color("#1c2448"), "#1c2448");
        for other in ["red;background:url(//x)", "#12345", "1c2448", "#1c244g", ""] {
            assert_eq!(css_color(other), "transparent");
        }
    }

    #[test]
    fn one_is_not_many() {
        assert_eq!(count(1, "photo"), "1 photo");
        assert_eq!(count(0, "photo"), "0 photos");
    }
}
