//! What the job is told: the bucket's events and the queue's batches come through one door.

use aws_lambda_events::sqs::SqsEvent;
use drape_common::{
    batch::JobError,
    store::queue::{CleanItem, Message},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What the job is told.
#[derive(Debug)]
pub(crate) enum Event {
    /// Photos or masks have arrived.
    Uploaded(Vec<CleanItem>),
    /// Somebody asks.
    Asked(SqsEvent),
    /// S3 tries out a new notification.
    Nothing,
}

/// What the queue holds.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Ask {
    Item(CleanItem),
    /// An event of the bucket that failed, as Lambda put it into the dead-letter queue, from where somebody
    /// has moved it here.
    Failed {
        #[serde(rename = "requestPayload")]
        event: Notification,
    },
}
impl Message for Ask {}

impl Ask {
    pub(crate) fn items(&self) -> Vec<CleanItem> {
        match self {
            Self::Item(item) => vec![*item],
            Self::Failed { event } => event.items(),
        }
    }
}

/// The bucket's event.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Notification {
    #[serde(rename = "Records")]
    records: Vec<Notice>,
}

impl Notification {
    fn items(&self) -> Vec<CleanItem> {
        let keys = self
            .records
            .iter()
            .map(|notice| notice.s3.object.key.as_str());
        keys.filter_map(uploaded).collect()
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Notice {
    s3: Place,
}

#[derive(Debug, Serialize, Deserialize)]
struct Place {
    object: Object,
}

#[derive(Debug, Serialize, Deserialize)]
struct Object {
    key: String,
}

impl Event {
    pub(crate) fn read(event: Value) -> Result<Self, JobError> {
        let unreadable =
            |why: &dyn std::fmt::Display| JobError::Other(format!("unreadable event: {why}"));
        if event["Event"] == "s3:TestEvent" {
            return Ok(Self::Nothing);
        }
        match event["Records"][0]["eventSource"].as_str() {
            Some("aws:sqs") => serde_json::from_value(event)
                .map(Self::Asked)
                .map_err(|error| unreadable(&error)),
            Some("aws:s3") => {
                let read: Notification =
                    serde_json::from_value(event).map_err(|error| unreadable(&error))?;
                Ok(Self::Uploaded(read.items()))
            }
            source => Err(unreadable(&format_args!("source {source:?}"))),
        }
    }
}

/// The item of an uploaded photo or mask. Other objects are none of the job's business.
fn uploaded(encoded: &str) -> Option<CleanItem> {
    // Keys come encoded like form fields; `&` and `=` do not come bare.
    let (key, _) = form_urlencoded::parse(encoded.as_bytes()).next()?;
    let item = match *key.split('/').collect::<Vec<_>>() {
        ["uploads", "items", owner, item] => of(owner, item),
        ["uploads", "masks", owner, item, _] => of(owner, item),
        _ => None,
    };
    if item.is_none() {
        tracing::warn!(key = %key, "not an item's photo or mask");
    }
    item
}

fn of(owner: &str, item: &str) -> Option<CleanItem> {
    Some(CleanItem {
        owner_id: owner.parse().ok()?,
        item_id: item.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use drape_common::store::blob::keys;
    use drape_domain::{ItemId, UploadId, UserId};
    use serde_json::json;

    use super::*;

    fn photos(keys: &[&str]) -> Vec<CleanItem> {
        let records: Vec<_> = keys
            .iter()
            .map(|key| json!({"eventSource": "aws:s3", "s3": {"bucket": {"name": "b"}, "object": {"key": key}}}))
            .collect();
        match Event::read(json!({ "Records": records })) {
            Ok(Event::Uploaded(items)) => items,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_photo_s_or_mask_s_key_names_its_item_however_it_is_encoded() {
        let item = CleanItem {
            owner_id: UserId::new(),
            item_id: ItemId::new(),
        };
        let key = keys::item_upload(item.owner_id, item.item_id);
        let encoded = key.replace('/', "%2F").replace('-', "%2D");
        let mask = keys::item_mask(item.owner_id, item.item_id, UploadId::new());
        assert_eq!(photos(&[&key, &encoded, &mask]), [item; 3]);
    }

    #[test]
    fn other_objects_are_ignored() {
        let id = ItemId::new();
        let strange = [
            String::new(),
            "uploads/items/".to_owned(),
            format!("uploads/items/{id}"),
            format!("uploads/items/{id}/{id}/more"),
            format!("uploads/items/{id}/{id}+"),
            format!("uploads/body/{id}/{id}"),
            format!("uploads/masks/{id}/{id}"),
            format!("uploads/masks/{id}/{id}/{id}/more"),
            "uploads/items/%FF/%00".to_owned(),
        ];
        assert_eq!(photos(&strange.each_ref().map(String::as_str)), []);
    }

    #[test]
    fn a_trial_event_is_nothing_and_a_strange_one_an_error() {
        assert!(matches!(
            Event::read(json!({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b"})),
            Ok(Event::Nothing)
        ));
        for strange in [
            json!(null),
            json!({}),
            json!({"Records": []}),
            json!({"Records": [{"eventSource": "aws:sns"}]}),
        ] {
            assert!(Event::read(strange).is_err());
        }
    }
}
