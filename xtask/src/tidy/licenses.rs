//! Licences of every dependency against the list in deny.toml, and where dependencies come from.
//!
//! `cargo deny` checks the same and more where it is installed; this needs nothing but cargo.

use crate::workspace::{Tree, metadata};
use serde_json::Value;

/// Dependencies whose licence is not allowed, or that come from elsewhere than the package registry.
pub(crate) fn check(tree: &Tree) -> Vec<String> {
    let Some(deny) = tree.file("deny.toml") else { return vec!["deny.toml is missing".to_owned()] };
    let allowed = allowed(&deny.text);
    match metadata(true) {
        Ok(metadata) => findings(&metadata, &allowed),
        Err(message) => vec![message],
    }
}

/// The strings in `allow = […]` of the section `[licenses]`.
fn allowed(deny: &str) -> Vec<&str> {
    let section = deny.split_once("[licenses]").map_or("", |(_, after)| after);
    let section = section.split("\n[").next().unwrap_or_default();
    let list = section
        .split_once("allow = [")
        .and_then(|(_, after)| after.split_once(']'))
        .map_or("", |(list, _)| list);
    list.split('"').skip(1).step_by(2).collect()
}

fn findings(metadata: &Value, allowed: &[&str]) -> Vec<String> {
    let mut findings = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let name = package["name"].as_str().unwrap_or_default();
        match package["license"].as_str() {
            None => findings.push(format!("{name} names no licence")),
            Some(license) if !satisfied(license, allowed) => {
                findings.push(format!("{name} is under {license}, which deny.toml does not allow"))
            }
            Some(_) => {}
        }
        // Ours have no source; everything else has to come from the registry.
        if let Some(source) =
            package["source"].as_str().filter(|source| !source.starts_with("registry+"))
        {
            findings.push(format!("{name} comes from {source}"));
        }
    }
    findings
}

/// Whether the allowed licences satisfy an SPDX expression (`OR`, the older `/`, `AND`, `WITH`, parentheses).
fn satisfied(expression: &str, allowed: &[&str]) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut tokens = spaced.split_whitespace().peekable();
    let verdict = any(&mut tokens, allowed);
    verdict && tokens.peek().is_none()
}

type Tokens<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn any(tokens: &mut Tokens<'_>, allowed: &[&str]) -> bool {
    let mut verdict = all(tokens, allowed);
    while tokens.next_if_eq(&"OR").is_some() {
        verdict |= all(tokens, allowed);
    }
    verdict
}

fn all(tokens: &mut Tokens<'_>, allowed: &[&str]) -> bool {
    let mut verdict = one(tokens, allowed);
    while tokens.next_if_eq(&"AND").is_some() {
        verdict &= one(tokens, allowed);
    }
    verdict
}

fn one(tokens: &mut Tokens<'_>, allowed: &[&str]) -> bool {
    if tokens.next_if_eq(&"(").is_some() {
        let verdict = any(tokens, allowed);
        return tokens.next_if_eq(&")").is_some() && verdict;
    }
    let Some(license) = tokens.next() else { return false };
    if tokens.next_if_eq(&"WITH").is_none() {
        return allowed.contains(&license);
    }
    let exception = tokens.next().unwrap_or_default();
    // A licence with an exception grants more than the licence alone.
    allowed.contains(&license) || allowed.contains(&format!("{license} WITH {exception}").as_str())
}

#[cfg(test)]
mod tests {
    use super::{allowed, findings, satisfied};
    use serde_json::json;

    #[test]
    fn expressions_are_read_as_spdx_means_them() {
        let allowed = ["MIT", "Apache-2.0", "Unicode-3.0"];
        let good = [
            "MIT",
            "MIT OR GPL-3.0",
            "GPL-3.0/MIT",
            "(MIT OR GPL-3.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception",
            "GPL-3.0 OR MIT AND Apache-2.0",
        ];
        let bad = [
            "GPL-3.0",
            "MIT AND GPL-3.0",
            "(MIT OR Apache-2.0) AND GPL-3.0",
            "MIT )",
            "(MIT",
            "",
            "GPL-3.0 WITH MIT",
        ];
        good.iter().for_each(|expression| assert!(satisfied(expression, &allowed), "{expression}"));
        bad.iter().for_each(|expression| assert!(!satisfied(expression, &allowed), "{expression}"));
    }

    #[test]
    fn the_list_is_the_one_of_the_section() {
        let deny = "[bans]\nallow = [\"no\"]\n[licenses]\nx = 1\nallow = [\n  \"MIT\", # why\n  \"ISC\",\n]\n[sources]\nallow = [\"no\"]\n";
        assert_eq!(allowed(deny), ["MIT", "ISC"]);
    }

    #[test]
    fn strangers_are_named() {
        let metadata = json!({"packages": [
            {"name": "a", "license": "MIT", "source": "registry+https://x"},
            {"name": "b", "license": "MIT", "source": "git+https://x"},
            {"name": "c", "license": null, "source": null},
            {"name": "d", "license": "GPL-3.0", "source": "registry+https://x"},
        ]});
        let expected = [
            "b comes from git+https://x",
            "c names no licence",
            "d is under GPL-3.0, which deny.toml does not allow",
        ];
        assert_eq!(findings(&metadata, &["MIT"]), expected);
    }
}
