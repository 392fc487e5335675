//! The documents: they are there, they are short, and the files they name exist.

use crate::workspace::Tree;

/// What is wrong with the documents in the root folder and the first lines of each crate.
pub(crate) fn check(tree: &Tree) -> Vec<String> {
    let mut findings = lengths(tree);
    findings.extend(named_files(tree));
    findings.extend(named_tests(tree));
    findings.extend(openings(tree));
    let changes = tree.file("CHANGELOG.md").map_or("", |file| file.text.as_str());
    if !changes.lines().any(|line| line.trim_end() == "## [Unreleased]") {
        findings.push("CHANGELOG.md has no section `## [Unreleased]`".to_owned());
    }
    findings
}

/// Documents that must be there, and how long they may get before nobody reads them.
const DOCUMENTS: &[(&str, usize)] = &[
    ("README.md", 200),
    ("ARCHITECTURE.md", 350),
    ("STYLE.md", 250),
    ("CONTRIBUTING.md", 250),
    ("SECURITY.md", 200),
    ("CHANGELOG.md", usize::MAX),
    ("LICENSE-MIT", usize::MAX),
    ("LICENSE-APACHE", usize::MAX),
];

fn lengths(tree: &Tree) -> Vec<String> {
    let finding = |(path, most): &(&str, usize)| {
        let Some(file) = tree.file(path) else { return Some(format!("{path} is missing")) };
        let lines = file.text.lines().count();
        (lines > *most).then(|| format!("{path} has {lines} lines, at most {most}"))
    };
    DOCUMENTS.iter().filter_map(finding).collect()
}

/// Paths in code spans of these documents.
const MAPS: &[&str] = &["ARCHITECTURE.md", "CONTRIBUTING.md", "STYLE.md", "SECURITY.md"];

fn named_files(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    for map in MAPS.iter().filter_map(|path| tree.file(path)) {
        for (at, line) in map.text.lines().enumerate() {
            let spans = line.split('`').skip(1).step_by(2);
            let missing = spans.filter(|span| is_path(span) && !tree.has(span));
            findings.extend(
                missing.map(|span| {
                    format!("{}:{} names {span}, which does not exist", map.path, at + 1)
                }),
            );
        }
    }
    findings
}

/// `crates/x/src/y.rs`, `spec/schema/`: something with a folder of ours in front. `crates/<name>/…` is a pattern.
fn is_path(span: &str) -> bool {
    let folders = [
        "crates/",
        "conformance/",
        "interop/",
        "bench/",
        "fuzz/",
        "xtask/",
        "spec/",
        ".ci/",
        ".cargo/",
    ];
    let plain = span.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
    plain && folders.iter().any(|folder| span.starts_with(folder))
}

/// `crates/x/src/y.rs::name` in these documents is a test of that file.
fn named_tests(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    for map in MAPS.iter().filter_map(|path| tree.file(path)) {
        for (at, line) in map.text.lines().enumerate() {
            let spans = line.split('`').skip(1).step_by(2);
            let tests = spans.filter_map(|span| span.split_once(".rs::").map(|test| (span, test)));
            let missing = tests.filter(|(_, (file, name))| !has_test(tree, file, name));
            findings.extend(missing.map(|(span, _)| {
                format!("{}:{} names {span}, which is no test", map.path, at + 1)
            }));
        }
    }
    findings
}

/// Whether a function of that name stands right below `#[test]`, `#[tokio::test]` or further attributes after those.
fn has_test(tree: &Tree, file: &str, name: &str) -> bool {
    let Some(file) = tree.file(&format!("{file}.rs")) else { return false };
    let lines: Vec<&str> = file.text.lines().map(str::trim).collect();
    let signatures = [format!("fn {name}("), format!("async fn {name}(")];
    let found = |line: &&str| signatures.iter().any(|signature| line.starts_with(signature));
    lines.iter().position(|line| found(&line)).is_some_and(|at| {
        let mut above = lines[..at].iter().rev().take_while(|line| line.starts_with("#["));
        above.any(|line| line.starts_with("#[test") || line.starts_with("#[tokio::test"))
    })
}

/// Each library opens with what it is and what it must never do.
fn openings(tree: &Tree) -> Vec<String> {
    let roots = tree
        .rust()
        .filter(|file| file.path.starts_with("crates/") && file.path.ends_with("/src/lib.rs"));
    let finding = |file: &crate::workspace::File| {
        let lines = file.text.lines().take_while(|line| line.starts_with("//!")).count();
        (lines < OPENING).then(|| {
            format!("{} opens with {lines} lines of documentation, at least {OPENING}", file.path)
        })
    };
    roots.filter_map(finding).collect()
}

const OPENING: usize = 5;

#[cfg(test)]
mod tests {
    use super::{check, lengths, named_files, named_tests, openings};
    use crate::workspace::Tree;

    #[test]
    fn missing_and_long_documents_are_found() {
        let found = lengths(&Tree::of(&[("README.md", &"x\n".repeat(201))]));
        assert!(found.contains(&"README.md has 201 lines, at most 200".to_owned()));
        assert!(found.contains(&"STYLE.md is missing".to_owned()));
    }

    #[test]
    fn files_that_a_document_names_must_exist() {
        let text = "`crates/a/src/lib.rs` `crates/a/` `crates/b.rs` `crates/<name>/x.rs` `cargo xtask ci` `xtask/`\n";
        let found =
            named_files(&Tree::of(&[("CONTRIBUTING.md", text), ("crates/a/src/lib.rs", "")]));
        assert_eq!(
            found,
            [
                "CONTRIBUTING.md:1 names crates/b.rs, which does not exist",
                "CONTRIBUTING.md:1 names xtask/, which does not exist"
            ]
        );
    }

    #[test]
    fn tests_that_a_document_names_must_exist() {
        let source = "#[test]\nfn one() {}\n#[cfg(unix)]\n#[tokio::test(start_paused = true)]\nasync fn two() {}\nfn three() {}\n";
        let text = "| x | `crates/a.rs::one` `crates/a.rs::two` |\n| y | `crates/a.rs::three`, `crates/a.rs::on` `crates/b.rs::one` `a::b` |\n";
        let found = named_tests(&Tree::of(&[("SECURITY.md", text), ("crates/a.rs", source)]));
        assert_eq!(
            found,
            ["three", "on", "one"].map(|name| {
                let file = if name == "one" { "b" } else { "a" };
                format!("SECURITY.md:2 names crates/{file}.rs::{name}, which is no test")
            })
        );
    }

    #[test]
    fn a_crate_says_what_it_is() {
        let tree = Tree::of(&[
            ("crates/a/src/lib.rs", "//! Placeholder.\n"),
            ("crates/b/src/lib.rs", &"//! x\n".repeat(5)),
        ]);
        assert_eq!(
            openings(&tree),
            ["crates/a/src/lib.rs opens with 1 lines of documentation, at least 5"]
        );
    }

    #[test]
    fn a_changelog_has_a_place_for_the_next_line() {
        let without = check(&Tree::of(&[("CHANGELOG.md", "# Changelog\n")]));
        assert!(without.contains(&"CHANGELOG.md has no section `## [Unreleased]`".to_owned()));
        let with = check(&Tree::of(&[("CHANGELOG.md", "## [Unreleased]\n")]));
        assert!(!with.iter().any(|finding| finding.contains("Unreleased")));
    }
}
