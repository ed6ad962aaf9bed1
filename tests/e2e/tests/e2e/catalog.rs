//! What boutiques sell, from the photo to the index in the bucket.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use drape_common::{
    live::{INDEX, catalog, standing},
    store::s3::Bucket,
};
use drape_domain::ItemId;
use drape_e2e::{
    Stack,
    pictures::{Shape, garment},
};
use drape_index::Catalog;
use serde_json::{Value, json};

use crate::Outcome;

/// How long until a run is not in the way of another one.
const PATIENCE: Duration = Duration::from_secs(120);

fn learned(stack: &Stack) -> Result<Bucket> {
    let name = stack.output("LearnedBucket")?.to_owned();
    Ok(Bucket::new(&stack.aws()?.s3(), name))
}

/// The index as an instance that starts now has it.
async fn index(stack: &Stack) -> Result<Option<Catalog>> {
    let live = catalog(learned(stack)?, None);
    live.start().await;
    Ok(live.current().map(|loaded| loaded.value.clone()))
}

async fn has(stack: &Stack, item: ItemId) -> Result<bool> {
    let index = index(stack).await?;
    Ok(index.is_some_and(|index| index.find(item).is_some()))
}

/// Runs the job by hand. The scheduled one runs beside it, and either may lose to the other.
pub(crate) async fn reindex(stack: &Stack, event: &Value) -> Result<Value> {
    let started = Instant::now();
    loop {
        let answer = stack.invoke("reindex", event).await?;
        assert_eq!(
            answer.header("x-amz-function-error"),
            None,
            "{}",
            answer.text
        );
        let done: Value = serde_json::from_str(&answer.text)?;
        if done["outcome"] != "lost" {
            return Ok(done);
        }
        if started.elapsed() > PATIENCE {
            bail!("always another run");
        }
    }
}

async fn version(stack: &Stack) -> Result<String> {
    let pointer = standing(&learned(stack)?, INDEX).await?.pointer;
    Ok(pointer.map(|pointer| pointer.version).unwrap_or_default())
}

/// One test, since there is one index for all.
#[tokio::test]
async fn what_a_boutique_sells_is_in_the_index_until_it_is_deleted() -> Outcome {
    let stack = Stack::from_env()?;
    let (boutique, shopper) = (stack.sign_up_boutique().await?, stack.sign_up().await?);
    let photo = garment(Shape::Shirt, [180, 40, 40])?;
    let fields = json!({ "sizes": ["M"], "price": { "amount": 1_250_000, "currency": "NGN" } });
    let (sold, owned) = (
        boutique.add_item(&photo, &fields).await?,
        shopper.add_item(&photo, &fields).await?,
    );
    let id = |item: &Value| -> Result<ItemId> { Ok(serde_json::from_value(item["id"].clone())?) };
    let (sold_id, owned_id) = (id(&sold)?, id(&owned)?);

    reindex(&stack, &json!({})).await?;
    assert!(has(&stack, sold_id).await?);
    assert!(!has(&stack, owned_id).await?, "nobody sells it");
    let index = index(&stack)
        .await?
        .unwrap_or_else(|| panic!("it was there"));
    let found = index.find(sold_id).and_then(|row| index.entry(row));
    let traits = found
        .map(|found| found.traits())
        .unwrap_or_else(|| panic!("it was there"));
    assert_eq!(traits.category.as_str(), sold["category"]);
    assert_eq!(json!(traits.price.map(|price| price.amount())), 1_250_000);
    let with_it = version(&stack).await?;

    let path = format!("/items/{sold_id}");
    assert_eq!(boutique.delete(&path).send().await?.status, 204);
    reindex(&stack, &json!({})).await?;
    assert!(!has(&stack, sold_id).await?);

    // Back to the version that had it, which the schedule leaves alone.
    let back = reindex(&stack, &json!({ "rollback_to": with_it })).await?;
    assert_eq!(back["version"], with_it.as_str());
    assert!(has(&stack, sold_id).await?);
    let held = reindex(&stack, &json!({})).await?;
    assert_eq!(held["outcome"], "held");
    let anew = reindex(&stack, &json!({ "full": true })).await?;
    assert_eq!(anew["outcome"], "published");
    assert!(!has(&stack, sold_id).await?);
    Ok(())
}
