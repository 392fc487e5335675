//! How many crates a published package may bring along.

use crate::process::output;
use crate::workspace::cargo;
use std::collections::BTreeSet;

/// Packages whose tree is larger than its budget.
pub(crate) fn check() -> Vec<String> {
    BUDGETS.iter().filter_map(|(package, most)| over(package, *most).err()).collect()
}

/// Counted with the package itself, with what only its build needs, and with its default features.
const BUDGETS: &[(&str, usize)] = &[("bowline-types", 12), ("bowline-cli", 220)];

fn over(package: &str, most: usize) -> Result<(), String> {
    let args = [
        "tree",
        "--locked",
        "--package",
        package,
        "--edges",
        "normal,build",
        "--prefix",
        "none",
        "--format",
        "{p}",
    ];
    let crates = count(&output(&mut cargo(args))?);
    if crates <= most {
        Ok(())
    } else {
        Err(format!("{package} has {crates} crates in its tree, at most {most}"))
    }
}

/// The different crates in the lines of `cargo tree`; a repeated one is marked by ` (*)`.
fn count(tree: &str) -> usize {
    let crates = tree.lines().map(|line| line.trim().trim_end_matches(" (*)"));
    crates.filter(|line| !line.is_empty()).collect::<BTreeSet<_>>().len()
}

#[cfg(test)]
mod tests {
    use super::{count, over};

    #[test]
    fn a_crate_counts_once() {
        assert_eq!(count("a v1.0.0\nb v1.0.0\nc v2.0.0\nb v1.0.0 (*)\n\n"), 3);
    }

    #[test]
    fn a_budget_that_is_too_small_is_an_error() {
        assert!(over("xtask", 1).unwrap_err().starts_with("xtask has "));
        assert!(over("no-such-package", 1000).is_err());
    }
}
