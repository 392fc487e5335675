//! `bowline prompt`: one filled in.

use super::link::Link;
use super::session::{Session, decoded};
use super::{given, named};
use crate::exit::{Exit, Fault};
use crate::field::Field;
use crate::plan::client;
use crate::plan::typed;
use crate::show::{self, Form};
use bowline::types::method::GetPrompt;
use bowline::types::prompt::Prompt;

/// Fills in a prompt, with what it needs and was not given asked for, and shows its messages.
///
/// # Errors
/// When there is no such prompt, or it was given something wrong.
pub(crate) async fn prompt(prompt: client::Prompt, session: &Session) -> Result<Exit, Fault> {
    let client::Prompt { target, name, arguments, common } = prompt;
    let link = session.connect(&target, &common).await?;
    let client = &link.client;
    let prompt = find(&link, &name, session).await?;
    let fields = fields(&prompt);
    let known: Vec<_> = fields.iter().map(|field| field.name.clone()).collect();
    let typed = move || {
        let known: Vec<_> = known.iter().map(String::as_str).collect();
        typed::texts(&arguments, &known, &given::Files)
    };
    let arguments = given::read(typed).await?;
    let line = given::Line { verb: "prompt", target: &target, name: &prompt.name };
    let arguments = given::complete(arguments, &fields, &line, session).await?;
    let request = client.get_prompt(&prompt.name, arguments);
    let result = session.ask(&link, &prompt.name, request).await?;
    let messages = decoded::<GetPrompt>(&result)?.messages.into_vec();
    let out = session.out;
    match out.form {
        Form::Json => out.json(result.as_str())?,
        Form::Raw => out.bytes(&show::raw(messages.iter().map(|message| &message.content))?)?,
        Form::Text => out.text(&show::messages(&messages, &session.folder, out.style)?)?,
    }
    Ok(Exit::Done)
}

/// The prompt of that name.
async fn find(link: &Link, name: &str, session: &Session) -> Result<Prompt, Fault> {
    let mut prompts = link.client.prompts();
    let mut others = Vec::new();
    while let Some(prompt) =
        session.within(link, async { prompts.next().await.transpose() }).await?
    {
        if prompt.name == name {
            return Ok(prompt);
        }
        others.push(prompt.name);
    }
    Err(named::unknown("prompt", name, &others))
}

/// The arguments of a prompt: all of them are text.
pub(crate) fn fields(prompt: &Prompt) -> Vec<Field> {
    let arguments = prompt.arguments.iter().flat_map(|arguments| arguments.iter());
    let field = |argument: &bowline::types::prompt::PromptArgument| {
        let required = argument.required == Some(true);
        Field::text(&argument.name, argument.description.as_deref(), required)
    };
    arguments.map(field).collect()
}
