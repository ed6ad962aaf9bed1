//! One function with its event, its world, and what it has to reply.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, Result};
use bytes::Bytes;
use serde_json::{Value, json};

use crate::{
    aws::FakeAws,
    functions::Function,
    http::Server,
    peer::Script,
    photos::Photos,
    world::{self, Scale, Tokens},
};

/// What a good reply is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expected {
    /// An HTTP answer of this status, whose body has something at this place (RFC 6901).
    Answer(u16, &'static str),
    /// So many outfits, for which what boutiques sell was searched (an answer says so by its pieces, or by the
    /// catalogue's version), or without anything of theirs.
    Outfits { count: usize, boutiques: bool },
    /// An authorizer's yes.
    Authorized,
    /// A job's whole reply, after it has put a row of this status into this table.
    Job(Value, &'static str, &'static str),
    /// A job's whole reply where it has nothing to write.
    Idle(Value),
}

impl Expected {
    fn of(function: &str) -> Self {
        match function {
            "hello-world" => Self::Answer(200, ""),
            "authorizer" => Self::Authorized,
            "clean" => Self::Job(Value::Null, "items", "ready"),
            "render" => Self::Job(json!({ "batchItemFailures": [] }), "tryons", "done"),
            // Nothing is for sale in that world.
            "reindex" => Self::Idle(json!({ "outcome": "unchanged" })),
            "auth-logout" | "item-delete" => Self::Answer(204, ""),
            "auth-signup" => Self::Answer(201, "/access_token"),
            "auth-login" | "auth-refresh" => Self::Answer(200, "/access_token"),
            "item-create" => Self::Answer(201, "/upload/url"),
            "upload-create" => Self::Answer(201, "/s3"),
            "item-image-uploaded" | "item-background-clean" | "item-restore-original" => {
                Self::Answer(202, "/item/id")
            }
            "tryon-create" => Self::Answer(202, "/tryon/id"),
            "tryon-feedback" => Self::Answer(201, "/feedback/accuracy"),
            "signals-record" => Self::Answer(202, ""),
            "recommendations" => Self::Answer(200, "/recommendations/0/pieces/0"),
            "wardrobe-list" | "tryon-list" => Self::Answer(200, "/items/0/id"),
            _ => Self::Answer(200, ""),
        }
    }

    /// What is wrong with a reply, beside the row that was written meanwhile.
    fn fault(&self, reply: &[u8], written: Option<&(String, Value)>) -> Option<String> {
        let said = || {
            String::from_utf8_lossy(reply)
                .chars()
                .take(400)
                .collect::<String>()
        };
        let Ok(reply) = serde_json::from_slice::<Value>(reply) else {
            return Some(format!("replied no JSON: {}", said()));
        };
        match self {
            Self::Answer(status, place) => {
                if reply["statusCode"] != *status {
                    return Some(format!(
                        "expected status {status}, got {}: {}",
                        reply["statusCode"],
                        said()
                    ));
                }
                let body: Value = serde_json::from_str(reply["body"].as_str().unwrap_or_default())
                    .unwrap_or_default();
                let there =
                    place.is_empty() || body.pointer(place).is_some_and(|value| !value.is_null());
                (!there).then(|| format!("expected {place} in the body, got {}", said()))
            }
            Self::Outfits { count, boutiques } => {
                let body: Value = serde_json::from_str(reply["body"].as_str().unwrap_or_default())
                    .unwrap_or_default();
                let outfits = body["recommendations"].as_array();
                let outfits = outfits.map(Vec::as_slice).unwrap_or_default();
                let pieces = |outfit: &Value| outfit["pieces"].as_array().cloned();
                let are_whole = outfits
                    .iter()
                    .all(|outfit| pieces(outfit).is_some_and(|pieces| pieces.len() >= 2));
                let sells = outfits
                    .iter()
                    .filter_map(pieces)
                    .flatten()
                    .any(|piece| piece["owned"] == false);
                let is_right = reply["statusCode"] == 200
                    && outfits.len() == *count
                    && are_whole
                    && if *boutiques {
                        sells || body["index"].as_str().is_some_and(|it| it.contains('+'))
                    } else {
                        !sells
                    };
                (!is_right).then(|| {
                    let with = if *boutiques { "with" } else { "without" };
                    format!("expected {count} outfits {with} boutiques, got {}", said())
                })
            }
            Self::Authorized => {
                (reply["isAuthorized"] != true).then(|| format!("expected a yes, got {}", said()))
            }
            Self::Idle(expected) => match written {
                None if &reply == expected => None,
                _ => Some(format!("expected {expected} and no row, got {}", said())),
            },
            Self::Job(expected, table, status) => {
                if &reply != expected {
                    return Some(format!("expected {expected}, got {}", said()));
                }
                match written {
                    Some((known, row)) if known == table && row["status"]["S"] == *status => None,
                    Some((known, row)) => Some(format!(
                        "expected {status} in {table}, got {} in {known} ({})",
                        row["status"]["S"], row["error"]["M"]["code"]["S"]
                    )),
                    None => Some(format!("expected a row in {table}, got none")),
                }
            }
        }
    }
}

