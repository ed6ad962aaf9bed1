//! The `UploadCreate` Lambda.

use drape_common::{
    http::serve,
    store::{dynamo::Table, s3::Bucket},
};
use upload_create::UploadCreate;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    serve(async |init| {
        let reservations = Table::new(&init.aws.dynamodb(), init.settings.idempotency_table()?);
        let uploads = Bucket::new(&init.aws.s3(), init.settings.uploads_bucket()?);
        init.prime(reservations.prime()).await;
        let bucket = uploads.name().to_owned();
        Ok(UploadCreate {
            reservations,
            uploads,
            bucket,
        })
    })
    .await
}
