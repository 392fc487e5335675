//! Serving, and ending it.

use super::link::DRAIN;
use crate::closing::Closing;
use crate::error::{Error, Result};
use crate::service::Service;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

/// A way in: something that carries requests to a service.
pub trait Transport: Send + 'static {
    /// Carries requests until the way in ends or `end` is told; then refuses new ones and lets open ones finish.
    fn serve(self, service: Arc<dyn Service>, end: End) -> impl Future<Output = Result<()>> + Send;
}

/// Tells a [`Transport`] when to end.
#[derive(Clone, Debug)]
pub struct End(Closing);

impl End {
    /// Waits until the end is told.
    pub async fn told(&self) {
        self.0.closed().await;
    }

    /// How much longer open calls may run, once the end is told with a deadline.
    #[must_use]
    pub fn remaining(&self) -> Option<Duration> {
        Some(self.0.deadline()?.saturating_duration_since(Instant::now()))
    }

    pub(crate) fn signal(&self) -> Closing {
        self.0.clone()
    }
}

/// A service that is being served.
///
/// Dropping it ends it as [`Running::close`] does with a deadline of five seconds, without waiting.
#[derive(Debug)]
pub struct Running {
    closing: Closing,
    /// `None` once it has ended and been waited for.
    task: Option<JoinHandle<Result<()>>>,
}

/// How long a transport may take to end after its deadline before it is ended from outside.
const GRACE: Duration = Duration::from_secs(1);

impl Running {
    /// Waits until the way in ends by itself. Once it has ended, returns at once.
    ///
    /// # Errors
    /// What ended it, if that was a failure; told once.
    pub async fn wait(&mut self) -> Result<()> {
        let Some(task) = &mut self.task else {
            return Ok(());
        };
        let ended = task.await;
        self.task = None;
        ended.unwrap_or_else(|error| Err(Error::closed("serving broke off").because(error)))
    }

    /// Ends it: new calls are refused, open ones may finish until the deadline, then they are cancelled.
    ///
    /// When it returns, nothing is left. A second call does nothing.
    ///
    /// # Errors
    /// What ended it, if that was a failure.
    pub async fn close(&mut self, deadline: Duration) -> Result<()> {
        let deadline = saturating_add(Instant::now(), deadline);
        self.closing.close_by(deadline);
        if let Ok(ended) = tokio::time::timeout_at(deadline + GRACE, self.wait()).await {
            return ended;
        }
        if let Some(task) = self.task.take() {
            task.abort();
            let _ = task.await;
        }
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.closing.close_by(Instant::now() + DRAIN);
        let Some(mut task) = self.task.take().filter(|task| !task.is_finished()) else {
            return;
        };
        match Handle::try_current() {
            // Owned by nobody any more, hence bounded in time.
            Ok(runtime) => drop(runtime.spawn(async move {
                if timeout(DRAIN + GRACE, &mut task).await.is_err() {
                    task.abort();
                }
            })),
            Err(_) => task.abort(),
        }
    }
}

/// A deadline so far away that it cannot be expressed is one that never comes.
fn saturating_add(now: Instant, time: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(60 * 60 * 24 * 365);
    now + time.min(FAR)
}

/// Serves any service, in a task of its own that the returned value owns.
///
/// For a [`Server`](crate::Server) there is [`Server::start`](crate::Server::start), which checks it first.
pub fn start(service: Arc<dyn Service>, transport: impl Transport) -> Running {
    start_with(|end| transport.serve(service, end))
}

/// Serves something that is no service, in a task of its own that the returned value owns.
pub(crate) fn start_with<F>(serve: impl FnOnce(End) -> F) -> Running
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    let closing = Closing::default();
    let task = tokio::spawn(serve(End(closing.clone())));
    Running { closing, task: Some(task) }
}
