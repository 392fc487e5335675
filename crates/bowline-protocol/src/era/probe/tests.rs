//! Every kind of server there is, and what is tried with it.

use super::{Attempt, Brought, Carrier, Probe, Step, Way};
use crate::scan::Raw;
use bowline_types::jsonrpc::{ErrorCode, ErrorObject};
use bowline_types::revision::Revision;
use expect_test::{Expect, expect};
use serde_json::{Value, json};
use std::fmt::Write;

const CHILD: Carrier = Carrier::Stream { restartable: true };
const SOCKET: Carrier = Carrier::Stream { restartable: false };

fn discovered(versions: &[&str]) -> Brought {
    let result = json!({ "supportedVersions": versions, "capabilities": {} });
    Brought::Result(Raw::encode(&result).unwrap())
}

fn initialized(version: &str) -> Brought {
    let result = json!({ "protocolVersion": version, "capabilities": {}, "serverInfo": {} });
    Brought::Result(Raw::encode(&result).unwrap())
}

fn error(code: i64) -> ErrorObject {
    ErrorObject::new(ErrorCode(code), "m")
}

fn refused(code: i64, status: u16) -> Brought {
    Brought::Error { error: error(code), status: (status > 0).then_some(status) }
}

fn with_data(code: i64, data: Value, status: u16) -> Brought {
    Brought::Error { error: error(code).data(data), status: (status > 0).then_some(status) }
}

fn unsupported(versions: &[&str], status: u16) -> Brought {
    with_data(-32022, json!({ "supported": versions, "requested": "x" }), status)
}

/// What a search does that meets these answers, one line each.
fn search(mut probe: Probe, answers: Vec<Brought>) -> String {
    let mut told = String::new();
    let mut answers = answers.into_iter();
    let mut step = probe.begin();
    loop {
        match step {
            Step::Done { agreed, way } => {
                write!(told, "speaks {} ({})", agreed.revision, way.as_str()).unwrap();
                break;
            }
            Step::Failed(failed) => {
                let failed = failed.to_string();
                let (why, _) = failed.split_once("; tried").unwrap_or((&failed, ""));
                write!(told, "fails: {why}").unwrap();
                break;
            }
            Step::Try(attempt) => {
                let again = if attempt.restarts() { " (started again)" } else { "" };
                write!(told, "{attempt}{again} -> ").unwrap();
                let Some(answer) = answers.next() else {
                    told.push('?');
                    break;
                };
                step = probe.next(answer);
            }
        }
    }
    assert_eq!(answers.next(), None, "{told}: more was expected to be tried");
    told
}

fn check(rows: Vec<(&str, Probe, Vec<Brought>)>, expected: &Expect) {
    let mut table = String::new();
    for (name, probe, answers) in rows {
        writeln!(table, "{name}\n    {}", search(probe, answers)).unwrap();
    }
    expected.assert_eq(&table);
}

