//! A small authorization server, for tests and for trying out.
//!
//! ```sh
//! dev-auth --resource http://127.0.0.1:8080/mcp --scopes mcp,admin      # a page asks who you are
//! dev-auth --auto alice --token-lifetime 3s --rotation grace            # for scripts
//! curl -X POST http://127.0.0.1:9000/admin/rotate                       # signs with another key
//! ```
//!
//! It prints the line `dev-auth listening on URL` to standard error when it is ready.
#![expect(clippy::print_stderr, reason = "a program talks to the person who runs it")]

mod flags;

use clap::Parser;
use flags::Flags;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    let flags = Flags::parse();
    match run(&flags).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

async fn run(flags: &Flags) -> Result<(), String> {
    let settings = flags.settings()?;
    let running = dev_auth::start(settings).await.map_err(|error| {
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        cause.map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
    })?;
    eprintln!("dev-auth listening on {}", running.issuer());
    flags::stopped().await.map_err(|error| format!("cannot wait for a signal: {error}"))?;
    running.close().await;
    Ok(())
}
