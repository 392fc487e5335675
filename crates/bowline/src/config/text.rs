//! Texts in which variables stand.

use super::environment::Environment;
use super::problem::{Position, Problem};
use super::{Input, nearest};
use std::fmt;
use std::path::{MAIN_SEPARATOR_STR, Path};

/// A text of a config as it was written, with its variables: `Bearer ${TOKEN}`.
///
/// It may hold a secret, so `Debug` shows where it is and not what it is.
///
/// | form | stands for |
/// |---|---|
/// | `${NAME}`, `${env:NAME}` | an environment variable; an error when it is not set |
/// | `${NAME:-text}` | the same, with a text for when it is not set |
/// | `${input:ID}` | what was given for an input of the config |
/// | `${workspaceFolder}`, `${workspaceFolderBasename}` | the directory of the project, its last part |
/// | `${userHome}` | the home directory |
/// | `${pathSeparator}`, `${/}` | `/` or `\` |
#[derive(Clone, PartialEq, Eq)]
pub struct Text {
    raw: Box<str>,
    key: Box<str>,
    position: Position,
}

impl Text {
    pub(super) fn new(raw: &str, key: &str, position: Position) -> Self {
        Self { raw: raw.into(), key: key.into(), position }
    }

    /// As it was written.
    #[must_use]
    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// Where it is in the file.
    #[must_use]
    pub fn position(&self) -> Position {
        self.position
    }

    #[cfg(feature = "host")]
    pub(super) fn key(&self) -> &str {
        &self.key
    }

    pub(super) fn problem(&self, message: impl Into<String>) -> Problem {
        Problem::error(&*self.key, message).at(self.position)
    }

    /// The inputs that it names.
    pub(super) fn inputs(&self) -> impl Iterator<Item = &str> {
        let variables = Parts(&self.raw).filter_map(|part| match part {
            Part::Variable(body) => body.strip_prefix("input:"),
            Part::Plain(_) | Part::Open => None,
        });
        variables.collect::<Vec<_>>().into_iter()
    }

    /// Puts the values of its variables into their places.
    pub(super) fn expand(&self, around: &Around<'_>, problems: &mut Vec<Problem>) -> String {
        let mut out = String::with_capacity(self.raw.len());
        for part in Parts(&self.raw) {
            let value = match part {
                Part::Plain(text) => Ok(text.to_owned()),
                Part::Variable(body) => around.value(body),
                Part::Open => Err(("has a `${` without its `}`".to_owned(), None)),
            };
            match value {
                Ok(value) if out.len() + value.len() <= LONGEST => out.push_str(&value),
                Ok(_) => {
                    let message =
                        format!("is longer than {} KiB with its variables", LONGEST / 1024);
                    problems.push(self.problem(message));
                    return out;
                }
                Err((message, hint)) => {
                    problems.push(Problem { hint, ..self.problem(message) });
                }
            }
        }
        out
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({})", self.position)
    }
}

/// What the variables of one entry stand for.
pub(super) struct Around<'a> {
    pub(super) environment: &'a Environment,
    pub(super) inputs: &'a [Input],
    /// Those that the config declares, whether the entry names them or not.
    pub(super) declared: &'a [String],
    pub(super) folder: &'a Path,
}

type Missing = (String, Option<String>);

impl Around<'_> {
    fn value(&self, body: &str) -> Result<String, Missing> {
        match body {
            "workspaceFolder" => self.path(self.workspace()),
            "workspaceFolderBasename" => self
                .path(self.workspace().file_name().map(Path::new).unwrap_or_else(|| Path::new(""))),
            "userHome" => match self.environment.home() {
                Some(home) => self.path(&home),
                None => Err(("needs a home directory, and there is none".to_owned(), None)),
            },
            "pathSeparator" | "/" => Ok(MAIN_SEPARATOR_STR.to_owned()),
            body => match body.strip_prefix("input:") {
                Some(id) => self.input(id),
                None => self.variable(body.strip_prefix("env:").unwrap_or(body)),
            },
        }
    }

    fn workspace(&self) -> &Path {
        self.environment.workspace_folder().unwrap_or(self.folder)
    }

    fn path(&self, path: &Path) -> Result<String, Missing> {
        path.to_str()
            .map(str::to_owned)
            .ok_or_else(|| ("names a directory that is no UTF-8".to_owned(), None))
    }

    fn variable(&self, body: &str) -> Result<String, Missing> {
        let (name, default) = match body.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (body, None),
        };
        if !is_name(name) {
            let hint =
                "write ${NAME}, ${NAME:-default}, ${env:NAME}, ${input:ID} or ${workspaceFolder}";
            return Err((
                format!("has a variable that is none: ${{{body}}}"),
                Some(hint.to_owned()),
            ));
        }
        match (self.environment.lookup(name), default) {
            (Some(value), _) => value
                .to_str()
                .map(str::to_owned)
                .ok_or_else(|| (format!("wants ${{{name}}}, which is no UTF-8"), None)),
            (None, Some(default)) => Ok(default.to_owned()),
            (None, None) => Err((
                format!("wants ${{{name}}}, which is not set"),
                Some(format!("set {name} in the environment, or write ${{{name}:-default}}")),
            )),
        }
    }

    fn input(&self, id: &str) -> Result<String, Missing> {
        if let Some(value) = self.environment.input_value(id) {
            return Ok(value.to_owned());
        }
        let declared = self.inputs.iter().find(|input| input.id == id);
        match declared.map(|input| input.default.as_deref()) {
            Some(Some(default)) => Ok(default.to_owned()),
            Some(None) => Err((
                format!("wants the input `{id}`, which was not given"),
                Some("give it when you are asked, or put its value into the environment and write ${NAME}".to_owned()),
            )),
            None => {
                let near = nearest(id, self.declared.iter().map(String::as_str));
                Err((
                    format!("wants the input `{id}`, which `inputs` does not declare"),
                    near.map(|near| format!("did you mean `{near}`?")),
                ))
            }
        }
    }
}

/// A part of a text.
enum Part<'t> {
    Plain(&'t str),
    /// What stands between `${` and `}`.
    Variable(&'t str),
    /// A `${` that nothing closes.
    Open,
}

/// The parts of a text.
struct Parts<'t>(&'t str);

impl<'t> Iterator for Parts<'t> {
    type Item = Part<'t>;

    fn next(&mut self) -> Option<Part<'t>> {
        if self.0.is_empty() {
            return None;
        }
        let Some(inner) = self.0.strip_prefix("${") else {
            let (plain, rest) = self.0.split_at(self.0.find("${").unwrap_or(self.0.len()));
            self.0 = rest;
            return Some(Part::Plain(plain));
        };
        match inner.split_once('}') {
            // One inside of another is not a thing that any client has.
            Some((body, rest)) if !body.contains("${") => {
                self.0 = rest;
                Some(Part::Variable(body))
            }
            _ => {
                self.0 = "";
                Some(Part::Open)
            }
        }
    }
}

pub(super) fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|byte| byte == b'_' || byte.is_ascii_alphabetic())
        && bytes.all(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
}

/// Bytes of a text with its variables.
const LONGEST: usize = 1024 * 1024;
