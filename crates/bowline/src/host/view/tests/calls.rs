use super::support::{Fake, ask, one_of_everything, table};
use crate::host::settings::Naming;
use crate::principal::Principal;
use crate::server::Server;
use crate::service::Service;
use bowline_protocol::limits::Limits;
use bowline_types::tool::Tool;
use expect_test::expect;
use serde_json::{Value, json};
use std::sync::Arc;

async fn two() -> Arc<Fake> {
    Fake::new(Naming::Prefix, &[("a", one_of_everything("a")), ("b", one_of_everything("b"))]).await
}

#[tokio::test]
async fn a_call_reaches_the_server_that_its_name_says_under_its_own_name() {
    let fake = two().await;
    let requests = [
        ("tools/call", json!({ "name": "b__echo", "arguments": { "name": "b__echo" } })),
        ("prompts/get", json!({ "name": "a__greet", "arguments": {} })),
        ("resources/read", json!({ "uri": "x:a" })),
        ("resources/read", json!({ "uri": "x:shared" })),
        ("resources/read", json!({ "uri": "y:1" })),
        (
            "completion/complete",
            json!({
                "ref": { "name": "b__greet", "type": "ref/prompt" },
                "argument": { "name": "who", "value": "b__greet" },
            }),
        ),
        (
            "completion/complete",
            json!({
                "ref": { "type": "ref/resource", "uri": "bowline://b/y:{v}" },
                "argument": { "name": "v", "value": "" },
            }),
        ),
    ];
    expect![[r#"
        tools/call {"arguments":{"name":"b__echo"},"name":"b__echo"}
            to b tools/call [echo] {"arguments":{"name":"b__echo"},"name":"echo"}
            {"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"host","version":"1"}},"content":[{"text":"b Some(\"b__echo\")","type":"text"}],"resultType":"complete"}
        prompts/get {"arguments":{},"name":"a__greet"}
            to a prompts/get {"arguments":{},"name":"greet"}
            {"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"host","version":"1"}},"messages":[{"content":{"text":"hello from a","type":"text"},"role":"user"},{"content":{"name":"l","type":"resource_link","uri":"x:shared"},"role":"user"}],"resultType":"complete"}
        resources/read {"uri":"x:a"}
            to a resources/read {"uri":"x:a"}
            {"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"host","version":"1"}},"contents":[{"text":"a","uri":"x:a"}],"resultType":"complete"}
        resources/read {"uri":"x:shared"}
            to a resources/read {"uri":"x:shared"}
            {"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"host","version":"1"}},"contents":[{"text":"a","uri":"x:shared"}],"resultType":"complete"}
        resources/read {"uri":"y:1"}
            to a resources/read {"uri":"y:1"}
            {"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"host","version":"1"}},"contents":[{"text":"a y:1","uri":"y:1"}],"resultType":"complete"}
        completion/complete {"argument":{"name":"who","value":"b__greet"},"ref":{"name":"b__greet","type":"ref/prompt"}}
            to b completion/complete {"argument":{"name":"who","value":"b__greet"},"ref":{"name":"greet","type":"ref/prompt"}}
            {"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"host","version":"1"}},"completion":{"hasMore":false,"total":1,"values":["b"]},"resultType":"complete"}
        completion/complete {"argument":{"name":"v","value":""},"ref":{"type":"ref/resource","uri":"bowline://b/y:{v}"}}
            to b completion/complete {"argument":{"name":"v","value":""},"ref":{"type":"ref/resource","uri":"y:{v}"}}
            {"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"host","version":"1"}},"completion":{"hasMore":false,"total":1,"values":["b"]},"resultType":"complete"}
    "#]].assert_eq(&table(&fake, &fake.whole(), &requests).await);
}

#[tokio::test]
async fn what_is_shown_in_a_namespace_is_shown_so_in_results_too() {
    let fake = two().await;
    let requests = [
        ("resources/read", json!({ "uri": "bowline://b/x:shared" })),
        ("resources/read", json!({ "uri": "bowline://b/y:1" })),
        ("tools/call", json!({ "name": "b__links" })),
        ("tools/call", json!({ "name": "a__links" })),
        ("prompts/get", json!({ "name": "b__greet" })),
        ("resources/read", json!({ "uri": "bowline://b/x:missing" })),
    ];
    expect![[r#"
        resources/read {"uri":"bowline://b/x:shared"}
            to b resources/read {"uri":"x:shared"}
            {"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"host","version":"1"}},"contents":[{"text":"b","uri":"bowline://b/x:shared"}],"resultType":"complete"}
        resources/read {"uri":"bowline://b/y:1"}
            to b resources/read {"uri":"y:1"}
            {"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"host","version":"1"}},"contents":[{"text":"b y:1","uri":"bowline://b/y:1"}],"resultType":"complete"}
        tools/call {"name":"b__links"}
            to b tools/call [links] {"name":"links"}
            {"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"host","version":"1"}},"content":[{"name":"link","type":"resource_link","uri":"bowline://b/x:shared"},{"name":"link","type":"resource_link","uri":"bowline://b/y:1"},{"name":"link","type":"resource_link","uri":"x:a"},{"name":"link","type":"resource_link","uri":"z:1"},{"resource":{"text":"embedded","uri":"bowline://b/x:shared"},"type":"resource"},{"text":"x:shared","type":"text"}],"resultType":"complete"}
        tools/call {"name":"a__links"}
            to a tools/call [links] {"name":"links"}
            {"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"host","version":"1"}},"content":[{"name":"link","type":"resource_link","uri":"x:shared"},{"name":"link","type":"resource_link","uri":"y:1"},{"name":"link","type":"resource_link","uri":"x:a"},{"name":"link","type":"resource_link","uri":"z:1"},{"resource":{"text":"embedded","uri":"x:shared"},"type":"resource"},{"text":"x:shared","type":"text"}],"resultType":"complete"}
        prompts/get {"name":"b__greet"}
            to b prompts/get {"name":"greet"}
            {"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"host","version":"1"}},"messages":[{"content":{"text":"hello from b","type":"text"},"role":"user"},{"content":{"name":"l","type":"resource_link","uri":"bowline://b/x:shared"},"role":"user"}],"resultType":"complete"}
        resources/read {"uri":"bowline://b/x:missing"}
            to b resources/read {"uri":"x:missing"}
            error {"code":-32602,"data":{"uri":"bowline://b/x:missing"},"message":"resource not found"}
    "#]].assert_eq(&table(&fake, &fake.whole(), &requests).await);
    // Under its own names nothing of it is touched.
    let requests = [
        ("resources/read", json!({ "uri": "x:shared" })),
        ("tools/call", json!({ "name": "links" })),
    ];
    expect![[r#"
        resources/read {"uri":"x:shared"}
            to b resources/read {"uri":"x:shared"}
            {"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"host","version":"1"}},"contents":[{"text":"b","uri":"x:shared"}],"resultType":"complete"}
        tools/call {"name":"links"}
            to b tools/call [links] {"name":"links"}
            {"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"host","version":"1"}},"content":[{"name":"link","type":"resource_link","uri":"x:shared"},{"name":"link","type":"resource_link","uri":"y:1"},{"name":"link","type":"resource_link","uri":"x:a"},{"name":"link","type":"resource_link","uri":"z:1"},{"resource":{"text":"embedded","uri":"x:shared"},"type":"resource"},{"text":"x:shared","type":"text"}],"resultType":"complete"}
    "#]].assert_eq(&table(&fake, &fake.one("b"), &requests).await);
}

/// Requests about what is not there.
fn unknown() -> Vec<(&'static str, Value)> {
    vec![
        ("tools/call", json!({ "name": "nothing" })),
        ("tools/call", json!({ "name": 7 })),
        ("tools/call", json!({})),
        ("prompts/get", json!({ "name": "nothing" })),
        ("prompts/get", json!({})),
        ("resources/read", json!({ "uri": "nowhere:1" })),
        ("resources/read", json!({})),
        (
            "completion/complete",
            json!({
                "ref": { "type": "ref/prompt", "name": "nothing" },
                "argument": { "name": "a", "value": "" },
            }),
        ),
        (
            "completion/complete",
            json!({
                "ref": { "type": "ref/resource", "uri": "nowhere:{v}" },
                "argument": { "name": "a", "value": "" },
            }),
        ),
        ("completion/complete", json!({ "ref": { "type": "ref/other" } })),
        ("completion/complete", json!({ "ref": 7 })),
        ("completion/complete", json!({})),
        ("tools/list", json!({ "cursor": "nothing" })),
        ("tools/list", json!({ "cursor": 7 })),
        ("com.example/nothing", json!({})),
        ("tasks/get", json!({ "taskId": "t" })),
        ("subscriptions/listen", json!({})),
        ("subscriptions/listen", json!({ "notifications": 7 })),
    ]
}

#[tokio::test]
async fn what_is_unknown_is_answered_as_a_server_answers_it() {
    let fake = two().await;
    let one = Arc::new(one_of_everything("a"));
    for (method, params) in unknown() {
        // Completion looks at the argument first where there is one; both are wrong here.
        let expected = ask(&one, method, params.clone()).await;
        let params_shown = params.to_string();
        for view in [fake.whole(), fake.one("a"), fake.profile(&["*"])] {
            let answer = ask(&view, method, params.clone()).await;
            assert_eq!(answer, expected, "{view:?} {method} {params_shown}");
        }
    }
}

#[tokio::test]
async fn what_no_server_declares_does_not_exist() {
    let fake = Fake::new(Naming::Prefix, &[("t", Server::new("t", "1"))]).await;
    let view = fake.one("t");
    for (method, params) in [
        ("tools/list", json!({})),
        ("tools/call", json!({ "name": "a" })),
        ("prompts/list", json!({})),
        ("prompts/get", json!({ "name": "a" })),
        ("resources/list", json!({})),
        ("resources/templates/list", json!({})),
        ("resources/read", json!({ "uri": "a" })),
        ("completion/complete", json!({})),
    ] {
        let expected = json!({ "code": -32601, "message": format!("method not found: {method}") });
        assert_eq!(ask(&view, method, params).await, format!("error {expected}"));
    }
}

#[tokio::test]
async fn a_method_that_nobody_defines_goes_to_the_only_one_who_can_know_it() {
    let fake = two().await;
    let request = [("com.example/ping", json!({ "a": 1 }))];
    expect![[r#"
        com.example/ping {"a":1}
            to b com.example/ping {"a":1}
            {"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"host","version":"1"}},"resultType":"complete"}
    "#]].assert_eq(&table(&fake, &fake.one("b"), &request).await);
    expect![[r#"
        com.example/ping {"a":1}
            error {"code":-32601,"message":"method not found: com.example/ping"}
    "#]]
    .assert_eq(&table(&fake, &fake.whole(), &request).await);
}

#[tokio::test]
async fn a_tool_that_is_not_allowed_is_called_by_nobody() {
    let fake = two().await;
    fake.allow("a", &["links"]).await;
    let requests = [
        ("tools/call", json!({ "name": "a__echo" })),
        ("tools/call", json!({ "name": "echo" })),
        ("tools/list", json!({})),
    ];
    expect![[r#"
        tools/call {"name":"a__echo"}
            error {"code":-32602,"message":"unknown tool: a__echo"}
        tools/call {"name":"echo"}
            error {"code":-32602,"message":"unknown tool: echo"}
        tools/list {}
            {"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"host","version":"1"}},"cacheScope":"public","resultType":"complete","tools":[{"inputSchema":{"type":"object"},"name":"a__links"},{"inputSchema":{"properties":{"name":{"type":"string"}},"type":"object"},"name":"b__echo"},{"inputSchema":{"type":"object"},"name":"b__links"}],"ttlMs":60000}
    "#]].assert_eq(&table(&fake, &fake.whole(), &requests).await);
    expect![[r#"
        tools/call {"name":"echo"}
            error {"code":-32602,"message":"unknown tool: echo"}
        tools/list {}
            {"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"host","version":"1"}},"cacheScope":"public","resultType":"complete","tools":[{"inputSchema":{"type":"object"},"name":"links"}],"ttlMs":60000}
    "#]].assert_eq(&table(&fake, &fake.one("a"), &requests[1..]).await);
    // What a profile does not show is not called through it either.
    expect![[r#"
        tools/call {"name":"b__links"}
            error {"code":-32602,"message":"unknown tool: b__links"}
        tools/call {"arguments":{},"name":"b__echo"}
            to b tools/call [echo] {"arguments":{},"name":"echo"}
            {"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"host","version":"1"}},"content":[{"text":"b None","type":"text"}],"resultType":"complete"}
        resources/read {"uri":"x:b"}
            error {"code":-32601,"message":"method not found: resources/read"}
    "#]].assert_eq(
        &table(
            &fake,
            &fake.profile(&["b__e*"]),
            &[
                ("tools/call", json!({ "name": "b__links" })),
                ("tools/call", json!({ "name": "b__echo", "arguments": {} })),
                ("resources/read", json!({ "uri": "x:b" })),
            ],
        )
        .await,
    );
}

#[tokio::test]
async fn a_tool_that_a_server_forgot_to_tell_of_is_called_under_its_own_name() {
    let b = one_of_everything("b");
    let fake = Fake::new(Naming::Prefix, &[("b", b.clone())]).await;
    b.add_tool(Tool::new("new"), || async { "new" }).unwrap();
    let request = [("tools/call", json!({ "name": "new" }))];
    expect![[r#"
        tools/call {"name":"new"}
            to b tools/call [new] {"name":"new"}
            {"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"host","version":"1"}},"content":[{"text":"new","type":"text"}],"resultType":"complete"}
    "#]].assert_eq(&table(&fake, &fake.one("b"), &request).await);
}

#[tokio::test]
async fn a_server_that_is_only_starting_is_waited_for_before_its_tool_is_unknown() {
    let fake = Fake::new(Naming::Prefix, &[("a", one_of_everything("a"))]).await;
    fake.add_late("b", &one_of_everything("b")).await;
    let view = fake.whole();
    let answer = ask(&view, "tools/call", json!({ "name": "b__echo", "arguments": {} })).await;
    assert!(answer.contains("b None"), "{answer}");
}

#[tokio::test]
async fn what_no_call_owns_is_handed_on_with_its_principal() {
    let fake = two().await;
    for view in [fake.whole(), fake.one("b")] {
        let note = r#"{"jsonrpc":"2.0","method":"com.example/note","params":{}}"#;
        let limits = Arc::new(Limits::default());
        let principal = Principal::process("memory");
        let view: Arc<dyn Service> = view;
        crate::transport::memory::answer(view, note, principal, limits).await;
    }
    expect![[r#"
        Process None com.example/note
        Process Some("b") com.example/note"#]]
    .assert_eq(&fake.seen());
}
