//! Days long past, learned from by the deployed jobs: by one function alone, and in shards under Step Functions.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use drape_common::store::{
    Get, Put,
    dynamo::Table,
    tables::{DAY_SHARDS, DayShowing, DaySignal, Embedding, StyleRow},
};
use drape_domain::{
    ItemId, Showing, ShowingId, Signal, SignalId, SignalKind, Slot, UserId,
    showing::{ShownFeature, ShownOutfit, ShownPiece},
};
use drape_e2e::Stack;
use serde_json::{Value, json};
use time::{Date, Time};

use crate::Outcome;

/// Far from each other, since a day's learning also looks at those before it.
const BY_FUNCTION: (i32, u16) = (2024, 70);
const BY_SHARDS: (i32, u16) = (2024, 300);

/// The model whose vectors the deployed jobs know.
fn vectors_model() -> &'static str {
    include_str!("../../../../shared/vision/weights/model_id.txt")
}

/// A person of this shard.
fn person(shard: u8) -> UserId {
    loop {
        let user = UserId::new();
        if user.uuid().as_bytes()[15] % DAY_SHARDS == shard {
            return user;
        }
    }
}

fn table<R: drape_common::store::Record>(stack: &Stack, output: &str) -> Result<Table<R>> {
    let name = stack.output(output)?.to_owned();
    Ok(Table::new(&stack.aws()?.dynamodb(), name))
}

/// The person was shown an outfit on the evening before and wore it on the day.
async fn lives(stack: &Stack, user: UserId, day: Date) -> Result<Signal> {
    let noon = day.with_time(Time::MIDNIGHT).assume_utc() + Duration::from_secs(12 * 3600);
    let shown_at = noon - Duration::from_secs(16 * 3600);
    let id = ShowingId::at(shown_at);
    let piece = ShownPiece {
        item_id: ItemId::new(),
        owner_id: user,
        slot: Slot::Dress,
    };
    let names = ["compat", "preference", "freshness", "boutique"];
    let outfit = ShownOutfit {
        id: id.outfit(1),
        pieces: vec![piece],
        score: 0.7,
        propensity: 1.0,
        features: names
            .map(|name| ShownFeature {
                name: name.to_owned(),
                value: 0.5,
                contribution: 0.1,
            })
            .to_vec(),
        explain: Vec::new(),
    };
    let signal = Signal {
        id: SignalId::new(),
        user_id: user,
        kind: SignalKind::Worn,
        recommendation_id: Some(outfit.id),
        items: vec![piece.item_id],
        created_at: noon,
    };
    let showing = Showing {
        id,
        user_id: user,
        shown_at,
        model: "builtin-1".to_owned(),
        index: None,
        occasion: None,
        temp_c: None,
        outfits: vec![outfit],
    };
    let vector: Vec<f32> = (0..8).map(|n| (n as f32).sin()).collect();
    let vector = Embedding::new(user, piece.item_id, vectors_model(), &vector, noon);
    table(stack, "EmbeddingsTable")?.put(&vector).await?;
    let mut showing = DayShowing::new(showing);
    // Such an old one would expire at once.
    showing.expires_at = 4_102_444_800;
    table(stack, "ShowingsTable")?.put(&showing).await?;
    table(stack, "SignalsTable")?
        .put(&DaySignal::new(signal.clone()))
        .await?;
    Ok(signal)
}

async fn style(stack: &Stack, user: UserId) -> Result<Option<StyleRow>> {
    let styles = table::<StyleRow>(stack, "StylesTable")?;
    Ok(styles.get(&StyleRow::key_of(user)).await?)
}

async fn answer(stack: &Stack, job: &str, event: &Value) -> Result<Value> {
    let answer = stack.invoke(job, event).await?;
    if answer.header("x-amz-function-error").is_some() {
        bail!("{job}: {}", answer.text);
    }
    answer.expect(200)
}

fn day((year, of_year): (i32, u16)) -> Result<Date> {
    Ok(Date::from_ordinal_date(year, of_year)?)
}

