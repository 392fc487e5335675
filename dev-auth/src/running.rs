//! The server while it runs.

use crate::hostile::Hostile;
use crate::settings::Settings;
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Starts the server in the runtime of the caller.
///
/// # Errors
///
/// If the address cannot be listened on, or the settings contradict themselves.
pub async fn start(settings: Settings) -> Result<Running, StartError> {
    let listener = TcpListener::bind(settings.listen)
        .await
        .map_err(|source| StartError::Listen { address: settings.listen, source })?;
    let address = listener
        .local_addr()
        .map_err(|source| StartError::Listen { address: settings.listen, source })?;
    let issuer = settings.issuer.clone().unwrap_or_else(|| format!("http://{address}"));
    let hostile = Arc::new(Mutex::new(settings.hostile.clone()));
    let router = axum::Router::new();
    let (stop, stopped) = oneshot::channel();
    // Owned by the value that is returned: ends with it.
    let task = tokio::spawn(async move {
        let ending = async move { drop(stopped.await) };
        // It fails only where accepting connections fails for good; then nobody is left to be told.
        let _ = axum::serve(listener, router).with_graceful_shutdown(ending).await;
    });
    Ok(Running { issuer, address, hostile, stop: Some(stop), task })
}

/// A server that runs, until this is dropped.
#[derive(Debug)]
pub struct Running {
    issuer: String,
    address: SocketAddr,
    hostile: Arc<Mutex<Hostile>>,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Running {
    /// The issuer, exactly.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes how it misbehaves, from the next request on.
    pub fn misbehave(&self, hostile: Hostile) {
        *self.hostile.lock().unwrap_or_else(PoisonError::into_inner) = hostile;
    }

    /// Takes no more requests, and returns when the open ones are answered.
    pub async fn close(mut self) {
        drop(self.stop.take());
        // It fails only if the task panicked, which it has said itself.
        let _ = (&mut self.task).await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Why the server did not start.
#[derive(Debug)]
pub enum StartError {
    /// Nothing can listen there.
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// A setting is not what it must be.
    Setting(String),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listen { address, .. } => {
                write!(f, "cannot listen on {address}; give another --listen")
            }
            Self::Setting(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Listen { source, .. } => Some(source),
            Self::Setting(_) => None,
        }
    }
}
