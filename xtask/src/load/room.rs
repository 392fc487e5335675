//! How many sessions a server still takes: what an outsider can see of how many it has.

use super::calls::{Caller, initialize};
use super::wire::{Answer, Connection};

/// Opens sessions until the server refuses one, and ends them all again.
pub(crate) fn count(connection: &mut Connection, port: u16) -> Result<u32, String> {
    let mut opened = Vec::new();
    let refusal = loop {
        let answer = connection.ask(&initialize(port, 0))?;
        match answer.header("mcp-session-id").filter(|_| answer.status == 200) {
            Some(id) => opened.push(Caller::Session(id.to_owned())),
            None => break answer,
        }
        if opened.len() > MOST {
            return Err(format!("more than {MOST} sessions were opened"));
        }
    };
    is_full(&refusal)?;
    for caller in &opened {
        caller.close(connection, port)?;
    }
    u32::try_from(opened.len()).map_err(|error| error.to_string())
}

/// Whether this answer says that there is no room now but will be.
pub(crate) fn is_full(answer: &Answer) -> Result<(), String> {
    let later = answer.header("retry-after").and_then(|value| value.parse::<u32>().ok());
    match (answer.status, later) {
        (503 | 429, Some(1..)) => Ok(()),
        (status, later) => Err(format!(
            "a session too many was answered {status} with Retry-After {later:?}: {}",
            answer.body
        )),
    }
}

/// No limit that is loaded here is as high.
const MOST: usize = 200_000;
