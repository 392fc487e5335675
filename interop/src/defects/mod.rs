//! Placeholder of this commit: the defect tests follow.

use crate::cli::Defects;

pub(crate) fn run(options: &Defects) -> Result<bool, String> {
    Err(format!(
        "no defect test is named {:?} {:?} {:?}",
        options.names, options.peer, options.server
    ))
}