/// What is measured.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) binary: PathBuf,
    /// In bytes.
    pub(crate) size: u64,
    pub(crate) is_job: bool,
    pub(crate) uses_dynamodb_only: bool,
    /// Whether its start is held against that of a function that does nothing.
    pub(crate) has_start_bar: bool,
    /// Whether how long it takes is held against what a person would wait for.
    pub(crate) has_latency_bars: bool,
    pub(crate) variables: Vec<(String, String)>,
    pub(crate) event: Bytes,
    expected: Expected,
    aws: Arc<FakeAws>,
    _server: Server,
}

impl Case {
    /// A function of the template.
    ///
    /// # Errors
    /// When its binary or event is missing.
    pub(crate) async fn new(
        function: &Function,
        binaries: &Path,
        events: &Path,
        photos: &Photos,
    ) -> Result<Self> {
        let binary = find_binary(binaries, function)?;
        let event = events.join(format!("{}.json", function.binary));
        let event = std::fs::read_to_string(&event)
            .with_context(|| format!("cannot read {}", event.display()))?;
        Self::build(function, binary, &event, photos, Scale::default()).await
    }

    /// Recommendations in a larger world, with what boutiques sell if there is any: by the function and, if there
    /// is a script, by that.
    ///
    /// # Errors
    /// When its binary or event is missing.
    pub(crate) async fn recommendations(
        function: &Function,
        binaries: &Path,
        events: &Path,
        photos: &Photos,
        scale: Scale,
        peer: Option<&Script>,
    ) -> Result<Vec<Self>> {
        let event = events.join(format!("{}.json", function.binary));
        let event = std::fs::read_to_string(&event)
            .with_context(|| format!("cannot read {}", event.display()))?;
        let mut title = format!("outfits of {}", scale.wardrobe);
        if scale.sold > 0 {
            title = format!("{title} + {}", scale.sold);
        }
        let expected = Expected::Outfits {
            count: 3,
            boutiques: scale.sold > 0,
        };
        let binary = find_binary(binaries, function)?;
        let mut ours = Self::build(function, binary, &event, photos, scale).await?;
        ours.name.clone_from(&title);
        ours.has_start_bar = false;
        ours.has_latency_bars = true;
        ours.expected = expected.clone();
        let mut cases = vec![ours];
        if let Some(script) = peer {
            let binary = script.path().to_owned();
            let mut theirs = Self::build(function, binary, &event, photos, scale).await?;
            theirs.name = format!("{title}, Python");
            theirs.has_start_bar = false;
            theirs.expected = expected;
            cases.push(theirs);
        }
        Ok(cases)
    }

    /// The Lambda that does nothing.
    ///
    /// # Errors
    /// When its binary is missing.
    pub(crate) async fn hello_world(binary: PathBuf, photos: &Photos) -> Result<Self> {
        let function = Function {
            logical_id: "HelloWorld".to_owned(),
            binary: "hello-world".to_owned(),
            variables: Vec::new(),
            is_job: false,
        };
        Self::build(&function, binary, "{}", photos, Scale::default()).await
    }

    async fn build(
        function: &Function,
        binary: PathBuf,
        event: &str,
        photos: &Photos,
        scale: Scale,
    ) -> Result<Self> {
        let name = &function.binary;
        let size = binary
            .metadata()
            .with_context(|| format!("there is no {}", binary.display()))?
            .len();
        let (world, tokens) = world::of(name, photos, scale).await?;
        let aws = Arc::new(FakeAws::new(world));
        let server = Server::start(aws.clone()).await?;
        let mut variables = vec![
            ("AWS_REGION".to_owned(), "us-east-1".to_owned()),
            (
                "AWS_ACCESS_KEY_ID".to_owned(),
                "AKIAIOSFODNN7EXAMPLE".to_owned(),
            ),
            ("AWS_SECRET_ACCESS_KEY".to_owned(), "bench".to_owned()),
            ("AWS_SESSION_TOKEN".to_owned(), "bench".to_owned()),
            (
                "AWS_ENDPOINT_URL".to_owned(),
                format!("http://{}", server.address()),
            ),
        ];
        for variable in &function.variables {
            let value = world::variable(variable, &server.address());
            variables.push((
                variable.clone(),
                value.with_context(|| format!("{name}: what is {variable}?"))?,
            ));
        }
        Ok(Self {
            name: name.clone(),
            binary,
            size,
            is_job: function.is_job,
            uses_dynamodb_only: function.uses_dynamodb_only(),
            has_start_bar: !function.is_job,
            has_latency_bars: false,
            variables,
            event: with_tokens(event, &tokens)?.into(),
            expected: Expected::of(name),
            aws,
            _server: server,
        })
    }

