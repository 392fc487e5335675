//! The client that the official conformance suite drives: `conformance-client URL`.
//!
//! The suite names the scenario in the environment and is the server at the URL. The client finds out by itself what
//! that server speaks; whatever it does, it does by typed calls, as everybody who writes a client would.

#[path = "client/answers.rs"]
mod answers;
#[path = "client/auth.rs"]
mod auth;
#[path = "client/browser.rs"]
mod browser;
#[path = "client/headers.rs"]
mod headers;
#[path = "client/rounds.rs"]
mod rounds;
#[path = "client/schema.rs"]
mod schema;
#[path = "client/session.rs"]
mod session;

use bowline::Client;
use serde_json::Value;
use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

/// The suite kills after 30 s, and tells nobody what for.
const LIMIT: Duration = Duration::from_secs(25);

/// Why a scenario failed, in words.
type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let said = match arguments.as_slice() {
        [url] => match tokio::time::timeout(LIMIT, run(url)).await {
            Ok(Ok(())) => return ExitCode::SUCCESS,
            Ok(Err(failure)) => format!("error: {failure}"),
            Err(_) => format!("error: not done after {} s", LIMIT.as_secs()),
        },
        _ => "usage: MCP_CONFORMANCE_SCENARIO=NAME conformance-client URL".to_owned(),
    };
    // Nobody is left to tell when standard error is closed.
    let _ = writeln!(io::stderr(), "{said}");
    ExitCode::FAILURE
}

async fn run(url: &str) -> Result<(), Failure> {
    let scenario = std::env::var("MCP_CONFORMANCE_SCENARIO")
        .map_err(|_| "MCP_CONFORMANCE_SCENARIO names no scenario")?;
    let mut builder = answers::client();
    if let Some(scenario) = scenario.strip_prefix("auth/") {
        builder = builder.authorization(auth::authorization(scenario)?);
    }
    let client = builder.connect(url).await.map_err(|error| chain(&error))?;
    let outcome = play(&scenario, &client).await;
    client.close().await;
    outcome.map_err(|failure| format!("{scenario}: {failure}").into())
}

/// The dispatch table: what a client does in each scenario.
async fn play(scenario: &str, client: &Client) -> Result<(), Failure> {
    match scenario {
        "initialize" => session::open(client).await,
        "tools_call" => session::add(client).await,
        "elicitation-sep1034-client-defaults" => session::defaults(client).await,
        "sse-retry" => session::resume(client).await,
        "request-metadata" => session::every_request(client).await,
        "sep-2322-client-request-state" => rounds::request_state(client).await,
        "http-standard-headers" => headers::standard(client).await,
        "http-custom-headers" => headers::of_arguments(client, &context()?).await,
        "http-invalid-tool-headers" => headers::invalid(client).await,
        "json-schema-ref-no-deref" => schema::not_fetched(client).await,
        "json-schema-2020-12-preservation" => schema::preserved(client).await,
        "auth/authorization-server-migration" => auth::migrated(client).await,
        scenario if scenario.starts_with("auth/") => auth::let_in(client).await,
        _ => Err("this program has no such scenario".into()),
    }
}

/// An error with all that led to it.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text += &format!(": {cause}");
        next = cause.source();
    }
    text
}

/// What the suite tells the client besides the URL.
fn context() -> Result<Value, Failure> {
    let text = std::env::var("MCP_CONFORMANCE_CONTEXT")
        .map_err(|_| "MCP_CONFORMANCE_CONTEXT holds nothing")?;
    Ok(serde_json::from_str(&text)?)
}
