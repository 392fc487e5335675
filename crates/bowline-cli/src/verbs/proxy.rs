//! `bowline proxy`: one server under its own names, for clients that cannot reach it themselves.

use super::host;
use super::link;
use crate::args::LogArgs;
use crate::exit::{Exit, Fault};
use crate::listen::{self, Listening, Served};
use crate::logs::{Format, notice};
use crate::plan::host::Proxy;
use crate::serve::until_ended;
use crate::signals::Signals;
use bowline::host::status::ServerState;
use bowline::host::{Settings, Status};
use std::future::pending;

/// Serves one server until the way in ends or a signal does.
///
/// # Errors
/// When the server cannot be found or reached, or serving fails.
pub(crate) async fn proxy(plan: Proxy, logs: LogArgs, format: Format) -> Result<Exit, Fault> {
    let Proxy { target, common, ways } = plan;
    let mut signals = Signals::new()?;
    let found = link::find(&target, &common).await?;
    let name = found.name().to_owned();
    let mut settings = Settings::default();
    // Whoever uses it may have something there that is gone with the process.
    settings.idle_stop = None;
    let builder = host::builder(&common).settings(settings);
    let host = found.serve(builder)?.begin()?;
    let settled = tokio::select! {
        settled = host.settled() => settled,
        signal = signals.next() => {
            host.close().await;
            return Ok(signal.at_once());
        }
    };
    let started = match settled {
        Err(error) => Err(Fault::of_connecting(&error)),
        Ok(()) => reached(&name, &host.status()),
    };
    let service = host.server(&name).ok_or_else(|| Fault::new(format!("{name}: is gone")));
    let begun = match started.and(service) {
        Ok(service) => listen::start(Served::service(service), ways).await,
        Err(fault) => Err(fault),
    };
    let ended = match begun {
        Ok(Listening { running, notices }) => {
            for text in &notices {
                notice(format, logs, text);
            }
            until_ended(running, signals, pending()).await
        }
        Err(fault) => Err(fault),
    };
    host.close().await;
    ended
}

/// Whether the server is there, which is told at once where nobody would see it later.
fn reached(name: &str, status: &Status) -> Result<(), Fault> {
    let failed = |state| matches!(state, ServerState::Failed | ServerState::Stopped);
    match status.servers.iter().find(|server| failed(server.state)) {
        None => Ok(()),
        Some(server) => {
            let why = server.last_error.as_ref().map_or("it is not there", |error| &error.message);
            Err(Fault::new(format!("{name}: {why}")).exit(Exit::Unreachable))
        }
    }
}
