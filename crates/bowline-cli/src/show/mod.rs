//! What peers say, on its way to whoever reads standard output and standard error.
//!
//! Everything a peer says passes [`crate::escape`] on that way, but for the bytes that somebody asked for with `--raw`.

mod content;
mod items;
mod json;
mod login;
mod out;
mod progress;
mod save;
pub(crate) mod screen;
mod server;
mod style;

pub(crate) use content::{contents, messages, raw, raw_contents, texts};
pub(crate) use items::{argument, prompts, resources, templates, tools};
pub(crate) use login::login;
pub(crate) use out::{Form, Out};
pub(crate) use progress::Progress;
pub(crate) use save::Folder;
pub(crate) use server::server;
pub(crate) use style::{Style, indented};
