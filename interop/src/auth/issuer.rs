//! A running `dev-auth`.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

use crate::defects::web;
use crate::server::Running;

/// A running `dev-auth`, which tells all secrets that it has given or seen.
pub(super) struct Issuer {
    running: Running,
    url: String,
}

impl Issuer {
    pub(super) fn new(running: Running) -> Self {
        let url = format!("http://{}", running.address);
        Self { running, url }
    }

    /// The issuer, exactly.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// How many requests there were of a sort.
    pub(super) fn requests(&self, sort: &str) -> Result<u64, String> {
        let counted = get(self.running.address, "/admin/requests")?;
        Ok(counted.get(sort).and_then(Value::as_u64).unwrap_or(0))
    }

    /// Every code, token, verifier and secret so far.
    pub(super) fn secrets(&self) -> Result<Vec<String>, String> {
        let told = get(self.running.address, "/admin/secrets")?;
        let told = told.as_array().ok_or_else(|| format!("{told} is no list of secrets"))?;
        Ok(told.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    }
}

fn get(address: SocketAddr, path: &str) -> Result<Value, String> {
    let failed = |error| format!("cannot talk to {address}: {error}");
    let mut stream = TcpStream::connect(address).map_err(failed)?;
    let head = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).map_err(failed)?;
    web::read(stream, Duration::from_secs(10))?.message()
}
