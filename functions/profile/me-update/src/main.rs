//! The `MeUpdate` Lambda.

use drape_common::{http::serve, store::dynamo::Table};
use me_update::MeUpdate;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    serve(async |init| {
        let users = Table::new(&init.aws.dynamodb(), init.settings.users_table()?);
        init.prime(users.prime()).await;
        Ok(MeUpdate { users })
    })
    .await
}
