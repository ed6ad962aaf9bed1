//! The `tryon-delete` Lambda.

use drape_common::{
    http::serve,
    store::{dynamo::Table, s3::Bucket},
};
use drape_domain::TryOn;
use futures::future::join;
use tryon_delete::TryOnDelete;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    serve(async |init| {
        let tryons = Table::<TryOn>::new(&init.aws.dynamodb(), init.settings.tryons_table()?);
        let media = Bucket::new(&init.aws.s3(), init.settings.media_bucket()?);
        init.prime(join(tryons.prime(), media.prime())).await;
        Ok(TryOnDelete { tryons, media })
    })
    .await
}
