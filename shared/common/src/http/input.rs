//! What a client sent, parsed once into types.

use std::str::FromStr;

use lambda_http::{Body, Request, RequestExt, http::header};
use serde::de::{DeserializeOwned, IgnoredAny};

use super::{FieldError, Problem};

/// More than nearly any request needs; photos never pass through here.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// The JSON body as a `T`. Request types say `deny_unknown_fields`.
///
/// # Errors
/// 400 for what is not JSON, 413 when it is too large, 422 naming the field that does not fit.
pub fn body<T: DeserializeOwned>(request: &Request) -> Result<T, Problem> {
    body_within(request, MAX_BODY_BYTES)
}

/// The JSON body as a `T`, for a request that may need more than others: at most `limit` bytes.
///
/// # Errors
/// As [`body`].
pub fn body_within<T: DeserializeOwned>(request: &Request, limit: usize) -> Result<T, Problem> {
    let bytes: &[u8] = match request.body() {
        Body::Text(text) => text.as_bytes(),
        Body::Binary(bytes) => bytes,
        _ => &[],
    };
    if bytes.len() > limit {
        return Err(Problem::new(
            lambda_http::http::StatusCode::PAYLOAD_TOO_LARGE,
            "body_too_large",
            format!("The body must have at most {limit} bytes."),
        ));
    }
    // An absent body reads as an empty object, so that what is missing is named.
    parse(if bytes.iter().all(u8::is_ascii_whitespace) {
        b"{}"
    } else {
        bytes
    })
}

/// The JSON in a text field of a request, such as a parameter of the query, as a `T`.
///
/// # Errors
/// 422 naming the place in the field that does not fit.
pub fn json_in<T: DeserializeOwned>(field: &str, text: &str) -> Result<T, Problem> {
    parse(text.as_bytes()).map_err(|problem| {
        if problem.errors().is_empty() {
            return Problem::invalid_field(field, "is not valid JSON");
        }
        let errors = problem.errors().iter().map(|error| FieldError {
            field: match error.field.as_str() {
                "body" | "." => field.to_owned(),
                inner => format!("{field}.{inner}"),
            },
            message: error.message.clone(),
        });
        Problem::invalid(errors.collect())
    })
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let inner = error.inner();
        // For a null or number in place of a word, serde_json says the same as for text that is not JSON.
        let is_json = serde_json::from_slice::<IgnoredAny>(bytes).is_ok();
        if inner.is_data() {
            Problem::invalid(vec![field_error(
                &error.path().to_string(),
                &inner.to_string(),
            )])
        } else if is_json {
            Problem::invalid_field(error.path().to_string(), "is of the wrong type")
        } else {
            Problem::bad_request(
                "invalid_json",
                format!(
                    "The body is not valid JSON: {}.",
                    without_place(&inner.to_string())
                ),
            )
        }
    })?;
    reader.end().map_err(|_| {
        Problem::bad_request("invalid_json", "The body has text after its JSON value.")
    })?;
    Ok(value)
}

/// The query string as a `T`. Request types say `deny_unknown_fields`.
///
/// # Errors
/// 422 naming the parameter that does not fit.
pub fn query<T: DeserializeOwned>(request: &Request) -> Result<T, Problem> {
    let parameters = request.query_string_parameters_ref();
    let pairs: Vec<(&str, &str)> = parameters
        .map(|map| map.iter().collect())
        .unwrap_or_default();
    let text = serde_urlencoded::to_string(pairs).map_err(Problem::internal)?;
    let reader = serde_urlencoded::Deserializer::new(form_pairs(&text));
    serde_path_to_error::deserialize(reader).map_err(|error| {
        Problem::invalid(vec![field_error(
            &error.path().to_string(),
            &error.inner().to_string(),
        )])
    })
}

fn form_pairs(text: &str) -> form_urlencoded::Parse<'_> {
    form_urlencoded::parse(text.as_bytes())
}

/// serde says "unknown field `x`, expected …" about the object that holds the field, so the field is taken
/// from the words.
fn field_error(path: &str, message: &str) -> FieldError {
    let message = without_place(message);
    let named = ["unknown field `", "missing field `"]
        .iter()
        .find_map(|start| message.strip_prefix(start))
        .and_then(|rest| rest.split('`').next());
    let field = match (path, named) {
        ("." | "" | "?", Some(name)) => name.to_owned(),
        (path, Some(name)) if !path.ends_with(name) => format!("{path}.{name}"),
        ("." | "" | "?", None) => "body".to_owned(),
        (path, _) => path.to_owned(),
    };
    FieldError { field, message }
}

/// serde_json's messages end with " at line 1 column 9", which helps nobody who reads the field's name.
fn without_place(message: &str) -> String {
    message
        .split(" at line ")
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// An id from the path.
///
/// # Errors
/// `not_found` for what cannot be an id: an id that does not parse belongs to nothing.
pub fn path_id<T: FromStr>(request: &Request, not_found: fn() -> Problem) -> Result<T, Problem> {
    let parameters = request.path_parameters_ref();
    parameters
        .and_then(|map| map.first("id"))
        .and_then(|id| id.parse().ok())
        .ok_or_else(not_found)
}

/// What `If-Match` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfMatch {
    /// No header, or `*`.
    Any,
    /// This revision.
    Revision(u64),
    /// Something that is not an etag of ours, and so matches nothing.
    Nothing,
}

