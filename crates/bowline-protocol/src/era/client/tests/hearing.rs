use crate::era::client::{Ear, Heard, Hearing};
use crate::limits::Limits;
use bowline_types::revision::Revision;
use expect_test::expect;
use std::fmt::Write;

fn ear(revision: Option<Revision>) -> Ear {
    let ear = Ear::new(Limits::local().json_depth);
    match revision {
        Some(revision) => ear.agreed(revision),
        None => ear,
    }
}

fn told(heard: Heard) -> String {
    match heard {
        Heard::Answer(message) => format!("answer {:?}", message.id()),
        Heard::Progress(_) => "progress".into(),
        Heard::Notification(message) => format!("notification {}", message.method()),
        Heard::Question(incoming) => {
            format!("question {} at {}", incoming.method(), incoming.revision())
        }
        Heard::Cancelled(id) => format!("cancelled {id}"),
        Heard::Reply(reply) => format!("reply {reply:?}"),
        Heard::Refused { error, reply } => format!("refused: {error}; reply {reply:?}"),
        Heard::Unreadable { id, fault } => format!("unreadable {id:?}: {fault}"),
        Heard::Nothing => "nothing".into(),
    }
}

fn hear(revision: Option<Revision>, text: &str) -> String {
    let heard = ear(revision).hear(&text.to_owned().into());
    let batch = matches!(heard, Hearing::Batch(_));
    let told: Vec<String> = heard.into_iter().map(told).collect();
    if batch { format!("batch of {told:?}") } else { told.concat() }
}

const TEXTS: &[&str] = &[
    r#"{"jsonrpc":"2.0","id":1,"result":{}}"#,
    r#"{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"m"}}"#,
    r#"{"jsonrpc":"2.0","error":{"code":1,"message":"m"}}"#,
    r#"{"jsonrpc":"2.0","id":1,"result":{},"error":{}}"#,
    r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}}"#,
    r#"{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":1}}"#,
    r#"{"jsonrpc":"2.0","method":"notifications/elicitation/complete","params":{"elicitationId":"e"}}"#,
    r#"{"jsonrpc":"2.0","method":"notifications/roots/list_changed"}"#,
    r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"x"}}"#,
    r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{}}"#,
    r#"{"jsonrpc":"2.0","method":"example/mine"}"#,
    r#"{"jsonrpc":"2.0","id":"s","method":"ping"}"#,
    r#"{"jsonrpc":"2.0","id":7,"method":"elicitation/create","params":{}}"#,
    r#"{"jsonrpc":"2.0","id":7,"method":"roots/list"}"#,
    r#"{"jsonrpc":"2.0","id":7,"method":"tools/list"}"#,
    r#"{"jsonrpc":"2.0","id":7,"method":"example/mine"}"#,
    r#"{"jsonrpc":"2.0","id":7,"method":5}"#,
    r#"{"jsonrpc":"2.0","id":7}"#,
    r#"[{"jsonrpc":"2.0","id":1,"result":{}},{"jsonrpc":"2.0","id":9,"method":"ping"},5]"#,
    "[]",
    "Server started on port 3000",
    r#"{"jsonrpc":"2.0","id":1,"result":{"a":1,"a":2},"x"#,
    r#"{"jsonrpc":"2.0","id":1,"method":"roots/list","x"#,
];

fn table(revision: Option<Revision>) -> String {
    let mut table = String::new();
    for text in TEXTS {
        writeln!(table, "{text}\n    {}", hear(revision, text)).unwrap();
    }
    table
}

