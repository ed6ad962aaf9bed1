//! The `ItemImageUploaded` Lambda.

use drape_common::{
    http::serve,
    store::{dynamo::Table, s3::Bucket, sqs::Queue},
};
use item_image_uploaded::ItemImageUploaded;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    serve(async |init| {
        let s3 = init.aws.s3();
        let items = Table::new(&init.aws.dynamodb(), init.settings.items_table()?);
        let uploads = Bucket::new(&s3, init.settings.uploads_bucket()?);
        init.prime(futures::future::join(items.prime(), uploads.prime()))
            .await;
        Ok(ItemImageUploaded {
            items,
            uploads,
            media: Bucket::new(&s3, init.settings.media_bucket()?),
            queue: Queue::new(&init.aws.sqs(), init.settings.clean_queue_url()?),
        })
    })
    .await
}
