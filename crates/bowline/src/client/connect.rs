//! Making a connection: which way leads to the server is tried, and the first that does is taken.
//!
//! What to try next decides [`Probe`]; here it is done.

use super::live::{Core, Ears, Live};
use super::remember::Memory;
use super::session;
use super::target::{Kind, Pipe};
use super::web;
use super::wire::{Event, Failure, MemoryWire, Outgoing, StreamWire, Traced, Wire};
use crate::error::{Error, Result};
use crate::transport::child::{Group, StderrLog};
use bowline_protocol::era::client::{Agreed, NoAgreement, Speaker};
use bowline_protocol::era::probe::{Attempt, Brought, Carrier, Failed, Probe, Reason, Step};
use bowline_protocol::http::HeaderMap;
use bowline_protocol::outcome::Body;
use bowline_protocol::protocol::Request;
use bowline_types::method::{Discover, Method};
use std::future::poll_fn;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout};

/// How long a byte stream may be silent after it was opened before its server is taken for one that does not know what
/// it was asked.
const SILENT: Duration = Duration::from_secs(30);

/// The same once its server has said anything at all.
const SILENT_AFTER_OUTPUT: Duration = Duration::from_secs(5);

/// How long a server may be silent over HTTP before it is taken for one that does not know what it was asked: some
/// never answer a request that they cannot read.
const SILENT_OVER_HTTP: Duration = Duration::from_secs(15);

/// How long the end of an attempt may take.
const CLOSING: Duration = Duration::from_secs(5);

/// An open wire, and who hears for it.
struct Opened {
    wire: Arc<dyn Wire>,
    ears: Arc<Ears>,
    stderr: Option<StderrLog>,
    group: Option<Group>,
    carrier: Carrier,
}

/// Makes a connection.
pub(super) async fn connect(core: &Arc<Core>) -> Result<(Live, Agreed)> {
    let memory = Memory::of(core);
    let mut probe = Probe::new(carrier(core));
    if let Some(pin) = core.setup.pin {
        probe = probe.pin(pin);
    }
    if let Some(way) = memory.recall().await {
        probe = probe.remembered(way);
    }
    let mut opened: Option<Opened> = None;
    let mut fault = None;
    let mut step = probe.begin();
    loop {
        let attempt = match step {
            Step::Try(attempt) => attempt,
            Step::Done { agreed, way } => {
                let Some(opened) = opened else {
                    return Err(Error::closed("the connection ended while it was made"));
                };
                memory.keep(way).await;
                return settle(core, opened, agreed).await;
            }
            Step::Failed(failed) => {
                memory.forget().await;
                let said = opened.as_ref().and_then(|opened| opened.stderr.clone());
                close(opened).await;
                return Err(refused(core, &failed, said, fault));
            }
        };
        let wanted = matches!(attempt, Attempt::Sse { .. }) || attempt.restarts();
        if wanted || opened.is_none() {
            close(opened.take()).await;
            match open(core, attempt).await {
                Ok(there) => opened = Some(there),
                Err(Failure::Refused { status, error, .. }) if status != 0 => {
                    fault = Some(error);
                    step = probe.next(Brought::Status(status));
                    continue;
                }
                Err(failure) => return Err(failure.into_error()),
            }
        }
        let Some(there) = &opened else {
            continue;
        };
        step = match attempt_one(core, there, attempt).await {
            Ok(brought) => probe.next(brought),
            Err((Some(brought), error)) => {
                fault = Some(error);
                if brought == Brought::Ended {
                    // What ended cannot be asked again.
                    let ended = opened.take();
                    let step = probe.next(brought);
                    if let Step::Failed(_) = step {
                        opened = ended
                    } else {
                        close(ended).await
                    }
                    step
                } else {
                    probe.next(brought)
                }
            }
            Err((None, error)) => {
                close(opened).await;
                return Err(error);
            }
        };
    }
}

