//! What may be said in a session that is open.

use super::*;
use crate::scan::BodyKey;
use expect_test::expect;

#[test]
fn requests_carry_what_the_session_remembers_and_nothing_they_claim_themselves() {
    let mut session = opened("2025-06-18");
    let claims = r#""name":"x","inputResponses":{},"requestState":"s","_meta":{"progressToken":"p","io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{},"io.modelcontextprotocol/clientCapabilities":{"elicitation":{"url":{}}},"io.modelcontextprotocol/logLevel":"debug"}"#;
    for _ in 0..2 {
        let message = match scan(request("tools/call", claims).into(), MAX_DEPTH) {
            Ok(Scanned::Message(message)) => message,
            other => panic!("{other:?}"),
        };
        let Step::Admit(incoming) = session.message(message) else { panic!("not admitted") };
        let text = |key| incoming.meta(key).map(|text| String::from_utf8_lossy(text).into_owned());
        assert_eq!(text(MetaKey::ProtocolVersion).unwrap(), "\"2025-06-18\"");
        assert_eq!(incoming.meta_str(MetaKey::ProtocolVersion).unwrap(), "2025-06-18");
        assert_eq!(text(MetaKey::ClientInfo).unwrap(), r#"{"name":"me","version":"2"}"#);
        assert_eq!(
            text(MetaKey::ClientCapabilities).unwrap(),
            r#"{"elicitation":{},"roots":{},"sampling":{}}"#
        );
        assert_eq!(incoming.meta_str(MetaKey::ProgressToken).unwrap(), "p");
        assert_eq!(text(MetaKey::TraceParent), None);
        assert_eq!(incoming.meta_str(MetaKey::ClientInfo), None);
        assert!(incoming.param(BodyKey::InputResponses).is_none());
        assert!(incoming.param(BodyKey::RequestState).is_none());
        let level = session.peer().unwrap().stamp().log_level().unwrap();
        assert_eq!(text(MetaKey::LogLevel).unwrap(), format!("\"{level}\""));
        say(&mut session, &request("logging/setLevel", r#""level":"alert""#));
    }
    assert_eq!(session.peer().unwrap().stamp().log_level(), Some(LoggingLevel::Alert));
}

#[test]
fn a_client_sets_its_log_level() {
    let texts = [
        request("logging/setLevel", r#""level":"warning""#),
        request("logging/setLevel", r#""level":"loud""#),
        request("logging/setLevel", r#""level":5"#),
        request("logging/setLevel", ""),
    ];
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    table(
        || opened("2025-03-26"),
        &texts,
        &expect![[r#"
        {"jsonrpc":"2.0","id":7,"method":"logging/setLevel","params":{"level":"warning"}}
            log level warning, {"jsonrpc":"2.0","id":7,"result":{}}
            open
        {"jsonrpc":"2.0","id":7,"method":"logging/setLevel","params":{"level":"loud"}}
            refused {"jsonrpc":"2.0","id":7,"error":{"code":-32602,"message":"params.level: unknown log level, expected one of debug info notice warning error critical alert emergency"}}
            open
        {"jsonrpc":"2.0","id":7,"method":"logging/setLevel","params":{"level":5}}
            refused {"jsonrpc":"2.0","id":7,"error":{"code":-32602,"message":"params.level: expected a string"}}
            open
        {"jsonrpc":"2.0","id":7,"method":"logging/setLevel","params":{}}
            refused {"jsonrpc":"2.0","id":7,"error":{"code":-32602,"message":"params.level: expected a string"}}
            open
    "#]],
    );
}

#[test]
fn a_client_watches_resources() {
    let mut session = opened("2025-11-25");
    let mut log = String::new();
    for (method, params) in [
        ("resources/subscribe", r#""uri":"a:1""#),
        ("resources/subscribe", r#""uri":"a:1""#),
        ("resources/subscribe", r#""uri":"a:2""#),
        ("resources/subscribe", r#""uri":"a:3""#),
        ("resources/subscribe", r#""uri":"a:much-too-long-for-this""#),
        ("resources/subscribe", r#""uri":5"#),
        ("resources/unsubscribe", r#""uri":"a:1""#),
        ("resources/unsubscribe", r#""uri":"a:1""#),
        ("resources/unsubscribe", ""),
    ] {
        writeln!(log, "{}", say(&mut session, &request(method, params))).unwrap();
    }
    let listening = Raw::encode(&session.peer().unwrap().listening()).unwrap();
    writeln!(log, "{}", listening.as_str()).unwrap();
    expect![[r#"
        subscribe a:1, {"jsonrpc":"2.0","id":7,"result":{}}
        reply {"jsonrpc":"2.0","id":7,"result":{}}
        subscribe a:2, {"jsonrpc":"2.0","id":7,"result":{}}
        refused {"jsonrpc":"2.0","id":7,"error":{"code":-32602,"message":"params.uri: 2 resources are watched already; unsubscribe from one"}}
        refused {"jsonrpc":"2.0","id":7,"error":{"code":-32602,"message":"params.uri: over 16 bytes"}}
        refused {"jsonrpc":"2.0","id":7,"error":{"code":-32602,"message":"params.uri: expected a string"}}
        unsubscribe a:1, {"jsonrpc":"2.0","id":7,"result":{}}
        reply {"jsonrpc":"2.0","id":7,"result":{}}
        refused {"jsonrpc":"2.0","id":7,"error":{"code":-32602,"message":"params.uri: expected a string"}}
        {"toolsListChanged":true,"resourceSubscriptions":["a:2"]}
    "#]].assert_eq(&log);
}

#[test]
fn a_server_that_declares_little_is_asked_little() {
    let info = Implementation::new("test", "1");
    let settings = Settings::new(ServerCapabilities::new(), &info, None, Limits::local()).unwrap();
    let settings = Arc::new(settings);
    let texts = [
        request("logging/setLevel", r#""level":"warning""#),
        request("resources/subscribe", r#""uri":"a:1""#),
        request("resources/unsubscribe", r#""uri":"a:1""#),
    ];
    let mut session = Session::new(settings);
    say(&mut session, &initialize("2025-06-18"));
    for text in texts {
        let said = say(&mut session, &text);
        assert!(said.starts_with("refused") && said.contains("-32601"), "{said}");
    }
    let peer = session.peer().unwrap();
    assert_eq!(peer.stamp().log_level(), None);
    assert_eq!(Raw::encode(&peer.listening()).unwrap().as_str(), "{}");
}

#[test]
fn methods_exist_in_their_versions_and_directions_only() {
    let mut table = String::new();
    for method in [
        "tools/call",
        "completion/complete",
        "tasks/get",
        "tasks/result",
        "com.example/own",
        "server/discover",
        "subscriptions/listen",
        "tasks/update",
        "elicitation/create",
        "sampling/createMessage",
        "roots/list",
        "notifications/initialized",
    ] {
        write!(table, "{method:26}").unwrap();
        for revision in SUPPORTED {
            let said = say(&mut opened(revision.as_str()), &request(method, ""));
            let word = if said.starts_with("admit") { "yes" } else { "no" };
            assert!(word == "yes" || said.contains("-32601"), "{said}");
            write!(table, " {word:>3}").unwrap();
        }
        table.push('\n');
    }
    expect![[r#"
        tools/call                 yes yes yes yes
        completion/complete        yes yes yes yes
        tasks/get                  yes  no  no  no
        tasks/result               yes  no  no  no
        com.example/own            yes yes yes yes
        server/discover             no  no  no  no
        subscriptions/listen        no  no  no  no
        tasks/update                no  no  no  no
        elicitation/create          no  no  no  no
        sampling/createMessage      no  no  no  no
        roots/list                  no  no  no  no
        notifications/initialized   no  no  no  no
    "#]]
    .assert_eq(&table);
}

#[test]
fn notifications_out_of_place_are_passed_over() {
    let texts = [
        notification_of("notifications/initialized", ""),
        notification_of("notifications/message", r#""level":"info","data":1"#),
        notification_of("notifications/tools/list_changed", ""),
        notification_of("notifications/tasks/status", ""),
        notification_of("tools/call", r#""name":"x""#),
        notification_of("notifications/cancelled", r#""requestId":null"#),
        notification_of("notifications/cancelled", ""),
        notification_of("notifications/cancelled", r#""requestId":"a""#),
        notification_of("notifications/progress", r#""progressToken":1,"progress":1"#),
        notification_of("com.example/own", ""),
    ];
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    table(
        || opened("2024-11-05"),
        &texts,
        &expect![[r#"
            {"jsonrpc":"2.0","method":"notifications/initialized","params":{}}
                ignore
                open
            {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":1}}
                ignore
                open
            {"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{}}
                ignore
                open
            {"jsonrpc":"2.0","method":"notifications/tasks/status","params":{}}
                ignore
                open
            {"jsonrpc":"2.0","method":"tools/call","params":{"name":"x"}}
                ignore
                open
            {"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":null}}
                ignore
                open
            {"jsonrpc":"2.0","method":"notifications/cancelled","params":{}}
                ignore
                open
            {"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"a"}}
                cancelled "a"
                open
            {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}}
                progress {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}}
                open
            {"jsonrpc":"2.0","method":"com.example/own","params":{}}
                notification com.example/own
                open
        "#]],
    );
}

#[test]
fn progress_tokens_are_strings_or_integers() {
    for (token, word) in [
        ("1", "admit"),
        ("\"1\"", "admit"),
        ("1.5", "refused"),
        ("null", "refused"),
        ("{}", "refused"),
    ] {
        let meta = format!(r#""_meta":{{"progressToken":{token}}}"#);
        let said = say(&mut opened("2024-11-05"), &request("tools/list", &meta));
        assert!(said.starts_with(word), "{token}: {said}");
    }
}

#[test]
fn batches_belong_to_one_version() {
    let texts = [
        "[]",
        "[ ]",
        r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#,
        r#" [ {"jsonrpc":"2.0","id":"[,\"]","method":"tools/list","params":{"cursor":"],["}} , {"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":4}},{"jsonrpc":"2.0","id":1,"result":{}} ] "#,
        r#"[1,[],{"jsonrpc":"2.0","id":2}]"#,
        r#"[1,2,3,4]"#,
        r#"[{"jsonrpc":"2.0","id":3,"method":"ping"},{"jsonrpc":"2.0","id":4,"id":4,"method":"ping"}]"#,
    ];
    table(
        || opened("2025-03-26"),
        &texts,
        &expect![[r#"
            []
                refused {"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"the batch is empty; send at least one message"}}
                open
            [ ]
                refused {"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"the batch is empty; send at least one message"}}
                open
            [{"jsonrpc":"2.0","id":1,"method":"ping"}]
                reply {"jsonrpc":"2.0","id":1,"result":{}}
                open
            [ {"jsonrpc":"2.0","id":"[,\"]","method":"tools/list","params":{"cursor":"],["}} , {"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":4}},{"jsonrpc":"2.0","id":1,"result":{}} ]
                admit tools/list of 2025-03-26
                cancelled 4
                response {"jsonrpc":"2.0","id":1,"result":{}}
                open
            [1,[],{"jsonrpc":"2.0","id":2}]
                refused {"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"expected a JSON-RPC message object"}}
                refused {"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"a batch inside a batch is not allowed"}}
                refused {"jsonrpc":"2.0","id":2,"error":{"code":-32600,"message":"a message needs a `method`, a `result` or an `error`"}}
                open
            [1,2,3,4]
                refused {"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"the batch has more than 3 messages; send several batches"}}
                open
            [{"jsonrpc":"2.0","id":3,"method":"ping"},{"jsonrpc":"2.0","id":4,"id":4,"method":"ping"}]
                reply {"jsonrpc":"2.0","id":3,"result":{}}
                refused {"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"member `id` stands twice, again at byte 25"}}
                open
        "#]],
    );
    let initialize = format!("[{}]", initialize("2025-03-26"));
    table(
        || opened("2025-03-26"),
        &[&initialize],
        &expect![[r#"
        [{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-03-26","capabilities":{"roots":{},"sampling":{"tools":{}},"elicitation":{"url":{}}},"clientInfo":{"name":"me","version":"2"}}}]
            refused {"jsonrpc":"2.0","id":0,"error":{"code":-32600,"message":"the session is open already; go on, or open another one"}}
            open
    "#]],
    );
    table(
        || Session::new(settings()),
        &[&initialize],
        &expect![[r#"
        [{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-03-26","capabilities":{"roots":{},"sampling":{"tools":{}},"elicitation":{"url":{}}},"clientInfo":{"name":"me","version":"2"}}}]
            refused {"jsonrpc":"2.0","error":{"code":-32600,"message":"batches are not allowed; send every message on its own"}}
            await initialize
    "#]],
    );
    for version in ["2024-11-05", "2025-06-18", "2025-11-25"] {
        let said = say(&mut opened(version), texts[2]);
        assert!(said.starts_with("refused") && said.contains("-32600"), "{version}: {said}");
    }
}
