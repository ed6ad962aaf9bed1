//! The `tryon-status` Lambda.

use drape_common::{
    http::serve,
    store::{dynamo::Table, s3::Bucket, sqs::Queue},
};
use drape_domain::{Timestamp, TryOn};
use tryon_status::TryOnStatusOf;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    serve(async |init| {
        let tryons = Table::<TryOn>::new(&init.aws.dynamodb(), init.settings.tryons_table()?);
        init.prime(tryons.prime()).await;
        Ok(TryOnStatusOf {
            tryons,
            media: Bucket::new(&init.aws.s3(), init.settings.media_bucket()?),
            queue: Queue::new(&init.aws.sqs(), init.settings.render_queue_url()?),
            now: Timestamp::now_utc,
        })
    })
    .await
}
