//! The payloads in `events/`: each is for a route or a source that its function really has.

use serde_json::Value;

use crate::{Complaint, Template, routes::PUBLIC};

/// What a function is called with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An HTTP API request, payload 2.0.
    Http,
    /// An HTTP API authorizer request, payload 2.0.
    Authorizer,
    /// Object events of S3.
    S3,
    /// A batch from SQS.
    Sqs,
    /// What a schedule says.
    Schedule,
}

/// What the event file of this name (`clean-sqs`) has to hold, by the events that the template declares for
/// its function. A function with several sources has its queue's payload in `<crate>-sqs.json`. None where
/// the function has no such event.
#[must_use]
pub fn kind(template: &Template, file: &str) -> Option<Kind> {
    let (name, of_queue) = file
        .strip_suffix("-sqs")
        .map_or((file, false), |name| (name, true));
    let function = template
        .functions()
        .find(|function| function.binary() == name)?;
    if of_queue {
        return function.has_event("SQS").then_some(Kind::Sqs);
    }
    let by_source = [
        ("HttpApi", Kind::Http),
        ("S3", Kind::S3),
        ("ScheduleV2", Kind::Schedule),
        ("SQS", Kind::Sqs),
    ];
    match by_source
        .iter()
        .find(|(source, _)| function.has_event(source))
    {
        Some((_, kind)) => Some(*kind),
        // Only API Gateway's authorizer is called by no event of its own.
        None => function
            .events()
            .next()
            .is_none()
            .then_some(Kind::Authorizer),
    }
}

/// An HTTP event names the function's own route in every place that names one, carries a caller exactly
/// where the route asks for one, and its body is JSON.
#[must_use]
pub fn http(file: &str, event: &Value, route: &str) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let mut must = |holds: bool, fix: String| {
        if !holds {
            complaints.push(format!("events/{file}.json: {fix}"));
        }
    };
    let context = &event["requestContext"];
    must(event["version"] == "2.0", "set version: 2.0".into());
    must(event["routeKey"] == route, format!("set routeKey: {route}"));
    must(
        context["routeKey"] == route,
        format!("set requestContext.routeKey: {route}"),
    );
    let path = fill_in(route, &event["pathParameters"]);
    must(
        event["rawPath"] == path.as_str() && context["http"]["path"] == path.as_str(),
        format!(
            "rawPath and requestContext.http.path must be the route filled in with pathParameters: {path}"
        ),
    );
    must(
        context["http"]["method"]
            .as_str()
            .is_some_and(|method| route.starts_with(&format!("{method} "))),
        "requestContext.http.method must be the route's".into(),
    );
    let caller = &context["authorizer"]["lambda"];
    if PUBLIC.contains(&route) {
        must(
            context["authorizer"].is_null(),
            "a public route has no authorizer context".into(),
        );
    } else {
        for field in ["user_id", "session_id", "role"] {
            must(
                caller[field].is_string(),
                format!("set requestContext.authorizer.lambda.{field}"),
            );
        }
    }
    if let Some(body) = event["body"].as_str() {
        must(
            serde_json::from_str::<Value>(body).is_ok(),
            "body is not JSON".into(),
        );
        let length = body.len().to_string();
        must(
            event["headers"]["content-length"] == length.as_str(),
            format!("set content-length: {length}"),
        );
    }
    complaints
}

fn fill_in(route: &str, parameters: &Value) -> String {
    let path = route.split_once(' ').map_or(route, |(_, path)| path);
    let segments: Vec<&str> = path
        .split('/')
        .map(|segment| {
            match segment
                .strip_prefix('{')
                .and_then(|name| name.strip_suffix('}'))
            {
                Some(name) => parameters[name].as_str().unwrap_or(segment),
                None => segment,
            }
        })
        .collect();
    segments.join("/")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn good() -> Value {
        json!({
            "version": "2.0", "routeKey": "PATCH /items/{id}", "rawPath": "/items/7", "pathParameters": { "id": "7" },
            "headers": { "content-length": "2" },
            "requestContext": {
                "routeKey": "PATCH /items/{id}", "http": { "method": "PATCH", "path": "/items/7" },
                "authorizer": { "lambda": { "user_id": "u", "session_id": "s", "role": "user" } },
            },
            "body": "{}",
        })
    }

    fn complaints(spoil: impl Fn(&mut Value)) -> Vec<Complaint> {
        let mut event = good();
        spoil(&mut event);
        http("item-update", &event, "PATCH /items/{id}")
    }

    #[test]
    fn a_good_event_passes() {
        assert_eq!(complaints(|_| {}), Vec::<Complaint>::new());
    }

    #[test]
    fn each_wrong_place_is_found() {
        for (place, value, named) in [
            ("/version", json!("1.0"), "version"),
            ("/routeKey", json!("GET /items/{id}"), "set routeKey"),
            (
                "/requestContext/routeKey",
                json!("GET /me"),
                "requestContext.routeKey",
            ),
            ("/rawPath", json!("/items/8"), "rawPath"),
            ("/requestContext/http/method", json!("GET"), "http.method"),
            (
                "/requestContext/authorizer/lambda",
                json!({ "role": "user", "session_id": "s" }),
                "user_id",
            ),
            ("/body", json!("{ "), "not JSON"),
            ("/headers", json!({}), "content-length"),
        ] {
            let complaints = complaints(|event| *event.pointer_mut(place).unwrap() = value.clone());
            assert!(
                complaints.len() == 1 && complaints[0].contains(named),
                "{place}: {complaints:?}"
            );
        }
    }

    #[test]
    fn a_caller_on_a_public_route_is_found() {
        let complaints = http("auth-login", &good(), "POST /auth/login");
        assert!(
            complaints
                .iter()
                .any(|complaint| complaint.contains("public route")),
            "{complaints:?}"
        );
    }

    #[test]
    fn the_kind_follows_the_events_of_the_function() {
        let text = "
Resources:
  Clean:
    Type: AWS::Serverless::Function
    Metadata: { BuildProperties: { Binary: clean } }
    Properties: { Events: { Photo: { Type: S3, Properties: {} }, Ask: { Type: SQS, Properties: {} } } }
  Daily:
    Type: AWS::Serverless::Function
    Metadata: { BuildProperties: { Binary: daily } }
    Properties: { Events: { Time: { Type: ScheduleV2, Properties: {} }, Ask: { Type: SQS, Properties: {} } } }
  Gate:
    Type: AWS::Serverless::Function
    Metadata: { BuildProperties: { Binary: gate } }
    Properties: {}
";
        let template = Template::parse(text).unwrap();
        let kinds = ["clean", "clean-sqs", "daily", "gate", "gate-sqs", "other"]
            .map(|file| kind(&template, file));
        assert_eq!(
            kinds,
            [
                Some(Kind::S3),
                Some(Kind::Sqs),
                Some(Kind::Schedule),
                Some(Kind::Authorizer),
                None,
                None
            ]
        );
    }
}
