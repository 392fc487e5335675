//! The listener that the browser of a person comes back to.
//!
//! It listens on the loopback address, takes requests for one path only, and only those that were sent to it by its own
//! name (a page of the world that has its name resolved to this machine is not let in). It shows pages that say
//! whether it worked, and nothing that came with the request. Whoever drives the login decides whether a visitor is the
//! one who is waited for; others are turned away without ending the wait.
//!
//! See [Loopback interface redirection](https://www.rfc-editor.org/rfc/rfc8252#section-7.3).

use crate::error::{Error, Result};
use crate::transport::http::client::Whole;
use bowline_auth::Url;
use http::header::{
    CACHE_CONTROL, CONNECTION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderName,
    HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{Method, Request, Response, StatusCode};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// A listener for one login. It ends when this is dropped; pages that are being sent still are.
pub(super) struct Callback {
    redirect: Url,
    visitors: mpsc::Receiver<Visitor>,
    /// Owned by this.
    listening: JoinSet<()>,
}

/// Somebody who came to the right place.
pub(super) struct Visitor {
    /// Path and query of the request.
    target: String,
    answer: oneshot::Sender<Told>,
}

/// What a visitor is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// That was it.
    Received,
    /// That was nobody who is waited for.
    Stranger,
}

/// The path that browsers are sent to.
const PATH: &str = "/callback";

/// How long a request may take, and its page.
const TIME: Duration = Duration::from_secs(10);

/// How many visitors there are at once, and how many of them wait to be looked at.
const CONNECTIONS: usize = 16;
const WAITING: usize = 4;

/// How much of a request is read.
const HEAD: usize = 16 * 1024;

impl Callback {
    /// Listens on this port, or one that is free.
    ///
    /// # Errors
    /// The port is taken.
    pub(super) async fn listen(port: Option<u16>) -> Result<Self> {
        let wanted = SocketAddr::from((Ipv4Addr::LOCALHOST, port.unwrap_or(0)));
        let cannot = |error| {
            Error::io(format!("cannot listen on {wanted} for the browser to come back"), error)
        };
        let listener = TcpListener::bind(wanted).await.map_err(cannot)?;
        let address = listener.local_addr().map_err(cannot)?;
        let redirect = Url::parse(&format!("http://{address}{PATH}"))
            .map_err(|fault| Error::invalid(format!("no URL leads to {address}: {fault}")))?;
        let (sender, visitors) = mpsc::channel(WAITING);
        let place = Arc::new(Place { host: address.to_string(), visitors: sender });
        let mut listening = JoinSet::new();
        listening.spawn(accept(listener, place));
        Ok(Self { redirect, visitors, listening })
    }

    /// Where browsers are to be sent.
    pub(super) fn redirect(&self) -> &Url {
        &self.redirect
    }

    /// The next visitor. Cancelling this loses none.
    pub(super) async fn next(&mut self) -> Visitor {
        match self.visitors.recv().await {
            Some(visitor) => visitor,
            // The listener ends with this only.
            None => std::future::pending().await,
        }
    }
}

impl Visitor {
    /// What came with the visitor: path and query.
    pub(super) fn target(&self) -> &str {
        &self.target
    }

    /// Shows a page to the visitor.
    pub(super) fn tell(self, told: Told) {
        // Whoever is gone does not need to be told.
        let _ = self.answer.send(told);
    }
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callback")
            .field("redirect", &self.redirect)
            .field("listening", &self.listening.len())
            .finish_non_exhaustive()
    }
}

/// What a request is held against.
struct Place {
    /// The one `Host` that is meant for it.
    host: String,
    visitors: mpsc::Sender<Visitor>,
}

async fn accept(listener: TcpListener, place: Arc<Place>) {
    // They end with the listener, but for the one that was answered, which has the time to show its page.
    let mut serving = Serving(JoinSet::new());
    loop {
        tokio::select! {
            Some(_) = serving.0.join_next() => {}
            accepted = listener.accept(), if serving.0.len() < CONNECTIONS => match accepted {
                Ok((stream, _)) => {
                    serving.0.spawn(serve(stream, place.clone()));
                }
                // Of one connection, or for want of anything that may be there again.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
        }
    }
}

/// Connections that outlive the listener, for as long as one may take.
struct Serving(JoinSet<()>);

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.detach_all();
    }
}

async fn serve(stream: TcpStream, place: Arc<Place>) {
    let service = service_fn(move |request| {
        let place = place.clone();
        async move { Ok::<_, Infallible>(answer(&request, &place).await) }
    });
    let mut server = http1::Builder::new();
    server.keep_alive(false).max_buf_size(HEAD).timer(TokioTimer::new()).header_read_timeout(TIME);
    // What becomes of a connection only its other end cares for.
    let _ = timeout(LONGEST, server.serve_connection(TokioIo::new(stream), service)).await;
}

/// As long as a page may take after its request was looked at, and that after it was read.
const LONGEST: Duration = Duration::from_secs(30);

async fn answer<B>(request: &Request<B>, place: &Place) -> Response<Whole> {
    let mut hosts = request.headers().get_all(HOST).iter();
    let host = hosts.next().filter(|_| hosts.next().is_none());
    if host.is_none_or(|host| host.as_bytes() != place.host.as_bytes()) {
        return page(StatusCode::MISDIRECTED_REQUEST, "This is not the address of this page.");
    }
    if request.uri().path() != PATH || request.uri().authority().is_some() {
        return page(StatusCode::NOT_FOUND, "There is nothing here.");
    }
    if request.method() != Method::GET {
        return page(StatusCode::METHOD_NOT_ALLOWED, "A browser comes here by a redirect.");
    }
    let target = request.uri().path_and_query().map_or(PATH, |target| target.as_str());
    let (answer, told) = oneshot::channel();
    let visitor = Visitor { target: target.to_owned(), answer };
    let told = async {
        place.visitors.send(visitor).await.ok()?;
        told.await.ok()
    };
    match timeout(TIME, told).await {
        Ok(Some(Told::Received)) => page(
            StatusCode::OK,
            "That was it. You can close this page and go back to where you came from.",
        ),
        Ok(Some(Told::Stranger)) => {
            page(StatusCode::BAD_REQUEST, "This belongs to no login that is under way.")
        }
        _ => page(StatusCode::GONE, "Nobody waits for this login any more."),
    }
}

/// A page that says one thing. Nothing of a request is in it.
fn page(status: StatusCode, says: &str) -> Response<Whole> {
    let text = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Bowline</title>\n<p>{says}</p>\n</html>\n"
    );
    let mut response = Response::new(Whole::new(text));
    *response.status_mut() = status;
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

const HEADERS: [(HeaderName, &str); 7] = [
    (CONTENT_TYPE, "text/html; charset=utf-8"),
    (CACHE_CONTROL, "no-store"),
    (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"),
    (X_FRAME_OPTIONS, "DENY"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // The URL of the page has the code in it.
    (REFERRER_POLICY, "no-referrer"),
    (CONNECTION, "close"),
];

#[cfg(test)]
mod tests;
