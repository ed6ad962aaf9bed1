//! The `ItemBackgroundClean` Lambda.

use drape_common::{
    http::serve,
    store::{dynamo::Table, s3::Bucket, sqs::Queue},
};
use item_background_clean::ItemBackgroundClean;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    serve(async |init| {
        let items = Table::new(&init.aws.dynamodb(), init.settings.items_table()?);
        init.prime(items.prime()).await;
        let s3 = init.aws.s3();
        Ok(ItemBackgroundClean {
            items,
            uploads: Bucket::new(&s3, init.settings.uploads_bucket()?),
            media: Bucket::new(&s3, init.settings.media_bucket()?),
            queue: Queue::new(&init.aws.sqs(), init.settings.clean_queue_url()?),
        })
    })
    .await
}
