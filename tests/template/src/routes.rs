//! The routes of the API: who may call them, how often, and what is logged about it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::{
    Complaint, Resource, Template,
    template::{entries, one_or_many, target, text},
};

/// What may be called without an access token.
pub const PUBLIC: [&str; 3] = [
    "POST /auth/login",
    "POST /auth/refresh",
    "POST /auth/signup",
];

/// What costs most to answer, or is worth most to guess at.
const TIGHT: [&str; 3] = ["POST /auth/login", "POST /auth/signup", "POST /tryon"];

/// The whole contract.
pub const CONTRACT: [&str; 22] = [
    "DELETE /items/{id}",
    "DELETE /tryon/{id}",
    "GET /items/{id}",
    "GET /me",
    "GET /recommendations",
    "GET /tryon",
    "GET /tryon/{id}/status",
    "GET /wardrobe",
    "PATCH /items/{id}",
    "PATCH /me",
    "POST /auth/login",
    "POST /auth/logout",
    "POST /auth/refresh",
    "POST /auth/signup",
    "POST /feedback/tryon/{id}",
    "POST /items",
    "POST /items/{id}/background-clean",
    "POST /items/{id}/restore-original",
    "POST /signals",
    "POST /tryon",
    "POST /uploads",
    "PUT /items/{id}/image-uploaded",
];

/// The routes of the template: key (`GET /me`) to the crate that answers.
#[must_use]
pub fn routes(template: &Template) -> BTreeMap<String, &str> {
    template
        .functions()
        .flat_map(|function| {
            function
                .events()
                .filter(|(_, kind, _)| *kind == "HttpApi")
                .map(move |(_, _, event)| (key(event), function.binary()))
        })
        .collect()
}

fn key(event: &Value) -> String {
    format!("{} {}", text(&event["Method"]), text(&event["Path"]))
}

fn apis(template: &Template) -> impl Iterator<Item = Resource<'_>> {
    template.of_type("AWS::Serverless::HttpApi")
}

/// The template routes what the contract lists, each to one function, on the one API.
#[must_use]
pub fn contract(template: &Template) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let mut taken = BTreeMap::new();
    for function in template.functions() {
        for (name, _, event) in function.events().filter(|(_, kind, _)| *kind == "HttpApi") {
            let route = key(event);
            if target(&event["ApiId"])
                .is_none_or(|id| template.find("AWS::Serverless::HttpApi", id).is_none())
            {
                complaints.push(format!(
                    "{}.Events.{name}: set ApiId: !Ref Api",
                    function.id
                ));
            }
            if let Some(other) = taken.insert(route.clone(), function.id) {
                complaints.push(format!(
                    "{}.Events.{name}: {route} already goes to {other}",
                    function.id
                ));
            }
        }
    }
    let found: BTreeSet<&str> = taken.keys().map(String::as_str).collect();
    let wanted = BTreeSet::from(CONTRACT);
    complaints.extend(
        wanted
            .difference(&found)
            .map(|route| format!("{route}: no function answers it; add an HttpApi event")),
    );
    complaints.extend(
        found
            .difference(&wanted)
            .map(|route| format!("{route}: is not in the contract")),
    );
    complaints
}

/// Every route asks the authorizer, but for the three that make or renew a token.
#[must_use]
pub fn authorization(template: &Template) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for api in apis(template) {
        let auth = &api.properties()["Auth"];
        let default = auth["DefaultAuthorizer"].as_str().unwrap_or_default();
        let authorizer = &auth["Authorizers"][default];
        if authorizer.is_null() {
            complaints.push(format!(
                "{}: set Auth.DefaultAuthorizer to one of its Authorizers",
                api.id
            ));
            continue;
        }
        if authorizer["AuthorizerPayloadFormatVersion"] != "2.0"
            || authorizer["EnableSimpleResponses"] != true
        {
            complaints.push(format!(
                "{}: {default} needs payload format 2.0 and simple responses",
                api.id
            ));
        }
        let identity = &authorizer["Identity"];
        if one_or_many(&identity["Headers"]) != ["Authorization"] {
            complaints.push(format!(
                "{}: {default} is cached by Identity.Headers; make them [Authorization]",
                api.id
            ));
        }
        // A revoked session may live on for as long as the answer is cached.
        if identity["ReauthorizeEvery"]
            .as_u64()
            .is_none_or(|seconds| seconds == 0 || seconds > 60)
        {
            complaints.push(format!(
                "{}: {default} needs ReauthorizeEvery between 1 and 60",
                api.id
            ));
        }
    }
    for function in template.functions() {
        for (name, _, event) in function.events().filter(|(_, kind, _)| *kind == "HttpApi") {
            let open = event["Auth"]["Authorizer"] == "NONE";
            let public = PUBLIC.contains(&key(event).as_str());
            if open && !public {
                complaints.push(format!(
                    "{}.Events.{name}: is open to everybody; drop Auth",
                    function.id
                ));
            }
            if !open && public {
                complaints.push(format!(
                    "{}.Events.{name}: nobody has a token yet; set Auth: {{ Authorizer: NONE }}",
                    function.id
                ));
            }
            if !open && !event["Auth"].is_null() {
                complaints.push(format!(
                    "{}.Events.{name}: leave Auth to the default authorizer",
                    function.id
                ));
            }
        }
    }
    complaints
}

