//! Which crate may depend on which of ours, and what the sans-io crates may not depend on at all.

use crate::workspace::metadata;
use serde_json::Value;

/// Dependencies that point up, and published crates that nobody gave a place.
pub(crate) fn check() -> Vec<String> {
    match metadata(false) {
        Ok(metadata) => findings(&metadata),
        Err(message) => vec![message],
    }
}

/// A published crate and what it may depend on among ours; read ARCHITECTURE.md before you add an arrow.
const LAYERS: &[(&str, &[&str])] = &[
    ("bowline-types", &[]),
    ("bowline-macros", &[]),
    ("bowline-auth", &[]),
    ("bowline-protocol", &["bowline-types"]),
    ("bowline", &["bowline-types", "bowline-protocol", "bowline-macros", "bowline-auth"]),
    ("bowline-cli", &["bowline"]),
];

const SANS_IO: &[&str] = &["bowline-types", "bowline-protocol"];

/// Whatever brings tasks, sockets or a clock.
const OUTSIDE: &[&str] = &[
    "tokio",
    "async-std",
    "smol",
    "futures",
    "mio",
    "socket2",
    "hyper",
    "reqwest",
    "chrono",
    "time",
    "rustix",
    "libc",
];

fn findings(metadata: &Value) -> Vec<String> {
    let mut findings = Vec::new();
    let packages = || metadata["packages"].as_array().into_iter().flatten();
    // `publish` is an empty list for `publish = false`; such a package may use everything.
    let is_published = |package: &Value| package["publish"].is_null();
    let name_of = |package: &Value| package["name"].as_str().unwrap_or_default().to_owned();
    let tools: Vec<_> = packages().filter(|one| !is_published(one)).map(name_of).collect();
    for package in packages().filter(|one| is_published(one)) {
        let name = package["name"].as_str().unwrap_or_default();
        let Some((_, below)) = LAYERS.iter().find(|(layer, _)| *layer == name) else {
            findings.push(format!("{name} has no row in the table of layers"));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let on = dependency["name"].as_str().unwrap_or_default();
            let ours = dependency["path"].is_string();
            // Tests may use what is not published, and users never see.
            let tests = dependency["kind"] == "dev" && tools.iter().any(|tool| tool == on);
            if ours && on != name && !tests && !below.contains(&on) {
                findings.push(format!("{name} depends on {on}, which is not below it"));
            }
            let built_in = dependency["kind"].is_null();
            if built_in && SANS_IO.contains(&name) && OUTSIDE.contains(&on) {
                findings.push(format!("{name} is sans-io and depends on {on}"));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::findings;
    use serde_json::json;

    #[test]
    fn arrows_that_point_up_are_found() {
        let package = |name: &str, on: &str, path: Option<&str>| json!({"name": name, "publish": null, "dependencies": [{"name": on, "path": path, "kind": null}]});
        let metadata = json!({"packages": [
            package("bowline-types", "bowline", Some("/x")),
            package("bowline-protocol", "tokio", None),
            package("bowline", "bowline-protocol", Some("/x")),
            package("bowline-extra", "bytes", None),
            {"name": "interop", "publish": [], "dependencies": [{"name": "bowline-cli", "path": "/x", "kind": null}]},
        ]});
        assert_eq!(
            findings(&metadata),
            [
                "bowline-types depends on bowline, which is not below it",
                "bowline-protocol is sans-io and depends on tokio",
                "bowline-extra has no row in the table of layers",
            ]
        );
    }
}
