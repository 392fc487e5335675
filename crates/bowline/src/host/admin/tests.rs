//! The pages, over real sockets.

use super::{Reports, metrics, start};
use crate::error::Error;
use crate::host::status::{
    Fault, InstanceStatus, Readiness, ServerKind, ServerState, ServerStatus, Status, Usage,
};
use crate::transport::Running;
use crate::transport::http::Http;
use bytes::Bytes;
use expect_test::{Expect, expect};
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A host with nothing but these.
struct Fixed {
    status: Status,
    ready: Readiness,
}

impl Reports for Fixed {
    fn status(&self) -> Pin<Box<dyn Future<Output = Status> + Send + '_>> {
        Box::pin(async {
            tokio::task::yield_now().await;
            self.status.clone()
        })
    }

    fn ready(&self) -> Readiness {
        self.ready.clone()
    }
}

fn status() -> Status {
    let mut status = Status::new(Duration::from_millis(2500));
    status.version = "1.2.3";
    status.servers = vec![ServerStatus::new("notes", ServerKind::Stdio)];
    status
}

async fn local() -> Http {
    Http::bind("127.0.0.1:0").await.unwrap()
}

/// Serves a host, and keeps it served as long as the first lives.
fn served(http: Http, ready: Readiness) -> (Running, SocketAddr) {
    let address = http.address();
    (start(Arc::new(Fixed { status: status(), ready }), http).unwrap(), address)
}

/// Sends one request as it is, and reads until the server closes.
async fn send(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    response
}

/// Sends a request with these headers, each with its end of line; the answer without its date.
async fn ask(address: SocketAddr, line: &str, headers: &str) -> String {
    let request = format!("{line} HTTP/1.1\r\n{headers}Connection: close\r\n\r\n");
    let response = send(address, &request).await.replace("\r\n", "\n");
    response
        .lines()
        .filter(|line| !line.starts_with("date: "))
        .map(|line| format!("{line}\n"))
        .collect()
}

const HOST: &str = "Host: localhost\r\n";

async fn check(line: &str, headers: &str, expected: Expect) {
    let (_running, address) = served(local().await, Readiness::default());
    expected.assert_eq(&ask(address, line, headers).await);
}

