//! Being told to end.

use crate::exit::{Exit, Fault};
use std::io;
use tokio::signal::unix::{self, SignalKind};

/// The signals that end this process, from the moment this value is made.
pub(crate) struct Signals {
    interrupt: unix::Signal,
    terminate: unix::Signal,
}

/// A signal to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// What service managers send.
    Terminate,
}

impl Signals {
    /// Begins to take them.
    ///
    /// # Errors
    /// When the system does not let us.
    pub(crate) fn new() -> Result<Self, Fault> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::Interrupt,
            _ = self.terminate.recv() => Signal::Terminate,
        }
    }
}

/// The signal that asks for a config to be read again, from the moment this value is made.
pub(crate) struct Reload(unix::Signal);

impl Reload {
    /// Begins to take it.
    ///
    /// # Errors
    /// When the system does not let us.
    pub(crate) fn new() -> Result<Self, Fault> {
        signal(SignalKind::hangup()).map(Self)
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) {
        self.0.recv().await;
    }
}

fn signal(kind: SignalKind) -> Result<unix::Signal, Fault> {
    unix::signal(kind)
        .map_err(|error: io::Error| Fault::new(format!("cannot wait for signals: {error}")))
}

impl Signal {
    /// How a process ends that was told so and has finished what was running.
    pub(crate) fn after_drain(self) -> Exit {
        match self {
            Self::Interrupt => Exit::Interrupted,
            Self::Terminate => Exit::Done,
        }
    }

    /// How a process ends that was told so again while it finished what was running.
    pub(crate) fn at_once(self) -> Exit {
        match self {
            Self::Interrupt => Exit::Interrupted,
            Self::Terminate => Exit::Terminated,
        }
    }
}
