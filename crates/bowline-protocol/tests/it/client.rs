//! A client on a stream whose other end is a server, right or wrong.

use bowline_protocol::limits::Limits;
use bowline_protocol::outcome::{Body, Outcome};
use bowline_protocol::protocol::{Event, Protocol, Request, Response};
use bowline_types::jsonrpc::{ErrorObject, Id};
use bowline_types::revision::Revision;
use expect_test::{Expect, expect};
use serde_json::{Value, json};
use std::fmt::Write;
use std::time::Duration;

/// A client that has sent two calls, the second of which wants progress, and a `subscriptions/listen`.
struct Client {
    protocol: Protocol<String, &'static str>,
    told: String,
}

impl Client {
    fn new(revision: Option<Revision>) -> Self {
        let mut protocol = Protocol::of_client(Limits::local().json_depth);
        if let Some(revision) = revision {
            protocol.agreed(revision);
        }
        protocol.call(&Request::new("tools/call"), "first");
        protocol.call(&Request::new("tools/call").progress(), "second");
        protocol.call(&Request::new("subscriptions/listen"), "listen");
        while protocol.poll_transmit().is_some() {}
        Self { protocol, told: String::new() }
    }

    fn hears(mut self, lines: &[&str], expected: &Expect) -> Self {
        for line in lines {
            writeln!(self.told, "<- {line}").unwrap();
            let event = self.protocol.receive(Duration::ZERO, (*line).to_owned().into());
            self.take(event);
            self.flush();
        }
        expected.assert_eq(&std::mem::take(&mut self.told));
        self
    }

    fn take(&mut self, event: Event<String, &'static str>) {
        let told = match event {
            Event::Batch(events) => {
                return events.into_iter().for_each(|event| self.take(event));
            }
            Event::Request(incoming) => {
                let method = incoming.method().into_owned();
                self.protocol.started(incoming.id().unwrap(), method.clone());
                format!("asked {method}")
            }
            Event::Answered(answered) => match answered.response {
                Response::Result(message) => {
                    format!("{}: {:?}", answered.data, message.result().unwrap())
                }
                Response::Error(error) => format!("{}: error {error}", answered.data),
                Response::Malformed(fault) => format!("{}: malformed: {fault}", answered.data),
            },
            Event::Cancelled(method) => format!("stop {method}"),
            Event::Progress { id, .. } => format!("progress of {id}"),
            Event::Ended { data, .. } => format!("end of {data}"),
            Event::Notification(message) => format!("notification {}", message.method()),
            Event::Stray(error) => format!("stray {error}"),
            Event::Refused(error) => format!("refused: {error}"),
            Event::Nothing => "nothing".into(),
        };
        writeln!(self.told, "   {told}").unwrap();
    }

    fn flush(&mut self) {
        while let Some(message) = self.protocol.poll_transmit() {
            writeln!(self.told, "-> {}", message.as_str()).unwrap();
        }
    }

    fn answers(mut self, id: impl Into<Id>, outcome: &Outcome, expected: &Expect) -> Self {
        let kept = self.protocol.finish(&id.into(), outcome);
        writeln!(self.told, "kept {kept:?}").unwrap();
        self.flush();
        expected.assert_eq(&std::mem::take(&mut self.told));
        self
    }
}

