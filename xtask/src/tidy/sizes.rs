//! How long files may be, in lines of code: not blank, not only a comment, not in a test module.

use super::source::{without_comments, without_tests};
use crate::workspace::{File, Tree};

/// Files above the cap, and a tree whose median or ninetieth percentile is too long.
pub(crate) fn check(tree: &Tree) -> Vec<String> {
    let sizes = sizes(tree);
    let long = sizes.iter().filter(|(path, lines)| *lines > CAP && !FLAT_TABLES.contains(path));
    let mut findings: Vec<String> =
        long.map(|(path, lines)| format!("{path} has {lines} code lines, at most {CAP}")).collect();
    for (word, percent, most) in [("median", 50, MEDIAN), ("ninetieth percentile", 90, NINETIETH)] {
        let lines = percentile(&sizes, percent);
        if lines > most {
            findings.push(format!("the {word} of all files is {lines} code lines, at most {most}"));
        }
    }
    let stale = FLAT_TABLES
        .iter()
        .filter(|path| !sizes.iter().any(|(found, lines)| found == *path && *lines > CAP));
    findings.extend(
        stale.map(|path| format!("{path} is listed as a flat table but is not above the cap")),
    );
    findings
}

/// The figures of the tree in one line.
pub(crate) fn summary(tree: &Tree) -> String {
    let sizes = sizes(tree);
    let total: usize = sizes.iter().map(|(_, lines)| lines).sum();
    let (median, ninetieth) = (percentile(&sizes, 50), percentile(&sizes, 90));
    let longest = sizes
        .last()
        .map_or_else(String::new, |(path, lines)| format!(", longest {lines} ({path})"));
    format!(
        "{} Rust files, {total} code lines: median {median}, ninetieth percentile {ninetieth}{longest}",
        sizes.len()
    )
}

const CAP: usize = 700;
const MEDIAN: usize = 150;
const NINETIETH: usize = 450;

/// Files that are nothing but rows, where a cut would only hide half of them.
const FLAT_TABLES: &[&str] = &[];

/// Every Rust file with its code lines, shortest first.
fn sizes(tree: &Tree) -> Vec<(&str, usize)> {
    let mut sizes: Vec<_> =
        tree.rust().map(|file| (file.path.as_str(), code_lines(file))).collect();
    sizes.sort_by_key(|(_, lines)| *lines);
    sizes
}

fn code_lines(file: &File) -> usize {
    // The order matters: a comment may hold what looks like the end of a test module.
    let code = without_comments(&file.text);
    let code = if file.is_test() { code } else { without_tests(&code) };
    code.lines().filter(|line| !line.trim().is_empty()).count()
}

fn percentile(sizes: &[(&str, usize)], percent: usize) -> usize {
    let last = sizes.len().saturating_sub(1);
    sizes.get(last * percent / 100).map_or(0, |(_, lines)| *lines)
}

#[cfg(test)]
mod tests {
    use super::{check, summary};
    use crate::workspace::Tree;

    #[test]
    fn a_long_file_is_found_and_comments_and_tests_do_not_count() {
        let code = "let x = 1;\n".repeat(701);
        assert!(
            check(&Tree::of(&[("a.rs", &code)]))
                .iter()
                .any(|finding| finding.starts_with("a.rs has 701 code lines"))
        );
        let fine = format!(
            "{}\n#[cfg(test)]\nmod tests {{\n{}}}\n",
            "// why\n\n".repeat(500),
            "    let x = 1;\n".repeat(800)
        );
        assert_eq!(check(&Tree::of(&[("a.rs", &fine)])), Vec::<String>::new());
    }

    #[test]
    fn the_shape_of_the_tree_is_checked() {
        let middling = "x\n".repeat(160);
        assert_eq!(
            check(&Tree::of(&[("a.rs", &middling)])),
            ["the median of all files is 160 code lines, at most 150"]
        );
        assert!(
            summary(&Tree::of(&[("a.rs", &middling)])).starts_with("1 Rust files, 160 code lines")
        );
    }
}
