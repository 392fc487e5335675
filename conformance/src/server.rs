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
    let said = match Arguments::of(arguments) {
        Some(arguments) => match serve(arguments).await {
            Ok(()) => return ExitCode::SUCCESS,
            Err(error) => format!("error: {error}"),
        },
        None => USAGE.to_owned(),
    };
    // Nobody is left to tell when standard error is closed.
    let _ = writeln!(io::stderr(), "{said}");
    ExitCode::FAILURE
}

const USAGE: &str =
    "usage: conformance-server --listen HOST:PORT [--era legacy|modern] [--page-size ITEMS]";

/// What was typed.
struct Arguments {
    address: String,
    limit: fn(Http) -> Http,
    page_size: Option<usize>,
}

impl Arguments {
    /// `None` where the usage is to be shown.
    fn of(words: Vec<String>) -> Option<Self> {
        let mut words = words.into_iter();
        let mut address = None;
        let mut limit: fn(Http) -> Http = std::convert::identity;
        let mut page_size = None;
        while let Some(word) = words.next() {
            match (word.as_str(), words.next()?) {
                ("--listen", value) => address = Some(value),
                ("--era", value) => limit = limited_to(&value)?,
                ("--page-size", value) => page_size = Some(value.parse().ok()?),
                _ => return None,
            }
        }
        Some(Self { address: address?, limit, page_size })
    }
}

/// What leaves an endpoint with clients of one kind.
fn limited_to(era: &str) -> Option<fn(Http) -> Http> {
    match era {
        "legacy" => Some(Http::only_sessions),
        "modern" => Some(Http::without_sessions),
        _ => None,
    }
}

async fn serve(arguments: Arguments) -> bowline::Result<()> {
    let http = (arguments.limit)(Http::bind(&arguments.address).await?);
    let server = match arguments.page_size {
        Some(items) => server().page_size(items),
        None => server(),
    };
    let mut running = server.start(http_ready(http))?;
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
