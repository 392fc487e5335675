//! Serving, and ending it.

use crate::closing::Closing;
use crate::error::{Error, Result};
use crate::service::Service;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

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

    pub(crate) fn signal(&self) -> Closing {
        self.0.clone()
    }
}

/// A service that is being served. Dropping it ends it without waiting.
#[derive(Debug)]
pub struct Running {
    closing: Closing,
    task: JoinHandle<Result<()>>,
}

impl Running {
    /// Waits until the way in ends by itself.
    ///
    /// # Errors
    /// What ended it, if that was a failure.
    pub async fn wait(&mut self) -> Result<()> {
        match (&mut self.task).await {
            Ok(ended) => ended,
            Err(error) => Err(Error::closed("serving broke off").because(error)),
        }
    }

    /// Ends it: new calls are refused, open ones may finish until the deadline, then they are cancelled.
    ///
    /// A second call does nothing.
    ///
    /// # Errors
    /// What ended it, if that was a failure.
    pub async fn close(&mut self, deadline: Duration) -> Result<()> {
        self.closing.close();
        if self.task.is_finished() {
            return Ok(());
        }
        match tokio::time::timeout(deadline, self.wait()).await {
            Ok(ended) => ended,
            Err(_) => {
                self.task.abort();
                let _ = (&mut self.task).await;
                Ok(())
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.closing.close();
        self.task.abort();
    }
}

/// Serves in a task of its own, which the returned value owns.
pub(crate) fn start(service: Arc<dyn Service>, transport: impl Transport) -> Running {
    let closing = Closing::default();
    let end = End(closing.clone());
    let task = tokio::spawn(transport.serve(service, end));
    Running { closing, task }
}
