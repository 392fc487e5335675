use super::support::{Fake, ask_as, one_of_everything};
use crate::host::access::{Access, Who};
use crate::host::settings::{Naming, ServerSettings, Settings};
use crate::host::view::View;
use crate::principal::Principal;
use expect_test::expect;
use serde_json::{Value, json};
use std::sync::Arc;

fn alice() -> Principal {
    Principal::token("alice", [])
}

/// Of `a` alice may use the tool `echo`, the prompt, and what is below `x:`; of `b` nothing. Everybody else may use
/// everything of `b`.
async fn host() -> Arc<Fake> {
    let servers = [("a", one_of_everything("a")), ("b", one_of_everything("b"))];
    let fake = Fake::new(Naming::Prefix, &servers).await;
    let mut settings = Settings::default();
    let mut of = |server: &str, access| {
        let told = ServerSettings { access: Some(access), ..ServerSettings::default() };
        settings.servers.insert(server.to_owned(), told);
    };
    of("a", vec![Access::of([Who::of("alice")]).allow(["echo", "greet", "x:*"]).deny(["x:a"])]);
    of("b", vec![Access::of([Who::of("bob")])]);
    fake.rule(&settings).await;
    fake
}

async fn listed(view: &Arc<View>, who: &Principal, method: &str, member: &str) -> Vec<String> {
    let page = ask_as(view, who, method, json!({})).await;
    let page: Value = serde_json::from_str(&page).unwrap_or_else(|_| panic!("{page}"));
    assert_eq!(page["cacheScope"], "private", "{method}");
    let items = page[member].as_array().unwrap();
    let key = |item: &Value| {
        let key =
            item.get("uriTemplate").or_else(|| item.get("uri")).unwrap_or_else(|| &item["name"]);
        key.as_str().unwrap().to_owned()
    };
    items.iter().map(key).collect()
}