#[test]
fn noise_on_the_stream_is_told_and_never_answered() {
    Client::new(Some(Revision::LATEST)).hears(
        &[
            "Server listening on port 3000",
            "[]",
            "5",
            r#"{"level":"info","msg":"started"}"#,
            r#"{"jsonrpc":"2.0","id":1,"result":{"ok":true}}"#,
        ],
        &expect![[r#"
            <- Server listening on port 3000
               refused: expected a value at byte 0 (-32700)
            <- []
               refused: several messages in one text, which this protocol version does not have (-32700)
            <- 5
               refused: expected a JSON-RPC message object (-32700)
            <- {"level":"info","msg":"started"}
               refused: `jsonrpc` must be "2.0" (-32600)
            <- {"jsonrpc":"2.0","id":1,"result":{"ok":true}}
               first: {"ok":true}
        "#]],
    );
}

#[test]
fn an_unreadable_answer_ends_its_request() {
    Client::new(Some(Revision::LATEST)).hears(
        &[
            r#"{"jsonrpc":"2.0","id":1,"result":{"a":1,"a":2}}"#,
            r#"{"jsonrpc":"2.0","id":2,"result":[]}"#,
            r#"{"jsonrpc":"2.0","id":2,"result":{}}"#,
            r#"{"jsonrpc":"2.0","id":9,"result":{"a":1,"a":2}}"#,
        ],
        &expect![[r#"
            <- {"jsonrpc":"2.0","id":1,"result":{"a":1,"a":2}}
               first: malformed: member `a` stands twice, again at byte 41
            <- {"jsonrpc":"2.0","id":2,"result":[]}
               second: malformed: `result` must be an object
            <- {"jsonrpc":"2.0","id":2,"result":{}}
               nothing
            <- {"jsonrpc":"2.0","id":9,"result":{"a":1,"a":2}}
               refused: member `a` stands twice, again at byte 41 (-32700)
        "#]],
    );
}

#[test]
fn a_line_that_was_too_long_ends_its_request() {
    let mut client = Client::new(Some(Revision::LATEST));
    let mut cut_off = |prefix: &str| {
        let answered = client.protocol.cut_off(prefix.as_bytes(), "over 4 MiB");
        answered.map(|answered| answered.data)
    };
    // A request of the server has an id of the server's own.
    assert_eq!(cut_off(r#"{"jsonrpc":"2.0","id":2,"method":"x","params":{"result":"xxx"#), None);
    assert_eq!(cut_off(r#"{"jsonrpc":"2.0","id":2,"#), None);
    assert_eq!(cut_off(r#"{"jsonrpc":"2.0","id":7,"result":{"a":"xxx"#), None);
    assert_eq!(cut_off(r#"{"jsonrpc":"2.0","id":2,"result":{"method":"xxx"#), Some("second"));
    assert_eq!(cut_off(r#"{"jsonrpc":"2.0","id":2,"result":{"a":"xxx"#), None);
}

#[cfg(not(modern_only))]
#[test]
fn questions_of_a_session_are_answered_as_it_has_it() {
    let question = r#"{"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{}}"#;
    let roots = r#"{"jsonrpc":"2.0","id":"r","method":"roots/list"}"#;
    let cancelled =
        r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"r"}}"#;
    let done = Outcome::complete(Body::of(&json!({ "model": "m" })).unwrap());
    Client::new(Some(Revision::V2025_06_18))
        .hears(
            &[
                question,
                question,
                roots,
                cancelled,
                r#"{"jsonrpc":"2.0","id":8,"method":"ping"}"#,
                r#"{"jsonrpc":"2.0","id":9,"method":"tools/list"}"#,
            ],
            &expect![[r#"
                <- {"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{}}
                   asked sampling/createMessage
                <- {"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{}}
                   refused: a request with this id is still being answered (-32600)
                -> {"jsonrpc":"2.0","id":1,"error":{"code":-32600,"message":"a request with this id is still being answered"}}
                <- {"jsonrpc":"2.0","id":"r","method":"roots/list"}
                   asked roots/list
                <- {"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"r"}}
                   stop roots/list
                <- {"jsonrpc":"2.0","id":8,"method":"ping"}
                   nothing
                -> {"jsonrpc":"2.0","id":8,"result":{}}
                <- {"jsonrpc":"2.0","id":9,"method":"tools/list"}
                   refused: method not found: tools/list (-32601)
                -> {"jsonrpc":"2.0","id":9,"error":{"code":-32601,"message":"method not found: tools/list"}}
            "#]],
        )
        .answers(1, &done, &expect![[r#"
            kept Some("sampling/createMessage")
            -> {"jsonrpc":"2.0","id":1,"result":{"model":"m"}}
        "#]])
        .answers("r", &done, &expect![[r#"
            kept None
        "#]]);
    let error = Outcome::Error(ErrorObject::missing_required_client_capability(<_>::default()));
    Client::new(Some(Revision::V2025_06_18)).hears(&[roots], &expect![[r#"
        <- {"jsonrpc":"2.0","id":"r","method":"roots/list"}
           asked roots/list
    "#]]).answers(
        "r",
        &error,
        &expect![[r#"
            kept Some("roots/list")
            -> {"jsonrpc":"2.0","id":"r","error":{"code":-32602,"message":"client did not declare a capability that this request needs","data":{"requiredCapabilities":{}}}}
        "#]],
    );
}

#[test]
fn a_server_of_the_newest_version_may_end_a_stream_and_ask_nothing() {
    Client::new(Some(Revision::LATEST)).hears(
        &[
            r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":3}}"#,
            r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#,
            r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":2,"progress":1}}"#,
            r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}}"#,
            r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#,
            r#"{"jsonrpc":"2.0","error":{"code":-32700,"message":"what?"}}"#,
        ],
        &expect![[r#"
            <- {"jsonrpc":"2.0","id":1,"method":"ping"}
               refused: method not found: ping (-32601)
            <- {"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":3}}
               end of listen
            <- {"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}
               nothing
            <- {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":2,"progress":1}}
               progress of 2
            <- {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}}
               nothing
            <- {"jsonrpc":"2.0","method":"notifications/tools/list_changed"}
               notification notifications/tools/list_changed
            <- {"jsonrpc":"2.0","error":{"code":-32700,"message":"what?"}}
               stray what? (-32700)
        "#]],
    );
}

#[cfg(not(modern_only))]
#[test]
fn a_batch_is_taken_in_the_version_that_had_them() {
    let batch = r#"[{"jsonrpc":"2.0","id":2,"result":{}},{"jsonrpc":"2.0","id":5,"method":"ping"},{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"m"}}]"#;
    Client::new(Some(Revision::V2025_03_26)).hears(&[batch], &expect![[r#"
        <- [{"jsonrpc":"2.0","id":2,"result":{}},{"jsonrpc":"2.0","id":5,"method":"ping"},{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"m"}}]
           second: {}
           nothing
           first: error m (1)
        -> {"jsonrpc":"2.0","id":5,"result":{}}
    "#]]);
    Client::new(Some(Revision::V2025_06_18)).hears(&[batch], &expect![[r#"
        <- [{"jsonrpc":"2.0","id":2,"result":{}},{"jsonrpc":"2.0","id":5,"method":"ping"},{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"m"}}]
           refused: several messages in one text, which this protocol version does not have (-32700)
    "#]]);
}

#[cfg(not(modern_only))]
#[test]
fn before_an_agreement_a_sign_of_life_is_given() {
    Client::new(None).hears(
        &[
            r#"{"jsonrpc":"2.0","id":5,"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":6,"method":"roots/list"}"#,
            r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"m"}}"#,
        ],
        &expect![[r#"
            <- {"jsonrpc":"2.0","id":5,"method":"ping"}
               nothing
            -> {"jsonrpc":"2.0","id":5,"result":{}}
            <- {"jsonrpc":"2.0","id":6,"method":"roots/list"}
               refused: method not found: roots/list (-32601)
            <- {"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"m"}}
               first: error m (-32601)
        "#]],
    );
}

#[test]
fn arguments_of_a_call_are_an_object_or_nothing() {
    let rows = [
        (json!({ "a": [1, "\n"] }), Some(r#"{"name":"e\"cho","arguments":{"a":[1,"\n"]}}"#)),
        (json!({}), Some(r#"{"name":"e\"cho","arguments":{}}"#)),
        (Value::Null, Some(r#"{"name":"e\"cho"}"#)),
        (json!([1]), None),
        (json!("no"), None),
        (json!(7), None),
    ];
    for (arguments, expected) in rows {
        let body = Body::call("e\"cho", &arguments).ok();
        let written = body.as_ref().map(|body| body.members().as_str());
        assert_eq!(written, expected, "{arguments}");
    }
    assert!(Body::call("echo", &std::collections::HashMap::from([([1], 2)])).is_err());
}
