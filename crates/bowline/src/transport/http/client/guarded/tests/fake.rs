//! A network that says what tests want said, and writes down what was wanted of it.

use crate::transport::http::client::guarded::net::{Answer, Net};
use crate::transport::http::client::link::Stream;
use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use tokio::net::TcpStream;

#[derive(Debug, Default)]
pub(super) struct Fake {
    /// What names are, one answer after the other; the last one stays.
    names: Mutex<HashMap<String, VecDeque<Vec<IpAddr>>>>,
    /// Where all connections lead; nowhere without.
    to: Option<SocketAddr>,
    /// Who is said to be at the other end, whoever was connected to.
    peer: Option<IpAddr>,
    asked: Mutex<Vec<String>>,
    tried: Mutex<Vec<SocketAddr>>,
}

impl Fake {
    pub(super) fn to(mut self, address: SocketAddr) -> Self {
        self.to = Some(address);
        self
    }

    pub(super) fn peer(mut self, peer: &str) -> Self {
        self.peer = Some(peer.parse().unwrap());
        self
    }

    /// Adds an answer to whoever asks for a name.
    pub(super) fn name(self, name: &str, addresses: &[&str]) -> Self {
        let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
        self.names.lock().unwrap().entry(name.to_owned()).or_default().push_back(addresses);
        self
    }

    pub(super) fn ready(self) -> Arc<Self> {
        Arc::new(self)
    }

    /// What was asked for since the last time.
    pub(super) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    /// What was connected to since the last time.
    pub(super) fn tried(&self) -> Vec<String> {
        let tried = std::mem::take(&mut *self.tried.lock().unwrap());
        tried.iter().map(ToString::to_string).collect()
    }
}

impl Net for Fake {
    fn resolve(&self, name: &str) -> Answer<Vec<IpAddr>> {
        self.asked.lock().unwrap().push(name.to_owned());
        let mut names = self.names.lock().unwrap();
        let found = names.get_mut(name).and_then(|answers| match answers.len() {
            1 => answers.front().cloned(),
            _ => answers.pop_front(),
        });
        Box::pin(async { found.ok_or_else(|| io::Error::other("no such name")) })
    }

    fn connect(&self, address: SocketAddr) -> Answer<(Box<dyn Stream>, SocketAddr)> {
        self.tried.lock().unwrap().push(address);
        let peer = SocketAddr::new(self.peer.unwrap_or_else(|| address.ip()), address.port());
        let to = self.to;
        Box::pin(async move {
            let to = to.ok_or_else(|| io::Error::from(io::ErrorKind::ConnectionRefused))?;
            Ok((Box::new(TcpStream::connect(to).await?) as Box<dyn Stream>, peer))
        })
    }
}
