//! The server that the official conformance suite drives.
//!
//! Every fixture is made by typed calls of the builder: what passes here passes for everybody who writes a server
//! that way.

#[path = "server/ask.rs"]
mod ask;
#[path = "server/change.rs"]
mod change;
#[path = "server/content.rs"]
mod content;
#[path = "server/elicit.rs"]
mod elicit;
#[path = "server/prompt.rs"]
mod prompt;
#[path = "server/resource.rs"]
mod resource;
#[path = "server/tool.rs"]
mod tool;

use bowline::Server;
use bowline::transport::http::Http;
use std::io::{self, Write};
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let said = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--listen", address] => match serve(address).await {
            Ok(()) => return ExitCode::SUCCESS,
            Err(error) => format!("error: {error}"),
        },
        _ => "usage: conformance-server --listen HOST:PORT".to_owned(),
    };
    // Nobody is left to tell when standard error is closed.
    let _ = writeln!(io::stderr(), "{said}");
    ExitCode::FAILURE
}

async fn serve(address: &str) -> bowline::Result<()> {
    let http = Http::bind(address).await?;
    let mut running = server().start(http_ready(http))?;
    running.wait().await
}

/// Tells where it listens, as the first line on standard error.
fn http_ready(http: Http) -> Http {
    let _ = writeln!(io::stderr(), "listening on http://{}/mcp", http.address());
    http
}

/// All fixtures. The suite calls the first tool of the list without arguments and reads the first resource.
fn server() -> Server {
    let server = Server::new("conformance-server", env!("CARGO_PKG_VERSION"))
        .instructions("Fixtures of the official conformance suite.");
    let server = content::register(server);
    let server = tool::register(server);
    let server = elicit::register(server);
    let server = ask::register(server);
    let server = change::register(server);
    let server = resource::register(server);
    prompt::register(server)
}
