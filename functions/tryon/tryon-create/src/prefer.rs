//! The `Prefer` header (RFC 7240): how long the client wants to wait for the picture.

use std::time::Duration;

use lambda_http::http::HeaderMap;

/// The wait when nothing was said.
const DEFAULT_WAIT: Duration = Duration::from_secs(5);
/// The longest wait; one asked to be longer is cut to it. The gateway gives up after 30 s.
const MAX_WAIT: u64 = 20;

/// What the client prefers, as far as it concerns us. What is unknown or malformed is ignored, as the
/// RFC asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Prefer {
    respond_async: bool,
    wait: Option<u64>,
}

impl Prefer {
    /// Reads every `Prefer` header. Of a preference that is said twice, the first counts.
    pub(crate) fn read(headers: &HeaderMap) -> Self {
        let mut prefer = Self::default();
        let lines = headers.get_all("prefer").into_iter();
        for line in lines.filter_map(|line| line.to_str().ok()) {
            for (name, value) in split(line, ',').filter_map(preference) {
                match name.as_str() {
                    "respond-async" => prefer.respond_async = true,
                    "wait" if prefer.wait.is_none() => {
                        prefer.wait = seconds(&value);
                    }
                    _ => {}
                }
            }
        }
        prefer
    }

    /// How long to wait. `respond-async` alone means not at all; together with `wait` it means that the
    /// client takes a later answer only after that time.
    pub(crate) fn patience(self) -> Duration {
        match (self.wait, self.respond_async) {
            (Some(seconds), _) => Duration::from_secs(seconds),
            (None, true) => Duration::ZERO,
            (None, false) => DEFAULT_WAIT,
        }
    }

    /// The value of `Preference-Applied`, if there is anything to say.
    pub(crate) fn applied(self, answered_async: bool) -> Option<String> {
        let respond_async =
            (self.respond_async && answered_async).then(|| "respond-async".to_owned());
        let wait = self.wait.map(|seconds| format!("wait={seconds}"));
        let applied: Vec<_> = respond_async.into_iter().chain(wait).collect();
        (!applied.is_empty()).then(|| applied.join(", "))
    }
}

/// Digits alone; more seconds than can be counted are many seconds.
fn seconds(value: &str) -> Option<u64> {
    let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| value.parse().unwrap_or(MAX_WAIT).min(MAX_WAIT))
}

/// Name in lower case and value (empty if none) of `name[=value][; parameters]`.
fn preference(text: &str) -> Option<(String, String)> {
    let without_parameters = split(text, ';').next()?;
    let (name, value) = without_parameters
        .split_once('=')
        .unwrap_or((without_parameters, ""));
    let value = value.trim();
    let value = value
        .strip_prefix('"')
        .and_then(|value| value.strip_suffix('"'))
        .unwrap_or(value);
    Some((name.trim().to_ascii_lowercase(), value.to_owned()))
}

/// Splits at `separator`, except within a quoted string.
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |c| {
        let separates = c == separator && !quoted;
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => {}
        }
        separates
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefer(lines: &[&str]) -> Prefer {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("prefer", line.parse().unwrap());
        }
        Prefer::read(&headers)
    }

    fn patience(lines: &[&str]) -> u64 {
        prefer(lines).patience().as_secs()
    }

    #[test]
    fn the_wait_is_five_seconds_unless_said_otherwise() {
        assert_eq!(patience(&[]), 5);
        assert_eq!(patience(&["wait=12"]), 12);
        assert_eq!(patience(&["wait=0"]), 0);
        assert_eq!(patience(&["respond-async"]), 0);
    }

    #[test]
    fn a_wait_together_with_respond_async_is_kept() {
        assert_eq!(patience(&["respond-async, wait=3"]), 3);
        assert_eq!(patience(&["wait=3", "respond-async"]), 3);
    }

    #[test]
    fn it_is_read_however_it_is_written() {
        assert_eq!(patience(&["Wait = 7"]), 7);
        assert_eq!(patience(&[r#"wait="7""#]), 7);
        assert_eq!(
            patience(&[r#"note="a, wait=1; b\", wait=2", WAIT=7; x=y"#]),
            7
        );
        assert_eq!(patience(&["return=minimal, RESPOND-ASYNC ;a"]), 0);
        assert_eq!(patience(&["wait=7, wait=8"]), 7, "the first one counts");
    }

    #[test]
    fn what_makes_no_sense_is_ignored_and_what_is_too_long_is_cut() {
        for line in [
            "wait",
            "wait=",
            "wait=-1",
            "wait=1.5",
            "wait=soon",
            "",
            ",;=,\"",
        ] {
            assert_eq!(prefer(&[line]), Prefer::default(), "{line}");
        }
        assert_eq!(patience(&["wait=21"]), 20);
        assert_eq!(patience(&["wait=99999999999999999999999"]), 20);
    }

    #[test]
    fn the_client_is_told_what_was_heeded() {
        assert_eq!(prefer(&[]).applied(true), None);
        assert_eq!(prefer(&["return=minimal"]).applied(true), None);
        assert_eq!(prefer(&["wait=40"]).applied(false).unwrap(), "wait=20");
        let both = prefer(&["wait=1, respond-async"]);
        assert_eq!(both.applied(true).unwrap(), "respond-async, wait=1");
        assert_eq!(both.applied(false).unwrap(), "wait=1");
    }
}
