//! Tables, buckets and queues of a test's own, on the local stack.

use std::{
    any::type_name,
    io::Write,
    panic::{AssertUnwindSafe, resume_unwind},
    sync::{Mutex, Once},
};

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType,
    LocalSecondaryIndex, Projection, ProjectionType, ScalarAttributeType,
};
use drape_common::{
    aws::Aws,
    store::{
        Record,
        dynamo::Table,
        queue::Message,
        s3::Bucket,
        sqs::Queue,
        tables::{DaySignal, Gone, Login},
    },
};
use drape_domain::{Item, User};
use futures::FutureExt;
use uuid::Uuid;

/// What one test has made on the stack.
pub(crate) struct Stack {
    pub(crate) aws: Aws,
    tables: Mutex<Vec<String>>,
    buckets: Mutex<Vec<String>>,
    queues: Mutex<Vec<String>>,
}

/// Runs a test on the local stack and removes what it made, however it ends. Without a stack, says so.
pub(crate) async fn on_stack(test: impl AsyncFnOnce(&Stack)) {
    let Some(endpoint) = std::env::var("DRAPE_TEST_ENDPOINT")
        .ok()
        .filter(|endpoint| !endpoint.is_empty())
    else {
        return say_skipped();
    };
    let credentials = Credentials::new("test", "test", None, None, "local stack");
    let stack = Stack {
        aws: Aws::new("us-east-1".to_owned(), credentials, Some(endpoint)),
        tables: Mutex::default(),
        buckets: Mutex::default(),
        queues: Mutex::default(),
    };
    let outcome = AssertUnwindSafe(test(&stack)).catch_unwind().await;
    stack.remove_everything().await;
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
}

/// Straight to the terminal: the output of tests that pass is not shown.
fn say_skipped() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let _ = writeln!(
            std::io::stderr(),
            "\nSKIPPED: the stores in DynamoDB, S3 and SQS. They need the local stack: `make test` starts it, \
             or set DRAPE_TEST_ENDPOINT to the URL of a running one.\n"
        );
    });
}

fn unique() -> String {
    format!("contract-{}", Uuid::now_v7())
}

impl Stack {
    /// A table for records of type `R`, with the indexes of signals and items if it is theirs.
    pub(crate) async fn table<R: Record>(&self) -> Table<R> {
        let name = self.named_table::<R>().await;
        Table::new(&self.aws.dynamodb(), name)
    }

    /// The same, by name.
    pub(crate) async fn named_table<R: Record>(&self) -> String {
        let name = unique();
        let key = |name: &str, kind| {
            KeySchemaElement::builder()
                .attribute_name(name)
                .key_type(kind)
                .build()
                .unwrap()
        };
        let text = |name: &str| {
            AttributeDefinition::builder()
                .attribute_name(name)
                .attribute_type(ScalarAttributeType::S)
                .build()
                .unwrap()
        };
        let mut request = self
            .aws
            .dynamodb()
            .create_table()
            .table_name(&name)
            .billing_mode(BillingMode::PayPerRequest)
            .attribute_definitions(text(R::PARTITION))
            .key_schema(key(R::PARTITION, KeyType::Hash));
        if let Some(sort) = R::SORT {
            request = request
                .attribute_definitions(text(sort))
                .key_schema(key(sort, KeyType::Range));
        }
        if R::PARTITION == DaySignal::PARTITION {
            let index = GlobalSecondaryIndex::builder()
                .index_name("by_user")
                .key_schema(key("user_id", KeyType::Hash))
                .key_schema(key("created_at", KeyType::Range))
                .projection(
                    Projection::builder()
                        .projection_type(ProjectionType::All)
                        .build(),
                );
            request = request
                .attribute_definitions(text("user_id"))
                .attribute_definitions(text("created_at"))
                .global_secondary_indexes(index.build().unwrap());
        }
        if type_name::<R>() == type_name::<Item>() {
            let keys_only = Projection::builder()
                .projection_type(ProjectionType::KeysOnly)
                .build();
            // As in the template: an index of this kind can only be made together with its table.
            let index = LocalSecondaryIndex::builder()
                .index_name("by_revision")
                .key_schema(key("owner_id", KeyType::Hash))
                .key_schema(key("revision", KeyType::Range))
                .projection(keys_only.clone());
            let revision = AttributeDefinition::builder()
                .attribute_name("revision")
                .attribute_type(ScalarAttributeType::N);
            let catalog = GlobalSecondaryIndex::builder()
                .index_name("by_catalog")
                .key_schema(key("catalog", KeyType::Hash))
                .key_schema(key("updated_at", KeyType::Range))
                .projection(keys_only);
            request = request
                .attribute_definitions(revision.build().unwrap())
                .attribute_definitions(text("catalog"))
                .attribute_definitions(text("updated_at"))
                .local_secondary_indexes(index.build().unwrap())
                .global_secondary_indexes(catalog.build().unwrap());
        }
        request.send().await.unwrap();
        self.tables.lock().unwrap().push(name.clone());
        name
    }

    /// A table that holds accounts and their logins.
    pub(crate) async fn accounts(&self) -> (Table<User>, Table<Login>) {
        let name = self.named_table::<User>().await;
        let client = self.aws.dynamodb();
        (Table::new(&client, name.clone()), Table::new(&client, name))
    }

    /// A table that holds items and what deleted ones leave.
    pub(crate) async fn items(&self) -> (Table<Item>, Table<Gone>) {
        let name = self.named_table::<Item>().await;
        let client = self.aws.dynamodb();
        (Table::new(&client, name.clone()), Table::new(&client, name))
    }

    /// An empty bucket.
    pub(crate) async fn bucket(&self) -> Bucket {
        let name = unique();
        let client = self.aws.s3();
        client.create_bucket().bucket(&name).send().await.unwrap();
        self.buckets.lock().unwrap().push(name.clone());
        Bucket::new(&client, name)
    }

    /// An empty queue and its URL.
    pub(crate) async fn queue<M: Message>(&self) -> (Queue<M>, String) {
        let client = self.aws.sqs();
        let made = client.create_queue().queue_name(unique()).send().await;
        let url = made.unwrap().queue_url.unwrap();
        self.queues.lock().unwrap().push(url.clone());
        (Queue::new(&client, url.clone()), url)
    }

    async fn remove_everything(self) {
        let (dynamodb, s3, sqs) = (self.aws.dynamodb(), self.aws.s3(), self.aws.sqs());
        for name in self.tables.into_inner().unwrap() {
            dynamodb
                .delete_table()
                .table_name(name)
                .send()
                .await
                .unwrap();
        }
        for bucket in self.buckets.into_inner().unwrap() {
            let listed = s3.list_objects_v2().bucket(&bucket).send().await.unwrap();
            for object in listed.contents.unwrap_or_default() {
                let gone = s3
                    .delete_object()
                    .bucket(&bucket)
                    .key(object.key.unwrap_or_default());
                gone.send().await.unwrap();
            }
            s3.delete_bucket().bucket(bucket).send().await.unwrap();
        }
        for url in self.queues.into_inner().unwrap() {
            sqs.delete_queue().queue_url(url).send().await.unwrap();
        }
    }
}
