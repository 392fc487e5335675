use super::support::{ask, shown, table};
use crate::principal::Principal;
use crate::server::{CompleteRequest, Server};
use bowline_types::completion::{Completion, PromptReference, ResourceTemplateReference};
use bowline_types::prompt::{Prompt, PromptArgument};
use bowline_types::resource::{Resource, ResourceTemplate};
use expect_test::expect;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize, JsonSchema)]
struct Chosen {
    language: Option<String>,
}

fn server() -> Server {
    let prompt = Prompt::new("review")
        .argument(PromptArgument::new("language"))
        .argument(PromptArgument::new("framework"))
        .argument(PromptArgument::new("mood"));
    Server::new("s", "1")
        // Before what it completes: the order makes no difference.
        .completion(
            PromptReference::new("review"),
            "language",
            |request: CompleteRequest| async move {
                let all = ["python", "pytorch", "rust"].into_iter();
                all.filter(|known| known.starts_with(&request.value)).collect::<Vec<_>>()
            },
        )
        .completion(
            PromptReference::new("review"),
            "framework",
            |request: CompleteRequest, chosen: Chosen| async move {
                [format!("{}/{:?}/{:?}", request.value, chosen.language, request.arguments)]
            },
        )
        .completion(ResourceTemplateReference::new("db://{table}/{id}"), "id", || async {
            Ok::<_, std::io::Error>((0..250).map(|id| id.to_string()).collect::<Vec<_>>())
        })
        .completion(ResourceTemplateReference::new("db://{table}/{id}"), "table", || async {
            Completion::new((0..101).map(|id| id.to_string()).collect::<Vec<_>>()).total(1000)
        })
        .prompt(prompt, || async { "" })
        .resource(Resource::new("db://all", "all"), || async { "" })
        .template(ResourceTemplate::new("db://{table}/{id}", "row"), || async { "" })
}

fn complete(reference: Value, argument: Value, context: Value) -> (&'static str, Value) {
    ("completion/complete", json!({ "ref": reference, "argument": argument, "context": context }))
}

