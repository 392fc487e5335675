//! `cargo xtask interop`: our binary against the SDKs of other languages, by the programs in `interop/`.

use crate::process::must;
use crate::workspace::cargo;

/// Runs the harness; `--all` for the whole matrix, without it the smoke part that CI runs.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    let mut harness = cargo(["run", "--locked", "--release", "--package", "bowline-interop", "--"]);
    must(harness.args(args))
}

/// Three features broken on purpose: the harness succeeds only if exactly the rows of that feature turn red.
pub(crate) fn sabotage() -> Result<(), String> {
    SABOTAGED.iter().try_for_each(|feature| run(&["--sabotage".to_owned(), (*feature).to_owned()]))
}

/// One that shows in a result, one in a notification, one in a question.
const SABOTAGED: [&str; 3] = ["call", "progress", "elicitation"];
