use super::support::{ask, shown};
use crate::server::{ItemKind, Server};
use bowline_protocol::era::modern;
use bowline_types::completion::PromptReference;
use bowline_types::prompt::{Prompt, PromptArgument};
use bowline_types::resource::ResourceTemplate;
use bowline_types::tool::Tool;
use expect_test::expect;
use serde_json::json;

async fn capabilities(server: &Server) -> String {
    ask(server, "server/discover", json!({})).await["result"]["capabilities"].to_string()
}

#[tokio::test]
async fn capabilities_are_derived_from_what_is_registered() {
    let server = Server::new("s", "1");
    expect![[r#"{"logging":{}}"#]].assert_eq(&capabilities(&server).await);
    let server = server.tool(Tool::new("t"), || async { "" });
    expect![[r#"{"logging":{},"tools":{"listChanged":true}}"#]]
        .assert_eq(&capabilities(&server).await);
    let server =
        server.prompt(Prompt::new("p").argument(PromptArgument::new("a")), || async { "" });
    expect![[r#"{"logging":{},"prompts":{"listChanged":true},"tools":{"listChanged":true}}"#]]
        .assert_eq(&capabilities(&server).await);
    let server = server.completion(PromptReference::new("p"), "a", || async { [""; 0] });
    expect![[r#"{"completions":{},"logging":{},"prompts":{"listChanged":true},"tools":{"listChanged":true}}"#]].assert_eq(&capabilities(&server).await);
    server.add_template(ResourceTemplate::new("x:{y}", "x"), || async { "" }).unwrap();
    expect![[r#"{"completions":{},"logging":{},"prompts":{"listChanged":true},"resources":{"listChanged":true,"subscribe":true},"tools":{"listChanged":true}}"#]].assert_eq(&capabilities(&server).await);
    let server = server.extension("com.example/x", json!({ "depth": 2 })).experimental("y", ());
    server.check().unwrap();
    expect![[r#"{"completions":{},"experimental":{"y":{}},"extensions":{"com.example/x":{"depth":2}},"logging":{},"prompts":{"listChanged":true},"resources":{"listChanged":true,"subscribe":true},"tools":{"listChanged":true}}"#]].assert_eq(&capabilities(&server).await);
}

#[tokio::test]
async fn discovery_says_how_to_use_the_server_and_how_long_that_holds() {
    let server = Server::new("s", "1").instructions("Ask twice.").declare(ItemKind::Resource);
    let shown = shown(&ask(&server, "server/discover", json!({})).await);
    expect![[r#"{"cacheScope":"public","capabilities":{"logging":{},"resources":{"listChanged":true,"subscribe":true}},"instructions":"Ask twice.","resultType":"complete","supportedVersions":["NEWEST","2025-11-25","2025-06-18","2025-03-26","2024-11-05"],"ttlMs":60000}"#]].assert_eq(&shown.replace(modern::SUPPORTED[0].as_str(), "NEWEST"));
}
