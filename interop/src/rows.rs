//! The rows of the table, in the order of `everything.md`, and the part of them that a day runs.

use crate::peer::Sdk;
use crate::version::Version;

/// Every feature of the newest protocol version; a driver must print exactly these.
#[rustfmt::skip]
pub(crate) const NEWEST: &[&str] = &[
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

/// What the other versions have not.
const NOT_IN_SESSIONS: &[&str] = &["discover", "caching", "header_params", "request_state"];

/// What only they have.
const IN_SESSIONS: &[&str] = &["initialize", "ping", "batch"];

/// What is sent by hand, since no SDK does; one driver is enough for it.
const BY_HAND: &[&str] = &["batch"];

/// Into how many parts the other rows are divided.
pub(crate) const PARTS: u64 = 5;

/// Every row of a protocol version, in the order of the table.
pub(crate) fn of(version: &Version) -> Vec<&'static str> {
    if version.is_newest() {
        return NEWEST.to_vec();
    }
    let common = NEWEST.iter().filter(|row| !NOT_IN_SESSIONS.contains(row));
    common.chain(IN_SESSIONS).copied().collect()
}

/// The core rows of these and those of one part.
pub(crate) fn part(rows: &[&'static str], part: u64) -> Vec<&'static str> {
    let mine = |(index, row): (u64, &&'static str)| {
        (CORE.contains(row) || index % PARTS == part).then_some(*row)
    };
    (0..).zip(rows).filter_map(mine).collect()
}

/// Those that the driver of one SDK prints.
pub(crate) fn printed_by(sdk: Sdk, rows: &[&'static str]) -> Vec<&'static str> {
    let here = |row: &&'static str| sdk == Sdk::TypeScript || !BY_HAND.contains(row);
    rows.iter().copied().filter(here).collect()
}

#[cfg(test)]
mod tests {
    use super::{IN_SESSIONS, NEWEST, PARTS, of, part};
    use crate::version::VERSIONS;

    #[test]
    fn the_parts_together_are_all_rows() {
        for version in &VERSIONS {
            let rows = of(version);
            let parts: Vec<_> = (0..PARTS).flat_map(|index| part(&rows, index)).collect();
            assert!(rows.iter().all(|row| parts.contains(row)));
            assert!((0..PARTS).all(|index| part(&rows, index).len() < rows.len() / 2));
        }
    }

    #[test]
    fn every_row_stands_in_the_specification() {
        let page = include_str!("../everything.md");
        assert_eq!(named(page, "## Rows and sabotage"), NEWEST);
        assert_eq!(named(page, "### Rows of sessions"), IN_SESSIONS);
    }

    /// The names in the first column of the table below a heading.
    fn named<'a>(page: &'a str, heading: &str) -> Vec<&'a str> {
        let (_, section) = page.split_once(heading).expect("the section exists");
        let section = section.split("\n#").next().unwrap_or_default();
        section
            .lines()
            .filter_map(|line| line.strip_prefix("| `"))
            .filter_map(|line| line.split('|').next())
            .flat_map(|cell| {
                cell.split(|c: char| c == '`' || c.is_whitespace()).filter(|word| !word.is_empty())
            })
            .collect()
    }
}
