//! What `BOWLINE_SABOTAGE` names is broken.

mod layer;

use crate::exit::Fault;
pub(crate) use layer::wrap;
use std::sync::OnceLock;

/// Reads the row from the environment.
///
/// # Errors
/// When it names none.
pub(crate) fn check() -> Result<(), Fault> {
    let Some(row) = std::env::var_os(VARIABLE) else {
        return Ok(());
    };
    match ROWS.iter().find(|known| row.to_str() == Some(known)) {
        Some(row) => {
            ROW.get_or_init(|| row);
            Ok(())
        }
        None => Err(Fault::new(format!("{VARIABLE}={row:?} names no row"))
            .hint(format!("the rows are {}", ROWS.join(" ")))),
    }
}

pub(crate) fn is(row: &str) -> bool {
    debug_assert!(ROWS.contains(&row), "no row {row}");
    ROW.get() == Some(&row)
}

const VARIABLE: &str = "BOWLINE_SABOTAGE";

static ROW: OnceLock<&str> = OnceLock::new();

/// The features that a driver prints a row for.
const ROWS: &[&str] = &[
    "connect",
    "discover",
    "list_tools",
    "list_resources",
    "list_templates",
    "list_prompts",
    "caching",
    "bad_cursor",
    "echo",
    "structured",
    "structured_values",
    "content_text",
    "content_image",
    "content_audio",
    "content_link",
    "content_embedded",
    "content_mixed",
    "content_annotated",
    "content_empty",
    "tool_error",
    "protocol_error",
    "panic",
    "big",
    "describe_call",
    "progress",
    "cancel",
    "timeout",
    "logs",
    "header_params",
    "missing_capability",
    "ask_form",
    "ask_url",
    "ask_sample",
    "ask_sample_tools",
    "ask_roots",
    "ask_all",
    "ask_rounds",
    "ask_once",
    "request_state",
    "listen_tools",
    "listen_prompts",
    "listen_resources",
    "resource_updated",
    "read_text",
    "read_binary",
    "read_multi",
    "read_template",
    "read_unknown",
    "ask_resource",
    "prompt_plain",
    "prompt_arguments",
    "prompt_content",
    "ask_prompt",
    "complete_prompt",
    "complete_context",
    "complete_template",
];
