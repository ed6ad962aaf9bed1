//! The `tryon-feedback` Lambda.

use drape_common::{http::serve, store::dynamo::Table};
use drape_domain::{Timestamp, TryOn};
use tryon_feedback::TryOnFeedback;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    serve(async |init| {
        let tryons = Table::<TryOn>::new(&init.aws.dynamodb(), init.settings.tryons_table()?);
        init.prime(tryons.prime()).await;
        Ok(TryOnFeedback {
            tryons,
            now: Timestamp::now_utc,
        })
    })
    .await
}
