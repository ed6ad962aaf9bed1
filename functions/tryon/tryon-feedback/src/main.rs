//! The `tryon-feedback` Lambda.

use drape_common::{
    http::serve,
    store::{dynamo::Table, tables::DaySignal},
};
use drape_domain::{Timestamp, TryOn};
use tryon_feedback::TryOnFeedback;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    serve(async |init| {
        let dynamodb = init.aws.dynamodb();
        let tryons = Table::<TryOn>::new(&dynamodb, init.settings.tryons_table()?);
        init.prime(tryons.prime()).await;
        Ok(TryOnFeedback {
            tryons,
            signals: Table::<DaySignal>::new(&dynamodb, init.settings.signals_table()?),
            now: Timestamp::now_utc,
        })
    })
    .await
}
