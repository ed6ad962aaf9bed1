//! Records in DynamoDB tables.

use std::{collections::HashMap, marker::PhantomData, time::Duration};

use aws_sdk_dynamodb::{
    Client,
    operation::put_item::{PutItemError, builders::PutItemFluentBuilder},
    types::{
        AttributeValue, KeysAndAttributes, Put as PutRequest, ReturnValuesOnConditionCheckFailure,
        TransactWriteItem,
    },
};
use drape_domain::{Item, ItemId, Signal, SignalKind, Timestamp, User, UserId};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use uuid::Uuid;

use super::{
    StoreError,
    queries::{
        CatalogItems, CatalogPage, CatalogPlace, CountAttempts, CreateAccount, RecentSignals,
        Revisions, since_second,
    },
    record::{
        Create, Derived, Get, GetMany, Key, List, Page, Put, PutNewer, Record, Remove, Revised,
        Save,
    },
    tables::{DaySignal, Login},
};

type Row = HashMap<String, AttributeValue>;

/// One table, holding records of type `R`.
#[derive(Debug, Clone)]
pub struct Table<R> {
    client: Client,
    name: String,
    record: PhantomData<fn() -> R>,
}

impl<R: Record> Table<R> {
    /// The table called `name`.
    #[must_use]
    pub fn new(client: &Client, name: String) -> Self {
        Self {
            client: client.clone(),
            name,
            record: PhantomData,
        }
    }

    /// Opens the connection that the first request will use. A first call costs hundreds of milliseconds
    /// of TLS and parsing, which init has to spare; its answer does not matter.
    pub async fn prime(&self) {
        let key = Key::<R>::pair("prime", "prime");
        let call = self
            .client
            .get_item()
            .table_name(&self.name)
            .set_key(Some(key_row(&key)))
            .send();
        // Boxed: the call's state is large, and several are primed side by side.
        let _ = tokio::time::timeout(Duration::from_secs(2), Box::pin(call)).await;
    }
}

fn key_row<R: Record>(key: &Key<R>) -> Row {
    let mut row = Row::from([(
        R::PARTITION.to_owned(),
        AttributeValue::S(key.partition.clone()),
    )]);
    if let Some(name) = R::SORT {
        row.insert(
            name.to_owned(),
            AttributeValue::S(key.sort.clone().unwrap_or_default()),
        );
    }
    row
}

fn to_row(doing: &'static str, record: &impl Serialize) -> Result<Row, StoreError> {
    serde_dynamo::to_item(record).map_err(|error| StoreError::new(doing, error))
}

fn from_row<R: DeserializeOwned>(doing: &'static str, row: Row) -> Result<R, StoreError> {
    serde_dynamo::from_item(row).map_err(|error| StoreError::new(doing, error))
}

/// Attribute that names the write that made a row.
const WRITE_ID: &str = "write_id";

/// Sends a conditional write; false if its condition did not hold.
///
/// The SDK repeats a write whose answer was lost, and the repetition is refused because of what the first
/// one wrote. So each write names itself: a row that this very write made is written.
async fn put_if(
    call: PutItemFluentBuilder,
    mut row: Row,
    doing: &'static str,
) -> Result<bool, StoreError> {
    let own = AttributeValue::S(Uuid::now_v7().to_string());
    row.insert(WRITE_ID.to_owned(), own.clone());
    let call = call
        .set_item(Some(row))
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
    match call.send().await {
        Ok(_) => Ok(true),
        Err(error) => match error.into_service_error() {
            PutItemError::ConditionalCheckFailedException(refused) => Ok(refused
                .item
                .is_some_and(|row| row.get(WRITE_ID) == Some(&own))),
            error => Err(StoreError::new(doing, error)),
        },
    }
}

impl<R: Record> Get<R> for Table<R> {
    async fn get(&self, key: &Key<R>) -> Result<Option<R>, StoreError> {
        let call = self
            .client
            .get_item()
            .table_name(&self.name)
            .set_key(Some(key_row(key)))
            .consistent_read(true);
        let answer = call
            .send()
            .await
            .map_err(|error| StoreError::new("get record", error))?;
        answer
            .item
            .map(|row| from_row("read record", row))
            .transpose()
    }
}

