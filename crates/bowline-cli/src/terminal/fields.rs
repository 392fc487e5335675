//! Asking for values, field by field.

use super::Turn;
use crate::escape;
use crate::field::{Choice, Field, Kind, plain};
use serde_json::{Map, Value};

/// Asks for each field; `None` when the end of input says that nothing shall be done.
///
/// What is left empty gets its default, or is left out where that is allowed.
pub(crate) async fn ask(turn: &mut Turn<'_>, fields: &[Field]) -> Option<Map<String, Value>> {
    let mut values = Map::new();
    for field in fields {
        turn.say(&described(turn, field));
        let value = match &field.kind {
            Kind::List { of, least, most } => list(turn, field, of, (*least, *most)).await?,
            _ => single(turn, field).await?,
        };
        if let Some(value) = value {
            values.insert(field.name.clone(), value);
        }
    }
    Some(values)
}

/// What the field is, with its choices below.
fn described(turn: &Turn<'_>, field: &Field) -> String {
    let style = turn.style;
    let mut text = style.name(field.title.as_ref().unwrap_or(&field.name));
    let expected = field.kind.expectation();
    let required = if field.required { "" } else { "; may be left out" };
    text += &style.dim(&format!(" ({}{required})", escape::line(&expected)));
    if let Some(description) = &field.description {
        text = text + "\n  " + &escape::line(description.trim());
    }
    for (at, choice) in choices(&field.kind).iter().enumerate().take(MANY) {
        text += &format!("\n  {}) {}", at + 1, escape::line(&plain(&choice.value)));
        if let Some(title) = &choice.title {
            text += &format!(" – {}", escape::line(title));
        }
    }
    text
}

/// How many choices are shown.
const MANY: usize = 50;

async fn single(turn: &mut Turn<'_>, field: &Field) -> Option<Option<Value>> {
    loop {
        let typed = turn.line(&question(field)).await?;
        let typed =
            if matches!(field.kind, Kind::Text { .. }) { typed } else { typed.trim().to_owned() };
        if typed.is_empty() {
            match (&field.default, field.required) {
                (Some(default), _) => return Some(Some(default.clone())),
                (None, false) => return Some(None),
                // A text may be empty, unless its schema says otherwise.
                (None, true) => {}
            }
        }
        match read(&field.kind, &typed) {
            Ok(value) => return Some(Some(value)),
            Err(expected) => turn.say(&format!("  expected {}", escape::line(&expected))),
        }
    }
}

/// Elements until an empty line; the default if there is none.
async fn list(
    turn: &mut Turn<'_>,
    field: &Field,
    of: &Kind,
    (least, most): (Option<u64>, Option<u64>),
) -> Option<Option<Value>> {
    turn.say("  one a line; an empty line ends the list");
    let mut values = Vec::new();
    let enough = |count: usize| least.is_none_or(|least| count as u64 >= least);
    let full = |count: usize| most.is_some_and(|most| count as u64 >= most);
    while !full(values.len()) {
        let typed = turn.line(&question(field)).await?;
        if typed.is_empty() {
            match (&field.default, field.required) {
                (Some(default), _) if values.is_empty() => return Some(Some(default.clone())),
                (None, false) if values.is_empty() => return Some(None),
                _ if enough(values.len()) => break,
                _ => {
                    turn.say(&format!("  expected {}", escape::line(&field.kind.expectation())));
                    continue;
                }
            }
        }
        match read(of, &typed) {
            Ok(value) => values.push(value),
            Err(expected) => turn.say(&format!("  expected {}", escape::line(&expected))),
        }
    }
    Some(Some(values.into()))
}

fn question(field: &Field) -> String {
    let name = escape::line(&field.name);
    match &field.default {
        Some(default) => format!("{name} [{}]: ", escape::line(&plain(default))),
        None => format!("{name}: "),
    }
}

/// Reads a value, or the number that a choice is shown with.
fn read(kind: &Kind, typed: &str) -> Result<Value, String> {
    kind.read(typed).or_else(|expected| {
        let at = typed.trim().parse::<usize>().ok().and_then(|at| at.checked_sub(1));
        let choice = at.and_then(|at| choices(kind).get(at));
        choice.map(|choice| choice.value.clone()).ok_or(expected)
    })
}

fn choices(kind: &Kind) -> &[Choice] {
    match kind {
        Kind::Choice(choices) => choices,
        Kind::List { of, .. } => choices(of),
        _ => &[],
    }
}
