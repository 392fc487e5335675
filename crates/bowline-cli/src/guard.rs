//! `bowline __guard`: the process in the group of a child that ends the group when we are killed.
//!
//! Not a verb that anybody types, so it is in no help, and is looked for before anything else is set up.

use crate::exit::{Exit, Fault};
use std::ffi::OsStr;

/// Whether this process was started to guard.
pub(crate) fn is_wanted() -> bool {
    let mut arguments = std::env::args_os().skip(1);
    arguments.next().as_deref() == Some(OsStr::new("__guard")) && arguments.next().is_none()
}

#[cfg(unix)]
pub(crate) fn run() -> Result<Exit, Fault> {
    bowline::transport::child::guard()?;
    Ok(Exit::Done)
}

#[cfg(not(unix))]
pub(crate) fn run() -> Result<Exit, Fault> {
    Err(Fault::new("there are no process groups to guard here"))
}
