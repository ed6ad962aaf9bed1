//! A signed-in person with a phone: calls with their token, uploads, waits.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{Call, Photo, Stack};

/// How long a photo or a try-on may take when many are under way on a small machine.
const PATIENCE: Duration = Duration::from_secs(300);
/// Between two looks.
const POLL: Duration = Duration::from_millis(700);

/// Somebody with an account and a valid access token.
#[derive(Debug, Clone)]
pub struct Person {
    stack: Stack,
    /// The account's id.
    pub id: String,
    /// What they sign in with.
    pub email: String,
    /// What they sign in with.
    pub password: String,
    /// For the `Authorization` header.
    pub access_token: String,
    /// Works once.
    pub refresh_token: String,
}

/// An item whose photo has been sent.
#[derive(Debug, Clone)]
pub struct Uploaded {
    /// The item's id.
    pub id: String,
    /// The presigned upload that was used.
    pub upload: Value,
}

fn text(value: &Value) -> Result<String> {
    Ok(value.as_str().context("not a text")?.to_owned())
}

impl Person {
    pub(crate) fn from_answer(
        stack: Stack,
        email: &str,
        password: &str,
        answer: &Value,
    ) -> Result<Self> {
        Ok(Self {
            stack,
            id: text(&answer["user"]["id"])?,
            email: email.to_owned(),
            password: password.to_owned(),
            access_token: text(&answer["access_token"])?,
            refresh_token: text(&answer["refresh_token"])?,
        })
    }

    /// A request with this person's token.
    pub fn call(&self, method: Method, path: &str) -> Call {
        let call = self.stack.call(method, path);
        call.header("authorization", &format!("Bearer {}", self.access_token))
    }

    /// `GET`.
    pub fn get(&self, path: &str) -> Call {
        self.call(Method::GET, path)
    }

    /// `POST` with a JSON body.
    pub fn post(&self, path: &str, body: &Value) -> Call {
        self.call(Method::POST, path).json(body)
    }

    /// `PATCH` with a JSON body.
    pub fn patch(&self, path: &str, body: &Value) -> Call {
        self.call(Method::PATCH, path).json(body)
    }

    /// `PUT` without a body.
    pub fn put(&self, path: &str) -> Call {
        self.call(Method::PUT, path)
    }

    /// `DELETE`.
    pub fn delete(&self, path: &str) -> Call {
        self.call(Method::DELETE, path)
    }

    /// Makes an item for a photo, with further fields of the request from `fields`. The photo is not sent.
    ///
    /// # Errors
    /// When the API refuses.
    pub async fn create_item(&self, photo: &Photo, fields: &Value) -> Result<Value> {
        let mut body = json!({
            "content_type": photo.content_type,
            "content_length": photo.bytes.len(),
        });
        let members = body.as_object_mut().context("no object")?;
        if let Some(fields) = fields.as_object() {
            members.extend(fields.clone());
        }
        self.post("/items", &body).expect(201).await
    }

    /// Sends a photo as a presigned upload says, and answers S3's status.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn send_photo(&self, upload: &Value, photo: &Photo) -> Result<u16> {
        self.stack.send_photo(upload, photo).await
    }

    /// Makes an item and sends its photo.
    ///
    /// # Errors
    /// When either is refused.
    pub async fn upload_item(&self, photo: &Photo, fields: &Value) -> Result<Uploaded> {
        let created = self.create_item(photo, fields).await?;
        let upload = created["upload"].clone();
        let status = self.send_photo(&upload, photo).await?;
        ensure!(status == 200, "S3 answered {status}");
        Ok(Uploaded {
            id: text(&created["item"]["id"])?,
            upload,
        })
    }

    /// The item, once its photo has been worked on, well or badly.
    ///
    /// # Errors
    /// When that takes longer than five minutes.
    pub async fn settled(&self, id: &str) -> Result<Value> {
        let path = format!("/items/{id}");
        self.wait_for(&path, "item", &["ready", "failed"]).await
    }

    /// The item, ready.
    ///
    /// # Errors
    /// When its photo cannot be used, or it takes too long.
    pub async fn ready(&self, id: &str) -> Result<Value> {
        let item = self.settled(id).await?;
        ensure!(item["status"] == "ready", "the item failed: {item}");
        Ok(item)
    }

    /// Makes an item, sends its photo and waits until it is ready.
    ///
    /// # Errors
    /// When anything of that fails.
    pub async fn add_item(&self, photo: &Photo, fields: &Value) -> Result<Value> {
        let uploaded = self.upload_item(photo, fields).await?;
        self.ready(&uploaded.id).await
    }

    /// Uploads a body photo and answers its `s3://` URL.
    ///
    /// # Errors
    /// When that is refused.
    pub async fn upload_body(&self, photo: &Photo) -> Result<String> {
        let body = json!({
            "purpose": "body_photo",
            "content_type": photo.content_type,
            "content_length": photo.bytes.len(),
        });
        let made = self.post("/uploads", &body).expect(201).await?;
        let status = self.send_photo(&made["upload"], photo).await?;
        ensure!(status == 200, "S3 answered {status}");
        text(&made["s3"])
    }

    /// The try-on, once nothing more will happen to it.
    ///
    /// # Errors
    /// When that takes longer than five minutes.
    pub async fn finished(&self, id: &str) -> Result<Value> {
        let path = format!("/tryon/{id}/status");
        self.wait_for(&path, "tryon", &["done", "failed"]).await
    }

    async fn wait_for(&self, path: &str, member: &str, statuses: &[&str]) -> Result<Value> {
        let started = Instant::now();
        loop {
            let answer = self.get(path).expect(200).await?;
            let record = &answer[member];
            let status = record["status"].as_str().unwrap_or_default();
            if statuses.contains(&status) {
                return Ok(record.clone());
            }
            if started.elapsed() > PATIENCE {
                bail!("still {status} after {} s: {record}", PATIENCE.as_secs());
            }
            tokio::time::sleep(POLL).await;
        }
    }
}
