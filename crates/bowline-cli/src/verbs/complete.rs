//! `bowline complete`: values that an argument may have.

use super::named;
use super::session::{Session, decoded};
use crate::escape;
use crate::exit::{Exit, Fault};
use crate::plan::client::{Complete, Reference};
use crate::show::{Form, screen};
use bowline::Client;
use bowline::types::completion::{
    CompleteRequestParams, CompletionArgument, CompletionContext, CompletionReference,
    PromptReference, ResourceTemplateReference,
};
use bowline::types::method;

/// Shows the values, one a line.
///
/// # Errors
/// When nothing there has such an argument.
pub(crate) async fn complete(complete: Complete, session: &Session) -> Result<Exit, Fault> {
    let Complete { target, reference, argument, prefix, given, common } = complete;
    let link = session.connect(&target, &common).await?;
    let client = &link.client;
    let of: CompletionReference = match &reference {
        Reference::Prompt(name) => PromptReference::new(name).into(),
        Reference::Resource(template) => ResourceTemplateReference::new(template).into(),
    };
    let mut params = CompleteRequestParams::new(of, CompletionArgument::new(&argument, prefix));
    if !given.is_empty() {
        params.context = Some(
            CompletionContext::new()
                .arguments(given.into_iter().collect::<std::collections::BTreeMap<_, _>>()),
        );
    }
    let request = client.request::<method::Complete>(params);
    let result = match session.ask(&link, &argument, request).await {
        Ok(result) => result,
        Err(fault) if fault.rpc_code().is_some() => {
            return Err(misnamed(client, &reference, &argument).await.unwrap_or(fault));
        }
        Err(fault) => return Err(fault),
    };
    let completion = decoded::<method::Complete>(&result)?.completion;
    let out = session.out;
    match out.form {
        Form::Json => out.json(result.as_str())?,
        Form::Raw => {
            let lines: String =
                completion.values.iter().map(|value| format!("{value}\n")).collect();
            out.bytes(lines.as_bytes())?;
        }
        Form::Text => {
            let lines: Vec<_> = completion.values.iter().map(|value| escape::line(value)).collect();
            out.text(&lines.join("\n"))?;
            let shown = completion.values.len() as u64;
            let more = completion.total.map(|total| total.saturating_sub(shown));
            let more = match (more, completion.has_more) {
                (Some(more), _) if more > 0 => {
                    Some(format!("{more} more; begin the value to see them\n"))
                }
                (None, Some(true)) => Some("and more; begin the value to see them\n".to_owned()),
                _ => None,
            };
            if let Some(more) = more.filter(|_| !session.logs.quiet) {
                screen::write(&more);
            }
        }
    }
    Ok(Exit::Done)
}

/// What is wrong with the names, if that is it.
async fn misnamed(client: &Client, reference: &Reference, argument: &str) -> Option<Fault> {
    match reference {
        Reference::Prompt(name) => {
            let prompts = client.list_prompts().await.ok()?;
            let Some(prompt) = prompts.iter().find(|prompt| prompt.name == *name) else {
                let names: Vec<_> = prompts.into_iter().map(|prompt| prompt.name).collect();
                return Some(named::unknown("prompt", name, &names));
            };
            let arguments = prompt.arguments.iter().flat_map(|arguments| arguments.iter());
            let names: Vec<_> = arguments.map(|argument| argument.name.clone()).collect();
            let known = names.iter().any(|name| name == argument);
            (!known).then(|| named::unknown("argument", argument, &names))
        }
        Reference::Resource(uri) => {
            let templates = client.list_resource_templates().await.ok()?;
            let known = templates.iter().any(|template| template.uri_template == *uri);
            let names: Vec<_> =
                templates.into_iter().map(|template| template.uri_template).collect();
            (!known).then(|| named::unknown("resource template", uri, &names))
        }
    }
}
