//! One server of a config.

use super::problem::{Position, Problem};
use super::reader::{Reader, join};
use super::text::Text;
use super::{Severity, nearest};
use bowline_types::revision::Revision;
use jsonc_parser::ast::{ObjectProp, Value};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// A server as a config describes it, with its variables unexpanded.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Entry {
    /// What it is called.
    pub name: String,
    /// How it is reached.
    pub kind: Kind,
    /// Whether it is switched off.
    pub disabled: bool,
    /// How long one request may take.
    pub timeout: Option<Duration>,
    /// The tools that may be used; all of them when there is no list.
    pub tools: Option<Vec<String>>,
    /// The one protocol version to speak.
    pub protocol: Option<Revision>,
    /// The inputs that it names and that the config declares.
    pub inputs: Vec<Input>,
    /// Members that are not used here, with their places.
    pub unused: Vec<(String, Position)>,
    /// Where it is.
    pub position: Position,
    pub(super) path: Arc<Path>,
    /// The inputs that the config declares.
    pub(super) declared: Vec<String>,
    /// What relative paths start from.
    pub(super) folder: PathBuf,
    /// Whether programs are started in the folder when nothing else is said.
    pub(super) is_project: bool,
}

/// How a server is reached.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Kind {
    /// By starting a program and talking over its standard streams.
    #[non_exhaustive]
    Stdio {
        /// The program.
        command: Text,
        /// Its arguments.
        args: Vec<Text>,
        /// Environment variables that it gets.
        env: Vec<(String, Text)>,
        /// The directory in which it is started.
        cwd: Option<Text>,
        /// A file of further environment variables.
        env_file: Option<Text>,
    },
    /// By HTTP.
    #[non_exhaustive]
    Http {
        /// The URL of the endpoint.
        url: Text,
        /// Headers of every request.
        headers: Vec<(String, Text)>,
        /// Whether the config says that it is the older transport, HTTP with SSE.
        sse: bool,
    },
}

/// Something that a person is asked for before a server is started.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Input {
    /// What `${input:…}` calls it.
    pub id: String,
    /// What to ask.
    pub description: Option<String>,
    /// Whether it must not be shown while it is typed.
    pub password: bool,
    /// What it is when nothing was given.
    pub default: Option<String>,
    /// What it may be; anything when there is nothing.
    pub options: Vec<String>,
}

/// Where entries are read from.
pub(super) struct Reading<'a> {
    pub(super) path: &'a Arc<Path>,
    pub(super) folder: &'a Path,
    pub(super) is_project: bool,
}

/// The members of an entry as they come.
#[derive(Default)]
struct Fields {
    transport: Option<Transport>,
    command: Option<Text>,
    args: Vec<Text>,
    env: Vec<(String, Text)>,
    cwd: Option<Text>,
    env_file: Option<Text>,
    url: Option<Text>,
    headers: Vec<(String, Text)>,
    disabled: bool,
    timeout: Option<Duration>,
    tools: Option<Vec<String>>,
    protocol: Option<Revision>,
    unused: Vec<(String, Position)>,
    /// Of the kinds of members that are there, the first: for programs, and for HTTP.
    of_program: Option<(String, Position)>,
    of_http: Option<(String, Position)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Transport {
    Stdio,
    Http,
    Sse,
}

impl Reading<'_> {
    /// Reads one; `None` when something is wrong, which the reader then knows.
    pub(super) fn entry(
        &self,
        reader: &mut Reader<'_>,
        name: &str,
        key: &str,
        property: &ObjectProp<'_>,
        inputs: &[Input],
    ) -> Option<Entry> {
        reader.server = Some(name.to_owned());
        let errors = reader.problems.len();
        let entry = self.checked(reader, name, key, property, inputs);
        reader.server = None;
        let severe = |problem: &Problem| problem.severity == Severity::Error;
        entry.filter(|_| !reader.problems[errors..].iter().any(severe))
    }