#[tokio::test]
async fn suggestions_are_given_or_refused() {
    server().check().unwrap();
    let review = || json!({ "type": "ref/prompt", "name": "review" });
    let row = || json!({ "type": "ref/resource", "uri": "db://{table}/{id}" });
    let language = || json!({ "name": "language", "value": "py" });
    let arguments = json!({ "arguments": { "language": "python" } });
    let requests = [
        complete(review(), language(), json!(null)),
        complete(review(), json!({ "name": "framework", "value": "fl" }), arguments),
        complete(review(), json!({ "name": "framework", "value": "" }), json!({})),
        complete(review(), json!({ "name": "mood", "value": "x" }), json!({})),
        complete(review(), json!({ "name": "none", "value": "x" }), json!({})),
        complete(json!({ "type": "ref/prompt", "name": "none" }), language(), json!({})),
        complete(json!({ "type": "ref/resource", "uri": "none:{x}" }), language(), json!({})),
        complete(json!({ "type": "ref/resource", "uri": "db://all" }), language(), json!({})),
        complete(json!({ "type": "ref/tool", "name": "t" }), language(), json!({})),
        complete(json!({ "type": "ref/prompt" }), language(), json!({})),
        complete(json!("review"), language(), json!({})),
        complete(review(), json!({ "name": "language" }), json!({})),
        complete(review(), json!({ "name": "language", "value": 7 }), json!({})),
        complete(review(), language(), json!({ "arguments": { "language": 7 } })),
        complete(row(), language(), json!({})),
        ("completion/complete", json!({})),
    ];
    expect![[r#"
        completion/complete {"argument":{"name":"language","value":"py"},"context":null,"ref":{"name":"review","type":"ref/prompt"}}
            {"completion":{"hasMore":false,"total":2,"values":["python","pytorch"]},"resultType":"complete"}
        completion/complete {"argument":{"name":"framework","value":"fl"},"context":{"arguments":{"language":"python"}},"ref":{"name":"review","type":"ref/prompt"}}
            {"completion":{"hasMore":false,"total":1,"values":["fl/Some(\"python\")/{\"language\": \"python\"}"]},"resultType":"complete"}
        completion/complete {"argument":{"name":"framework","value":""},"context":{},"ref":{"name":"review","type":"ref/prompt"}}
            {"completion":{"hasMore":false,"total":1,"values":["/None/{}"]},"resultType":"complete"}
        completion/complete {"argument":{"name":"mood","value":"x"},"context":{},"ref":{"name":"review","type":"ref/prompt"}}
            {"completion":{"hasMore":false,"total":0,"values":[]},"resultType":"complete"}
        completion/complete {"argument":{"name":"none","value":"x"},"context":{},"ref":{"name":"review","type":"ref/prompt"}}
            error {"code":-32602,"message":"unknown argument: none"}
        completion/complete {"argument":{"name":"language","value":"py"},"context":{},"ref":{"name":"none","type":"ref/prompt"}}
            error {"code":-32602,"message":"unknown prompt: none"}
        completion/complete {"argument":{"name":"language","value":"py"},"context":{},"ref":{"type":"ref/resource","uri":"none:{x}"}}
            error {"code":-32602,"message":"unknown resource template: none:{x}"}
        completion/complete {"argument":{"name":"language","value":"py"},"context":{},"ref":{"type":"ref/resource","uri":"db://all"}}
            error {"code":-32602,"message":"unknown resource template: db://all"}
        completion/complete {"argument":{"name":"language","value":"py"},"context":{},"ref":{"name":"t","type":"ref/tool"}}
            error {"code":-32602,"message":"params.ref.type: neither `ref/prompt` nor `ref/resource`"}
        completion/complete {"argument":{"name":"language","value":"py"},"context":{},"ref":{"type":"ref/prompt"}}
            error {"code":-32602,"message":"params.ref.name: missing field"}
        completion/complete {"argument":{"name":"language","value":"py"},"context":{},"ref":"review"}
            error {"code":-32602,"message":"params.ref: invalid type: string, expected an object"}
        completion/complete {"argument":{"name":"language"},"context":{},"ref":{"name":"review","type":"ref/prompt"}}
            error {"code":-32602,"message":"params.argument.value: missing field"}
        completion/complete {"argument":{"name":"language","value":7},"context":{},"ref":{"name":"review","type":"ref/prompt"}}
            error {"code":-32602,"message":"params.argument.value: invalid type: integer, expected a string"}
        completion/complete {"argument":{"name":"language","value":"py"},"context":{"arguments":{"language":7}},"ref":{"name":"review","type":"ref/prompt"}}
            error {"code":-32602,"message":"params.context.arguments.language: invalid type: integer, expected a string"}
        completion/complete {"argument":{"name":"language","value":"py"},"context":{},"ref":{"type":"ref/resource","uri":"db://{table}/{id}"}}
            error {"code":-32602,"message":"unknown argument: language"}
        completion/complete {}
            error {"code":-32602,"message":"params.ref: missing"}
    "#]].assert_eq(&table(&server(), &Principal::anonymous(), &requests).await);
}

#[tokio::test]
async fn of_more_than_a_hundred_values_the_first_are_sent() {
    for (argument, total) in [("id", 250), ("table", 1000)] {
        let reference = json!({ "type": "ref/resource", "uri": "db://{table}/{id}" });
        let (method, params) =
            complete(reference, json!({ "name": argument, "value": "" }), json!({}));
        let answer = ask(&server(), method, params).await;
        let completion = &answer["result"]["completion"];
        let values = completion["values"].as_array().unwrap();
        assert_eq!((values.len(), &values[99]), (100, &json!("99")), "{argument}");
        assert_eq!((&completion["total"], &completion["hasMore"]), (&json!(total), &json!(true)));
    }
}

#[tokio::test]
async fn completions_come_and_go_with_what_they_complete() {
    let server = server();
    let mood = || PromptReference::new("review");
    server.add_completion(mood(), "mood", || async { ["glad"] }).unwrap();
    let params = json!({
        "ref": { "type": "ref/prompt", "name": "review" },
        "argument": { "name": "mood", "value": "" },
    });
    let asked = || ask(&server, "completion/complete", params.clone());
    expect![[
        r#"{"completion":{"hasMore":false,"total":1,"values":["glad"]},"resultType":"complete"}"#
    ]]
    .assert_eq(&shown(&asked().await));
    assert!(server.remove_completion(mood(), "mood"));
    assert!(!server.remove_completion(mood(), "mood"));
    expect![[r#"{"completion":{"hasMore":false,"total":0,"values":[]},"resultType":"complete"}"#]]
        .assert_eq(&shown(&asked().await));

    server.add_completion(mood(), "mood", || async { ["glad"] }).unwrap();
    server.remove_prompt("review");
    server
        .add_prompt(Prompt::new("review").argument(PromptArgument::new("mood")), || async { "" })
        .unwrap();
    expect![[r#"{"completion":{"hasMore":false,"total":0,"values":[]},"resultType":"complete"}"#]]
        .assert_eq(&shown(&asked().await));
}

#[test]
fn completions_of_what_does_not_exist_are_faults() {
    let server = server()
        .completion(PromptReference::new("review"), "none", || async { ["x"] })
        .completion(ResourceTemplateReference::new("none:{x}"), "x", || async { ["x"] })
        .completion(PromptReference::new("review"), "language", || async { ["x"] });
    expect![[r#"
        completion of `language` of prompt `review` is registered twice
        completion of `none` of prompt `review`: there is no such thing
        completion of `x` of resource template `none:{x}`: there is no such thing"#]]
    .assert_eq(&server.check().unwrap_err().to_string());
    let added = server.add_completion(PromptReference::new("none"), "x", || async { ["x"] });
    expect!["completion of `x` of prompt `none`: there is no such thing"]
        .assert_eq(&added.unwrap_err().to_string());
}
