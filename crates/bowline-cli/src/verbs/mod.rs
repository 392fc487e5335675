//! The verbs that talk to servers: one module each, whose function takes what the command line meant.

mod call;
mod complete;
mod completions;
mod config;
mod configs;
mod given;
mod host;
mod info;
mod install;
mod link;
mod list;
mod login;
mod named;
mod ping;
mod prompt;
mod proxy;
mod read;
mod session;
mod subscribe;
mod up;

pub(crate) use call::call;
pub(crate) use complete::complete;
pub(crate) use completions::completions;
pub(crate) use config::config;
pub(crate) use configs::configs;
pub(crate) use info::info;
pub(crate) use install::{install, uninstall};
pub(crate) use list::list;
pub(crate) use login::{login, logout, whoami};
pub(crate) use ping::ping;
pub(crate) use prompt::prompt;
pub(crate) use proxy::proxy;
pub(crate) use read::read;
pub(crate) use session::talk;
pub(crate) use subscribe::subscribe;
pub(crate) use up::up;
