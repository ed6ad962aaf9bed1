//! What a function says about its own init: JSON lines on stderr.

use serde::Deserialize;

/// Times that a function logged, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Told {
    /// All of init, priming included.
    pub(crate) init: Option<f64>,
    /// Calls whose only purpose is to open connections, summed up.
    pub(crate) prime: f64,
}

#[derive(Deserialize)]
struct Line {
    message: String,
    ms: Option<f64>,
}

/// Reads the log. Lines of any other kind are passed over.
pub(crate) fn read(log: &str) -> Told {
    let mut told = Told::default();
    for line in log.lines() {
        let Ok(Line {
            message,
            ms: Some(ms),
        }) = serde_json::from_str(line)
        else {
            continue;
        };
        match message.as_str() {
            "init" => told.init = Some(ms),
            "prime" => told.prime += ms,
            _ => {}
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn priming_and_init_are_found_among_other_lines() {
        let log = r#"
{"timestamp":"2026-11-23T09:30:00.000001Z","level":"INFO","message":"prime","ms":4.25}
not JSON
{"level":"WARN","message":"something else","ms":900}
{"level":"INFO","message":"prime","ms":0.75}
{"level":"INFO","message":"init","ms":6.5}
{"level":"INFO","message":"request","status":200,"ms":1.0}
"#;
        assert_eq!(
            read(log),
            Told {
                init: Some(6.5),
                prime: 5.0
            }
        );
    }

    #[test]
    fn a_function_that_says_nothing_primed_nothing() {
        assert_eq!(
            read("{\"message\":\"init\"}\n"),
            Told {
                init: None,
                prime: 0.0
            }
        );
    }
}
