//! From an entry to what can be connected to.

use super::approvals::hex;
use super::dotenv;
use super::entry::{Entry, Kind};
use super::environment::Environment;
use super::file;
use super::problem::{Problem, Problems};
use super::secret::Secret;
use super::text::{Around, Text};
use bowline_types::revision::Revision;
use ring::digest::{Context, SHA256};
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A server of a config with nothing left to find out.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Resolved {
    /// What it is called.
    pub name: String,
    /// How it is reached.
    pub way: Way,
    /// How long one request may take.
    pub timeout: Option<Duration>,
    /// The tools that may be used; all of them when there is no list.
    pub tools: Option<Vec<String>>,
    /// The one protocol version to speak.
    pub protocol: Option<Revision>,
}

/// How a server is reached.
///
/// `Debug` shows neither arguments nor the values of variables and headers, and nothing of a URL that may be secret.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum Way {
    /// By starting a program and talking over its standard streams.
    #[non_exhaustive]
    Stdio {
        /// The program: a name to look up, or a path that is absolute or begins where the config says.
        command: String,
        /// Its arguments.
        args: Vec<String>,
        /// Environment variables that it gets besides those that every program gets.
        env: Vec<(String, Secret)>,
        /// The directory in which it is started; that of this process when there is none.
        cwd: Option<PathBuf>,
    },
    /// By HTTP.
    #[non_exhaustive]
    Http {
        /// The URL of the endpoint.
        url: String,
        /// Headers of every request.
        headers: Vec<(String, Secret)>,
        /// Whether the config says that it is the older transport, HTTP with SSE.
        sse: bool,
    },
}

impl Entry {
    /// Puts values into the places of variables, and reads the file of environment variables if there is one.
    ///
    /// # Errors
    /// When a variable is not set and has no default, an input was not given, or the file cannot be read: all that is
    /// wrong, with line, column and key.
    pub fn resolve(&self, environment: &Environment) -> Result<Resolved, Problems> {
        let around = Around {
            environment,
            inputs: &self.inputs,
            declared: &self.declared,
            folder: &self.folder,
        };
        let mut resolving = Resolving { around, problems: Vec::new() };
        let way = match &self.kind {
            Kind::Stdio { command, args, env, cwd, env_file } => {
                let from_file =
                    env_file.as_ref().map(|file| resolving.variables(file)).unwrap_or_default();
                let overridden = |name: &str| env.iter().any(|(known, _)| known == name);
                let kept = from_file.into_iter().filter(|(name, _)| !overridden(name));
                let from_file: Vec<_> = kept.collect();
                let own = env
                    .iter()
                    .map(|(name, value)| (name.clone(), Secret::new(resolving.text(value))));
                let own: Vec<_> = own.collect();
                let cwd = cwd.as_ref().map(|cwd| self.folder.join(resolving.text(cwd)));
                Way::Stdio {
                    command: self.program(resolving.filled(command)),
                    args: args.iter().map(|arg| resolving.text(arg)).collect(),
                    env: from_file.into_iter().chain(own).collect(),
                    cwd: cwd.or_else(|| self.is_project.then(|| self.folder.clone())),
                }
            }
            Kind::Http { url, headers, sse } => Way::Http {
                url: resolving.url(url),
                headers: headers
                    .iter()
                    .map(|(name, value)| (name.clone(), Secret::new(resolving.header(value))))
                    .collect(),
                sse: *sse,
            },
        };
        let Resolving { mut problems, .. } = resolving;
        if !problems.is_empty() {
            problems.sort_by_key(|problem| problem.position);
            for problem in &mut problems {
                problem.server = Some(self.name.clone());
            }
            return Err(Problems::new(&*self.path, problems));
        }
        Ok(Resolved {
            name: self.name.clone(),
            way,
            timeout: self.timeout,
            tools: self.tools.clone(),
            protocol: self.protocol,
        })
    }

    /// A path that is relative is so to the config; a name is looked up where programs are.
    fn program(&self, command: String) -> String {
        let is_path = command.contains(['/', std::path::MAIN_SEPARATOR]);
        if !is_path || Path::new(&command).is_absolute() {
            return command;
        }
        self.folder.join(&command).into_os_string().into_string().unwrap_or(command)
    }
}

