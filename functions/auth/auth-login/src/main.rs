//! The `AuthLogin` Lambda.

use auth_login::AuthLogin;
use drape_common::{
    http::serve,
    keyring::{KeyRing, SecretKeys},
    store::dynamo::{Counters, Table},
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    serve(async |init| {
        let dynamodb = init.aws.dynamodb();
        let users_table = init.settings.users_table()?;
        let users = Table::new(&dynamodb, users_table.clone());
        let logins = Table::new(&dynamodb, users_table);
        let sessions = Table::new(&dynamodb, init.settings.sessions_table()?);
        let attempts = Counters::new(&dynamodb, init.settings.limits_table()?);
        let (secret, stage) = (init.settings.token_secret_id()?, init.settings.stage()?);
        let source = SecretKeys::new(init.aws.secrets(), secret, stage);
        let (keys, ()) = init
            .prime(async { tokio::join!(KeyRing::new(source), users.prime()) })
            .await;
        Ok(AuthLogin {
            users,
            logins,
            sessions,
            attempts,
            keys: keys?,
        })
    })
    .await
}
