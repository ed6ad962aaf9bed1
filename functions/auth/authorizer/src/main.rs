//! The `Authorizer` Lambda.

use std::sync::Arc;

use authorizer::Authorizer;
use aws_lambda_events::apigw::ApiGatewayV2CustomAuthorizerV2Request;
use drape_common::{
    init::Init,
    keyring::{KeyRing, SecretKeys},
};
use lambda_runtime::{LambdaEvent, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let authorizer = Init::run(async |init| {
        let (secret, stage) = (init.settings.token_secret_id()?, init.settings.stage()?);
        let source = SecretKeys::new(init.aws.secrets(), secret, stage);
        Ok(Authorizer {
            keys: init.prime(KeyRing::new(source)).await?,
        })
    })
    .await?;
    let authorizer = Arc::new(authorizer);
    lambda_runtime::run(service_fn(
        move |event: LambdaEvent<ApiGatewayV2CustomAuthorizerV2Request>| {
            let authorizer = authorizer.clone();
            async move { Ok::<_, std::convert::Infallible>(authorizer.decide(&event.payload).await) }
        },
    ))
    .await
}
