//! From a plan to a server that is being served, and the words that say how to reach it.

use crate::exit::Fault;
use crate::plan::{Endpoint, Example, Listen, Secret, TraceTo, Ways};
use crate::serve::everything::sabotage;
use bowline::config::Auth;
use bowline::layer::Trace;
use bowline::protocol::era::modern;
use bowline::transport::http::{Http, Introspection, Issuer, Protected, TlsFiles};
use bowline::transport::{self, Running, Stdio, Unix};
use bowline::{Host, Server, Service};
use serde_json::json;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// What is served.
pub(crate) struct Served {
    service: Arc<dyn Service>,
    rooms: Option<Rooms>,
    /// Whose callers may make logins of their own.
    host: Option<Host>,
}

/// Finds what is served below a folder of the URL.
type Rooms = Arc<dyn Fn(&str) -> Option<Arc<dyn Service>> + Send + Sync>;

/// A server that is being served.
pub(crate) struct Listening {
    pub(crate) running: Running,
    /// What whoever started it should know: where it listens first, then how to use it.
    pub(crate) notices: Vec<String>,
}

impl Served {
    /// One of the servers that are built in.
    ///
    /// # Errors
    /// When something about it is wrong.
    pub(crate) fn builtin(server: &Server) -> Result<Self, Fault> {
        server.check()?;
        Ok(Self::service(Arc::new(sabotage::wrap(server.clone()))))
    }

    /// Something that answers.
    pub(crate) fn service(service: Arc<dyn Service>) -> Self {
        Self { service, rooms: None, host: None }
    }

    /// All servers of a host together, and each server and profile by itself.
    pub(crate) fn host(host: &Host) -> Self {
        let rooms = host.clone();
        let rooms: Rooms = Arc::new(move |folder| rooms.find(folder));
        Self { service: host.service(), rooms: Some(rooms), host: Some(host.clone()) }
    }

    /// The same, with every message written down where that is wanted.
    fn traced(self, trace: Option<&TraceTo>) -> Result<Self, Fault> {
        let Self { service, rooms, host } = self;
        let trace = match trace {
            None => return Ok(Self { service, rooms, host }),
            Some(TraceTo::File(file)) => Trace::to_file(service, file)?,
            Some(TraceTo::Stderr) => Trace::to_stderr(service)?,
        };
        let trace = Arc::new(trace);
        let rooms = rooms.map(|rooms| traced_rooms(rooms, trace.clone()));
        Ok(Self { service: trace, rooms, host })
    }
}

/// Rooms in which every message is written down. The same service gets the same trace, since sessions are kept with it.
fn traced_rooms(rooms: Rooms, trace: Arc<Trace<Arc<dyn Service>>>) -> Rooms {
    type Known = HashMap<Box<str>, (Arc<dyn Service>, Arc<dyn Service>)>;
    // Folders are here only while something is in them.
    let known = Mutex::new(Known::new());
    Arc::new(move |folder| {
        let found = rooms(folder);
        let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(service) = found else {
            known.remove(folder);
            return None;
        };
        match known.get(folder) {
            Some((same, traced)) if Arc::ptr_eq(same, &service) => Some(traced.clone()),
            _ => {
                let traced: Arc<dyn Service> = Arc::new(trace.beside(service.clone()));
                known.insert(folder.into(), (service, traced.clone()));
                Some(traced)
            }
        }
    })
}

/// Begins to serve.
///
/// # Errors
/// When the address cannot be listened on, or something about the server is wrong.
pub(crate) async fn start(served: Served, ways: Ways) -> Result<Listening, Fault> {
    let Served { service, rooms, host } = served.traced(ways.trace_messages.as_ref())?;
    match ways.listen {
        Listen::Stdio => {
            let running = transport::start(service, Stdio.limits(ways.limits));
            Ok(Listening { running, notices: vec!["listening on stdio".to_owned()] })
        }
        Listen::Unix { path, uids } => {
            let unix = Unix::bind_for(path, uids).await?.limits(ways.limits);
            let path = unix.path().display().to_string();
            let notices = vec![format!("listening on unix:{path}"), pipe(&path, &ways.example)];
            Ok(Listening { running: transport::start(service, unix), notices })
        }
        Listen::Http(endpoint) => {
            let mut http = Http::bind(&endpoint.address.to_string()).await?;
            http = http.limits(ways.limits).path(&endpoint.path);
            for host in hosts(&endpoint) {
                http = http.allow_host(host)?;
            }
            for origin in &endpoint.allow_origin {
                http = http.allow_origin(origin)?;
            }
            if let Some(url) = &endpoint.public_url {
                http = http.public_url(url)?;
            }
            if endpoint.no_sessions {
                http = http.without_sessions();
            }
            if let Some((cert, key)) = &endpoint.tls {
                http = http.tls(TlsFiles { cert: cert.clone(), key: key.clone() })?;
            }
            if let Some(file) = &endpoint.token_file {
                http = http.token_file(file)?;
            }
            if let Some(Secret(token)) = &endpoint.token {
                http = http.bearer_token(token)?;
            }
            let port = http.address().port();
            let url = url(&endpoint, port);
            if let Some(auth) = &endpoint.auth {
                http = http.protected(protected(auth, &url)?)?;
            }
            if let Some(host) = &host {
                let client = endpoint.auth.as_ref().and_then(|auth| auth.client.as_ref());
                http = http.login_pages(host, origin(&url), client)?;
            }
            if let Some(rooms) = rooms {
                http = http.find(move |folder| rooms(folder));
            }
            let notices = notices(&endpoint, port, &ways.example);
            Ok(Listening { running: transport::start(service, http), notices })
        }
    }
}

