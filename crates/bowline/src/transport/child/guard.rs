//! What a guard does.

use super::platform::living;
use crate::error::{Error, Result};
use rustix::process::{Pid, Signal, getpgrp, getpid, kill_current_process_group};
use std::io;
use std::thread;
use std::time::{Duration, Instant};
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

/// Guards the process group that this process leads, until this process is killed with it.
///
/// This is all that a program does which [`Command::guard`](super::Command::guard) names. It waits for the end of its
/// standard input, which comes when the process that started it has gone. Then it gives the group half a second to end
/// by itself, tells it to terminate, and kills it, itself included, at most 1.3 seconds after the end of input.
/// Signals to end are not for it. It prints nothing.
///
/// # Errors
///
/// This process does not lead its group, so that the group is not one to kill; or the system has no room for it.
pub fn guard() -> Result<()> {
    if getpgrp() != getpid() {
        return Err(Error::invalid(
            "a guard kills its process group and does not lead this one; let `Command::guard` start it",
        ));
    }
    let refused = |error| Error::io("cannot be deaf to signals", error);
    let runtime = Builder::new_current_thread().enable_io().build().map_err(refused)?;
    let entered = runtime.enter();
    // A signal that somebody could hear no longer ends the process, whether anybody listens or not.
    for kind in [SignalKind::hangup(), SignalKind::interrupt(), SignalKind::terminate()] {
        drop(signal(kind).map_err(refused)?);
    }
    drop(entered);
    drop(runtime);
    // A directory that somebody may want to remove or unmount.
    let _ = std::env::set_current_dir("/");
    // However it ends, the other side has gone.
    let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
    end(getpid());
    Ok(())
}

/// From the end of input, which the group has seen too, to the signal to terminate, and from that to the kill.
const EOF: Duration = Duration::from_millis(500);
const TERM: Duration = Duration::from_millis(750);

/// How often the group is looked at.
const LOOK: Duration = Duration::from_millis(20);

fn end(leader: Pid) {
    if !is_gone_within(EOF, leader) {
        let _ = kill_current_process_group(Signal::TERM);
        is_gone_within(TERM, leader);
    }
    // Even an empty group: somebody may have come since.
    let _ = kill_current_process_group(Signal::KILL);
}

fn is_gone_within(time: Duration, leader: Pid) -> bool {
    let until = Instant::now() + time;
    while living(&[leader]) != Some(false) {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        thread::sleep(left.min(LOOK));
    }
    true
}
