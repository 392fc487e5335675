//! Values of headers and variables, which may be secret and so must not stand on the command line.

use crate::exit::Fault;
use std::fmt;
use std::path::PathBuf;

/// Where a value comes from. What it is, is read when it is needed.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Value {
    /// This text, in which `${VAR}` and `${VAR:-default}` stand for variables of our environment.
    Template(String),
    /// The text of this file, without the line break at its end.
    File(PathBuf),
}

/// A header of every HTTP request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) name: String,
    pub(crate) value: Value,
}

/// An environment variable of a program that is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) value: Value,
}

impl Header {
    /// Reads `NAME: VALUE`.
    ///
    /// # Errors
    /// When it is something else, or a secret in plain sight.
    pub(super) fn parse(text: &str) -> Result<Self, Fault> {
        let Some((name, value)) = text.split_once(':') else {
            // The text may be a secret that lost its name, so it is not shown.
            return Err(Fault::new("-H wants NAME: VALUE and got no `:`")
                .hint("write for example -H 'X-Trace: on'"));
        };
        let (name, value) = (name.trim(), value.trim());
        if name.is_empty() || !name.bytes().all(is_token) {
            return Err(Fault::new(format!("-H \"{name}\": no name of a header"))
                .hint("write for example -H 'X-Trace: on'"));
        }
        let lower = name.to_ascii_lowercase();
        if lower.starts_with("mcp-") || OURS.contains(&lower.as_str()) {
            return Err(Fault::new(format!("-H \"{name}\": the protocol sets this header itself"))
                .hint("leave it out"));
        }
        let value = Value::parse(value);
        if value.is_literal() && is_secret(&lower) {
            let scheme = if lower.ends_with("authorization") { "Bearer " } else { "" };
            return Err(Fault::new(format!(
                "-H \"{name}\": its value would stand on the command line, where others can see it"
            ))
            .hint(format!(
                "write -H '{name}: {scheme}${{TOKEN}}' in single quotes, with TOKEN in the environment, \
                 or -H '{name}: @FILE'"
            )));
        }
        Ok(Self { name: name.to_owned(), value })
    }
}

impl Variable {
    /// Reads `NAME=VALUE`, or `NAME` for the variable of that name in our environment.
    ///
    /// # Errors
    /// When it is something else, or a secret in plain sight.
    pub(super) fn parse(text: &str) -> Result<Self, Fault> {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Value::parse(value)),
            None => (text, Value::Template(format!("${{{text}}}"))),
        };
        let begins =
            name.bytes().next().is_some_and(|byte| byte == b'_' || byte.is_ascii_alphabetic());
        if !begins || !name.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric()) {
            return Err(Fault::new(format!("-e \"{name}\": no name of a variable"))
                .hint("write -e NAME=VALUE, or -e NAME to pass yours on"));
        }
        if value.is_literal() && is_secret(&name.to_ascii_lowercase()) {
            return Err(Fault::new(format!(
                "-e \"{name}\": its value would stand on the command line, where others can see it"
            ))
            .hint(format!(
                "write -e {name} to pass on yours, -e '{name}=${{OTHER}}' in single quotes, or -e {name}=@FILE"
            )));
        }
        Ok(Self { name: name.to_owned(), value })
    }
}

impl Value {
    fn parse(text: &str) -> Self {
        match text.strip_prefix('@') {
            Some(path) if !path.is_empty() => Self::File(path.into()),
            _ => Self::Template(text.to_owned()),
        }
    }

    /// The value itself; `what` is told when it cannot be had.
    ///
    /// # Errors
    /// When a variable is not set and has no default, or the file cannot be read.
    pub(crate) fn read(&self, what: &str) -> Result<String, Fault> {
        match self {
            Self::Template(text) => expanded(text, what),
            Self::File(path) => match std::fs::read_to_string(path) {
                Ok(text) => Ok(text.trim_end_matches(['\n', '\r']).to_owned()),
                Err(error) => {
                    Err(Fault::new(format!("{what}: cannot read {}: {error}", path.display())))
                }
            },
        }
    }

    /// Whether it stands on the command line as it is.
    fn is_literal(&self) -> bool {
        match self {
            Self::File(_) => false,
            Self::Template(text) => !text.contains("${") && !text.is_empty(),
        }
    }
}

/// The text with values in the places of variables.
fn expanded(text: &str, what: &str) -> Result<String, Fault> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        let Some((variable, behind)) = after.split_once('}') else {
            return Err(Fault::new(format!("{what}: a `${{` has no `}}`")));
        };
        let (name, default) = match variable.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (variable, None),
        };
        // An empty variable counts as none where there is a default, as in a shell.
        let value = std::env::var(name).ok().filter(|value| default.is_none() || !value.is_empty());
        match value.as_deref().or(default) {
            Some(value) => out.push_str(value),
            None => {
                return Err(Fault::new(format!("{what}: the variable {name} is not set"))
                    .hint(format!("set it, or write ${{{name}:-DEFAULT}}")));
            }
        }
        rest = behind;
    }
    out.push_str(rest);
    Ok(out)
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Template(_) => f.write_str("Template"),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
        }
    }
}

/// Whether a header or variable of this name, in lower case, likely holds a secret.
pub(crate) fn is_secret(name: &str) -> bool {
    let words = ["auth", "cookie", "passw", "passphrase", "secret", "credential", "token"];
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let keys = ["apikey", "privatekey", "accesskey", "signingkey", "encryptionkey"];
    words.iter().any(|word| name.contains(word))
        || keys.iter().any(|key| plain.contains(key))
        || matches!(name.rsplit(['_', '-']).next(), Some("key" | "pat" | "pwd"))
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Headers that every exchange sets by its own rules.
const OURS: &[&str] = &[
    "accept",
    "connection",
    "content-length",
    "content-type",
    "host",
    "last-event-id",
    "transfer-encoding",
];
