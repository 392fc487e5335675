use crate::client::{Client, Target};
use crate::host::catalogue::Offer;
use crate::server::Server;
use crate::service::{Answer, Call, Service};
use bowline_protocol::outcome::{Body, CacheHint, Outcome, ResultKind};
use bowline_protocol::scan::{BodyKey, Raw};
use bowline_types::jsonrpc::ErrorObject;
use bowline_types::prompt::Prompt;
use bowline_types::resource::{Resource, ResourceTemplate};
use bowline_types::tool::Tool;
use expect_test::expect;
use std::sync::Arc;

async fn nothing() -> &'static str {
    "nothing"
}

fn shown(offer: &Offer) -> String {
    let mut table = String::new();
    for (list, items) in [
        ("tools", &offer.tools),
        ("prompts", &offer.prompts),
        ("resources", &offer.resources),
        ("templates", &offer.templates),
    ] {
        for item in items {
            table += &format!("{list} {}: {}\n", item.name, item.text.as_str());
        }
    }
    table += &format!("skipped {}, {:?}", offer.skipped, offer.cache);
    table
}

#[tokio::test]
async fn all_pages_of_all_lists_are_read() {
    let server = Server::new("s", "1").page_size(2).instructions("Read first.");
    for number in 0..5 {
        server.add_tool(Tool::new(format!("t{number}")), nothing).unwrap();
    }
    server.add_prompt(Prompt::new("p"), nothing).unwrap();
    server.add_resource(Resource::new("x:1", "x"), nothing).unwrap();
    server.add_template(ResourceTemplate::new("y:{v}", "y"), nothing).unwrap();
    let client = Client::connect(&server).await.unwrap();
    let offer = Offer::read(&client).await.unwrap();
    expect![[r#"
        tools t0: {"name":"t0","inputSchema":{"type":"object"}}
        tools t1: {"name":"t1","inputSchema":{"type":"object"}}
        tools t2: {"name":"t2","inputSchema":{"type":"object"}}
        tools t3: {"name":"t3","inputSchema":{"type":"object"}}
        tools t4: {"name":"t4","inputSchema":{"type":"object"}}
        prompts p: {"name":"p"}
        resources x:1: {"uri":"x:1","name":"x"}
        templates y:{v}: {"uriTemplate":"y:{v}","name":"y"}
        skipped 0, CacheHint { ttl_ms: 60000, scope: Public }"#]]
    .assert_eq(&shown(&offer));
    assert_eq!(offer.instructions.as_deref(), Some("Read first."));
    assert_eq!(offer.info.unwrap().name, "s");
    assert!(offer.capabilities.prompts.is_some());
    assert_eq!(offer.protocol_version.as_deref(), Some(client.protocol_version()));
}

/// Answers each method with what stands there.
#[derive(Debug)]
struct Scripted(&'static [(&'static str, &'static str)]);

impl Service for Scripted {
    fn call(self: Arc<Self>, call: Call) -> Answer {
        let request = call.request();
        let cursor = request.param_str(BodyKey::Cursor).unwrap_or_default();
        let asked = format!("{}{cursor}", request.method());
        let Some((_, text)) = self.0.iter().find(|(known, _)| *known == asked) else {
            return Answer::ready(ErrorObject::method_not_found(&asked));
        };
        let body = Body::of_raw(Raw::parse(*text).unwrap(), None).unwrap();
        let cache = Some(CacheHint::public(if cursor.is_empty() { 60 } else { 30 }));
        Answer::ready(Outcome::Result { kind: ResultKind::Complete, body, cache })
    }
}

async fn read(script: &'static [(&'static str, &'static str)]) -> crate::error::Result<Offer> {
    let client = Client::connect(Target::service(Arc::new(Scripted(script)))).await.unwrap();
    Offer::read(&client).await
}

const DISCOVER: &str =
    r#"{"supportedVersions":["2026-07-28"],"capabilities":{"tools":{},"resources":{}}}"#;

#[tokio::test]
async fn nothing_of_an_item_is_lost_and_bad_ones_are_left_out() {
    let offer = read(&[
        ("server/discover", DISCOVER),
        (
            "tools/list",
            r#"{"tools":[
                {"name":"a","inputSchema":{"type":"object"},"future":{"n":1.0,"big":12345678901234567890123}},
                {"inputSchema":{"type":"object"}}, 7, {"name":8}, {"name":""}
            ],"nextCursor":"2"}"#,
        ),
        ("tools/list2", r#"{"tools":[{"name":"a"},{"name":"lenient","annotations":5}]}"#),
        ("resources/list", r#"{"resources":[{"uri":"x:1"}]}"#),
    ])
    .await;
    expect![[r#"
        tools a: {"name":"a","inputSchema":{"type":"object"},"future":{"n":1.0,"big":12345678901234567890123}}
        tools lenient: {"name":"lenient","annotations":5}
        resources x:1: {"uri":"x:1"}
        skipped 5, CacheHint { ttl_ms: 30, scope: Public }"#]].assert_eq(&shown(&offer.unwrap()));
}

#[tokio::test]
async fn lists_that_are_not_declared_are_not_asked_for() {
    let offer = read(&[
        ("server/discover", r#"{"supportedVersions":["2026-07-28"],"capabilities":{}}"#),
        ("tools/list", r#"{"tools":[{"name":"a"}]}"#),
    ])
    .await;
    assert!(offer.unwrap().tools.is_empty());
}

#[tokio::test]
async fn a_list_that_cannot_be_had_is_an_error() {
    let looping = read(&[
        ("server/discover", DISCOVER),
        ("tools/list", r#"{"tools":[],"nextCursor":"2"}"#),
        ("tools/list2", r#"{"tools":[],"nextCursor":"2"}"#),
    ]);
    expect!["tools/list: the list leads back to a page it has had"]
        .assert_eq(&looping.await.unwrap_err().to_string());
}
