//! `bowline completions`: for a shell.

use crate::args::Args;
use crate::exit::{Exit, Fault};
use crate::plan::client::Completions;
use crate::show::{Form, Out};
use clap::CommandFactory;

/// Writes the script that completes our lines.
///
/// # Errors
/// When nobody takes it.
pub(crate) fn completions(completions: Completions) -> Result<Exit, Fault> {
    let mut script = Vec::new();
    clap_complete::generate(completions.shell, &mut Args::command(), "bowline", &mut script);
    Out::new(Form::Raw).bytes(&script)?;
    Ok(Exit::Done)
}
