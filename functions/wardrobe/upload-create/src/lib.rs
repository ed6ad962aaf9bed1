//! `POST /uploads`: presigns the upload of a body photo.
//!
//! Nothing is recorded: the photo's place names its owner, and `POST /tryon` takes that place.

use drape_common::{
    http::{Endpoint, Outcome, Request, body, caller, idempotency_key, json, reserve},
    store::{
        Create, Get,
        blob::{PresignPut, keys},
        tables::Reservation,
    },
    typed::ContentLength,
    views::UPLOAD_LIFETIME,
};
use drape_domain::{
    Timestamp, UploadId,
    item::{ImageType, Upload},
};
use serde::{Deserialize, Serialize};

/// What the photo is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To try garments on.
    BodyPhoto,
}

/// The photo to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateUpload {
    /// What it is for.
    pub purpose: Purpose,
    /// Its media type.
    pub content_type: ImageType,
    /// Its exact length in bytes.
    pub content_length: ContentLength,
}

/// What presigns uploads.
#[derive(Debug)]
pub struct UploadCreate<R, P> {
    /// Used idempotency keys.
    pub reservations: R,
    /// Photos as sent.
    pub uploads: P,
    /// The bucket of `uploads`.
    pub bucket: String,
}

impl<R, P> Endpoint for UploadCreate<R, P>
where
    R: Create<Reservation> + Get<Reservation> + 'static,
    P: PresignPut + 'static,
{
    async fn handle(&self, request: Request) -> Outcome {
        let user = caller(&request)?.user_id;
        let key = idempotency_key(&request)?;
        let input: CreateUpload = body(&request)?;
        let planned = UploadId::new();
        let reserved = reserve(
            &self.reservations,
            user,
            "upload-create",
            key.as_ref(),
            &input,
            planned,
            Timestamp::now_utc(),
        )
        .await?;
        let Purpose::BodyPhoto = input.purpose;
        let place = keys::body_upload(user, reserved.id);
        let photo = Upload {
            content_type: input.content_type,
            content_length: input.content_length.get(),
        };
        let upload = self
            .uploads
            .presign_put(&place, photo, UPLOAD_LIFETIME)
            .await?;
        let s3 = format!("s3://{}/{place}", self.bucket);
        json(201, &serde_json::json!({ "upload": upload, "s3": s3 }))
    }
}

#[cfg(test)]
mod tests {
    use drape_common::{
        store::memory::{MemoryBucket, MemoryTable},
        testing::{TestRequest, request},
    };
    use drape_domain::UserId;
    use serde_json::{Value, json};

    use super::*;

    fn app() -> UploadCreate<MemoryTable<Reservation>, MemoryBucket> {
        UploadCreate {
            reservations: MemoryTable::default(),
            uploads: MemoryBucket::default(),
            bucket: "photos".into(),
        }
    }

    fn post(user: UserId, name: &str, value: Value) -> TestRequest {
        let mut body =
            json!({"purpose": "body_photo", "content_type": "image/png", "content_length": 7});
        body[name] = value;
        request().by(user).json(&body)
    }

    #[tokio::test]
    async fn a_body_photo_has_its_place_under_its_owner() {
        let (app, user) = (app(), UserId::new());
        let answer = post(user, "content_length", json!(9)).send(&app).await;
        let place = answer.body["s3"]
            .as_str()
            .unwrap()
            .strip_prefix("s3://photos/")
            .unwrap();
        assert_eq!(answer.status, 201);
        assert!(place.starts_with(&keys::body_uploads(user)));
        let upload = &answer.body["upload"];
        assert!(upload["url"].as_str().unwrap().contains(place));
        assert_eq!(
            (&upload["method"], &upload["headers"]["content-length"]),
            (&"PUT".into(), &"9".into())
        );
    }

    #[tokio::test]
    async fn the_same_key_gets_the_same_place_and_another_body_is_refused() {
        let (app, user) = (app(), UserId::new());
        let send = |length: u64| {
            post(user, "content_length", json!(length))
                .header("idempotency-key", "k")
                .send(&app)
        };
        let (a, b) = tokio::join!(send(9), send(9));
        assert_eq!((a.status, &a.body["s3"]), (201, &b.body["s3"]));
        assert_eq!(send(10).await.code(), "idempotency_key_reused");
    }

    #[tokio::test]
    async fn bad_input_names_its_field() {
        let (app, user) = (app(), UserId::new());
        for (field, value) in [
            ("purpose", json!("avatar")),
            ("content_type", json!("image/heic")),
            ("content_length", json!(0)),
            ("content_length", json!(15 * 1024 * 1024 + 1)),
            ("user_id", json!(user.to_string())),
        ] {
            let answer = post(user, field, value.clone()).send(&app).await;
            assert_eq!(
                (answer.status, answer.fields()),
                (422, vec![field]),
                "{field}: {value}"
            );
        }
        assert_eq!(request().by(user).send(&app).await.fields(), ["purpose"]);
        assert_eq!(request().send(&app).await.status, 401);
    }
}
