//! What was typed behind the verbs that are about logins.

use super::client::ClientArgs;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(override_usage = "bowline login [OPTIONS] TARGET")]
pub(crate) struct LoginArgs {
    /// The server
    #[arg(value_name = "TARGET")]
    pub(crate) operands: Vec<String>,
    /// Ask for this scope too (repeatable)
    #[arg(long, value_name = "SCOPE")]
    pub(crate) scope: Vec<String>,
    /// Log in as this client, which somebody registered at the authorization server
    #[arg(long, value_name = "ID")]
    pub(crate) client_id: Option<String>,
    /// The secret of that client: the text of this file
    #[arg(long, value_name = "FILE", requires = "client_id")]
    pub(crate) client_secret_file: Option<PathBuf>,
    /// Say who we are by the metadata document behind this https URL
    #[arg(long, value_name = "URL", conflicts_with = "client_id")]
    pub(crate) client_metadata: Option<String>,
    /// Have the browser come back to this port of 127.0.0.1 [default: a free one]
    #[arg(long, value_name = "PORT")]
    pub(crate) callback_port: Option<u16>,
    /// Open no browser: show the URL, and wait for whoever opens it
    #[arg(long)]
    pub(crate) no_browser: bool,
    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

#[derive(Debug, clap::Args)]
#[command(override_usage = "bowline logout [OPTIONS] TARGET")]
pub(crate) struct LogoutArgs {
    /// The server
    #[arg(value_name = "TARGET")]
    pub(crate) operands: Vec<String>,
    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

#[derive(Debug, clap::Args)]
#[command(override_usage = "bowline whoami [OPTIONS] [TARGET]")]
pub(crate) struct WhoamiArgs {
    /// The server; all that there is a login for, without it
    #[arg(value_name = "TARGET")]
    pub(crate) operands: Vec<String>,
    #[command(flatten)]
    pub(crate) client: ClientArgs,
}
