//! The `ItemRestoreOriginal` Lambda.

use drape_common::{
    http::serve,
    store::{dynamo::Table, s3::Bucket, sqs::Queue},
};
use item_restore_original::ItemRestoreOriginal;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    serve(async |init| {
        let items = Table::new(&init.aws.dynamodb(), init.settings.items_table()?);
        init.prime(items.prime()).await;
        Ok(ItemRestoreOriginal {
            items,
            media: Bucket::new(&init.aws.s3(), init.settings.media_bucket()?),
            queue: Queue::new(&init.aws.sqs(), init.settings.clean_queue_url()?),
        })
    })
    .await
}
