//! The `tryon-list` Lambda.

use drape_common::{
    http::serve,
    store::{dynamo::Table, s3::Bucket},
};
use drape_domain::TryOn;
use tryon_list::TryOnList;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    serve(async |init| {
        let tryons = Table::<TryOn>::new(&init.aws.dynamodb(), init.settings.tryons_table()?);
        init.prime(tryons.prime()).await;
        Ok(TryOnList {
            tryons,
            media: Bucket::new(&init.aws.s3(), init.settings.media_bucket()?),
        })
    })
    .await
}
