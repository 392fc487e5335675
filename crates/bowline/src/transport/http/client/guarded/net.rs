//! Names and connections, as the system has them.

use crate::transport::http::client::link::Stream;
use std::fmt::Debug;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpStream, lookup_host};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// The network: what is asked for the addresses of a name, and connected over.
pub(super) trait Net: Send + Sync + Debug {
    /// The addresses of a name.
    fn resolve(&self, name: &str) -> Answer<Vec<IpAddr>>;

    /// A connection, and who is at its other end.
    fn connect(&self, address: SocketAddr) -> Answer<(Box<dyn Stream>, SocketAddr)>;
}

pub(super) type Answer<T> = Pin<Box<dyn Future<Output = io::Result<T>> + Send>>;

/// The one this machine is in.
#[derive(Debug)]
pub(super) struct System;

impl Net for System {
    fn resolve(&self, name: &str) -> Answer<Vec<IpAddr>> {
        let name = name.to_owned();
        Box::pin(async move {
            let found = lookup_host((name.as_str(), 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }

    fn connect(&self, address: SocketAddr) -> Answer<(Box<dyn Stream>, SocketAddr)> {
        Box::pin(async move {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            let peer = stream.peer_addr()?;
            Ok((Box::new(stream) as Box<dyn Stream>, peer))
        })
    }
}

/// Connects to the first address that answers. Each gets a head start before the next is tried as well, so that one
/// family of addresses that leads nowhere does not take the time of all.
pub(super) async fn first(
    net: &Arc<dyn Net>,
    addresses: &[IpAddr],
    port: u16,
) -> io::Result<(Box<dyn Stream>, SocketAddr)> {
    let mut waiting = addresses.iter().take(MOST).map(|address| SocketAddr::new(*address, port));
    // They end with this future, which owns them.
    let mut trying = JoinSet::new();
    let mut failed = io::Error::from(io::ErrorKind::AddrNotAvailable);
    loop {
        if let Some(address) = waiting.next() {
            trying.spawn(net.connect(address));
        }
        let joined = match waiting.len() {
            0 => trying.join_next().await,
            _ => match timeout(HEAD_START, trying.join_next()).await {
                Ok(joined) => joined,
                Err(_) => continue,
            },
        };
        match joined {
            Some(Ok(Ok(connected))) => return Ok(connected),
            Some(Ok(Err(error))) => failed = error,
            Some(Err(error)) => failed = io::Error::other(error),
            None => return Err(failed),
        }
    }
}

/// How many addresses of a host are tried.
const MOST: usize = 8;

/// See [RFC 8305](https://www.rfc-editor.org/rfc/rfc8305#section-5).
const HEAD_START: Duration = Duration::from_millis(250);
