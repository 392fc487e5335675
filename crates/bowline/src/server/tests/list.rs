use super::support::{ask, shown, table};
use crate::principal::Principal;
use crate::server::{ItemKind, Server};
use bowline_types::prompt::{Prompt, PromptArgument};
use bowline_types::resource::{Resource, ResourceTemplate};
use bowline_types::tool::Tool;
use expect_test::expect;
use serde_json::{Value, json};
use std::time::Duration;

async fn nothing() -> &'static str {
    "nothing"
}

fn numbered(tools: usize) -> Server {
    (0..tools).fold(Server::new("numbers", "1"), |server, number| {
        server.tool(Tool::new(format!("tool-{number:03}")), nothing)
    })
}

/// The names on a page, and the cursor of the next one.
async fn page(server: &Server, cursor: Option<&str>) -> (Vec<String>, Option<String>) {
    let params = cursor.map_or_else(|| json!({}), |cursor| json!({ "cursor": cursor }));
    let answer = ask(server, "tools/list", params).await;
    let result = &answer["result"];
    let tools = result["tools"].as_array().unwrap_or_else(|| panic!("{answer}"));
    let names = tools.iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect();
    (names, result["nextCursor"].as_str().map(str::to_owned))
}

#[tokio::test]
async fn two_hundred_and_fifty_items_are_three_pages_in_the_order_of_registration() {
    let server = numbered(250);
    let (mut all, mut sizes, mut cursor) = (Vec::new(), Vec::new(), None);
    loop {
        let (names, next) = page(&server, cursor.as_deref()).await;
        sizes.push(names.len());
        all.extend(names);
        cursor = next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(sizes, [100, 100, 50]);
    assert_eq!(all, (0..250).map(|number| format!("tool-{number:03}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_list_that_fills_its_last_page_ends_there() {
    let (names, next) = page(&numbered(100), None).await;
    assert_eq!((names.len(), next), (100, None));
}

#[tokio::test]
async fn items_removed_between_pages_leave_no_gap() {
    let server = numbered(250);
    let (_, cursor) = page(&server, None).await;
    // The one the cursor names, one before it and one behind it.
    for name in ["tool-099", "tool-000", "tool-100"] {
        assert!(server.remove_tool(name));
    }
    let (names, _) = page(&server, cursor.as_deref()).await;
    assert_eq!((&*names[0], &*names[99]), ("tool-101", "tool-200"));
}

#[tokio::test]
async fn an_item_that_comes_back_between_pages_stands_last_and_its_cursor_where_it_was() {
    let server = numbered(250);
    let (_, cursor) = page(&server, None).await;
    server.remove_tool("tool-099");
    server.add_tool(Tool::new("tool-099"), nothing).unwrap();
    let (names, cursor) = page(&server, cursor.as_deref()).await;
    assert_eq!(&*names[0], "tool-100");
    let (names, cursor) = page(&server, cursor.as_deref()).await;
    assert_eq!(names.last().unwrap(), "tool-099");
    assert_eq!(cursor, None);
}

#[tokio::test]
async fn cursors_that_are_not_ours_are_invalid_params() {
    let server = numbered(150).prompt(Prompt::new("tool-099"), nothing);
    let (_, cursor) = page(&server, None).await;
    let cursor = cursor.unwrap();
    let of_prompts = super::super::cursor::encode(ItemKind::Prompt, 99, "tool-099");
    let of_nothing = super::super::cursor::encode(ItemKind::Tool, 99, "tool-999");
    let of_a_part = &cursor[..20];
    let refused: Vec<Value> = vec![
        json!(""),
        json!("tool-099"),
        json!(cursor[1..]),
        json!(of_a_part),
        json!(of_prompts),
        json!(of_nothing),
        json!(99),
        json!({}),
    ];
    for cursor in refused {
        let answer = ask(&server, "tools/list", json!({ "cursor": cursor })).await;
        let message = "params.cursor: unknown cursor; list again from the start";
        assert_eq!(answer["error"], json!({ "code": -32602, "message": message }), "{cursor}");
    }
    let answer = ask(&server, "tools/list", json!({ "cursor": null })).await;
    assert_eq!(answer["result"]["tools"].as_array().unwrap().len(), 100, "null is no cursor");
}

#[tokio::test]
async fn every_list_shows_definitions_as_they_were_registered() {
    let server = Server::new("all", "1")
        .list_ttl(Duration::from_millis(1500))
        .tool(Tool::new("t").description("a \"quoted\" tool"), nothing)
        .prompt(Prompt::new("p").title("P"), nothing)
        .resource(Resource::new("file:///r", "r").mime_type("text/plain"), nothing)
        .template(ResourceTemplate::new("file:///{x}", "m"), nothing);
    let requests = [
        ("tools/list", json!({})),
        ("prompts/list", json!({})),
        ("resources/list", json!({})),
        ("resources/templates/list", json!({})),
    ];
    expect![[r#"
        tools/list {}
            {"cacheScope":"public","resultType":"complete","tools":[{"description":"a \"quoted\" tool","inputSchema":{"type":"object"},"name":"t"}],"ttlMs":1500}
        prompts/list {}
            {"cacheScope":"public","prompts":[{"name":"p","title":"P"}],"resultType":"complete","ttlMs":1500}
        resources/list {}
            {"cacheScope":"public","resources":[{"mimeType":"text/plain","name":"r","uri":"file:///r"}],"resultType":"complete","ttlMs":1500}
        resources/templates/list {}
            {"cacheScope":"public","resourceTemplates":[{"name":"m","uriTemplate":"file:///{x}"}],"resultType":"complete","ttlMs":1500}
    "#]].assert_eq(&table(&server, &Principal::anonymous(), &requests).await);
}

#[tokio::test]
async fn lists_of_kinds_that_nothing_is_registered_of_do_not_exist() {
    let server = Server::new("empty", "1");
    let requests = [
        ("tools/list", json!({})),
        ("tools/call", json!({ "name": "t" })),
        ("prompts/list", json!({})),
        ("prompts/get", json!({ "name": "p" })),
        ("resources/list", json!({})),
        ("resources/templates/list", json!({})),
        ("resources/read", json!({ "uri": "file:///r" })),
        ("completion/complete", json!({})),
    ];
    expect![[r#"
        tools/list {}
            error {"code":-32601,"message":"method not found: tools/list"}
        tools/call {"name":"t"}
            error {"code":-32601,"message":"method not found: tools/call"}
        prompts/list {}
            error {"code":-32601,"message":"method not found: prompts/list"}
        prompts/get {"name":"p"}
            error {"code":-32601,"message":"method not found: prompts/get"}
        resources/list {}
            error {"code":-32601,"message":"method not found: resources/list"}
        resources/templates/list {}
            error {"code":-32601,"message":"method not found: resources/templates/list"}
        resources/read {"uri":"file:///r"}
            error {"code":-32601,"message":"method not found: resources/read"}
        completion/complete {}
            error {"code":-32601,"message":"method not found: completion/complete"}
    "#]]
    .assert_eq(&table(&server, &Principal::anonymous(), &requests).await);
}

#[tokio::test]
async fn a_kind_once_offered_stays_when_its_last_item_goes() {
    let server = numbered(1);
    assert!(server.remove_tool("tool-000"));
    assert!(!server.remove_tool("tool-000"));
    expect![[r#"{"cacheScope":"public","resultType":"complete","tools":[],"ttlMs":60000}"#]]
        .assert_eq(&shown(&ask(&server, "tools/list", json!({})).await));
    let declared = Server::new("later", "1").declare(ItemKind::Tool);
    expect![[r#"{"cacheScope":"public","resultType":"complete","tools":[],"ttlMs":60000}"#]]
        .assert_eq(&shown(&ask(&declared, "tools/list", json!({})).await));
}

#[test]
fn what_is_registered_wrongly_is_told_at_the_start() {
    let server = Server::new("faulty", "1")
        .tool(Tool::new("t"), nothing)
        .tool(Tool::new("t"), nothing)
        .prompt(Prompt::new(""), nothing)
        .prompt(
            Prompt::new("p").argument(PromptArgument::new("a")).argument(PromptArgument::new("a")),
            nothing,
        )
        .resource(Resource::new("no uri", "r"), nothing)
        .template(ResourceTemplate::new("file:///{x", "m"), nothing)
        .template(ResourceTemplate::new("file:///{x}{y}", "m"), nothing)
        .tags(ItemKind::Tool, "u", ["admin"])
        .extension("tasks", ())
        .extension("com.example/x", 7)
        .experimental("y", [1]);
    expect![[r#"
        tool `t` is registered twice
        prompt has an empty name
        prompt `p`: argument `a` stands twice
        resource `no uri`: not a URI; it has no scheme, such as `file:`
        resource template `file:///{x`: `{` without `}` at byte 8
        resource template `file:///{x}{y}`: expression needs a literal between it and the one before it at byte 11
        extension `tasks`: its identifier has no prefix, such as `com.example/`
        extension `com.example/x`: its settings are not an object
        experimental capability `y`: its settings are not an object
        tags of tool `u`: there is no such thing"#]].assert_eq(&server.check().unwrap_err().to_string());
    assert!(server.add_tool(Tool::new("t"), nothing).unwrap_err().is_invalid());
}
