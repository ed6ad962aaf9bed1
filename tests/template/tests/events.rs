//! Each file in `events/` is what its function is called with: read by the very types that the runtime uses.

use aws_lambda_events::{apigw::ApiGatewayV2CustomAuthorizerV2Request, s3::S3Event, sqs::SqsEvent};
use drape_template_tests::{
    Template,
    events::{self, Kind},
    names, repository_root, routes,
};
use lambda_http::{RequestExt, request::RequestContext};
use serde_json::Value;

fn each(wanted: Kind, check: impl Fn(&Template, &str, &str)) -> anyhow::Result<()> {
    let root = repository_root();
    let template = Template::of_the_project()?;
    let mut seen = 0;
    for file in names::event_files(&root)? {
        let found = events::kind(&template, &file);
        assert!(
            found.is_some(),
            "events/{file}.json: its function has no such event"
        );
        if found == Some(wanted) {
            check(
                &template,
                &file,
                &std::fs::read_to_string(root.join(format!("events/{file}.json")))?,
            );
            seen += 1;
        }
    }
    assert!(seen > 0, "no event of kind {wanted:?}");
    Ok(())
}

#[test]
fn http_events_are_requests_to_the_functions_own_route() -> anyhow::Result<()> {
    each(Kind::Http, |template, file, text| {
        let routes = routes::routes(template);
        let (route, _) = routes.iter().find(|(_, name)| **name == file).unwrap();
        let event: Value = serde_json::from_str(text).unwrap();
        let complaints = events::http(file, &event, route);
        assert!(complaints.is_empty(), "{}", complaints.join("\n"));

        let request = lambda_http::request::from_str(text)
            .unwrap_or_else(|error| panic!("events/{file}.json: {error}"));
        let RequestContext::ApiGatewayV2(context) = request.request_context() else {
            panic!("events/{file}.json: not payload 2.0");
        };
        assert_eq!(context.route_key.as_deref(), Some(route.as_str()));
        let caller = context
            .authorizer
            .and_then(|authorizer| authorizer.fields.get("user_id").cloned());
        assert_eq!(
            caller.is_some(),
            !routes::PUBLIC.contains(&route.as_str()),
            "events/{file}.json"
        );
    })
}

#[test]
fn the_authorizers_event_carries_a_bearer_token() -> anyhow::Result<()> {
    each(Kind::Authorizer, |_, file, text| {
        let request: ApiGatewayV2CustomAuthorizerV2Request = serde_json::from_str(text)
            .unwrap_or_else(|error| panic!("events/{file}.json: {error}"));
        let header = request
            .headers
            .get("authorization")
            .and_then(|value| value.to_str().ok())
            .unwrap();
        assert_eq!(
            header.strip_prefix("Bearer ").unwrap().split('.').count(),
            3
        );
        assert_eq!(request.identity_source.unwrap(), [header]);
    })
}

#[test]
fn s3_events_speak_of_an_object_that_the_notification_covers() -> anyhow::Result<()> {
    each(Kind::S3, |template, file, text| {
        let event: S3Event = serde_json::from_str(text)
            .unwrap_or_else(|error| panic!("events/{file}.json: {error}"));
        let function = template
            .functions()
            .find(|function| function.binary() == file)
            .unwrap();
        let prefixes: Vec<_> = function
            .events()
            .filter(|(_, kind, _)| *kind == "S3")
            .map(|(_, _, source)| {
                let prefix = &source["Filter"]["S3Key"]["Rules"][0]["Value"];
                prefix.as_str().unwrap()
            })
            .collect();
        assert_eq!(event.records.len(), 1);
        let key = event.records[0].s3.object.key.as_deref().unwrap();
        assert!(
            prefixes.iter().any(|prefix| key.starts_with(prefix)),
            "events/{file}.json: {key} is under none of {prefixes:?}"
        );
    })
}

#[test]
fn sqs_events_come_from_the_functions_queue_with_a_json_body() -> anyhow::Result<()> {
    each(Kind::Sqs, |template, file, text| {
        let event: SqsEvent = serde_json::from_str(text)
            .unwrap_or_else(|error| panic!("events/{file}.json: {error}"));
        let name = file.strip_suffix("-sqs").unwrap_or(file);
        assert!(
            template
                .functions()
                .any(|function| function.binary() == name)
        );
        assert_eq!(event.records.len(), 1);
        let record = &event.records[0];
        assert!(
            record
                .event_source_arn
                .as_deref()
                .unwrap()
                .ends_with(&format!("drape-local-{name}"))
        );
        let body: Value = serde_json::from_str(record.body.as_deref().unwrap()).unwrap();
        let is_plain = |value: &Value| value.is_string() || value.is_number();
        assert!(
            body.as_object()
                .is_some_and(|fields| fields.len() >= 2 && fields.values().all(is_plain))
        );
    })
}

#[test]
fn what_a_schedule_says_is_what_the_template_has_it_say() -> anyhow::Result<()> {
    each(Kind::Schedule, |template, file, text| {
        let function = template
            .functions()
            .find(|function| function.binary() == file)
            .unwrap();
        let event: Value = serde_json::from_str(text).unwrap();
        let mut inputs = function
            .events()
            .filter(|(_, kind, _)| *kind == "ScheduleV2")
            .map(|(_, _, source)| source["Input"].as_str().unwrap());
        assert!(inputs.all(|input| serde_json::from_str::<Value>(input).unwrap() == event));
    })
}
