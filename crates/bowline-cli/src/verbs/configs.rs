//! `bowline configs`: those of the MCP clients on this machine.

use crate::exit::{Exit, Fault};
use crate::plan::client::Configs;

/// Shows the configs that are there, and the servers in each.
///
/// # Errors
/// When one cannot be read.
pub(crate) fn configs(configs: Configs) -> Result<Exit, Fault> {
    let _ = configs;
    Err(Fault::new("not built yet"))
}
