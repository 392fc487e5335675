//! Pages that tell how a host stands, for people, for what keeps it running, and for what draws curves of it.
//!
//! | path | status | tells |
//! |---|---|---|
//! | `/healthz`, `/health`, `/livez` | 200 | that the process answers |
//! | `/readyz` | 200 or 503 | `{"ready":false,"reasons":["…"]}`: whether calls can be served, and what is in the way |
//! | `/status` | 200 | a [`Status`] as JSON |
//! | `/metrics` | 200 | the same in the [text format] of Prometheus |
//!
//! They are for GET and HEAD. The listener checks what it always does: an address that others can reach is refused
//! without tokens and TLS, the token is asked for on every page, and hosts and origins are checked. There is no session
//! identifier in any of them, and no name of a principal.
//!
//! [text format]: https://prometheus.io/docs/instrumenting/exposition_formats/

mod metrics;
#[cfg(test)]
mod tests;

use super::status::{Readiness, Status};
use crate::error::Result;
use crate::transport::http::Http;
use crate::transport::http::pages::{Page, Pages};
use crate::transport::{Running, running};
use http::StatusCode;
use serde_json::json;
use std::pin::Pin;
use std::sync::Arc;

/// Who knows how a host stands.
pub trait Reports: Send + Sync + 'static {
    /// How it stands.
    fn status(&self) -> Pin<Box<dyn Future<Output = Status> + Send + '_>>;

    /// Whether its configuration is loaded, and the servers are there without which it is of no use.
    fn ready(&self) -> Readiness;
}

/// Serves the pages, in a task of its own that the returned value owns. Of the endpoint of the listener the path and
/// what it says of sessions do not count.
///
/// # Errors
/// As [`Http::check`]: when others can reach the address without a token, or unencrypted.
pub fn start(reports: Arc<dyn Reports>, http: Http) -> Result<Running> {
    http.check()?;
    Ok(running::start_with(|end| http.serve_pages(Arc::new(Admin(reports)), end)))
}

struct Admin(Arc<dyn Reports>);

impl Pages for Admin {
    fn page(&self, path: &str) -> Pin<Box<dyn Future<Output = Page> + Send + '_>> {
        match path {
            "/status" => Box::pin(async { json(StatusCode::OK, &self.0.status().await) }),
            "/metrics" => Box::pin(async {
                let text = metrics::text(&self.0.status().await).into();
                Page { status: StatusCode::OK, media_type: metrics::MEDIA_TYPE, text }
            }),
            "/healthz" | "/health" | "/livez" => {
                Box::pin(std::future::ready(Page::plain(StatusCode::OK, "ok\n")))
            }
            "/readyz" => Box::pin(std::future::ready(ready(&self.0.ready()))),
            _ => {
                let text = "nothing is here; there are /healthz, /readyz, /status and /metrics\n";
                Box::pin(std::future::ready(Page::plain(StatusCode::NOT_FOUND, text)))
            }
        }
    }
}

fn ready(readiness: &Readiness) -> Page {
    let ready = readiness.is_ready();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    json(status, &json!({ "ready": ready, "reasons": readiness.reasons }))
}

/// For machines, and on lines for people.
fn json(status: StatusCode, value: &impl serde::Serialize) -> Page {
    match serde_json::to_vec_pretty(value) {
        Ok(mut text) => {
            text.push(b'\n');
            Page { status, media_type: "application/json", text: text.into() }
        }
        Err(error) => {
            tracing::error!(%error, "status cannot be encoded");
            Page::plain(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the status cannot be encoded; see the log\n",
            )
        }
    }
}
