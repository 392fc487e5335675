//! `cargo xtask fuzz`: the fuzz targets, by the program in `fuzz/`.

use crate::process::must;
use crate::workspace::cargo;

/// Passes `args` on to the fuzz program.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    let mut program = cargo(["run", "--locked", "--release", "--package", "bowline-fuzz", "--"]);
    must(program.args(args))
}

/// What CI runs: the committed corpus, then fresh input for a minute in all.
pub(crate) fn smoke() -> Result<(), String> {
    run(&["--seconds".to_owned(), "60".to_owned()])
}
