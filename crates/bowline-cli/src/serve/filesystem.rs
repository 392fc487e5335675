//! The files below some directories, and nothing else.
//!
//! A path is never trusted: it is taken apart into a directory that was opened when the server started and the rest,
//! which the kernel resolves beneath that directory. What a link or a race makes of the rest cannot lead outside.
//! [`place`] does that, [`open`] decides what may be opened, [`job`] runs the tools where they may block.

mod edit;
mod fault;
mod find;
mod job;
mod list;
mod manage;
mod mime;
mod open;
mod path;
mod place;
mod read;
mod resources;
mod search;
mod tree;
mod walk;
mod watch;
mod write;

#[cfg(test)]
mod tests;

use crate::exit::Fault;
use crate::plan::Shares;
use bowline::Server;
use job::Files;
use place::Scope;

/// The server of these directories.
///
/// # Errors
/// When one of them cannot be opened.
pub(crate) fn server(shares: &Shares) -> Result<Server, Fault> {
    let scope = Scope::open(&shares.dirs, shares.allow_hard_links)?;
    let files = Files::new(scope, shares.follow_client_roots, shares.read_only);
    let server = Server::new("filesystem", env!("CARGO_PKG_VERSION"))
        .info(|info| info.title("Bowline filesystem").website_url(env!("CARGO_PKG_REPOSITORY")))
        .instructions(instructions(shares.read_only));
    let server = read::register(server, &files);
    let server = list::register(server, &files);
    let server = tree::register(server, &files);
    let server = search::register(server, &files);
    let server = manage::register_looking(server, &files);
    let server = if shares.read_only {
        server
    } else {
        let server = write::register(server, &files);
        let server = edit::register(server, &files);
        manage::register_changing(server, &files)
    };
    Ok(watch::register(resources::register(server, &files), &files))
}

fn instructions(read_only: bool) -> String {
    let can = if read_only { "read" } else { "read and change" };
    format!(
        "Tools to {can} files below some directories; roots_allowed names them. Paths are absolute, or relative to the \
         directory where there is only one. Wherever a path is wanted, a file:// URI does as well: results give one \
         where a name is not UTF-8."
    )
}
