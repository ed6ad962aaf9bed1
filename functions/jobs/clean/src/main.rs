//! The `Clean` Lambda.

use std::sync::Arc;

use clean::Clean;
use drape_common::{
    init::Init,
    store::{dynamo::Table, queue::CleanItem, s3::Bucket, sqs::Queue},
};
use drape_domain::Timestamp;
use drape_vision::GarmentVision;
use lambda_runtime::{Error, LambdaEvent, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let clean = Init::run(async |init| {
        let (dynamodb, s3) = (init.aws.dynamodb(), init.aws.s3());
        let items = Table::new(&dynamodb, init.settings.items_table()?);
        let uploads = Bucket::new(&s3, init.settings.uploads_bucket()?);
        init.prime(futures::future::join(items.prime(), uploads.prime()))
            .await;
        Ok(Clean {
            items,
            embeddings: Table::new(&dynamodb, init.settings.embeddings_table()?),
            uploads,
            media: Bucket::new(&s3, init.settings.media_bucket()?),
            queue: Queue::<CleanItem>::new(&init.aws.sqs(), init.settings.clean_queue_url()?),
            vision: GarmentVision::load()?,
            clock: Timestamp::now_utc,
        })
    })
    .await?;
    let clean = Arc::new(clean);
    lambda_runtime::run(service_fn(move |event: LambdaEvent<serde_json::Value>| {
        let clean = clean.clone();
        async move { clean.handle(event.payload).await.map_err(Error::from) }
    }))
    .await
}
