//! The `signals-record` Lambda.

use drape_common::{
    http::serve,
    store::{dynamo::Table, tables::DaySignal},
};
use drape_domain::Timestamp;
use signals_record::SignalsRecord;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    serve(async |init| {
        let dynamodb = init.aws.dynamodb();
        let signals = Table::<DaySignal>::new(&dynamodb, init.settings.signals_table()?);
        init.prime(signals.prime()).await;
        Ok(SignalsRecord {
            items: Table::new(&dynamodb, init.settings.items_table()?),
            showings: Table::new(&dynamodb, init.settings.showings_table()?),
            reservations: Table::new(&dynamodb, init.settings.idempotency_table()?),
            signals,
            now: Timestamp::now_utc,
        })
    })
    .await
}