impl<R: Record> GetMany<R> for Table<R> {
    async fn get_many(&self, keys: &[Key<R>]) -> Result<Vec<R>, StoreError> {
        const DOING: &str = "get records";
        let mut records = Vec::with_capacity(keys.len());
        let mut wanted: Vec<Row> = keys.iter().map(key_row).collect();
        let mut pause = Duration::from_millis(20);
        // DynamoDB may leave some keys for later when an answer grows too large or a partition is busy.
        for _ in 0..6 {
            if wanted.is_empty() {
                return Ok(records);
            }
            let request = KeysAndAttributes::builder()
                .set_keys(Some(wanted))
                .consistent_read(true)
                .build()
                .map_err(|error| StoreError::new(DOING, error))?;
            let answer = self
                .client
                .batch_get_item()
                .request_items(&self.name, request)
                .send()
                .await
                .map_err(|error| StoreError::new(DOING, error))?;
            for row in answer.responses.unwrap_or_default().into_values().flatten() {
                records.push(from_row(DOING, row)?);
            }
            wanted = answer
                .unprocessed_keys
                .unwrap_or_default()
                .into_values()
                .flat_map(|left| left.keys)
                .collect();
            if !wanted.is_empty() {
                tokio::time::sleep(pause).await;
                pause *= 2;
            }
        }
        if wanted.is_empty() {
            Ok(records)
        } else {
            Err(StoreError::new(DOING, "keys left unprocessed"))
        }
    }
}

impl<R: Record> Create<R> for Table<R> {
    async fn create(&self, record: &R) -> Result<bool, StoreError> {
        let call = self
            .client
            .put_item()
            .table_name(&self.name)
            .condition_expression("attribute_not_exists(#key)")
            .expression_attribute_names("#key", R::PARTITION);
        put_if(call, to_row("create record", record)?, "create record").await
    }
}

impl<R: Revised> Save<R> for Table<R> {
    async fn save(&self, record: &mut R) -> Result<bool, StoreError> {
        let read = record.revision();
        record.set_revision(read + 1);
        let row = to_row("save record", record)?;
        let call = self
            .client
            .put_item()
            .table_name(&self.name)
            .condition_expression("revision = :read")
            .expression_attribute_values(":read", AttributeValue::N(read.to_string()));
        let saved = put_if(call, row, "save record").await;
        if !matches!(saved, Ok(true)) {
            record.set_revision(read);
        }
        saved
    }
}

impl<R: Record> Put<R> for Table<R> {
    async fn put(&self, record: &R) -> Result<(), StoreError> {
        let call = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(to_row("put record", record)?));
        call.send()
            .await
            .map(drop)
            .map_err(|error| StoreError::new("put record", error))
    }
}

impl<R: Derived> PutNewer<R> for Table<R> {
    async fn put_newer(&self, record: &R) -> Result<bool, StoreError> {
        const DOING: &str = "put newer record";
        let call = self
            .client
            .put_item()
            .table_name(&self.name)
            .condition_expression("attribute_not_exists(#origin) OR #origin <= :own")
            .expression_attribute_names("#origin", R::ORIGIN)
            .expression_attribute_values(":own", AttributeValue::N(record.origin().to_string()));
        put_if(call, to_row(DOING, record)?, DOING).await
    }
}

impl<R: Record> Remove<R> for Table<R> {
    async fn remove(&self, key: &Key<R>) -> Result<(), StoreError> {
        let call = self
            .client
            .delete_item()
            .table_name(&self.name)
            .set_key(Some(key_row(key)));
        call.send()
            .await
            .map(drop)
            .map_err(|error| StoreError::new("remove record", error))
    }
}

