//! What was typed. What it means is in [`crate::plan`].

pub(crate) mod client;
pub(crate) mod host;
pub(crate) mod login;

use crate::logs::Format;
use clap::{ArgAction, Parser, Subcommand, ValueEnum};
use client::{
    CallArgs, CompleteArgs, CompletionsArgs, ConfigsArgs, InfoArgs, ListArgs, PingArgs, PromptArgs,
    ReadArgs, SubscribeArgs,
};
use host::{ConfigVerb, InstallArgs, ProxyArgs, UninstallArgs, UpArgs};
use login::{LoginArgs, LogoutArgs, WhoamiArgs};
use std::path::{Path, PathBuf};

/// Run, call, bridge and serve Model Context Protocol servers.
#[derive(Debug, Parser)]
#[command(name = "bowline", version, max_term_width = 100)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) logs: LogArgs,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

impl Args {
    /// The config that was named.
    pub(crate) fn config(&self) -> Option<&Path> {
        let reach = match &self.verb {
            Verb::List(args) => &args.client.reach,
            Verb::Info(args) => &args.client.reach,
            Verb::Ping(args) => &args.client.reach,
            Verb::Call(args) => &args.client.reach,
            Verb::Read(args) => &args.client.reach,
            Verb::Prompt(args) => &args.client.reach,
            Verb::Complete(args) => &args.client.reach,
            Verb::Subscribe(args) => &args.client.reach,
            Verb::Login(args) => &args.client.reach,
            Verb::Logout(args) => &args.client.reach,
            Verb::Whoami(args) => &args.client.reach,
            Verb::Up(args) => &args.reach,
            Verb::Proxy(args) => &args.reach,
            Verb::Install(args) => &args.reach,
            Verb::Configs(_)
            | Verb::Completions(_)
            | Verb::Serve(_)
            | Verb::Uninstall(_)
            | Verb::Config(_) => return None,
        };
        reach.config.as_deref()
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// What a server offers, or every server of the config
    List(ListArgs),
    /// What a server says about itself
    Info(InfoArgs),
    /// One round trip, with its time
    Ping(PingArgs),
    /// Call a tool
    Call(CallArgs),
    /// Read a resource
    Read(ReadArgs),
    /// Fill in a prompt
    Prompt(PromptArgs),
    /// Values that an argument of a prompt or of a resource template may have
    Complete(CompleteArgs),
    /// Tell of changes, one line each, until interrupted
    Subscribe(SubscribeArgs),
    /// Log in to a server that wants to know who calls
    Login(Box<LoginArgs>),
    /// Forget a login
    Logout(LogoutArgs),
    /// What logins there are
    Whoami(WhoamiArgs),
    /// Run and connect many servers, and serve them as one
    Up(Box<UpArgs>),
    /// Serve one server, whatever it speaks and wherever it is, as one that is started here
    Proxy(Box<ProxyArgs>),
    /// Write a server into the configs of MCP clients
    Install(Box<InstallArgs>),
    /// Take a server out of the configs of MCP clients again
    Uninstall(UninstallArgs),
    /// The configs of MCP clients on this machine, and the servers in them
    Configs(ConfigsArgs),
    /// Check a config, or write its JSON Schema
    #[command(subcommand)]
    Config(ConfigVerb),
    /// Write the completions for a shell
    Completions(CompletionsArgs),
    /// Serve something that is built in
    #[command(subcommand)]
    Serve(Box<Builtin>),
}

/// What is built in.
#[derive(Debug, Subcommand)]
pub(crate) enum Builtin {
    /// A reference server with every feature of the protocol, one item each
    Everything(EverythingArgs),
    /// Files below the directories that are named, and nothing else
    Filesystem(FilesystemArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct EverythingArgs {
    #[command(flatten)]
    pub(crate) serve: ServeArgs,
    /// Offer that many more tools, to measure what they cost
    #[arg(long, value_name = "N", default_value_t = 0, hide = true)]
    pub(crate) extra_tools: usize,
}

#[derive(Debug, clap::Args)]
pub(crate) struct FilesystemArgs {
    /// Directories to serve, with all that is below them
    #[arg(value_name = "DIR", required = true)]
    pub(crate) dirs: Vec<PathBuf>,
    /// Offer nothing that changes anything
    #[arg(long)]
    pub(crate) read_only: bool,
    /// Read and replace files that have more than one name, of which some may be elsewhere
    #[arg(long)]
    pub(crate) allow_hard_links: bool,
    /// Ask each client for its roots at every call, and serve only what is below them too
    #[arg(long)]
    pub(crate) follow_client_roots: bool,
    #[command(flatten)]
    pub(crate) serve: ServeArgs,
}

/// How a server is reached, whatever it serves.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct ServeArgs {
    /// Where to listen: stdio, HOST:PORT, :PORT for the loopback address, or unix:PATH [default: stdio]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<String>,
    /// Let processes of this user call too, besides your own (repeatable; unix:PATH only)
    #[arg(long, value_name = "UID")]
    pub(crate) allow_uid: Vec<u32>,
    /// Path of the HTTP endpoint [default: /mcp]
    #[arg(long, value_name = "PATH")]
    pub(crate) path: Option<String>,
    /// Answer for this host too, besides the loopback ones (repeatable)
    #[arg(long, value_name = "HOST[:PORT]")]
    pub(crate) allow_host: Vec<String>,
    /// Let web pages of this origin call (repeatable)
    #[arg(long, value_name = "ORIGIN")]
    pub(crate) allow_origin: Vec<String>,
    /// The URL under which clients know this server; https says that TLS ends in front of it
    #[arg(long, value_name = "URL")]
    pub(crate) public_url: Option<String>,
    /// Certificate chain for TLS, a PEM file that is read again when it changes
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// Private key for TLS, a PEM file that is read again when it changes
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Accept the bearer tokens of this file (a single one may stand in BOWLINE_TOKEN instead)
    ///
    /// Each line is `NAME:SHA256:SCOPES`: a name for whoever holds the token, the SHA-256 of the token in hex, and
    /// scopes apart by spaces. The file is read again when it changes.
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// Which authorization server lets in; only configs say so.
    #[arg(skip)]
    pub(crate) auth: Option<bowline::config::Auth>,
    /// Open no sessions, so that only clients of protocol versions without them can call
    #[arg(long)]
    pub(crate) no_sessions: bool,
    /// Bounds on sizes, counts and times [default: local]
    #[arg(long, value_name = "PRESET", value_enum)]
    pub(crate) limits: Option<Preset>,
    /// Seconds after which a quiet stream gets a comment, to be kept open by proxies [default: 15]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) keep_alive: Option<u64>,
    /// Write every message to this file as lines of JSON, secrets redacted; - for standard error
    #[arg(long, value_name = "FILE")]
    pub(crate) trace_messages: Option<PathBuf>,
}

/// A set of limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Preset {
    /// Clients on this machine
    #[default]
    Local,
    /// Clients nobody knows
    Public,
    /// A private network of known clients
    Trusted,
}

impl Preset {
    /// The preset of this name.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Self::from_str(name, false).ok()
    }
}

/// What is said on standard error.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
#[command(next_help_heading = "Standard error")]
pub(crate) struct LogArgs {
    /// Say more on standard error; twice for everything
    #[arg(short, long, action = ArgAction::Count, global = true, conflicts_with = "quiet")]
    pub(crate) verbose: u8,
    /// Say only what went wrong
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Form of standard error [default: human on a terminal, json otherwise]
    #[arg(long, value_name = "FORMAT", value_enum, global = true)]
    pub(crate) log_format: Option<Format>,
}
