//! `bowline call`: a tool.

use super::link::Link;
use super::session::{Session, decoded};
use super::{given, named};
use crate::exit::{Exit, Fault};
use crate::field::fields;
use crate::plan::client::Call;
use crate::plan::typed;
use crate::show::{self, Form, Style};
use bowline::types::method::CallTool;
use bowline::types::tool::{CallToolResult, Tool};
use serde_json::Value;

/// Calls a tool, with what it needs and was not given asked for, and shows its result.
///
/// # Errors
/// When there is no such tool, it was given something wrong, or it fails.
pub(crate) async fn call(call: Call, session: &Session) -> Result<Exit, Fault> {
    let Call { target, tool, arguments, common } = call;
    let link = session.connect(&target, &common).await?;
    let client = &link.client;
    let tool = find(&link, &tool, session).await?;
    let schema = Value::Object(tool.input_schema.as_map().clone());
    let typed = move || typed::typed(&arguments, &schema, &given::Files);
    let arguments = given::read(typed).await?;
    let line = given::Line { verb: "call", target: &target, name: &tool.name };
    let fields = fields(tool.input_schema.as_map());
    let arguments = given::complete(arguments, &fields, &line, session).await?;
    let request = client.call_tool(&tool.name, arguments);
    let result = session.ask(&link, &tool.name, request).await?;
    show(&tool.name, &decoded::<CallTool>(&result)?, result.as_str(), session)
}

/// The tool of that name.
async fn find(link: &Link, name: &str, session: &Session) -> Result<Tool, Fault> {
    let mut tools = link.client.tools();
    let mut others = Vec::new();
    while let Some(tool) = session.within(link, async { tools.next().await.transpose() }).await? {
        if tool.name == name {
            return if link.allows(name) { Ok(tool) } else { Err(named::forbidden(name)) };
        }
        others.push(tool.name);
    }
    others.retain(|other| link.allows(other));
    Err(named::unknown("tool", name, &others))
}

fn show(
    name: &str,
    result: &CallToolResult,
    whole: &str,
    session: &Session,
) -> Result<Exit, Fault> {
    let out = session.out;
    let failed = result.is_error == Some(true);
    match out.form {
        Form::Json => out.json(whole)?,
        Form::Raw if !failed => {
            out.bytes(&show::raw(result.content.iter())?)?;
        }
        Form::Text if !failed => match &result.structured_content {
            // A program takes the value; a person the words, where there are any.
            Some(value) if !out.is_terminal || result.content.is_empty() => out.value(value)?,
            _ => out.text(&show::texts(result.content.iter(), &session.folder, out.style)?)?,
        },
        Form::Raw | Form::Text => {}
    }
    if failed {
        let text = show::texts(result.content.iter(), &session.folder, Style::PLAIN)?;
        let text = if text.is_empty() { "it does not say why".to_owned() } else { text };
        return Err(Fault::new(format!("tool `{name}` failed: {text}")).exit(Exit::ToolFailed));
    }
    Ok(Exit::Done)
}
