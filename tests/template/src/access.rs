//! What functions may do: their own role each, no wildcards, and rights that match what they are told about.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    Complaint, Function, Template,
    queues::on_failure,
    template::{entries, one_or_many, target, text},
};

const ROLE: &str = "AWS::IAM::Role";

/// Every function has a role of its own, written out in the template. SAM's generated roles bring managed
/// policies whose resource is `*`, and so would `Policies` on the function.
#[must_use]
pub fn own_roles(template: &Template) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for function in template.functions() {
        let expected = format!("{}Role", function.id);
        if target(&function.body["Properties"]["Role"]) != Some(expected.as_str()) {
            complaints.push(format!("{}: set Role: !GetAtt {expected}.Arn", function.id));
        } else if template.find(ROLE, &expected).is_none() {
            complaints.push(format!(
                "{}: there is no role {expected}; write one",
                function.id
            ));
        }
        if !function.body["Properties"]["Policies"].is_null() {
            complaints.push(format!("{}: move Policies into {expected}", function.id));
        }
    }
    complaints
}

/// No role allows a wildcard: not in its actions, and in its resources only at the end of an object key
/// under a fixed prefix, where S3 knows no other way, and for the executions of one state machine, whose names
/// nobody knows before. Listing a bucket is bound to a prefix.
#[must_use]
pub fn no_wildcards(template: &Template) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for role in template.of_type(ROLE) {
        if !role.properties()["ManagedPolicyArns"].is_null() {
            complaints.push(format!(
                "{}: managed policies grant more than a function needs; write statements",
                role.id
            ));
        }
        for statement in statements(role.properties()) {
            complaints.extend(wide_statement(statement).map(|what| format!("{}: {what}", role.id)));
        }
    }
    complaints
}

fn statements(role: &Value) -> impl Iterator<Item = &Value> {
    one_or_many(&role["Policies"])
        .iter()
        .flat_map(|policy| one_or_many(&policy["PolicyDocument"]["Statement"]))
}

fn wide_statement(statement: &Value) -> impl Iterator<Item = Complaint> {
    let mut complaints = Vec::new();
    for word in ["NotAction", "NotResource"] {
        if !statement[word].is_null() {
            complaints.push(format!(
                "{word} allows everything else; name what is allowed"
            ));
        }
    }
    for action in one_or_many(&statement["Action"]) {
        let action = text(action);
        if action.contains('*') {
            complaints.push(format!("action {action} has a wildcard; name the actions"));
        }
    }
    for resource in one_or_many(&statement["Resource"]) {
        let resource = text(resource);
        let is_bound = is_keys_under_a_prefix(&resource) || is_executions_of_a_machine(&resource);
        if resource.contains('*') && !is_bound {
            complaints.push(format!(
                "resource {resource} has a wildcard; name the resource"
            ));
        }
    }
    complaints.into_iter()
}

/// `arn:…:s3:::bucket/prefix/*`, with a bucket and a prefix that are not themselves wild.
fn is_keys_under_a_prefix(resource: &str) -> bool {
    let Some((_, path)) = resource.split_once(":s3:::") else {
        return false;
    };
    let Some((bucket, key)) = path.split_once('/') else {
        return false;
    };
    let Some(prefix) = key.strip_suffix("/*") else {
        return false;
    };
    !bucket.is_empty() && !prefix.is_empty() && !bucket.contains('*') && !prefix.contains('*')
}

/// `arn:…:execution:machine:*`, with a machine that is not itself wild.
fn is_executions_of_a_machine(resource: &str) -> bool {
    let Some((_, executions)) = resource.split_once(":execution:") else {
        return false;
    };
    let machine = executions.strip_suffix(":*");
    machine.is_some_and(|machine| !machine.is_empty() && !machine.contains('*'))
}

/// A function may touch exactly the tables, buckets, queues and secrets whose names it is given: rights
/// without a name are left over, a name without rights fails at the first call.
#[must_use]
pub fn rights_match_names(template: &Template) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for function in template.functions() {
        let Some(role) =
            target(&function.body["Properties"]["Role"]).and_then(|id| template.find(ROLE, id))
        else {
            continue; // own_roles says so
        };
        let named = named_resources(template, function);
        let mut granted: BTreeSet<String> = statements(role.properties())
            .flat_map(|statement| one_or_many(&statement["Resource"]))
            .filter_map(|resource| state_behind(template, resource))
            .collect();
        if let Some(queue) = on_failure(function.body) {
            granted.remove(queue); // Lambda itself sends there, in the function's name
        }
        for extra in granted.difference(&named) {
            complaints.push(format!(
                "{}: may touch {extra} but no variable names it; drop the statement",
                role.id
            ));
        }
        for missing in named.difference(&granted) {
            complaints.push(format!(
                "{}: a variable names {missing} but no statement allows it",
                role.id
            ));
        }
    }
    complaints
}

/// Lambda sends failed asynchronous calls with the function's role.
#[must_use]
pub fn may_send_failures(template: &Template) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for function in template.functions() {
        let Some(queue) = on_failure(function.body) else {
            continue;
        };
        let role =
            target(&function.body["Properties"]["Role"]).and_then(|id| template.find(ROLE, id));
        let allowed = role.is_some_and(|role| {
            statements(role.properties()).any(|statement| {
                one_or_many(&statement["Action"])
                    .iter()
                    .any(|action| action == "sqs:SendMessage")
                    && one_or_many(&statement["Resource"])
                        .iter()
                        .any(|resource| target(resource) == Some(queue))
            })
        });
        if !allowed {
            complaints.push(format!(
                "{}: its role must allow sqs:SendMessage on {queue}, its OnFailure destination",
                function.id
            ));
        }
    }
    complaints
}

