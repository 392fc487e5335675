use super::support::{ask_as, table};
use crate::principal::Principal;
use crate::server::{ItemKind, Server};
use bowline_types::completion::PromptReference;
use bowline_types::prompt::{Prompt, PromptArgument};
use bowline_types::resource::{Resource, ResourceTemplate};
use bowline_types::tool::Tool;
use expect_test::expect;
use serde_json::{Value, json};

/// Everything twice: once for everybody, once for those who hold the scope `admin`.
pub(super) fn guarded() -> Server {
    Server::new("guarded", "1")
        .visible(|principal, item| {
            !item.has_tag("admin") || principal.scopes().any(|scope| scope == "admin")
        })
        .tool(Tool::new("open"), || async { "" })
        .tool(Tool::new("shut"), || async { "" })
        .prompt(Prompt::new("open").argument(PromptArgument::new("a")), || async { "" })
        .prompt(Prompt::new("shut").argument(PromptArgument::new("a")), || async { "" })
        .completion(PromptReference::new("open"), "a", || async { ["x"] })
        .completion(PromptReference::new("shut"), "a", || async { ["x"] })
        .resource(Resource::new("x:open", "open"), || async { "" })
        .resource(Resource::new("x:shut", "shut"), || async { "" })
        .template(ResourceTemplate::new("shut:{v}", "shut"), || async { "" })
        .template(ResourceTemplate::new("open:{v}", "open"), || async { "" })
        .template(ResourceTemplate::new("{scheme}:both", "fallback"), || async { "fallback" })
        .tags(ItemKind::Tool, "shut", ["admin"])
        .tags(ItemKind::Prompt, "shut", ["admin"])
        .tags(ItemKind::Resource, "x:shut", ["admin"])
        .tags(ItemKind::ResourceTemplate, "shut:{v}", ["admin"])
}

pub(super) fn admin() -> Principal {
    Principal::token("root", ["admin"])
}

pub(super) fn user() -> Principal {
    Principal::token("me", ["read"])
}

/// Requests about something, by its name.
fn about(name: &str) -> Vec<(&'static str, Value)> {
    vec![
        ("tools/call", json!({ "name": name })),
        ("prompts/get", json!({ "name": name })),
        ("resources/read", json!({ "uri": format!("x:{name}") })),
        ("resources/read", json!({ "uri": format!("{name}:1") })),
        (
            "completion/complete",
            json!({
                "ref": { "type": "ref/prompt", "name": name },
                "argument": { "name": "a", "value": "" },
            }),
        ),
        (
            "completion/complete",
            json!({
                "ref": { "type": "ref/resource", "uri": format!("{name}:{{v}}") },
                "argument": { "name": "v", "value": "" },
            }),
        ),
    ]
}

#[tokio::test]
async fn what_is_hidden_is_answered_exactly_as_what_does_not_exist() {
    let server = guarded();
    server.check().unwrap();
    let hidden = table(&server, &user(), &about("shut")).await;
    let unknown = table(&server, &user(), &about("none")).await;
    assert_eq!(hidden.replace("shut", "none"), unknown);
    assert_eq!(hidden.matches("error").count(), 6, "{hidden}");
    let shown = table(&server, &admin(), &about("shut")).await;
    assert_eq!(shown.matches("error").count(), 0, "{shown}");
    let open = table(&server, &user(), &about("open")).await;
    assert_eq!(open.matches("error").count(), 0, "{open}");
}

#[tokio::test]
async fn a_hidden_template_leaves_its_uris_to_the_next() {
    let read = [("resources/read", json!({ "uri": "shut:both" }))];
    expect![[r#"
        resources/read {"uri":"shut:both"}
            {"cacheScope":"private","contents":[{"text":"fallback","uri":"shut:both"}],"resultType":"complete","ttlMs":0}
    "#]].assert_eq(&table(&guarded(), &user(), &read).await);
    expect![[r#"
        resources/read {"uri":"shut:both"}
            {"cacheScope":"private","contents":[{"text":"","uri":"shut:both"}],"resultType":"complete","ttlMs":0}
    "#]].assert_eq(&table(&guarded(), &admin(), &read).await);
}

#[tokio::test]
async fn lists_leave_out_what_is_hidden_and_are_private_on_every_page() {
    let server = guarded().page_size(1);
    let cases = [
        ("tools/list", "tools", "name"),
        ("prompts/list", "prompts", "name"),
        ("resources/list", "resources", "uri"),
        ("resources/templates/list", "resourceTemplates", "uriTemplate"),
    ];
    let mut seen = String::new();
    for (method, member, key) in cases {
        for principal in [user(), admin()] {
            let mut params = json!({});
            seen += &format!("{method} {}:", principal.name());
            loop {
                let answer = ask_as(&server, &principal, method, params).await;
                let result = &answer["result"];
                assert_eq!(result["cacheScope"], "private", "{answer}");
                seen += &format!(" {}", result[member][0][key]);
                match result.get("nextCursor") {
                    Some(cursor) => params = json!({ "cursor": cursor }),
                    None => break,
                }
            }
            seen += "\n";
        }
    }
    expect![[r#"
        tools/list me: "open"
        tools/list root: "open" "shut"
        prompts/list me: "open"
        prompts/list root: "open" "shut"
        resources/list me: "x:open"
        resources/list root: "x:open" "x:shut"
        resources/templates/list me: "open:{v}" "{scheme}:both"
        resources/templates/list root: "shut:{v}" "open:{v}" "{scheme}:both"
    "#]]
    .assert_eq(&seen);
}

#[tokio::test]
async fn a_cursor_tells_nothing_of_what_is_hidden() {
    let server = guarded();
    let cursor = |name| super::super::cursor::encode(ItemKind::Tool, 1, name);
    let asked = |principal, name| {
        let (server, params) = (server.clone(), json!({ "cursor": cursor(name) }));
        async move { ask_as(&server, &principal, "tools/list", params).await }
    };
    let unknown = asked(user(), "none").await;
    assert_eq!(unknown["error"]["code"], -32602);
    assert_eq!(asked(user(), "shut").await, unknown);
    assert!(asked(admin(), "shut").await["error"].is_null());
    server.remove_tool("shut");
    assert_eq!(asked(user(), "shut").await, unknown, "nor of what was");
    assert!(asked(admin(), "shut").await["error"].is_null());
}

#[tokio::test]
async fn a_predicate_or_function_that_panics_fails_the_call_alone() {
    let server = Server::new("s", "1")
        .tool(Tool::new("early"), || -> std::future::Ready<String> { panic!("before the future") })
        .tool(Tool::new("well"), || async { "well" })
        .visible(|_, item| if item.name() == "hex" { panic!("hexed") } else { true })
        .tool(Tool::new("hex"), || async { "" });
    let requests = ["early", "hex", "well"].map(|name| ("tools/call", json!({ "name": name })));
    expect![[r#"
        tools/call {"name":"early"}
            error {"code":-32603,"message":"handler panicked (reference 1)"}
        tools/call {"name":"hex"}
            error {"code":-32603,"message":"handler panicked (reference 2)"}
        tools/call {"name":"well"}
            {"content":[{"text":"well","type":"text"}],"resultType":"complete"}
    "#]]
    .assert_eq(&table(&server, &user(), &requests).await);
}
