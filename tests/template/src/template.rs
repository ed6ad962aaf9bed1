//! The template as JSON: CloudFormation's short tags become the long form, so that `!Ref X` reads as
//! `{"Ref": "X"}` wherever it stands.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use serde_json::{Map, Value, json};
use serde_yaml_ng::Value as Yaml;

/// A parsed template.
#[derive(Debug, Clone)]
pub struct Template(Value);

/// One entry of `Resources`.
#[derive(Debug, Clone, Copy)]
pub struct Resource<'a> {
    /// Logical id.
    pub id: &'a str,
    /// The whole entry: `Type`, `Properties`, policies.
    pub body: &'a Value,
}

impl<'a> Resource<'a> {
    /// Its `Properties`; null where there are none.
    #[must_use]
    pub fn properties(self) -> &'a Value {
        &self.body["Properties"]
    }
}

/// One Lambda function, with what `Globals` adds to it.
#[derive(Debug, Clone, Copy)]
pub struct Function<'a> {
    /// Logical id.
    pub id: &'a str,
    /// The whole entry.
    pub body: &'a Value,
    globals: &'a Value,
}

impl<'a> Function<'a> {
    /// A property, or the global default for it.
    #[must_use]
    pub fn property(&self, name: &str) -> &'a Value {
        match &self.body["Properties"][name] {
            Value::Null => &self.globals[name],
            own => own,
        }
    }

    /// The crate that it is built from, by `BuildProperties.Binary`; empty where none is named.
    #[must_use]
    pub fn binary(&self) -> &'a str {
        self.body["Metadata"]["BuildProperties"]["Binary"]
            .as_str()
            .unwrap_or_default()
    }

    /// What calls it: name, type and properties of each entry of `Events`.
    pub fn events(&self) -> impl Iterator<Item = (&'a str, &'a str, &'a Value)> + use<'a> {
        entries(&self.body["Properties"]["Events"]).map(|(name, event)| {
            (
                name,
                event["Type"].as_str().unwrap_or_default(),
                &event["Properties"],
            )
        })
    }

    /// Whether something calls it with an event of this type.
    #[must_use]
    pub fn has_event(&self, kind: &str) -> bool {
        self.events().any(|(_, found, _)| found == kind)
    }

    /// The seconds that it may run.
    #[must_use]
    pub fn timeout(&self) -> u64 {
        // 3 is what Lambda takes where nothing is said.
        self.property("Timeout").as_u64().unwrap_or(3)
    }
}

impl Template {
    /// Parses YAML text.
    ///
    /// # Errors
    /// When it is not YAML, or uses a tag that CloudFormation does not have.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let yaml: Yaml = serde_yaml_ng::from_str(text).context("the template is not YAML")?;
        Ok(Self(long_form(&yaml)?))
    }

    /// Reads the project's own template.
    ///
    /// # Errors
    /// When it cannot be read or parsed.
    pub fn of_the_project() -> anyhow::Result<Self> {
        let path = repository_root().join("template.yaml");
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&text)
    }

    /// The whole document.
    #[must_use]
    pub fn document(&self) -> &Value {
        &self.0
    }

    /// All resources.
    pub fn resources(&self) -> impl Iterator<Item = Resource<'_>> {
        entries(&self.0["Resources"]).map(|(id, body)| Resource { id, body })
    }

    /// All resources of a type.
    pub fn of_type<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = Resource<'a>> {
        self.resources()
            .filter(move |resource| resource.body["Type"] == kind)
    }

    /// A resource by its logical id, if it has this type.
    #[must_use]
    pub fn find<'a>(&'a self, kind: &'a str, id: &str) -> Option<Resource<'a>> {
        self.of_type(kind).find(|resource| resource.id == id)
    }

    /// All functions.
    pub fn functions(&self) -> impl Iterator<Item = Function<'_>> {
        let globals = &self.0["Globals"]["Function"];
        self.of_type("AWS::Serverless::Function")
            .map(move |Resource { id, body }| Function { id, body, globals })
    }

    /// The variables that every function gets.
    pub fn global_variables(&self) -> impl Iterator<Item = &str> {
        entries(&self.0["Globals"]["Function"]["Environment"]["Variables"]).map(|(name, _)| name)
    }
}

