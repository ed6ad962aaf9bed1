//! Requests as the gateway sends them, and answers as a client sees them, for tests of endpoints.

use std::collections::HashMap;

use drape_domain::{
    Background, Category, Color, Item, Pattern, Rgb, Role, SessionId, Text, Timestamp, User,
    UserId,
    item::{Cleaned, EmbeddingRef, ImageKeys, ImageType, Inferred, Processed, Typed, Upload},
};
use lambda_http::{
    Body, Request, RequestExt,
    aws_lambda_events::apigw::{ApiGatewayRequestAuthorizer, ApiGatewayV2httpRequestContext},
    http::{HeaderMap, HeaderName},
    request::RequestContext,
};
use serde_json::Value;

use crate::{
    http::{Endpoint, Outcome},
    keyring::LoadKeys,
    store::{StoreError, blob::keys},
    tokens::TokenKeys,
};

/// A request under construction.
#[derive(Debug, Default)]
pub struct TestRequest {
    body: Option<String>,
    user: Option<(UserId, SessionId)>,
    is_boutique: bool,
    path_id: Option<String>,
    query: HashMap<String, String>,
    headers: HeaderMap,
    source_ip: Option<String>,
}

/// An answer, read.
#[derive(Debug)]
pub struct TestAnswer {
    /// HTTP status.
    pub status: u16,
    /// HTTP headers.
    pub headers: HeaderMap,
    /// The JSON body; null if there is none.
    pub body: Value,
}

impl TestAnswer {
    /// The problem's `code`; empty if the answer is not a problem.
    #[must_use]
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// The fields that a 422 names.
    #[must_use]
    pub fn fields(&self) -> Vec<&str> {
        let errors = self.body["errors"].as_array();
        errors
            .map(|errors| {
                errors
                    .iter()
                    .filter_map(|error| error["field"].as_str())
                    .collect()
            })
            .unwrap_or_default()
    }
}

/// A request without token, body or parameters.
#[must_use]
pub fn request() -> TestRequest {
    TestRequest::default()
}

// Ids and numbers are small and copied; a `&` at every call would only be noise.
#[allow(clippy::needless_pass_by_value)]
impl TestRequest {
    /// With a verified token of this user.
    #[must_use]
    pub fn by(self, user: UserId) -> Self {
        self.by_session(user, SessionId::new())
    }

    /// With a verified token of this user's sign-in.
    #[must_use]
    pub fn by_session(mut self, user: UserId, session: SessionId) -> Self {
        self.user = Some((user, session));
        self
    }

    /// As a boutique.
    #[must_use]
    pub fn as_boutique(mut self) -> Self {
        self.is_boutique = true;
        self
    }

    /// With a JSON body.
    #[must_use]
    pub fn json(mut self, body: &Value) -> Self {
        self.body = Some(body.to_string());
        self
    }

    /// With this text as body.
    #[must_use]
    pub fn text(mut self, body: &str) -> Self {
        self.body = Some(body.to_owned());
        self
    }

    /// With `{id}` of the path.
    #[must_use]
    pub fn id(mut self, id: impl ToString) -> Self {
        self.path_id = Some(id.to_string());
        self
    }

    /// With a query parameter.
    #[must_use]
    pub fn query(mut self, name: &str, value: impl ToString) -> Self {
        self.query.insert(name.to_owned(), value.to_string());
        self
    }

    /// With a header; ignored if it cannot be one.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = value.parse() {
            self.headers.insert(HeaderName::from_static(name), value);
        }
        self
    }

    /// From this address.
    #[must_use]
    pub fn from_ip(mut self, address: &str) -> Self {
        self.source_ip = Some(address.to_owned());
        self
    }

    /// The request as a handler gets it.
    #[must_use]
    pub fn build(self) -> Request {
        let mut context = ApiGatewayV2httpRequestContext::default();
        context.request_id = Some("test-request".to_owned());
        context.http.source_ip = Some(self.source_ip.unwrap_or_else(|| "192.0.2.1".to_owned()));
        if let Some((user, session)) = self.user {
            let role = if self.is_boutique { "boutique" } else { "user" };
            let mut authorizer = ApiGatewayRequestAuthorizer::default();
            authorizer.fields = HashMap::from([
                ("user_id".to_owned(), user.to_string().into()),
                ("session_id".to_owned(), session.to_string().into()),
                ("role".to_owned(), role.into()),
            ]);
            context.authorizer = Some(authorizer);
        }
        let mut request = Request::new(self.body.map_or(Body::Empty, Body::Text))
            .with_request_context(RequestContext::ApiGatewayV2(context))
            .with_query_string_parameters(self.query);
        if let Some(id) = self.path_id {
            request = request.with_path_parameters(HashMap::from([("id".to_owned(), id)]));
        }
        request.headers_mut().extend(self.headers);
        request
    }

    /// Sends the request to an endpoint.
    pub async fn send(self, endpoint: &impl Endpoint) -> TestAnswer {
        read(endpoint.handle(self.build()).await)
    }
}

/// The answer as a client sees it.
#[must_use]
pub fn read(outcome: Outcome) -> TestAnswer {
    let response = outcome.unwrap_or_else(|problem| problem.into_response("test-request"));
    let (parts, body) = response.into_parts();
    let body = match body {
        Body::Text(text) => serde_json::from_str(&text).unwrap_or(Value::String(text)),
        _ => Value::Null,
    };
    TestAnswer {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body,
    }
}

/// Signing keys of a deployment called `test`.
#[derive(Debug)]
pub struct TestKeys;

impl LoadKeys for TestKeys {
    async fn load_keys(&self) -> Result<TokenKeys, StoreError> {
        Ok(TokenKeys::new(&["k".repeat(32)], "test"))
    }
}

/// A person without tastes.
#[must_use]
#[expect(clippy::unwrap_used, reason = "the name fits")]
pub fn new_user() -> User {
    let name = Text::try_from("Shopper").unwrap();
    User::new(
        "shopper@example.com".into(),
        name,
        Role::User,
        Timestamp::UNIX_EPOCH,
    )
}

/// An item whose photo has not arrived, and of which nothing was typed.
#[must_use]
pub fn new_item(owner: UserId) -> Item {
    let upload = Upload {
        content_type: ImageType::Jpeg,
        content_length: 5,
    };
    Item::new(
        owner,
        Typed::default(),
        Background::Clean,
        upload,
        Timestamp::UNIX_EPOCH,
    )
}

/// A navy shirt, cut out from the photo whose eTag is `photo`.
#[must_use]
pub fn ready_item(owner: UserId) -> Item {
    let mut item = new_item(owner);
    let key = |file| Some(keys::item_image(owner, item.item_id, file));
    let cleaned = Cleaned {
        images: ImageKeys {
            original: key(keys::ORIGINAL),
            clean: key(keys::CLEAN),
            flat: None,
            thumb: key(keys::THUMB),
        },
        inferred: Inferred {
            category: Category::Shirt,
            confidence: 0.9,
            candidates: Vec::new(),
            cutout_confidence: None,
            colors: vec![Color {
                name: "navy".into(),
                hex: Rgb([28, 36, 72]),
                share: 1.0,
            }],
            pattern: Pattern::Solid,
        },
        embedding: EmbeddingRef {
            model: "test".into(),
            dim: 2,
            updated_at: Timestamp::UNIX_EPOCH,
        },
        duplicate_of: None,
    };
    let done = Processed {
        source_etag: "photo".into(),
        seq: 0,
    };
    item.photo_arrived("photo", Timestamp::UNIX_EPOCH);
    item.finish_clean(done, cleaned, Timestamp::UNIX_EPOCH);
    item
}
