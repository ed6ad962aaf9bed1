//! The `ItemDelete` Lambda.

use drape_common::{
    http::serve,
    store::{dynamo::Table, s3::Bucket},
};
use item_delete::ItemDelete;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    serve(async |init| {
        let (dynamodb, s3) = (init.aws.dynamodb(), init.aws.s3());
        let items_table = init.settings.items_table()?;
        let items = Table::new(&dynamodb, items_table.clone());
        let media = Bucket::new(&s3, init.settings.media_bucket()?);
        init.prime(futures::future::join(items.prime(), media.prime()))
            .await;
        Ok(ItemDelete {
            items,
            gone: Table::new(&dynamodb, items_table),
            embeddings: Table::new(&dynamodb, init.settings.embeddings_table()?),
            uploads: Bucket::new(&s3, init.settings.uploads_bucket()?),
            media,
        })
    })
    .await
}
