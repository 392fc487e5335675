//! The reference server: every feature of the protocol, one item each.
//!
//! Items are registered in the order in which lists show them.

mod ask;
mod calls;
mod changes;
mod complete;
mod content;
mod form;
mod prompts;
mod resources;
pub(crate) mod sabotage;
mod state;
mod values;

use bowline::Server;
use state::State;
use std::time::Duration;

/// The server, with that many tools more than it needs.
pub(crate) fn server(extra_tools: usize) -> Server {
    let state = State::default();
    let server = Server::new("everything", env!("CARGO_PKG_VERSION"))
        .info(|info| {
            info.title(sabotage::spoil("connect", "Bowline everything"))
                .website_url(env!("CARGO_PKG_REPOSITORY"))
        })
        .instructions(sabotage::spoil(
            "discover",
            "Every feature of the Model Context Protocol, one item each. Start with the tool echo.",
        ))
        .page_size(6)
        .list_ttl(Duration::from_secs(300));
    let server = values::register(server);
    let server = content::register(server);
    let server = calls::register(server, &state);
    let server = ask::register(server, &state);
    let server = changes::register(server, &state);
    let server = resources::register(server, &state);
    let server = resources::register_templates(server);
    let server = prompts::register(server);
    let server = complete::register(server);
    values::register_more(server, extra_tools)
}
