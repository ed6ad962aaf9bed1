//! The `MeGet` Lambda.

use drape_common::{http::serve, store::dynamo::Table};
use me_get::MeGet;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    serve(async |init| {
        let users = Table::new(&init.aws.dynamodb(), init.settings.users_table()?);
        init.prime(users.prime()).await;
        Ok(MeGet { users })
    })
    .await
}