/// The entries of an object, none for anything else.
pub(crate) fn entries(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.as_str(), value))
}

/// The elements of a list, or the value itself where CloudFormation lets one stand for a list of one.
pub(crate) fn one_or_many(value: &Value) -> &[Value] {
    match value {
        Value::Null => &[],
        Value::Array(values) => values,
        single => std::slice::from_ref(single),
    }
}

/// The logical id that a `Ref` or `GetAtt` points at.
pub(crate) fn target(value: &Value) -> Option<&str> {
    let name = value["Ref"]
        .as_str()
        .or_else(|| value["Fn::GetAtt"].as_str())?;
    Some(name.split('.').next().unwrap_or(name))
}

/// The text of a string, `Sub`, `Ref` or `GetAtt`, with what is filled in written as `${…}`.
pub(crate) fn text(value: &Value) -> String {
    if let Some(text) = value.as_str().or_else(|| value["Fn::Sub"].as_str()) {
        return text.to_owned();
    }
    if let Some(name) = value["Ref"]
        .as_str()
        .or_else(|| value["Fn::GetAtt"].as_str())
    {
        return format!("${{{name}}}");
    }
    value.to_string()
}

/// The folder that holds `template.yaml`.
#[must_use]
pub fn repository_root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

fn long_form(yaml: &Yaml) -> anyhow::Result<Value> {
    Ok(match yaml {
        Yaml::Null => Value::Null,
        Yaml::Bool(value) => json!(value),
        Yaml::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => json!(whole),
            (None, Some(real)) => json!(real),
            (None, None) => bail!("{number} is not a number that JSON knows"),
        },
        Yaml::String(text) => json!(text),
        Yaml::Sequence(values) => Value::Array(
            values
                .iter()
                .map(long_form)
                .collect::<anyhow::Result<_>>()?,
        ),
        Yaml::Mapping(mapping) => {
            let mut object = Map::new();
            for (key, value) in mapping {
                let key = key
                    .as_str()
                    .ok_or_else(|| anyhow!("{key:?} is not a string key"))?;
                object.insert(key.to_owned(), long_form(value)?);
            }
            Value::Object(object)
        }
        Yaml::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            let name = match tag.trim_start_matches('!') {
                plain @ ("Ref" | "Condition") => plain.to_owned(),
                function @ ("Sub" | "GetAtt" | "If" | "Equals" | "Not" | "And" | "Or" | "Join"
                | "Select" | "Split" | "FindInMap" | "ImportValue" | "GetAZs"
                | "Base64" | "Cidr") => format!("Fn::{function}"),
                other => bail!("!{other} is no function of CloudFormation"),
            };
            json!({ name: long_form(&tagged.value)? })
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_tags_become_the_long_form_at_any_depth() {
        let template =
            Template::parse("A: !If [Prod, !Ref B, !GetAtt C.Arn]\nD: { E: !Sub 'x-${F}' }")
                .unwrap();
        let expected = json!({
            "A": { "Fn::If": ["Prod", { "Ref": "B" }, { "Fn::GetAtt": "C.Arn" }] },
            "D": { "E": { "Fn::Sub": "x-${F}" } },
        });
        assert_eq!(template.document(), &expected);
    }

    #[test]
    fn a_misspelt_tag_is_refused() {
        assert!(
            Template::parse("A: !Reff B")
                .unwrap_err()
                .to_string()
                .contains("Reff")
        );
    }

    #[test]
    fn functions_inherit_from_globals() {
        let text = "
Globals: { Function: { Timeout: 10 } }
Resources:
  A: { Type: AWS::Serverless::Function, Properties: { Timeout: 5 } }
  B: { Type: AWS::Serverless::Function, Properties: {} }
";
        let template = Template::parse(text).unwrap();
        let timeouts: Vec<_> = template
            .functions()
            .map(|function| function.timeout())
            .collect();
        assert_eq!(timeouts, [5, 10]);
    }
}