#[tokio::test]
async fn a_day_becomes_styles_and_a_report_and_drift_is_looked_for() -> Outcome {
    let stack = Stack::from_env()?;
    let (day, user) = (day(BY_FUNCTION)?, person(4));
    let worn = lives(&stack, user, day).await?;
    let event = json!({ "day": day.to_string() });
    let report = answer(&stack, "retrain", &event).await?;
    assert_eq!(report["through"], day.to_string());
    assert_eq!(report["counts"]["showings"], 1);
    assert_eq!(report["counts"]["joined"], 1);
    assert_eq!(report["missing_shards"], json!([]));
    assert_eq!(report["evaluation"]["decision"]["promoted"], false);
    let written = style(&stack, user).await?.unwrap();
    assert_eq!((written.through, written.weight), (day, 0.5));

    assert_eq!(answer(&stack, "retrain", &event).await?, report);
    assert_eq!(style(&stack, user).await?, Some(written));

    let drift = answer(&stack, "drift", &event).await?;
    assert_eq!(drift["drift"]["engagement"], json!({ "of": 1, "n": 1 }));
    assert_eq!(drift["fallen_since"], Value::Null);

    // Days later they say that they like it.
    let later = day + time::Duration::days(3);
    let like = Signal {
        id: SignalId::new(),
        kind: SignalKind::Like,
        created_at: worn.created_at + time::Duration::days(3),
        ..worn
    };
    table(&stack, "SignalsTable")?
        .put(&DaySignal::new(like))
        .await?;
    let event = json!({ "day": later.to_string() });
    let amended = answer(&stack, "retrain", &event).await?;
    assert_eq!(amended["counts"]["late"], 1);
    assert_eq!(amended["material"]["examples"], 1);
    let reward = |report: &Value| report["explored"]["constant"]["after"].as_f64();
    assert!(reward(&amended) > reward(&report));
    Ok(())
}

/// Runs the state machine and answers its execution.
async fn execute(stack: &Stack, input: &Value) -> Result<Value> {
    let machine = stack.output("LearningArn")?;
    let start = json!({ "stateMachineArn": machine, "input": input.to_string() });
    let started = stack.states("StartExecution", &start).await?;
    let which = json!({ "executionArn": started["executionArn"] });
    let deadline = Instant::now() + Duration::from_secs(300);
    loop {
        let execution = stack.states("DescribeExecution", &which).await?;
        if execution["status"] != "RUNNING" {
            return Ok(execution);
        }
        if Instant::now() > deadline {
            bail!("still running: {execution}");
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

#[tokio::test]
async fn under_step_functions_shards_are_learned_from_side_by_side() -> Outcome {
    let stack = Stack::from_env()?;
    let day = day(BY_SHARDS)?;
    let people = [person(3), person(11)];
    for user in people {
        lives(&stack, user, day).await?;
    }
    let order = json!({ "stage": "list", "day": day.to_string() });
    let execution = execute(&stack, &order).await?;
    assert_eq!(execution["status"], "SUCCEEDED", "{execution:#}");
    let report: Value = serde_json::from_str(execution["output"].as_str().unwrap())?;
    assert_eq!(report["through"], day.to_string());
    assert_eq!(report["counts"]["showings"], 2);
    assert_eq!(report["missing_shards"], json!([]));
    for user in people {
        assert_eq!(style(&stack, user).await?.unwrap().through, day);
    }

    // Each shard was an execution of its own.
    let which = json!({ "executionArn": execution["executionArn"] });
    let runs = stack.states("ListMapRuns", &which).await?;
    let run = json!({ "mapRunArn": runs["mapRuns"][0]["mapRunArn"] });
    let run = stack.states("DescribeMapRun", &run).await?;
    assert_eq!(run["itemCounts"]["succeeded"], DAY_SHARDS);

    // There is nothing left to do for a second one.
    let again = execute(&stack, &order).await?;
    assert_eq!(again["output"], execution["output"]);
    Ok(())
}
