//! The `render` Lambda.

use aws_lambda_events::sqs::SqsEvent;
use drape_common::{
    init::Init,
    store::{dynamo::Table, queue::RenderTryOn, s3::Bucket, sqs::Queue},
};
use drape_domain::{Timestamp, TryOn};
use futures::future::join;
use lambda_runtime::{LambdaEvent, service_fn};
use render::{RenderJob, engine::Engine};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let (job, queue) = Init::run(async |init| {
        let dynamodb = init.aws.dynamodb();
        let s3 = init.aws.s3();
        let tryons = Table::<TryOn>::new(&dynamodb, init.settings.tryons_table()?);
        let media = Bucket::new(&s3, init.settings.media_bucket()?);
        let queue_url = init.settings.render_queue_url()?;
        let queue = Queue::<RenderTryOn>::new(&init.aws.sqs(), queue_url);
        init.prime(join(tryons.prime(), media.prime())).await;
        let job = RenderJob {
            tryons,
            items: Table::new(&dynamodb, init.settings.items_table()?),
            uploads: Bucket::new(&s3, init.settings.uploads_bucket()?),
            media,
            renderer: Engine::load()?,
            now: Timestamp::now_utc,
        };
        Ok((job, queue))
    })
    .await?;
    let (job, queue) = (&job, &queue);
    lambda_runtime::run(service_fn(async move |event: LambdaEvent<SqsEvent>| {
        Ok::<_, lambda_runtime::Error>(job.batch(event.payload, queue).await)
    }))
    .await
}
