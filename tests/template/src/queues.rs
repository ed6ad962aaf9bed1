//! Queues and what happens to messages and events that fail.

use std::collections::BTreeSet;

use crate::{
    Complaint, Template,
    template::{entries, one_or_many, target},
};

const QUEUE: &str = "AWS::SQS::Queue";
const FOURTEEN_DAYS: u64 = 14 * 24 * 3600;

/// A message stays hidden for at least six times its function's timeout, else a job that is still running
/// would be started again beside itself.
#[must_use]
pub fn visibility(template: &Template) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for function in template.functions() {
        for (name, _, event) in function.events().filter(|(_, kind, _)| *kind == "SQS") {
            let Some(queue) = target(&event["Queue"]).and_then(|id| template.find(QUEUE, id))
            else {
                complaints.push(format!(
                    "{}.Events.{name}: Queue must be !GetAtt of a queue of this template",
                    function.id
                ));
                continue;
            };
            // 30 is what SQS takes where nothing is said.
            let visible_after = queue.properties()["VisibilityTimeout"]
                .as_u64()
                .unwrap_or(30);
            let least = 6 * function.timeout();
            if visible_after < least {
                complaints.push(format!(
                    "{}: VisibilityTimeout is {visible_after} s; {} may run {} s, so make it at least {least}",
                    queue.id,
                    function.id,
                    function.timeout()
                ));
            }
        }
    }
    complaints
}

/// Every mapping from SQS answers for each message, so that one bad message does not repeat a whole batch.
#[must_use]
pub fn partial_batches(template: &Template) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for function in template.functions() {
        for (name, _, event) in function.events().filter(|(_, kind, _)| *kind == "SQS") {
            if !one_or_many(&event["FunctionResponseTypes"])
                .iter()
                .any(|kind| kind == "ReportBatchItemFailures")
            {
                complaints.push(format!(
                    "{}.Events.{name}: add FunctionResponseTypes: [ReportBatchItemFailures]",
                    function.id
                ));
            }
        }
    }
    complaints
}

/// Every mapping from SQS hands over one message at a time: a job that runs out of memory or time takes the
/// rest of its batch with it.
#[must_use]
pub fn one_at_a_time(template: &Template) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for function in template.functions() {
        for (name, _, event) in function.events().filter(|(_, kind, _)| *kind == "SQS") {
            if event["BatchSize"] != 1 {
                complaints.push(format!("{}.Events.{name}: set BatchSize: 1", function.id));
            }
        }
    }
    complaints
}

/// The queues that failures go to: targets of a redrive policy or of a failed asynchronous call.
#[must_use]
pub fn dead_letter_queues(template: &Template) -> BTreeSet<&str> {
    let failed = template
        .functions()
        .filter_map(|function| on_failure(function.body));
    redriven(template)
        .chain(failed)
        .filter(|id| template.find(QUEUE, id).is_some())
        .collect()
}

/// The queues that other queues' messages go to.
fn redriven(template: &Template) -> impl Iterator<Item = &str> {
    template
        .of_type(QUEUE)
        .filter_map(|queue| target(&queue.properties()["RedrivePolicy"]["deadLetterTargetArn"]))
}

/// Behind every queue stands a dead-letter queue that keeps failures as long as can be and takes them from
/// that queue alone, or from no queue if it is for failed calls.
#[must_use]
pub fn dead_letters_of_queues(template: &Template) -> Vec<Complaint> {
    let dead = dead_letter_queues(template);
    let redriven: BTreeSet<&str> = redriven(template).collect();
    let mut complaints = Vec::new();
    for queue in template.of_type(QUEUE) {
        let properties = queue.properties();
        if properties["SqsManagedSseEnabled"] != true {
            complaints.push(format!("{}: set SqsManagedSseEnabled: true", queue.id));
        }
        if dead.contains(queue.id) {
            if properties["MessageRetentionPeriod"] != FOURTEEN_DAYS {
                complaints.push(format!(
                    "{}: a dead-letter queue needs MessageRetentionPeriod: {FOURTEEN_DAYS}",
                    queue.id
                ));
            }
            let allowed = &properties["RedriveAllowPolicy"]["redrivePermission"];
            if redriven.contains(queue.id) {
                if allowed != "byQueue" {
                    complaints.push(format!(
                        "{}: name its source in RedriveAllowPolicy with redrivePermission: byQueue",
                        queue.id
                    ));
                }
            } else if allowed != "denyAll" {
                complaints.push(format!(
                    "{}: takes failed calls alone; set redrivePermission: denyAll",
                    queue.id
                ));
            }
            continue;
        }
        let redrive = &properties["RedrivePolicy"];
        match target(&redrive["deadLetterTargetArn"]) {
            Some(id) if template.find(QUEUE, id).is_some() => {}
            _ => complaints.push(format!(
                "{}: has no dead-letter queue; add RedrivePolicy with deadLetterTargetArn: !GetAtt of one",
                queue.id
            )),
        }
        if redrive["maxReceiveCount"]
            .as_u64()
            .is_none_or(|count| !(2..=10).contains(&count))
        {
            complaints.push(format!(
                "{}: RedrivePolicy needs a maxReceiveCount between 2 and 10",
                queue.id
            ));
        }
    }
    complaints
}