    fn checked(
        &self,
        reader: &mut Reader<'_>,
        name: &str,
        key: &str,
        property: &ObjectProp<'_>,
        inputs: &[Input],
    ) -> Option<Entry> {
        if name.is_empty() || name.len() > LONGEST_NAME || name.chars().any(char::is_control) {
            let problem = Problem::error(key, "is no name for a server");
            reader.note(property, problem.hint("use up to 128 letters, digits and signs"));
            return None;
        }
        let errors = reader.problems.len();
        let mut fields = Fields::default();
        for (member, key, property) in reader.members(key, &property.value, MOST_MEMBERS) {
            fields.take(reader, member, &key, property);
        }
        // What is missing may be what is wrong already.
        let is_whole = reader.problems[errors..].iter().all(|p| p.severity != Severity::Error);
        let kind = if is_whole { fields.kind(reader, key, property)? } else { return None };
        let Fields { disabled, timeout, tools, protocol, unused, .. } = fields;
        Some(Entry {
            name: name.to_owned(),
            inputs: named(&kind, inputs),
            declared: inputs.iter().map(|input| input.id.clone()).collect(),
            kind,
            disabled,
            timeout,
            tools,
            protocol,
            unused,
            position: reader.position(property),
            path: Arc::clone(self.path),
            folder: self.folder.to_owned(),
            is_project: self.is_project,
        })
    }
}

impl Fields {
    fn take(&mut self, reader: &mut Reader<'_>, name: &str, key: &str, property: &ObjectProp<'_>) {
        let value = &property.value;
        let place = (name.to_owned(), reader.position(property));
        match name {
            "type" | "transport" | "transportType" => {
                self.transport = transport(reader, key, value)
            }
            "command" => self.command = reader.text(key, value),
            "args" => self.args = reader.texts(key, value),
            "env" => self.env = variables(reader, key, value),
            "cwd" => self.cwd = reader.text(key, value),
            "envFile" => self.env_file = reader.text(key, value),
            "url" | "serverUrl" | "httpUrl" => self.url = reader.text(key, value),
            "headers" => self.headers = headers(reader, key, value),
            "disabled" => self.disabled |= reader.flag(key, value) == Some(true),
            "enabled" => self.disabled |= reader.flag(key, value) == Some(false),
            "timeout" => self.timeout = timeout(reader, key, value),
            "tools" | "includeTools" => self.tools = tools(reader, key, value),
            "protocol" => self.protocol = protocol(reader, key, value),
            _ => {
                match nearest(name, KNOWN.iter().copied()) {
                    Some(near) if !OF_OTHERS.contains(&name) => {
                        let problem = Problem::error(key, "is no member of a server");
                        reader.note(property, problem.hint(format!("did you mean `{near}`?")));
                    }
                    _ => reader.note(property, Problem::warning(key, "has no effect here")),
                }
                self.unused.push(place);
                return;
            }
        }
        match name {
            "command" | "args" | "env" | "cwd" | "envFile" => {
                self.of_program.get_or_insert(place);
            }
            "url" | "serverUrl" | "httpUrl" | "headers" => {
                self.of_http.get_or_insert(place);
            }
            _ => {}
        }
    }

