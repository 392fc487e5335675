//! When a host knows what its servers offer, and whom it tells.

#[cfg(feature = "auth")]
mod own;
mod starting;

use crate::client::{Client, Target};
use crate::host::Host;
use crate::principal::Principal;
use crate::server::Server;
use crate::service::{Answer, Call, Service};
use crate::transport::memory;
use bowline_protocol::limits::Limits;
use bowline_types::subscription::SubscriptionFilter;
use bowline_types::tool::Tool;
use serde_json::{Value, json};
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout};

async fn nothing() -> &'static str {
    "nothing"
}

/// A server that gets another tool while its tools are listed first.
struct Changing {
    server: Server,
    /// Whether the list that is told has it already.
    is_in_list: bool,
    listed: AtomicUsize,
    /// Nothing is listed before there is one.
    go: Semaphore,
}

impl Service for Changing {
    fn call(self: Arc<Self>, call: Call) -> Answer {
        let inner = Arc::new(self.server.clone());
        if call.cx.request().row().name != "tools/list" {
            return inner.call(call);
        }
        Answer::new(async move {
            let _go = self.go.acquire().await;
            let add = || {
                self.server.add_tool(Tool::new("second"), nothing).unwrap();
            };
            let first = self.listed.fetch_add(1, Ordering::SeqCst) == 0;
            if first && self.is_in_list {
                add();
            }
            let answer = inner.call(call).await;
            if first && !self.is_in_list {
                add();
            }
            if first {
                // What is told of it arrives first.
                sleep(Duration::from_millis(1)).await;
            }
            answer
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_while_the_lists_are_read_is_seen_and_told_once() {
    for is_in_list in [false, true] {
        let server = Server::new("s", "1").tool(Tool::new("first"), nothing);
        let (listed, go) = (AtomicUsize::new(0), Semaphore::new(0));
        let changing = Arc::new(Changing { server, is_in_list, listed, go });
        let target = Target::service(changing.clone());
        let host = Host::builder().server("one", target).begin().unwrap();
        let listener = Client::connect(Target::service(host.service())).await.unwrap();
        let filter = SubscriptionFilter::new().tools_list_changed(true);
        let mut changes = listener.subscribe(filter).await.unwrap();
        changing.go.add_permits(1);
        let mut told = 0;
        while let Ok(Some(_)) = timeout(Duration::from_secs(60), changes.next()).await {
            told += 1;
        }
        let tools = host.tools().await.unwrap();
        let names: Vec<_> = tools.iter().map(|tool| tool.name.as_str()).collect();
        assert_eq!(names, ["one__first", "one__second"], "{is_in_list}");
        assert_eq!(told, 1, "{is_in_list}");
        host.close().await;
    }
}

/// A server that never says anything.
struct Silent;

impl Service for Silent {
    fn call(self: Arc<Self>, _: Call) -> Answer {
        Answer::new(pending())
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_waits_ten_seconds_for_servers_that_tell_nothing() {
    let server = Server::new("s", "1").tool(Tool::new("first"), nothing);
    let host = Host::builder()
        .server("silent", Target::service(Arc::new(Silent)))
        .server("one", Target::service(Arc::new(server)))
        .begin()
        .unwrap();
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let params = json!({ "_meta": meta });
    let list = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": params });
    let asked = Instant::now();
    let (principal, limits) = (Principal::anonymous(), Arc::new(Limits::default()));
    let said = memory::answer(host.service(), list.to_string(), principal, limits).await;
    assert_eq!(asked.elapsed().as_secs(), 10);
    let response: Value = said.response.unwrap().decode().unwrap();
    assert_eq!(response["result"]["tools"][0]["name"], "one__first", "{response}");
    host.close().await;
}