#[tokio::test]
async fn a_process_that_answers_is_alive() {
    let (_running, address) = served(local().await, Readiness::default());
    let expected = expect![[r#"
        HTTP/1.1 200 OK
        content-type: text/plain; charset=utf-8
        content-length: 3
        cache-control: no-store
        x-content-type-options: nosniff
        connection: close

        ok
    "#]];
    for path in ["/healthz", "/health", "/livez", "/healthz?verbose"] {
        expected.assert_eq(&ask(address, &format!("GET {path}"), HOST).await);
    }
}

#[tokio::test]
async fn the_status_is_json_for_machines_and_people() {
    check(
        "GET /status",
        HOST,
        expect![[r#"
        HTTP/1.1 200 OK
        content-type: application/json
        content-length: 390
        cache-control: no-store
        x-content-type-options: nosniff
        connection: close

        {
          "version": "1.2.3",
          "uptimeSeconds": 2.5,
          "usage": null,
          "servers": [
            {
              "name": "notes",
              "kind": "stdio",
              "state": "idle",
              "lastError": null,
              "restarts": 0,
              "calls": {
                "running": 0,
                "waiting": 0,
                "parked": 0,
                "total": 0,
                "failed": 0,
                "cancelled": 0
              },
              "instances": []
            }
          ]
        }
    "#]],
    )
    .await;
}

#[tokio::test]
async fn a_head_is_the_answer_without_its_text() {
    check(
        "HEAD /status",
        HOST,
        expect![[r#"
        HTTP/1.1 200 OK
        content-type: application/json
        content-length: 390
        cache-control: no-store
        x-content-type-options: nosniff
        connection: close

    "#]],
    )
    .await;
    let (_running, address) = served(local().await, Readiness::default());
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut client, connection) =
        http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    let connection = tokio::spawn(connection);
    let uri = format!("http://{address}/healthz");
    let request = http::Request::head(uri).body(Empty::<Bytes>::new()).unwrap();
    let response = client.send_request(request).await.unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["content-length"]),
        (200, &"3".parse().unwrap())
    );
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "");
    drop(client);
    connection.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_host_that_is_not_ready_says_what_is_in_the_way() {
    check(
        "GET /readyz",
        HOST,
        expect![[r#"
        HTTP/1.1 200 OK
        content-type: application/json
        content-length: 37
        cache-control: no-store
        x-content-type-options: nosniff
        connection: close

        {
          "ready": true,
          "reasons": []
        }
    "#]],
    )
    .await;
    let not = Readiness::default().because("server `notes` has failed").because("a \"b\"\n");
    let (_running, address) = served(local().await, not);
    expect![[r#"
        HTTP/1.1 503 Service Unavailable
        content-type: application/json
        content-length: 90
        cache-control: no-store
        x-content-type-options: nosniff
        connection: close

        {
          "ready": false,
          "reasons": [
            "server `notes` has failed",
            "a \"b\"\n"
          ]
        }
    "#]]
    .assert_eq(&ask(address, "GET /readyz", HOST).await);
}

#[tokio::test]
async fn nothing_else_is_there() {
    for path in ["/", "/mcp", "/status/", "/Status", "/healthz/x", "/%73tatus", "/sse", "/metrics."]
    {
        let (_running, address) = served(local().await, Readiness::default());
        let response = ask(address, &format!("GET {path}"), HOST).await;
        assert!(response.starts_with("HTTP/1.1 404 "), "{path}: {response}");
    }
}

#[tokio::test]
async fn nothing_can_be_changed() {
    let preflight =
        "Host: localhost\r\nOrigin: http://localhost:1\r\nAccess-Control-Request-Method: GET\r\n";
    check(
        "OPTIONS /status",
        preflight,
        expect![[r#"
        HTTP/1.1 405 Method Not Allowed
        content-type: text/plain; charset=utf-8
        content-length: 33
        cache-control: no-store
        x-content-type-options: nosniff
        allow: GET, HEAD
        connection: close

        there are only pages to GET here
    "#]],
    )
    .await;
    let (_running, address) = served(local().await, Readiness::default());
    for method in ["POST", "PUT", "DELETE", "PATCH", "CONNECTX"] {
        let response = ask(address, &format!("{method} /status"), HOST).await;
        assert!(response.starts_with("HTTP/1.1 405 "), "{method}: {response}");
        assert!(
            response.contains("\nallow: GET, HEAD\n") && !response.contains("notes"),
            "{response}"
        );
    }
}

/// A web page that has its name resolve to this machine, and one that just asks.
#[tokio::test]
async fn pages_of_others_read_nothing_on_any_path() {
    let table = [
        ("Host: evil.test\r\n", "403"),
        ("Host: evil.test:8080\r\n", "403"),
        ("Host: localhost.evil.test\r\n", "403"),
        ("Host: localhost\r\nHost: localhost\r\n", "400"),
        ("", "400"),
        ("Host: localhost\r\nOrigin: https://evil.test\r\n", "403"),
        ("Host: localhost\r\nOrigin: null\r\n", "403"),
        ("Host: localhost\r\nOrigin: http://localhost\r\nOrigin: http://localhost\r\n", "403"),
        ("Host: 127.0.0.1:80\r\n", "200"),
        ("Host: [::1]\r\n", "200"),
        ("Host: localhost:1\r\nOrigin: http://localhost:2\r\n", "200"),
        ("Host: localhost\r\nOrigin: https://app.test\r\n", "200"),
    ];
    let http = local().await.allow_origin("https://app.test").unwrap();
    let (_running, address) = served(http, Readiness::default());
    for path in ["/healthz", "/health", "/livez", "/readyz", "/status", "/metrics"] {
        for (headers, expected) in table {
            let response = ask(address, &format!("GET {path}"), headers).await;
            assert_eq!(
                response.split(' ').nth(1),
                Some(expected),
                "{path} {headers:?}: {response}"
            );
            assert!(!response.to_lowercase().contains("access-control"), "{response}");
            assert!(expected == "200" || !response.contains("notes"), "{response}");
        }
    }
    for path in ["/", "/none"] {
        let response = ask(address, &format!("GET {path}"), "Host: evil.test\r\n").await;
        assert!(response.starts_with("HTTP/1.1 403 "), "{path}: {response}");
    }
}

#[tokio::test]
async fn where_tokens_are_asked_for_every_page_asks_for_one() {
    let token = "correct-horse-battery-staple-0123456789abcdef";
    let http = local().await.bearer_token(token).unwrap();
    let (_running, address) = served(http, Readiness::default());
    let table = [
        (String::new(), "401"),
        ("Authorization: Bearer wrong\r\n".to_owned(), "401"),
        (format!("Authorization: Bearer {token}\r\n"), "200"),
    ];
    for path in ["/healthz", "/readyz", "/status", "/metrics"] {
        for (headers, expected) in &table {
            let response = ask(address, &format!("GET {path}"), &format!("{HOST}{headers}")).await;
            assert_eq!(
                response.split(' ').nth(1),
                Some(*expected),
                "{path} {headers:?}: {response}"
            );
        }
    }
    let response = ask(address, &format!("GET /status?access_token={token}"), HOST).await;
    assert!(response.starts_with("HTTP/1.1 400 ") && !response.contains(token), "{response}");
}

#[tokio::test]
async fn an_address_that_others_can_reach_is_refused_without_protection() {
    let reports = Arc::new(Fixed { status: status(), ready: Readiness::default() });
    let open = Http::bind("0.0.0.0:0").await.unwrap();
    let error = start(reports.clone(), open).unwrap_err();
    assert!(error.is_invalid() && error.to_string().contains("--token-file"), "{error}");
    let token = "correct-horse-battery-staple-0123456789abcdef";
    let bare = Http::bind("0.0.0.0:0").await.unwrap().bearer_token(token).unwrap();
    let error = start(reports.clone(), bare).unwrap_err();
    assert!(error.to_string().contains("--tls-cert"), "{error}");
    let behind = Http::bind("0.0.0.0:0").await.unwrap().bearer_token(token).unwrap();
    start(reports, behind.public_url("https://status.test").unwrap()).unwrap();
}

#[tokio::test]
async fn closing_ends_the_listener() {
    let (mut running, address) = served(local().await, Readiness::default());
    assert!(ask(address, "GET /healthz", HOST).await.starts_with("HTTP/1.1 200 "));
    running.close(Duration::from_secs(5)).await.unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}

#[test]
fn metrics_are_by_server_and_by_nothing_that_a_caller_chooses() {
    let mut status = status();
    status.usage = Some(Usage {
        cpu: Duration::from_millis(1500),
        cpu_percent: Some(3.0),
        memory: 1 << 20,
        descriptors: None,
        processes: 1,
        threads: 4,
    });
    let notes = &mut status.servers[0];
    notes.state = ServerState::Ready;
    notes.restarts = 1;
    notes.calls.total = 12;
    for number in [1, 2] {
        let mut instance = InstanceStatus::new(number, ServerState::Ready, Duration::ZERO);
        instance.usage = status.usage;
        notes.instances.push(instance);
    }
    let mut odd = ServerStatus::new("a\"b\\c\nd", ServerKind::Http);
    odd.state = ServerState::Failed;
    odd.last_error = Some(Fault::new(&Error::closed("canary"), Duration::ZERO, []));
    status.servers.push(odd);
    let text = metrics::text(&status);
    assert!(!text.contains("canary"), "{text}");
    expect![[r##"
        # HELP bowline_build_info The version that runs.
        # TYPE bowline_build_info gauge
        bowline_build_info{version="1.2.3"} 1
        # HELP bowline_uptime_seconds How long the host has been there.
        # TYPE bowline_uptime_seconds gauge
        bowline_uptime_seconds 2.5
        # HELP process_cpu_seconds_total Processor time of this process.
        # TYPE process_cpu_seconds_total counter
        process_cpu_seconds_total 1.5
        # HELP process_resident_memory_bytes Resident memory of this process.
        # TYPE process_resident_memory_bytes gauge
        process_resident_memory_bytes 1048576
        # HELP process_threads Threads of this process.
        # TYPE process_threads gauge
        process_threads 4
        # HELP bowline_servers_left_out Servers without series of their own.
        # TYPE bowline_servers_left_out gauge
        bowline_servers_left_out 0
        # HELP bowline_server_up Whether the server answers, or would be started by a call.
        # TYPE bowline_server_up gauge
        bowline_server_up{server="notes"} 1
        bowline_server_up{server="a\"b\\c\nd"} 0
        # HELP bowline_server_instances Processes or connections there are.
        # TYPE bowline_server_instances gauge
        bowline_server_instances{server="notes"} 2
        bowline_server_instances{server="a\"b\\c\nd"} 0
        # HELP bowline_server_restarts_total Times that an instance was started anew.
        # TYPE bowline_server_restarts_total counter
        bowline_server_restarts_total{server="notes"} 1
        bowline_server_restarts_total{server="a\"b\\c\nd"} 0
        # HELP bowline_server_calls_total Calls that began.
        # TYPE bowline_server_calls_total counter
        bowline_server_calls_total{server="notes"} 12
        bowline_server_calls_total{server="a\"b\\c\nd"} 0
        # HELP bowline_server_calls_failed_total Calls that ended in an error.
        # TYPE bowline_server_calls_failed_total counter
        bowline_server_calls_failed_total{server="notes"} 0
        bowline_server_calls_failed_total{server="a\"b\\c\nd"} 0
        # HELP bowline_server_calls_cancelled_total Calls that their caller gave up.
        # TYPE bowline_server_calls_cancelled_total counter
        bowline_server_calls_cancelled_total{server="notes"} 0
        bowline_server_calls_cancelled_total{server="a\"b\\c\nd"} 0
        # HELP bowline_server_calls_running Calls at the server.
        # TYPE bowline_server_calls_running gauge
        bowline_server_calls_running{server="notes"} 0
        bowline_server_calls_running{server="a\"b\\c\nd"} 0
        # HELP bowline_server_calls_waiting Calls that wait for their turn.
        # TYPE bowline_server_calls_waiting gauge
        bowline_server_calls_waiting{server="notes"} 0
        bowline_server_calls_waiting{server="a\"b\\c\nd"} 0
        # HELP bowline_server_calls_parked Calls that wait for a client to come back with an answer.
        # TYPE bowline_server_calls_parked gauge
        bowline_server_calls_parked{server="notes"} 0
        bowline_server_calls_parked{server="a\"b\\c\nd"} 0
        # HELP bowline_server_memory_bytes Resident memory of the server's processes.
        # TYPE bowline_server_memory_bytes gauge
        bowline_server_memory_bytes{server="notes"} 2097152
        # HELP bowline_server_processes The server's processes.
        # TYPE bowline_server_processes gauge
        bowline_server_processes{server="notes"} 2
        # HELP bowline_server_cpu_seconds Processor time of the server's processes that there are.
        # TYPE bowline_server_cpu_seconds gauge
        bowline_server_cpu_seconds{server="notes"} 3
    "##]]
    .assert_eq(&text);
}

#[test]
fn servers_beyond_a_thousand_are_counted_and_have_no_series() {
    let mut status = Status::new(Duration::ZERO);
    status.servers =
        (0..1203).map(|at| ServerStatus::new(format!("s{at}"), ServerKind::Http)).collect();
    let text = metrics::text(&status);
    assert!(text.contains("\nbowline_servers_left_out 203\n"));
    assert_eq!(text.matches("bowline_server_up{").count(), 1000);
}
