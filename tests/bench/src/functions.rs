//! The functions as the template declares them.

use std::path::Path;

use anyhow::{Context, Result};
use serde_yaml_ng::Value;

/// One function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) logical_id: String,
    pub(crate) binary: String,
    /// Names of its variables.
    pub(crate) variables: Vec<String>,
    /// Started by events and not by requests, so that nobody waits for it to start.
    pub(crate) is_job: bool,
}

impl Function {
    /// Whether tables are all it is given: no bucket, queue, secret or other service.
    pub(crate) fn uses_dynamodb_only(&self) -> bool {
        let mut others = self.variables.iter().filter(|name| *name != "STAGE");
        others.all(|name| name.ends_with("_TABLE"))
    }
}

/// Reads them from the template.
///
/// # Errors
/// When the file cannot be read or is no template.
pub(crate) fn read(template: &Path) -> Result<Vec<Function>> {
    let text = std::fs::read_to_string(template)
        .with_context(|| format!("cannot read {}", template.display()))?;
    parse(&text)
}

fn parse(template: &str) -> Result<Vec<Function>> {
    let template: Value = serde_yaml_ng::from_str(template)?;
    let names = |variables: &Value| -> Vec<String> {
        let variables = variables.as_mapping();
        variables
            .into_iter()
            .flatten()
            .filter_map(|(name, _)| Some(name.as_str()?.to_owned()))
            .collect()
    };
    let global = names(&template["Globals"]["Function"]["Environment"]["Variables"]);
    let resources = template["Resources"]
        .as_mapping()
        .context("the template has no resources")?;
    let functions = resources
        .iter()
        .filter(|(_, resource)| resource["Type"] == "AWS::Serverless::Function");
    functions
        .map(|(id, resource)| {
            let id = id.as_str().context("a resource has no name")?;
            let binary = resource["Metadata"]["BuildProperties"]["Binary"].as_str();
            let properties = &resource["Properties"];
            let mut variables = global.clone();
            variables.extend(names(&properties["Environment"]["Variables"]));
            Ok(Function {
                logical_id: id.to_owned(),
                binary: binary
                    .with_context(|| format!("{id} does not name its binary"))?
                    .to_owned(),
                variables,
                is_job: properties["CodeUri"]
                    .as_str()
                    .is_some_and(|path| path.starts_with("functions/jobs/")),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = r"
Globals:
  Function: { Environment: { Variables: { STAGE: !Ref Stage } } }
Resources:
  MeGet:
    Type: AWS::Serverless::Function
    Metadata: { BuildProperties: { Binary: me-get } }
    Properties:
      CodeUri: functions/profile/me-get
      Environment: { Variables: { USERS_TABLE: !Ref UsersTable } }
  Clean:
    Type: AWS::Serverless::Function
    Metadata: { BuildProperties: { Binary: clean } }
    Properties:
      CodeUri: functions/jobs/clean
      Environment: { Variables: { ITEMS_TABLE: !Ref ItemsTable, UPLOADS_BUCKET: !Sub 'x-${Stage}' } }
  UsersTable: { Type: AWS::DynamoDB::Table }
";

    #[test]
    fn functions_are_found_with_their_variables() {
        let functions = parse(TEMPLATE).unwrap();
        let [me, clean] = functions.as_slice() else {
            panic!("{functions:?}")
        };
        assert_eq!(
            (me.logical_id.as_str(), me.binary.as_str(), me.is_job),
            ("MeGet", "me-get", false)
        );
        assert_eq!(me.variables, ["STAGE", "USERS_TABLE"]);
        assert!(me.uses_dynamodb_only() && !clean.uses_dynamodb_only());
        assert!(clean.is_job);
    }

    #[test]
    fn the_project_s_own_template_is_understood() {
        let functions = read(Path::new(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../template.yaml"
        )))
        .unwrap();
        assert!(functions.len() >= 25);
        for function in functions {
            for name in &function.variables {
                assert!(
                    crate::world::variable(name, "x").is_some(),
                    "{}: {name}",
                    function.logical_id
                );
            }
        }
    }
}
