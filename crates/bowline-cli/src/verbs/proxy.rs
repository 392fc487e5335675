//! `bowline proxy`: one server under its own names, for clients that cannot reach it themselves.

use super::{host, link};
use crate::args::LogArgs;
use crate::exit::{Exit, Fault};
use crate::listen::{self, Listening, Served};
use crate::logs::{Format, notice};
use crate::plan::Ways;
use crate::plan::host::{Proxy, Servers};
use crate::plan::target::Target;
use crate::serve::until_ended;
use crate::signals::Signals;
use bowline::Host;
use bowline::host::status::ServerState;
use std::future::pending;

/// Serves one server until the way in ends or a signal does.
///
/// # Errors
/// When the server cannot be found or reached, or serving fails.
pub(crate) async fn proxy(plan: Proxy, logs: LogArgs, format: Format) -> Result<Exit, Fault> {
    let Proxy { target, common, ways } = plan;
    let mut signals = Signals::new()?;
    let wants_config = matches!(target, Target::Named(_));
    let servers = Servers::These(vec![(ways.example.server.clone(), target)]);
    let gathering = link::look_up(&common, move |finder| finder.gather(&servers, wants_config));
    let gathered = tokio::select! {
        gathered = gathering => gathered?,
        signal = signals.next() => return Ok(signal.at_once()),
    };
    let mut settings = gathered.setup.bowline.settings.clone();
    // Whoever uses it may have something there that would be gone with the process.
    settings.idle_stop = None;
    let host = host::begin(&gathered, &common, &common.tls, settings, ways.callers()).await?;
    let started = tokio::select! {
        started = start(&host, ways) => started,
        signal = signals.next() => {
            host.close().await;
            return Ok(signal.at_once());
        }
    };
    let ended = match started {
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

/// Begins to serve the one server, once it is there: that it is not is told at once, and not in each answer.
async fn start(host: &Host, ways: Ways) -> Result<Listening, Fault> {
    host.settled().await?;
    let status = host.status();
    let Some(server) = status.servers.first() else {
        return Err(Fault::new("there is no server"));
    };
    if matches!(server.state, ServerState::Failed | ServerState::Stopped) {
        let why = server.last_error.as_ref().map_or("it is not there", |error| &error.message);
        return Err(Fault::new(why).exit(Exit::Unreachable));
    }
    let service = host.server(&server.name);
    let service = service.ok_or_else(|| Fault::new(format!("{} is gone", server.name)))?;
    listen::start(Served::service(service), ways).await
}