/// All routes are throttled, and the dear ones more than the rest.
#[must_use]
pub fn throttling(template: &Template) -> Vec<Complaint> {
    let known = routes(template);
    let mut complaints = Vec::new();
    for api in apis(template) {
        let default = limits(&api.properties()["DefaultRouteSettings"]);
        if default.is_none() {
            complaints.push(format!(
                "{}: DefaultRouteSettings needs ThrottlingRateLimit and ThrottlingBurstLimit",
                api.id
            ));
        }
        let settings = &api.properties()["RouteSettings"];
        for route in TIGHT {
            let tighter = match (limits(&settings[route]), default) {
                (Some((rate, burst)), Some((most, most_burst))) => {
                    rate < most && burst < most_burst
                }
                _ => false,
            };
            if !tighter {
                complaints.push(format!(
                    "{}: RouteSettings needs tighter limits for {route} than the default",
                    api.id
                ));
            }
        }
        for (route, _) in entries(settings).filter(|(route, _)| !known.contains_key(*route)) {
            complaints.push(format!(
                "{}: RouteSettings names {route}, which is no route",
                api.id
            ));
        }
    }
    complaints
}

fn limits(settings: &Value) -> Option<(f64, f64)> {
    Some((
        settings["ThrottlingRateLimit"].as_f64()?,
        settings["ThrottlingBurstLimit"].as_f64()?,
    ))
}

/// A browser may send and see the headers of the contract.
#[must_use]
pub fn cors(template: &Template) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for api in apis(template) {
        let cors = &api.properties()["CorsConfiguration"];
        for (list, names) in [
            (
                "AllowHeaders",
                &[
                    "Authorization",
                    "Content-Type",
                    "Idempotency-Key",
                    "If-Match",
                    "Prefer",
                ][..],
            ),
            (
                "ExposeHeaders",
                &["ETag", "Location", "Preference-Applied", "Retry-After"],
            ),
            ("AllowMethods", &["GET", "POST", "PUT", "PATCH", "DELETE"]),
        ] {
            for name in names
                .iter()
                .filter(|name| !one_or_many(&cors[list]).iter().any(|found| found == **name))
            {
                complaints.push(format!(
                    "{}: add {name} to CorsConfiguration.{list}",
                    api.id
                ));
            }
        }
        if target(&cors["AllowOrigins"]) != Some("AllowedOrigins") {
            complaints.push(format!(
                "{}: set CorsConfiguration.AllowOrigins: !Ref AllowedOrigins",
                api.id
            ));
        }
    }
    complaints
}

/// There is an access log, and it says nothing about who called.
#[must_use]
pub fn access_log(template: &Template) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for api in apis(template) {
        let format = text(&api.properties()["AccessLogSettings"]["Format"]);
        if !format.contains("$context.requestId") || !format.contains("$context.status") {
            complaints.push(format!(
                "{}: AccessLogSettings.Format needs at least requestId and status",
                api.id
            ));
        }
        for personal in [
            "$context.identity",
            "$context.path",
            "user_id",
            "session_id",
            "$context.authorizer.claims",
        ] {
            if format.contains(personal) {
                complaints.push(format!(
                    "{}: {personal} in the access log is personal data; drop it",
                    api.id
                ));
            }
        }
    }
    complaints
}

