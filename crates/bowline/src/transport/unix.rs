//! Unix sockets, with the framing of stdio: one message a line.

mod file;
mod swap;
#[cfg(test)]
mod tests;

use super::accept::Failures;
use super::{End, Transport, link};
use crate::error::Result;
use crate::principal::Principal;
use crate::service::Service;
use bowline_protocol::limits::Limits;
use file::SocketFile;
use std::collections::BTreeSet;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;

/// A listener on a Unix socket. Each connection carries what [`Stdio`](super::Stdio) does, and is a client of its own.
///
/// The file of the socket can be used by this user only, from the first moment that it is there. Who connects is known
/// by what the kernel says: its [`Principal`] is named `uid:1000`, by the user it runs as. It is closed at once when
/// that is another one than the user that listens, unless [`Unix::bind_for`] named it.
///
/// The file is removed when the listener ends or is dropped, unless something else has taken its place. A process that
/// is killed leaves it behind; the next one replaces it.
#[derive(Debug)]
pub struct Unix {
    /// Removed before the socket is closed: a file without a listener would be one to replace.
    file: SocketFile,
    listener: UnixListener,
    users: Users,
    limits: Limits,
}

impl Unix {
    /// Listens on a path, for processes of the user that runs this one.
    ///
    /// What a process that is gone left there is replaced.
    ///
    /// # Errors
    /// When a process listens there already, or something is there that is no socket; when the path is too long for a
    /// socket (on Linux the path, and its directory with 12 bytes more, must be below 108), names an abstract socket,
    /// or is in a directory whose entries everybody may replace.
    pub async fn bind(path: impl AsRef<Path>) -> Result<Self> {
        Self::bind_for(path, []).await
    }

    /// Listens on a path, for processes of these other users too.
    ///
    /// With any of them every user of the system may connect, and those that are not named are closed at once.
    ///
    /// # Errors
    /// As [`Unix::bind`].
    pub async fn bind_for(
        path: impl AsRef<Path>,
        uids: impl IntoIterator<Item = u32>,
    ) -> Result<Self> {
        let users = Users::new(rustix::process::geteuid().as_raw(), uids);
        let (file, listener) = SocketFile::listen(path.as_ref(), users.mode()).await?;
        Ok(Self { file, listener, users, limits: Limits::default() })
    }

    /// Sets the limits, of which [`connections`](Limits::connections) are for all clients together and the others for
    /// each.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Where it listens, as an absolute path.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.file.path()
    }
}

impl Transport for Unix {
    async fn serve(self, service: Arc<dyn Service>, end: End) -> Result<()> {
        let Self { file, listener, mut users, limits } = self;
        let limits = Arc::new(limits);
        // Owns the connections: when serving is dropped, so are they.
        let mut connections = JoinSet::new();
        let mut failures = Failures::default();
        let mut told = pin!(end.told());
        loop {
            let room = connections.len() < limits.connections;
            tokio::select! {
                // With as many as may be, others wait in the backlog of the system.
                accepted = listener.accept(), if room && !failures.pausing() => match accepted {
                    Ok((stream, _)) => {
                        failures = Failures::default();
                        if let Some(principal) = users.admit(&stream) {
                            let one = one(service.clone(), stream, principal, limits.clone(), end.clone());
                            // One task a connection: it ends with the connection.
                            connections.spawn(one);
                        }
                    }
                    Err(error) => failures.add(&error),
                },
                () = failures.pause(), if failures.pausing() => {}
                Some(_) = connections.join_next() => {}
                () = told.as_mut() => break,
            }
        }
        drop(file);
        drop(listener);
        while connections.join_next().await.is_some() {}
        Ok(())
    }
}

async fn one(
    service: Arc<dyn Service>,
    stream: UnixStream,
    principal: Principal,
    limits: Arc<Limits>,
    end: End,
) {
    let (input, output) = stream.into_split();
    let ended = link::serve(service, input, output, principal, limits, end.signal()).await;
    if let Err(error) = ended {
        tracing::debug!(%error, "connection ended");
    }
}

/// The users whose processes may call.
#[derive(Debug)]
struct Users {
    own: u32,
    others: BTreeSet<u32>,
    /// Who was refused last.
    refused: Option<u32>,
}

impl Users {
    fn new(own: u32, others: impl IntoIterator<Item = u32>) -> Self {
        let others = others.into_iter().filter(|uid| *uid != own).collect();
        Self { own, others, refused: None }
    }

    /// The permissions of the file: who may write to it may connect.
    fn mode(&self) -> u32 {
        if self.others.is_empty() { 0o600 } else { 0o666 }
    }

    /// Who is at the other end, if it may call.
    fn admit(&mut self, stream: &UnixStream) -> Option<Principal> {
        let uid = match stream.peer_cred() {
            Ok(peer) => peer.uid(),
            Err(error) => {
                tracing::warn!(%error, "refused a connection: it is unknown who is at its other end");
                return None;
            }
        };
        if uid == self.own || self.others.contains(&uid) {
            return Some(Principal::process(&format!("uid:{uid}")));
        }
        // Once, lest whoever is refused fills the log.
        if self.refused.replace(uid) != Some(uid) {
            tracing::warn!(
                uid,
                "refused a process of another user; --allow-uid {uid} lets its processes call"
            );
        }
        None
    }
}
