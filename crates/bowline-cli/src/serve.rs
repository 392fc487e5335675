//! `bowline serve …`: serving until told to end.

pub(crate) mod everything;
pub(crate) mod filesystem;

use crate::args::LogArgs;
use crate::exit::{Exit, Fault};
use crate::listen::{self, Listening};
use crate::logs::{Format, notice};
use crate::plan::Ways;
use crate::signals::Signals;
use bowline::Server;
use std::time::Duration;

/// Serves until the way in ends or a signal does.
///
/// The first signal lets running calls finish, up to [`DRAIN`]; the second ends at once.
///
/// # Errors
/// When serving cannot begin, or fails.
pub(crate) async fn serve(
    server: &Server,
    ways: Ways,
    logs: LogArgs,
    format: Format,
) -> Result<Exit, Fault> {
    let mut signals =
        Signals::new().map_err(|error| Fault::new(format!("cannot wait for signals: {error}")))?;
    let Listening { mut running, notices } = listen::start(server, ways).await?;
    for text in &notices {
        notice(format, logs, text);
    }
    let signal = tokio::select! {
        ended = running.wait() => return Ok(ended.map(|()| Exit::Done)?),
        signal = signals.next() => signal,
    };
    tracing::info!("ending when the running calls are done; a second signal ends at once");
    tokio::select! {
        closed = running.close(DRAIN) => Ok(closed.map(|()| signal.after_drain())?),
        again = signals.next() => Ok(again.at_once()),
    }
}

/// How long running calls may go on after the first signal.
const DRAIN: Duration = Duration::from_secs(10);
