//! Metrics as lines of the log, which CloudWatch reads by itself (the embedded metric format): no calls, no
//! rights, no client. See
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>.

use std::io::Write;

use drape_domain::Timestamp;
use serde_json::{Map, Value, json};

/// The namespace of all of them.
pub const NAMESPACE: &str = "Drape";
/// CloudWatch reads no more of one line.
const MOST: usize = 100;

/// The line for these metrics of a deployment. Values that are no numbers are left out, and those beyond a hundred.
#[must_use]
pub fn line(stage: &str, now: Timestamp, values: &[(String, f64)]) -> String {
    let values: Vec<_> = values
        .iter()
        .filter(|(_, value)| value.is_finite())
        .take(MOST)
        .collect();
    let names: Vec<Value> = values
        .iter()
        .map(|(name, _)| json!({ "Name": name }))
        .collect();
    let millis = now.unix_timestamp_nanos() / 1_000_000;
    let about = json!({
        "Timestamp": i64::try_from(millis).unwrap_or_default(),
        "CloudWatchMetrics": [{ "Namespace": NAMESPACE, "Dimensions": [["Stage"]], "Metrics": names }],
    });
    let mut line = Map::new();
    line.insert("_aws".to_owned(), about);
    line.insert("Stage".to_owned(), stage.into());
    for (name, value) in values {
        line.insert(name.clone(), (*value).into());
    }
    Value::Object(line).to_string()
}

/// Writes a line to the log as it is.
pub fn emit(line: &str) {
    // If the log cannot be written to, there is nowhere to say so.
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_each_metric_and_holds_its_value() {
        let now = Timestamp::UNIX_EPOCH + time::Duration::milliseconds(1_500);
        let values = [("A".to_owned(), 0.25), ("B".to_owned(), f64::NAN)];
        let read: Value = serde_json::from_str(&line("dev", now, &values)).unwrap();
        assert_eq!(
            read,
            json!({
                "_aws": {
                    "Timestamp": 1500,
                    "CloudWatchMetrics": [
                        { "Namespace": "Drape", "Dimensions": [["Stage"]], "Metrics": [{ "Name": "A" }] }
                    ],
                },
                "Stage": "dev",
                "A": 0.25,
            })
        );
    }

    #[test]
    fn a_line_has_a_hundred_metrics_at_most() {
        let values: Vec<_> = (0..150).map(|n| (format!("M{n}"), 1.0)).collect();
        let read: Value =
            serde_json::from_str(&line("dev", Timestamp::UNIX_EPOCH, &values)).unwrap();
        let metrics = &read["_aws"]["CloudWatchMetrics"][0]["Metrics"];
        assert_eq!(metrics.as_array().unwrap().len(), 100);
        assert_eq!(read.as_object().unwrap().len(), 102);
    }
}
