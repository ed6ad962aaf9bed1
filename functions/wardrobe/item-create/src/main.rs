//! The `ItemCreate` Lambda.

use drape_common::{
    http::serve,
    store::{dynamo::Table, s3::Bucket},
};
use item_create::ItemCreate;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    serve(async |init| {
        // Signing needs no connection, so only DynamoDB's is opened.
        let (dynamodb, s3) = (init.aws.dynamodb(), init.aws.s3());
        let items = Table::new(&dynamodb, init.settings.items_table()?);
        let users = Table::new(&dynamodb, init.settings.users_table()?);
        init.prime(items.prime()).await;
        Ok(ItemCreate {
            users,
            items,
            reservations: Table::new(&dynamodb, init.settings.idempotency_table()?),
            uploads: Bucket::new(&s3, init.settings.uploads_bucket()?),
            media: Bucket::new(&s3, init.settings.media_bucket()?),
        })
    })
    .await
}
