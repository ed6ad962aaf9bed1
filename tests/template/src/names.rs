//! One name for one thing: logical id, crate, folder, binary and event file of a function agree.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use anyhow::Context;

use crate::{Complaint, Template, template::text};

/// `AuthSignup` as `auth-signup`.
#[must_use]
pub fn kebab(logical_id: &str) -> String {
    let mut name = String::new();
    for character in logical_id.chars() {
        if character.is_ascii_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.push(character.to_ascii_lowercase());
    }
    name
}

/// Every folder `functions/<area>/<name>` that holds a crate, by name.
///
/// # Errors
/// When a folder cannot be read.
pub fn function_folders(root: &Path) -> anyhow::Result<BTreeMap<String, PathBuf>> {
    let mut folders = BTreeMap::new();
    let functions = root.join("functions");
    for area in std::fs::read_dir(&functions)
        .with_context(|| format!("cannot list {}", functions.display()))?
    {
        let area = area?.path();
        if !area.is_dir() {
            continue;
        }
        for folder in std::fs::read_dir(&area)? {
            let folder = folder?.path();
            let name = folder
                .file_name()
                .map(|name| name.to_string_lossy().into_owned());
            if let Some(name) = name.filter(|_| folder.join("Cargo.toml").is_file()) {
                folders.insert(name, folder);
            }
        }
    }
    Ok(folders)
}

/// The names of the files in `events/`, without `.json`.
///
/// # Errors
/// When the folder cannot be read.
pub fn event_files(root: &Path) -> anyhow::Result<BTreeSet<String>> {
    let folder = root.join("events");
    let mut names = BTreeSet::new();
    for file in
        std::fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))?
    {
        let name = file?.file_name().to_string_lossy().into_owned();
        names.insert(name.strip_suffix(".json").unwrap_or(&name).to_owned());
    }
    Ok(names)
}

/// A function is called the same everywhere, and no two share a binary, since all are built into one folder.
#[must_use]
pub fn agree(template: &Template) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let mut seen = BTreeMap::new();
    for function in template.functions() {
        let name = kebab(function.id);
        let mut must = |holds: bool, fix: String| {
            if !holds {
                complaints.push(format!("{}: {fix}", function.id));
            }
        };
        must(
            function.body["Metadata"]["BuildMethod"] == "rust-cargolambda",
            "set BuildMethod: rust-cargolambda".into(),
        );
        must(
            function.binary() == name,
            format!("set BuildProperties.Binary: {name}"),
        );
        let code = text(&function.body["Properties"]["CodeUri"]);
        let parts: Vec<&str> = code.split('/').collect();
        must(
            matches!(parts[..], ["functions", _, folder] if folder == name),
            format!("set CodeUri: functions/<area>/{name}"),
        );
        let function_name = format!("drape-${{Stage}}-{name}");
        must(
            text(&function.body["Properties"]["FunctionName"]) == function_name,
            format!("set FunctionName: !Sub {function_name}"),
        );
        if let Some(other) = seen.insert(function.binary(), function.id) {
            must(
                false,
                format!("has the same binary as {other}; give it its own crate"),
            );
        }
    }
    complaints
}

/// Every function has a crate in its folder and an event to try it with; no crate and no event is left over.
#[must_use]
pub fn complete(
    template: &Template,
    crates: &BTreeSet<String>,
    events: &BTreeSet<String>,
) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let functions: BTreeSet<String> = template
        .functions()
        .map(|function| function.binary().to_owned())
        .collect();
    for name in &functions {
        if !crates.contains(name) {
            complaints.push(format!(
                "functions/*/{name}: the template has a function for it, but there is no crate"
            ));
        }
        if !events.contains(name) {
            complaints.push(format!(
                "events/{name}.json: is missing; every function has a payload to try it with"
            ));
        }
    }
    for name in crates.difference(&functions) {
        complaints.push(format!(
            "functions/*/{name}: the template has no function for this crate"
        ));
    }
    for name in events {
        let known = functions
            .iter()
            .any(|function| name == function || name == &format!("{function}-sqs"));
        if !known {
            complaints.push(format!("events/{name}.json: belongs to no function; name it <crate>.json or <crate>-sqs.json"));
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "
Resources:
  ItemGet:
    Type: AWS::Serverless::Function
    Metadata: { BuildMethod: rust-cargolambda, BuildProperties: { Binary: item-get } }
    Properties: { FunctionName: !Sub 'drape-${Stage}-item-get', CodeUri: functions/wardrobe/item-get }
";

    fn spoiled(good: &str, bad: &str) -> Vec<Complaint> {
        assert!(GOOD.contains(good));
        agree(&Template::parse(&GOOD.replace(good, bad)).unwrap())
    }

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn names_that_agree_pass() {
        assert_eq!(spoiled("ItemGet", "ItemGet"), Vec::<Complaint>::new());
    }

    #[test]
    fn each_name_that_differs_is_found() {
        for (good, bad, named) in [
            ("Binary: item-get", "Binary: get-item", "Binary: item-get"),
            ("wardrobe/item-get", "wardrobe/items", "CodeUri"),
            ("-item-get'", "-items'", "FunctionName"),
            ("rust-cargolambda", "makefile", "BuildMethod"),
        ] {
            let complaints = spoiled(good, bad);
            assert!(
                complaints.len() == 1 && complaints[0].contains(named),
                "{bad}: {complaints:?}"
            );
        }
    }

    #[test]
    fn two_functions_with_one_binary_are_found() {
        let second = GOOD
            .trim_start()
            .trim_start_matches("Resources:\n")
            .replace("  ItemGet:", "  ItemPut:");
        let complaints = agree(&Template::parse(&format!("{GOOD}{second}")).unwrap());
        assert!(
            complaints
                .iter()
                .any(|complaint| complaint.contains("same binary as ItemGet")),
            "{complaints:?}"
        );
    }

    #[test]
    fn what_is_missing_or_left_over_is_found() {
        let template = Template::parse(GOOD).unwrap();
        assert_eq!(
            complete(
                &template,
                &set(&["item-get"]),
                &set(&["item-get", "item-get-sqs"])
            ),
            Vec::<Complaint>::new()
        );
        let complaints = complete(&template, &set(&["old"]), &set(&["older"]));
        assert_eq!(complaints.len(), 4, "{complaints:?}");
    }
}
