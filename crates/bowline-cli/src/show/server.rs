//! What a server says about itself.

use super::style::{Style, indented};
use crate::escape;
use bowline::types::capability::ServerCapabilities;
use bowline::types::discover::Implementation;
use std::fmt::Write;

/// What a server says about itself; nobody has verified it.
pub(crate) fn server(
    info: Option<&Implementation>,
    protocol_version: &str,
    capabilities: &ServerCapabilities,
    instructions: Option<&str>,
    style: Style,
) -> String {
    let mut shown = String::new();
    let mut row = |key: &str, value: &str| {
        if !value.is_empty() {
            let _ = writeln!(shown, "{} {value}", style.dim(&format!("{key:17}")));
        }
    };
    match info {
        Some(info) => {
            let version = escape::line(&info.version);
            let name = format!("{} {version}", style.name(&info.name));
            row("name", name.trim_end());
            row("title", &escape::line(info.title.as_deref().unwrap_or_default()));
            row("description", &escape::line(info.description.as_deref().unwrap_or_default()));
            row("website", &escape::line(info.website_url.as_deref().unwrap_or_default()));
        }
        None => row("name", "(it does not say)"),
    }
    row("protocol version", &escape::line(protocol_version));
    let capabilities = offered(capabilities).join(", ");
    row("capabilities", if capabilities.is_empty() { "none" } else { &capabilities });
    if let Some(instructions) = instructions.filter(|text| !text.trim().is_empty()) {
        let _ = writeln!(shown, "{}", style.dim("instructions"));
        shown.push_str(&indented("  ", &escape::escape(instructions.trim_end())));
    }
    shown
}

fn offered(capabilities: &ServerCapabilities) -> Vec<String> {
    let with = |name: &str, more: &[(&str, Option<bool>)]| {
        let more = more.iter().filter(|(_, said)| *said == Some(true)).map(|(name, _)| *name);
        let more: Vec<_> = more.collect();
        if more.is_empty() { name.to_owned() } else { format!("{name} ({})", more.join(", ")) }
    };
    let mut offered = Vec::new();
    if let Some(tools) = &capabilities.tools {
        offered.push(with("tools", &[("list changes", tools.list_changed)]));
    }
    if let Some(resources) = &capabilities.resources {
        let more =
            [("subscriptions", resources.subscribe), ("list changes", resources.list_changed)];
        offered.push(with("resources", &more));
    }
    if let Some(prompts) = &capabilities.prompts {
        offered.push(with("prompts", &[("list changes", prompts.list_changed)]));
    }
    offered.extend(capabilities.completions.as_ref().map(|_| "completions".to_owned()));
    offered.extend(capabilities.logging.as_ref().map(|_| "logging".to_owned()));
    offered.extend(capabilities.tasks.as_ref().map(|_| "tasks".to_owned()));
    let extensions = capabilities.extensions.iter().chain(&capabilities.experimental);
    offered.extend(extensions.flat_map(|named| named.keys()).map(|key| escape::line(key).into()));
    offered
}
