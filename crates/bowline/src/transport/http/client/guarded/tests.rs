//! Where a peer can and cannot lead us.

mod answers;
mod canary;
mod fake;
mod hosts;

use super::{Guarded, Reach};
use crate::error::{Error, Result};
use crate::transport::http::client::Options;
use bytes::Bytes;
use fake::Fake;
use http::{Method, Request, Response};
use std::sync::Arc;

const WORLD: Reach = Reach { loopback: false, private: false };
const HERE: Reach = Reach { loopback: true, private: false };
const NETWORK: Reach = Reach { loopback: false, private: true };

/// An address of the world that nothing is sent to in these tests.
const PUBLIC: &str = "93.184.216.34";

fn options() -> Options {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/fixtures/connector");
    Options::default().cacert(format!("{folder}/ca.cert.pem"))
}

fn guarded(fake: &Arc<Fake>, reach: Reach) -> Guarded {
    Guarded::over(fake.clone(), &options(), reach).unwrap()
}

async fn get(guarded: &Guarded, url: &str) -> Result<Response<Bytes>> {
    guarded.fetch(request(Method::GET, url, ""), 3).await
}

fn request(method: Method, url: &str, body: &'static str) -> Request<Bytes> {
    let request = Request::builder().method(method).uri(url);
    request.body(Bytes::from_static(body.as_bytes())).unwrap()
}

/// All levels of an error, none of which may show more of a URL than its origin.
fn shown(error: &Error) -> String {
    let mut shown = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        shown += &format!(": {cause}");
        next = cause.source();
    }
    assert!(!shown.contains("secret"), "{shown}");
    shown
}
