use super::*;
use crate::limits::Limits;
use crate::outcome::{Body, CacheHint, Outcome, ResultKind};
use crate::scan::{BodyKey, MAX_DEPTH, scan};
use bowline_types::capability::{ResourcesCapability, ServerCapabilities, ToolsCapability};
use bowline_types::discover::Implementation;
use expect_test::{Expect, expect};
use std::fmt::Write as _;

fn settings() -> Arc<Settings> {
    let capabilities = ServerCapabilities::new()
        .tools(ToolsCapability::new().list_changed(true))
        .resources(ResourcesCapability::new().subscribe(true))
        .completions(serde_json::Map::new())
        .logging(serde_json::Map::new());
    let info = Implementation::new("test", "1");
    let limits = Limits::local().listen_uris(2).uri_bytes(16).running_per_link(3);
    Arc::new(Settings::new(capabilities, &info, Some("be kind"), limits).unwrap())
}

fn say(session: &mut Session, text: &str) -> String {
    match scan(text.to_owned().into(), MAX_DEPTH) {
        Ok(scanned) => match session.receive(scanned) {
            Received::One(step) => described(&step),
            Received::Batch(steps) => {
                steps.iter().map(described).collect::<Vec<_>>().join("\n    ")
            }
        },
        Err(fault) => described(&session.unreadable(fault.into())),
    }
}

fn described(step: &Step) -> String {
    match step {
        Step::Admit(incoming) => {
            format!("admit {} of {}", incoming.method(), incoming.protocol_version())
        }
        Step::Initialized(reply) => format!("initialized {}", reply.as_str()),
        Step::Reply(reply) => format!("reply {}", reply.as_str()),
        Step::Refused { reply, .. } => format!("refused {}", reply.as_str()),
        Step::Opened => "opened".to_owned(),
        Step::LogLevel { level, reply } => format!("log level {level}, {}", reply.as_str()),
        Step::Subscribe { uri, reply } => format!("subscribe {uri}, {}", reply.as_str()),
        Step::Unsubscribe { uri, reply } => format!("unsubscribe {uri}, {}", reply.as_str()),
        Step::RootsChanged => "roots changed".to_owned(),
        Step::Cancelled(id) => format!("cancelled {id}"),
        Step::Progress(message) => format!("progress {}", message.raw().as_str()),
        Step::Response(message) => format!("response {}", message.raw().as_str()),
        Step::Notification(message) => format!("notification {}", message.method()),
        Step::Ignore => "ignore".to_owned(),
    }
}

fn state(session: &Session) -> &'static str {
    match session {
        Session::AwaitInitialize(_) => "await initialize",
        Session::AwaitInitialized(_) => "await initialized",
        Session::Open(_) => "open",
        Session::Closed(_) => "closed",
    }
}

fn initialize(version: &str) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","id":0,"method":"initialize","params":{{"protocolVersion":"{version}","capabilities":{{"roots":{{}},"sampling":{{"tools":{{}}}},"elicitation":{{"url":{{}}}}}},"clientInfo":{{"name":"me","version":"2"}}}}}}"#
    )
}

const INITIALIZED: &str = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;

fn opened(version: &str) -> Session {
    let mut session = Session::new(settings());
    say(&mut session, &initialize(version));
    say(&mut session, INITIALIZED);
    assert!(session.is_open());
    session
}

fn request(method: &str, params: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":7,"method":"{method}","params":{{{params}}}}}"#)
}

fn notification_of(method: &str, params: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","method":"{method}","params":{{{params}}}}}"#)
}

