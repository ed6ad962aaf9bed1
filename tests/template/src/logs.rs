//! That logs are there, are JSON, and go away.

use crate::{
    Complaint, Template,
    template::{one_or_many, target, text},
};

const GROUP: &str = "AWS::Logs::LogGroup";

/// Every function logs JSON into a group of its own, which its role may write to.
#[must_use]
pub fn groups_of_functions(template: &Template) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for function in template.functions() {
        let own = &function.body["Properties"]["LoggingConfig"];
        let format = match &own["LogFormat"] {
            serde_json::Value::Null => {
                &template.document()["Globals"]["Function"]["LoggingConfig"]["LogFormat"]
            }
            format => format,
        };
        if *format != "JSON" {
            complaints.push(format!(
                "{}: set LoggingConfig.LogFormat: JSON",
                function.id
            ));
        }
        let Some(group) = target(&own["LogGroup"]).and_then(|id| template.find(GROUP, id)) else {
            complaints.push(format!(
                "{0}: set LoggingConfig.LogGroup: !Ref {0}Logs, a log group of this template",
                function.id
            ));
            continue;
        };
        let expected = format!("/aws/lambda/{}", text(function.property("FunctionName")));
        if text(&group.properties()["LogGroupName"]) != expected {
            complaints.push(format!("{}: set LogGroupName: !Sub {expected}", group.id));
        }
        let role =
            target(function.property("Role")).and_then(|id| template.find("AWS::IAM::Role", id));
        let writes = role.is_some_and(|role| {
            one_or_many(&role.properties()["Policies"])
                .iter()
                .flat_map(|policy| one_or_many(&policy["PolicyDocument"]["Statement"]))
                .any(|statement| {
                    one_or_many(&statement["Action"])
                        .iter()
                        .any(|action| action == "logs:PutLogEvents")
                        && target(&statement["Resource"]) == Some(group.id)
                })
        });
        if !writes {
            complaints.push(format!(
                "{}: its role must allow logs:PutLogEvents on !GetAtt {}.Arn",
                function.id, group.id
            ));
        }
    }
    complaints
}

/// No log group keeps its logs for ever.
#[must_use]
pub fn retention(template: &Template) -> Vec<Complaint> {
    template
        .of_type(GROUP)
        .filter(|group| group.properties()["RetentionInDays"].is_null())
        .map(|group| format!("{}: set RetentionInDays: !Ref LogRetentionDays", group.id))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "
Globals: { Function: { LoggingConfig: { LogFormat: JSON } } }
Resources:
  Job:
    Type: AWS::Serverless::Function
    Properties: { FunctionName: !Sub 'x-${Stage}', Role: !GetAtt JobRole.Arn, LoggingConfig: { LogGroup: !Ref JobLogs } }
  JobRole:
    Type: AWS::IAM::Role
    Properties:
      Policies: [{ PolicyDocument: { Statement: [{ Action: ['logs:PutLogEvents'], Resource: !GetAtt JobLogs.Arn }] } }]
  JobLogs:
    Type: AWS::Logs::LogGroup
    Properties: { LogGroupName: !Sub '/aws/lambda/x-${Stage}', RetentionInDays: 7 }
";

    fn spoiled(good: &str, bad: &str) -> Vec<Complaint> {
        assert!(GOOD.contains(good));
        let template = Template::parse(&GOOD.replace(good, bad)).unwrap();
        [groups_of_functions, retention]
            .iter()
            .flat_map(|lint| lint(&template))
            .collect()
    }

    #[test]
    fn a_good_template_passes() {
        assert_eq!(spoiled("Job", "Job"), Vec::<Complaint>::new());
    }

    #[test]
    fn logs_kept_for_ever_are_found() {
        assert_eq!(
            spoiled(", RetentionInDays: 7", ""),
            ["JobLogs: set RetentionInDays: !Ref LogRetentionDays"]
        );
    }

    #[test]
    fn a_function_without_its_own_group_is_found() {
        assert!(
            spoiled("LogGroup: !Ref JobLogs", "LogGroup: other")[0]
                .starts_with("Job: set LoggingConfig.LogGroup")
        );
        assert!(
            spoiled("/aws/lambda/x-", "/aws/lambda/y-")[0].starts_with("JobLogs: set LogGroupName")
        );
    }

    #[test]
    fn text_logs_are_found() {
        assert_eq!(
            spoiled("LogFormat: JSON", "LogFormat: Text"),
            ["Job: set LoggingConfig.LogFormat: JSON"]
        );
    }

    #[test]
    fn logs_that_cannot_be_written_are_found() {
        assert!(
            spoiled("logs:PutLogEvents", "logs:CreateLogStream")[0]
                .starts_with("Job: its role must allow")
        );
    }
}
