//! What no text file of the repository may hold.

use crate::workspace::{File, Tree};

/// Trailing white space, notes to self, hosts of package registries, paths of somebody's machine.
pub(crate) fn check(tree: &Tree) -> Vec<String> {
    tree.files()
        .filter(|file| {
            !file.path.ends_with("Cargo.lock")
                && !FOREIGN.iter().any(|start| file.path.starts_with(start))
        })
        .flat_map(findings)
        .collect()
}

/// Copies of other people's text, and input that has to look bad. What cargo writes is left out too.
const FOREIGN: &[&str] = &["spec/schema/", "LICENSE-", "fuzz/corpus/"];

/// Written in two parts, because this file is checked too.
const NOTES: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
const REGISTRIES: &[&str] = &[
    concat!("registry.", "npmjs.org"),
    concat!("registry.", "yarnpkg.com"),
    concat!("pypi.", "org"),
    concat!("files.python", "hosted.org"),
    concat!("index.", "crates.io"),
    concat!("static.", "crates.io"),
    concat!("proxy.", "golang.org"),
];
const PATHS: &[&str] =
    &[concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/tm", "p/"), concat!("../sha", "red")];

fn findings(file: &File) -> Vec<String> {
    let mut findings = Vec::new();
    let mut say = |at: usize, what: &str| findings.push(format!("{}:{} {what}", file.path, at + 1));
    for (at, line) in file.text.split('\n').enumerate() {
        let line = line.trim_end_matches('\r');
        if line.ends_with([' ', '\t']) {
            say(at, "has trailing white space");
        }
        for note in NOTES.iter().filter(|note| has_word(line, note)) {
            say(at, &format!("has a {note}; do it, or open an issue"));
        }
        for host in REGISTRIES.iter().filter(|host| line.contains(**host)) {
            say(at, &format!("names the registry {host}"));
        }
        for path in PATHS.iter().filter(|path| has_path(line, path)) {
            say(at, &format!("names a path outside of the repository: {path}"));
        }
    }
    if !file.text.is_empty() && !file.text.ends_with('\n') {
        findings.push(format!("{} does not end with a newline", file.path));
    }
    findings
}

fn has_word(line: &str, word: &str) -> bool {
    let letter = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        !line[..at].ends_with(letter) && !line[at + word.len()..].starts_with(letter)
    })
}

/// A path of the file system, as against a part of a URL or of a longer path.
fn has_path(line: &str, path: &str) -> bool {
    line.match_indices(path)
        .any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || "/._-}".contains(c)))
}

#[cfg(test)]
mod tests {
    use super::{NOTES, PATHS, REGISTRIES, check};
    use crate::workspace::Tree;

    #[test]
    fn each_kind_of_dirt_is_found() {
        let lines = [
            format!("// {}: x", NOTES[0]),
            format!("https://{}/x", REGISTRIES[0]),
            format!("cd {}x", PATHS[0]),
            "x ".to_owned(),
        ];
        let found = check(&Tree::of(&[("a.md", &format!("{}\nend", lines.join("\n")))]));
        assert_eq!(found.len(), 5, "{found:#?}");
    }

    #[test]
    fn what_only_looks_like_dirt_is_fine() {
        let text = format!("net{}x file://{}a x{}y\n", PATHS[0], PATHS[2], NOTES[2]);
        assert_eq!(
            check(&Tree::of(&[("a.md", &text), ("spec/schema/x.json", "x ")])),
            Vec::<String>::new()
        );
    }
}