    /// Decides what it is.
    fn kind(
        &mut self,
        reader: &mut Reader<'_>,
        key: &str,
        property: &ObjectProp<'_>,
    ) -> Option<Kind> {
        let (command, url) = (self.command.take(), self.url.take());
        let is_http = match (self.transport, &command, &url) {
            (Some(Transport::Stdio), _, _) => false,
            (Some(Transport::Http | Transport::Sse), _, _) => true,
            (None, Some(_), Some(_)) => {
                let problem = Problem::error(key, "has both `command` and `url`");
                reader.note(property, problem.hint("remove one of them"));
                return None;
            }
            (None, None, Some(_)) => true,
            (None, _, None) => false,
        };
        // The other kind's members are most likely left over from something that was changed.
        let left_over = if is_http { &self.of_program } else { &self.of_http };
        if let Some((name, at)) = left_over {
            let other = if is_http { "a server with a URL" } else { "a program" };
            let mut problem =
                Problem::warning(join(key, name), format!("has no effect on {other}")).at(*at);
            problem.server.clone_from(&reader.server);
            reader.problems.push(problem);
        }
        if is_http {
            let Some(url) = url else {
                let problem = Problem::error(key, "has no `url`");
                reader.note(property, problem.hint("write \"url\": \"https://…\""));
                return None;
            };
            let headers = std::mem::take(&mut self.headers);
            return Some(Kind::Http { url, headers, sse: self.transport == Some(Transport::Sse) });
        }
        let Some(command) = command else {
            let problem = Problem::error(key, "has neither `command` nor `url`");
            reader
                .note(property, problem.hint("write \"command\": \"…\" or \"url\": \"https://…\""));
            return None;
        };
        Some(Kind::Stdio {
            command,
            args: std::mem::take(&mut self.args),
            env: std::mem::take(&mut self.env),
            cwd: self.cwd.take(),
            env_file: self.env_file.take(),
        })
    }
}

impl Kind {
    /// Every text that may hold variables.
    pub(super) fn texts(&self) -> Vec<&Text> {
        match self {
            Self::Stdio { command, args, env, cwd, env_file } => {
                let env = env.iter().map(|(_, value)| value);
                [command].into_iter().chain(args).chain(env).chain(cwd).chain(env_file).collect()
            }
            Self::Http { url, headers, .. } => {
                [url].into_iter().chain(headers.iter().map(|(_, value)| value)).collect()
            }
        }
    }
}

/// Reads the inputs that VS Code asks for.
pub(super) fn inputs(reader: &mut Reader<'_>, value: &Value<'_>) -> Vec<Input> {
    let Value::Array(array) = value else {
        reader.wrong_type("inputs", value, "a list of objects");
        return Vec::new();
    };
    let elements = array.elements.iter().take(MOST_MEMBERS).enumerate();
    let inputs =
        elements.map(|(index, element)| input(reader, &format!("inputs[{index}]"), element));
    inputs.collect::<Vec<_>>().into_iter().flatten().collect()
}

fn input(reader: &mut Reader<'_>, key: &str, value: &Value<'_>) -> Option<Input> {
    let mut id = None;
    let (mut description, mut password, mut default, mut options) = (None, false, None, Vec::new());
    let text = |reader: &mut Reader<'_>, key: &str, value: &Value<'_>| {
        reader.text(key, value).map(|text| text.raw().to_owned())
    };
    for (name, key, property) in reader.members(key, value, MOST_MEMBERS) {
        let value = &property.value;
        match name {
            "id" => id = text(reader, &key, value),
            "description" => description = text(reader, &key, value),
            "default" => default = text(reader, &key, value),
            "password" => password = reader.flag(&key, value).unwrap_or(false),
            "options" => {
                let texts = reader.texts(&key, value);
                options = texts.iter().map(|text| text.raw().to_owned()).collect();
            }
            _ => {}
        }
    }
    if id.is_none() {
        reader.note(value, Problem::error(key, "has no `id`"));
    }
    id.map(|id| Input { id, description, password, default, options })
}

/// Those of the inputs that this kind names.
fn named(kind: &Kind, inputs: &[Input]) -> Vec<Input> {
    let texts = kind.texts();
    let is_named = |input: &&Input| texts.iter().any(|text| text.inputs().any(|id| id == input.id));
    inputs.iter().filter(is_named).cloned().collect()
}

fn transport(reader: &mut Reader<'_>, key: &str, value: &Value<'_>) -> Option<Transport> {
    let text = reader.text(key, value)?;
    match text.raw() {
        "stdio" | "local" => Some(Transport::Stdio),
        "http" | "streamable-http" | "streamableHttp" | "streamable_http" | "remote" => {
            Some(Transport::Http)
        }
        "sse" => Some(Transport::Sse),
        other => {
            let problem = Problem::error(key, format!("is {other:?}, which is no transport"));
            let near = nearest(other, ["stdio", "http", "sse", "streamable-http"].into_iter());
            let hint = match near {
                Some(near) => format!("did you mean {near:?}?"),
                None => "write \"stdio\", \"http\" or \"sse\", or leave it out".to_owned(),
            };
            reader.note(value, problem.hint(hint));
            None
        }
    }
}

