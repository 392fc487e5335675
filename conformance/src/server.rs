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
use bowline::transport::Stdio;
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

const USAGE: &str = "\
usage: conformance-server --listen HOST:PORT|stdio [--era legacy|modern] [--page-size ITEMS] [--more-resources ITEMS]";

/// What was typed.
struct Arguments {
    address: String,
    era: Option<Era>,
    page_size: Option<usize>,
    more_resources: usize,
}

impl Arguments {
    /// `None` where the usage is to be shown.
    fn of(words: Vec<String>) -> Option<Self> {
        let mut words = words.into_iter();
        let mut address = None;
        let mut era = None;
        let (mut page_size, mut more_resources) = (None, 0);
        while let Some(word) = words.next() {
            match (word.as_str(), words.next()?) {
                ("--listen", value) => address = Some(value),
                ("--era", value) => era = Some(Era::named(&value)?),
                ("--page-size", value) => page_size = Some(value.parse().ok()?),
                ("--more-resources", value) => more_resources = value.parse().ok()?,
                _ => return None,
            }
        }
        // The standard streams have no such limit.
        if era.is_some() && address.as_deref() == Some("stdio") {
            return None;
        }
        Some(Self { address: address?, era, page_size, more_resources })
    }
}

/// Which clients are answered.
#[derive(Clone, Copy)]
enum Era {
    /// Those that open a session.
    Legacy,
    /// Those that need none.
    Modern,
}

impl Era {
    fn named(name: &str) -> Option<Self> {
        match name {
            "legacy" => Some(Self::Legacy),
            "modern" => Some(Self::Modern),
            _ => None,
        }
    }
}

async fn serve(arguments: Arguments) -> bowline::Result<()> {
    let Arguments { address, era, page_size, more_resources } = arguments;
    let mut server = resource::register_more(server(), more_resources);
    if let Some(items) = page_size {
        server = server.page_size(items);
    }
    let mut running = match (address.as_str(), era) {
        ("stdio", None) => server.start(Stdio)?,
        (address, era) => {
            let http = http_ready(Http::bind(address).await?);
            server.start(match era {
                None => http,
                Some(Era::Legacy) => http.only_sessions(),
                Some(Era::Modern) => http.without_sessions(),
            })?
        }
    };
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
