//! The `Retrain` Lambda.

use std::sync::Arc;

use drape_common::{
    init::Init,
    store::{dynamo::Table, queue, s3::Bucket, sqs::Queue},
};
use drape_domain::Timestamp;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use retrain::{Deadline, Retrain};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let retrain = Init::run(async |init| {
        let (dynamodb, sqs) = (init.aws.dynamodb(), init.aws.sqs());
        let settings = &init.settings;
        Ok(Retrain {
            signals: Table::new(&dynamodb, init.settings.signals_table()?),
            showings: Table::new(&dynamodb, init.settings.showings_table()?),
            items: Table::new(&dynamodb, init.settings.items_table()?),
            embeddings: Table::new(&dynamodb, init.settings.embeddings_table()?),
            styles: Table::new(&dynamodb, init.settings.styles_table()?),
            learned: Bucket::new(&init.aws.s3(), settings.learned_bucket()?),
            queue: Queue::<queue::Retrain>::new(&sqs, settings.retrain_queue_url()?),
            model: drape_vision::MODEL_ID,
            clock: Timestamp::now_utc,
        })
    })
    .await?;
    let retrain = Arc::new(retrain);
    lambda_runtime::run(service_fn(move |event: LambdaEvent<serde_json::Value>| {
        let retrain = retrain.clone();
        async move {
            let deadline = Deadline {
                at: event.context.deadline().into(),
                clock: Timestamp::now_utc,
            };
            // Boxed, since its state is large.
            let handled = Box::pin(retrain.handle(event.payload, deadline));
            handled.await.map_err(Error::from)
        }
    }))
    .await
}