impl Resolved {
    /// What tells this server apart from any other, in hexadecimal digits: how it is reached, with all values, and
    /// the protocol version. Two that have the same are the same server, whatever they are called.
    ///
    /// It is a hash, from which nothing that is secret can be read, but whoever guesses a value can try it: it is not
    /// for strangers.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut hash = Fields::new("bowline server");
        match &self.way {
            Way::Stdio { command, args, env, cwd } => {
                hash.add("stdio").add(command).count(args.len());
                for arg in args {
                    hash.add(arg);
                }
                // Later ones win and order means nothing else, so that it is left as it is.
                hash.pairs(env);
                let cwd = cwd.as_deref().map(|cwd| cwd.as_os_str().as_encoded_bytes());
                hash.optional(cwd);
            }
            Way::Http { url, headers, sse } => {
                hash.add("http").add(url).pairs(headers).count(usize::from(*sse));
            }
        }
        hash.optional(self.protocol.map(|protocol| protocol.as_str().as_bytes()));
        hash.finish()
    }
}

/// A hash of fields, none of which can run into the next one.
struct Fields(Context);

impl Fields {
    fn new(what: &str) -> Self {
        let mut fields = Self(Context::new(&SHA256));
        fields.add(what);
        fields
    }

    fn add(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }

    fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.count(bytes.len());
        self.0.update(bytes);
        self
    }

    fn count(&mut self, count: usize) -> &mut Self {
        self.0.update(&(count as u64).to_le_bytes());
        self
    }

    fn optional(&mut self, bytes: Option<&[u8]>) -> &mut Self {
        match bytes {
            Some(bytes) => self.count(1).bytes(bytes),
            None => self.count(0),
        }
    }

    fn pairs(&mut self, pairs: &[(String, Secret)]) -> &mut Self {
        self.count(pairs.len());
        for (name, value) in pairs {
            self.add(name).add(value.expose());
        }
        self
    }

    fn finish(self) -> String {
        hex(self.0.finish().as_ref())
    }
}

struct Resolving<'a> {
    around: Around<'a>,
    problems: Vec<Problem>,
}

impl Resolving<'_> {
    fn text(&mut self, text: &Text) -> String {
        text.expand(&self.around, &mut self.problems)
    }

    /// A text that must not be empty.
    fn filled(&mut self, text: &Text) -> String {
        let before = self.problems.len();
        let value = self.text(text);
        if value.trim().is_empty() && self.problems.len() == before {
            self.problems.push(text.problem("is empty"));
        }
        value
    }

    fn url(&mut self, text: &Text) -> String {
        let before = self.problems.len();
        let url = self.filled(text);
        let scheme = url.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
        let known = matches!(scheme.as_deref(), Some("http" | "https"));
        if !known && self.problems.len() == before {
            let problem = text.problem("is no URL of a server");
            self.problems.push(problem.hint("write http://… or https://…"));
        }
        url
    }

    fn header(&mut self, text: &Text) -> String {
        let value = self.text(text);
        if value.chars().any(|c| c.is_control() && c != '\t') {
            self.problems.push(text.problem("has a control character in it, such as a line break"));
        }
        value
    }

    /// The variables of a file.
    fn variables(&mut self, text: &Text) -> Vec<(String, Secret)> {
        let before = self.problems.len();
        let path = self.filled(text);
        if self.problems.len() > before {
            return Vec::new();
        }
        let path = self.around.folder.join(path);
        let contents = match file::read(&path, LARGEST) {
            Ok((contents, _)) => contents,
            Err(problem) => {
                let message = format!("names {}, which {}", path.display(), problem.message);
                self.problems.push(Problem { hint: problem.hint, ..text.problem(message) });
                return Vec::new();
            }
        };
        let mut wrong = Vec::new();
        let variables = dotenv::parse(&contents, &mut wrong);
        for problem in wrong {
            let line = problem.position.map_or(0, |position| position.line);
            let message =
                format!("names {}, which {} (line {line})", path.display(), problem.message);
            self.problems.push(Problem { hint: problem.hint, ..text.problem(message) });
        }
        variables.into_iter().map(|(name, value)| (name, Secret::new(value))).collect()
    }
}

impl fmt::Debug for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stdio { command, args, env, cwd } => f
                .debug_struct("Stdio")
                .field("command", command)
                .field("args", &args.len())
                .field("env", env)
                .field("cwd", cwd)
                .finish(),
            Self::Http { url, headers, sse } => f
                .debug_struct("Http")
                .field("url", &origin(url))
                .field("headers", headers)
                .field("sse", sse)
                .finish(),
        }
    }
}

/// Scheme, host and port of a URL.
fn origin(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}")
}

/// Bytes of a file of environment variables.
const LARGEST: u64 = 1024 * 1024;
