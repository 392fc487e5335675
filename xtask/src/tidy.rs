//! `cargo xtask tidy`: the rules of STYLE.md and ARCHITECTURE.md that a machine can check.
//!
//! Every check is a function from the tree (or from what cargo says about it) to a list of findings; an empty list is
//! a pass. The same checks run as tests, beside tests that each finds a planted defect.

mod budgets;
mod documents;
mod era;
mod inline_cfg;
mod layers;
mod licenses;
mod purity;
mod sizes;
mod source;
mod text;

use crate::flags::Flags;
use crate::workspace::Tree;

/// Runs all checks and prints their findings.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    Flags::new(args).end()?;
    let tree = Tree::load()?;
    println!("{}", sizes::summary(&tree));
    let mut red = 0;
    for (name, check) in CHECKS {
        let findings = check(&tree);
        println!("{name:<40} {}", if findings.is_empty() { "ok" } else { "FAILED" });
        findings.iter().for_each(|finding| println!("    {finding}"));
        red += usize::from(!findings.is_empty());
    }
    println!("tidy: {} passed, {red} failed", CHECKS.len() - red);
    if red == 0 { Ok(()) } else { Err(format!("{red} of {} tidy checks failed", CHECKS.len())) }
}

type Check = fn(&Tree) -> Vec<String>;

const CHECKS: &[(&str, Check)] = &[
    ("files are short", sizes::check),
    ("revisions are named in their places", era::revisions),
    ("conformance programs name no wire", era::conformance),
    ("no dependency points up", |_| layers::check()),
    ("crate budgets", |_| budgets::check()),
    ("sans-io crates touch no outside", purity::check),
    ("no cfg inside function bodies", inline_cfg::check),
    ("licences and sources of dependencies", licenses::check),
    ("text is clean", text::check),
    ("documents are true", documents::check),
];

#[cfg(test)]
mod tests {
    use super::CHECKS;
    use crate::workspace::Tree;

    /// One test for all, so that each finding of a run is seen at once.
    #[test]
    fn the_tree_is_tidy() {
        let tree = Tree::load().unwrap();
        let findings = CHECKS.iter().flat_map(|(name, check)| {
            check(&tree).into_iter().map(move |finding| format!("{name}: {finding}"))
        });
        let findings: Vec<String> = findings.collect();
        assert!(findings.is_empty(), "{}", findings.join("\n"));
    }
}
