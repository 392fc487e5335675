//! What the command line means.

pub(crate) mod arguments;
pub(crate) mod client;
pub(crate) mod common;
pub(crate) mod host;
pub(crate) mod login;
mod named;
pub(crate) mod operands;
pub(crate) mod secrets;
pub(crate) mod target;
pub(crate) mod typed;
pub(crate) mod ways;

use crate::args::{Args, Builtin, EverythingArgs, FilesystemArgs, LogArgs, Verb};
use crate::exit::Fault;
use client::{Call, Complete, Completions, Configs, Info, List, Ping, Prompt, Read, Subscribe};
use host::{ConfigTask, Install, Proxy, Uninstall, Up};
use login::{Login, Logout, Whoami};
use std::path::PathBuf;
#[cfg(test)]
use ways::Address;
pub(crate) use ways::{Callers, Endpoint, Example, Listen, Secret, TraceTo, Ways};

/// What to do, with everything decided that can be decided before it begins.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) logs: LogArgs,
    pub(crate) task: Task,
}

/// What to do.
#[derive(Debug)]
pub(crate) enum Task {
    /// Serve the reference server.
    Everything { ways: Ways, extra_tools: usize },
    /// Serve directories.
    Filesystem { ways: Ways, shares: Shares },
    /// Show what servers offer.
    List(List),
    /// Show what a server says about itself.
    Info(Info),
    /// Measure a round trip.
    Ping(Ping),
    /// Call a tool.
    Call(Call),
    /// Read a resource.
    Read(Read),
    /// Fill in a prompt.
    Prompt(Prompt),
    /// Complete an argument.
    Complete(Complete),
    /// Tell of changes.
    Subscribe(Subscribe),
    /// Log in.
    Login(Login),
    /// Forget a login.
    Logout(Logout),
    /// Show what logins there are.
    Whoami(Whoami),
    /// Show the configs of this machine.
    Configs(Configs),
    /// Write the completions for a shell.
    Completions(Completions),
    /// Serve many servers as one.
    Up(Box<Up>),
    /// Serve one server under its own names.
    Proxy(Box<Proxy>),
    /// Write a server into the configs of clients.
    Install(Box<Install>),
    /// Take a server out of the configs of clients.
    Uninstall(Uninstall),
    /// Look at a config, or at what one may be.
    Config(ConfigTask),
}

/// What a plan must know that is not on the command line.
pub(crate) struct Surroundings<'a> {
    /// What `BOWLINE_TOKEN` holds.
    pub(crate) token: Option<String>,
    /// Whether there is a `--`, of which clap does not tell when nothing is behind it.
    pub(crate) dashes: bool,
    /// The names of the servers in the config, which is read for nothing but an error.
    pub(crate) names: &'a dyn Fn() -> Vec<String>,
    /// Whether a known client is called so.
    pub(crate) is_client: &'a dyn Fn(&str) -> bool,
}

impl Surroundings<'_> {
    fn names(&self) -> Vec<String> {
        (self.names)()
    }

    /// The servers there are, in words.
    fn servers(&self) -> String {
        match self.names().as_slice() {
            [] => {
                "there are no servers in the config, so TARGET is a URL or CLIENT:NAME".to_owned()
            }
            names => format!("the servers of the config are {}", names.join(", ")),
        }
    }
}

/// What of the file system is served, and how.
#[derive(Debug)]
pub(crate) struct Shares {
    pub(crate) dirs: Vec<PathBuf>,
    pub(crate) read_only: bool,
    pub(crate) allow_hard_links: bool,
    pub(crate) follow_client_roots: bool,
}

impl Plan {
    /// Decides what the arguments mean.
    ///
    /// # Errors
    /// When they contradict each other, or ask for what would not be safe.
    pub(crate) fn new(args: Args, around: Surroundings<'_>) -> Result<Self, Fault> {
        let task = match args.verb {
            Verb::Serve(builtin) => Task::of_server(*builtin, around.token)?,
            verb @ (Verb::Up(_)
            | Verb::Proxy(_)
            | Verb::Install(_)
            | Verb::Uninstall(_)
            | Verb::Config(_)) => Task::of_host(verb, &around)?,
            verb => Task::of_client(verb, &around)?,
        };
        Ok(Self { logs: args.logs, task })
    }
}

impl Task {
    fn of_server(builtin: Builtin, token: Option<String>) -> Result<Self, Fault> {
        Ok(match builtin {
            Builtin::Everything(EverythingArgs { serve, extra_tools }) => {
                let example = Example::of("everything").call("echo", r#"{"message":"hello"}"#);
                Self::Everything { ways: Ways::new(serve, token, example)?, extra_tools }
            }
            Builtin::Filesystem(args) => {
                let FilesystemArgs {
                    dirs,
                    read_only,
                    allow_hard_links,
                    follow_client_roots,
                    serve,
                } = args;
                let example = Example::of("filesystem").call("roots_allowed", "{}");
                Self::Filesystem {
                    ways: Ways::new(serve, token, example)?,
                    shares: Shares { dirs, read_only, allow_hard_links, follow_client_roots },
                }
            }
        })
    }
}

#[cfg(test)]
mod tests;
