//! Requests, patience and the token.

use std::time::{Duration, Instant};

use reqwest::{Client, Method, RequestBuilder, Response, header::RETRY_AFTER};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::Mutex;
use uuid::Uuid;

use super::{
    Advice, CreatedItem, CreatedUpload, Item, ItemAnswer, Session, Trouble, TryOn, TryOnAnswer,
    Upload, Wardrobe,
};
use crate::photos::ImageType;

/// How often a request is sent, when what hinders it may pass.
const TRIES: u32 = 5;
/// The first pause between two; each further one is twice as long.
const PAUSE: Duration = Duration::from_millis(400);
/// A token is renewed this long before it ends.
const MARGIN: Duration = Duration::from_secs(60);
/// No single answer takes longer.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Somebody with an account.
#[derive(Debug)]
pub(crate) struct Api {
    http: Client,
    base: String,
    token: Mutex<Token>,
}

/// What an account is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Shopper,
    Boutique,
}

impl Role {
    const fn word(self) -> &'static str {
        match self {
            Self::Shopper => "user",
            Self::Boutique => "boutique",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Shopper => "Demo",
            Self::Boutique => "Demo Boutique",
        }
    }
}

#[derive(Debug)]
struct Token {
    session: Session,
    ends: Instant,
}

impl Token {
    fn new(session: Session) -> Self {
        let lifetime = Duration::from_secs(session.expires_in);
        Self {
            session,
            ends: Instant::now() + lifetime,
        }
    }
}

impl Api {
    /// A new account of this kind at the API with this base URL.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(crate) async fn sign_up(base: &str, role: Role) -> Result<Self, Trouble> {
        // Fails only if there is one already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = Client::builder().timeout(TIMEOUT).build();
        let http = http.map_err(|error| Trouble::Local(format!("no HTTP client: {error}")))?;
        let base = base.trim_end_matches('/').to_owned();
        let body = json!({
            "email": format!("demo-{}@example.com", Uuid::now_v7()),
            "password": Uuid::new_v4().to_string(),
            "name": role.name(),
            "role": role.word(),
        });
        let asked = "POST /auth/signup";
        let request = || http.post(format!("{base}/auth/signup")).json(&body);
        let answer = patiently(asked, request).await;
        let answer = answer.map_err(|trouble| trouble.at_the_door(&base))?;
        let session = read(asked, &base, answer).await?;
        Ok(Self {
            http,
            base,
            token: Mutex::new(Token::new(session)),
        })
    }

    /// Makes an item for a photo of this type and length in bytes, sold for so much (kobo) if it is for sale.
    pub(crate) async fn create_item(
        &self,
        kind: ImageType,
        length: usize,
        price: Option<u64>,
    ) -> Result<CreatedItem, Trouble> {
        let mut body = json!({ "content_type": kind.media_type(), "content_length": length });
        if let Some(amount) = price {
            body["price"] = json!({ "amount": amount, "currency": "NGN" });
        }
        self.post("/items", &body).await
    }

    /// Sends a photo to where the API said.
    pub(crate) async fn send_photo(
        &self,
        upload: &Upload,
        kind: ImageType,
        content: &[u8],
    ) -> Result<(), Trouble> {
        let request = || {
            let mut request = self.http.put(&upload.url).body(content.to_vec());
            // The client counts the length by itself.
            let signed = upload.headers.iter();
            for (name, value) in
                signed.filter(|(name, _)| !["content-length", "host"].contains(&name.as_str()))
            {
                request = request.header(name, value);
            }
            if upload.headers.contains_key("content-type") {
                request
            } else {
                request.header("content-type", kind.media_type())
            }
        };
        patiently("PUT of the photo", request).await.map(drop)
    }

    /// Says that the photo has been sent.
    pub(crate) async fn photo_sent(&self, item: &str) -> Result<(), Trouble> {
        let path = format!("/items/{item}/image-uploaded");
        let _: Value = self.call(Method::PUT, &path, |request| request).await?;
        Ok(())
    }

    /// An item as it is now.
    pub(crate) async fn item(&self, item: &str) -> Result<Item, Trouble> {
        let path = format!("/items/{item}");
        let answer: ItemAnswer = self.call(Method::GET, &path, |request| request).await?;
        Ok(answer.item)
    }

    /// Asks for a new cutout, mended by what `edit` says.
    pub(crate) async fn clean(&self, item: &str, edit: &Value) -> Result<(), Trouble> {
        let path = format!("/items/{item}/background-clean");
        let _: Value = self.post(&path, edit).await?;
        Ok(())
    }

    /// Asks for the photo as it was taken.
    pub(crate) async fn restore(&self, item: &str) -> Result<(), Trouble> {
        let path = format!("/items/{item}/restore-original");
        let _: Value = self.call(Method::POST, &path, |request| request).await?;
        Ok(())
    }

    /// A page of the wardrobe, newest first.
    pub(crate) async fn wardrobe(&self, cursor: Option<&str>) -> Result<Wardrobe, Trouble> {
        self.call(Method::GET, "/wardrobe", |request| {
            let request = request.query(&[("limit", "100")]);
            match cursor {
                Some(cursor) => request.query(&[("cursor", cursor)]),
                None => request,
            }
        })
        .await
    }

    /// Asks where to send a photo of a body.
    pub(crate) async fn create_body_upload(
        &self,
        kind: ImageType,
        length: usize,
    ) -> Result<CreatedUpload, Trouble> {
        let body = json!({
            "purpose": "body_photo",
            "content_type": kind.media_type(),
            "content_length": length,
        });
        self.post("/uploads", &body).await
    }

    /// What to wear at this temperature (°C) and under this sky.
    pub(crate) async fn recommend(
        &self,
        temp_c: i32,
        condition: &str,
        include_boutiques: bool,
    ) -> Result<Advice, Trouble> {
        let (temp_c, boutiques) = (temp_c.to_string(), include_boutiques.to_string());
        let query = [
            ("temp_c", temp_c.as_str()),
            ("condition", condition),
            ("include_boutiques", boutiques.as_str()),
        ];
        self.call(Method::GET, "/recommendations", |request| {
            request.query(&query)
        })
        .await
    }

    /// Asks to see items on a body, also turned to either side, without waiting for it.
    pub(crate) async fn try_on(&self, body: &str, items: &[String]) -> Result<TryOn, Trouble> {
        let body = json!({
            "target_image_s3": body,
            "items": items,
            "prefer_clean_item_images": true,
            "view_options": { "rotate": true },
        });
        let key = Uuid::new_v4().to_string();
        let answer: TryOnAnswer = self
            .call(Method::POST, "/tryon", |request| {
                let request = request.header("idempotency-key", &key);
                request.header("prefer", "respond-async").json(&body)
            })
            .await?;
        Ok(answer.tryon)
    }

    /// How far a try-on is.
    pub(crate) async fn try_on_status(&self, id: &str) -> Result<TryOn, Trouble> {
        let path = format!("/tryon/{id}/status");
        let answer: TryOnAnswer = self.call(Method::GET, &path, |request| request).await?;
        Ok(answer.tryon)
    }

    /// What a link leads to.
    pub(crate) async fn follow(&self, link: &str) -> Result<Vec<u8>, Trouble> {
        let answer = patiently("GET of a picture", || self.http.get(link)).await?;
        let content = answer.bytes().await;
        let content = content.map_err(|error| Trouble::unreachable(link, &error))?;
        Ok(content.to_vec())
    }

    /// A write that, sent twice, is done once.
    async fn post<T: DeserializeOwned>(&self, path: &str, body: &Value) -> Result<T, Trouble> {
        let key = Uuid::new_v4().to_string();
        self.call(Method::POST, path, |request| {
            request.header("idempotency-key", &key).json(body)
        })
        .await
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        with: impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<T, Trouble> {
        let token = self.token().await?;
        let (asked, url) = (format!("{method} {path}"), format!("{}{path}", self.base));
        let request = || with(self.http.request(method.clone(), &url).bearer_auth(&token));
        read(&asked, &self.base, patiently(&asked, request).await?).await
    }

    /// A token that is good for a while yet: a large wardrobe outlives the first one.
    async fn token(&self) -> Result<String, Trouble> {
        let mut token = self.token.lock().await;
        if token.ends < Instant::now() + MARGIN {
            let asked = "POST /auth/refresh";
            let body = json!({ "refresh_token": token.session.refresh_token });
            // Once only: a refresh token that is used twice ends the session.
            let request = self
                .http
                .post(format!("{}/auth/refresh", self.base))
                .json(&body);
            let session = read(asked, &self.base, send(asked, request).await?).await?;
            *token = Token::new(session);
        }
        Ok(token.session.access_token.clone())
    }
}

