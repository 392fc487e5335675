//! What stands at the root of a config.

use super::nearest;
use super::problem::Problem;
use super::reader::{Reader, join};
use jsonc_parser::ast::{Object, Value};
use std::path::Path;

/// Where servers stand in a file, the more special place first.
pub(super) fn lists<'v, 'a>(root: &'v Object<'a>, folder: &Path) -> Vec<(String, &'v Value<'a>)> {
    let mut lists = Vec::new();
    // Claude Code keeps servers of a project that are only the user's own in the user's file.
    let projects = root.get("projects").and_then(|projects| projects.value.as_object());
    let project = projects.zip(folder.to_str()).and_then(|(projects, folder)| projects.get(folder));
    if let Some(project) = project
        && let Some(servers) = project.value.as_object().and_then(|p| p.get("mcpServers"))
    {
        let key = join("projects", project.name.as_str());
        lists.push((format!("{key}.mcpServers"), &servers.value));
    }
    if let Some(servers) = root.get("mcpServers") {
        lists.push(("mcpServers".to_owned(), &servers.value));
    } else if let Some(servers) = root.get("servers") {
        lists.push(("servers".to_owned(), &servers.value));
    }
    lists
}

pub(super) fn no_servers(root: &Object<'_>) -> Problem {
    let mut names = root.properties.iter().map(|property| property.name.as_str());
    let near = names.find(|name| nearest(name, ["mcpServers", "servers"].into_iter()).is_some());
    let problem = Problem::error("", "has neither `mcpServers` nor `servers`");
    match near {
        Some(near) => problem.hint(format!("did you mean `mcpServers` where it says `{near}`?")),
        None => problem.hint("write {\"mcpServers\": {…}}"),
    }
}

/// Tells of members that have no effect.
pub(super) fn others(reader: &mut Reader<'_>, root: &Object<'_>) {
    for property in &root.properties {
        let name = property.name.as_str();
        // Only one of these two is read.
        let is_second = name == "servers" && root.get("mcpServers").is_some();
        if KNOWN.contains(&name) && !is_second || OF_OTHERS.contains(&name) {
            continue;
        }
        let key = join("", name);
        let near = nearest(name, KNOWN.iter().copied());
        match near.filter(|near| root.get(near).is_none()) {
            Some(near) => {
                let problem = Problem::error(key, "is no member of a config");
                reader.note(property, problem.hint(format!("did you mean `{near}`?")));
            }
            None => reader.note(property, Problem::warning(key, "has no effect here")),
        }
    }
}

/// The members that have an effect.
const KNOWN: &[&str] = &["mcpServers", "servers", "inputs", "bowline"];

/// Members that say what the file is, or that mean something to the client whose file it also is.
const OF_OTHERS: &[&str] = &["$schema", "projects", "sandbox"];
