//! The reference server: every feature of the protocol, one item each.

use bowline::Server;
use bowline::types::tool::Tool;
use schemars::JsonSchema;
use serde::Deserialize;

/// The server, with that many tools more than it needs.
pub(crate) fn server(extra_tools: usize) -> Server {
    let server = Server::new("everything", env!("CARGO_PKG_VERSION"))
        .tool(Tool::new("echo").title("Echo").description("Returns the message unchanged."), echo);
    (0..extra_tools).fold(server, |server, n| {
        server.tool(Tool::new(format!("extra_{n:04}")).description("One more echo."), echo)
    })
}

#[derive(Deserialize, JsonSchema)]
struct Echo {
    /// What to return.
    message: String,
}

async fn echo(Echo { message }: Echo) -> String {
    message
}