fn named_resources(template: &Template, function: Function<'_>) -> BTreeSet<String> {
    entries(&function.body["Properties"]["Environment"]["Variables"])
        .filter_map(|(_, value)| state_behind(template, value))
        .collect()
}

/// The logical id of the table, bucket, queue or secret that a `Ref`, `GetAtt` or `Sub` speaks of.
fn state_behind(template: &Template, value: &Value) -> Option<String> {
    let written = text(value);
    let is_state = |kind: &str| {
        matches!(
            kind,
            "AWS::DynamoDB::Table"
                | "AWS::S3::Bucket"
                | "AWS::SQS::Queue"
                | "AWS::SecretsManager::Secret"
        )
    };
    template
        .resources()
        .filter(|resource| resource.body["Type"].as_str().is_some_and(is_state))
        .find(|resource| {
            let referred = written.contains(&format!("${{{}}}", resource.id))
                || written.contains(&format!("${{{}.", resource.id));
            let bucket = &resource.properties()["BucketName"];
            referred || (!bucket.is_null() && written.contains(&text(bucket)))
        })
        .map(|resource| resource.id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "
Resources:
  Job:
    Type: AWS::Serverless::Function
    Properties:
      Role: !GetAtt JobRole.Arn
      Environment: { Variables: { THINGS_TABLE: !Ref Things, MEDIA_BUCKET: !Sub 'media-${Stage}' } }
      EventInvokeConfig: { DestinationConfig: { OnFailure: { Type: SQS, Destination: !GetAtt Dead.Arn } } }
  JobRole:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyName: job
          PolicyDocument:
            Statement:
              - { Effect: Allow, Action: 'dynamodb:GetItem', Resource: !GetAtt Things.Arn }
              - { Effect: Allow, Action: ['s3:GetObject'], Resource: !Sub 'arn:aws:s3:::media-${Stage}/items/*' }
              - { Effect: Allow, Action: 'sqs:SendMessage', Resource: !GetAtt Dead.Arn }
  Things: { Type: AWS::DynamoDB::Table, Properties: {} }
  Others: { Type: AWS::DynamoDB::Table, Properties: {} }
  Media: { Type: AWS::S3::Bucket, Properties: { BucketName: !Sub 'media-${Stage}' } }
  Dead: { Type: AWS::SQS::Queue, Properties: {} }
";

    fn all(text: &str) -> Vec<Complaint> {
        let template = Template::parse(text).unwrap();
        [
            own_roles,
            no_wildcards,
            rights_match_names,
            may_send_failures,
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
    fn a_wild_action_is_found() {
        let complaints = spoiled("'dynamodb:GetItem'", "'dynamodb:*'");
        assert_eq!(
            complaints,
            ["JobRole: action dynamodb:* has a wildcard; name the actions"]
        );
    }

    #[test]
    fn wild_resources_are_found() {
        for wild in [
            "'*'",
            "!Sub '${Things.Arn}*'",
            "!Sub 'arn:aws:s3:::*'",
            "!Sub 'arn:aws:s3:::media-${Stage}/*'",
            "!Sub 'arn:aws:states:eu-west-1:1:execution:*'",
            "!Sub 'arn:aws:states:eu-west-1:1:execution:learn*:*'",
        ] {
            let complaints = spoiled("!Sub 'arn:aws:s3:::media-${Stage}/items/*'", wild);
            assert!(
                complaints[0].contains("has a wildcard; name the resource"),
                "{wild}: {complaints:?}"
            );
        }
    }

    #[test]
    fn the_executions_of_one_machine_may_be_named_together() {
        assert!(is_executions_of_a_machine(
            "arn:aws:states:eu-west-1:1:execution:learning:*"
        ));
        assert!(!is_executions_of_a_machine(
            "arn:aws:states:eu-west-1:1:stateMachine:learning:*"
        ));
    }

    #[test]
    fn everything_but_is_found() {
        let complaints = spoiled(
            "Action: 'dynamodb:GetItem'",
            "NotAction: 'dynamodb:DeleteItem'",
        );
        assert!(complaints[0].contains("NotAction"), "{complaints:?}");
    }

    #[test]
    fn a_shared_role_and_managed_policies_are_found() {
        assert_eq!(
            spoiled("!GetAtt JobRole.Arn", "!GetAtt AnyRole.Arn")[0],
            "Job: set Role: !GetAtt JobRole.Arn"
        );
        let complaints = spoiled(
            "      Policies:\n",
            "      ManagedPolicyArns: [a]\n      Policies:\n",
        );
        assert!(complaints[0].contains("managed policies"), "{complaints:?}");
        let complaints = spoiled(
            "      Role: !GetAtt JobRole.Arn\n",
            "      Role: !GetAtt JobRole.Arn\n      Policies: [x]\n",
        );
        assert_eq!(complaints, ["Job: move Policies into JobRole"]);
    }

    #[test]
    fn rights_left_over_and_rights_missing_are_found() {
        let complaints = spoiled("!GetAtt Things.Arn", "!GetAtt Others.Arn");
        assert_eq!(
            complaints,
            [
                "JobRole: may touch Others but no variable names it; drop the statement",
                "JobRole: a variable names Things but no statement allows it",
            ]
        );
    }

    #[test]
    fn a_destination_that_the_role_cannot_reach_is_found() {
        let complaints = spoiled("'sqs:SendMessage'", "'sqs:ReceiveMessage'");
        assert!(
            complaints[0].starts_with("Job: its role must allow sqs:SendMessage on Dead"),
            "{complaints:?}"
        );
    }
}
