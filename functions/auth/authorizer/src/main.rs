//! The `Authorizer` Lambda.

use std::sync::Arc;

use authorizer::{Authorizer, LoadKeys};
use aws_lambda_events::apigw::ApiGatewayV2CustomAuthorizerV2Request;
use drape_common::{init::Init, store::StoreError, tokens::TokenKeys};
use lambda_runtime::{LambdaEvent, service_fn};

/// The secret in Secrets Manager.
struct Secret {
    client: aws_sdk_secretsmanager::Client,
    id: String,
    stage: String,
}

impl LoadKeys for Secret {
    async fn load_keys(&self) -> Result<TokenKeys, StoreError> {
        TokenKeys::load(&self.client, &self.id, &self.stage).await
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let authorizer = Init::run(async |init| {
        let (id, stage) = (init.settings.token_secret_id()?, init.settings.stage()?);
        Ok(Authorizer::new(Secret {
            client: init.aws.secrets(),
            id,
            stage,
        })
        .await?)
    })
    .await?;
    let authorizer = Arc::new(authorizer);
    lambda_runtime::run(service_fn(move |event: LambdaEvent<ApiGatewayV2CustomAuthorizerV2Request>| {
        let authorizer = authorizer.clone();
        async move { Ok::<_, std::convert::Infallible>(authorizer.decide(&event.payload).await) }
    }))
    .await
}
