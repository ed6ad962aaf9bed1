//! DynamoDB, S3, SQS and Secrets Manager as far as the functions call them, answering at once from a
//! prepared world. Rows that are put are remembered until the reply has been checked and forgotten then, so that
//! each reply is to the same question.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use hyper::{Method, StatusCode, header::HeaderValue};
use serde_json::{Map, Value, json};

use crate::{
    http::{Answer, Handler, Request, answer},
    world::{Object, World},
};

/// DynamoDB ends a page of a query after so many bytes.
const PAGE: usize = 1 << 20;

/// The services with their world.
#[derive(Debug)]
pub(crate) struct FakeAws {
    world: World,
    /// Table and row of every PutItem since the last reply.
    written: Mutex<Vec<(String, Value)>>,
    /// Answers of queries, which are always the same: making those of large wardrobes takes longer than the
    /// functions do.
    queried: Mutex<HashMap<String, Bytes>>,
}

impl FakeAws {
    pub(crate) fn new(world: World) -> Self {
        Self {
            world,
            written: Mutex::new(Vec::new()),
            queried: Mutex::default(),
        }
    }

    /// The latest row that was put into a table. It and all before it are forgotten by this.
    pub(crate) fn take_written(&self) -> Option<(String, Value)> {
        std::mem::take(&mut *self.written()).pop()
    }

    fn written(&self) -> MutexGuard<'_, Vec<(String, Value)>> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The answer of a JSON service: DynamoDB, SQS or Secrets Manager.
    fn call(&self, target: &str, input: &Value) -> Answer {
        let (service, operation) = target.split_once('.').unwrap_or_default();
        let output = match (service, operation) {
            ("DynamoDB_20120810", "Query") => return json_answer(self.queried(input)),
            ("DynamoDB_20120810", operation) => self.dynamodb(operation, input),
            ("AmazonSQS", "SendMessage") => {
                json!({ "MessageId": "5fea7756-0ea4-451a-a703-a558b933e274", "MD5OfMessageBody": "" })
            }
            ("AmazonSQS", "ChangeMessageVisibility") => json!({}),
            ("secretsmanager", "GetSecretValue") if input["VersionStage"] == "AWSPREVIOUS" => {
                return refuse(
                    &json!({ "__type": "ResourceNotFoundException", "Message": "There is no such version." }),
                );
            }
            ("secretsmanager", "GetSecretValue") => {
                let secret = json!({ "secret": self.world.secret }).to_string();
                json!({ "Name": input["SecretId"], "SecretString": secret, "VersionStages": ["AWSCURRENT"] })
            }
            _ => {
                return refuse(
                    &json!({ "__type": "UnknownOperationException", "message": target }),
                );
            }
        };
        json_answer(output.to_string())
    }

    /// The answer of a query, which is made once.
    fn queried(&self, input: &Value) -> Bytes {
        let mut known = self.queried.lock().unwrap_or_else(PoisonError::into_inner);
        let made = known
            .entry(input.to_string())
            .or_insert_with(|| self.query(input).to_string().into());
        made.clone()
    }

    /// The rows that have all values of the query, page by page.
    fn query(&self, input: &Value) -> Value {
        let table = input["TableName"].as_str().unwrap_or_default();
        let values = input["ExpressionAttributeValues"].as_object();
        let wanted: Vec<_> = values.into_iter().flat_map(Map::values).collect();
        let number = |value: &Value| -> Option<usize> { value.as_str()?.parse().ok() };
        let start = number(&input["ExclusiveStartKey"]["at"]["N"]).unwrap_or(0);
        let limit = input["Limit"].as_u64().map_or(usize::MAX, |limit| {
            usize::try_from(limit).unwrap_or(usize::MAX)
        });
        let rows = self
            .world
            .rows
            .iter()
            .enumerate()
            .filter(|(_, (known, row))| {
                known == table
                    && row
                        .as_object()
                        .is_some_and(|row| row.values().any(|value| wanted.contains(&value)))
            });
        let (mut found, mut bytes, mut next) = (Vec::new(), 0, None);
        for (at, (_, row)) in rows.filter(|(at, _)| *at >= start).take(limit) {
            if bytes > PAGE {
                next = Some(json!({ "at": { "N": at.to_string() } }));
                break;
            }
            let row = match input["IndexName"].as_str() {
                Some("by_revision") => json!({
                    "owner_id": row["owner_id"], "item_id": row["item_id"], "revision": row["revision"],
                }),
                _ => row.clone(),
            };
            bytes += row.to_string().len();
            found.push(row);
        }
        let mut answer = json!({ "Count": found.len(), "Items": found });
        if let Some(next) = next {
            answer["LastEvaluatedKey"] = next;
        }
        answer
    }

