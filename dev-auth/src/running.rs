//! The server while it runs.

use crate::client::registration;
use crate::hostile::Hostile;
use crate::refusal::{Kind, Refusal};
use crate::server::Server;
use crate::settings::Settings;
use crate::{admin, answer, authorize, metadata, token};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::StatusCode;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Starts the server in the runtime of the caller.
///
/// # Errors
///
/// If the address cannot be listened on, or a setting is not what it must be.
pub async fn start(settings: Settings) -> Result<Running, StartError> {
    let failed = |source| StartError::Listen { address: settings.listen, source };
    let listener = TcpListener::bind(settings.listen).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let issuer = settings.issuer.clone().unwrap_or_else(|| format!("http://{address}"));
    let (authority, path) = parts(&issuer)?;
    let authorities =
        vec![authority.to_owned(), address.to_string(), format!("localhost:{}", address.port())];
    let path = path.to_owned();
    let server = Arc::new(Server::new(settings, issuer, authorities)?);
    let router = router(&path, Arc::clone(&server));
    let (stop, stopped) = oneshot::channel();
    // Owned by the value that is returned: ends with it.
    let task = tokio::spawn(async move {
        let ending = async move { drop(stopped.await) };
        // It fails only where accepting connections fails for good; then nobody is left to be told.
        let _ = axum::serve(listener, router).with_graceful_shutdown(ending).await;
    });
    Ok(Running { server, address, stop: Some(stop), task })
}

/// Authority and path of an issuer.
///
/// > The issuer identifier … is a URL that uses the "https" scheme and has no query or fragment components.
///
/// [RFC 8414, section 2](https://www.rfc-editor.org/rfc/rfc8414#section-2); here it may be of http too.
fn parts(issuer: &str) -> Result<(&str, &str), StartError> {
    let wrong = || {
        StartError::Setting(format!(
            "issuer {issuer} is no URL of http or https without query and fragment"
        ))
    };
    let rest = issuer.strip_prefix("https://").or_else(|| issuer.strip_prefix("http://"));
    let rest = rest.ok_or_else(wrong)?;
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let plain = |c: char| c.is_ascii_graphic() && !"?#{}@*".contains(c);
    if authority.is_empty() || !rest.chars().all(plain) {
        return Err(wrong());
    }
    Ok((authority, path.trim_end_matches('/')))
}

/// Everything that is answered, for an issuer with this path.
fn router(path: &str, server: Arc<Server>) -> Router {
    let mut router = Router::new()
        .route(&format!("/.well-known/oauth-authorization-server{path}"), get(metadata::get))
        .route(&format!("/.well-known/openid-configuration{path}"), get(metadata::get))
        .route(&format!("{path}/keys"), get(metadata::keys))
        .route(&format!("{path}/authorize"), get(authorize::get).post(authorize::post))
        .route(&format!("{path}/authorize/answer"), post(authorize::answer))
        .route(&format!("{path}/token"), post(token::post))
        .route(&format!("{path}/register"), post(register))
        .route(&format!("{path}/introspect"), post(token::introspect))
        .route(&format!("{path}/revoke"), post(token::revoke))
        .route("/admin/rotate", post(admin::rotate))
        .route("/admin/revoke", post(admin::revoke))
        .route("/admin/lifetime", post(admin::lifetime))
        .route("/admin/slow", post(admin::slow))
        .route("/admin/requests", get(admin::requests))
        .route("/admin/secrets", get(admin::secrets));
    if !path.is_empty() {
        router =
            router.route(&format!("{path}/.well-known/openid-configuration"), get(metadata::get));
    }
    router
        .layer(DefaultBodyLimit::max(64 * 1024))
        .layer(middleware::from_fn_with_state(Arc::clone(&server), guard))
        .with_state(server)
}

/// Answers nobody who was led here under another name.
async fn guard(State(server): State<Arc<Server>>, request: Request, next: Next) -> Response {
    let host = request.headers().get(http::header::HOST).and_then(|host| host.to_str().ok());
    let named = host.or_else(|| request.uri().authority().map(http::uri::Authority::as_str));
    match named {
        Some(named) if server.authorities.iter().any(|one| one.eq_ignore_ascii_case(named)) => {
            next.run(request).await
        }
        _ => answer::with(
            StatusCode::MISDIRECTED_REQUEST,
            "text/plain",
            format!("this is {}\n", server.authorities.join(" or ")),
        ),
    }
}

async fn register(State(server): State<Arc<Server>>, body: Bytes) -> Response {
    server.count("register");
    let registered = || -> Result<_, Refusal> {
        if !server.settings.registration {
            return Err(Kind::AccessDenied.because("no client may register itself"));
        }
        let now = server.now();
        let (client, answer) =
            registration::register(&body, server.settings.application_type, now)?;
        server.note(client.client_secret.as_deref());
        server.books().add_client(client, u64::MAX, now)?;
        Ok(answer)
    };
    match registered() {
        Ok(answer) => answer::json(StatusCode::CREATED, &answer),
        Err(refusal) => refusal.into_response(),
    }
}

/// A server that runs, until this is dropped.
#[derive(Debug)]
pub struct Running {
    server: Arc<Server>,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Running {
    /// The issuer, exactly.
    pub fn issuer(&self) -> &str {
        &self.server.issuer
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes how it misbehaves, from the next request on.
    pub fn misbehave(&self, hostile: Hostile) {
        self.server.misbehave(hostile);
    }

    /// Signs with another key from now on; the identifier of that key.
    pub fn rotate(&self) -> String {
        self.server.books().keys.rotate()
    }

    /// Lets access tokens last for so long from now on, in whole seconds.
    pub fn set_token_lifetime(&self, lifetime: Duration) {
        self.server.set_lifetime(lifetime.as_secs());
    }

    /// Ends every login of a user; how many there were.
    pub fn revoke(&self, user: &str) -> usize {
        self.server.books().revoke_user(user, self.server.now())
    }

    /// How many requests there were of each sort: `metadata`, `keys`, `authorize`, `register`, `introspect`, `revoke`,
    /// and `token` with the grant type behind it.
    pub fn requests(&self) -> BTreeMap<String, u64> {
        self.server.requests()
    }

    /// Everything that nobody else may see, where the settings say that it is to be shown.
    pub fn secrets(&self) -> BTreeSet<String> {
        self.server.secrets()
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