/// The hosts it answers for besides the loopback ones: those that were named, and the address itself when it is one.
fn hosts(endpoint: &Endpoint) -> impl Iterator<Item = &str> {
    let address = &endpoint.address;
    let own = !address.is_loopback() && !address.is_unspecified();
    let own = own.then_some(address.host.as_str());
    endpoint.allow_host.iter().map(String::as_str).chain(own)
}

fn notices(endpoint: &Endpoint, port: u16, example: &Example) -> Vec<String> {
    let (local, url) = (local(endpoint, port), url(endpoint, port));
    let mut notices = vec![match &endpoint.public_url {
        Some(_) => format!("listening on {local}, known as {url}"),
        None => format!("listening on {local}"),
    }];
    if endpoint.address.is_unspecified()
        && endpoint.public_url.is_none()
        && endpoint.allow_host.is_empty()
    {
        notices.push(
            "only requests for localhost are answered; name the host that clients use with --allow-host"
                .to_owned(),
        );
    }
    notices.push(curl(&url, endpoint.is_authenticated(), example.call));
    notices.push(config(&url, endpoint.is_authenticated(), example));
    notices
}

/// The URL of the endpoint on this machine.
fn local(endpoint: &Endpoint, port: u16) -> String {
    let scheme = if endpoint.tls.is_some() { "https" } else { "http" };
    format!("{scheme}://{}:{port}{}", endpoint.address.host, endpoint.path)
}

/// The URL of the endpoint as clients know it.
fn url(endpoint: &Endpoint, port: u16) -> String {
    match &endpoint.public_url {
        // A URL with a path of its own is the whole endpoint as clients see it.
        Some(url) if url.splitn(4, '/').nth(3).is_some_and(|path| !path.is_empty()) => url.clone(),
        Some(url) => format!("{}{}", url.trim_end_matches('/'), endpoint.path),
        None => local(endpoint, port),
    }
}

/// What stands before the path of a URL.
fn origin(url: &str) -> &str {
    let begin = url.find("://").map_or(0, |at| at + 3);
    let end = url[begin..].find('/').map_or(url.len(), |at| begin + at);
    &url[..end]
}

/// Which tokens let in to the endpoint at this URL.
fn protected(auth: &Auth, url: &str) -> Result<Protected, Fault> {
    let mut protected = Protected::new(url)?;
    let mut issuer = Issuer::new(&auth.issuer)?;
    if let Some(jwks) = &auth.jwks {
        issuer = issuer.jwks_uri(jwks)?;
    }
    if !auth.algorithms.is_empty() {
        issuer = issuer.algorithms(auth.algorithms.iter().map(String::as_str))?;
    }
    if let Some(cacert) = &auth.cacert {
        issuer = issuer.cacert(cacert);
    }
    protected = protected.issuer(issuer);
    if let Some(told) = &auth.introspection {
        let mut introspection = Introspection::new(&auth.issuer, &told.endpoint)?;
        if let Some(client) = &told.client {
            let secret = client.secret.as_ref().map_or("", |secret| secret.expose());
            introspection = introspection.client(&client.id, secret)?;
        }
        if let Some(cacert) = &auth.cacert {
            introspection = introspection.cacert(cacert);
        }
        protected = protected.introspection(introspection);
    }
    for audience in &auth.audience {
        protected = protected.audience(audience);
    }
    protected = protected.scopes(auth.scopes.iter().map(String::as_str));
    for (scope, others) in &auth.implies {
        protected = protected.implies(scope, others.iter().map(String::as_str));
    }
    Ok(if auth.dpop_required { protected.dpop_required() } else { protected })
}

/// A call of a tool, or what tools there are, to be pasted into a shell.
fn curl(url: &str, authenticated: bool, call: Option<(&str, &str)>) -> String {
    let version = modern::SUPPORTED.last().map_or("", |revision| revision.as_str());
    let token = if authenticated {
        "\n    --header \"Authorization: Bearer $BOWLINE_TOKEN\" \\"
    } else {
        ""
    };
    let (what, method, name, params) = match call {
        Some((tool, arguments)) => (
            "call a tool",
            "tools/call",
            format!(" --header 'Mcp-Name: {tool}'"),
            format!("\"name\":\"{tool}\",\"arguments\":{arguments},"),
        ),
        None => ("list the tools", "tools/list", String::new(), String::new()),
    };
    format!(
        "{what}:
  curl --silent {url} \\{token}
    --header 'Content-Type: application/json' \\
    --header 'Accept: application/json, text/event-stream' \\
    --header 'MCP-Protocol-Version: {version}' \\
    --header 'Mcp-Method: {method}'{name} \\
    --data '{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"{method}\",\"params\":{{{params}
      \"_meta\":{{\"io.modelcontextprotocol/protocolVersion\":\"{version}\",
        \"io.modelcontextprotocol/clientInfo\":{{\"name\":\"curl\",\"version\":\"8\"}},
        \"io.modelcontextprotocol/clientCapabilities\":{{}}}}}}}}'"
    )
}

/// The entry for clients that start a command: it connects standard streams to the socket.
fn pipe(path: &str, Example { server, .. }: &Example) -> String {
    let path = json!(path);
    format!(
        r#"add it to a client: {{"mcpServers": {{"{server}": {{"command": "nc", "args": ["-U", {path}]}}}}}}"#
    )
}

/// The entry for the configuration file that most clients read.
fn config(url: &str, authenticated: bool, Example { server, .. }: &Example) -> String {
    let headers = if authenticated {
        r#", "headers": {"Authorization": "Bearer ${BOWLINE_TOKEN}"}"#
    } else {
        ""
    };
    format!(
        r#"add it to a client: {{"mcpServers": {{"{server}": {{"type": "http", "url": "{url}"{headers}}}}}}}"#
    )
}
