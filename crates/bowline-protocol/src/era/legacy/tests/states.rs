//! How sessions begin and end.

use super::*;
use expect_test::expect;
use std::sync::OnceLock;

/// What is said in every state.
fn everything() -> Vec<String> {
    vec![
        request("ping", ""),
        request("tools/list", ""),
        initialize("2025-06-18"),
        INITIALIZED.to_owned(),
        notification_of("notifications/cancelled", r#""requestId":0"#),
        notification_of("notifications/roots/list_changed", ""),
        r#"{"jsonrpc":"2.0","id":1,"result":{}}"#.to_owned(),
        r#"{"jsonrpc":"2.0","id":1,"result":[]}"#.to_owned(),
        r#"{"jsonrpc":"2.0","id":1}"#.to_owned(),
        "{".to_owned(),
        "[]".to_owned(),
    ]
}

fn everything_in(new: impl Fn() -> Session, expected: &Expect) {
    let texts = everything();
    table(new, &texts.iter().map(String::as_str).collect::<Vec<_>>(), expected);
}

#[test]
fn before_initialize_only_that_and_ping_are_answered() {
    everything_in(
        || Session::new(settings()),
        &expect![[r#"
        {"jsonrpc":"2.0","id":7,"method":"ping","params":{}}
            reply {"jsonrpc":"2.0","id":7,"result":{}}
            await initialize
        {"jsonrpc":"2.0","id":7,"method":"tools/list","params":{}}
            refused {"jsonrpc":"2.0","id":7,"error":{"code":-32600,"message":"no session is open; send `initialize` first"}}
            await initialize
        {"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{"roots":{},"sampling":{"tools":{}},"elicitation":{"url":{}}},"clientInfo":{"name":"me","version":"2"}}}
            initialized {"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-06-18","capabilities":{"tools":{"listChanged":true},"resources":{"subscribe":true},"completions":{},"logging":{}},"serverInfo":{"name":"test","version":"1"},"instructions":"be kind"}}
            await initialized
        {"jsonrpc":"2.0","method":"notifications/initialized"}
            ignore
            await initialize
        {"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":0}}
            ignore
            await initialize
        {"jsonrpc":"2.0","method":"notifications/roots/list_changed","params":{}}
            ignore
            await initialize
        {"jsonrpc":"2.0","id":1,"result":{}}
            ignore
            await initialize
        {"jsonrpc":"2.0","id":1,"result":[]}
            ignore
            await initialize
        {"jsonrpc":"2.0","id":1}
            refused {"jsonrpc":"2.0","id":1,"error":{"code":-32600,"message":"a message needs a `method`, a `result` or an `error`"}}
            await initialize
        {
            refused {"jsonrpc":"2.0","error":{"code":-32700,"message":"expected a member name at byte 1"}}
            await initialize
        []
            refused {"jsonrpc":"2.0","error":{"code":-32600,"message":"batches are not allowed; send every message on its own"}}
            await initialize
    "#]],
    );
}

#[test]
fn before_initialized_requests_are_served_and_none_of_ours_may_leave() {
    everything_in(
        || {
            let mut session = Session::new(settings());
            say(&mut session, &initialize("2025-06-18"));
            session
        },
        &expect![[r#"
            {"jsonrpc":"2.0","id":7,"method":"ping","params":{}}
                reply {"jsonrpc":"2.0","id":7,"result":{}}
                await initialized
            {"jsonrpc":"2.0","id":7,"method":"tools/list","params":{}}
                admit tools/list of 2025-06-18
                await initialized
            {"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{"roots":{},"sampling":{"tools":{}},"elicitation":{"url":{}}},"clientInfo":{"name":"me","version":"2"}}}
                refused {"jsonrpc":"2.0","id":0,"error":{"code":-32600,"message":"the session is open already; go on, or open another one"}}
                await initialized
            {"jsonrpc":"2.0","method":"notifications/initialized"}
                opened
                open
            {"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":0}}
                cancelled 0
                await initialized
            {"jsonrpc":"2.0","method":"notifications/roots/list_changed","params":{}}
                roots changed
                await initialized
            {"jsonrpc":"2.0","id":1,"result":{}}
                response {"jsonrpc":"2.0","id":1,"result":{}}
                await initialized
            {"jsonrpc":"2.0","id":1,"result":[]}
                response {"jsonrpc":"2.0","id":1,"result":[]}
                await initialized
            {"jsonrpc":"2.0","id":1}
                refused {"jsonrpc":"2.0","id":1,"error":{"code":-32600,"message":"a message needs a `method`, a `result` or an `error`"}}
                await initialized
            {
                refused {"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"expected a member name at byte 1"}}
                await initialized
            []
                refused {"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"batches are not allowed; send every message on its own"}}
                await initialized
        "#]],
    );
}

#[test]
fn an_open_session_is_not_opened_again() {
    everything_in(
        || opened("2025-06-18"),
        &expect![[r#"
        {"jsonrpc":"2.0","id":7,"method":"ping","params":{}}
            reply {"jsonrpc":"2.0","id":7,"result":{}}
            open
        {"jsonrpc":"2.0","id":7,"method":"tools/list","params":{}}
            admit tools/list of 2025-06-18
            open
        {"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{"roots":{},"sampling":{"tools":{}},"elicitation":{"url":{}}},"clientInfo":{"name":"me","version":"2"}}}
            refused {"jsonrpc":"2.0","id":0,"error":{"code":-32600,"message":"the session is open already; go on, or open another one"}}
            open
        {"jsonrpc":"2.0","method":"notifications/initialized"}
            ignore
            open
        {"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":0}}
            cancelled 0
            open
        {"jsonrpc":"2.0","method":"notifications/roots/list_changed","params":{}}
            roots changed
            open
        {"jsonrpc":"2.0","id":1,"result":{}}
            response {"jsonrpc":"2.0","id":1,"result":{}}
            open
        {"jsonrpc":"2.0","id":1,"result":[]}
            response {"jsonrpc":"2.0","id":1,"result":[]}
            open
        {"jsonrpc":"2.0","id":1}
            refused {"jsonrpc":"2.0","id":1,"error":{"code":-32600,"message":"a message needs a `method`, a `result` or an `error`"}}
            open
        {
            refused {"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"expected a member name at byte 1"}}
            open
        []
            refused {"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"batches are not allowed; send every message on its own"}}
            open
    "#]],
    );
}

#[test]
fn a_closed_session_answers_no_request() {
    everything_in(
        || {
            let mut session = opened("2025-06-18");
            session.close();
            session
        },
        &expect![[r#"
            {"jsonrpc":"2.0","id":7,"method":"ping","params":{}}
                refused {"jsonrpc":"2.0","id":7,"error":{"code":-32600,"message":"the session is closed; open a new one"}}
                closed
            {"jsonrpc":"2.0","id":7,"method":"tools/list","params":{}}
                refused {"jsonrpc":"2.0","id":7,"error":{"code":-32600,"message":"the session is closed; open a new one"}}
                closed
            {"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{"roots":{},"sampling":{"tools":{}},"elicitation":{"url":{}}},"clientInfo":{"name":"me","version":"2"}}}
                refused {"jsonrpc":"2.0","id":0,"error":{"code":-32600,"message":"the session is closed; open a new one"}}
                closed
            {"jsonrpc":"2.0","method":"notifications/initialized"}
                ignore
                closed
            {"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":0}}
                ignore
                closed
            {"jsonrpc":"2.0","method":"notifications/roots/list_changed","params":{}}
                ignore
                closed
            {"jsonrpc":"2.0","id":1,"result":{}}
                ignore
                closed
            {"jsonrpc":"2.0","id":1,"result":[]}
                ignore
                closed
            {"jsonrpc":"2.0","id":1}
                ignore
                closed
            {
                refused {"jsonrpc":"2.0","error":{"code":-32700,"message":"expected a member name at byte 1"}}
                closed
            []
                refused {"jsonrpc":"2.0","error":{"code":-32600,"message":"batches are not allowed; send every message on its own"}}
                closed
        "#]],
    );
}

#[test]
fn versions_are_negotiated() {
    let mut table = String::new();
    for offered in [
        "2024-11-05",
        "2025-03-26",
        "2025-06-18",
        "2025-11-25",
        "2026-07-28",
        "2023-01-01",
        "2099-01-01",
        "",
        "latest",
    ] {
        writeln!(table, "{offered:12} {}", negotiate(offered)).unwrap();
    }
    expect![[r#"
        2024-11-05   2024-11-05
        2025-03-26   2025-03-26
        2025-06-18   2025-06-18
        2025-11-25   2025-11-25
        2026-07-28   2025-11-25
        2023-01-01   2025-11-25
        2099-01-01   2025-11-25
                     2025-11-25
        latest       2025-11-25
    "#]]
    .assert_eq(&table);
}

#[test]
fn an_initialize_that_cannot_be_read_leaves_the_session_as_it_was() {
    let large = format!(r#""clientInfo":{{"name":"{}","version":"2"}}"#, "n".repeat(20_000));
    let params = [
        "",
        r#""protocolVersion":20241105"#,
        r#""protocolVersion":"2025-06-18""#,
        r#""protocolVersion":"2025-06-18","clientInfo":"me""#,
        r#""protocolVersion":"2025-06-18","clientInfo":{"name":"me"}"#,
        r#""protocolVersion":"2025-06-18","clientInfo":{"name":"me","version":"2"}"#,
        r#""protocolVersion":"2025-06-18","clientInfo":{"name":"me","version":"2"},"capabilities":[]"#,
        &format!(r#""protocolVersion":"2025-06-18","capabilities":{{}},{large}"#),
    ];
    let mut table = String::new();
    for params in params {
        let mut session = Session::new(settings());
        writeln!(table, "{}", say(&mut session, &request("initialize", params))).unwrap();
        assert_eq!(state(&session), "await initialize");
    }
    expect![[r#"
        refused {"jsonrpc":"2.0","id":7,"error":{"code":-32602,"message":"params.protocolVersion: expected a string"}}
        refused {"jsonrpc":"2.0","id":7,"error":{"code":-32602,"message":"params.protocolVersion: expected a string"}}
        refused {"jsonrpc":"2.0","id":7,"error":{"code":-32602,"message":"params.clientInfo: missing field"}}
        refused {"jsonrpc":"2.0","id":7,"error":{"code":-32602,"message":"params.clientInfo: invalid type: string, expected an object"}}
        refused {"jsonrpc":"2.0","id":7,"error":{"code":-32602,"message":"params.clientInfo.version: missing field"}}
        refused {"jsonrpc":"2.0","id":7,"error":{"code":-32602,"message":"params.capabilities: missing field"}}
        refused {"jsonrpc":"2.0","id":7,"error":{"code":-32602,"message":"params.capabilities: invalid type: sequence, expected a map"}}
        refused {"jsonrpc":"2.0","id":7,"error":{"code":-32602,"message":"params.clientInfo: over 16384 bytes"}}
    "#]].assert_eq(&table);
}

#[test]
fn pictures_of_a_client_do_not_make_its_session_large() {
    let picture = "A".repeat(100_000);
    let params = format!(
        r#""protocolVersion":"2025-11-25","capabilities":{{}},"clientInfo":{{"name":"me","version":"2","icons":[{{"src":"data:image/png;base64,{picture}"}}]}}"#
    );
    let mut session = Session::new(settings());
    say(&mut session, &request("initialize", &params));
    let stamp = session.peer().unwrap().stamp();
    expect![[r#"{"name":"me","version":"2"}"#]].assert_eq(stamp.client_info().as_str());
}

#[test]
fn each_version_is_answered_with_the_capabilities_it_has() {
    let mut table = String::new();
    for revision in SUPPORTED {
        let mut session = Session::new(settings());
        writeln!(table, "{}", say(&mut session, &initialize(revision.as_str()))).unwrap();
        let stamp = session.peer().unwrap().stamp();
        writeln!(table, "    {}", stamp.client_capabilities().as_str()).unwrap();
    }
    expect![[r#"
        initialized {"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{"listChanged":true},"resources":{"subscribe":true},"completions":{},"logging":{}},"serverInfo":{"name":"test","version":"1"},"instructions":"be kind"}}
            {"elicitation":{"url":{}},"roots":{},"sampling":{"tools":{}}}
        initialized {"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-06-18","capabilities":{"tools":{"listChanged":true},"resources":{"subscribe":true},"completions":{},"logging":{}},"serverInfo":{"name":"test","version":"1"},"instructions":"be kind"}}
            {"elicitation":{},"roots":{},"sampling":{}}
        initialized {"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-03-26","capabilities":{"tools":{"listChanged":true},"resources":{"subscribe":true},"completions":{},"logging":{}},"serverInfo":{"name":"test","version":"1"},"instructions":"be kind"}}
            {"roots":{},"sampling":{}}
        initialized {"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2024-11-05","capabilities":{"tools":{"listChanged":true},"resources":{"subscribe":true},"logging":{}},"serverInfo":{"name":"test","version":"1"},"instructions":"be kind"}}
            {"roots":{},"sampling":{}}
    "#]].assert_eq(&table);
}

#[test]
fn a_message_of_a_newer_version_opens_no_session() {
    let message = |text: &str| match scan(text.to_owned().into(), MAX_DEPTH) {
        Ok(Scanned::Message(message)) => message,
        other => panic!("{other:?}"),
    };
    assert!(opens(&message(&initialize("2025-06-18"))));
    assert!(!opens(&message(&request("tools/list", ""))));
    let newer = r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}"#;
    assert!(!opens(&message(&request("initialize", newer))));
}

#[test]
fn a_session_is_small() {
    // What 10,000 idle ones cost each; what the client said of itself comes on top, in texts of its own.
    assert!(size_of::<Session>() <= 64, "{}", size_of::<Session>());
}

#[test]
fn in_every_order_each_request_is_answered_once_and_no_state_comes_back() {
    let texts = everything();
    let order = ["await initialize", "await initialized", "open"];
    let rank = |session: &Session| order.iter().position(|&name| name == state(session)).unwrap();
    let count = texts.len();
    for at in 0..count.pow(4) {
        let mut session = Session::new(settings_of_all());
        for place in 0..4_u32 {
            let text = &texts[at / count.pow(place) % count];
            let (before, agreed) = (rank(&session), session.revision());
            let said = say(&mut session, text);
            let after = rank(&session);
            assert!(before <= after && after <= before + 1, "{text}: {before} {after}");
            assert!(agreed.is_none() || agreed == session.revision(), "{text}: {said}");
            let answered = ["reply", "refused", "initialized", "admit"];
            let answered = answered.iter().any(|word| said.starts_with(word));
            let due = text.contains("\"method\"") && text.contains("\"id\"");
            assert!(answered || !due, "{text} is left without an answer: {said}");
            let silent = text.contains("notifications/") || text.contains("\"result\"");
            assert!(!(answered && silent), "{text} is answered: {said}");
        }
    }
}

/// Settings once for many sessions.
fn settings_of_all() -> Arc<Settings> {
    static SETTINGS: OnceLock<Arc<Settings>> = OnceLock::new();
    Arc::clone(SETTINGS.get_or_init(settings))
}
