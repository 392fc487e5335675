//! `bowline serve …`: serving until told to end.

pub(crate) mod everything;
pub(crate) mod filesystem;

use crate::args::LogArgs;
use crate::exit::{Exit, Fault};
use crate::listen::{self, Listening, Served};
use crate::logs::{Format, notice};
use crate::plan::Ways;
use crate::signals::Signals;
use bowline::Server;
use bowline::transport::Running;
use std::future::pending;
use std::time::Duration;

/// Serves a server until the way in ends or a signal does.
///
/// # Errors
/// When serving cannot begin, or fails.
pub(crate) async fn serve(
    server: &Server,
    ways: Ways,
    logs: LogArgs,
    format: Format,
) -> Result<Exit, Fault> {
    let signals = Signals::new()?;
    let Listening { running, notices } = listen::start(Served::builtin(server)?, ways).await?;
    for text in &notices {
        notice(format, logs, text);
    }
    until_ended(running, signals, pending()).await
}

/// Waits until the way in ends, a signal comes, or what is done meanwhile fails.
///
/// The first signal lets running calls finish, up to [`DRAIN`]; the second ends at once.
///
/// # Errors
/// What ended the way in, if that was a failure, or what failed meanwhile.
pub(crate) async fn until_ended(
    mut running: Running,
    mut signals: Signals,
    meanwhile: impl Future<Output = Fault>,
) -> Result<Exit, Fault> {
    let signal = tokio::select! {
        ended = running.wait() => return Ok(ended.map(|()| Exit::Done)?),
        signal = signals.next() => signal,
        fault = meanwhile => {
            running.close(Duration::ZERO).await?;
            return Err(fault);
        }
    };
    tracing::info!("ending when the running calls are done; a second signal ends at once");
    tokio::select! {
        closed = running.close(DRAIN) => Ok(closed.map(|()| signal.after_drain())?),
        again = signals.next() => Ok(again.at_once()),
    }
}

/// How long running calls may go on after the first signal.
const DRAIN: Duration = Duration::from_secs(10);
