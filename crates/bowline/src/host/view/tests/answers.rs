use super::support::{Fake, ask, client, table};
use crate::host::settings::Naming;
use crate::server::Server;
use bowline_types::prompt::Prompt;
use bowline_types::resource::{Resource, ResourceTemplate};
use bowline_types::tool::Tool;
use expect_test::expect;
use serde_json::json;
use std::time::Duration;

async fn nothing() -> &'static str {
    "nothing"
}

async fn fake() -> std::sync::Arc<Fake> {
    let a = Server::new("a", "1")
        .instructions("Use a.")
        .list_ttl(Duration::from_secs(5))
        .tool(Tool::new("t").description("of a"), nothing)
        .resource(Resource::new("x:1", "one"), nothing);
    let b = Server::new("b", "1")
        .instructions("Use b.")
        .tool(Tool::new("t").description("of b"), nothing)
        .prompt(Prompt::new("p"), nothing)
        .resource(Resource::new("x:1", "one"), nothing)
        .template(ResourceTemplate::new("y:{v}", "y"), nothing);
    Fake::new(Naming::Prefix, &[("a", a), ("b", b)]).await
}

#[tokio::test]
async fn lists_and_discovery_are_merged_and_nobody_is_asked() {
    let fake = fake().await;
    let requests = [
        ("server/discover", json!({})),
        ("tools/list", json!({})),
        ("prompts/list", json!({ "cursor": null })),
        ("resources/list", json!({})),
        ("resources/templates/list", json!({})),
    ];
    let whole = table(&fake, &fake.whole(), &requests).await;
    expect![[r###"
        server/discover {}
            {"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"host","version":"1"}},"cacheScope":"public","capabilities":{"logging":{},"prompts":{"listChanged":true},"resources":{"listChanged":true,"subscribe":true},"tools":{"listChanged":true}},"instructions":"## a\n\nUse a.\n\n## b\n\nUse b.","resultType":"complete","supportedVersions":["2026-07-28","2025-11-25","2025-06-18","2025-03-26","2024-11-05"],"ttlMs":5000}
        tools/list {}
            {"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"host","version":"1"}},"cacheScope":"public","resultType":"complete","tools":[{"description":"of a","inputSchema":{"type":"object"},"name":"a__t"},{"description":"of b","inputSchema":{"type":"object"},"name":"b__t"}],"ttlMs":5000}
        prompts/list {"cursor":null}
            {"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"host","version":"1"}},"cacheScope":"public","prompts":[{"name":"b__p"}],"resultType":"complete","ttlMs":5000}
        resources/list {}
            {"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"host","version":"1"}},"cacheScope":"public","resources":[{"name":"one","uri":"x:1"},{"name":"one","uri":"bowline://b/x:1"}],"resultType":"complete","ttlMs":5000}
        resources/templates/list {}
            {"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"host","version":"1"}},"cacheScope":"public","resourceTemplates":[{"name":"y","uriTemplate":"y:{v}"}],"resultType":"complete","ttlMs":5000}
    "###]].assert_eq(&whole);
    expect![[r#"
        server/discover {}
            {"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"host","version":"1"}},"cacheScope":"public","capabilities":{"logging":{},"prompts":{"listChanged":true},"resources":{"listChanged":true,"subscribe":true},"tools":{"listChanged":true}},"instructions":"Use b.","resultType":"complete","supportedVersions":["2026-07-28","2025-11-25","2025-06-18","2025-03-26","2024-11-05"],"ttlMs":60000}
        tools/list {}
            {"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"host","version":"1"}},"cacheScope":"public","resultType":"complete","tools":[{"description":"of b","inputSchema":{"type":"object"},"name":"t"}],"ttlMs":60000}
        prompts/list {"cursor":null}
            {"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"host","version":"1"}},"cacheScope":"public","prompts":[{"name":"p"}],"resultType":"complete","ttlMs":60000}
        resources/list {}
            {"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"host","version":"1"}},"cacheScope":"public","resources":[{"name":"one","uri":"x:1"}],"resultType":"complete","ttlMs":60000}
        resources/templates/list {}
            {"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"host","version":"1"}},"cacheScope":"public","resourceTemplates":[{"name":"y","uriTemplate":"y:{v}"}],"resultType":"complete","ttlMs":60000}
    "#]].assert_eq(&table(&fake, &fake.one("b"), &requests).await);
    expect![[r###"
        server/discover {}
            {"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"host","version":"1"}},"cacheScope":"public","capabilities":{"logging":{},"prompts":{"listChanged":true},"resources":{"listChanged":true,"subscribe":true},"tools":{"listChanged":true}},"instructions":"## b\n\nUse b.","resultType":"complete","supportedVersions":["2026-07-28","2025-11-25","2025-06-18","2025-03-26","2024-11-05"],"ttlMs":60000}
        tools/list {}
            {"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"host","version":"1"}},"cacheScope":"public","resultType":"complete","tools":[{"description":"of b","inputSchema":{"type":"object"},"name":"b__t"}],"ttlMs":60000}
        prompts/list {"cursor":null}
            {"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"host","version":"1"}},"cacheScope":"public","prompts":[{"name":"b__p"}],"resultType":"complete","ttlMs":60000}
        resources/list {}
            {"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"host","version":"1"}},"cacheScope":"public","resources":[{"name":"one","uri":"bowline://b/x:1"}],"resultType":"complete","ttlMs":60000}
        resources/templates/list {}
            {"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"host","version":"1"}},"cacheScope":"public","resourceTemplates":[{"name":"y","uriTemplate":"y:{v}"}],"resultType":"complete","ttlMs":60000}
    "###]].assert_eq(&table(&fake, &fake.profile(&["b__*"]), &requests).await);
}

#[tokio::test]
async fn a_server_that_is_not_there_may_have_anything() {
    let fake = fake().await;
    let requests = [("server/discover", json!({})), ("tools/list", json!({}))];
    expect![[r#"
        server/discover {}
            {"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"host","version":"1"}},"cacheScope":"private","capabilities":{"prompts":{"listChanged":true},"resources":{"listChanged":true},"tools":{"listChanged":true}},"resultType":"complete","supportedVersions":["2026-07-28","2025-11-25","2025-06-18","2025-03-26","2024-11-05"],"ttlMs":0}
        tools/list {}
            {"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"host","version":"1"}},"cacheScope":"private","resultType":"complete","tools":[],"ttlMs":0}
    "#]].assert_eq(&table(&fake, &fake.one("c"), &requests).await);
}

#[tokio::test]
async fn a_client_reads_all_pages_by_cursors_of_ours() {
    let many = Server::new("many", "1").page_size(7);
    for number in 0..230 {
        many.add_tool(Tool::new(format!("t{number}")), nothing).unwrap();
    }
    let fake = Fake::new(Naming::Prefix, &[("many", many.clone())]).await;
    let client = client(&fake.whole()).await;
    let tools = client.list_tools().await.unwrap();
    let names: Vec<_> = tools.iter().map(|tool| tool.name.clone()).collect();
    let expected: Vec<_> = (0..230).map(|number| format!("many__t{number}")).collect();
    assert_eq!(names, expected);
    // Neither side takes the other's cursor.
    let ours: serde_json::Value =
        serde_json::from_str(&ask(&fake.whole(), "tools/list", json!({})).await).unwrap();
    let server = std::sync::Arc::new(many);
    let theirs: serde_json::Value =
        serde_json::from_str(&ask(&server, "tools/list", json!({})).await).unwrap();
    let unknown = r#"error {"code":-32602,"message":"params.cursor: unknown cursor; list again from the start"}"#;
    let cursor = json!({ "cursor": theirs["nextCursor"] });
    assert_eq!(ask(&fake.whole(), "tools/list", cursor).await, unknown);
    let cursor = json!({ "cursor": ours["nextCursor"] });
    assert_eq!(ask(&server, "tools/list", cursor).await, unknown);
}

#[tokio::test]
async fn a_list_waits_for_what_is_only_starting() {
    let fake = fake().await;
    fake.add_late("late", &Server::new("late", "1").tool(Tool::new("t"), nothing)).await;
    let answer = ask(&fake.whole(), "tools/list", json!({})).await;
    assert!(answer.contains("late__t"), "{answer}");
}
