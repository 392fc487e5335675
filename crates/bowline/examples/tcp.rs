//! A transport of one's own: a server and a client over TCP, with one message a line.
//!
//! `cargo run --example tcp` serves on a free port, connects to it and calls a tool.
//!
//! A server's side is a [`Transport`]: it accepts connections and hands each one to [`transport::serve_stream`]. A
//! client's side is a [`Connect`]: it opens connections, also when one is lost. TCP tells nobody who is at the other end,
//! so this one stays on the loopback address.

#![expect(clippy::print_stdout, reason = "it is there to be looked at")]

use bowline::client::{Connect, Pipe};
use bowline::prelude::*;
use bowline::transport::{self, End, Transport};
use bowline::{Client, Principal, Result, Service};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// A listener whose every connection is a client.
struct Tcp(TcpListener);

impl Transport for Tcp {
    async fn serve(self, service: Arc<dyn Service>, end: End) -> Result<()> {
        // Owned by this future: all connections end with it.
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = self.0.accept() => {
                    let Ok((stream, peer)) = accepted else { continue };
                    let (service, end) = (service.clone(), end.clone());
                    connections.spawn(async move {
                        let principal = Principal::process(&format!("tcp:{peer}"));
                        let (input, output) = stream.into_split();
                        transport::serve_stream(service, input, output, principal, end).await
                    });
                }
                () = end.told() => break,
            }
        }
        while connections.join_next().await.is_some() {}
        Ok(())
    }
}

/// The address of a server.
struct At(SocketAddr);

impl Connect for At {
    async fn connect(&self) -> Result<Pipe> {
        let stream = TcpStream::connect(self.0).await;
        let stream = stream.map_err(|error| Error::unreachable(self.name()).because(error))?;
        let (input, output) = stream.into_split();
        Ok(Pipe::new(input, output))
    }

    fn name(&self) -> String {
        format!("tcp:{}", self.0)
    }
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Echo {
    message: String,
}

#[tokio::main]
async fn main() -> Result<()> {
    let fault = |error| Error::unreachable("cannot listen on the loopback address").because(error);
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(fault)?;
    let address = listener.local_addr().map_err(fault)?;
    let server = Server::new("echo", "1.0.0").tool(
        Tool::new("echo").description("Says it again."),
        |Echo { message }: Echo| async move { message },
    );
    let mut running = server.start(Tcp(listener))?;

    let client = Client::builder().connect(bowline::client::Target::custom(At(address))).await?;
    let said: String = client.call("echo", serde_json::json!({ "message": "hello" })).await?;
    println!("{said}, over {}", client.protocol_version());
    client.close().await;
    running.close(std::time::Duration::from_secs(5)).await
}
