//! `cargo xtask interop`: our binary against the SDKs of other languages, by the programs in `interop/`.

use crate::process::must;
use crate::workspace::{build_release, root, target, without_ours};
use std::process::Command;

/// Runs the harness; `--all` for the whole matrix, without it the smoke part that CI runs.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    build_release()?;
    let mut command = Command::new(target("release/bowline-interop"));
    // It builds servers too.
    without_ours(&mut command);
    must(command.current_dir(root()).args(args))
}

/// Our client against other people's servers; `--all` for every row.
pub(crate) fn servers(args: &[String]) -> Result<(), String> {
    let mut words = vec!["servers".to_owned()];
    words.extend_from_slice(args);
    run(&words)
}

/// Features broken on purpose: the harness succeeds only if exactly those rows turn red, one at a time.
pub(crate) fn sabotage() -> Result<(), String> {
    let args = SABOTAGED.iter().flat_map(|row| ["--sabotage".to_owned(), (*row).to_owned()]);
    run(&args.collect::<Vec<_>>())?;
    run(&SABOTAGED_IN_A_SESSION.map(str::to_owned))
}

/// Logins: clients of others at `bowline up`, our client at the server of another SDK, two users behind one endpoint.
pub(crate) fn auth() -> Result<(), String> {
    run(&["auth".to_owned()])
}

/// The same bodies of tests pass here and fail against an SDK that has the defects.
pub(crate) fn defects() -> Result<(), String> {
    run(&["defects".to_owned()])
}

/// The server behind nginx, with the configuration of `docs/nginx.md`.
pub(crate) fn nginx() -> Result<(), String> {
    run(&["nginx".to_owned()])
}

/// One that shows in a result, one in a notification, one in a question.
const SABOTAGED: [&str; 3] = ["structured", "progress", "ask_form"];

/// One that a session asks live.
const SABOTAGED_IN_A_SESSION: [&str; 4] = ["--protocol", "2025-11-25", "--sabotage", "ask_sample"];

/// `bowline up` over published servers while they are killed, and `bowline proxy`; `--all` for two minutes of it.
pub(crate) fn host(args: &[String]) -> Result<(), String> {
    let mut words = vec!["host".to_owned()];
    words.extend_from_slice(args);
    run(&words)
}
