//! `cargo xtask fuzz`: the fuzz targets, by the program in `fuzz/`.

use crate::process::must;
use crate::workspace::{build_release, root, target};
use std::process::Command;

/// Passes `args` on to the fuzz program: `TARGET [--seconds N] [--seed N]`.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    build_release()?;
    must(Command::new(target("release/bowline-fuzz")).current_dir(root()).args(args))
}

/// What CI runs: every target with a corpus, the corpus first, then fresh input for a few seconds.
pub(crate) fn smoke() -> Result<(), String> {
    let corpus = root().join("fuzz/corpus");
    let entries = std::fs::read_dir(&corpus)
        .map_err(|error| format!("cannot read {}: {error}", corpus.display()))?;
    let folders = entries.flatten().filter(|entry| entry.path().is_dir());
    let mut targets: Vec<String> =
        folders.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    if targets.is_empty() {
        return Err(format!("there is no target in {}", corpus.display()));
    }
    targets.sort();
    targets
        .into_iter()
        .try_for_each(|target| run(&[target, "--seconds".to_owned(), SECONDS.to_owned()]))
}

/// For each target.
const SECONDS: &str = "10";