impl<R: Record> List<R> for Table<R> {
    async fn list(
        &self,
        partition: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<R>, StoreError> {
        const DOING: &str = "list records";
        let mut records = Vec::new();
        let mut start = after.map(|sort| key_row(&Key::<R>::pair(partition, sort)));
        loop {
            // One more than asked for tells whether there is more: a query that stops at its limit says
            // where to go on even if nothing follows.
            let left = (limit + 1).saturating_sub(records.len());
            let answer = self
                .client
                .query()
                .table_name(&self.name)
                .key_condition_expression("#partition = :partition")
                .expression_attribute_names("#partition", R::PARTITION)
                .expression_attribute_values(":partition", AttributeValue::S(partition.to_owned()))
                .scan_index_forward(false)
                .consistent_read(true)
                .limit(i32::try_from(left).unwrap_or(i32::MAX))
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(|error| StoreError::new(DOING, error))?;
            for row in answer.items.unwrap_or_default() {
                records.push(from_row::<R>(DOING, row)?);
            }
            start = answer.last_evaluated_key;
            // A page ends at 1 MB, whatever the limit.
            if start.is_none() || records.len() > limit {
                break;
            }
        }
        let more = records.len() > limit;
        records.truncate(limit);
        let next = records
            .last()
            .filter(|_| more)
            .and_then(|last| last.key().sort);
        Ok(Page { records, next })
    }
}

impl CreateAccount for Table<User> {
    async fn create_account(&self, user: &User, login: &Login) -> Result<bool, StoreError> {
        const DOING: &str = "create account";
        let put = |row| {
            PutRequest::builder()
                .table_name(&self.name)
                .set_item(Some(row))
                .condition_expression("attribute_not_exists(id)")
                .build()
                .map(|put| TransactWriteItem::builder().put(put).build())
                .map_err(|error| StoreError::new(DOING, error))
        };
        let call = self
            .client
            .transact_write_items()
            .transact_items(put(to_row(DOING, login)?)?)
            .transact_items(put(to_row(DOING, user)?)?);
        let error = match call.send().await {
            Ok(_) => return Ok(true),
            Err(error) => error,
        };
        let taken = error
            .as_service_error()
            .and_then(|error| match error {
                aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError::TransactionCanceledException(canceled) => Some(canceled),
                _ => None,
            })
            .is_some_and(|canceled| {
                canceled.cancellation_reasons().iter().any(|reason| reason.code() == Some("ConditionalCheckFailed"))
            });
        if taken {
            Ok(false)
        } else {
            Err(StoreError::new(DOING, error))
        }
    }
}

/// The index of `signals` by person.
const SIGNALS_BY_USER: &str = "by_user";

impl RecentSignals for Table<DaySignal> {
    async fn recent_signals(&self, user: UserId, limit: usize) -> Result<Vec<Signal>, StoreError> {
        let call = self
            .client
            .query()
            .table_name(&self.name)
            .index_name(SIGNALS_BY_USER)
            .key_condition_expression("user_id = :user")
            .expression_attribute_values(":user", AttributeValue::S(user.to_string()))
            .scan_index_forward(false)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX));
        let answer = call
            .send()
            .await
            .map_err(|error| StoreError::new("recent signals", error))?;
        let rows = answer.items.unwrap_or_default();
        rows.into_iter()
            .map(|row| Ok(from_row::<DaySignal>("recent signals", row)?.signal))
            .collect()
    }

    async fn worn_since(&self, user: UserId, since: Timestamp) -> Result<Vec<Signal>, StoreError> {
        const DOING: &str = "read what was worn";
        /// Of 1 MB each, which some thousand signals fill.
        const MAX_PAGES: usize = 8;
        let mut pages = self
            .client
            .query()
            .table_name(&self.name)
            .index_name(SIGNALS_BY_USER)
            .key_condition_expression("user_id = :user AND created_at >= :since")
            .filter_expression("kind = :worn")
            .expression_attribute_values(":user", AttributeValue::S(user.to_string()))
            .expression_attribute_values(":since", AttributeValue::S(since_second(since)))
            .expression_attribute_values(
                ":worn",
                AttributeValue::S(SignalKind::Worn.as_str().to_owned()),
            )
            .scan_index_forward(false)
            .into_paginator()
            .send();
        let mut signals = Vec::new();
        for _ in 0..MAX_PAGES {
            let page = pages.try_next().await;
            let Some(page) = page.map_err(|error| StoreError::new(DOING, error))? else {
                break;
            };
            for row in page.items.unwrap_or_default() {
                signals.push(from_row::<DaySignal>(DOING, row)?.signal);
            }
        }
        Ok(signals)
    }
}

