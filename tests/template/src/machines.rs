//! State machines and schedules: they come to an end, try again, and somebody hears if they fail.

use serde_json::Value;

use crate::{
    Complaint, Template,
    queues::dead_letter_queues,
    template::{entries, one_or_many, target},
};

const MACHINE: &str = "AWS::StepFunctions::StateMachine";
const SCHEDULE: &str = "AWS::Scheduler::Schedule";

/// Every state machine ends in time, each of its tasks is tried again, and an alarm watches its failures.
#[must_use]
pub fn machines(template: &Template) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for machine in template.of_type(MACHINE) {
        let definition = &machine.properties()["Definition"];
        if !definition["TimeoutSeconds"].is_u64() {
            complaints.push(format!("{}: set TimeoutSeconds", machine.id));
        }
        for (name, state) in states(definition) {
            let tries = one_or_many(&state["Retry"]).iter();
            let retries = tries.filter(|retry| retry["MaxAttempts"].as_u64() > Some(0));
            if state["Type"] == "Task" && retries.count() == 0 {
                complaints.push(format!("{}.{name}: add Retry", machine.id));
            }
        }
        for metric in ["ExecutionsFailed", "ExecutionsTimedOut"] {
            if !is_watched(template, machine.id, metric) {
                complaints.push(format!("{}: add an alarm on {metric}", machine.id));
            }
        }
    }
    complaints
}

/// Every schedule says what to tell its target, starts it with a role of this template, and hands what it could
/// not start to a dead-letter queue.
#[must_use]
pub fn schedules(template: &Template) -> Vec<Complaint> {
    let of_functions = template.functions().flat_map(|function| {
        let events = function.events();
        let scheduled = events.filter(|(_, kind, _)| *kind == "ScheduleV2");
        scheduled.map(move |(name, _, schedule)| (format!("{}.{name}", function.id), schedule))
    });
    let others = template
        .of_type(SCHEDULE)
        .map(|schedule| (schedule.id.to_owned(), &schedule.properties()["Target"]));
    let dead = dead_letter_queues(template);
    let mut complaints = Vec::new();
    for (name, schedule) in of_functions.chain(others) {
        let mut must = |holds: bool, fix: &str| {
            if !holds {
                complaints.push(format!("{name}: {fix}"));
            }
        };
        let input = schedule["Input"].as_str();
        let is_json = |text: &str| serde_json::from_str::<Value>(text).is_ok();
        must(input.is_some_and(is_json), "set Input to JSON text");
        let role = target(&schedule["RoleArn"]);
        must(
            role.is_some_and(|id| template.find("AWS::IAM::Role", id).is_some()),
            "set RoleArn: !GetAtt of a role of this template",
        );
        let queue = target(&schedule["DeadLetterConfig"]["Arn"]);
        must(
            queue.is_some_and(|id| dead.contains(id)),
            "set DeadLetterConfig.Arn: !GetAtt of a dead-letter queue",
        );
    }
    complaints
}

/// The states of a machine, and of the machines within its maps.
fn states(definition: &Value) -> Vec<(&str, &Value)> {
    entries(&definition["States"])
        .flat_map(|(name, state)| {
            let mut found = states(&state["ItemProcessor"]);
            found.push((name, state));
            found
        })
        .collect()
}

fn is_watched(template: &Template, machine: &str, metric: &str) -> bool {
    template.of_type("AWS::CloudWatch::Alarm").any(|alarm| {
        let alarm = alarm.properties();
        alarm["MetricName"] == metric
            && one_or_many(&alarm["Dimensions"])
                .iter()
                .any(|dimension| target(&dimension["Value"]) == Some(machine))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
Resources:
  Learning:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      Definition:
        TimeoutSeconds: 60
        States:
          Each: { Type: Map, ItemProcessor: { States: { One: { Type: Task, Retry: [{ MaxAttempts: 1 }] } } } }
          Last: { Type: Task, Retry: [{ MaxAttempts: 2 }] }
  Failed: { Type: AWS::CloudWatch::Alarm, Properties: { MetricName: ExecutionsFailed, Dimensions: [{ Value: !Ref Learning }] } }
  Late: { Type: AWS::CloudWatch::Alarm, Properties: { MetricName: ExecutionsTimedOut, Dimensions: [{ Value: !Ref Learning }] } }
  Role: { Type: AWS::IAM::Role, Properties: {} }
  Dead: { Type: AWS::SQS::Queue, Properties: {} }
  Job:
    Type: AWS::Serverless::Function
    Properties:
      Events: { Daily: { Type: ScheduleV2, Properties: { Input: "{}", RoleArn: !GetAtt Role.Arn, DeadLetterConfig: { Arn: !GetAtt Dead.Arn } } } }
      EventInvokeConfig: { DestinationConfig: { OnFailure: { Destination: !GetAtt Dead.Arn } } }
  Start:
    Type: AWS::Scheduler::Schedule
    Properties: { Target: { Input: '{"a":1}', RoleArn: !GetAtt Role.Arn, DeadLetterConfig: { Arn: !GetAtt Dead.Arn } } }
"#;

    fn spoiled(good: &str, bad: &str) -> Vec<Complaint> {
        assert!(GOOD.contains(good));
        let template = Template::parse(&GOOD.replace(good, bad)).unwrap();
        [machines(&template), schedules(&template)].concat()
    }

    #[test]
    fn a_good_template_passes() {
        assert_eq!(spoiled("60", "60"), Vec::<Complaint>::new());
    }

    #[test]
    fn a_machine_that_gives_up_at_once_or_never_is_found() {
        assert_eq!(
            spoiled("Retry: [{ MaxAttempts: 1 }]", "End: true"),
            ["Learning.One: add Retry"]
        );
        assert_eq!(
            spoiled("        TimeoutSeconds: 60\n", ""),
            ["Learning: set TimeoutSeconds"]
        );
    }

    #[test]
    fn an_unwatched_machine_is_found() {
        assert_eq!(
            spoiled("ExecutionsTimedOut", "ExecutionsAborted"),
            ["Learning: add an alarm on ExecutionsTimedOut"]
        );
    }

    #[test]
    fn a_schedule_that_says_nothing_or_loses_what_it_could_not_start_is_found() {
        assert_eq!(
            spoiled(r#"'{"a":1}'"#, "a"),
            ["Start: set Input to JSON text"]
        );
        let broken = spoiled(
            "RoleArn: !GetAtt Role.Arn, DeadLetterConfig: { Arn: !GetAtt Dead.Arn } } } }",
            "RoleArn: !GetAtt Dead.Arn } } }",
        );
        assert_eq!(broken.len(), 2);
        assert!(
            broken
                .iter()
                .all(|words| words.starts_with("Job.Daily: set"))
        );
    }
}