/// Says each text to a session in the same state.
fn table(new: impl Fn() -> Session, texts: &[&str], expected: &Expect) {
    let mut table = String::new();
    for text in texts {
        let mut session = new();
        let said = say(&mut session, text);
        writeln!(table, "{text}\n    {said}\n    {}", state(&session)).unwrap();
    }
    expected.assert_eq(&table);
}

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
            write!(table, " {word:3}").unwrap();
        }
        table.push('\n');
    }
    expect![[r#"
        tools/call                 yes yes yes yes
        completion/complete        yes yes yes yes
        tasks/get                  yes no  no  no 
        tasks/result               yes no  no  no 
        com.example/own            yes yes yes yes
        server/discover            no  no  no  no 
        subscriptions/listen       no  no  no  no 
        tasks/update               no  no  no  no 
        elicitation/create         no  no  no  no 
        sampling/createMessage     no  no  no  no 
        roots/list                 no  no  no  no 
        notifications/initialized  no  no  no  no 
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
            refused {"jsonrpc":"2.0","id":4,"error":{"code":-32600,"message":"member `id` stands twice, again at byte 25"}}
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

#[test]
fn answers_to_a_batch_are_one_text() {
    let raw = |text: &str| Raw::parse(text.to_owned()).unwrap();
    assert!(join(&[]).is_none());
    assert_eq!(join(&[raw("1")]).unwrap().as_str(), "[1]");
    assert_eq!(join(&[raw("1"), raw("{}")]).unwrap().as_str(), "[1,{}]");
}

#[test]
fn results_are_written_without_what_the_newest_version_appends() {
    let body = |json: &str| Body::of(&Raw::parse(json.to_owned()).unwrap()).unwrap();
    let written = |outcome: &Outcome| {
        let whole = response(Revision::V2025_06_18, "tools/call", b"\"a\"", outcome);
        let pieces = response_pieces(Revision::V2025_06_18, "tools/call", b"\"a\"", outcome);
        assert_eq!(pieces.concat(), whole.as_bytes());
        whole.as_str().to_owned() + "\n"
    };
    let hint = CacheHint::public(5);
    let meta = serde_json::json!({ "com.example/a": 1 });
    let text = [
        written(&Outcome::complete(Body::empty())),
        written(&Outcome::complete(Body::empty().with_meta(&meta).unwrap())),
        written(&Outcome::complete(body(r#"{"content":[]}"#).with_meta(&meta).unwrap())),
        written(&Outcome::Result {
            kind: ResultKind::Complete,
            body: body(r#"{"content":[]}"#),
            cache: Some(hint),
        }),
        written(&Outcome::Result { kind: ResultKind::Task, body: body("{}"), cache: None }),
        written(&Outcome::Error(ErrorObject::invalid_params("no"))),
    ];
    expect![[r#"
        {"jsonrpc":"2.0","id":"a","result":{}}
        {"jsonrpc":"2.0","id":"a","result":{"_meta":{"com.example/a":1}}}
        {"jsonrpc":"2.0","id":"a","result":{"content":[],"_meta":{"com.example/a":1}}}
        {"jsonrpc":"2.0","id":"a","result":{"content":[]}}
        {"jsonrpc":"2.0","id":"a","error":{"code":-32603,"message":"a result of type task does not exist in this protocol version"}}
        {"jsonrpc":"2.0","id":"a","error":{"code":-32602,"message":"no"}}
    "#]].assert_eq(&text.concat());
}

#[test]
fn an_error_without_an_id_has_it_as_null_where_the_member_is_required() {
    let error = ErrorObject::parse_error("what?");
    let mut table = String::new();
    for revision in [None].into_iter().chain(SUPPORTED.iter().copied().map(Some)) {
        let name = revision.map_or("none", Revision::as_str);
        let text = error_response(revision, None, &error);
        writeln!(table, "{name:10} {}", text.as_str()).unwrap();
    }
    expect![[r#"
        none       {"jsonrpc":"2.0","error":{"code":-32700,"message":"what?"}}
        2025-11-25 {"jsonrpc":"2.0","error":{"code":-32700,"message":"what?"}}
        2025-06-18 {"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"what?"}}
        2025-03-26 {"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"what?"}}
        2024-11-05 {"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"what?"}}
    "#]]
    .assert_eq(&table);
}

#[test]
fn notifications_leave_in_the_versions_that_have_them_and_name_no_subscription() {
    let mut table = String::new();
    for (method, params) in [
        ("notifications/progress", r#"{"progressToken":1,"progress":1}"#),
        (
            "notifications/resources/updated",
            r#"{"uri":"a:1","_meta":{"io.modelcontextprotocol/subscriptionId":3}}"#,
        ),
        (
            "notifications/tools/list_changed",
            r#"{"_meta":{"a":1,"io.modelcontextprotocol/subscriptionId":"x"}}"#,
        ),
        ("notifications/subscriptions/acknowledged", r#"{"notifications":{}}"#),
        ("notifications/elicitation/complete", r#"{"elicitationId":"e"}"#),
        ("com.example/own", "{}"),
    ] {
        let newest = crate::write::notification_raw(method, Some(params.as_bytes()));
        for revision in [Revision::V2024_11_05, Revision::V2025_11_25] {
            let written = notification(revision, &newest);
            let text = written.as_ref().map_or("nothing", Raw::as_str);
            writeln!(table, "{revision} {method}: {text}").unwrap();
        }
    }
    expect![[r#"
        2024-11-05 notifications/progress: {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}}
        2025-11-25 notifications/progress: {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}}
        2024-11-05 notifications/resources/updated: {"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"a:1"}}
        2025-11-25 notifications/resources/updated: {"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"a:1"}}
        2024-11-05 notifications/tools/list_changed: {"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{"_meta":{"a":1}}}
        2025-11-25 notifications/tools/list_changed: {"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{"_meta":{"a":1}}}
        2024-11-05 notifications/subscriptions/acknowledged: nothing
        2025-11-25 notifications/subscriptions/acknowledged: nothing
        2024-11-05 notifications/elicitation/complete: nothing
        2025-11-25 notifications/elicitation/complete: {"jsonrpc":"2.0","method":"notifications/elicitation/complete","params":{"elicitationId":"e"}}
        2024-11-05 com.example/own: {"jsonrpc":"2.0","method":"com.example/own","params":{}}
        2025-11-25 com.example/own: {"jsonrpc":"2.0","method":"com.example/own","params":{}}
    "#]].assert_eq(&table);
    let request = Raw::parse(request("ping", "")).unwrap();
    assert!(notification(Revision::V2025_11_25, &request).is_none());
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
