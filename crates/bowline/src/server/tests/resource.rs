use super::support::{ask, shown, table};
use crate::principal::Principal;
use crate::server::{Cached, Json, Server, Uri};
use bowline_types::jsonrpc::ErrorObject;
use bowline_types::resource::{ReadResourceResult, Resource, ResourceContents, ResourceTemplate};
use expect_test::expect;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

#[derive(Deserialize, JsonSchema)]
struct Row {
    table: String,
    id: u32,
}

#[derive(Deserialize, JsonSchema)]
struct Entry {
    path: String,
    tag: Option<String>,
}

fn resource(uri: &str) -> Resource {
    Resource::new(uri, uri)
}

fn read(uri: &str) -> (&'static str, serde_json::Value) {
    ("resources/read", json!({ "uri": uri }))
}

#[tokio::test]
async fn everything_a_resource_can_hold() {
    let minute = Duration::from_secs(60);
    let several = || ResourceContents::text("x:several", "one");
    let server = Server::new("s", "1")
        .resource(resource("x:text").mime_type("text/css"), || async { "a{}" })
        .resource(resource("x:bytes").mime_type("image/png"), || async { vec![0_u8, 159, 146] })
        .resource(resource("x:static"), || async { b"raw" })
        .resource(resource("x:json"), || async { Json([1, 2]) })
        .resource(resource("x:one"), || async { ResourceContents::blob("x:other", "AAA=") })
        .resource(resource("x:several"), move || async move { vec![several(), several()] })
        .resource(resource("x:empty"), || async { Vec::<ResourceContents>::new() })
        .resource(resource("x:result"), || async { ReadResourceResult::new(vec![]) })
        .resource(resource("x:public"), move || async move { Cached::public("p", minute) })
        .resource(resource("x:private"), move || async move {
            Ok::<_, ErrorObject>(Cached::private("p", minute))
        })
        .resource(resource("x:gone"), || async { None::<String> })
        .resource(resource("x:uri"), |Uri(uri): Uri| async move { uri });
    let uris = [
        "x:text",
        "x:bytes",
        "x:static",
        "x:json",
        "x:one",
        "x:several",
        "x:empty",
        "x:result",
        "x:public",
        "x:private",
        "x:gone",
        "x:uri",
    ];
    let requests: Vec<_> = uris.into_iter().map(read).collect();
    expect![[r#"
        resources/read {"uri":"x:text"}
            {"cacheScope":"private","contents":[{"mimeType":"text/css","text":"a{}","uri":"x:text"}],"resultType":"complete","ttlMs":0}
        resources/read {"uri":"x:bytes"}
            {"cacheScope":"private","contents":[{"blob":"AJ+S","mimeType":"image/png","uri":"x:bytes"}],"resultType":"complete","ttlMs":0}
        resources/read {"uri":"x:static"}
            {"cacheScope":"private","contents":[{"blob":"cmF3","uri":"x:static"}],"resultType":"complete","ttlMs":0}
        resources/read {"uri":"x:json"}
            {"cacheScope":"private","contents":[{"mimeType":"application/json","text":"[1,2]","uri":"x:json"}],"resultType":"complete","ttlMs":0}
        resources/read {"uri":"x:one"}
            {"cacheScope":"private","contents":[{"blob":"AAA=","uri":"x:other"}],"resultType":"complete","ttlMs":0}
        resources/read {"uri":"x:several"}
            {"cacheScope":"private","contents":[{"text":"one","uri":"x:several"},{"text":"one","uri":"x:several"}],"resultType":"complete","ttlMs":0}
        resources/read {"uri":"x:empty"}
            {"cacheScope":"private","contents":[],"resultType":"complete","ttlMs":0}
        resources/read {"uri":"x:result"}
            {"cacheScope":"private","contents":[],"resultType":"complete","ttlMs":0}
        resources/read {"uri":"x:public"}
            {"cacheScope":"public","contents":[{"text":"p","uri":"x:public"}],"resultType":"complete","ttlMs":60000}
        resources/read {"uri":"x:private"}
            {"cacheScope":"private","contents":[{"text":"p","uri":"x:private"}],"resultType":"complete","ttlMs":60000}
        resources/read {"uri":"x:gone"}
            error {"code":-32602,"data":{"uri":"x:gone"},"message":"resource not found"}
        resources/read {"uri":"x:uri"}
            {"cacheScope":"private","contents":[{"text":"x:uri","uri":"x:uri"}],"resultType":"complete","ttlMs":0}
    "#]].assert_eq(&table(&server, &Principal::anonymous(), &requests).await);
}

#[tokio::test]
async fn wrong_requests_are_invalid_params() {
    let server = Server::new("s", "1").resource(resource("x:a"), || async { "a" });
    let requests = [
        read("x:b"),
        read("X:a"),
        read(""),
        ("resources/read", json!({})),
        ("resources/read", json!({ "uri": 7 })),
    ];
    expect![[r#"
        resources/read {"uri":"x:b"}
            error {"code":-32602,"data":{"uri":"x:b"},"message":"resource not found"}
        resources/read {"uri":"X:a"}
            error {"code":-32602,"data":{"uri":"X:a"},"message":"resource not found"}
        resources/read {"uri":""}
            error {"code":-32602,"data":{"uri":""},"message":"resource not found"}
        resources/read {}
            error {"code":-32602,"message":"params.uri: missing or not a string"}
        resources/read {"uri":7}
            error {"code":-32602,"message":"params.uri: missing or not a string"}
    "#]]
    .assert_eq(&table(&server, &Principal::anonymous(), &requests).await);
}

#[tokio::test]
async fn templates_decode_their_variables_and_the_first_that_matches_wins() {
    let server =
        Server::new("s", "1")
            .template(
                ResourceTemplate::new("db://{table}/{id}", "row").mime_type("text/plain"),
                |row: Row| async move { format!("{}#{}", row.table, row.id) },
            )
            .template(ResourceTemplate::new("db://{table}/{name}", "shadowed"), || async {
                "second"
            })
            .template(
                ResourceTemplate::new("fs://root{/path*}{?tag*}", "file"),
                |Uri(uri): Uri, entry: Entry| async move {
                    format!("{} {:?} {uri}", entry.path, entry.tag)
                },
            )
            .resource(resource("db://users/1"), || async { "the very URI" });
    let requests = [
        read("db://users/1"),
        read("db://us%20ers/2"),
        read("db://users/two"),
        read("db://users/-1"),
        read("db://users/2/3"),
        read("fs://root/a/b%20c?tag=x&tag=y"),
        read("fs://root/.."),
    ];
    expect![[r#"
        resources/read {"uri":"db://users/1"}
            {"cacheScope":"private","contents":[{"text":"the very URI","uri":"db://users/1"}],"resultType":"complete","ttlMs":0}
        resources/read {"uri":"db://us%20ers/2"}
            {"cacheScope":"private","contents":[{"mimeType":"text/plain","text":"us ers#2","uri":"db://us%20ers/2"}],"resultType":"complete","ttlMs":0}
        resources/read {"uri":"db://users/two"}
            error {"code":-32602,"data":{"uri":"db://users/two"},"message":"invalid value: \"two\", expected u32"}
        resources/read {"uri":"db://users/-1"}
            error {"code":-32602,"data":{"uri":"db://users/-1"},"message":"invalid value: \"-1\", expected u32"}
        resources/read {"uri":"db://users/2/3"}
            error {"code":-32602,"data":{"uri":"db://users/2/3"},"message":"resource not found"}
        resources/read {"uri":"fs://root/a/b%20c?tag=x&tag=y"}
            {"cacheScope":"private","contents":[{"text":"a/b c Some(\"x,y\") fs://root/a/b%20c?tag=x&tag=y","uri":"fs://root/a/b%20c?tag=x&tag=y"}],"resultType":"complete","ttlMs":0}
        resources/read {"uri":"fs://root/.."}
            {"cacheScope":"private","contents":[{"text":".. None fs://root/..","uri":"fs://root/.."}],"resultType":"complete","ttlMs":0}
    "#]].assert_eq(&table(&server, &Principal::anonymous(), &requests).await);
}

#[tokio::test]
async fn an_unexpected_failure_is_told_to_the_server_and_numbered_for_the_client() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let sink = told.clone();
    let server = Server::new("s", "1")
        .on_error(move |failure| sink.lock().unwrap().push(format!("{failure:?}")))
        .resource(resource("x:io"), || async { std::fs::read("/nonexistent/secret") })
        .resource(resource("x:panic"), || async { panic!("secret") as &'static str })
        .resource(resource("x:own"), || async {
            Err::<String, _>(ErrorObject::application(7, "no").unwrap())
        });
    let requests = [read("x:io"), read("x:panic"), read("x:own")];
    expect![[r#"
        resources/read {"uri":"x:io"}
            error {"code":-32603,"message":"handler failed (reference 1)"}
        resources/read {"uri":"x:panic"}
            error {"code":-32603,"message":"handler panicked (reference 2)"}
        resources/read {"uri":"x:own"}
            error {"code":7,"message":"no"}
    "#]]
    .assert_eq(&table(&server, &Principal::anonymous(), &requests).await);
    expect![[r#"
        Failure { reference: 1, what: "handler failed", details: Some("No such file or directory (os error 2)"), method: "resources/read" }
        Failure { reference: 2, what: "handler panicked", details: Some("secret"), method: "resources/read" }"#]].assert_eq(&told.lock().unwrap().join("\n"));
}

#[tokio::test]
async fn an_answered_question_takes_the_hint_away() {
    let server = Server::new("s", "1")
        .resource(resource("x:a"), || async { Cached::public("a", Duration::from_secs(1)) });
    let params = json!({ "uri": "x:a", "inputResponses": {} });
    expect![[r#"{"cacheScope":"private","contents":[{"text":"a","uri":"x:a"}],"resultType":"complete","ttlMs":0}"#]].assert_eq(&shown(&ask(&server, "resources/read", params).await));
}

#[tokio::test]
async fn what_is_added_while_it_runs_is_read_and_what_is_removed_is_not() {
    let server = Server::new("s", "1").resource(resource("x:a"), || async { "a" });
    server.add_resource(resource("x:b"), || async { "b" }).unwrap();
    server.add_template(ResourceTemplate::new("y:{v}", "y"), || async { "y" }).unwrap();
    let requests = [read("x:b"), read("y:1")];
    expect![[r#"
        resources/read {"uri":"x:b"}
            {"cacheScope":"private","contents":[{"text":"b","uri":"x:b"}],"resultType":"complete","ttlMs":0}
        resources/read {"uri":"y:1"}
            {"cacheScope":"private","contents":[{"text":"y","uri":"y:1"}],"resultType":"complete","ttlMs":0}
    "#]].assert_eq(&table(&server, &Principal::anonymous(), &requests).await);
    assert!(server.remove_resource("x:b") && server.remove_template("y:{v}"));
    assert!(!server.remove_resource("x:b") && !server.remove_template("y:{v}"));
    expect![[r#"
        resources/read {"uri":"x:b"}
            error {"code":-32602,"data":{"uri":"x:b"},"message":"resource not found"}
        resources/read {"uri":"y:1"}
            error {"code":-32602,"data":{"uri":"y:1"},"message":"resource not found"}
    "#]]
    .assert_eq(&table(&server, &Principal::anonymous(), &requests).await);
}
