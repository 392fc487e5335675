//! Sessions as tables: what is said, what it means, and the state that it leads to.

mod requests;
mod states;
mod writing;

use super::*;
use crate::limits::Limits;
use crate::scan::{MAX_DEPTH, scan};
use bowline_types::capability::{ResourcesCapability, ServerCapabilities, ToolsCapability};
use bowline_types::discover::Implementation;
use expect_test::Expect;
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
        Step::RootsChanged(_) => "roots changed".to_owned(),
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
        writeln!(table, "{}\n    {said}\n    {}", text.trim(), state(&session)).unwrap();
    }
    expected.assert_eq(&table);
}