impl IfMatch {
    /// Whether a record with this revision may be changed.
    ///
    /// # Errors
    /// 412 `etag_mismatch` if not.
    pub fn check(self, revision: u64) -> Result<(), Problem> {
        match self {
            Self::Any => Ok(()),
            Self::Revision(wanted) if wanted == revision => Ok(()),
            _ => Err(Problem::etag_mismatch()),
        }
    }
}

/// Reads `If-Match`: an etag with or without quotes.
#[must_use]
pub fn if_match(request: &Request) -> IfMatch {
    let Some(value) = request.headers().get(header::IF_MATCH) else {
        return IfMatch::Any;
    };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return IfMatch::Any;
    }
    text.trim_matches('"')
        .parse()
        .map_or(IfMatch::Nothing, IfMatch::Revision)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Input {
        name: drape_domain::Text<5>,
        #[serde(default)]
        price: Option<drape_domain::Money>,
    }

    fn parse(text: &str) -> Result<Input, Problem> {
        body(&Request::new(Body::from(text)))
    }

    fn field(text: &str) -> FieldError {
        parse(text).unwrap_err().errors()[0].clone()
    }

    #[test]
    fn good_input_is_parsed() {
        assert_eq!(parse(r#"{"name":"Shop"}"#).unwrap().name.as_str(), "Shop");
    }

    #[test]
    fn the_field_at_fault_is_named() {
        assert_eq!(field(r#"{"name":"Shopper"}"#).field, "name");
        assert_eq!(
            field(r#"{"name":"Shopper"}"#).message,
            "must have at most 5 characters"
        );
        assert_eq!(field(r#"{"name":"Shop","nick":"A"}"#).field, "nick");
        assert_eq!(field("").field, "name");
        for wrong in ["null", "5"] {
            let price = format!(r#"{{"name":"Shop","price":{{"amount":1,"currency":{wrong}}}}}"#);
            assert_eq!(field(&price).field, "price.currency");
        }
        assert_eq!(
            field(r#"{"name":"Shop","price":{"amount":1,"currency":"XXX"}}"#).field,
            "price.currency"
        );
    }

    #[test]
    fn what_is_not_json_is_said_to_be_so() {
        for text in ["{", "nonsense", r#"{"name":"Shop"} extra"#] {
            assert_eq!(parse(text).unwrap_err().code(), "invalid_json", "{text}");
        }
    }

    #[test]
    fn a_large_body_is_refused() {
        let text = format!(r#"{{"name":"{}"}}"#, "x".repeat(MAX_BODY_BYTES));
        assert_eq!(parse(&text).unwrap_err().status(), 413);
    }

    #[test]
    fn query_parameters_are_parsed_and_named() {
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Query {
            temp_c: Option<f32>,
        }
        let request = |name: &str, value: &str| {
            let map = std::collections::HashMap::from([(name.to_owned(), value.to_owned())]);
            Request::new(Body::Empty).with_query_string_parameters(map)
        };
        assert_eq!(
            query::<Query>(&request("temp_c", "-3.5")).unwrap().temp_c,
            Some(-3.5)
        );
        assert_eq!(
            query::<Query>(&request("temp_c", "warm"))
                .unwrap_err()
                .errors()[0]
                .field,
            "temp_c"
        );
        assert_eq!(
            query::<Query>(&request("tmp", "1")).unwrap_err().errors()[0].field,
            "tmp"
        );
    }

    #[test]
    fn json_in_a_field_is_parsed_and_its_places_are_named() {
        let read = |text: &str| json_in::<Input>("context", text);
        assert_eq!(read(r#"{"name":"Shop"}"#).unwrap().name.as_str(), "Shop");
        for (text, field) in [
            ("{", "context"),
            (r#"{"name":"Shop"} x"#, "context"),
            ("[]", "context"),
            ("{}", "context.name"),
            (r#"{"name":"Shop","nick":"A"}"#, "context.nick"),
            (
                r#"{"name":"Shop","price":{"amount":-1,"currency":"NGN"}}"#,
                "context.price",
            ),
        ] {
            let problem = read(text).unwrap_err();
            assert_eq!(problem.status(), 422);
            assert_eq!(problem.errors()[0].field, field, "{text}");
        }
    }

    #[test]
    fn etags_are_read_with_and_without_quotes() {
        let read = |value: Option<&str>| {
            let mut request = Request::new(Body::Empty);
            if let Some(value) = value {
                request
                    .headers_mut()
                    .insert("if-match", value.parse().unwrap());
            }
            if_match(&request)
        };
        assert_eq!(read(None), IfMatch::Any);
        assert_eq!(read(Some("\"7\"")), IfMatch::Revision(7));
        assert_eq!(read(Some("7")), IfMatch::Revision(7));
        assert_eq!(read(Some("abc")), IfMatch::Nothing);
        assert!(IfMatch::Revision(7).check(8).is_err());
    }
}