    /// What is wrong with a reply, if anything.
    pub(crate) fn fault(&self, reply: &[u8]) -> Option<String> {
        self.expected.fault(reply, self.aws.take_written().as_ref())
    }
}

/// Where `sam build` (by logical id), cargo-lambda (by name) or cargo (as a file) puts a binary.
fn find_binary(binaries: &Path, function: &Function) -> Result<PathBuf> {
    let places = [
        binaries.join(&function.logical_id).join("bootstrap"),
        binaries.join(&function.binary).join("bootstrap"),
        binaries.join(&function.binary),
    ];
    let found = places.iter().find(|place| place.is_file());
    found.cloned().with_context(|| {
        format!(
            "{} has not been built: there is no {}",
            function.binary,
            places[0].display()
        )
    })
}

/// The event with working tokens in the place of its examples.
fn with_tokens(event: &str, tokens: &Tokens) -> Result<String> {
    let mut event: Value = serde_json::from_str(event)?;
    let bearer = json!(format!("Bearer {}", tokens.access));
    if event["headers"]["authorization"].is_string() {
        event["headers"]["authorization"] = bearer.clone();
    }
    if event["identitySource"].is_array() {
        event["identitySource"] = json!([bearer]);
    }
    let body: Option<Value> = event["body"]
        .as_str()
        .and_then(|body| serde_json::from_str(body).ok());
    if let Some(mut body) = body.filter(|body| body["refresh_token"].is_string()) {
        body["refresh_token"] = json!(tokens.refresh);
        event["body"] = json!(body.to_string());
    }
    Ok(event.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_needs_its_status_and_its_body() {
        let expected = Expected::Answer(201, "/item/id");
        let reply =
            |status: u16, body: &str| json!({ "statusCode": status, "body": body }).to_string();
        assert_eq!(
            expected.fault(reply(201, r#"{"item":{"id":"a"}}"#).as_bytes(), None),
            None
        );
        let fault = expected
            .fault(reply(500, r#"{"code":"internal_error"}"#).as_bytes(), None)
            .unwrap();
        assert!(
            fault.contains("expected status 201, got 500") && fault.contains("internal_error"),
            "{fault}"
        );
        assert!(
            expected
                .fault(reply(201, r#"{"item":{}}"#).as_bytes(), None)
                .is_some()
        );
        assert!(expected.fault(b"<html>", None).is_some());
    }

    #[test]
    fn outfits_are_counted_and_boutiques_looked_for() {
        let piece = |owned: bool| json!({ "item_id": "a", "owned": owned });
        let reply = |owned: bool, count: usize| {
            let outfit = json!({ "pieces": [piece(true), piece(owned)] });
            let body = json!({ "recommendations": vec![outfit; count] });
            json!({ "statusCode": 200, "body": body.to_string() }).to_string()
        };
        let of = |boutiques| Expected::Outfits {
            count: 3,
            boutiques,
        };
        assert_eq!(of(true).fault(reply(false, 3).as_bytes(), None), None);
        assert_eq!(of(false).fault(reply(true, 3).as_bytes(), None), None);
        assert!(of(true).fault(reply(true, 3).as_bytes(), None).is_some());
        assert!(of(false).fault(reply(false, 3).as_bytes(), None).is_some());
        assert!(of(false).fault(reply(true, 2).as_bytes(), None).is_some());
    }

    #[test]
    fn a_job_needs_its_reply_and_its_row() {
        let expected = Expected::of("clean");
        let row = |status: &str| ("items".to_owned(), json!({ "status": { "S": status } }));
        assert_eq!(expected.fault(b"null", Some(&row("ready"))), None);
        assert!(
            expected
                .fault(b"null", Some(&row("failed")))
                .unwrap()
                .contains("failed")
        );
        assert!(expected.fault(b"null", None).is_some());
        assert!(expected.fault(b"{}", Some(&row("ready"))).is_some());
    }

    #[test]
    fn tokens_take_the_place_of_the_examples() {
        let tokens = Tokens {
            access: "good".to_owned(),
            refresh: "fresh".to_owned(),
        };
        let event = r#"{"headers":{"authorization":"Bearer example"},"body":"{\"refresh_token\":\"old\"}"}"#;
        let event: Value = serde_json::from_str(&with_tokens(event, &tokens).unwrap()).unwrap();
        assert_eq!(event["headers"]["authorization"], "Bearer good");
        assert_eq!(event["body"], r#"{"refresh_token":"fresh"}"#);
        assert_eq!(with_tokens("{}", &tokens).unwrap(), "{}");
    }
}
