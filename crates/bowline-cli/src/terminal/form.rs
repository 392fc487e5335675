//! Forms that a server wants filled in.

use super::{Terminal, Turn, ask};
use crate::escape;
use crate::field::{Field, fields, plain};
use crate::show::{Style, indented};
use bowline::client::Asked;
use bowline::types::input::{ElicitAction, ElicitRequestFormParams, ElicitResult};
use serde_json::{Map, Value};

/// Shows who wants what, asks for the fields, and sends nothing that was not looked at.
pub(crate) async fn answer(
    terminal: Terminal,
    asked: Asked,
    form: ElicitRequestFormParams,
) -> ElicitResult {
    let schema = match serde_json::to_value(&form.requested_schema) {
        Ok(Value::Object(schema)) => schema,
        _ => Map::new(),
    };
    let mut turn = terminal.turn().await;
    turn.say(&introduction(&asked, &form.message, turn.style));
    match fill_in(&mut turn, &fields(&schema)).await {
        Ok(content) => ElicitResult::new(ElicitAction::Accept).content(content),
        Err(Word::No) => ElicitResult::new(ElicitAction::Decline),
        Err(_) => ElicitResult::new(ElicitAction::Cancel),
    }
}

/// Who asks, for what, and in which words.
pub(super) fn introduction(asked: &Asked, message: &str, style: Style) -> String {
    let mut text = format!("{} asks", style.name(asked.server()));
    if let Some(request) = asked.request() {
        text = format!("{text}, for {}", escape::line(request));
    }
    format!("{text}:\n{}", indented("  ", &escape::escape(message)).trim_end())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    Yes,
    Again,
    No,
    Cancel,
}

/// The content that is to be sent, or why there is none.
async fn fill_in(turn: &mut Turn<'_>, fields: &[Field]) -> Result<Map<String, Value>, Word> {
    let words =
        [("yes", Word::Yes), ("no", Word::No), ("decline", Word::No), ("cancel", Word::Cancel)];
    let question = "answer? yes, no (decline), cancel [yes]: ";
    match turn.choose(question, &words, Some(Word::Yes)).await {
        Some(Word::Yes) => {}
        other => return Err(other.unwrap_or(Word::Cancel)),
    }
    while !fields.is_empty() {
        let content = ask(turn, fields).await.ok_or(Word::Cancel)?;
        turn.say(&review(&content));
        let words = [&words[..], &[("again", Word::Again)]].concat();
        let question = "send it? yes, again, no (decline), cancel [yes]: ";
        match turn.choose(question, &words, Some(Word::Yes)).await {
            Some(Word::Yes) => return Ok(content),
            Some(Word::Again) => {}
            other => return Err(other.unwrap_or(Word::Cancel)),
        }
    }
    Ok(Map::new())
}

/// What was filled in.
fn review(content: &Map<String, Value>) -> String {
    let lines = content
        .iter()
        .map(|(name, value)| format!("  {} = {}", escape::line(name), escape::line(&plain(value))));
    lines.collect::<Vec<_>>().join("\n")
}
