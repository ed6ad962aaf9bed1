//! The `AuthRefresh` Lambda.

use auth_refresh::AuthRefresh;
use drape_common::{
    http::serve,
    keyring::{KeyRing, SecretKeys},
    store::dynamo::Table,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    serve(async |init| {
        let dynamodb = init.aws.dynamodb();
        let users = Table::new(&dynamodb, init.settings.users_table()?);
        let sessions = Table::new(&dynamodb, init.settings.sessions_table()?);
        let (secret, stage) = (init.settings.token_secret_id()?, init.settings.stage()?);
        let source = SecretKeys::new(init.aws.secrets(), secret, stage);
        let (keys, ()) = init
            .prime(async { tokio::join!(KeyRing::new(source), users.prime()) })
            .await;
        Ok(AuthRefresh {
            users,
            sessions,
            keys: keys?,
        })
    })
    .await
}
