//! What was typed behind the verbs that run servers for others.

use super::ServeArgs;
use super::client::ReachArgs;
use clap::{ArgAction, Subcommand, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(
    override_usage = "bowline up [OPTIONS] [TARGET]...\n       bowline up [OPTIONS] -- COMMAND [ARG]...",
    mut_arg("listen", |arg| arg.help(LISTEN)),
    mut_arg("yes", |arg| arg.help(YES))
)]
pub(crate) struct UpArgs {
    /// The servers; every one of the config without any, and `everything` without a config
    #[arg(value_name = "TARGET")]
    pub(crate) operands: Vec<String>,
    /// Take the servers of this client's config
    #[arg(long, value_name = "CLIENT", conflicts_with_all = ["config", "command"])]
    pub(crate) from: Option<String>,
    /// How the tools of several servers are told apart: by the name of their server, or not at all [default: prefix]
    #[arg(long, value_name = "HOW", value_enum)]
    pub(crate) naming: Option<NamingArg>,
    /// Who shares an instance of a server that asks questions [default: shared, and principal where callers have names]
    #[arg(long, value_name = "WHO", value_enum)]
    pub(crate) isolation: Option<IsolationArg>,
    /// Say how things are on this address, of this machine only: /healthz, /readyz, /status
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) admin: Option<String>,
    #[command(flatten)]
    pub(crate) serve: ServeArgs,
    #[command(flatten, next_help_heading = "Servers")]
    pub(crate) reach: ReachArgs,
}

/// How tools are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum NamingArg {
    /// `server__tool`
    Prefix,
    /// As they are; two servers cannot have the same
    Flat,
}

/// Who shares an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum IsolationArg {
    /// Everybody
    Shared,
    /// The sessions and calls of one principal
    Principal,
    /// Nobody: each session has its own
    Session,
}

#[derive(Debug, clap::Args)]
#[command(
    override_usage = "bowline proxy [OPTIONS] TARGET\n       bowline proxy [OPTIONS] -- COMMAND [ARG]..."
)]
pub(crate) struct ProxyArgs {
    /// The server
    #[arg(value_name = "TARGET")]
    pub(crate) operands: Vec<String>,
    #[command(flatten)]
    pub(crate) serve: ServeArgs,
    #[command(flatten, next_help_heading = "Server")]
    pub(crate) reach: ReachArgs,
}

#[derive(Debug, clap::Args)]
#[command(
    override_usage = "bowline install [OPTIONS] TARGET --to CLIENT[,CLIENT]...\n       bowline install [OPTIONS] --to CLIENT[,CLIENT]... -- COMMAND [ARG]...",
    mut_arg("yes", |arg| arg.help("Write without asking"))
)]
pub(crate) struct InstallArgs {
    /// The server
    #[arg(value_name = "TARGET")]
    pub(crate) operands: Vec<String>,
    /// The clients that get it (repeatable)
    #[arg(long, value_name = "CLIENT", required = true, value_delimiter = ',', action = ArgAction::Append)]
    pub(crate) to: Vec<String>,
    /// What it is called there [default: its name, or that of its host or program]
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Have the client start it through us, and write every message down
    #[arg(long)]
    pub(crate) traced: bool,
    /// Write the client's config of this project instead of the user's
    #[arg(long)]
    pub(crate) project: bool,
    /// Replace a server that is called so and is another
    #[arg(long)]
    pub(crate) force: bool,
    /// Show what would be written, and write nothing
    #[arg(long, conflicts_with = "yes")]
    pub(crate) dry_run: bool,
    #[command(flatten, next_help_heading = "Server")]
    pub(crate) reach: ReachArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct UninstallArgs {
    /// What the server is called there
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// The clients that lose it (repeatable)
    #[arg(long, value_name = "CLIENT", required = true, value_delimiter = ',', action = ArgAction::Append)]
    pub(crate) from: Vec<String>,
    /// Write the client's config of this project instead of the user's
    #[arg(long)]
    pub(crate) project: bool,
    /// Show what would be written, and write nothing
    #[arg(long, conflicts_with = "yes")]
    pub(crate) dry_run: bool,
    /// Write without asking
    #[arg(long)]
    pub(crate) yes: bool,
}

/// What to do with a config.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigVerb {
    /// Tell everything that is wrong with a config
    Check(CheckArgs),
    /// Write the JSON Schema of configs
    Schema,
}

#[derive(Debug, clap::Args)]
pub(crate) struct CheckArgs {
    /// The config [default: $BOWLINE_CONFIG, the nearest .mcp.json, or your own]
    #[arg(value_name = "FILE", conflicts_with = "config")]
    pub(crate) file: Option<PathBuf>,
    /// The same
    #[arg(short, long, value_name = "FILE", hide = true)]
    pub(crate) config: Option<PathBuf>,
    /// Write JSON
    #[arg(long)]
    pub(crate) json: bool,
}

const LISTEN: &str = "Where to listen: HOST:PORT, :PORT for the loopback address, unix:PATH, or stdio \
                      [default: 127.0.0.1:8080]";

const YES: &str = "Do what would be asked about: start what an unknown .mcp.json says";
