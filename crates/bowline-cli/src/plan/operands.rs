//! Which of the operands is the server, and which are the verb's own.

use super::Surroundings;
use super::arguments::Argument;
use super::target::Target;
use crate::args::client::ReachArgs;
use crate::exit::Fault;
use std::ffi::OsString;

/// What a verb was given.
pub(super) struct Operands {
    pub(super) verb: &'static str,
    pub(super) operands: Vec<String>,
    /// What stands after `--`.
    pub(super) command: Option<Vec<OsString>>,
    /// The operands that the verb cannot do without, apart by spaces.
    pub(super) wants: &'static str,
}

impl Operands {
    /// The server, and the other operands: at least as many as the verb wants.
    ///
    /// # Errors
    /// When there are two servers or none, or an operand is missing.
    pub(super) fn split(
        mut self,
        around: &Surroundings<'_>,
    ) -> Result<(Target, Vec<String>), Fault> {
        if let Some(command) = self.command.take() {
            self.one_server_only(&command)?;
            if self.operands.len() < self.wanted() || self.begins_with_an_argument(&self.operands) {
                return Err(self.after_the_dashes(&command));
            }
            return Ok((Target::Command(command), self.operands));
        }
        if self.operands.is_empty() {
            return Err(self.no_server(around));
        }
        let rest = self.operands.split_off(1);
        let first = &self.operands[0];
        if rest.len() < self.wanted() || self.begins_with_an_argument(&rest) {
            return Err(self.too_few(first, &rest, around));
        }
        Ok((Target::parse(first, around)?, rest))
    }

    /// Whether an argument stands where the name of a tool or prompt must be.
    fn begins_with_an_argument(&self, rest: &[String]) -> bool {
        matches!(self.verb, "call" | "prompt")
            && rest.first().is_some_and(|first| Argument::parse(first).is_ok())
    }

    fn wanted(&self) -> usize {
        self.wants.split_whitespace().count()
    }

    /// Refuses a server before the `--` when there is a command behind.
    fn one_server_only(&self, command: &[OsString]) -> Result<(), Fault> {
        let address = self.operands.first().filter(|first| match self.verb {
            // Their first operand is a URI or may be one.
            "read" | "complete" | "subscribe" => false,
            _ => Target::is_address(first),
        });
        // Where the operands are counted, one more than wanted is a server.
        let counted = match self.verb {
            "list" | "info" | "ping" | "read" | "proxy" | "install" | "login" | "logout"
            | "whoami" => self.operands.len() > self.wanted(),
            "call" | "prompt" => {
                self.operands.len() > 1 && Argument::parse(&self.operands[1]).is_err()
            }
            "complete" => self.operands.len() > 1 && !self.operands[1].contains('='),
            "subscribe" => self.operands.first().is_some_and(|first| !first.contains(':')),
            _ => false,
        };
        let server = match (address, counted) {
            (Some(server), _) => server,
            (None, true) => &self.operands[0],
            (None, false) => return Ok(()),
        };
        let rest = &self.operands[1..];
        let with_server = line(self.verb, &self.operands, None);
        let with_command = line(self.verb, rest, Some(command));
        Err(Fault::new(format!("there are two servers: `{server}`, and the command after `--`"))
            .hint(format!("write either {with_server} or {with_command}")))
    }

    /// A command with too few operands before it: most likely they stand behind it.
    fn after_the_dashes(&self, command: &[OsString]) -> Fault {
        let words: Vec<_> =
            command.iter().map(|word| word.to_string_lossy().into_owned()).collect();
        let there = self.there(&self.operands);
        let missing = self.wanted() - there;
        // Arguments at the end belong to the tool, and the words before them are what is missing.
        let takes_arguments = matches!(self.verb, "call" | "prompt");
        let is_argument =
            |word: &&String| takes_arguments && word.contains('=') && !word.starts_with('-');
        let arguments = words.iter().rev().take_while(is_argument).count();
        let program = words.len().saturating_sub(arguments + missing);
        // Flags are the program's own, so where one stands there is nothing to guess.
        let is_likely = program > 0 && words[program..].iter().all(|word| !word.starts_with('-'));
        let (command, moved) = if is_likely {
            let moved = words[program..].iter().chain(&self.operands);
            let moved: Vec<_> = moved.cloned().collect();
            (&command[..program], moved)
        } else {
            (command, self.with_what_is_missing(&self.operands))
        };
        Fault::new(format!("`{}` has no {} before the `--`", self.verb, self.missing(there))).hint(
            format!("nothing after `--` is ours: write {}", line(self.verb, &moved, Some(command))),
        )
    }