/// Sends the request, again if what hinders it may pass.
async fn patiently(asked: &str, request: impl Fn() -> RequestBuilder) -> Result<Response, Trouble> {
    let mut pause = PAUSE;
    for _ in 1..TRIES {
        match send(asked, request()).await {
            Err(trouble) if trouble.passes() => {
                let asked_for = match trouble {
                    Trouble::Refused { retry_after, .. } => retry_after,
                    _ => None,
                };
                tokio::time::sleep(asked_for.map_or(pause, Duration::from_secs)).await;
                pause *= 2;
            }
            result => return result,
        }
    }
    send(asked, request()).await
}

/// Sends the request once. Any answer but a success is an error.
async fn send(asked: &str, request: RequestBuilder) -> Result<Response, Trouble> {
    let (client, request) = request.build_split();
    let request = request.map_err(|error| Trouble::Local(format!("{asked}: {error}")))?;
    let url = request.url().to_string();
    let answer = client.execute(request).await;
    let answer = answer.map_err(|error| Trouble::unreachable(&url, &error))?;
    let status = answer.status();
    if status.is_success() {
        return Ok(answer);
    }
    let retry_after = answer.headers().get(RETRY_AFTER);
    let retry_after = retry_after.and_then(|value| value.to_str().ok()?.parse().ok());
    let text = answer.text().await.unwrap_or_default();
    Err(Trouble::refused(asked, status.as_u16(), retry_after, &text))
}

async fn read<T: DeserializeOwned>(
    asked: &str,
    base: &str,
    answer: Response,
) -> Result<T, Trouble> {
    answer.json().await.map_err(|error| Trouble::Unreadable {
        asked: asked.to_owned(),
        url: base.to_owned(),
        reason: error.to_string(),
    })
}

#[cfg(test)]
mod tests;