    fn dynamodb(&self, operation: &str, input: &Value) -> Value {
        let table = input["TableName"].as_str().unwrap_or_default();
        match operation {
            "GetItem" => match self.find(table, &input["Key"]) {
                Some(row) => json!({ "Item": row }),
                None => json!({}),
            },
            "BatchGetItem" => {
                let mut found = Map::new();
                for (table, wanted) in input["RequestItems"].as_object().into_iter().flatten() {
                    let keys = wanted["Keys"].as_array().into_iter().flatten();
                    let rows: Vec<_> = keys.filter_map(|key| self.find(table, key)).collect();
                    found.insert(table.clone(), json!(rows));
                }
                json!({ "Responses": found, "UnprocessedKeys": {} })
            }
            "PutItem" => {
                let row = (table.to_owned(), input["Item"].clone());
                self.written().push(row);
                json!({})
            }
            // The only update there is counts attempts: this is always the first one.
            "UpdateItem" => json!({ "Attributes": { "attempts": { "N": "1" } } }),
            // DeleteItem and TransactWriteItems.
            _ => json!({}),
        }
    }

    /// The row as it was put last, or as it was in the beginning.
    fn find(&self, table: &str, key: &Value) -> Option<Value> {
        let key = key.as_object()?;
        let is_it = |(known, row): &&(String, Value)| {
            known == table && key.iter().all(|(name, value)| &row[name] == value)
        };
        let written = self.written();
        let found = written.iter().rev().find(is_it);
        found
            .or_else(|| self.world.rows.iter().find(is_it))
            .map(|(_, row)| row.clone())
            .or_else(|| self.world.shelf.as_ref()?.row(table, key))
    }

    /// The answer of S3, path style.
    fn object(&self, method: &Method, path: &str, query: &str, range: Option<&str>) -> Answer {
        let place = path.trim_start_matches('/');
        match place.split_once('/') {
            None | Some((_, "")) if method == Method::GET => {
                return self.list(place.trim_end_matches('/'), query);
            }
            _ => {}
        }
        match (method, self.world.objects.get(place)) {
            (&Method::PUT, _) => {
                let mut answer = answer(StatusCode::OK, Bytes::new());
                let etag = HeaderValue::from_static("\"9b2cf535f27731c974343645a3985328\"");
                answer.headers_mut().insert("etag", etag);
                answer
            }
            (&Method::DELETE, _) => answer(StatusCode::NO_CONTENT, Bytes::new()),
            (&Method::GET, Some(object)) if range.is_some() => part(object, range),
            (&Method::GET, Some(object)) => described(object, object.bytes.clone()),
            (&Method::HEAD, Some(object)) => described(object, Bytes::new()),
            (&Method::HEAD, None) => answer(StatusCode::NOT_FOUND, Bytes::new()),
            _ => answer(
                StatusCode::NOT_FOUND,
                "<Error><Code>NoSuchKey</Code><Message>There is no such object.</Message></Error>",
            ),
        }
    }

    /// ListObjectsV2: the whole list.
    fn list(&self, bucket: &str, query: &str) -> Answer {
        let mut query = form_urlencoded::parse(query.as_bytes());
        let prefix = query
            .find(|(name, _)| name == "prefix")
            .map(|(_, value)| value)
            .unwrap_or_default();
        let keys = self
            .world
            .objects
            .keys()
            .filter_map(|place| place.strip_prefix(bucket)?.strip_prefix('/'));
        let contents: String = keys
            .filter(|key| key.starts_with(&*prefix))
            .map(|key| format!("<Contents><Key>{key}</Key></Contents>"))
            .collect();
        let list = format!(
            "<ListBucketResult><Name>{bucket}</Name><IsTruncated>false</IsTruncated>{contents}</ListBucketResult>"
        );
        answer(StatusCode::OK, list)
    }
}

