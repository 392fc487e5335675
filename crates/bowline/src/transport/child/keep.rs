//! The keeper of a process: the one task that owns it, from its start until nothing is left.

use super::io::{ChildStdin, ChildStdout};
use super::log::{Pump, StderrLog};
use super::platform::{self, Processes};
use super::{Child, Command, Ended, Ending, Exit, How, locate};
use crate::error::{Error, Result};
use std::future::pending;
use std::panic::resume_unwind;
use std::pin::pin;
use std::time::Duration;
use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};

/// Starts the process and its keeper on a thread where looking for files and starting may block.
pub(super) async fn start(command: Command) -> Result<Child> {
    let (answer, started) = oneshot::channel();
    // Owned by the future that waits below: the thread starts nothing for one that has gone, and a child that nobody
    // takes is dropped, which ends it.
    let work = tokio::task::spawn_blocking(move || {
        if !answer.is_closed() {
            let _ = answer.send(start_here(&command));
        }
    });
    if let Ok(started) = started.await {
        return started;
    }
    match work.await {
        Err(error) if error.is_panic() => resume_unwind(error.into_panic()),
        _ => Err(Error::closed("the runtime was shut down before the process was started")),
    }
}

fn start_here(command: &Command) -> Result<Child> {
    let program = locate::locate(command)?;
    let started = platform::spawn(command, &program)?;
    let log = StderrLog::new();
    let stdin = ChildStdin::new(started.input);
    let (orders, ordered) = watch::channel(None);
    let (exit, exited) = watch::channel(None);
    let (ended, done) = watch::channel(None);
    let (id, group) = (started.processes.id(), started.processes.group());
    let keeper = Keeper {
        process: Kept {
            processes: started.processes,
            pump: Pump::new(started.errors, log.clone()),
            exit,
        },
        input: stdin.closer(),
        orders: ordered,
        dropped: command.when_dropped(),
        ended,
    };
    // Owned by the child: ends when nothing is left of the process, and kills it if the runtime ends before.
    tokio::spawn(keeper.keep());
    Ok(Child {
        id,
        group,
        stdin,
        stdout: Some(ChildStdout(started.output)),
        stderr: log,
        handle: Handle { orders, exited, done },
    })
}

/// What a [`Child`] knows its keeper by. Dropping it is the order to end the process.
#[derive(Debug)]
pub(super) struct Handle {
    orders: watch::Sender<Option<Ending>>,
    exited: watch::Receiver<Option<Exit>>,
    done: watch::Receiver<Option<Ended>>,
}

impl Handle {
    pub(super) fn lives(&self) -> bool {
        lives(&self.exited)
    }

    pub(super) fn exit(&self) -> watch::Receiver<Option<Exit>> {
        self.exited.clone()
    }

    pub(super) async fn exited(&self) -> Exit {
        let mut exited = self.exited.clone();
        // A keeper that ends without a word was dropped with its runtime.
        let exit = exited.wait_for(Option::is_some).await;
        exit.ok().and_then(|exit| *exit).unwrap_or(Exit::Unknown)
    }

    pub(super) async fn close(&self, ending: Ending) -> Ended {
        self.orders.send_replace(Some(ending));
        let mut done = self.done.clone();
        let ended = done.wait_for(Option::is_some).await;
        let killed = Ended { exit: Exit::Unknown, how: How::Killed };
        ended.ok().and_then(|ended| *ended).unwrap_or(killed)
    }
}

/// Whether a process has not exited, and has a keeper: until then its number is its own.
pub(super) fn lives(exit: &watch::Receiver<Option<Exit>>) -> bool {
    exit.borrow().is_none() && exit.has_changed().is_ok()
}

struct Keeper {
    process: Kept,
    input: ChildStdin,
    orders: watch::Receiver<Option<Ending>>,
    /// The ending of a child that was dropped without another order.
    dropped: Ending,
    ended: watch::Sender<Option<Ended>>,
}

impl Keeper {
    async fn keep(mut self) {
        let mut how = tokio::select! {
            biased;
            _ = self.process.exited() => Some(How::Itself),
            // An error says that the child was dropped.
            _ = self.orders.wait_for(Option::is_some) => None,
        };
        self.input.close();
        let mut gone = self.goes_within(|ending| ending.eof).await;
        how = how.or_else(|| self.process.has_exited().then_some(How::EndOfInput));
        if !gone && self.process.processes.terminate() {
            gone = self.goes_within(|ending| ending.term).await;
            how = how.or_else(|| self.process.has_exited().then_some(How::Terminated));
        }
        let how = how.unwrap_or(How::Killed);
        let exit = self.process.end().await;
        tracing::debug!(%how, %exit, gone, "child process ended");
        self.ended.send_replace(Some(Ended { exit, how }));
    }

    /// Waits that long until nothing is left of the group. The time may change meanwhile.
    async fn goes_within(&mut self, time: fn(Ending) -> Duration) -> bool {
        let begun = Instant::now();
        let mut gone = pin!(self.process.gone());
        loop {
            let ending = self.orders.borrow_and_update().unwrap_or(self.dropped);
            tokio::select! {
                biased;
                () = &mut gone => return true,
                () = sleep_until(begun + time(ending)) => return false,
                () = changed(&mut self.orders) => {}
            }
        }
    }
}

/// Waits for another order; there is none from a child that was dropped.
async fn changed(orders: &mut watch::Receiver<Option<Ending>>) {
    if orders.changed().await.is_err() {
        pending::<()>().await;
    }
}

/// A process with what it says, and with the place where its exit is told.
struct Kept {
    processes: Processes,
    pump: Pump,
    exit: watch::Sender<Option<Exit>>,
}

/// How long what was killed may take to be gone. A process that waits for a dead disk takes longer.
const DYING: Duration = Duration::from_millis(500);

/// How often the group is looked at for what outlives the child: soon, then less and less.
const FIRST_LOOK: Duration = Duration::from_millis(1);
const LAST_LOOK: Duration = Duration::from_millis(50);

impl Kept {
    fn has_exited(&self) -> bool {
        self.exit.borrow().is_some()
    }

    /// Waits for the exit of the process itself, and tells it.
    async fn exited(&mut self) -> Exit {
        let exit = self.pump.until(self.processes.exited()).await;
        // Its last words belong to its exit.
        self.pump.drain();
        self.exit.send_if_modified(|told| told.replace(exit).is_none());
        exit
    }

    /// Waits until nothing runs in the group.
    async fn gone(&mut self) {
        self.exited().await;
        let mut pause = FIRST_LOOK;
        while self.has_company() {
            self.pump.until(sleep(pause)).await;
            pause = (pause * 2).min(LAST_LOOK);
        }
    }

    /// Whether somebody else of the group runs. Where the system does not tell, whoever can still write to the
    /// standard error is somebody.
    fn has_company(&self) -> bool {
        self.processes.have_company().unwrap_or_else(|| !self.pump.is_over())
    }

    /// Kills whatever is left, and reaps it.
    async fn end(mut self) -> Exit {
        self.processes.kill();
        // What lasts longer is reaped elsewhere, by the drop.
        let _ = timeout(DYING, self.gone()).await;
        let exit = *self.exit.borrow();
        let reaped = self.processes.reaped();
        let _ = timeout(DYING, self.pump.until(reaped)).await;
        self.pump.drain();
        exit.unwrap_or(Exit::Unknown)
    }
}
