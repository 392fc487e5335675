//! From a plan to a server that is being served, and the words that say how to reach it.

use crate::exit::Fault;
use crate::plan::{Endpoint, Example, Listen, Secret, TraceTo, Ways};
use crate::serve::everything::sabotage;
use bowline::layer::Trace;
use bowline::protocol::era::modern;
use bowline::transport::http::{Http, TlsFiles};
use bowline::transport::{self, Running, Stdio, Transport, Unix};
use bowline::{Server, Service};
use serde_json::json;
use std::sync::Arc;

/// A server that is being served.
pub(crate) struct Listening {
    pub(crate) running: Running,
    /// What whoever started it should know: where it listens first, then how to use it.
    pub(crate) notices: Vec<String>,
}

/// Begins to serve.
///
/// # Errors
/// When the address cannot be listened on, or something about the server is wrong.
pub(crate) async fn start(server: &Server, ways: Ways) -> Result<Listening, Fault> {
    let trace = ways.trace_messages.as_ref();
    match ways.listen {
        Listen::Stdio => {
            let running = begin(server, trace, Stdio.limits(ways.limits))?;
            Ok(Listening { running, notices: vec!["listening on stdio".to_owned()] })
        }
        Listen::Unix { path, uids } => {
            let unix = Unix::bind_for(path, uids).await?.limits(ways.limits);
            let path = unix.path().display().to_string();
            let notices = vec![format!("listening on unix:{path}"), pipe(&path, &ways.example)];
            Ok(Listening { running: begin(server, trace, unix)?, notices })
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
            let notices = notices(&endpoint, http.address().port(), &ways.example);
            Ok(Listening { running: begin(server, trace, http)?, notices })
        }
    }
}

/// Serves the server, and writes down what it hears and says where that is wanted.
fn begin(
    server: &Server,
    trace: Option<&TraceTo>,
    transport: impl Transport,
) -> Result<Running, Fault> {
    server.check()?;
    let service = sabotage::wrap(server.clone());
    let service: Arc<dyn Service> = match trace {
        Some(TraceTo::File(file)) => Arc::new(Trace::to_file(service, file)?),
        Some(TraceTo::Stderr) => Arc::new(Trace::to_stderr(service)?),
        None => Arc::new(service),
    };
    Ok(transport::start(service, transport))
}

/// The hosts it answers for besides the loopback ones: those that were named, and the address itself when it is one.
fn hosts(endpoint: &Endpoint) -> impl Iterator<Item = &str> {
    let address = &endpoint.address;
    let own = !address.is_loopback() && !address.is_unspecified();
    let own = own.then_some(address.host.as_str());
    endpoint.allow_host.iter().map(String::as_str).chain(own)
}

fn notices(endpoint: &Endpoint, port: u16, example: &Example) -> Vec<String> {
    let scheme = if endpoint.tls.is_some() { "https" } else { "http" };
    let local = format!("{scheme}://{}:{port}{}", endpoint.address.host, endpoint.path);
    let url = match &endpoint.public_url {
        // A URL with a path of its own is the whole endpoint as clients see it.
        Some(url) if url.splitn(4, '/').nth(3).is_some_and(|path| !path.is_empty()) => url.clone(),
        Some(url) => format!("{}{}", url.trim_end_matches('/'), endpoint.path),
        None => local.clone(),
    };
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
    notices.extend(example.call.map(|call| curl(&url, endpoint.is_authenticated(), call)));
    notices.push(config(&url, endpoint.is_authenticated(), example));
    notices
}

/// A call of a tool, to be pasted into a shell.
fn curl(url: &str, authenticated: bool, (tool, arguments): (&str, &str)) -> String {
    let version = modern::SUPPORTED.last().map_or("", |revision| revision.as_str());
    let token = if authenticated {
        "\n    --header \"Authorization: Bearer $BOWLINE_TOKEN\" \\"
    } else {
        ""
    };
    format!(
        "call a tool:
  curl --silent {url} \\{token}
    --header 'Content-Type: application/json' \\
    --header 'Accept: application/json, text/event-stream' \\
    --header 'MCP-Protocol-Version: {version}' \\
    --header 'Mcp-Method: tools/call' --header 'Mcp-Name: {tool}' \\
    --data '{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{{\"name\":\"{tool}\",\"arguments\":{arguments},
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