impl Handler for FakeAws {
    async fn handle(&self, request: Request) -> Answer {
        match request
            .headers
            .get("x-amz-target")
            .and_then(|target| target.to_str().ok())
        {
            Some(target) => match serde_json::from_slice(&request.body) {
                Ok(input) => self.call(target, &input),
                Err(_) => refuse(&json!({ "__type": "SerializationException" })),
            },
            None => {
                let range = request.headers.get("range");
                let range = range.and_then(|range| range.to_str().ok());
                self.object(&request.method, &request.path, &request.query, range)
            }
        }
    }
}

fn described(object: &Object, bytes: Bytes) -> Answer {
    let mut answer = answer(StatusCode::OK, bytes);
    let headers = answer.headers_mut();
    headers.insert("content-length", HeaderValue::from(object.bytes.len()));
    headers.insert(
        "content-type",
        HeaderValue::from_static(object.content_type),
    );
    headers.insert(
        "etag",
        HeaderValue::from_static("\"9b2cf535f27731c974343645a3985328\""),
    );
    answer
}

/// A part of an object: `bytes=first-last`.
fn part(object: &Object, range: Option<&str>) -> Answer {
    let ends = range.and_then(|range| range.strip_prefix("bytes=")?.split_once('-'));
    let ends = ends.and_then(|(first, last)| Some((first.parse().ok()?, last.parse().ok()?)));
    let (first, last): (usize, usize) = ends.unwrap_or((1, 0));
    let length = object.bytes.len();
    if first > last || first >= length {
        return answer(StatusCode::RANGE_NOT_SATISFIABLE, Bytes::new());
    }
    let last = last.min(length - 1);
    let mut answer = described(object, object.bytes.slice(first..=last));
    *answer.status_mut() = StatusCode::PARTIAL_CONTENT;
    let headers = answer.headers_mut();
    headers.insert("content-length", HeaderValue::from(last + 1 - first));
    if let Ok(range) = HeaderValue::from_str(&format!("bytes {first}-{last}/{length}")) {
        headers.insert("content-range", range);
    }
    answer
}

fn json_answer(body: impl Into<Bytes>) -> Answer {
    let mut answer = answer(StatusCode::OK, body);
    let json = HeaderValue::from_static("application/x-amz-json-1.0");
    answer.headers_mut().insert("content-type", json);
    answer
}

fn refuse(error: &Value) -> Answer {
    answer(StatusCode::BAD_REQUEST, error.to_string())
}

#[cfg(test)]
mod tests {
    use std::{collections::HashMap, sync::Arc};

    use super::*;
    use crate::http::Server;

    fn fake() -> FakeAws {
        let row = |owner: &str, item: &str| json!({ "owner_id": { "S": owner }, "item_id": { "S": item } });
        let photo = Object {
            content_type: "image/png",
            bytes: Bytes::from_static(b"photo"),
        };
        FakeAws::new(World {
            rows: vec![
                ("items".to_owned(), row("ada", "shirt")),
                ("items".to_owned(), row("ada", "skirt")),
                ("items".to_owned(), row("bob", "coat")),
            ],
            objects: HashMap::from([("media/a/photo".to_owned(), photo)]),
            secret: "s".repeat(64),
            shelf: None,
        })
    }

    #[test]
    fn a_row_is_found_by_its_whole_key() {
        let key = json!({ "owner_id": { "S": "ada" }, "item_id": { "S": "skirt" } });
        let found = fake().dynamodb("GetItem", &json!({ "TableName": "items", "Key": key }));
        assert_eq!(found["Item"]["item_id"]["S"], "skirt");
        let other = json!({ "owner_id": { "S": "bob" }, "item_id": { "S": "skirt" } });
        assert_eq!(
            fake().dynamodb("GetItem", &json!({ "TableName": "items", "Key": other })),
            json!({})
        );
    }

    #[test]
    fn a_query_answers_its_partition_up_to_its_limit() {
        let values = json!({ ":partition": { "S": "ada" } });
        let query = |limit| json!({ "TableName": "items", "ExpressionAttributeValues": values, "Limit": limit });
        assert_eq!(fake().query(&query(20))["Count"], 2);
        assert_eq!(fake().query(&query(1))["Count"], 1);
    }