/// The index of `items` by revision. It lies in the table's own partitions, so that it can be read as of every
/// write that was answered before.
const ITEMS_BY_REVISION: &str = "by_revision";

impl Revisions for Table<Item> {
    async fn revisions(&self, owner: UserId) -> Result<Vec<(ItemId, u64)>, StoreError> {
        /// What the index holds of an item.
        #[derive(Deserialize)]
        struct Entry {
            item_id: ItemId,
            revision: u64,
        }
        const DOING: &str = "read revisions";
        let mut rows = self
            .client
            .query()
            .table_name(&self.name)
            .index_name(ITEMS_BY_REVISION)
            .key_condition_expression("owner_id = :owner")
            .expression_attribute_values(":owner", AttributeValue::S(owner.to_string()))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let mut revisions = Vec::new();
        loop {
            let row = rows.try_next().await;
            let Some(row) = row.map_err(|error| StoreError::new(DOING, error))? else {
                return Ok(revisions);
            };
            let entry: Entry = from_row(DOING, row)?;
            revisions.push((entry.item_id, entry.revision));
        }
    }
}

/// The index of `items` by the catalogue's shards. It has the keys alone: who reads it reads the items next, and as
/// they are by then.
const ITEMS_BY_CATALOG: &str = "by_catalog";

impl CatalogItems for Table<Item> {
    async fn changed_since(
        &self,
        shard: &str,
        since: Option<Timestamp>,
        after: Option<&CatalogPlace>,
        limit: usize,
    ) -> Result<CatalogPage, StoreError> {
        const DOING: &str = "changed items";
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let start = after.map(|place| {
            let keys = [
                ("catalog", shard),
                ("updated_at", &place.updated_at),
                ("owner_id", &place.owner_id),
                ("item_id", &place.item_id),
            ];
            Row::from(keys.map(|(name, value)| (name.to_owned(), text(value))))
        });
        // An empty text cannot be compared with; every time comes after this one.
        let since = since.map_or_else(|| "0".to_owned(), since_second);
        let answer = self
            .client
            .query()
            .table_name(&self.name)
            .index_name(ITEMS_BY_CATALOG)
            .key_condition_expression("#catalog = :shard AND updated_at >= :since")
            .expression_attribute_names("#catalog", "catalog")
            .expression_attribute_values(":shard", text(shard))
            .expression_attribute_values(":since", text(&since))
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(|error| StoreError::new(DOING, error))?;
        let rows = answer.items.unwrap_or_default().into_iter();
        let places = rows.map(|row| from_row::<CatalogPlace>(DOING, row));
        let places = places.collect::<Result<Vec<_>, _>>()?;
        Ok(CatalogPage {
            items: places.iter().filter_map(CatalogPlace::item).collect(),
            next: answer
                .last_evaluated_key
                .map(|key| from_row(DOING, key))
                .transpose()?,
        })
    }
}

/// The table of counted attempts.
#[derive(Debug, Clone)]
pub struct Counters {
    client: Client,
    name: String,
}

impl Counters {
    /// The table called `name`.
    #[must_use]
    pub fn new(client: &Client, name: String) -> Self {
        Self {
            client: client.clone(),
            name,
        }
    }
}

impl CountAttempts for Counters {
    async fn add_attempts(&self, id: &str, by: i64, expires_at: i64) -> Result<i64, StoreError> {
        const DOING: &str = "count attempts";
        let answer = self
            .client
            .update_item()
            .table_name(&self.name)
            .key("id", AttributeValue::S(id.to_owned()))
            .update_expression("SET expires_at = :expires_at ADD attempts :by")
            .expression_attribute_values(":expires_at", AttributeValue::N(expires_at.to_string()))
            .expression_attribute_values(":by", AttributeValue::N(by.to_string()))
            .return_values(aws_sdk_dynamodb::types::ReturnValue::UpdatedNew)
            .send()
            .await
            .map_err(|error| StoreError::new(DOING, error))?;
        answer
            .attributes
            .as_ref()
            .and_then(|row| row.get("attempts"))
            .and_then(|value| value.as_n().ok())
            .and_then(|number| number.parse().ok())
            .ok_or_else(|| StoreError::new(DOING, "no count in the answer"))
    }
}
