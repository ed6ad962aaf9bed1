//! The `recommendations` Lambda.

use drape_common::{
    http::serve,
    store::{
        dynamo::Table,
        s3::Bucket,
        tables::{DayShowing, DaySignal, Embedding},
    },
};
use drape_domain::{Item, Timestamp, User};
use drape_providers::OpenMeteo;
use recommendations::{Recommendations, Wardrobes};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    serve(async |init| {
        let dynamodb = init.aws.dynamodb();
        let users = Table::<User>::new(&dynamodb, init.settings.users_table()?);
        let weather = OpenMeteo::new(&init.settings.open_meteo_url()?)?;
        init.prime(users.prime()).await;
        Ok(Recommendations {
            users,
            items: Table::<Item>::new(&dynamodb, init.settings.items_table()?),
            embeddings: Table::<Embedding>::new(&dynamodb, init.settings.embeddings_table()?),
            wardrobes: Wardrobes::default(),
            signals: Table::<DaySignal>::new(&dynamodb, init.settings.signals_table()?),
            showings: Table::<DayShowing>::new(&dynamodb, init.settings.showings_table()?),
            media: Bucket::new(&init.aws.s3(), init.settings.media_bucket()?),
            weather,
            now: Timestamp::now_utc,
        })
    })
    .await
}
