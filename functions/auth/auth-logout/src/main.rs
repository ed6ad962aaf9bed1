//! The `AuthLogout` Lambda.

use auth_logout::AuthLogout;
use drape_common::{http::serve, store::dynamo::Table};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    serve(async |init| {
        let sessions = Table::new(&init.aws.dynamodb(), init.settings.sessions_table()?);
        init.prime(sessions.prime()).await;
        Ok(AuthLogout { sessions })
    })
    .await
}