fn carrier(core: &Core) -> Carrier {
    match &core.target.kind {
        Kind::Url(_) => Carrier::Http,
        Kind::Command(_) | Kind::Custom(_) | Kind::Unix(_) => Carrier::Stream { restartable: true },
        Kind::Memory(_) => Carrier::Stream { restartable: false },
    }
}

async fn open(core: &Arc<Core>, attempt: Attempt) -> Result<Opened, Failure> {
    let ears = core.ears();
    let limits = core.limits();
    let stream = |pipe, child| StreamWire::start(pipe, child, limits, ears.clone());
    let (mut stderr, mut group) = (None, None);
    let wire: Arc<dyn Wire> = match &core.target.kind {
        Kind::Url(url) => web::open(core, url, attempt, ears.clone()).await?,
        Kind::Unix(path) => stream(socket(path).await.map_err(Failure::Unsent)?, None),
        Kind::Command(command) => {
            let mut child = command.start().await.map_err(Failure::Unsent)?;
            stderr = Some(child.stderr());
            group = Some(child.group());
            let Some((input, output)) = child.take_io() else {
                return Err(Failure::Unsent(Error::closed("the process has no streams")));
            };
            stream(Pipe::new(input, output), Some(child))
        }
        Kind::Memory(service) if matches!(attempt, Attempt::Discover { .. }) => {
            MemoryWire::new(service.clone(), limits.clone())
        }
        Kind::Memory(service) => {
            // A session needs a stream: the server gets one end of a pipe, and ends with the other.
            let (ours, theirs) = crate::transport::memory::pair();
            let mut running =
                crate::transport::start(service.clone(), theirs.limits(limits.clone()));
            tokio::spawn(async move { running.wait().await });
            let (input, output) = tokio::io::split(ours);
            stream(Pipe::new(input, output), None)
        }
        Kind::Custom(connect) => stream(connect.connect().await.map_err(Failure::Unsent)?, None),
    };
    let wire = match &core.setup.trace {
        Some(trace) => Traced::new(wire, trace.clone()),
        None => wire,
    };
    Ok(Opened { wire, ears, stderr, group, carrier: carrier(core) })
}

#[cfg(unix)]
async fn socket(path: &Path) -> Result<Pipe> {
    let socket = tokio::net::UnixStream::connect(path).await.map_err(|error| {
        let fault = format!("cannot connect to unix:{}", path.display());
        Error::unreachable(fault).because(error)
    })?;
    let (input, output) = socket.into_split();
    Ok(Pipe::new(input, output))
}

#[cfg(not(unix))]
async fn socket(_: &Path) -> Result<Pipe> {
    Err(Error::invalid("there are no Unix sockets on this system"))
}

async fn close(opened: Option<Opened>) {
    if let Some(opened) = opened {
        opened.wire.close(CLOSING).await;
    }
}