/// No function of the API runs longer than API Gateway waits.
#[must_use]
pub fn answer_in_time(template: &Template) -> Vec<Complaint> {
    template
        .functions()
        .filter(|function| function.has_event("HttpApi") && function.timeout() >= 30)
        .map(|function| {
            format!(
                "{}: API Gateway gives up after 30 s; set a Timeout below",
                function.id
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      Auth:
        DefaultAuthorizer: Token
        Authorizers:
          Token:
            AuthorizerPayloadFormatVersion: "2.0"
            EnableSimpleResponses: true
            Identity: { Headers: [Authorization], ReauthorizeEvery: 60 }
      CorsConfiguration:
        AllowOrigins: !Ref AllowedOrigins
        AllowMethods: [GET, POST, PUT, PATCH, DELETE]
        AllowHeaders: [Authorization, Content-Type, Idempotency-Key, If-Match, Prefer]
        ExposeHeaders: [ETag, Location, Preference-Applied, Retry-After]
      DefaultRouteSettings: { ThrottlingRateLimit: 50, ThrottlingBurstLimit: 100 }
      RouteSettings:
        POST /auth/signup: { ThrottlingRateLimit: 5, ThrottlingBurstLimit: 10 }
        POST /auth/login: { ThrottlingRateLimit: 5, ThrottlingBurstLimit: 10 }
        POST /tryon: { ThrottlingRateLimit: 5, ThrottlingBurstLimit: 10 }
      AccessLogSettings: { Format: '{"id":"$context.requestId","status":"$context.status"}' }
  Signup:
    Type: AWS::Serverless::Function
    Properties: { Events: { Call: { Type: HttpApi, Properties: { ApiId: !Ref Api, Method: POST, Path: /auth/signup, Auth: { Authorizer: NONE } } } } }
  Login:
    Type: AWS::Serverless::Function
    Properties: { Events: { Call: { Type: HttpApi, Properties: { ApiId: !Ref Api, Method: POST, Path: /auth/login, Auth: { Authorizer: NONE } } } } }
  TryOn:
    Type: AWS::Serverless::Function
    Properties: { Timeout: 29, Events: { Call: { Type: HttpApi, Properties: { ApiId: !Ref Api, Method: POST, Path: /tryon } } } }
"#;

    fn spoiled(good: &str, bad: &str) -> Vec<Complaint> {
        assert!(GOOD.contains(good), "{good}");
        let template = Template::parse(&GOOD.replace(good, bad)).unwrap();
        [authorization, throttling, cors, access_log, answer_in_time]
            .iter()
            .flat_map(|lint| lint(&template))
            .collect()
    }

    #[test]
    fn a_good_template_passes() {
        assert_eq!(spoiled("Api", "Api"), Vec::<Complaint>::new());
    }

    #[test]
    fn each_careless_route_is_found() {
        for (good, bad, named) in [
            (
                "DefaultAuthorizer: Token",
                "DefaultAuthorizer: None",
                "Api: set Auth.DefaultAuthorizer",
            ),
            (
                "EnableSimpleResponses: true",
                "EnableSimpleResponses: false",
                "simple responses",
            ),
            (
                "Headers: [Authorization]",
                "Headers: [Cookie]",
                "Identity.Headers",
            ),
            (
                "ReauthorizeEvery: 60",
                "ReauthorizeEvery: 3600",
                "ReauthorizeEvery",
            ),
            (
                "Path: /tryon }",
                "Path: /tryon, Auth: { Authorizer: NONE } }",
                "TryOn.Events.Call: is open to everybody",
            ),
            (
                "/auth/login, Auth: { Authorizer: NONE }",
                "/auth/login",
                "Login.Events.Call: nobody has a token yet",
            ),
            (
                "Path: /tryon }",
                "Path: /tryon, Auth: { Authorizer: Other } }",
                "leave Auth to the default",
            ),
            (
                "{ ThrottlingRateLimit: 50, ThrottlingBurstLimit: 100 }",
                "{}",
                "Api: DefaultRouteSettings",
            ),
            (
                "POST /tryon: { ThrottlingRateLimit: 5",
                "POST /tryon: { ThrottlingRateLimit: 50",
                "limits for POST /tryon",
            ),
            (
                "        POST /tryon:",
                "        POST /try-on:",
                "POST /try-on, which is no route",
            ),
            (
                "If-Match, ",
                "",
                "add If-Match to CorsConfiguration.AllowHeaders",
            ),
            (
                "AllowOrigins: !Ref AllowedOrigins",
                "AllowOrigins: ['*']",
                "AllowOrigins",
            ),
            (
                "$context.status",
                "$context.identity.sourceIp",
                "personal data",
            ),
            ("Timeout: 29", "Timeout: 30", "TryOn: API Gateway gives up"),
        ] {
            let complaints = spoiled(good, bad);
            assert!(
                complaints.iter().any(|complaint| complaint.contains(named)),
                "{bad}: {complaints:?}"
            );
        }
    }

    #[test]
    fn routes_missing_from_the_contract_doubled_or_beside_it_are_found() {
        let complaints = contract(
            &Template::parse(&GOOD.replace("Path: /auth/login", "Path: /auth/signup")).unwrap(),
        );
        assert!(
            complaints
                .iter()
                .any(|complaint| complaint.contains("POST /auth/signup already goes to"))
        );
        assert!(
            complaints
                .iter()
                .any(|complaint| complaint.starts_with("GET /me: no function answers it"))
        );
        let complaints = contract(
            &Template::parse(&GOOD.replace("Path: /auth/login", "Path: /auth/in")).unwrap(),
        );
        assert!(complaints.contains(&"POST /auth/in: is not in the contract".to_owned()));
        let complaints = contract(
            &Template::parse(&GOOD.replace(
                "ApiId: !Ref Api, Method: POST, Path: /tryon",
                "Method: POST, Path: /tryon",
            ))
            .unwrap(),
        );
        assert!(complaints.contains(&"TryOn.Events.Call: set ApiId: !Ref Api".to_owned()));
    }
}
