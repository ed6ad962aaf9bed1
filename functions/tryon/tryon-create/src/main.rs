//! The `tryon-create` Lambda.

use drape_common::{
    http::serve,
    store::{dynamo::Table, s3::Bucket, sqs::Queue},
};
use drape_domain::{Timestamp, TryOn};
use futures::future::join;
use tryon_create::TryOnCreate;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    serve(async |init| {
        let dynamodb = init.aws.dynamodb();
        let s3 = init.aws.s3();
        let tryons = Table::<TryOn>::new(&dynamodb, init.settings.tryons_table()?);
        let uploads_bucket = init.settings.uploads_bucket()?;
        let uploads = Bucket::new(&s3, uploads_bucket.clone());
        init.prime(join(tryons.prime(), uploads.prime())).await;
        Ok(TryOnCreate {
            items: Table::new(&dynamodb, init.settings.items_table()?),
            showings: Table::new(&dynamodb, init.settings.showings_table()?),
            tryons,
            reservations: Table::new(&dynamodb, init.settings.idempotency_table()?),
            uploads,
            uploads_bucket,
            media: Bucket::new(&s3, init.settings.media_bucket()?),
            queue: Queue::new(&init.aws.sqs(), init.settings.render_queue_url()?),
            now: Timestamp::now_utc,
        })
    })
    .await
}
