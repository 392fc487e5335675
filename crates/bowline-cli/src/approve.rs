//! Asking once before a project's config starts what it says.

use crate::exit::Fault;
use crate::plan::secrets::is_secret;
use bowline::config::{Approvals, Config, Entry, Input, Kind, Text};
use std::fmt::Write;

/// Somebody at a terminal.
pub(crate) trait Ask {
    /// Shows a text and asks whether to go on.
    ///
    /// # Errors
    /// When the terminal fails, or whoever sits there interrupts.
    fn confirm(&mut self, text: &str, question: &str) -> Result<bool, Fault>;

    /// Asks for an input of a config; `None` leaves it at its default.
    ///
    /// # Errors
    /// When the terminal fails, or whoever sits there interrupts.
    fn input(&mut self, input: &Input) -> Result<Option<String>, Fault>;
}

/// Lets a config of a project pass if it is approved as it is now, or gets approved.
///
/// # Errors
/// When it is not.
pub(crate) fn approve(
    config: &Config,
    approvals: Option<&Approvals>,
    yes: bool,
    ask: Option<&mut dyn Ask>,
) -> Result<(), Fault> {
    if yes {
        return Ok(());
    }
    let path = config.path().display();
    if let Some(approvals) = approvals
        && approvals.contain(config)?
    {
        return Ok(());
    }
    let Some(ask) = ask else {
        return Err(Fault::new(format!(
            "{path} has not been approved as it is now, and this is no terminal to ask on"
        ))
        .hint(format!(
            "read it, then run the same at a terminal, or add --yes; --config {path} uses it as your own"
        )));
    };
    let text = format!("{path} says to use these servers:\n{}", in_full(config));
    if !ask.confirm(&text, "Use them, until the file changes?")? {
        return Err(Fault::new(format!("{path} was not approved"))
            .hint("name another config with --config FILE, or a server by its URL"));
    }
    match approvals {
        Some(approvals) => Ok(approvals.add(config)?),
        // Without a home there is nowhere to remember it, and it is asked again.
        None => Ok(()),
    }
}

/// Everything that the config would start, call and hand out, as it stands in the file.
///
/// What it shows is what is approved, so nothing is shortened, and nothing is left out but secrets that stand in the
/// file itself.
fn in_full(config: &Config) -> String {
    let mut text = String::new();
    for entry in config.entries() {
        let _ = writeln!(text, "\n  {}", word(&entry.name));
        for (label, value) in lines(entry) {
            let _ = writeln!(text, "    {label:8} {value}");
        }
    }
    if !config.told().is_empty() {
        text.push_str("\nand this about bowline itself:\n\n");
    }
    for (key, value) in config.told() {
        let _ = writeln!(text, "  {} {}", word(key), word(value));
    }
    text
}

fn lines(entry: &Entry) -> Vec<(&'static str, String)> {
    let texts = |texts: &[Text]| texts.iter().map(|text| word(text.raw())).collect::<Vec<_>>();
    match &entry.kind {
        Kind::Stdio { command, args, env, cwd, env_file, .. } => {
            let words = [word(command.raw())].into_iter().chain(texts(args));
            let mut lines = vec![("starts", words.collect::<Vec<_>>().join(" "))];
            lines.extend(cwd.iter().map(|cwd| ("in", word(cwd.raw()))));
            lines.extend(env_file.iter().map(|file| ("reads", word(file.raw()))));
            let sets = |(name, value): &(String, Text)| {
                format!("{}={}", word(name), value_of(name, value))
            };
            lines.extend(env.iter().map(|variable| ("sets", sets(variable))));
            lines
        }
        Kind::Http { url, headers, .. } => {
            let mut lines = vec![("calls", word(url.raw()))];
            let headers = headers.iter();
            lines.extend(
                headers
                    .map(|(name, value)| ("sends", format!("{name}: {}", value_of(name, value)))),
            );
            lines
        }
        _ => Vec::new(),
    }
}

/// The value of a variable or header: what it hands out of ours, but no secret of its own.
fn value_of(name: &str, value: &Text) -> String {
    let hidden = is_secret(&name.to_ascii_lowercase()) && !value.raw().contains("${");
    if hidden { "(hidden)".to_owned() } else { word(value.raw()) }
}

/// One word as it can be told apart from its neighbors; a line break in it is shown and makes no line.
fn word(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=@%+,${}".contains(c);
    if !text.is_empty() && text.chars().all(plain) { text.to_owned() } else { format!("{text:?}") }
}

#[cfg(test)]
mod tests;