    fn no_server(&self, around: &Surroundings<'_>) -> Fault {
        let wants = if self.wants.is_empty() { String::new() } else { format!(" {}", self.wants) };
        Fault::new(format!("`{}` names no server", self.verb)).hint(format!(
            "write bowline {} TARGET{wants}; {}",
            self.verb,
            around.servers()
        ))
    }

    /// Only a server and too little behind it, or everything but the server.
    fn too_few(&self, first: &str, rest: &[String], around: &Surroundings<'_>) -> Fault {
        let names = around.names();
        let is_server = Target::is_address(first)
            || first == "everything"
            || names.iter().any(|name| name == first)
            || matches!(Target::parse(first, around), Ok(Target::OfClient { .. }));
        if !is_server && self.there(rest) + 1 >= self.wanted() {
            let all = std::iter::once("TARGET".to_owned()).chain(self.operands.clone());
            let all: Vec<_> = all.chain(rest.iter().cloned()).collect();
            return Fault::new(format!("`{}` names no server", line_of(self.verb, first, rest)))
                .hint(format!("write {}; {}", line(self.verb, &all, None), around.servers()));
        }
        let missing = self.missing(self.there(rest));
        let all = std::iter::once(first.to_owned()).chain(self.with_what_is_missing(rest));
        let all: Vec<_> = all.collect();
        Fault::new(format!("`{}` has no {missing}", line_of(self.verb, first, rest)))
            .hint(format!("write {}", line(self.verb, &all, None)))
    }

    /// How many of the wanted operands are there.
    fn there(&self, rest: &[String]) -> usize {
        if self.begins_with_an_argument(rest) { 0 } else { rest.len().min(self.wanted()) }
    }

    /// The operands with the names of those that are missing in their places.
    fn with_what_is_missing(&self, rest: &[String]) -> Vec<String> {
        let there = self.there(rest);
        let named = self.wants.split_whitespace().skip(there).map(str::to_owned);
        rest[..there].iter().cloned().chain(named).chain(rest[there..].iter().cloned()).collect()
    }

    /// The operands that are missing, when so many of those wanted are there.
    fn missing(&self, there: usize) -> String {
        self.wants.split_whitespace().skip(there).collect::<Vec<_>>().join(" and no ")
    }
}

/// Takes the command out of the flags.
///
/// # Errors
/// When there is a `--` and nothing behind it.
pub(super) fn command(
    reach: &mut ReachArgs,
    around: &Surroundings<'_>,
) -> Result<Option<Vec<OsString>>, Fault> {
    let command = std::mem::take(&mut reach.command);
    match (around.dashes, command.first()) {
        (_, Some(program)) if program.is_empty() => {
            Err(Fault::new("the command after `--` is an empty text").hint(COMMAND))
        }
        (_, Some(_)) => Ok(Some(command)),
        (true, None) => Err(Fault::new("there is no command after `--`").hint(COMMAND)),
        (false, None) => Ok(None),
    }
}

/// Refuses operands that the verb does not take.
///
/// # Errors
/// When there is any.
pub(super) fn none(verb: &str, rest: &[String]) -> Result<(), Fault> {
    match rest.first() {
        None => Ok(()),
        Some(odd) => Err(Fault::new(format!("`{verb}` does not know what to do with `{odd}`"))
            .hint(format!("`bowline {verb} --help` says what it takes"))),
    }
}

/// The target as it would be typed.
pub(crate) fn shown(target: &Target) -> String {
    match target {
        Target::Url(url) => quoted(url),
        Target::Unix(path) => quoted(&format!("unix:{}", path.display())),
        Target::Everything => "everything".to_owned(),
        Target::Named(name) => quoted(name),
        Target::OfClient { client, name } => quoted(&format!("{client}:{name}")),
        Target::Command(command) => {
            let words: Vec<_> =
                command.iter().map(|word| quoted(&word.to_string_lossy())).collect();
            format!("-- {}", words.join(" "))
        }
    }
}

/// A line that can be typed.
fn line(verb: &str, operands: &[String], command: Option<&[OsString]>) -> String {
    let mut line = format!("bowline {verb}");
    for operand in operands {
        line.push(' ');
        line += &quoted(operand);
    }
    if let Some(command) = command {
        line += " --";
        for word in command {
            line.push(' ');
            line += &quoted(&word.to_string_lossy());
        }
    }
    line
}

fn line_of(verb: &str, first: &str, rest: &[String]) -> String {
    let operands: Vec<_> = std::iter::once(first.to_owned()).chain(rest.iter().cloned()).collect();
    line(verb, &operands, None).trim_start_matches("bowline ").to_owned()
}

/// The word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=@%+,[]".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

const COMMAND: &str = "write the program and its arguments, such as -- npx -y @modelcontextprotocol/server-everything";
