//! Arguments: what was given, and what is still needed.

use super::session::Session;
use crate::exit::{Exit, Fault};
use crate::field::Field;
use crate::plan::arguments::Source;
use crate::plan::operands;
use crate::plan::target::Target;
use crate::plan::typed::Sources;
use crate::show::argument;
use crate::terminal;
use serde_json::{Map, Value};
use std::fs::File;
use std::io::{self, Read as _};

/// Files and standard input.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Files;

impl Sources for Files {
    fn read(&self, source: &Source) -> Result<Vec<u8>, Fault> {
        let mut bytes = Vec::new();
        let read = match source {
            Source::File(path) => {
                File::open(path).and_then(|file| file.take(MOST + 1).read_to_end(&mut bytes))
            }
            Source::Stdin => io::stdin().lock().take(MOST + 1).read_to_end(&mut bytes),
        };
        read.map_err(|error| Fault::new(format!("cannot read {source}: {error}")))?;
        if bytes.len() as u64 > MOST {
            return Err(Fault::new(format!("{source} is larger than {} MiB", MOST >> 20))
                .hint("no server takes arguments of that size"));
        }
        Ok(bytes)
    }
}

/// The most bytes of one argument.
const MOST: u64 = 64 << 20;

/// Reads arguments on a thread that may wait for standard input, so that a signal is still heard.
///
/// # Errors
/// As `read`.
pub(crate) async fn read(
    read: impl FnOnce() -> Result<Map<String, Value>, Fault> + Send + 'static,
) -> Result<Map<String, Value>, Fault> {
    let reading = tokio::task::spawn_blocking(read);
    reading.await.map_err(|_| Fault::new("reading the arguments failed"))?
}

/// The line that was typed, as far as an example of it needs it.
pub(crate) struct Line<'a> {
    pub(crate) verb: &'a str,
    pub(crate) target: &'a Target,
    /// The tool or the prompt.
    pub(crate) name: &'a str,
}

/// Asks for what is required and missing.
///
/// # Errors
/// When there is nobody to ask, or whoever was asked did not want to answer.
pub(crate) async fn complete(
    mut arguments: Map<String, Value>,
    fields: &[Field],
    line: &Line<'_>,
    session: &Session,
) -> Result<Map<String, Value>, Fault> {
    let missing = |field: &&Field| field.required && !arguments.contains_key(&field.name);
    let missing: Vec<Field> = fields.iter().filter(missing).cloned().collect();
    if missing.is_empty() {
        return Ok(arguments);
    }
    let Some(terminal) = &session.terminal else {
        let names: Vec<_> = missing.iter().map(|field| format!("`{}`", field.name)).collect();
        return Err(Fault::new(format!("`{}` needs {}", line.name, names.join(", ")))
            .hint(format!("write {}", line.example(fields))));
    };
    let answers = terminal::ask(&mut terminal.turn().await, &missing).await;
    let answers =
        answers.ok_or_else(|| Fault::new("nothing was called").exit(Exit::Interrupted))?;
    arguments.extend(answers);
    Ok(arguments)
}

impl Line<'_> {
    /// A line that has everything that is required.
    fn example(&self, fields: &[Field]) -> String {
        let mut words = vec![self.name.to_owned()];
        words.extend(fields.iter().filter(|field| field.required).map(argument));
        let (words, target) = (words.join(" "), operands::shown(self.target));
        match self.target {
            Target::Command(_) => format!("bowline {} {words} {target}", self.verb),
            _ => format!("bowline {} {target} {words}", self.verb),
        }
    }
}