/// A function that is called asynchronously hands what it cannot do to a dead-letter queue.
#[must_use]
pub fn dead_letters_of_asynchronous_functions(template: &Template) -> Vec<Complaint> {
    let is_asynchronous =
        |kind: &str| !matches!(kind, "HttpApi" | "Api" | "SQS" | "DynamoDB" | "Kinesis");
    template
        .functions()
        .filter(|function| function.events().any(|(_, kind, _)| is_asynchronous(kind)))
        .filter(|function| on_failure(function.body).is_none_or(|id| template.find(QUEUE, id).is_none()))
        .map(|function| {
            format!(
                "{}: is called asynchronously; give it EventInvokeConfig.DestinationConfig.OnFailure to a queue of this template",
                function.id
            )
        })
        .collect()
}

/// The queue that a function's failed asynchronous calls go to.
pub(crate) fn on_failure(function: &serde_json::Value) -> Option<&str> {
    let (_, failure) = entries(&function["Properties"]["EventInvokeConfig"]["DestinationConfig"])
        .find(|(name, _)| *name == "OnFailure")?;
    target(&failure["Destination"])
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "
Resources:
  Job:
    Type: AWS::Serverless::Function
    Properties:
      Timeout: 60
      Events:
        Photo: { Type: S3, Properties: {} }
        Ask: { Type: SQS, Properties: { Queue: !GetAtt Work.Arn, BatchSize: 1, FunctionResponseTypes: [ReportBatchItemFailures] } }
      EventInvokeConfig: { DestinationConfig: { OnFailure: { Type: SQS, Destination: !GetAtt Dead.Arn } } }
  Work:
    Type: AWS::SQS::Queue
    Properties:
      SqsManagedSseEnabled: true
      VisibilityTimeout: 360
      RedrivePolicy: { deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 3 }
  Dead:
    Type: AWS::SQS::Queue
    Properties:
      SqsManagedSseEnabled: true
      MessageRetentionPeriod: 1209600
      RedriveAllowPolicy: { redrivePermission: byQueue }
";

    fn all(text: &str) -> Vec<Complaint> {
        let template = Template::parse(text).unwrap();
        [
            visibility,
            partial_batches,
            one_at_a_time,
            dead_letters_of_queues,
            dead_letters_of_asynchronous_functions,
        ]
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
    fn a_visibility_under_six_timeouts_is_found() {
        let complaints = spoiled("VisibilityTimeout: 360", "VisibilityTimeout: 359");
        assert_eq!(
            complaints,
            ["Work: VisibilityTimeout is 359 s; Job may run 60 s, so make it at least 360"]
        );
    }

    #[test]
    fn a_mapping_without_partial_answers_is_found() {
        let complaints = spoiled(", FunctionResponseTypes: [ReportBatchItemFailures]", "");
        assert_eq!(
            complaints,
            ["Job.Events.Ask: add FunctionResponseTypes: [ReportBatchItemFailures]"]
        );
    }

    #[test]
    fn a_mapping_of_whole_batches_is_found() {
        for batch in ["", " BatchSize: 5,"] {
            let complaints = spoiled(" BatchSize: 1,", batch);
            assert_eq!(complaints, ["Job.Events.Ask: set BatchSize: 1"]);
        }
    }

    #[test]
    fn a_queue_without_dead_letters_is_found() {
        let complaints = spoiled(
            "      RedrivePolicy: { deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 3 }\n",
            "",
        );
        assert!(
            complaints
                .iter()
                .any(|complaint| complaint.starts_with("Work: has no dead-letter queue")),
            "{complaints:?}"
        );
    }

    #[test]
    fn a_redrive_to_a_queue_that_is_not_there_is_found() {
        let complaints = spoiled(
            "deadLetterTargetArn: !GetAtt Dead.Arn",
            "deadLetterTargetArn: !GetAtt Ded.Arn",
        );
        assert!(
            complaints
                .iter()
                .any(|complaint| complaint.starts_with("Work: has no dead-letter queue")),
            "{complaints:?}"
        );
    }

    #[test]
    fn a_queue_of_failed_calls_that_takes_messages_of_queues_is_found() {
        // Nothing is redriven to it any more: it is there for the function's failed calls alone.
        let complaints = spoiled("deadLetterTargetArn: !GetAtt Dead.Arn, ", "");
        assert!(
            complaints
                .iter()
                .any(|complaint| complaint.starts_with("Dead: takes failed calls alone")),
            "{complaints:?}"
        );
    }

    #[test]
    fn dead_letters_that_are_soon_forgotten_are_found() {
        let complaints = spoiled(
            "MessageRetentionPeriod: 1209600",
            "MessageRetentionPeriod: 345600",
        );
        assert_eq!(
            complaints,
            ["Dead: a dead-letter queue needs MessageRetentionPeriod: 1209600"]
        );
    }

    #[test]
    fn an_unencrypted_queue_is_found() {
        assert_eq!(
            spoiled("SqsManagedSseEnabled: true", "DelaySeconds: 0").len(),
            2
        );
    }

    #[test]
    fn an_asynchronous_function_without_a_destination_is_found() {
        let complaints = spoiled(
            "OnFailure: { Type: SQS, Destination: !GetAtt Dead.Arn }",
            "OnSuccess: {}",
        );
        assert!(
            complaints[0].starts_with("Job: is called asynchronously"),
            "{complaints:?}"
        );
    }
}