#[test]
fn a_server_of_the_newest_version_asks_nothing_and_is_answered_nothing() {
    expect![[r#"
        {"jsonrpc":"2.0","id":1,"result":{}}
            answer Some(Int(1))
        {"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"m"}}
            answer Some(Int(1))
        {"jsonrpc":"2.0","error":{"code":1,"message":"m"}}
            answer None
        {"jsonrpc":"2.0","id":1,"result":{},"error":{}}
            answer Some(Int(1))
        {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}}
            progress
        {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":1}}
            notification notifications/message
        {"jsonrpc":"2.0","method":"notifications/elicitation/complete","params":{"elicitationId":"e"}}
            nothing
        {"jsonrpc":"2.0","method":"notifications/roots/list_changed"}
            nothing
        {"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"x"}}
            cancelled "x"
        {"jsonrpc":"2.0","method":"notifications/cancelled","params":{}}
            nothing
        {"jsonrpc":"2.0","method":"example/mine"}
            notification example/mine
        {"jsonrpc":"2.0","id":"s","method":"ping"}
            refused: method not found: ping (-32601); reply None
        {"jsonrpc":"2.0","id":7,"method":"elicitation/create","params":{}}
            refused: method not found: elicitation/create (-32601); reply None
        {"jsonrpc":"2.0","id":7,"method":"roots/list"}
            refused: method not found: roots/list (-32601); reply None
        {"jsonrpc":"2.0","id":7,"method":"tools/list"}
            refused: method not found: tools/list (-32601); reply None
        {"jsonrpc":"2.0","id":7,"method":"example/mine"}
            refused: method not found: example/mine (-32601); reply None
        {"jsonrpc":"2.0","id":7,"method":5}
            refused: `method` must be a string (-32600); reply None
        {"jsonrpc":"2.0","id":7}
            refused: a message needs a `method`, a `result` or an `error` (-32600); reply None
        [{"jsonrpc":"2.0","id":1,"result":{}},{"jsonrpc":"2.0","id":9,"method":"ping"},5]
            unreadable None: several messages in one text, which this protocol version does not have
        []
            unreadable None: several messages in one text, which this protocol version does not have
        Server started on port 3000
            unreadable None: expected a value at byte 0
        {"jsonrpc":"2.0","id":1,"result":{"a":1,"a":2},"x
            unreadable Some(Int(1)): member `a` stands twice, again at byte 41
        {"jsonrpc":"2.0","id":1,"method":"roots/list","x
            unreadable None: expected `"` at byte 48
    "#]].assert_eq(&table(Some(Revision::LATEST)));
}

#[cfg(not(modern_only))]
#[test]
fn a_server_of_a_session_may_ask() {
    expect![[r#"
        {"jsonrpc":"2.0","id":1,"result":{}}
            answer Some(Int(1))
        {"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"m"}}
            answer Some(Int(1))
        {"jsonrpc":"2.0","error":{"code":1,"message":"m"}}
            answer None
        {"jsonrpc":"2.0","id":1,"result":{},"error":{}}
            answer Some(Int(1))
        {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}}
            progress
        {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":1}}
            notification notifications/message
        {"jsonrpc":"2.0","method":"notifications/elicitation/complete","params":{"elicitationId":"e"}}
            notification notifications/elicitation/complete
        {"jsonrpc":"2.0","method":"notifications/roots/list_changed"}
            nothing
        {"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"x"}}
            cancelled "x"
        {"jsonrpc":"2.0","method":"notifications/cancelled","params":{}}
            nothing
        {"jsonrpc":"2.0","method":"example/mine"}
            notification example/mine
        {"jsonrpc":"2.0","id":"s","method":"ping"}
            reply {"jsonrpc":"2.0","id":"s","result":{}}
        {"jsonrpc":"2.0","id":7,"method":"elicitation/create","params":{}}
            question elicitation/create at 2025-11-25
        {"jsonrpc":"2.0","id":7,"method":"roots/list"}
            question roots/list at 2025-11-25
        {"jsonrpc":"2.0","id":7,"method":"tools/list"}
            refused: method not found: tools/list (-32601); reply Some({"jsonrpc":"2.0","id":7,"error":{"code":-32601,"message":"method not found: tools/list"}})
        {"jsonrpc":"2.0","id":7,"method":"example/mine"}
            question example/mine at 2025-11-25
        {"jsonrpc":"2.0","id":7,"method":5}
            refused: `method` must be a string (-32600); reply Some({"jsonrpc":"2.0","id":7,"error":{"code":-32600,"message":"`method` must be a string"}})
        {"jsonrpc":"2.0","id":7}
            refused: a message needs a `method`, a `result` or an `error` (-32600); reply Some({"jsonrpc":"2.0","id":7,"error":{"code":-32600,"message":"a message needs a `method`, a `result` or an `error`"}})
        [{"jsonrpc":"2.0","id":1,"result":{}},{"jsonrpc":"2.0","id":9,"method":"ping"},5]
            unreadable None: several messages in one text, which this protocol version does not have
        []
            unreadable None: several messages in one text, which this protocol version does not have
        Server started on port 3000
            unreadable None: expected a value at byte 0
        {"jsonrpc":"2.0","id":1,"result":{"a":1,"a":2},"x
            unreadable Some(Int(1)): member `a` stands twice, again at byte 41
        {"jsonrpc":"2.0","id":1,"method":"roots/list","x
            unreadable None: expected `"` at byte 48
    "#]].assert_eq(&table(Some(Revision::V2025_11_25)));
}

#[cfg(not(modern_only))]
#[test]
fn a_version_changes_what_is_heard() {
    let mut changes = String::new();
    for revisions in Revision::ALL.windows(2) {
        for text in TEXTS {
            let (older, newer) = (hear(Some(revisions[0]), text), hear(Some(revisions[1]), text));
            let newer = newer.replace(revisions[1].as_str(), revisions[0].as_str());
            if older != newer && revisions[1] != Revision::LATEST {
                writeln!(changes, "{} {text}\n    {older}\n    {newer}", revisions[0]).unwrap();
            }
        }
    }
    expect![[r#"
        2024-11-05 [{"jsonrpc":"2.0","id":1,"result":{}},{"jsonrpc":"2.0","id":9,"method":"ping"},5]
            unreadable None: several messages in one text, which this protocol version does not have
            batch of ["answer Some(Int(1))", "reply {\"jsonrpc\":\"2.0\",\"id\":9,\"result\":{}}", "unreadable None: expected a JSON-RPC message object"]
        2024-11-05 []
            unreadable None: several messages in one text, which this protocol version does not have
            unreadable None: the batch is empty; send at least one message
        2025-03-26 {"jsonrpc":"2.0","id":7,"method":"elicitation/create","params":{}}
            refused: method not found: elicitation/create (-32601); reply Some({"jsonrpc":"2.0","id":7,"error":{"code":-32601,"message":"method not found: elicitation/create"}})
            question elicitation/create at 2025-03-26
        2025-03-26 [{"jsonrpc":"2.0","id":1,"result":{}},{"jsonrpc":"2.0","id":9,"method":"ping"},5]
            batch of ["answer Some(Int(1))", "reply {\"jsonrpc\":\"2.0\",\"id\":9,\"result\":{}}", "unreadable None: expected a JSON-RPC message object"]
            unreadable None: several messages in one text, which this protocol version does not have
        2025-03-26 []
            unreadable None: the batch is empty; send at least one message
            unreadable None: several messages in one text, which this protocol version does not have
        2025-06-18 {"jsonrpc":"2.0","method":"notifications/elicitation/complete","params":{"elicitationId":"e"}}
            nothing
            notification notifications/elicitation/complete
    "#]].assert_eq(&changes);
}

#[cfg(not(modern_only))]
#[test]
fn before_anything_is_agreed_on_only_signs_of_life_are_answered() {
    let asked = |text| hear(None, text);
    assert_eq!(
        asked(r#"{"jsonrpc":"2.0","id":"s","method":"ping"}"#),
        r#"reply {"jsonrpc":"2.0","id":"s","result":{}}"#
    );
    expect!["refused: method not found: roots/list (-32601); reply None"]
        .assert_eq(&asked(r#"{"jsonrpc":"2.0","id":7,"method":"roots/list"}"#));
}

#[cfg(not(modern_only))]
#[test]
fn a_batch_is_bounded() {
    let most = 128;
    let one = r#"{"jsonrpc":"2.0","method":"example/mine"}"#;
    let heard = |count: usize| {
        let text = format!("[{}]", vec![one; count].join(","));
        ear(Some(Revision::V2025_03_26)).hear(&text.into()).into_iter().count()
    };
    assert_eq!(heard(most), most);
    assert_eq!(heard(most + 1), 1);
}
