//! Where protocol revisions may be named. Everywhere else code asks the method table or the era, so that an older
//! revision can be taken out by deleting files.

use super::source::{without_comments, without_literals, without_tests, words};
use crate::workspace::{File, Tree};

/// Names of revisions in the product outside of their places.
pub(crate) fn revisions(tree: &Tree) -> Vec<String> {
    let product = tree.rust().filter(|file| file.is_product());
    product
        .filter(|file| !PLACES.iter().any(|place| within(&file.path, place)))
        .flat_map(named)
        .collect()
}

/// Revisions, methods and raw results in the programs that the official suite drives.
pub(crate) fn conformance(tree: &Tree) -> Vec<String> {
    let methods = methods(tree);
    let programs: Vec<_> =
        tree.rust().filter(|file| file.path.starts_with("conformance/")).collect();
    let mut findings: Vec<String> = programs.iter().flat_map(|file| named(file)).collect();
    for file in programs {
        let code = without_comments(&file.text);
        for (at, line) in code.lines().enumerate() {
            let strings = line.split('"').skip(1).step_by(2);
            // A scenario may be called as a method is: what stands before an arrow is compared, not sent.
            let compared = |string: &str| line.contains(&format!("\"{string}\" =>"));
            let found = strings.filter(|string| {
                methods.iter().any(|method| method == string) && !compared(string)
            });
            findings.extend(
                found.map(|method| format!("{}:{} names the method {method}", file.path, at + 1)),
            );
        }
        let raw = without_literals(&file.text);
        let found = words(&raw).filter(|(_, word)| RAW.contains(word));
        findings.extend(found.map(|(at, word)| {
            format!("{}:{at} uses {word}; only typed builder calls are allowed", file.path)
        }));
    }
    findings
}

/// Modules whose business is revisions; a place is a file `place.rs` or anything in the folder `place`.
const PLACES: &[&str] = &[
    "crates/bowline-types/src/revision",
    "crates/bowline-types/src/legacy",
    "crates/bowline-protocol/src/table",
    "crates/bowline-protocol/src/dialect",
    "crates/bowline-protocol/src/era",
    "crates/bowline/src/ask",
    "crates/bowline/src/task",
    "crates/bowline/src/host/bridge",
    "crates/bowline/src/transport/http/legacy",
];

const REVISIONS: &[&str] = &["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"];

/// What a program uses that answers by hand.
const RAW: &[&str] = &["Service", "Outcome", "Raw"];

fn within(path: &str, place: &str) -> bool {
    path.strip_prefix(place).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
}

/// Every line that names a revision, as a string, as a constant or by the type.
fn named(file: &File) -> Vec<String> {
    let code = without_tests(&without_comments(&file.text));
    let finding = |(at, line): (usize, &str)| {
        let string = REVISIONS
            .iter()
            .find(|revision| line.contains(**revision))
            .map(|revision| (*revision).to_owned());
        let constant =
            || words(line).find(|(_, word)| is_constant(word)).map(|(_, word)| word.to_owned());
        let path = || line.contains("Revision::").then(|| "Revision::".to_owned());
        let name = string.or_else(constant).or_else(path)?;
        Some(format!("{}:{} names a revision: {name}", file.path, at + 1))
    };
    code.lines().enumerate().filter_map(finding).collect()
}

/// `V2025_06_18` and the like, in either case, with or without the letter.
fn is_constant(word: &str) -> bool {
    let digits: String = word.trim_start_matches(['v', 'V', '_']).replace('_', "-");
    REVISIONS.contains(&digits.as_str())
}

/// Every method that a schema of the specification names.
fn methods(tree: &Tree) -> Vec<String> {
    let schemas = tree.files().filter(|file| file.path.starts_with("spec/schema/"));
    let mut methods = Vec::new();
    for schema in schemas {
        let Ok(schema) = serde_json::from_str::<serde_json::Value>(&schema.text) else { continue };
        let definitions = schema
            .get("$defs")
            .or_else(|| schema.get("definitions"))
            .and_then(|found| found.as_object());
        let consts = definitions
            .into_iter()
            .flatten()
            .map(|(_, definition)| &definition["properties"]["method"]["const"]);
        methods.extend(consts.filter_map(|method| method.as_str().map(str::to_owned)));
    }
    methods.sort();
    methods.dedup();
    methods
}

#[cfg(test)]
mod tests {
    use super::{conformance, methods, revisions};
    use crate::workspace::Tree;

    #[test]
    fn a_revision_outside_of_its_places_is_found() {
        let code = "//! Since 2025-06-18.\nlet a = \"2025-06-18\";\nlet b = V2025_11_25;\nlet c = Revision::parse(x);\n";
        let found = revisions(&Tree::of(&[("crates/bowline/src/server/tool.rs", code)]));
        assert_eq!(
            found,
            [
                "crates/bowline/src/server/tool.rs:2 names a revision: 2025-06-18",
                "crates/bowline/src/server/tool.rs:3 names a revision: V2025_11_25",
                "crates/bowline/src/server/tool.rs:4 names a revision: Revision::",
            ]
        );
    }

    #[test]
    fn places_tests_and_unpublished_programs_may_name_them() {
        let code = "let a = \"2025-06-18\";\n";
        let test = format!("#[cfg(test)]\nmod tests {{\n    {code}}}\n");
        let tree = Tree::of(&[
            ("crates/bowline-types/src/revision.rs", code),
            ("crates/bowline-protocol/src/era/legacy.rs", code),
            ("crates/bowline/tests/transcripts.rs", code),
            ("crates/bowline/src/context.rs", &test),
            ("interop/src/main.rs", code),
        ]);
        assert_eq!(revisions(&tree), Vec::<String>::new());
        assert_eq!(revisions(&Tree::of(&[("crates/bowline/src/asking.rs", code)])).len(), 1);
    }

    #[test]
    fn a_scenario_may_be_called_as_a_method_is() {
        let schema = r#"{"$defs": {"A": {"properties": {"method": {"const": "initialize"}}}}}"#;
        let found = |code| {
            conformance(&Tree::of(&[
                ("spec/schema/2025-11-25.json", schema),
                ("conformance/src/client.rs", code),
            ]))
        };
        assert_eq!(found("    \"initialize\" => open(client).await,\n"), [""; 0]);
        assert_eq!(found("    send(\"initialize\").await\n").len(), 1);
    }

    #[test]
    fn the_conformance_programs_use_builder_calls_only() {
        let schema = r#"{"$defs": {"CallToolRequest": {"properties": {"method": {"const": "tools/call"}}}}}"#;
        let code = "let a = (\"tools/call\", \"image/png\");\nimpl Service for X {}\nlet v = \"2026-07-28\";\n";
        let found = conformance(&Tree::of(&[
            ("spec/schema/x.json", schema),
            ("conformance/src/server.rs", code),
        ]));
        assert_eq!(
            found,
            [
                "conformance/src/server.rs:3 names a revision: 2026-07-28",
                "conformance/src/server.rs:1 names the method tools/call",
                "conformance/src/server.rs:2 uses Service; only typed builder calls are allowed",
            ]
        );
    }

    #[test]
    fn the_committed_schemas_name_the_methods() {
        let methods = methods(&Tree::load().unwrap());
        for method in [
            "initialize",
            "ping",
            "tools/call",
            "server/discover",
            "subscriptions/listen",
            "tasks/get",
        ] {
            assert!(methods.iter().any(|found| found == method), "{method}");
        }
    }
}