#[test]
fn a_stream() {
    let child = || Probe::new(CHILD);
    let socket = || Probe::new(SOCKET);
    let old = || initialized("2025-06-18");
    check(
        vec![
            ("modern", child(), vec![discovered(&["2026-07-28", "2025-11-25"])]),
            ("of the future, and modern", child(), vec![discovered(&["2099-01-01", "2026-07-28"])]),
            (
                "discovery names only older versions",
                child(),
                vec![discovered(&["2025-06-18"]), old()],
            ),
            ("discovery names none of ours", child(), vec![discovered(&["2099-01-01"])]),
            (
                "answers anything with {}",
                child(),
                vec![Brought::Result(Raw::encode(&json!({})).unwrap()), old()],
            ),
            ("unknown method", child(), vec![refused(-32601, 0), old()]),
            ("invalid params", child(), vec![refused(-32602, 0), old()]),
            ("not initialized", child(), vec![refused(-32002, 0), old()]),
            ("an error of its own", child(), vec![refused(0, 0), old()]),
            ("silent", child(), vec![Brought::Silent, old()]),
            ("exits", child(), vec![Brought::Ended, old()]),
            ("silent, cannot be started again", socket(), vec![Brought::Silent, old()]),
            ("ends, cannot be started again", socket(), vec![Brought::Ended]),
            (
                "refuses the version once",
                child(),
                vec![unsupported(&["2026-07-28"], 0), discovered(&["2026-07-28"])],
            ),
            (
                "refuses what it says it speaks",
                child(),
                vec![unsupported(&["2026-07-28"], 0), unsupported(&["2026-07-28"], 0)],
            ),
            (
                "names only older versions",
                child(),
                vec![unsupported(&["2024-11-05", "2025-03-26"], 0), initialized("2025-03-26")],
            ),
            ("names none of ours", child(), vec![unsupported(&["1900-01-01"], 0)]),
            (
                "the code of a refused version, and no versions",
                child(),
                vec![refused(-32022, 0), old()],
            ),
            (
                "wants a capability",
                child(),
                vec![with_data(-32021, json!({ "requiredCapabilities": {} }), 0)],
            ),
            (
                "chooses a version that nobody knows",
                child(),
                vec![refused(-32601, 0), initialized("1.0")],
            ),
            (
                "refuses to open, naming versions",
                child(),
                vec![
                    refused(-32601, 0),
                    with_data(-32602, json!({ "supported": ["2024-11-05"] }), 0),
                    initialized("2024-11-05"),
                ],
            ),
            (
                "refuses to open, naming the same again",
                child(),
                vec![
                    refused(-32601, 0),
                    with_data(-32602, json!({ "supported": ["2025-11-25"] }), 0),
                ],
            ),
            ("refuses to open", child(), vec![refused(-32601, 0), refused(-32603, 0)]),
            ("silent twice", child(), vec![Brought::Silent, Brought::Silent]),
            ("exits twice", child(), vec![Brought::Ended, Brought::Ended]),
        ],
        &expect![[r#"
            modern
                `server/discover` (2026-07-28) -> speaks 2026-07-28 (modern)
            of the future, and modern
                `server/discover` (2026-07-28) -> speaks 2026-07-28 (modern)
            discovery names only older versions
                `server/discover` (2026-07-28) -> `initialize` (2025-06-18) -> speaks 2025-06-18 (session)
            discovery names none of ours
                `server/discover` (2026-07-28) -> fails: server speaks protocol version 2099-01-01; this client speaks 2026-07-28, 2025-11-25, 2025-06-18, 2025-03-26, 2024-11-05
            answers anything with {}
                `server/discover` (2026-07-28) -> `initialize` (2025-11-25) (started again) -> speaks 2025-06-18 (session)
            unknown method
                `server/discover` (2026-07-28) -> `initialize` (2025-11-25) (started again) -> speaks 2025-06-18 (session)
            invalid params
                `server/discover` (2026-07-28) -> `initialize` (2025-11-25) (started again) -> speaks 2025-06-18 (session)
            not initialized
                `server/discover` (2026-07-28) -> `initialize` (2025-11-25) (started again) -> speaks 2025-06-18 (session)
            an error of its own
                `server/discover` (2026-07-28) -> `initialize` (2025-11-25) (started again) -> speaks 2025-06-18 (session)
            silent
                `server/discover` (2026-07-28) -> `initialize` (2025-11-25) (started again) -> speaks 2025-06-18 (session)
            exits
                `server/discover` (2026-07-28) -> `initialize` (2025-11-25) (started again) -> speaks 2025-06-18 (session)
            silent, cannot be started again
                `server/discover` (2026-07-28) -> `initialize` (2025-11-25) -> speaks 2025-06-18 (session)
            ends, cannot be started again
                `server/discover` (2026-07-28) -> fails: server ended before it answered
            refuses the version once
                `server/discover` (2026-07-28) -> `server/discover` (2026-07-28) -> speaks 2026-07-28 (modern)
            refuses what it says it speaks
                `server/discover` (2026-07-28) -> `server/discover` (2026-07-28) -> fails: server refused to open a connection
            names only older versions
                `server/discover` (2026-07-28) -> `initialize` (2025-03-26) -> speaks 2025-03-26 (session)
            names none of ours
                `server/discover` (2026-07-28) -> fails: server speaks protocol version 1900-01-01; this client speaks 2026-07-28, 2025-11-25, 2025-06-18, 2025-03-26, 2024-11-05
            the code of a refused version, and no versions
                `server/discover` (2026-07-28) -> `initialize` (2025-11-25) (started again) -> speaks 2025-06-18 (session)
            wants a capability
                `server/discover` (2026-07-28) -> fails: server refused to open a connection
            chooses a version that nobody knows
                `server/discover` (2026-07-28) -> `initialize` (2025-11-25) (started again) -> fails: server answered `initialize` with protocol version 1.0; this client speaks 2026-07-28, 2025-11-25, 2025-06-18, 2025-03-26, 2024-11-05
            refuses to open, naming versions
                `server/discover` (2026-07-28) -> `initialize` (2025-11-25) (started again) -> `initialize` (2024-11-05) -> speaks 2024-11-05 (session)
            refuses to open, naming the same again
                `server/discover` (2026-07-28) -> `initialize` (2025-11-25) (started again) -> fails: server refused to open a connection
            refuses to open
                `server/discover` (2026-07-28) -> `initialize` (2025-11-25) (started again) -> fails: server refused to open a connection
            silent twice
                `server/discover` (2026-07-28) -> `initialize` (2025-11-25) (started again) -> fails: server did not answer
            exits twice
                `server/discover` (2026-07-28) -> `initialize` (2025-11-25) (started again) -> fails: server ended before it answered
        "#]],
    );
}

#[test]
fn http() {
    let http = || Probe::new(Carrier::Http);
    let old = || initialized("2025-06-18");
    check(
        vec![
            ("modern", http(), vec![discovered(&["2026-07-28"])]),
            (
                "modern, refuses the first time",
                http(),
                vec![unsupported(&["2026-07-28"], 400), discovered(&["2026-07-28"])],
            ),
            ("modern, headers differ", http(), vec![refused(-32020, 400)]),
            (
                "modern, wants a capability",
                http(),
                vec![with_data(-32021, json!({ "requiredCapabilities": {} }), 400)],
            ),
            ("the error comes in an event", http(), vec![refused(-32601, 200), old()]),
            ("the error comes with 400", http(), vec![refused(-32000, 400), old()]),
            ("the error comes with 404", http(), vec![refused(-32601, 404), old()]),
            ("the error comes with 500", http(), vec![refused(-32603, 500), old()]),
            ("400 without JSON-RPC", http(), vec![Brought::Status(400), old()]),
            ("405 without JSON-RPC", http(), vec![Brought::Status(405), old()]),
            ("406 without JSON-RPC", http(), vec![Brought::Status(406), old()]),
            ("422 without JSON-RPC", http(), vec![Brought::Status(422), old()]),
            ("an empty event stream", http(), vec![Brought::Ended, old()]),
            ("a page", http(), vec![Brought::Garbage, Brought::Garbage]),
            (
                "the first transport",
                http(),
                vec![Brought::Status(404), Brought::Status(405), initialized("2024-11-05")],
            ),
            (
                "the first transport, with JSON-RPC",
                http(),
                vec![refused(-32000, 400), refused(-32000, 400), initialized("2024-11-05")],
            ),
            (
                "nothing at this address",
                http(),
                vec![Brought::Status(404), Brought::Status(404), Brought::Status(404)],
            ),
            (
                "says why it refuses",
                http(),
                vec![refused(-32000, 400), refused(-32099, 400), Brought::Status(405)],
            ),
            ("refuses with 200", http(), vec![refused(-32601, 200), refused(-32603, 200)]),
            ("wants credentials", http(), vec![Brought::Status(401)]),
            (
                "wants credentials for a session",
                http(),
                vec![Brought::Status(404), Brought::Status(401)],
            ),
            ("forbids", http(), vec![Brought::Status(403)]),
            ("too many requests", http(), vec![Brought::Status(429)]),
            ("broken", http(), vec![Brought::Status(500)]),
            ("a gateway without its server", http(), vec![refused(-32603, 502)]),
            ("silent", http(), vec![Brought::Silent, old()]),
            ("redirects where nobody follows", http(), vec![Brought::Status(302)]),
            (
                "an older version names newer ones",
                http(),
                vec![refused(-32601, 404), unsupported(&["2026-07-28"], 400)],
            ),
        ],
        &expect![[r#"
            modern
                `server/discover` (2026-07-28) -> speaks 2026-07-28 (modern)
            modern, refuses the first time
                `server/discover` (2026-07-28) -> `server/discover` (2026-07-28) -> speaks 2026-07-28 (modern)
            modern, headers differ
                `server/discover` (2026-07-28) -> fails: server refused to open a connection
            modern, wants a capability
                `server/discover` (2026-07-28) -> fails: server refused to open a connection
            the error comes in an event
                `server/discover` (2026-07-28) -> `initialize` (2025-11-25) -> speaks 2025-06-18 (session)
            the error comes with 400
                `server/discover` (2026-07-28) -> `initialize` (2025-11-25) -> speaks 2025-06-18 (session)
            the error comes with 404
                `server/discover` (2026-07-28) -> `initialize` (2025-11-25) -> speaks 2025-06-18 (session)
            the error comes with 500
                `server/discover` (2026-07-28) -> `initialize` (2025-11-25) -> speaks 2025-06-18 (session)
            400 without JSON-RPC
                `server/discover` (2026-07-28) -> `initialize` (2025-11-25) -> speaks 2025-06-18 (session)
            405 without JSON-RPC
                `server/discover` (2026-07-28) -> `initialize` (2025-11-25) -> speaks 2025-06-18 (session)
            406 without JSON-RPC
                `server/discover` (2026-07-28) -> `initialize` (2025-11-25) -> speaks 2025-06-18 (session)
            422 without JSON-RPC
                `server/discover` (2026-07-28) -> `initialize` (2025-11-25) -> speaks 2025-06-18 (session)
            an empty event stream
                `server/discover` (2026-07-28) -> `initialize` (2025-11-25) -> speaks 2025-06-18 (session)
            a page
                `server/discover` (2026-07-28) -> `initialize` (2025-11-25) -> fails: server does not speak MCP
            the first transport
                `server/discover` (2026-07-28) -> `initialize` (2025-11-25) -> HTTP+SSE -> speaks 2024-11-05 (sse)
            the first transport, with JSON-RPC
                `server/discover` (2026-07-28) -> `initialize` (2025-11-25) -> HTTP+SSE -> speaks 2024-11-05 (sse)
            nothing at this address
                `server/discover` (2026-07-28) -> `initialize` (2025-11-25) -> HTTP+SSE -> fails: server answered HTTP 404, and no MCP
            says why it refuses
                `server/discover` (2026-07-28) -> `initialize` (2025-11-25) -> HTTP+SSE -> fails: server refused to open a connection
            refuses with 200
                `server/discover` (2026-07-28) -> `initialize` (2025-11-25) -> fails: server refused to open a connection
            wants credentials
                `server/discover` (2026-07-28) -> fails: server wants credentials
            wants credentials for a session
                `server/discover` (2026-07-28) -> `initialize` (2025-11-25) -> fails: server wants credentials
            forbids
                `server/discover` (2026-07-28) -> fails: server does not allow the connection
            too many requests
                `server/discover` (2026-07-28) -> fails: server answered HTTP 429, and no MCP
            broken
                `server/discover` (2026-07-28) -> fails: server answered HTTP 500, and no MCP
            a gateway without its server
                `server/discover` (2026-07-28) -> fails: server refused to open a connection
            silent
                `server/discover` (2026-07-28) -> `initialize` (2025-11-25) -> speaks 2025-06-18 (session)
            redirects where nobody follows
                `server/discover` (2026-07-28) -> fails: server answered HTTP 302, and no MCP
            an older version names newer ones
                `server/discover` (2026-07-28) -> `initialize` (2025-11-25) -> fails: server refused to open a connection
        "#]],
    );
}

#[test]
fn a_pinned_version() {
    let pin = |carrier, revision| Probe::new(carrier).pin(revision);
    check(
        vec![
            ("the newest", pin(CHILD, Revision::LATEST), vec![discovered(&["2026-07-28"])]),
            (
                "the newest, of an older server",
                pin(CHILD, Revision::LATEST),
                vec![refused(-32601, 0)],
            ),
            (
                "the newest, of one that names others",
                pin(CHILD, Revision::LATEST),
                vec![unsupported(&["2025-11-25"], 0)],
            ),
            ("an older one", pin(CHILD, Revision::V2025_03_26), vec![initialized("2025-03-26")]),
            (
                "an older one, and another is chosen",
                pin(CHILD, Revision::V2025_03_26),
                vec![initialized("2024-11-05")],
            ),
            (
                "an older one, of a modern server",
                pin(CHILD, Revision::V2025_03_26),
                vec![unsupported(&["2026-07-28"], 0)],
            ),
            (
                "the first, over HTTP",
                pin(Carrier::Http, Revision::V2024_11_05),
                vec![Brought::Status(405), initialized("2024-11-05")],
            ),
            (
                "memory does not matter",
                pin(CHILD, Revision::LATEST).remembered(Way::Session),
                vec![discovered(&["2026-07-28"])],
            ),
        ],
        &expect![[r#"
            the newest
                `server/discover` (2026-07-28) -> speaks 2026-07-28 (modern)
            the newest, of an older server
                `server/discover` (2026-07-28) -> fails: server does not speak protocol version 2026-07-28, which was asked for
            the newest, of one that names others
                `server/discover` (2026-07-28) -> fails: server does not speak protocol version 2026-07-28, which was asked for
            an older one
                `initialize` (2025-03-26) -> speaks 2025-03-26 (session)
            an older one, and another is chosen
                `initialize` (2025-03-26) -> fails: server speaks 2024-11-05, not protocol version 2025-03-26, which was asked for
            an older one, of a modern server
                `initialize` (2025-03-26) -> fails: server refused to open a connection
            the first, over HTTP
                `initialize` (2024-11-05) -> HTTP+SSE -> speaks 2024-11-05 (sse)
            memory does not matter
                `server/discover` (2026-07-28) -> speaks 2026-07-28 (modern)
        "#]],
    );
}

#[test]
fn a_remembered_way() {
    let known = |carrier, way| Probe::new(carrier).remembered(way);
    let old = || initialized("2025-06-18");
    let new = || discovered(&["2026-07-28"]);
    let http = Carrier::Http;
    check(
        vec![
            ("modern still", known(CHILD, Way::Modern), vec![new()]),
            ("modern no more", known(CHILD, Way::Modern), vec![refused(-32601, 0), old()]),
            ("a session still", known(CHILD, Way::Session), vec![old()]),
            ("a session no more", known(CHILD, Way::Session), vec![refused(-32601, 0), new()]),
            (
                "a session no more, by name",
                known(CHILD, Way::Session),
                vec![unsupported(&["2026-07-28"], 0), new()],
            ),
            ("exits now", known(CHILD, Way::Session), vec![Brought::Ended, new()]),
            (
                "exits whatever happens",
                known(CHILD, Way::Session),
                vec![Brought::Ended, Brought::Ended],
            ),
            (
                "a session over HTTP no more",
                known(http, Way::Session),
                vec![refused(-32601, 404), new()],
            ),
            (
                "moved to the first transport",
                known(http, Way::Session),
                vec![Brought::Status(404), Brought::Status(404), initialized("2024-11-05")],
            ),
            ("the first transport still", known(http, Way::Sse), vec![initialized("2024-11-05")]),
            (
                "the first transport no more",
                known(http, Way::Sse),
                vec![Brought::Status(405), new()],
            ),
            (
                "gone",
                known(http, Way::Sse),
                vec![Brought::Status(404), Brought::Status(404), Brought::Status(404)],
            ),
            ("wants credentials now", known(http, Way::Session), vec![Brought::Status(401)]),
        ],
        &expect![[r#"
            modern still
                `server/discover` (2026-07-28) -> speaks 2026-07-28 (modern)
            modern no more
                `server/discover` (2026-07-28) -> `initialize` (2025-11-25) (started again) -> speaks 2025-06-18 (session)
            a session still
                `initialize` (2025-11-25) -> speaks 2025-06-18 (session)
            a session no more
                `initialize` (2025-11-25) -> `server/discover` (2026-07-28) (started again) -> speaks 2026-07-28 (modern)
            a session no more, by name
                `initialize` (2025-11-25) -> `server/discover` (2026-07-28) -> speaks 2026-07-28 (modern)
            exits now
                `initialize` (2025-11-25) -> `server/discover` (2026-07-28) (started again) -> speaks 2026-07-28 (modern)
            exits whatever happens
                `initialize` (2025-11-25) -> `server/discover` (2026-07-28) (started again) -> fails: server ended before it answered
            a session over HTTP no more
                `initialize` (2025-11-25) -> `server/discover` (2026-07-28) -> speaks 2026-07-28 (modern)
            moved to the first transport
                `initialize` (2025-11-25) -> `server/discover` (2026-07-28) -> HTTP+SSE -> speaks 2024-11-05 (sse)
            the first transport still
                HTTP+SSE -> speaks 2024-11-05 (sse)
            the first transport no more
                HTTP+SSE -> `server/discover` (2026-07-28) -> speaks 2026-07-28 (modern)
            gone
                HTTP+SSE -> `server/discover` (2026-07-28) -> `initialize` (2025-11-25) -> fails: server answered HTTP 404, and no MCP
            wants credentials now
                `initialize` (2025-11-25) -> fails: server wants credentials
        "#]],
    );
}

#[test]
fn no_server_keeps_a_client_busy() {
    let answers = || {
        vec![
            discovered(&["2026-07-28"]),
            discovered(&["2025-11-25"]),
            initialized("1.0"),
            unsupported(&["2026-07-28", "2025-03-26"], 400),
            unsupported(&["2025-06-18"], 400),
            unsupported(&["2024-11-05"], 0),
            refused(-32601, 404),
            Brought::Status(404),
            Brought::Garbage,
            Brought::Silent,
            Brought::Ended,
        ]
    };
    for carrier in [CHILD, SOCKET, Carrier::Http] {
        for way in [None, Some(Way::Modern), Some(Way::Session), Some(Way::Sse)] {
            // Whatever the order in which a server gives its answers.
            for (first, then) in (0..answers().len()).flat_map(|a| (1..11).map(move |b| (a, b))) {
                let mut probe = Probe::new(carrier);
                if let Some(way) = way {
                    probe = probe.remembered(way);
                }
                let mut step = probe.begin();
                let mut attempts: Vec<Attempt> = Vec::new();
                while let Step::Try(attempt) = step {
                    attempts.push(attempt);
                    assert!(attempts.len() <= super::MOST, "{attempts:?}");
                    let at = (first + then * attempts.len()) % answers().len();
                    step = probe.next(answers().swap_remove(at));
                }
            }
        }
    }
}

#[test]
fn a_failure_names_everything_that_was_tried() {
    let mut probe = Probe::new(Carrier::Http);
    probe.begin();
    probe.next(refused(-32601, 404));
    probe.next(Brought::Status(404));
    let Step::Failed(failed) = probe.next(Brought::Status(404)) else { panic!("it fails") };
    expect!["server answered HTTP 404, and no MCP; tried `server/discover` (2026-07-28): error -32601 with HTTP 404: m, then `initialize` (2025-11-25): HTTP 404, then HTTP+SSE: HTTP 404"].assert_eq(&failed.to_string());
}

#[test]
fn a_body_is_read_for_an_error() {
    let body = |status, text: &'static str| Brought::refusal(status, text.into()).to_string();
    let error =
        r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"Bad\u001b Request"}}"#;
    let rows = [
        body(400, error),
        body(400, r#"{"jsonrpc":"2.0","error":{"code":-32000,"message":"m"}}"#),
        body(400, r#"{"error":"invalid_request"}"#),
        body(400, "<html>"),
        body(400, ""),
        body(400, "[]"),
        body(401, error),
    ];
    expect![[r#"
        error -32000 with HTTP 400: Bad\u{1b} Request
        error -32000 with HTTP 400: m
        HTTP 400
        HTTP 400
        HTTP 400
        HTTP 400
        HTTP 401"#]]
    .assert_eq(&rows.join("\n"));
}

#[test]
fn a_way_is_remembered_by_its_name() {
    for way in [Way::Modern, Way::Session, Way::Sse] {
        assert_eq!(Way::named(way.as_str()), Some(way));
    }
    assert_eq!(Way::named("smoke"), None);
}
