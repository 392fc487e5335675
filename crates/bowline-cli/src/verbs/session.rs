//! What every verb that talks to servers works with.

use super::link::{self, Found, Link};
use crate::args::LogArgs;
use crate::exit::{Exit, Fault};
use crate::plan::common::{Common, Output};
use crate::plan::target::Target;
use crate::show::{Folder, Form, Out, Progress, screen};
use crate::signals::Signals;
use crate::terminal::{self, Terminal};
use bowline::Client;
use bowline::client::Request;
use bowline::protocol::scan::Raw;
use bowline::types::jsonrpc::ErrorCode;
use bowline::types::method::Method;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::Builder;
use tokio::time;

/// One run of a verb: where its results go, who can be asked, and which servers it is connected to.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) out: Out,
    pub(crate) folder: Folder,
    pub(crate) logs: LogArgs,
    /// Somebody who can be asked.
    pub(crate) terminal: Option<Terminal>,
    clients: Mutex<Vec<Client>>,
}

/// Runs a verb to its end, or to a signal: what it waits for is cancelled then, and servers are told. Nothing that it
/// started is left in either case.
///
/// # Errors
/// As the verb.
pub(crate) fn talk(
    output: Output,
    logs: LogArgs,
    verb: impl AsyncFnOnce(&Session) -> Result<Exit, Fault>,
) -> Result<Exit, Fault> {
    let built = Builder::new_current_thread().enable_all().build();
    let runtime =
        built.map_err(|error| Fault::new(format!("cannot start the runtime: {error}")))?;
    let ended = runtime.block_on(Session::new(output, logs).run(verb));
    // A read from a terminal cannot be called off; it must not keep the process.
    runtime.shutdown_timeout(Duration::ZERO);
    ended.map_err(|fault| if output == Output::Json { fault.told_as_json() } else { fault })
}

impl Session {
    fn new(output: Output, logs: LogArgs) -> Self {
        let form = match output {
            Output::Fitting => Form::Text,
            Output::Json => Form::Json,
            Output::Raw => Form::Raw,
        };
        Self {
            out: Out::new(form),
            folder: Folder::temporary(),
            logs,
            terminal: Terminal::open(),
            clients: Mutex::default(),
        }
    }

    async fn run(
        self,
        verb: impl AsyncFnOnce(&Self) -> Result<Exit, Fault>,
    ) -> Result<Exit, Fault> {
        let mut signals = Signals::new()?;
        let ended = tokio::select! {
            ended = verb(&self) => ended,
            signal = signals.next() => {
                screen::live(None);
                terminal::restore();
                // Whoever interrupts does not want to wait for servers that take their time.
                let _ = time::timeout(HURRY, self.close()).await;
                return Ok(signal.at_once());
            }
        };
        // A server that did not answer in time will hardly do so now.
        let patience = match &ended {
            Err(fault) if matches!(fault.code(), Exit::TimedOut | Exit::Violation) => HURRY,
            _ => PATIENCE,
        };
        tokio::select! {
            // What is not closed by then is dropped, which ends processes too.
            _ = time::timeout(patience, self.close()) => ended,
            signal = signals.next() => Ok(signal.at_once()),
        }
    }

    /// Connects to a server; the connection is closed when the verb ends.
    ///
    /// # Errors
    /// When there is no such server, or it cannot be reached.
    pub(crate) async fn connect(&self, target: &Target, common: &Common) -> Result<Link, Fault> {
        self.connect_to(link::find(target, common).await?, common).await
    }

    /// As [`Session::connect`], to a server that was found already.
    ///
    /// # Errors
    /// When it cannot be reached.
    pub(crate) async fn connect_to(&self, found: Found, common: &Common) -> Result<Link, Fault> {
        let link = link::connect(found, common, self).await?;
        self.clients.lock().unwrap_or_else(PoisonError::into_inner).push(link.client.clone());
        Ok(link)
    }

    /// Sends a request and waits for its result, showing how far it is.
    ///
    /// # Errors
    /// As the request.
    pub(crate) async fn ask<M: Method>(
        &self,
        link: &Link,
        label: &str,
        mut request: Request<M>,
    ) -> Result<Raw, Fault> {
        if let Some(timeout) = link.timeout {
            request = request.timeout(timeout);
        }
        let progress = Arc::new(Progress::new(label, self.logs.quiet));
        let hear = progress.clone();
        let answer = request.on_progress(move |report| hear.report(&report)).raw().await;
        progress.end();
        answer.map_err(|error| {
            let fault = fault(link, &error);
            // What we did not declare is to be asked, for which there is nobody here; or to sample, which is not for us.
            match (fault.rpc_code() == Some(UNDECLARED), &self.terminal) {
                (false, _) => fault,
                (true, None) => {
                    fault.hint("if it wants to ask you something, do this at a terminal")
                }
                (true, Some(_)) => {
                    fault.hint("it wants something that only a host with a model has")
                }
            }
        })
    }

    /// Waits for something else than one request, for as long as one request may take.
    ///
    /// # Errors
    /// As what is waited for, or when it takes longer.
    pub(crate) async fn within<T>(
        &self,
        link: &Link,
        waiting: impl Future<Output = bowline::Result<T>>,
    ) -> Result<T, Fault> {
        let done = match link.timeout {
            Some(timeout) => time::timeout(timeout, waiting).await.map_err(|_| {
                Fault::new(format!("no answer within {timeout:?}")).exit(Exit::TimedOut)
            })?,
            None => waiting.await,
        };
        done.map_err(|error| fault(link, &error))
    }

    /// Closes every connection.
    async fn close(&self) {
        let clients =
            std::mem::take(&mut *self.clients.lock().unwrap_or_else(PoisonError::into_inner));
        let mut closing = tokio::task::JoinSet::new();
        for client in clients {
            closing.spawn(async move { client.close().await });
        }
        while closing.join_next().await.is_some() {}
    }
}

const UNDECLARED: i64 = ErrorCode::MISSING_REQUIRED_CLIENT_CAPABILITY.0;

/// How long servers may take to end after a signal, or when something is wrong with them.
const HURRY: Duration = Duration::from_millis(1500);
/// How long they may take otherwise: that of a process that neither heeds the end of its input nor a polite signal.
const PATIENCE: Duration = Duration::from_secs(6);

/// What went wrong with a server, with what its process said when it may have been its fault.
fn fault(link: &Link, error: &bowline::Error) -> Fault {
    let fault = Fault::of_server(error);
    if error.rpc().is_some() { fault } else { fault.stderr(&link.client.stderr()) }
}

/// Reads the result of a request as what it should be.
///
/// # Errors
/// When it is something else.
pub(crate) fn decoded<M: Method>(result: &Raw) -> Result<M::Result, Fault> {
    result
        .decode()
        .map_err(|fault| Fault::new(format!("{}: {fault}", M::NAME)).exit(Exit::Violation))
}
