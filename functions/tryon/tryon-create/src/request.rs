//! What a client sends, in types that hold only what makes sense.

use std::collections::HashSet;

use drape_common::{http::Problem, store::blob::keys};
use drape_domain::{
    ItemId, RecommendationId, UploadId, UserId,
    tryon::{MAX_TRYON_ITEMS, ViewOptions},
};
use serde::{Deserialize, Serialize};

/// The body of `POST /tryon`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTryOn {
    /// If given, the caller.
    #[serde(default)]
    pub(crate) user_id: Option<UserId>,
    /// The body photo, as `POST /uploads` named it.
    pub(crate) target_image_s3: S3Url,
    /// What to put on.
    pub(crate) items: Garments,
    /// Use cutouts where there are any.
    #[serde(default = "yes")]
    pub(crate) prefer_clean_item_images: bool,
    /// What the person wants to be able to do with the picture.
    #[serde(default)]
    pub(crate) view_options: ViewOptions,
    /// The shown outfit that the items are of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) recommendation_id: Option<RecommendationId>,
}

const fn yes() -> bool {
    true
}

/// `s3://bucket/key`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct S3Url {
    bucket: String,
    key: String,
}

impl TryFrom<String> for S3Url {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, &'static str> {
        text.strip_prefix("s3://")
            .and_then(|rest| rest.split_once('/'))
            .filter(|(bucket, key)| !bucket.is_empty() && !key.is_empty())
            .map(|(bucket, key)| Self {
                bucket: bucket.to_owned(),
                key: key.to_owned(),
            })
            .ok_or("must be the s3:// URL that POST /uploads answered")
    }
}

impl From<S3Url> for String {
    fn from(url: S3Url) -> Self {
        format!("s3://{}/{}", url.bucket, url.key)
    }
}

impl S3Url {
    /// The key of the photo, which must be one of this person's.
    ///
    /// # Errors
    /// 422 for another bucket. 404 `photo_not_found` for a key that is not one of this person's photos:
    /// whether it is somebody else's is not told.
    pub(crate) fn body_photo_of(&self, user: UserId, bucket: &str) -> Result<String, Problem> {
        if self.bucket != bucket {
            return Err(Problem::invalid_field(
                "target_image_s3",
                "must be the s3:// URL that POST /uploads answered",
            ));
        }
        self.key
            .strip_prefix(&keys::body_uploads(user))
            .and_then(|upload| upload.parse::<UploadId>().ok())
            .map(|upload| keys::body_upload(user, upload))
            .filter(|key| *key == self.key)
            .ok_or_else(photo_not_found)
    }
}

/// 404 for a photo, whether it does not exist or is somebody else's.
pub(crate) fn photo_not_found() -> Problem {
    Problem::not_found(
        "photo_not_found",
        "There is no such photo of yours. Upload it first with POST /uploads.",
    )
}

/// One to six different items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<ItemId>", into = "Vec<ItemId>")]
pub(crate) struct Garments(Vec<ItemId>);

impl Garments {
    /// In the client's order.
    pub(crate) fn ids(&self) -> &[ItemId] {
        &self.0
    }
}

impl TryFrom<Vec<ItemId>> for Garments {
    type Error = String;
    fn try_from(items: Vec<ItemId>) -> Result<Self, String> {
        if !(1..=MAX_TRYON_ITEMS).contains(&items.len()) {
            return Err(format!("must hold 1 to {MAX_TRYON_ITEMS} items"));
        }
        if items.iter().collect::<HashSet<_>>().len() < items.len() {
            return Err("must not hold an item twice".to_owned());
        }
        Ok(Self(items))
    }
}

impl From<Garments> for Vec<ItemId> {
    fn from(garments: Garments) -> Self {
        garments.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Result<S3Url, &'static str> {
        S3Url::try_from(text.to_owned())
    }

    #[test]
    fn only_an_s3_url_is_one() {
        for text in [
            "",
            "s3://",
            "s3://bucket",
            "s3://bucket/",
            "s3:///key",
            "https://bucket.s3.amazonaws.com/key",
            "S3://bucket/key",
        ] {
            assert!(url(text).is_err(), "{text}");
        }
        let good = url("s3://bucket/a/b").unwrap();
        assert_eq!(String::from(good), "s3://bucket/a/b");
    }

    #[test]
    fn only_the_persons_own_photos_are_theirs() {
        let (me, upload) = (UserId::new(), UploadId::new());
        let mine = keys::body_upload(me, upload);
        let key = |key: &str| url(&format!("s3://uploads/{key}")).unwrap();
        assert_eq!(key(&mine).body_photo_of(me, "uploads").unwrap(), mine);
        for other in [
            keys::body_upload(UserId::new(), upload),
            keys::body_uploads(me) + "x",
            keys::body_uploads(me) + "../" + &upload.to_string(),
            mine.clone() + "/x",
            mine.replace(&upload.to_string(), &upload.to_string().to_uppercase()),
            keys::item_upload(me, ItemId::new()),
        ] {
            let problem = key(&other).body_photo_of(me, "uploads").unwrap_err();
            assert_eq!(problem.code(), "photo_not_found", "{other}");
        }
    }

    #[test]
    fn a_photo_in_another_bucket_is_refused() {
        let me = UserId::new();
        let key = keys::body_upload(me, UploadId::new());
        let problem = url(&format!("s3://elsewhere/{key}"))
            .unwrap()
            .body_photo_of(me, "uploads")
            .unwrap_err();
        assert_eq!(problem.status(), 422);
        assert_eq!(problem.errors()[0].field, "target_image_s3");
    }
}
