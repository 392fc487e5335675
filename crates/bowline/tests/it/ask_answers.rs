//! Which forms there are, and which answers are usable.

use crate::support::{Client, accept, error, keys, said, text};
use bowline::types::input::{
    CreateMessageRequestParams, CreateMessageResult, ElicitRequestFormParams, ElicitSchema,
    IncludeContext, SamplingMessage, ToolChoice, ToolChoiceMode,
};
use bowline::types::tool::{Schema, Tool};
use bowline::{Context, Server};
use expect_test::expect;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
enum Colour {
    Red,
    #[serde(rename = "green-ish")]
    Green,
}

/// How fast.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Speed {
    /// In the morning
    Slow,
    /// Within the hour
    Fast,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Order {
    /// Whoever ordered
    #[schemars(length(min = 2, max = 5))]
    name: String,
    #[schemars(email)]
    mail: Option<String>,
    #[schemars(range(min = 1, max = 10))]
    count: u8,
    weight: Option<f64>,
    #[serde(default)]
    gift: bool,
    colour: Colour,
    second: Option<Colour>,
    /// When it is needed
    speed: Speed,
    #[schemars(length(max = 2))]
    extras: Vec<Colour>,
    levels: Vec<Speed>,
}

fn order() -> Server {
    Server::new("test", "1").tool(Tool::new("order"), |cx: Context| async move {
        let order: Order = cx.elicit("order", "What?").await?;
        Ok::<_, bowline::Error>(json!(order).to_string())
    })
}

