//! The sans-io crates: no sockets, files, threads, processes, clock or async in `bowline-types` and `bowline-protocol`.

use super::source::{without_literals, without_tests, words};
use crate::workspace::Tree;

/// Every use of the outside world in a sans-io crate; tests may.
pub(crate) fn check(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    for file in tree
        .rust()
        .filter(|file| file.is_product() && CRATES.iter().any(|name| file.path.starts_with(name)))
    {
        let code = without_tests(&without_literals(&file.text));
        let finding =
            |at: usize, what: &str| format!("{}:{at} uses {what} in a sans-io crate", file.path);
        let forbidden = words(&code).filter(|(_, word)| WORDS.contains(word));
        findings.extend(forbidden.map(|(at, word)| finding(at, word)));
        findings.extend(
            std_modules(&code)
                .into_iter()
                .map(|(at, module)| finding(at, &format!("std::{module}"))),
        );
    }
    findings
}

const CRATES: &[&str] = &["crates/bowline-types/", "crates/bowline-protocol/"];
const MODULES: &[&str] = &["net", "fs", "thread", "process"];
const WORDS: &[&str] = &["Instant", "SystemTime", "async", "await"];

/// Forbidden modules in `std::fs::read`, and in `use std::{fmt, net::IpAddr}`.
fn std_modules(code: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("std::") {
        let line = code[..at].matches('\n').count() + 1;
        let after = &code[at + "std::".len()..];
        let group = after
            .strip_prefix('{')
            .map(|group| group.split_once('}').map_or(group, |(inside, _)| inside));
        let heads = match group {
            Some(inside) => inside.split(',').map(head).collect(),
            None => vec![head(after)],
        };
        found.extend(
            heads.into_iter().filter(|head| MODULES.contains(head)).map(|head| (line, head)),
        );
    }
    found
}

/// The first segment of a path.
fn head(path: &str) -> &str {
    let path = path.trim_start();
    path.find(|c: char| !(c.is_alphanumeric() || c == '_')).map_or(path, |end| &path[..end])
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::workspace::Tree;

    #[test]
    fn the_outside_is_found_in_every_spelling() {
        let code = "use std::{fmt, net::IpAddr};\nuse std::time::Instant;\nlet f = std::fs::read(x);\nasync fn g() {}\n";
        let found = check(&Tree::of(&[("crates/bowline-protocol/src/scan.rs", code)]));
        let expected = [(2, "Instant"), (4, "async"), (1, "std::net"), (3, "std::fs")];
        let expected = expected.map(|(at, what)| {
            format!("crates/bowline-protocol/src/scan.rs:{at} uses {what} in a sans-io crate")
        });
        assert_eq!(found, expected);
    }

    #[test]
    fn comments_strings_tests_and_other_crates_are_free() {
        let code = "// an Instant\nlet a = \"std::fs\";\nuse std::time::Duration;\n#[cfg(test)]\nmod tests {\n    use std::thread;\n}\n";
        let tree = Tree::of(&[
            ("crates/bowline-protocol/src/scan.rs", code),
            ("crates/bowline-protocol/tests/two_parties.rs", "use std::fs;\n"),
            ("crates/bowline/src/transport/stdio.rs", "use std::thread;\n"),
        ]);
        assert_eq!(check(&tree), Vec::<String>::new());
    }
}