    #[test]
    fn a_large_query_comes_in_pages() {
        let row = |item: usize| {
            let filler = "x".repeat(1000);
            json!({ "owner_id": { "S": "ada" }, "item_id": { "S": item.to_string() }, "note": { "S": filler } })
        };
        let mut fake = fake();
        fake.world.rows = (0..2500)
            .map(|item| ("items".to_owned(), row(item)))
            .collect();
        let values = json!({ ":owner": { "S": "ada" } });
        let mut query = json!({ "TableName": "items", "ExpressionAttributeValues": values });
        let (mut pages, mut found) = (0, 0);
        loop {
            let page = fake.query(&query);
            pages += 1;
            found += page["Count"].as_u64().unwrap();
            if page["LastEvaluatedKey"].is_null() {
                break;
            }
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"].clone();
        }
        assert_eq!((pages, found), (3, 2500));
    }

    #[test]
    fn a_batch_answers_what_there_is() {
        let key = |item: &str| json!({ "owner_id": { "S": "ada" }, "item_id": { "S": item } });
        let wanted = json!({ "RequestItems": { "items": { "Keys": [key("shirt"), key("hat")] } } });
        let found = fake().dynamodb("BatchGetItem", &wanted);
        assert_eq!(found["Responses"]["items"].as_array().unwrap().len(), 1);
    }

    #[test]
    fn a_write_is_read_back_until_the_reply_was_checked() {
        let fake = fake();
        let key = json!({ "owner_id": { "S": "ada" }, "item_id": { "S": "skirt" } });
        let read = || fake.dynamodb("GetItem", &json!({ "TableName": "items", "Key": key }));
        let mut row = key.clone();
        row["title"] = json!({ "S": "new" });
        fake.dynamodb("PutItem", &json!({ "TableName": "items", "Item": row }));
        assert_eq!(read()["Item"]["title"]["S"], "new");
        assert_eq!(fake.take_written(), Some(("items".to_owned(), row)));
        assert_eq!(read()["Item"]["title"], Value::Null);
        assert_eq!(fake.take_written(), None);
    }

    #[test]
    fn a_bucket_lists_what_is_below_a_prefix() {
        let listed = |query| {
            let answer = fake().object(&Method::GET, "/media/", query, None);
            format!("{:?}", answer.body())
        };
        assert!(listed("list-type=2&prefix=a%2F").contains("<Key>a/photo</Key>"));
        assert!(!listed("list-type=2&prefix=b%2F").contains("<Key>"));
    }

    #[tokio::test]
    async fn the_real_clients_understand_the_answers() {
        use drape_common::{
            aws::Aws,
            keyring::{KeyRing, SecretKeys},
            store::{
                blob::{GetObject, HeadObject, PutObject},
                s3::Bucket,
            },
        };

        let server = Server::start(Arc::new(fake())).await.unwrap();
        let credentials =
            aws_credential_types::Credentials::new("bench", "bench", None, None, "bench");
        let aws = Aws::new(
            "us-east-1".into(),
            credentials,
            Some(format!("http://{}", server.address())),
        );
        let bucket = Bucket::new(&aws.s3(), "media".into());
        let object = bucket.get_object("a/photo", 100).await.unwrap().unwrap();
        assert_eq!(
            (object.bytes.as_slice(), object.head.length),
            (b"photo".as_slice(), 5)
        );
        assert_eq!(bucket.head("a/photo").await.unwrap(), Some(object.head));
        assert_eq!(bucket.head("a/other").await.unwrap(), None);
        assert_eq!(bucket.get_object("a/other", 100).await.unwrap(), None);
        let read = drape_common::store::ranges::read_object(&bucket, "a/photo", 100);
        assert_eq!(read.await.unwrap().unwrap(), b"photo".as_slice());
        bucket
            .put_object("a/other", "image/png", vec![1; 100_000])
            .await
            .unwrap();
        let secret = SecretKeys::new(aws.secrets(), "secret".into(), "local".into());
        KeyRing::new(secret).await.unwrap();
    }
}
