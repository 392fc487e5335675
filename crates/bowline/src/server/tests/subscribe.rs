use super::support::{Listening, ask, shown};
use super::visible::{admin, guarded, user};
use crate::context::Context;
use crate::principal::Principal;
use crate::server::{ItemKind, Server};
use bowline_protocol::limits::Limits;
use bowline_types::prompt::Prompt;
use bowline_types::resource::{Resource, ResourceTemplate};
use bowline_types::tool::Tool;
use expect_test::expect;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

async fn nothing() -> &'static str {
    "nothing"
}

fn server() -> Server {
    Server::new("s", "1")
        .tool(Tool::new("t"), nothing)
        .resource(Resource::new("x:a", "a"), nothing)
        .template(ResourceTemplate::new("y:{v}", "y"), nothing)
}

fn everything() -> Value {
    json!({
        "toolsListChanged": true,
        "promptsListChanged": true,
        "resourcesListChanged": true,
        "resourceSubscriptions": ["x:a", "y:1", "z:unknown", "x:a"],
        "com.example/other": true,
    })
}

fn listen(server: &Server, filter: Value) -> Listening {
    Listening::open(server, &Principal::anonymous(), filter)
}

#[test]
fn the_acknowledgment_comes_first_and_names_what_is_honoured() {
    let server = server();
    let mut all = listen(&server, everything());
    // It is first even if something changes before it is read.
    server.resource_updated("x:a");
    expect![[r#"
        {"method":"notifications/subscriptions/acknowledged","params":{"notifications":{"toolsListChanged":true,"resourcesListChanged":true,"resourceSubscriptions":["x:a","y:1"]},"_meta":{"io.modelcontextprotocol/subscriptionId":7}}}
        {"method":"notifications/resources/updated","params":{"uri":"x:a","_meta":{"io.modelcontextprotocol/subscriptionId":7}}}
    "#]].assert_eq(&all.read_all());
    let mut none = listen(&server, json!({ "toolsListChanged": false }));
    expect![[r#"
        {"method":"notifications/subscriptions/acknowledged","params":{"notifications":{},"_meta":{"io.modelcontextprotocol/subscriptionId":7}}}
    "#]].assert_eq(&none.read_all());
}

#[test]
fn only_what_was_asked_for_is_told() {
    let server = server();
    let filters = [
        json!({ "toolsListChanged": true }),
        json!({ "resourcesListChanged": true }),
        json!({ "resourceSubscriptions": ["x:a"] }),
        json!({}),
    ];
    let mut open: Vec<_> = filters.into_iter().map(|filter| listen(&server, filter)).collect();
    open.iter_mut().for_each(|listening| drop(listening.read_all()));
    server.add_tool(Tool::new("u"), nothing).unwrap();
    server.add_prompt(Prompt::new("p"), nothing).unwrap();
    server.remove_template("y:{v}");
    server.resource_updated("x:a");
    server.resource_updated("x:b");
    let told: Vec<_> = open.iter_mut().map(Listening::read_all).collect();
    expect![[r#"
        {"method":"notifications/tools/list_changed","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":7}}}
        --
        {"method":"notifications/resources/list_changed","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":7}}}
        --
        {"method":"notifications/resources/updated","params":{"uri":"x:a","_meta":{"io.modelcontextprotocol/subscriptionId":7}}}
        --
    "#]].assert_eq(&told.join("--\n"));
}

#[test]
fn what_is_not_read_yet_is_not_told_twice() {
    let server = server();
    let mut slow = listen(&server, everything());
    for round in 0..3 {
        server.add_tool(Tool::new(format!("u{round}")), nothing).unwrap();
        server.resource_updated("y:1");
        slow.run();
        server.resource_updated("x:a");
        slow.run();
    }
    expect![[r#"
        {"method":"notifications/subscriptions/acknowledged","params":{"notifications":{"toolsListChanged":true,"resourcesListChanged":true,"resourceSubscriptions":["x:a","y:1"]},"_meta":{"io.modelcontextprotocol/subscriptionId":7}}}
        {"method":"notifications/tools/list_changed","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":7}}}
        {"method":"notifications/resources/updated","params":{"uri":"y:1","_meta":{"io.modelcontextprotocol/subscriptionId":7}}}
        {"method":"notifications/resources/updated","params":{"uri":"x:a","_meta":{"io.modelcontextprotocol/subscriptionId":7}}}
    "#]].assert_eq(&slow.read_all());
    // Once it is read, the next change is news again.
    server.resource_updated("x:a");
    server.resource_updated("x:a");
    expect![[r#"
        {"method":"notifications/resources/updated","params":{"uri":"x:a","_meta":{"io.modelcontextprotocol/subscriptionId":7}}}
    "#]].assert_eq(&slow.read_all());
}

#[test]
fn what_was_read_already_is_told_again_though_later_news_wait() {
    let server = server();
    let mut slow = listen(&server, everything());
    slow.read_all();
    server.resource_updated("x:a");
    server.list_changed(ItemKind::Tool);
    expect![[r#"{"method":"notifications/resources/updated","params":{"uri":"x:a","_meta":{"io.modelcontextprotocol/subscriptionId":7}}}"#]].assert_eq(&slow.read().unwrap());
    server.list_changed(ItemKind::Tool);
    server.resource_updated("x:a");
    expect![[r#"
        {"method":"notifications/tools/list_changed","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":7}}}
        {"method":"notifications/resources/updated","params":{"uri":"x:a","_meta":{"io.modelcontextprotocol/subscriptionId":7}}}
    "#]].assert_eq(&slow.read_all());
}

#[test]
fn a_filter_too_long_to_be_acknowledged_is_refused() {
    let server = server();
    let filter = json!({ "resourceSubscriptions": [format!("y:{}", "x".repeat(200))] });
    let limits = Limits::default().outbox_bytes(300);
    let mut open = Listening::open_within(&server, &Principal::anonymous(), filter, limits);
    expect![[r#"
        {"id":7,"error":{"code":-32602,"message":"params.notifications: too long to be acknowledged"}}
    "#]].assert_eq(&open.read_all());
    assert_eq!(server.listeners(), 0);
}

#[test]
fn more_changes_than_an_outbox_holds_all_arrive() {
    let server = server();
    let uris: Vec<_> = (0..100).map(|number| format!("y:{number}")).collect();
    let limits = Limits::default().outbox_messages(7);
    let filter = json!({ "resourceSubscriptions": uris });
    let mut slow = Listening::open_within(&server, &Principal::anonymous(), filter, limits);
    for uri in &uris {
        server.resource_updated(uri);
    }
    let read = slow.read_all();
    let messages = read.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let told: Vec<_> = messages.skip(1).map(|message| message["params"]["uri"].clone()).collect();
    assert_eq!(told, uris);
}

#[test]
fn the_end_of_the_connection_ends_the_call_in_good_order() {
    let server = server();
    let mut open = listen(&server, json!({ "toolsListChanged": true }));
    open.read_all();
    server.list_changed(ItemKind::Tool);
    open.close();
    expect![[r#"
        {"method":"notifications/tools/list_changed","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":7}}}
        {"id":7,"result":{"resultType":"complete","_meta":{"io.modelcontextprotocol/subscriptionId":7}}}
    "#]].assert_eq(&open.read_all());
    assert_eq!(server.listeners(), 0);
    server.list_changed(ItemKind::Tool);
    assert_eq!(open.read(), None);
}

#[test]
fn nothing_is_left_of_a_dropped_call() {
    let server = server();
    let open: Vec<_> = (0..64).map(|_| listen(&server, everything())).collect();
    assert_eq!(server.listeners(), 64);
    drop(open);
    assert_eq!(server.listeners(), 0);
    // Nor of its place among those the principal may have.
    let again: Vec<_> = (0..64).map(|_| listen(&server, everything())).collect();
    assert_eq!(server.listeners(), 64);
    drop(again);
    server.resource_updated("x:a");
    assert_eq!(server.listeners(), 0);
}

#[test]
fn a_principal_has_as_many_as_it_may_and_takes_none_from_another() {
    let server = server();
    let limits = || Limits::default().listens_per_principal(2).listen_uris(3);
    let open = |principal: &Principal, filter| {
        Listening::open_within(&server, principal, filter, limits())
    };
    let _first = open(&user(), json!({}));
    let _second = open(&user(), json!({}));
    expect![[r#"
        {"id":7,"error":{"code":-32603,"message":"2 subscriptions are open already; end one"}}
    "#]]
    .assert_eq(&open(&user(), json!({})).read_all());
    let uris = json!({ "resourceSubscriptions": ["y:1", "y:2", "y:3", "y:4"] });
    expect![[r#"
        {"method":"notifications/subscriptions/acknowledged","params":{"notifications":{"resourceSubscriptions":["y:1","y:2","y:3"]},"_meta":{"io.modelcontextprotocol/subscriptionId":7}}}
    "#]].assert_eq(&open(&admin(), uris).read_all());
    assert_eq!(server.listeners(), 2);
}

#[test]
fn what_is_hidden_makes_no_event() {
    let server = guarded();
    let filter = || {
        json!({
            "toolsListChanged": true,
            "resourcesListChanged": true,
            "resourceSubscriptions": ["x:open", "x:shut", "shut:1"],
        })
    };
    let mut users = Listening::open(&server, &user(), filter());
    let mut admins = Listening::open(&server, &admin(), filter());
    server.set_tags(ItemKind::Tool, "new", ["admin"]);
    server.add_tool(Tool::new("new"), nothing).unwrap();
    server.remove_resource("x:shut");
    server.resource_updated("shut:1");
    expect![[r#"
        {"method":"notifications/subscriptions/acknowledged","params":{"notifications":{"toolsListChanged":true,"resourcesListChanged":true,"resourceSubscriptions":["x:open"]},"_meta":{"io.modelcontextprotocol/subscriptionId":7}}}
    "#]].assert_eq(&users.read_all());
    expect![[r#"
        {"method":"notifications/subscriptions/acknowledged","params":{"notifications":{"toolsListChanged":true,"resourcesListChanged":true,"resourceSubscriptions":["x:open","x:shut","shut:1"]},"_meta":{"io.modelcontextprotocol/subscriptionId":7}}}
        {"method":"notifications/tools/list_changed","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":7}}}
        {"method":"notifications/resources/list_changed","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":7}}}
        {"method":"notifications/resources/updated","params":{"uri":"shut:1","_meta":{"io.modelcontextprotocol/subscriptionId":7}}}
    "#]].assert_eq(&admins.read_all());
    // What becomes hidden while somebody listens to it falls silent.
    server.set_tags(ItemKind::Resource, "x:open", ["admin"]);
    server.resource_updated("x:open");
    assert_eq!(users.read_all(), "");
    expect![[r#"
        {"method":"notifications/resources/updated","params":{"uri":"x:open","_meta":{"io.modelcontextprotocol/subscriptionId":7}}}
    "#]].assert_eq(&admins.read_all());
}

#[tokio::test]
async fn a_tool_can_change_what_its_server_offers() {
    let server = server().tool(Tool::new("grow"), |cx: Context| async move {
        let server = cx.server().unwrap();
        server.add_prompt(Prompt::new("grown"), nothing).unwrap();
        server.remove_tool("t");
        server.resource_updated("x:a");
        "grown"
    });
    let mut open = listen(&server.clone().declare(ItemKind::Prompt), everything());
    open.read_all();
    expect![[r#"{"content":[{"text":"grown","type":"text"}],"resultType":"complete"}"#]]
        .assert_eq(&shown(&ask(&server, "tools/call", json!({ "name": "grow" })).await));
    expect![[r#"
        {"method":"notifications/prompts/list_changed","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":7}}}
        {"method":"notifications/tools/list_changed","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":7}}}
        {"method":"notifications/resources/updated","params":{"uri":"x:a","_meta":{"io.modelcontextprotocol/subscriptionId":7}}}
    "#]].assert_eq(&open.read_all());
}

#[test]
fn wrong_filters_are_invalid_params() {
    let server = server();
    let filters = [
        json!(null),
        json!([]),
        json!({ "toolsListChanged": "yes" }),
        json!({ "resourceSubscriptions": "x:a" }),
        json!({ "resourceSubscriptions": ["x:a", 7] }),
    ];
    let told: String =
        filters.into_iter().map(|filter| listen(&server, filter).read_all()).collect();
    expect![[r#"
        {"id":7,"error":{"code":-32602,"message":"params.notifications: invalid type: null, expected an object"}}
        {"id":7,"error":{"code":-32602,"message":"params.notifications: invalid type: array, expected an object"}}
        {"id":7,"error":{"code":-32602,"message":"params.notifications.toolsListChanged: invalid type: string, expected a boolean"}}
        {"id":7,"error":{"code":-32602,"message":"params.notifications.resourceSubscriptions: invalid type: string, expected an array"}}
        {"id":7,"error":{"code":-32602,"message":"params.notifications.resourceSubscriptions[1]: invalid type: integer, expected a string"}}
    "#]].assert_eq(&told);
    assert_eq!(server.listeners(), 0);
}

#[test]
fn the_hook_is_told_when_a_resource_begins_and_ends_to_be_listened_to() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let log = told.clone();
    let server = server().on_listen(move |server, uri| {
        log.lock().unwrap().push(format!("{uri} {}", server.is_listened(uri)));
    });
    let taken = || std::mem::take(&mut *told.lock().unwrap());
    let mut one = listen(&server, json!({ "resourceSubscriptions": ["x:a", "y:1", "z:unknown"] }));
    // Before the acknowledgment is read.
    drop(one.read_all());
    assert_eq!(taken(), ["x:a true", "y:1 true"]);
    let mut other = listen(&server, json!({ "resourceSubscriptions": ["x:a"] }));
    drop(other.read_all());
    assert_eq!(taken(), ["x:a true"]);
    drop(one);
    assert_eq!(taken(), ["x:a true", "y:1 false"]);
    drop(other);
    assert_eq!(taken(), ["x:a false"]);
    assert!(!server.is_listened("x:a"));
}