#[tokio::test]
async fn a_struct_makes_a_form() {
    let asked = Client::new(&order()).call("order").await;
    let schema = &asked["result"]["inputRequests"]["order"]["params"]["requestedSchema"];
    let mut table = format!("required: {}\n", schema["required"]);
    for (name, field) in schema["properties"].as_object().unwrap() {
        table += &format!("{name}: {field}\n");
    }
    expect![[r#"
        required: ["colour","count","extras","levels","name","speed"]
        colour: {"enum":["Red","green-ish"],"type":"string"}
        count: {"maximum":10,"minimum":1,"type":"integer"}
        extras: {"items":{"enum":["Red","green-ish"],"type":"string"},"maxItems":2,"type":"array"}
        gift: {"default":false,"type":"boolean"}
        levels: {"items":{"anyOf":[{"const":"slow","title":"In the morning"},{"const":"fast","title":"Within the hour"}]},"type":"array"}
        mail: {"format":"email","type":"string"}
        name: {"description":"Whoever ordered","maxLength":5,"minLength":2,"type":"string"}
        second: {"enum":["Red","green-ish"],"type":"string"}
        speed: {"description":"When it is needed","oneOf":[{"const":"slow","title":"In the morning"},{"const":"fast","title":"Within the hour"}],"type":"string"}
        weight: {"type":"number"}
    "#]].assert_eq(&table);
}

#[tokio::test]
async fn content_is_checked_like_arguments() {
    let client = Client::new(&order());
    let asked = client.call("order").await;
    let good = json!({
        "name": "Ada", "count": 3, "colour": "Red", "speed": "fast", "extras": ["Red"], "levels": [],
    });
    let with = |name: &str, value: Value| {
        let mut content = good.clone();
        content[name] = value;
        json!({"order": accept(content)})
    };
    for (name, value) in [
        ("name", json!("A")),
        ("name", json!("Ada Lovelace")),
        ("name", json!(null)),
        ("mail", json!("nobody")),
        ("count", json!(0)),
        ("count", json!(11)),
        ("count", json!(2.5)),
        ("count", json!("3")),
        ("weight", json!("heavy")),
        ("gift", json!("yes")),
        ("colour", json!("Blue")),
        ("colour", json!(1)),
        ("second", json!("Green")),
        ("speed", json!("Within the hour")),
        ("extras", json!("Red")),
        ("extras", json!(["Red", "Red", "Red"])),
        ("extras", json!(["Blue"])),
        ("levels", json!([1])),
    ] {
        let ended = error(&client.retry("order", &asked, with(name, value.clone())).await);
        let place = format!("-32602: params.inputResponses.order: content.{name}");
        assert!(ended.starts_with(&place), "{name} {value}: {ended}");
    }
    let done = client.retry("order", &asked, with("count", json!(4.0))).await;
    expect![[r#"{"colour":"Red","count":4,"extras":["Red"],"gift":false,"levels":[],"mail":null,"name":"Ada","second":null,"speed":"fast","weight":null}"#]].assert_eq(text(&done));
    let full = json!({
        "name": "ÄÖÜ", "mail": "a@b.example", "count": 10, "weight": 1, "gift": true, "colour": "green-ish",
        "second": null, "speed": "slow", "extras": ["Red", "green-ish"], "levels": ["slow"], "more": {},
    });
    let done = client.retry("order", &asked, json!({"order": accept(full)})).await;
    expect![[r#"{"colour":"green-ish","count":10,"extras":["Red","green-ish"],"gift":true,"levels":["slow"],"mail":"a@b.example","name":"ÄÖÜ","second":null,"speed":"slow","weight":1.0}"#]].assert_eq(text(&done));
}

#[tokio::test]
async fn a_type_that_makes_no_form_is_told_with_its_member() {
    #[derive(Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "only the schema matters")]
    enum Data {
        A(u8),
        B,
    }
    #[derive(Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "only the schema matters")]
    struct Bad<T> {
        member: T,
    }
    async fn told<T: serde::de::DeserializeOwned + JsonSchema + Send + 'static>() -> String {
        let server = Server::new("test", "1").tool(Tool::new("t"), |cx: Context| async move {
            cx.elicit::<T>("k", "m").await.map(|_| "asked")
        });
        text(&Client::new(&server).call("t").await).to_owned()
    }
    #[derive(Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "only the schema matters")]
    struct Pattern {
        #[schemars(regex(pattern = "^a"))]
        code: String,
    }
    let table = [
        told::<String>().await,
        told::<Vec<u8>>().await,
        told::<Data>().await,
        told::<std::collections::BTreeMap<String, String>>().await,
        told::<Bad<Data>>().await,
        told::<Bad<Vec<String>>>().await,
        told::<Bad<Bad<u8>>>().await,
        told::<Bad<Value>>().await,
        told::<Bad<(u8, u8)>>().await,
        told::<Pattern>().await,
    ];
    expect![[r#"
        `string` makes no form: it is not a struct with named fields
        `Array_of_uint8` makes no form: it is not a struct with named fields
        `Data` makes no form: it is not a struct with named fields
        `Map_of_string` makes no form: it is a map; a form has fixed members
        `Bad` makes no form: member `member` is an enum with data
        `Bad` makes no form: member `member` is a list of no enum; a form has lists of choices
        `Bad` makes no form: member `member` is none of string, number, boolean, enum without data, list of such enums
        `Bad` makes no form: member `member` may be anything; give it a type
        `Bad` makes no form: member `member` is a list of anything; a form has lists of choices
        `Pattern` makes no form: member `code` has a schema with `pattern`, which forms do not have"#]].assert_eq(&table.join("\n"));
}

#[tokio::test]
async fn a_schema_that_is_no_form_is_told_with_its_member() {
    async fn told(schema: Value) -> String {
        let schema: ElicitSchema = bowline::types::decode_value(schema).unwrap();
        let server = Server::new("test", "1").tool(Tool::new("t"), move |cx: Context| {
            let form = ElicitRequestFormParams::new("m", schema.clone());
            async move { cx.elicit_form("k", form).await.map(|_| "asked") }
        });
        text(&Client::new(&server).call("t").await).to_owned()
    }
    let one = |field: Value| told(json!({"type": "object", "properties": {"x": field}}));
    let table = [
        one(json!({"type": "object"})).await,
        one(json!({"type": "null"})).await,
        one(json!({"type": "string", "enum": []})).await,
        one(json!({"type": "string", "format": "hostname"})).await,
        told(json!({"type": "object", "properties": {}, "required": ["y"]})).await,
    ];
    expect![[r#"
        form: member `x` is none of string, number, boolean, and choices of strings
        form: member `x` is none of string, number, boolean, and choices of strings
        form: member `x` is none of string, number, boolean, and choices of strings
        form: member `x` is none of string, number, boolean, and choices of strings
        form: required member `y` is not among the properties"#]]
    .assert_eq(&table.join("\n"));
}

/// Asks a model with these parameters.
fn model(params: CreateMessageRequestParams) -> Server {
    Server::new("test", "1").tool(Tool::new("ask"), move |cx: Context| {
        let params = params.clone();
        async move {
            let result: CreateMessageResult = cx.sample("q", params).await?;
            Ok::<_, bowline::Error>(format!("{} blocks", result.content.blocks().len()))
        }
    })
}

fn plain() -> CreateMessageRequestParams {
    CreateMessageRequestParams::new(vec![SamplingMessage::user("hi")], 10)
}

fn with_tool() -> CreateMessageRequestParams {
    plain().tools(vec![Tool::new("look").input_schema(Schema::default())])
}

#[tokio::test]
async fn a_model_can_say_only_what_it_was_asked_for() {
    let use_of = |tool: &str| {
        json!({"role": "assistant", "model": "m", "stopReason": "toolUse",
            "content": [{"type": "tool_use", "id": "1", "name": tool, "input": {}}]})
    };
    let none = with_tool().tool_choice(ToolChoice::new().mode(ToolChoiceMode::None));
    for (params, answer, usable) in [
        (plain(), said("hello"), true),
        (plain(), use_of("look"), false),
        (plain(), json!({}), false),
        (plain(), json!({"role": "assistant", "model": "m"}), false),
        (plain(), json!({"role": "assistant", "content": {"type": "text", "text": "x"}}), false),
        (
            plain(),
            json!({"role": "user", "model": "m", "content": {"type": "text", "text": "x"}}),
            false,
        ),
        (plain(), json!({"role": "assistant", "model": "m", "content": "text"}), false),
        (plain(), json!({"role": "assistant", "model": "m", "content": [{"type": "text"}]}), false),
        (with_tool(), said("hello"), true),
        (with_tool(), use_of("look"), true),
        (with_tool(), use_of("touch"), false),
        (none, use_of("look"), false),
        (
            with_tool(),
            json!({"role": "assistant", "model": "m",
                "content": {"type": "tool_result", "toolUseId": "1", "content": []}}),
            false,
        ),
    ] {
        let client = Client::new(&model(params));
        let asked = client.call("ask").await;
        let response = client.retry("ask", &asked, json!({"q": answer})).await;
        if usable {
            assert_eq!(text(&response), "1 blocks", "{answer}");
        } else {
            assert!(error(&response).starts_with("-32602: params.inputResponses.q: "), "{answer}");
        }
    }
}

#[tokio::test]
async fn tools_and_context_need_capabilities_of_their_own() {
    let mut table = String::new();
    for (params, declared) in [
        (with_tool(), json!({"sampling": {}})),
        (with_tool(), json!({"sampling": {"context": {}}})),
        (plain().tool_choice(ToolChoice::new()), json!({"sampling": {}})),
        (plain().include_context(IncludeContext::ThisServer), json!({"sampling": {"tools": {}}})),
    ] {
        let response = Client::declaring(&model(params), declared).call("ask").await;
        let required = &response["error"]["data"]["requiredCapabilities"];
        table += &format!("{} {required}\n", response["error"]["code"]);
    }
    expect![[r#"
        -32021 {"sampling":{"tools":{}}}
        -32021 {"sampling":{"tools":{}}}
        -32021 {"sampling":{"tools":{}}}
        -32021 {"sampling":{"context":{}}}
    "#]]
    .assert_eq(&table);
    let none = plain().include_context(IncludeContext::None);
    let client = Client::declaring(&model(none), json!({"sampling": {}}));
    assert_eq!(keys(&client.call("ask").await), ["q"]);
}

#[tokio::test]
async fn conversations_with_tools_are_checked() {
    let text_of = json!({"type": "text", "text": "x"});
    let uses = json!({"type": "tool_use", "id": "1", "name": "look", "input": {}});
    let gives = json!({"type": "tool_result", "toolUseId": "1", "content": []});
    let other = json!({"type": "tool_result", "toolUseId": "2", "content": []});
    let mut table = String::new();
    for messages in [
        json!([["user", [text_of]], ["assistant", [uses]], ["user", [gives]]]),
        json!([["user", [text_of]], ["assistant", [uses]]]),
        json!([["user", [text_of]], ["assistant", [uses]], ["user", [text_of]]]),
        json!([["user", [text_of]], ["assistant", [uses]], ["user", [gives, text_of]]]),
        json!([["user", [text_of]], ["assistant", [uses]], ["user", [other]]]),
        json!([["user", [gives]]]),
        json!([["user", [uses]]]),
        json!([["assistant", [gives]]]),
    ] {
        let messages: Vec<SamplingMessage> = messages
            .as_array()
            .unwrap()
            .iter()
            .map(|pair| json!({"role": pair[0], "content": pair[1]}))
            .map(|message| bowline::types::decode_value(message).unwrap())
            .collect();
        let mut params = with_tool();
        params.messages = messages.into();
        let response = Client::new(&model(params)).call("ask").await;
        let told = response["result"]["content"][0]["text"].as_str().unwrap_or("asked");
        table += &format!("{told}\n");
    }
    expect![[r#"
        asked
        messages: the last one uses tools; add a message with their results
        messages[2]: every use of a tool is followed by its result, and nothing else
        messages[2]: tool results stand alone in a message of the user
        messages[2]: every use of a tool is followed by its result, and nothing else
        messages[0]: every use of a tool is followed by its result, and nothing else
        messages[0]: only an assistant uses tools
        messages[0]: tool results stand alone in a message of the user
    "#]]
    .assert_eq(&table);
}

#[tokio::test]
async fn roots_are_file_uris() {
    let server = Server::new("test", "1").tool(Tool::new("roots"), |cx: Context| async move {
        cx.roots("r").await.map(|roots| roots.len().to_string())
    });
    let client = Client::new(&server);
    let asked = client.call("roots").await;
    for roots in [
        json!([{"uri": "https://example.com"}]),
        json!([{"uri": "/home"}]),
        json!([{"uri": "file:/home"}]),
        json!([{"uri": "file:///a b"}]),
        json!([{"uri": "file:///a"}, {"name": "no uri"}]),
        json!({}),
    ] {
        let ended = client.retry("roots", &asked, json!({"r": {"roots": roots}})).await;
        assert!(error(&ended).starts_with("-32602: params.inputResponses.r: "), "{roots}");
    }
    let good = json!({"r": {"roots": [{"uri": "file:///a"}, {"uri": "FILE:///b%20c"}]}});
    assert_eq!(text(&client.retry("roots", &asked, good).await), "2");
}
