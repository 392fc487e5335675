//! The rows of the table, in the order of `everything.md`, and the part of them that a day runs.

/// Every feature; a driver must print exactly these.
#[rustfmt::skip]
pub(crate) const ROWS: &[&str] = &[
    "connect", "discover",
    "list_tools", "list_resources", "list_templates", "list_prompts", "caching", "bad_cursor",
    "echo", "structured", "structured_values",
    "content_text", "content_image", "content_audio", "content_link", "content_embedded", "content_mixed",
    "content_annotated", "content_empty",
    "tool_error", "protocol_error", "panic", "big", "describe_call",
    "progress", "cancel", "timeout", "logs", "header_params", "missing_capability",
    "ask_form", "ask_url", "ask_sample", "ask_sample_tools", "ask_roots", "ask_all", "ask_rounds", "ask_once",
    "request_state",
    "listen_tools", "listen_prompts", "listen_resources", "resource_updated",
    "read_text", "read_binary", "read_multi", "read_template", "read_unknown", "ask_resource",
    "prompt_plain", "prompt_arguments", "prompt_content", "ask_prompt",
    "complete_prompt", "complete_context", "complete_template",
];

/// Rows that every run holds.
const CORE: &[&str] = &["connect", "list_tools", "echo", "ask_form", "listen_tools"];

/// Into how many parts the other rows are divided.
pub(crate) const PARTS: u64 = 5;

/// The core rows and those of one part, in the order of [`ROWS`].
pub(crate) fn part(part: u64) -> Vec<&'static str> {
    let mine = |(index, row): (u64, &&'static str)| {
        (CORE.contains(row) || index % PARTS == part).then_some(*row)
    };
    (0..).zip(ROWS).filter_map(mine).collect()
}

#[cfg(test)]
mod tests {
    use super::{PARTS, ROWS, part};

    #[test]
    fn the_parts_together_are_all_rows() {
        let parts: Vec<_> = (0..PARTS).flat_map(part).collect();
        assert!(ROWS.iter().all(|row| parts.contains(row)));
        assert!((0..PARTS).all(|index| part(index).len() < ROWS.len() / 2));
    }

    #[test]
    fn every_row_stands_in_the_specification() {
        let page = include_str!("../everything.md");
        let (_, table) = page.split_once("## Rows and sabotage").expect("the section exists");
        let named: Vec<&str> = table
            .lines()
            .filter_map(|line| line.strip_prefix("| `"))
            .filter_map(|line| line.split('|').next())
            .flat_map(|cell| {
                cell.split(|c: char| c == '`' || c.is_whitespace()).filter(|word| !word.is_empty())
            })
            .collect();
        assert_eq!(named, ROWS);
    }
}
