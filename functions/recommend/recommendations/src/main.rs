//! The `recommendations` Lambda.

use drape_common::{
    http::serve,
    live,
    store::{
        dynamo::Table,
        s3::Bucket,
        tables::{DayShowing, DaySignal, Embedding, StyleRow},
    },
};
use drape_domain::{Item, Timestamp, User};
use drape_providers::OpenMeteo;
use futures::future::join3;
use recommendations::{Recommendations, Wardrobes, model};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    serve(async |init| {
        let dynamodb = init.aws.dynamodb();
        let users = Table::<User>::new(&dynamodb, init.settings.users_table()?);
        let weather = OpenMeteo::new(&init.settings.open_meteo_url()?)?;
        let learned = Bucket::new(&init.aws.s3(), init.settings.learned_bucket()?);
        let catalog = live::catalog(learned.clone(), init.settings.memory());
        let model = model(learned);
        init.prime(join3(users.prime(), catalog.start(), model.start()))
            .await;
        Ok(Recommendations {
            users,
            items: Table::<Item>::new(&dynamodb, init.settings.items_table()?),
            embeddings: Table::<Embedding>::new(&dynamodb, init.settings.embeddings_table()?),
            wardrobes: Wardrobes::default(),
            signals: Table::<DaySignal>::new(&dynamodb, init.settings.signals_table()?),
            styles: Table::<StyleRow>::new(&dynamodb, init.settings.styles_table()?),
            showings: Table::<DayShowing>::new(&dynamodb, init.settings.showings_table()?),
            media: Bucket::new(&init.aws.s3(), init.settings.media_bucket()?),
            weather,
            catalog,
            model,
            now: Timestamp::now_utc,
        })
    })
    .await
}