/// Sends what the attempt is, and waits for what it brings; with an error, also for a person.
async fn attempt_one(
    core: &Core,
    opened: &Opened,
    attempt: Attempt,
) -> Result<Brought, (Option<Brought>, Error)> {
    let setup = &core.setup;
    let request = match attempt {
        Attempt::Discover { revision, .. } => {
            // What a stream says is read by no version's rules before one is agreed on; HTTP says it in headers.
            if opened.carrier == Carrier::Http {
                opened.wire.settle(revision);
            }
            let speaker = Speaker::new(revision, &setup.info, &setup.capabilities, None);
            let params = speaker.outgoing(Discover::NAME, Body::empty());
            let params = params.map_err(|fault| (None, Error::unsupported(fault.to_string())))?;
            Request::new(Discover::NAME).params(params)
        }
        Attempt::Initialize { revision, .. } | Attempt::Sse { revision } => {
            session::initialize(revision, setup).map_err(|error| (None, error))?
        }
    };
    let mut exchange = opened.wire.exchange(Outgoing { request, headers: HeaderMap::new() });
    let exchange = &mut *exchange;
    let answered = async {
        loop {
            match poll_fn(|task| exchange.poll_next(task)).await {
                Ok(Event::Answer(response)) => {
                    return Ok(Brought::response(response, exchange.status()));
                }
                Ok(Event::Notification(message)) => core.notification(&message, None),
                Ok(Event::Progress(_) | Event::Question(_) | Event::Cancelled(_) | Event::Left) => {
                }
                Err(failure) => return Err(failure),
            }
        }
    };
    let patience = match (opened.carrier, attempt) {
        (Carrier::Stream { .. }, _) => SILENT,
        (Carrier::Http, Attempt::Discover { .. }) => SILENT_OVER_HTTP,
        (Carrier::Http, _) => core.limits().call_idle_timeout,
    };
    let (began, thought) = (Instant::now(), core.thinking());
    let silence = async {
        if matches!(opened.carrier, Carrier::Stream { .. })
            && timeout(patience, any_output(opened)).await.is_ok()
        {
            sleep_until((Instant::now() + SILENT_AFTER_OUTPUT).min(began + patience)).await;
        } else {
            // While a person logs in nobody is silent.
            let mut until = began + patience;
            while Instant::now() < until {
                sleep_until(until).await;
                until = began + patience + (core.thinking() - thought);
            }
        }
    };
    let is_http = opened.carrier == Carrier::Http;
    tokio::select! {
        biased;
        answered = answered => match answered {
            Ok(brought) => Ok(brought),
            Err(Failure::Refused { error, status, .. }) if status != 0 => {
                Err((Some(Brought::Status(status)), error))
            }
            Err(Failure::Lost(error)) if is_http => Err((Some(Brought::Garbage), error)),
            Err(Failure::SessionLost(error)) => Err((Some(Brought::Status(404)), error)),
            Err(Failure::Lost(error) | Failure::Unsent(error)) if !is_http => {
                Err((Some(Brought::Ended), error))
            }
            Err(failure) => Err((None, failure.into_error())),
        },
        () = silence => Ok(Brought::Silent),
    }
}

/// Waits until the server has said anything at all, on whatever stream.
async fn any_output(opened: &Opened) {
    let mut lines = opened.stderr.as_ref().map(StderrLog::lines);
    let grumbled = async {
        let line = match &mut lines {
            Some(lines) => lines.next().await,
            None => None,
        };
        if line.is_none() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = opened.ears.spoken() => {}
        () = grumbled => {}
    }
}

/// Makes what was found a connection.
async fn settle(core: &Arc<Core>, opened: Opened, agreed: Agreed) -> Result<(Live, Agreed)> {
    let revision = agreed.revision;
    opened.wire.settle(revision);
    let setup = &core.setup;
    let speaker = Speaker::new(revision, &setup.info, &setup.capabilities, core.log_level());
    let live = Live {
        wire: opened.wire,
        speaker: Arc::new(speaker),
        stderr: opened.stderr,
        group: opened.group,
        number: opened.ears.number(),
        since: Instant::now(),
        ears: opened.ears,
    };
    if !live.is_modern() {
        session::begin(&live).await?;
    }
    Ok((live, agreed))
}

/// Why there is no connection, for people: what was tried, and what the last attempt failed with.
fn refused(core: &Core, failed: &Failed, said: Option<StderrLog>, fault: Option<Error>) -> Error {
    let name = &core.name;
    let mut message = format!("cannot connect to {name}: {failed}");
    let tail = said.map(|log| log.tail()).unwrap_or_default();
    if let Some(last) = tail.lines().rev().find(|line| !line.trim().is_empty()) {
        message += &format!("; the last it said on standard error: {}", last.trim().escape_debug());
    }
    let error = match &failed.reason {
        _ if failed.wants_credentials() => Error::unauthorized(message),
        Reason::Ended => Error::closed(message),
        Reason::Silent => Error::timed_out(message),
        Reason::Status(429 | 503) => Error::overloaded(message),
        Reason::NoAgreement(NoAgreement::NoneInCommon(_)) | Reason::Pinned { .. } => {
            Error::unsupported(message)
        }
        _ => Error::no_connection(message),
    };
    match fault {
        Some(fault) => error.because(fault),
        None => error,
    }
}
