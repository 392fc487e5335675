//! The rows of the tables of servers, and the part of them that a day runs.

use crate::matrix::PART;

/// What a server of `interop/servers` may be asked.
#[rustfmt::skip]
pub(super) const SDK: &[&str] = &[
    "connect", "ping", "list_tools", "list_resources", "list_templates", "list_prompts",
    "echo", "typed_call", "content", "tool_error", "protocol_error", "read", "prompt", "complete",
    "progress", "logs", "cancel", "timeout",
    "ask_form", "ask_url", "ask_sample", "ask_sample_tools", "ask_roots", "ask_all", "ask_declined",
    "roots_changed", "listen_tools", "listen_prompts", "listen_resources", "resource_updated",
    "close", "close_session",
];

/// What the server of `interop/rmcp` is asked.
pub(super) const RMCP: &[&str] = &[
    "connect",
    "ping",
    "list_tools",
    "echo",
    "typed_call",
    "protocol_error",
    "progress",
    "logs",
    "cancel",
    "ask_roots",
    "listen_tools",
    "close",
];

/// What a published server may be asked.
pub(super) const PUBLISHED: &[&str] = &[
    "connect",
    "ping",
    "lists",
    "call",
    "unknown_tool",
    "progress",
    "read",
    "prompt",
    "ask",
    "close",
];

/// Rows that every run holds.
const CORE: &[&str] = &["connect", "list_tools", "echo", "lists", "call", "close", "close_session"];

/// The core rows of these and those of one part.
pub(super) fn part(rows: &[&'static str], part: u64) -> Vec<&'static str> {
    let mine = |(index, row): (u64, &&'static str)| {
        (CORE.contains(row) || index % PART == part).then_some(*row)
    };
    (0..).zip(rows).filter_map(mine).collect()
}

#[cfg(test)]
mod tests {
    use super::{PUBLISHED, RMCP, SDK, part};
    use crate::matrix::PART;

    #[test]
    fn the_parts_together_are_all_rows() {
        for rows in [SDK, RMCP, PUBLISHED] {
            let parts: Vec<_> = (0..PART).flat_map(|index| part(rows, index)).collect();
            assert!(rows.iter().all(|row| parts.contains(row)));
        }
    }
}
