//! The `Reindex` Lambda.

use std::sync::Arc;

use drape_common::{
    init::Init,
    store::{dynamo::Table, s3::Bucket},
};
use drape_domain::Timestamp;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use reindex::Reindex;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let reindex = Init::run(async |init| {
        let dynamodb = init.aws.dynamodb();
        let learned = Bucket::new(&init.aws.s3(), init.settings.learned_bucket()?);
        Ok(Reindex {
            items: Table::new(&dynamodb, init.settings.items_table()?),
            embeddings: Table::new(&dynamodb, init.settings.embeddings_table()?),
            learned,
            clock: Timestamp::now_utc,
        })
    })
    .await?;
    let reindex = Arc::new(reindex);
    lambda_runtime::run(service_fn(move |event: LambdaEvent<serde_json::Value>| {
        let reindex = reindex.clone();
        async move { reindex.handle(event.payload).await.map_err(Error::from) }
    }))
    .await
}
