//! The `Drift` Lambda.

use std::sync::Arc;

use drape_common::{
    init::Init,
    metrics,
    store::{queue::Retrain, s3::Bucket, sqs::Queue},
};
use drape_domain::Timestamp;
use drift::Drift;
use lambda_runtime::{Error, LambdaEvent, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let drift = Init::run(async |init| {
        let queue = init.settings.retrain_queue_url()?;
        Ok(Drift {
            learned: Bucket::new(&init.aws.s3(), init.settings.learned_bucket()?),
            queue: Queue::<Retrain>::new(&init.aws.sqs(), queue),
            stage: init.settings.stage()?,
            emit: metrics::emit,
            clock: Timestamp::now_utc,
        })
    })
    .await?;
    let drift = Arc::new(drift);
    lambda_runtime::run(service_fn(move |event: LambdaEvent<serde_json::Value>| {
        let drift = drift.clone();
        async move { drift.handle(event.payload).await.map_err(Error::from) }
    }))
    .await
}
