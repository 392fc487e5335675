//! The verbs that talk to servers: one module each, whose function takes what the command line meant.

mod call;
mod complete;
mod completions;
mod config;
mod configs;
mod given;
mod info;
mod link;
mod list;
mod named;
mod ping;
mod prompt;
mod read;
mod session;
mod subscribe;

pub(crate) use call::call;
pub(crate) use complete::complete;
pub(crate) use completions::completions;
pub(crate) use config::config;
pub(crate) use configs::configs;
pub(crate) use info::info;
pub(crate) use list::list;
pub(crate) use ping::ping;
pub(crate) use prompt::prompt;
pub(crate) use read::read;
pub(crate) use session::talk;
pub(crate) use subscribe::subscribe;
