//! The `WardrobeList` Lambda.

use drape_common::{
    http::serve,
    store::{dynamo::Table, s3::Bucket},
};
use wardrobe_list::WardrobeList;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    serve(async |init| {
        let items = Table::new(&init.aws.dynamodb(), init.settings.items_table()?);
        init.prime(items.prime()).await;
        Ok(WardrobeList {
            items,
            media: Bucket::new(&init.aws.s3(), init.settings.media_bucket()?),
        })
    })
    .await
}
