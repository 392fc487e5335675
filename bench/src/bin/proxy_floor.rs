//! The floor of a reverse proxy: hyper on both sides, and a pool of connections between. It hands on heads and bodies as
//! they are and looks at nothing, so that what a gateway costs above it is what that gateway does itself.
//!
//! `proxy_floor PORT UPSTREAM` listens on one port of the loopback address and hands on to another.

use hyper::body::Incoming;
use hyper::header::{CONNECTION, HOST, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response, Uri, Version};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::io;
use tokio::net::TcpListener;

type Upstream = Client<HttpConnector, Incoming>;

fn main() -> io::Result<()> {
    let mut ports = std::env::args().skip(1).map_while(|port| port.parse::<u16>().ok());
    let (Some(port), Some(upstream)) = (ports.next(), ports.next()) else {
        return Err(io::Error::other("usage: proxy_floor PORT UPSTREAM"));
    };
    // The runtime that a gateway has.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_io().enable_time().build()?;
    runtime.block_on(listen(port, upstream))
}

async fn listen(port: u16, upstream: u16) -> io::Result<()> {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client: Upstream = Client::builder(TokioExecutor::new()).build(connector);
    let authority = format!("127.0.0.1:{upstream}");
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let (client, authority) = (client.clone(), authority.clone());
        // Owned by the runtime: ends with its connection, whose errors are the client's business.
        tokio::spawn(async move {
            let http = hyper::server::conn::http1::Builder::new();
            let service = service_fn(|request| hand_on(&client, &authority, request));
            let _ = http.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn hand_on(
    client: &Upstream,
    authority: &str,
    mut request: Request<Incoming>,
) -> Result<Response<Incoming>, hyper_util::client::legacy::Error> {
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    // Made of parts that were parsed before.
    if let Ok(uri) = Uri::builder().scheme("http").authority(authority).path_and_query(path).build()
    {
        *request.uri_mut() = uri;
    }
    *request.version_mut() = Version::HTTP_11;
    if let Ok(host) = HeaderValue::from_str(authority) {
        request.headers_mut().insert(HOST, host);
    }
    request.headers_mut().remove(CONNECTION);
    let mut response = client.request(request).await?;
    response.headers_mut().remove(CONNECTION);
    Ok(response)
}