fn variables(reader: &mut Reader<'_>, key: &str, value: &Value<'_>) -> Vec<(String, Text)> {
    let pairs = reader.pairs(key, value);
    for (name, _) in &pairs {
        if name.is_empty() || name.contains(['=', '\0']) {
            let problem = Problem::error(join(key, name), "is no name for a variable");
            reader.note(value, problem);
        }
    }
    pairs
}

fn headers(reader: &mut Reader<'_>, key: &str, value: &Value<'_>) -> Vec<(String, Text)> {
    let pairs = reader.pairs(key, value);
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    for (name, _) in &pairs {
        if name.is_empty() || !name.bytes().all(is_token) {
            reader.note(value, Problem::error(join(key, name), "is no name for a header"));
        }
    }
    pairs
}

fn timeout(reader: &mut Reader<'_>, key: &str, value: &Value<'_>) -> Option<Duration> {
    let Value::NumberLit(number) = value else {
        reader.wrong_type(key, value, "a number of milliseconds");
        return None;
    };
    match number.value.parse::<u64>() {
        Ok(ms) if (1..=LONGEST_TIMEOUT).contains(&ms) => {
            if ms < 1000 {
                let problem =
                    Problem::warning(key, format!("is {ms} milliseconds, which is very short"));
                reader.note(value, problem.hint(format!("write {ms}000 if you mean seconds")));
            }
            Some(Duration::from_millis(ms))
        }
        _ => {
            let problem = Problem::error(key, format!("is {}", number.value));
            reader
                .note(value, problem.hint("write milliseconds: a whole number from 1 to 86400000"));
            None
        }
    }
}

fn tools(reader: &mut Reader<'_>, key: &str, value: &Value<'_>) -> Option<Vec<String>> {
    let texts = reader.texts(key, value);
    let names: Vec<_> = texts.iter().map(|text| text.raw().to_owned()).collect();
    // This is how all of them are named where a list is required.
    (!names.iter().any(|name| name == "*")).then_some(names)
}

pub(super) fn protocol(reader: &mut Reader<'_>, key: &str, value: &Value<'_>) -> Option<Revision> {
    let text = reader.text(key, value)?;
    match text.raw().parse() {
        Ok(revision) => Some(revision),
        Err(error) => {
            let problem = Problem::error(key, format!("is {:?}, which is {error}", text.raw()));
            reader.note(value, problem);
            None
        }
    }
}

/// The members that have an effect.
const KNOWN: &[&str] = &[
    "type",
    "transport",
    "transportType",
    "command",
    "args",
    "env",
    "cwd",
    "envFile",
    "url",
    "serverUrl",
    "httpUrl",
    "headers",
    "disabled",
    "enabled",
    "timeout",
    "tools",
    "includeTools",
    "protocol",
];

/// Members that other clients have and that look like one of ours with a typing mistake, or may.
const OF_OTHERS: &[&str] = &[
    "alwaysAllow",
    "auth",
    "authProviderType",
    "autoApprove",
    "description",
    "dev",
    "disabledTools",
    "excludeTools",
    "gallery",
    "icon",
    "icons",
    "lifecycle",
    "metadata",
    "name",
    "oauth",
    "sandbox",
    "sandboxEnabled",
    "scope",
    "scopes",
    "title",
    "trust",
    "version",
];

/// Bytes of a name.
const LONGEST_NAME: usize = 128;

/// Members of an entry, and inputs of a file.
const MOST_MEMBERS: usize = 256;

/// Milliseconds of a timeout: a day.
const LONGEST_TIMEOUT: u64 = 24 * 3600 * 1000;
