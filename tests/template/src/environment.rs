//! That a function's block declares the variables which its code reads, and no others.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use anyhow::Context;

use crate::{Complaint, Template, template::entries};

/// The source text of every function, by crate name.
pub type Sources = BTreeMap<String, String>;

/// The getters of the settings and the variables behind them.
pub type Getters = BTreeMap<String, String>;

/// Finds each `getter = "VARIABLE"` in the source of the settings.
#[must_use]
pub fn getters(settings: &str) -> Getters {
    settings
        .lines()
        .filter_map(|line| line.trim().trim_end_matches(',').split_once(" = "))
        .filter_map(|(getter, variable)| {
            Some((getter, variable.strip_prefix('"')?.strip_suffix('"')?))
        })
        .filter(|(getter, variable)| {
            getter
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
                && getter.to_uppercase() == *variable
        })
        .map(|(getter, variable)| (getter.to_owned(), variable.to_owned()))
        .collect()
}

/// Reads the sources of all functions under `functions/<area>/<crate>/src`.
///
/// # Errors
/// When a folder or file cannot be read.
pub fn sources(root: &Path) -> anyhow::Result<Sources> {
    let mut sources = Sources::new();
    for (name, folder) in crate::names::function_folders(root)? {
        let mut text = String::new();
        for file in
            std::fs::read_dir(folder.join("src")).with_context(|| format!("{name} has no src"))?
        {
            let path = file?.path();
            if path.extension().is_some_and(|extension| extension == "rs") {
                text += &std::fs::read_to_string(&path)
                    .with_context(|| format!("cannot read {}", path.display()))?;
            }
        }
        sources.insert(name, text);
    }
    Ok(sources)
}

/// Every variable that a function reads is declared in its block, every variable declared there is read,
/// and the environment is read through the settings alone.
#[must_use]
pub fn declared_is_read(
    template: &Template,
    sources: &Sources,
    getters: &Getters,
) -> Vec<Complaint> {
    let global: BTreeSet<&str> = template.global_variables().collect();
    let mut complaints = Vec::new();
    let mut read_by_any = BTreeSet::new();
    for function in template.functions() {
        let Some(source) = sources.get(function.binary()) else {
            continue; // names::folders says so
        };
        let read = read_settings(source, getters);
        let declared: BTreeSet<&str> =
            entries(&function.body["Properties"]["Environment"]["Variables"])
                .map(|(name, _)| name)
                .collect();
        for missing in read
            .iter()
            .filter(|name| !declared.contains(*name) && !global.contains(*name))
        {
            complaints.push(format!(
                "{}: its code reads {missing}; declare it under Environment.Variables",
                function.id
            ));
        }
        for unread in declared.iter().filter(|name| !read.contains(*name)) {
            complaints.push(format!(
                "{}: declares {unread}, which its code never reads; drop one or read the other",
                function.id
            ));
        }
        if strip(source).contains("env::var") {
            complaints.push(format!(
                "{}: reads the environment itself; go through drape_common::settings",
                function.id
            ));
        }
        read_by_any.extend(read);
    }
    for unread in global.iter().filter(|name| !read_by_any.contains(*name)) {
        complaints.push(format!(
            "Globals: declares {unread}, which no function reads"
        ));
    }
    complaints
}

fn read_settings<'a>(source: &str, getters: &'a Getters) -> BTreeSet<&'a str> {
    let source = strip(source);
    getters
        .iter()
        .filter(|(getter, _)| {
            ["settings", "Settings", "settings()", "Settings::default()"]
                .iter()
                .any(|receiver| source.contains(&format!("{receiver}.{getter}()")))
        })
        .map(|(_, variable)| variable.as_str())
        .collect()
}

/// The code without comments and white space, so that a call broken over lines is still found.
fn strip(source: &str) -> String {
    source
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .flat_map(str::chars)
        .filter(|character| !character.is_whitespace())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = "
Globals: { Function: { Environment: { Variables: { STAGE: x } } } }
Resources:
  Job:
    Type: AWS::Serverless::Function
    Metadata: { BuildProperties: { Binary: job } }
    Properties: { Environment: { Variables: { USERS_TABLE: x } } }
";
    const SETTINGS: &str = "settings! {\n    /// One.\n    stage = \"STAGE\",\n    users_table = \"USERS_TABLE\",\n    items_table = \"ITEMS_TABLE\",\n}";

    fn complaints(code: &str) -> Vec<Complaint> {
        let template = Template::parse(TEMPLATE).unwrap();
        declared_is_read(
            &template,
            &Sources::from([("job".to_owned(), code.to_owned())]),
            &getters(SETTINGS),
        )
    }

    #[test]
    fn getters_are_found_in_the_settings() {
        assert_eq!(
            getters(SETTINGS).keys().collect::<Vec<_>>(),
            ["items_table", "stage", "users_table"]
        );
    }

    #[test]
    fn code_that_reads_what_is_declared_passes() {
        let code = "let stage = settings.stage()?;\nlet users = settings\n    .users_table()?; // settings.items_table()";
        assert_eq!(complaints(code), Vec::<Complaint>::new());
    }

    #[test]
    fn a_variable_read_but_not_declared_is_found() {
        let found = complaints("settings.stage() settings.users_table() settings.items_table()");
        assert_eq!(
            found,
            ["Job: its code reads ITEMS_TABLE; declare it under Environment.Variables"]
        );
    }

    #[test]
    fn a_variable_declared_but_not_read_is_found() {
        let found = complaints("settings.stage(); store.users_table()");
        assert_eq!(
            found,
            ["Job: declares USERS_TABLE, which its code never reads; drop one or read the other"]
        );
    }

    #[test]
    fn a_global_that_nobody_reads_is_found() {
        assert_eq!(
            complaints("settings.users_table()"),
            ["Globals: declares STAGE, which no function reads"]
        );
    }

    #[test]
    fn reading_around_the_settings_is_found() {
        let found = complaints("settings.stage() settings.users_table() std::env::var(\"X\")");
        assert_eq!(
            found,
            ["Job: reads the environment itself; go through drape_common::settings"]
        );
    }
}
