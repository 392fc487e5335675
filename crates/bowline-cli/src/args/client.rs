//! What was typed behind the verbs that talk to a server.

use clap::ArgAction;
use clap_complete::Shell;
use std::ffi::OsString;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(override_usage = "bowline list [OPTIONS] [TARGET] [-- COMMAND [ARG]...]")]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(crate) kinds: KindArgs,
    /// The server; every one of the config without it
    #[arg(value_name = "TARGET")]
    pub(crate) operands: Vec<String>,
    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

/// Which kinds of things; all of them when none is named.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub(crate) struct KindArgs {
    /// Tools
    #[arg(long)]
    pub(crate) tools: bool,
    /// Resources
    #[arg(long)]
    pub(crate) resources: bool,
    /// Resource templates
    #[arg(long)]
    pub(crate) templates: bool,
    /// Prompts
    #[arg(long)]
    pub(crate) prompts: bool,
}

#[derive(Debug, clap::Args)]
#[command(
    override_usage = "bowline info [OPTIONS] TARGET\n       bowline info [OPTIONS] -- COMMAND [ARG]..."
)]
pub(crate) struct InfoArgs {
    /// The server
    #[arg(value_name = "TARGET")]
    pub(crate) operands: Vec<String>,
    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

#[derive(Debug, clap::Args)]
#[command(
    override_usage = "bowline ping [OPTIONS] TARGET\n       bowline ping [OPTIONS] -- COMMAND [ARG]..."
)]
pub(crate) struct PingArgs {
    /// The server
    #[arg(value_name = "TARGET")]
    pub(crate) operands: Vec<String>,
    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

#[derive(Debug, clap::Args)]
#[command(
    override_usage = "bowline call [OPTIONS] TARGET TOOL [ARG]...\n       bowline call [OPTIONS] TOOL [ARG]... -- COMMAND [ARG]...",
    after_help = ARGUMENTS
)]
pub(crate) struct CallArgs {
    /// The server, the tool, and its arguments
    #[arg(value_name = "OPERAND")]
    pub(crate) operands: Vec<String>,
    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

#[derive(Debug, clap::Args)]
#[command(
    override_usage = "bowline read [OPTIONS] TARGET URI\n       bowline read [OPTIONS] URI -- COMMAND [ARG]..."
)]
pub(crate) struct ReadArgs {
    /// The server, and the URI of the resource
    #[arg(value_name = "OPERAND")]
    pub(crate) operands: Vec<String>,
    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

#[derive(Debug, clap::Args)]
#[command(
    override_usage = "bowline prompt [OPTIONS] TARGET NAME [ARG]...\n       bowline prompt [OPTIONS] NAME [ARG]... -- COMMAND [ARG]..."
)]
pub(crate) struct PromptArgs {
    /// The server, the prompt, and its arguments (NAME=TEXT, or NAME=@FILE)
    #[arg(value_name = "OPERAND")]
    pub(crate) operands: Vec<String>,
    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

#[derive(Debug, clap::Args)]
#[command(
    override_usage = "bowline complete [OPTIONS] TARGET REF ARG [GIVEN]...\n       bowline complete [OPTIONS] REF ARG [GIVEN]... -- COMMAND [ARG]...",
    after_help = REFERENCES
)]
pub(crate) struct CompleteArgs {
    /// The server, what has the argument, the argument (NAME=PREFIX), and other arguments that have a value already
    #[arg(value_name = "OPERAND")]
    pub(crate) operands: Vec<String>,
    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

#[derive(Debug, clap::Args)]
#[command(
    override_usage = "bowline subscribe [OPTIONS] TARGET [URI]...\n       bowline subscribe [OPTIONS] [URI]... -- COMMAND [ARG]..."
)]
pub(crate) struct SubscribeArgs {
    /// Tell when the list of tools changes
    #[arg(long)]
    pub(crate) tools: bool,
    /// Tell when the list of resources changes
    #[arg(long)]
    pub(crate) resources: bool,
    /// Tell when the list of prompts changes
    #[arg(long)]
    pub(crate) prompts: bool,
    /// The server, and URIs of resources; changes of every list when there is no URI and no flag
    #[arg(value_name = "OPERAND")]
    pub(crate) operands: Vec<String>,
    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct ConfigsArgs {
    /// Write JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL", value_enum)]
    pub(crate) shell: Shell,
}

/// How a server is reached and how its answers are shown: the same for every verb that asks it something.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct ClientArgs {
    /// Write whole results as JSON
    #[arg(long, conflicts_with = "raw")]
    pub(crate) json: bool,
    /// Write what is in a result and nothing else, byte for byte
    #[arg(long)]
    pub(crate) raw: bool,
    #[command(flatten)]
    pub(crate) reach: ReachArgs,
    /// Write every message to this file as lines of JSON, secrets redacted
    #[arg(long, value_name = "FILE")]
    pub(crate) trace_messages: Option<PathBuf>,
}

/// How a server is reached.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct ReachArgs {
    /// Start this program, and talk to it over its standard streams
    #[arg(value_name = "COMMAND", last = true)]
    pub(crate) command: Vec<OsString>,
    /// Config file to find servers in [default: $BOWLINE_CONFIG, the nearest .mcp.json, or your own]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Do what would be asked about: start what an unknown .mcp.json says
    #[arg(long)]
    pub(crate) yes: bool,
    /// Send this header too; ${VAR} and @FILE keep secrets off the command line (repeatable)
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE", action = ArgAction::Append)]
    pub(crate) headers: Vec<String>,
    /// Give the program this variable; NAME alone passes yours on (repeatable)
    #[arg(short, long, value_name = "NAME[=VALUE]", action = ArgAction::Append)]
    pub(crate) env: Vec<String>,
    /// Start the program in this directory
    #[arg(long, value_name = "DIR")]
    pub(crate) cwd: Option<PathBuf>,
    /// Longest time without a sign of life, such as 30, 500ms, 2m [default: 60]
    #[arg(long, value_name = "TIME")]
    pub(crate) timeout: Option<String>,
    /// Speak this protocol version, and no other
    #[arg(long, value_name = "VERSION")]
    pub(crate) protocol: Option<String>,
    /// Trust the certificates of this PEM file too
    #[arg(long, value_name = "FILE")]
    pub(crate) cacert: Option<PathBuf>,
    /// Certificate to show to the server, a PEM file
    #[arg(long, value_name = "FILE", requires = "key")]
    pub(crate) cert: Option<PathBuf>,
    /// Its private key, a PEM file
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub(crate) key: Option<PathBuf>,
}

const ARGUMENTS: &str = "\
Arguments of a tool:
  NAME=TEXT     a value, of the type that the tool wants
  NAME:=JSON    any value
  NAME=@FILE    the text of a file (@- for standard input)
  NAME:=@FILE   the JSON in a file
  NAME==TEXT    text as it is, also when it begins with @
  @FILE or -    all arguments, as a JSON object; single ones override
Repeat a NAME for a list.";

const REFERENCES: &str = "\
What has the argument:
  prompt:NAME        a prompt
  resource:TEMPLATE  a resource template, such as resource:file:///{path}
Without either word, what contains :// is a template, and everything else a prompt.";