#[tokio::test]
async fn everybody_is_listed_what_he_may_use() {
    let fake = host().await;
    let views = [
        ("all", fake.whole()),
        ("a", fake.one("a")),
        ("b", fake.one("b")),
        ("part", fake.profile(&["*"])),
    ];
    let mut table = String::new();
    for who in [alice(), Principal::token("bob", []), Principal::anonymous()] {
        for (name, view) in &views {
            let mut line = Vec::new();
            for (method, member) in [
                ("tools/list", "tools"),
                ("prompts/list", "prompts"),
                ("resources/list", "resources"),
                ("resources/templates/list", "resourceTemplates"),
            ] {
                let answer = ask_as(view, &who, method, json!({})).await;
                if !answer.starts_with("error") {
                    line.extend(listed(view, &who, method, member).await);
                }
            }
            table += &format!("{} at {name}: {}\n", who.name(), line.join(" "));
        }
    }
    expect![[r#"
        alice at all: a__echo a__greet x:shared
        alice at a: echo greet x:shared
        alice at b:
        alice at part: a__echo a__greet x:shared
        bob at all: b__echo b__links b__greet bowline://b/x:shared x:b bowline://b/y:{v}
        bob at a:
        bob at b: echo links greet x:shared x:b y:{v}
        bob at part: b__echo b__links b__greet bowline://b/x:shared x:b bowline://b/y:{v}
         at all:
         at a:
         at b:
         at part:
    "#]]
    .assert_eq(&without_trailing_space(&table));
}

#[tokio::test]
async fn what_somebody_may_not_use_answers_as_what_is_not_there() {
    let fake = host().await;
    let (whole, a, b) = (fake.whole(), fake.one("a"), fake.one("b"));
    let part = fake.profile(&["*"]);
    // Each with a name that is not there, in the same form.
    let rows: &[(&Arc<View>, &str, [Value; 2])] = &[
        (&whole, "tools/call", ["b__echo", "b__nope"].map(|name| json!({ "name": name }))),
        (&whole, "tools/call", ["a__links", "a__nopes"].map(|name| json!({ "name": name }))),
        (&part, "tools/call", ["a__links", "a__nopes"].map(|name| json!({ "name": name }))),
        (&a, "tools/call", ["links", "nopes"].map(|name| json!({ "name": name }))),
        (&b, "tools/call", ["echo", "nope"].map(|name| json!({ "name": name }))),
        (&whole, "prompts/get", ["b__greet", "b__nopes"].map(|name| json!({ "name": name }))),
        (&b, "prompts/get", ["greet", "nopes"].map(|name| json!({ "name": name }))),
        (&whole, "resources/read", ["x:a", "q:a"].map(|uri| json!({ "uri": uri }))),
        (
            &whole,
            "resources/read",
            ["bowline://b/x:shared", "bowline://q/x:shared"].map(|uri| json!({ "uri": uri })),
        ),
        (&a, "resources/read", ["x:a", "q:a"].map(|uri| json!({ "uri": uri }))),
        (&a, "resources/read", ["y:1", "q:1"].map(|uri| json!({ "uri": uri }))),
        (&b, "resources/read", ["x:b", "q:b"].map(|uri| json!({ "uri": uri }))),
        (&whole, "completion/complete", ["b__greet", "b__nopes"].map(completion_of_prompt)),
        (&b, "completion/complete", ["greet", "nopes"].map(completion_of_prompt)),
        (&whole, "completion/complete", ["y:{v}", "q:{v}"].map(completion_of_template)),
        (&a, "completion/complete", ["y:{v}", "q:{v}"].map(completion_of_template)),
    ];
    for (view, method, [hidden, unknown]) in rows {
        let answer = ask_as(view, &alice(), method, hidden.clone()).await;
        let wanted = ask_as(view, &alice(), method, unknown.clone()).await;
        assert!(answer.starts_with("error"), "{method} {hidden}: {answer}");
        let name = |params: &Value| {
            let of = params.get("ref").unwrap_or(params);
            of.get("name").or_else(|| of.get("uri")).unwrap().as_str().unwrap().to_owned()
        };
        assert_eq!(
            answer.replace(&name(hidden), "NAME"),
            wanted.replace(&name(unknown), "NAME"),
            "{method}"
        );
    }
    assert_eq!(fake.seen(), "", "nothing of it reached a server");
}

fn completion_of_prompt(name: &str) -> Value {
    json!({ "ref": { "type": "ref/prompt", "name": name }, "argument": { "name": "who", "value": "" } })
}

fn completion_of_template(uri: &str) -> Value {
    json!({ "ref": { "type": "ref/resource", "uri": uri }, "argument": { "name": "v", "value": "" } })
}

#[tokio::test]
async fn a_method_that_nobody_defines_reaches_only_the_server_of_whom_it_may_have_everything() {
    let fake = host().await;
    let b = fake.one("b");
    let mut table = String::new();
    for who in [alice(), Principal::token("bob", []), Principal::anonymous()] {
        let answer = ask_as(&b, &who, "com.example/ping", json!({})).await;
        table += &format!("{}: {answer}, {}\n", who.name(), fake.seen());
    }
    expect![[r#"
        alice: error {"code":-32601,"message":"method not found: com.example/ping"},
        bob: {"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"host","version":"1"}},"resultType":"complete"}, b com.example/ping {}
        : error {"code":-32601,"message":"method not found: com.example/ping"},
    "#]].assert_eq(&without_trailing_space(&table));
}

#[tokio::test]
async fn discovery_says_nothing_of_servers_that_somebody_may_not_use() {
    let fake = host().await;
    for (view, who, is_there) in [
        (fake.whole(), alice(), false),
        (fake.one("b"), alice(), false),
        (fake.whole(), Principal::token("bob", []), true),
        (fake.one("b"), Principal::token("bob", []), true),
    ] {
        let answer = ask_as(&view, &who, "server/discover", json!({})).await;
        assert_eq!(answer.contains("how to use b"), is_there, "{}: {answer}", who.name());
        assert!(answer.contains(r#""cacheScope":"private""#), "{answer}");
    }
}

#[tokio::test]
async fn when_rules_change_so_do_lists_and_calls() {
    let fake = host().await;
    let whole = fake.whole();
    let call = || async {
        let params = json!({ "name": "b__echo", "arguments": {} });
        ask_as(&whole, &Principal::anonymous(), "tools/call", params).await
    };
    assert!(call().await.starts_with("error"));
    fake.rule(&Settings::default()).await;
    assert!(!call().await.starts_with("error"));
}

fn without_trailing_space(table: &str) -> String {
    table.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}
