//! That somebody hears of what retries could not put right.

use serde_json::Value;

use crate::{
    Complaint, Template,
    queues::dead_letter_queues,
    template::{entries, one_or_many, target},
};

const ALARM: &str = "AWS::CloudWatch::Alarm";

/// Every dead-letter queue has an alarm on its depth.
#[must_use]
pub fn dead_letters(template: &Template) -> Vec<Complaint> {
    dead_letter_queues(template)
        .into_iter()
        .filter(|queue| !watched(template, "AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", queue))
        .map(|queue| {
            format!("{queue}: add an alarm on ApproximateNumberOfMessagesVisible > 0 with QueueName: !GetAtt {queue}.QueueName")
        })
        .collect()
}

/// Every job, and every authorizer, has an alarm on its errors: no person sees them fail, or everybody does.
#[must_use]
pub fn functions(template: &Template) -> Vec<Complaint> {
    let authorizers: Vec<&str> = authorizers(template).collect();
    template
        .functions()
        .filter(|function| {
            function.events().any(|(_, kind, _)| kind != "HttpApi")
                || authorizers.contains(&function.id)
        })
        .filter(|function| {
            !watched(
                template,
                "AWS/Lambda",
                "Errors",
                "FunctionName",
                function.id,
            )
        })
        .map(|function| {
            format!(
                "{0}: add an alarm on Errors > 0 with FunctionName: !Ref {0}",
                function.id
            )
        })
        .collect()
}

/// An alarm on a job's errors wants several periods with some: what fails once, a retry puts right.
#[must_use]
pub fn are_patient(template: &Template) -> Vec<Complaint> {
    template
        .functions()
        .filter(|function| function.events().any(|(_, kind, _)| kind != "HttpApi"))
        .flat_map(|function| {
            template.of_type(ALARM).filter(move |alarm| {
                let alarm = alarm.properties();
                alarm["MetricName"] == "Errors"
                    && has_dimension(alarm, "FunctionName", function.id)
                    && alarm["DatapointsToAlarm"].as_u64().unwrap_or(1) < 2
            })
        })
        .map(|alarm| {
            format!(
                "{}: a retry mends a single error; set DatapointsToAlarm",
                alarm.id
            )
        })
        .collect()
}

/// Every API has an alarm on its share of 5xx answers.
#[must_use]
pub fn apis(template: &Template) -> Vec<Complaint> {
    template
        .of_type("AWS::Serverless::HttpApi")
        .filter(|api| {
            !template.of_type(ALARM).any(|alarm| {
                one_or_many(&alarm.properties()["Metrics"])
                    .iter()
                    .any(|metric| {
                        let metric = &metric["MetricStat"]["Metric"];
                        metric["MetricName"] == "5xx" && has_dimension(metric, "ApiId", api.id)
                    })
            })
        })
        .map(|api| {
            format!(
                "{0}: add an alarm on the share of 5xx answers with ApiId: !Ref {0}",
                api.id
            )
        })
        .collect()
}

/// An alarm tells somebody, and silence is not a failure.
#[must_use]
pub fn are_heard(template: &Template) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for alarm in template.of_type(ALARM) {
        if alarm.properties()["AlarmActions"].is_null() {
            complaints.push(format!("{}: tells nobody; add AlarmActions", alarm.id));
        }
        if alarm.properties()["TreatMissingData"] != "notBreaching" {
            complaints.push(format!("{}: set TreatMissingData: notBreaching", alarm.id));
        }
    }
    complaints
}

fn authorizers(template: &Template) -> impl Iterator<Item = &str> {
    template
        .of_type("AWS::Serverless::HttpApi")
        .flat_map(|api| entries(&api.properties()["Auth"]["Authorizers"]))
        .filter_map(|(_, authorizer)| target(&authorizer["FunctionArn"]))
}

fn watched(template: &Template, namespace: &str, metric: &str, dimension: &str, id: &str) -> bool {
    template.of_type(ALARM).any(|alarm| {
        let alarm = alarm.properties();
        alarm["Namespace"] == namespace
            && alarm["MetricName"] == metric
            && alarm["Threshold"] == 0
            && alarm["ComparisonOperator"] == "GreaterThanThreshold"
            && has_dimension(alarm, dimension, id)
    })
}

