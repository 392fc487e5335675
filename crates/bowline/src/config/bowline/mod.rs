//! What a config says about ourselves, under the key `bowline`.

mod auth;
mod read;
mod set;
mod units;

pub use auth::{Auth, ClientOf, Introspection};
pub(super) use read::Key;

use crate::host::Settings;
use bowline_types::revision::Revision;
use std::path::PathBuf;
use std::time::Duration;

/// What stands under the key `bowline` of a config: everything that `bowline up` can be told by flags, and what is
/// different for single servers. What is not said is `None` or empty; paths begin where the config is.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Bowline {
    /// What the host is told, about itself and about its servers.
    pub settings: Settings,
    /// Where to listen: `stdio`, `HOST:PORT`, `:PORT` or `unix:PATH`.
    pub listen: Option<String>,
    /// Where it is told how things are: `HOST:PORT` or `:PORT`.
    pub admin: Option<String>,
    /// Numbers of users whose processes may call too, on a Unix socket.
    pub allow_uid: Vec<u32>,
    /// The path of the HTTP endpoint.
    pub path: Option<String>,
    /// Hosts to answer for, besides the loopback ones.
    pub allow_host: Vec<String>,
    /// Origins whose web pages may call.
    pub allow_origin: Vec<String>,
    /// The URL under which clients know the endpoint.
    pub public_url: Option<String>,
    /// Certificate chain and private key, PEM files.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// A file of bearer tokens.
    pub token_file: Option<PathBuf>,
    /// The authorization server whose tokens are accepted.
    pub auth: Option<Auth>,
    /// Whether sessions are opened, for clients of protocol versions that have them.
    pub sessions: Option<bool>,
    /// A preset of limits: `local`, `public` or `trusted`.
    pub limits: Option<String>,
    /// How long a stream may be quiet before it gets a comment.
    pub keep_alive: Option<Duration>,
    /// Where every message is written down; `-` is standard error.
    pub trace_messages: Option<PathBuf>,
    /// How servers are reached.
    pub upstream: Upstream,
}

/// How servers are reached that say nothing else for themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Upstream {
    /// How long one request may take.
    pub timeout: Option<Duration>,
    /// The one protocol version to speak.
    pub protocol: Option<Revision>,
    /// Certificates that are trusted too, a PEM file.
    pub cacert: Option<PathBuf>,
    /// Certificate and private key to show, PEM files.
    pub identity: Option<(PathBuf, PathBuf)>,
}
