//! What a server offers, as lists for people.

use super::content::size;
use super::style::Style;
use crate::escape;
use crate::field::{Field, fields};
use bowline::types::prompt::Prompt;
use bowline::types::resource::{Resource, ResourceTemplate};
use bowline::types::tool::{Tool, ToolAnnotations};
use std::fmt::Write;

/// Tools: each as the line that calls it, and what it does; all of that when `whole`.
pub(crate) fn tools(tools: &[Tool], style: Style, whole: bool) -> String {
    let mut shown = String::new();
    for tool in tools {
        let fields = fields(tool.input_schema.as_map());
        let _ = write!(shown, "  {}", style.name(&tool.name));
        for field in &fields {
            let _ = write!(shown, " {}", argument(field));
        }
        if let Some(hints) = tool.annotations.as_ref().map(hints).filter(|hints| !hints.is_empty())
        {
            let _ = write!(shown, "  {}", style.dim(&format!("({})", hints.join(", "))));
        }
        shown.push('\n');
        about(&mut shown, tool.title.as_deref(), tool.description.as_deref(), style, whole);
        if whole {
            members(&mut shown, &fields, style);
        }
    }
    shown
}

/// Prompts, as tools.
pub(crate) fn prompts(prompts: &[Prompt], style: Style, whole: bool) -> String {
    let mut shown = String::new();
    for prompt in prompts {
        let arguments = prompt.arguments.iter().flat_map(|arguments| arguments.iter());
        let fields: Vec<_> = arguments
            .map(|argument| {
                let required = argument.required == Some(true);
                Field::text(&argument.name, argument.description.as_deref(), required)
            })
            .collect();
        let _ = write!(shown, "  {}", style.name(&prompt.name));
        for field in &fields {
            let _ = write!(shown, " {}", argument(field));
        }
        shown.push('\n');
        about(&mut shown, prompt.title.as_deref(), prompt.description.as_deref(), style, whole);
        if whole {
            members(&mut shown, &fields, style);
        }
    }
    shown
}

/// Resources: URIs, and what is there.
pub(crate) fn resources(resources: &[Resource], style: Style, whole: bool) -> String {
    let mut shown = String::new();
    for resource in resources {
        let size = resource.size.map(size);
        let mime_type = resource.mime_type.as_deref();
        located(&mut shown, &resource.uri, &resource.name, mime_type, size, style);
        let (title, text) = (resource.title.as_deref(), resource.description.as_deref());
        about(&mut shown, title, text, style, whole);
    }
    shown
}

/// Resource templates, as resources.
pub(crate) fn templates(templates: &[ResourceTemplate], style: Style, whole: bool) -> String {
    let mut shown = String::new();
    for template in templates {
        let mime_type = template.mime_type.as_deref();
        located(&mut shown, &template.uri_template, &template.name, mime_type, None, style);
        let (title, text) = (template.title.as_deref(), template.description.as_deref());
        about(&mut shown, title, text, style, whole);
    }
    shown
}

fn located(
    shown: &mut String,
    uri: &str,
    name: &str,
    mime_type: Option<&str>,
    size: Option<String>,
    style: Style,
) {
    let mut facts = vec![escape::line(name).into_owned()];
    facts.extend(mime_type.map(|kind| escape::line(kind).into_owned()));
    facts.extend(size);
    let _ = writeln!(shown, "  {}  {}", style.name(uri), style.dim(&facts.join(", ")));
}

/// A member as one types it: in brackets when it can be left out, with dots when it can be repeated.
pub(crate) fn argument(field: &Field) -> String {
    let operator = if field.kind == crate::field::Kind::Json { ":=" } else { "=" };
    let repeated = if field.kind.elements().is_some() { "…" } else { "" };
    let name = escape::line(&field.name);
    let word = field.kind.word();
    let written = format!("{name}{operator}{}{repeated}", escape::line(&word));
    if field.required { written } else { format!("[{written}]") }
}

fn about(shown: &mut String, title: Option<&str>, text: Option<&str>, style: Style, whole: bool) {
    match text.or(title).map(str::trim).filter(|text| !text.is_empty()) {
        Some(text) if whole => shown.push_str(&super::indented(INDENT, &escape::escape(text))),
        Some(text) => {
            let first = text.lines().next().unwrap_or_default();
            let _ = writeln!(shown, "{INDENT}{}", style.cut(INDENT.len(), first));
        }
        None => {}
    }
}

fn members(shown: &mut String, fields: &[Field], style: Style) {
    for field in fields {
        let _ = write!(shown, "{INDENT}{}", style.name(&field.name));
        let expected = field.kind.expectation();
        let mut facts = vec![escape::line(&expected).into_owned()];
        facts.push(if field.required { "required" } else { "optional" }.to_owned());
        if let Some(default) = &field.default {
            let default = crate::field::plain(default);
            facts.push(format!("default {}", escape::line(&default)));
        }
        let _ = write!(shown, " ({})", facts.join("; "));
        if let Some(text) = field.description.as_ref().or(field.title.as_ref()) {
            let _ = write!(shown, ": {}", escape::line(text.trim()));
        }
        shown.push('\n');
    }
}

const INDENT: &str = "      ";

/// What the server says a tool does to the world.
fn hints(annotations: &ToolAnnotations) -> Vec<&'static str> {
    let ToolAnnotations { read_only_hint, destructive_hint, idempotent_hint, .. } = annotations;
    let hints = [
        (*read_only_hint == Some(true)).then_some("reads only"),
        // What only reads destroys nothing, whatever else is said.
        (*read_only_hint != Some(true) && *destructive_hint == Some(true)).then_some("destructive"),
        (*read_only_hint != Some(true) && *idempotent_hint == Some(true)).then_some("idempotent"),
    ];
    hints.into_iter().flatten().collect()
}
