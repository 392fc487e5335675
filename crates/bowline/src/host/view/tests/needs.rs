use super::support::{Fake, one_of_everything, own_meta};
use crate::host::settings::{Naming, ServerSettings, Settings};
use crate::host::view::View;
use crate::principal::Principal;
use crate::scopes::Asked;
use crate::service::Service;
use bowline_protocol::scan::{Scanned, scan};
use expect_test::expect;
use serde_json::{Value, json};
use std::sync::Arc;

async fn host() -> Arc<Fake> {
    let servers = [("a", one_of_everything("a")), ("b", one_of_everything("b"))];
    let fake = Fake::new(Naming::Prefix, &servers).await;
    let mut settings = Settings::default();
    settings.scopes.methods.insert("prompts/get".into(), vec!["prompt".into()]);
    settings.scopes.tools.insert("*__links".into(), vec!["links".into()]);
    settings.scopes.tools.insert("b__*".into(), vec!["tools-of-b".into()]);
    let server = ServerSettings { scopes: vec!["a".into()], ..ServerSettings::default() };
    settings.servers.insert("a".into(), server);
    fake.rule(&settings).await;
    fake
}

fn needed(view: &Arc<View>, method: &str, params: &Value) -> String {
    let mut params = params.clone();
    params["_meta"] = own_meta();
    let text = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    let Scanned::Message(message) = scan(text.to_string().into(), 64).unwrap() else {
        panic!("{text}")
    };
    view.scopes(&Asked::of(&message), &Principal::token("x", [])).to_string()
}

#[tokio::test]
async fn a_call_needs_the_scopes_of_its_server_method_and_tool_on_every_endpoint() {
    let fake = host().await;
    let tool = |name| json!({ "name": name });
    let uri = |uri| json!({ "uri": uri });
    let none = json!({});
    let rows = [
        ("all", fake.whole(), "tools/call", tool("a__echo")),
        ("all", fake.whole(), "tools/call", tool("a__links")),
        ("all", fake.whole(), "tools/call", tool("b__links")),
        ("all", fake.whole(), "tools/call", tool("b__nothing")),
        ("all", fake.whole(), "tools/call", tool("nothing")),
        ("all", fake.whole(), "prompts/get", tool("a__greet")),
        ("all", fake.whole(), "prompts/get", tool("b__greet")),
        ("all", fake.whole(), "resources/read", uri("x:a")),
        ("all", fake.whole(), "resources/read", uri("x:b")),
        ("all", fake.whole(), "tools/list", none.clone()),
        ("all", fake.whole(), "server/discover", none.clone()),
        ("a", fake.one("a"), "tools/call", tool("links")),
        ("a", fake.one("a"), "tools/list", none.clone()),
        ("a", fake.one("a"), "com.example/ping", none.clone()),
        ("b", fake.one("b"), "tools/call", tool("links")),
        ("b", fake.one("b"), "tools/call", tool("nothing")),
        ("part", fake.profile(&["a__*"]), "tools/call", tool("a__links")),
    ];
    let table: String = rows
        .iter()
        .map(|(at, view, method, params)| {
            format!("{at} {method} {params}: {}\n", needed(view, method, params))
        })
        .collect();
    expect![[r#"
        all tools/call {"name":"a__echo"}: a
        all tools/call {"name":"a__links"}: a links
        all tools/call {"name":"b__links"}: links tools-of-b
        all tools/call {"name":"b__nothing"}: tools-of-b
        all tools/call {"name":"nothing"}:
        all prompts/get {"name":"a__greet"}: prompt a
        all prompts/get {"name":"b__greet"}: prompt
        all resources/read {"uri":"x:a"}: a
        all resources/read {"uri":"x:b"}:
        all tools/list {}:
        all server/discover {}:
        a tools/call {"name":"links"}: a links
        a tools/list {}:
        a com.example/ping {}: a
        b tools/call {"name":"links"}: links tools-of-b
        b tools/call {"name":"nothing"}: tools-of-b
        part tools/call {"name":"a__links"}: a links
    "#]]
    .assert_eq(&without_trailing_space(&table));
}

fn without_trailing_space(table: &str) -> String {
    table.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}