fn has_dimension(metric: &Value, name: &str, id: &str) -> bool {
    one_or_many(&metric["Dimensions"])
        .iter()
        .any(|dimension| dimension["Name"] == name && target(&dimension["Value"]) == Some(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "
Resources:
  Api: { Type: AWS::Serverless::HttpApi, Properties: { Auth: { Authorizers: { T: { FunctionArn: !GetAtt Gate.Arn } } } } }
  Gate: { Type: AWS::Serverless::Function, Properties: {} }
  Job: { Type: AWS::Serverless::Function, Properties: { Events: { Ask: { Type: SQS, Properties: {} } } } }
  Page: { Type: AWS::Serverless::Function, Properties: { Events: { Call: { Type: HttpApi, Properties: {} } } } }
  Work: { Type: AWS::SQS::Queue, Properties: { RedrivePolicy: { deadLetterTargetArn: !GetAtt Dead.Arn } } }
  Dead: { Type: AWS::SQS::Queue, Properties: {} }
  DeadAlarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      Namespace: AWS/SQS
      MetricName: ApproximateNumberOfMessagesVisible
      Dimensions: [{ Name: QueueName, Value: !GetAtt Dead.QueueName }]
      Threshold: 0
      ComparisonOperator: GreaterThanThreshold
      TreatMissingData: notBreaching
      AlarmActions: [!Ref Topic]
  JobAlarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      Namespace: AWS/Lambda
      MetricName: Errors
      Dimensions: [{ Name: FunctionName, Value: !Ref Job }]
      DatapointsToAlarm: 3
      Threshold: 0
      ComparisonOperator: GreaterThanThreshold
      TreatMissingData: notBreaching
      AlarmActions: [!Ref Topic]
  GateAlarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      Namespace: AWS/Lambda
      MetricName: Errors
      Dimensions: [{ Name: FunctionName, Value: !Ref Gate }]
      Threshold: 0
      ComparisonOperator: GreaterThanThreshold
      TreatMissingData: notBreaching
      AlarmActions: [!Ref Topic]
  ApiAlarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      Metrics: [{ MetricStat: { Metric: { MetricName: 5xx, Dimensions: [{ Name: ApiId, Value: !Ref Api }] } } }]
      TreatMissingData: notBreaching
      AlarmActions: [!Ref Topic]
";

    fn all(text: &str) -> Vec<Complaint> {
        let template = Template::parse(text).unwrap();
        [dead_letters, functions, apis, are_heard, are_patient]
            .iter()
            .flat_map(|lint| lint(&template))
            .collect()
    }

    fn spoiled(good: &str, bad: &str) -> Vec<Complaint> {
        assert!(GOOD.contains(good));
        all(&GOOD.replace(good, bad))
    }

    #[test]
    fn a_good_template_passes() {
        assert_eq!(all(GOOD), Vec::<Complaint>::new());
    }

    #[test]
    fn an_unwatched_dead_letter_queue_is_found() {
        assert!(
            spoiled("!GetAtt Dead.QueueName", "!GetAtt Work.QueueName")[0]
                .starts_with("Dead: add an alarm")
        );
    }

    #[test]
    fn unwatched_jobs_and_authorizers_are_found() {
        assert!(
            spoiled("Value: !Ref Job }", "Value: !Ref Page }")[0]
                .starts_with("Job: add an alarm on Errors")
        );
        assert!(
            spoiled("Value: !Ref Gate }", "Value: !Ref Page }")[0]
                .starts_with("Gate: add an alarm on Errors")
        );
    }

    #[test]
    fn an_alarm_that_waits_for_more_than_one_is_found() {
        assert_eq!(spoiled("Threshold: 0", "Threshold: 5").len(), 3);
    }

    #[test]
    fn an_alarm_on_a_single_error_of_a_job_is_found() {
        for hasty in ["", "      DatapointsToAlarm: 1\n"] {
            assert_eq!(
                spoiled("      DatapointsToAlarm: 3\n", hasty),
                ["JobAlarm: a retry mends a single error; set DatapointsToAlarm"]
            );
        }
    }

    #[test]
    fn an_unwatched_api_is_found() {
        assert!(
            spoiled("MetricName: 5xx", "MetricName: 4xx")[0]
                .starts_with("Api: add an alarm on the share of 5xx")
        );
    }

    #[test]
    fn an_alarm_that_tells_nobody_is_found() {
        assert!(
            spoiled("      AlarmActions: [!Ref Topic]\n", "")
                .iter()
                .all(|complaint| complaint.contains("tells nobody"))
        );
        assert!(
            !spoiled(
                "TreatMissingData: notBreaching",
                "TreatMissingData: missing"
            )
            .is_empty()
        );
    }
}
