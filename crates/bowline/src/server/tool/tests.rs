use crate::context::{Context, Surroundings};
use crate::principal::Principal;
use crate::server::{BlockingPool, Json, Server, ToolExt, blocking};
use crate::service::{Call, Service};
use bowline_protocol::era::modern;
use bowline_protocol::http::HeaderMap;
use bowline_protocol::outcome::Outcome;
use bowline_protocol::scan::{Scanned, scan};
use bowline_types::tool::{CallToolResult, Tool};
use expect_test::expect;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// Calls the tool `t` and gives the members of the result, or of the error.
async fn answer(server: &Server, arguments: &str, capabilities: Value) -> Value {
    let arguments = match arguments {
        "" => String::new(),
        text => format!(",\"arguments\":{text}"),
    };
    let message = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"_meta":{{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{capabilities}}},"name":"t"{arguments}}}}}"#
    );
    let Ok(Scanned::Message(message)) = scan(message.into_bytes().into(), 128) else {
        panic!("no message");
    };
    let cx = Context::new(
        modern::admit(message).unwrap(),
        Surroundings {
            principal: Principal::anonymous(),
            headers: HeaderMap::new(),
            limits: Arc::default(),
            closing: crate::closing::Closing::default(),
            line: None,
            running: None,
        },
    );
    match Arc::new(server.clone()).call(Call::new(cx)).await {
        Outcome::Result { body, .. } => body.members().decode().unwrap(),
        Outcome::Error(error) => serde_json::to_value(&error).unwrap(),
    }
}

fn call(server: &Server, arguments: &str) -> Value {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(answer(server, arguments, json!({})))
}

/// The text of a result with `isError`, which is what a model reads.
#[track_caller]
fn refused(server: &Server, arguments: &str) -> String {
    let result = call(server, arguments);
    assert_eq!(result["isError"], true, "{result}");
    text(&result).to_owned()
}

fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap_or_default()
}

fn tool() -> Tool {
    Tool::new("t")
}

fn server() -> Server {
    Server::new("s", "1")
}

#[derive(Deserialize, JsonSchema)]
struct Order {
    item: String,
    count: u8,
    #[serde(default)]
    lines: Vec<Line>,
    unit: Option<Unit>,
    shape: Option<Shape>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Line {
    price: f64,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Unit {
    Piece,
    Box,
}

#[derive(Deserialize, JsonSchema)]
enum Shape {
    Circle { radius: f64 },
    Point,
}

#[test]
fn wrong_arguments_are_told_in_words_that_a_model_can_act_on() {
    let server = server().tool(tool(), |order: Order| async move {
        let sum = order.lines.iter().fold(0.0, |sum, line| sum + line.price);
        let radius = match order.shape {
            Some(Shape::Circle { radius }) => radius,
            Some(Shape::Point) | None => 0.0,
        };
        let unit = order.unit.map_or(0, |unit| unit as u8);
        format!("{} {} {sum} {radius} {unit}", order.item, order.count)
    });
    server.check().unwrap();
    let mut told = String::new();
    for arguments in [
        "",
        r#"{"item":1,"count":1}"#,
        r#"{"item":"a","count":256}"#,
        r#"{"item":"a","count":1.5}"#,
        r#"{"item":"a","count":"many"}"#,
        r#"{"item":[],"count":1}"#,
        r#"{"item" : {"deep":[1]}, "count":1}"#,
        r#"{"item":"a","count":1,"lines":[{"price":1},{"price":"x"}]}"#,
        r#"{"item":"a","count":1,"lines":[{"price":1},{}]}"#,
        r#"{"item":"a","count":1,"lines":[{"price":1,"tax":2}]}"#,
        r#"{"item":"a","count":1,"unit":"dozen"}"#,
        r#"{"item":"a","count":1,"shape":"Triangle"}"#,
        r#"{"item":"a","count":1,"shape":{"Circle":{"radius":"big"}}}"#,
        r#"{"item":"\ud800","count":1}"#,
        r#"{"a":1,"b":2,"item":null,"count":null,"lines":1,"unit":1,"shape":[[]]}"#,
    ] {
        let lines = refused(&server, arguments).replace('\n', "\n  ");
        told.push_str(&format!("{arguments}\n  {lines}\n"));
    }
    expect![[r#"

          invalid arguments:
          item: missing, but required
          count: missing, but required
        {"item":1,"count":1}
          invalid arguments:
          item: expected a string, found a number
        {"item":"a","count":256}
          invalid arguments:
          count: expected an integer from 0 to 255, found integer 256
        {"item":"a","count":1.5}
          invalid arguments:
          count: expected an integer, found a number
        {"item":"a","count":"many"}
          invalid arguments:
          count: expected an integer, found a string
        {"item":[],"count":1}
          invalid arguments:
          item: expected a string, found an array
        {"item" : {"deep":[1]}, "count":1}
          invalid arguments:
          item: expected a string, found an object
        {"item":"a","count":1,"lines":[{"price":1},{"price":"x"}]}
          invalid arguments:
          lines[1].price: expected a number, found a string
        {"item":"a","count":1,"lines":[{"price":1},{}]}
          invalid arguments:
          lines[1].price: missing, but required
        {"item":"a","count":1,"lines":[{"price":1,"tax":2}]}
          invalid arguments:
          lines[0].tax: not a known member; expected `price`
        {"item":"a","count":1,"unit":"dozen"}
          invalid arguments:
          unit: expected one of "piece", "box"
        {"item":"a","count":1,"shape":"Triangle"}
          invalid arguments:
          shape: expected `Circle` or `Point`, found `Triangle`
        {"item":"a","count":1,"shape":{"Circle":{"radius":"big"}}}
          invalid arguments:
          shape.Circle.radius: expected a number, found string "big"
        {"item":"\ud800","count":1}
          invalid arguments:
          item: not text: an escape stands for half a character; escape both halves
        {"a":1,"b":2,"item":null,"count":null,"lines":1,"unit":1,"shape":[[]]}
          invalid arguments:
          count: expected an integer, found null
          item: expected a string, found null
          lines: expected an array, found a number
          unit: expected a string, found a number
          shape: fits none of the forms that the schema allows
    "#]]
    .assert_eq(&told);
    let fits = r#"{"item":"a","count":1,"unknown":true,"unit":"box","shape":"Point"}"#;
    assert_eq!(call(&server, fits), json!({"content": [{"type": "text", "text": "a 1 0 0 1"}]}));
}

#[test]
fn arguments_that_are_no_object_are_wrong_parameters() {
    let none = server().tool(tool(), || async { "fine" });
    let typed = server().tool(tool(), |order: Order| async move { order.item });
    for server in [none, typed] {
        for arguments in ["[]", "\"text\"", "1", "null", "true"] {
            assert_eq!(call(&server, arguments)["code"], -32602, "{arguments}");
        }
    }
}

#[test]
fn bounds_of_a_type_are_checked_before_the_function_starts() {
    #[derive(Deserialize, JsonSchema)]
    struct Page {
        #[schemars(range(min = 1, max = 100))]
        size: u32,
    }
    let server = server().tool(tool(), |page: Page| {
        assert!((1..=100).contains(&page.size), "started");
        async move { page.size }
    });
    assert_eq!(text(&call(&server, r#"{"size":100}"#)), "100");
    assert_eq!(
        refused(&server, r#"{"size":101}"#),
        "invalid arguments:\nsize: must be at most 100, is 101"
    );
}

#[test]
fn arguments_are_always_objects() {
    let value = server().tool(tool(), |value: Value| async move { value.to_string() });
    value.check().unwrap();
    assert_eq!(text(&call(&value, r#"{"a":1}"#)), r#"{"a":1}"#);
    let text = server().tool(tool(), |text: String| async move { text });
    expect!["tool `t`: input schema: `type` must be `object`, since arguments have names"]
        .assert_eq(&text.check().unwrap_err().to_string());
}

#[test]
fn precise_schemas_are_shown_as_they_were_generated() {
    let shown = |server: Server| -> Value {
        server.check().unwrap();
        let tool: Value = server.catalogue().tools.entries()[0].item.definition.decode().unwrap();
        tool["inputSchema"].clone()
    };
    let function = |order: Order| async move { order.item };
    let generated = Value::from(schemars::schema_for!(Order));
    assert!(generated["$defs"].is_object() && generated["$schema"].is_string());
    assert_eq!(shown(server().tool(tool().precise_schemas(), function)), generated);
    assert_eq!(shown(server().precise_schemas().tool(tool(), function)), generated);
    let friendly = shown(server().tool(tool(), function));
    for gone in ["$defs", "$ref", "$schema", "null", "uint8", "title"] {
        assert!(!friendly.to_string().contains(gone), "{gone}: {friendly}");
    }
}

#[test]
fn structured_content_has_its_text_twin() {
    #[derive(Serialize, JsonSchema)]
    struct Sum {
        total: i32,
        of: Option<&'static str>,
    }
    let sum = server().tool(tool(), || async { Json(Sum { total: 3, of: Some("a\"b") }) });
    let twin = json!([{"type": "text", "text": r#"{"total":3,"of":"a\"b"}"#}]);
    assert_eq!(
        call(&sum, "{}"),
        json!({"content": twin, "structuredContent": {"total": 3, "of": "a\"b"}})
    );
    for value in [json!(null), json!([1, 2]), json!("x"), json!(1.5), json!(true), json!({"a": 1})]
    {
        let kept = value.clone();
        let own = server().tool(tool(), move || {
            let result = CallToolResult::new([]).structured_content(kept.clone());
            async move { result }
        });
        let twin = json!([{"type": "text", "text": value.to_string()}]);
        assert_eq!(call(&own, "{}"), json!({"content": twin, "structuredContent": value}));
    }
}

#[test]
fn a_result_that_cannot_be_encoded_is_reported_and_not_shown() {
    #[derive(JsonSchema)]
    struct Never;
    impl Serialize for Never {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("secret"))
        }
    }
    let (sender, told) = std::sync::mpsc::channel();
    let server = server()
        .tool(tool(), || async { Json(Never) })
        .on_error(move |failure| sender.send(failure.details.unwrap().to_owned()).unwrap());
    let answer = call(&server, "{}");
    assert_eq!(answer["code"], -32603);
    assert_eq!(answer["message"], "result cannot be encoded (reference 1)");
    assert_eq!(told.try_recv().unwrap(), "secret");
}

#[tokio::test]
async fn a_tool_that_needs_a_capability_does_not_start_without_it() {
    use bowline_types::capability::{ClientCapabilities, SamplingCapability};
    let needed = ClientCapabilities::new().sampling(SamplingCapability::new());
    let server = server().tool(tool().requires(needed), || async { "started" });
    let undeclared = answer(&server, "{}", json!({})).await;
    assert_eq!(undeclared["code"], -32021);
    assert_eq!(undeclared["data"], json!({"requiredCapabilities": {"sampling": {}}}));
    assert_eq!(text(&answer(&server, "{}", json!({"sampling": {}})).await), "started");
}

#[tokio::test]
async fn a_busy_tool_says_so_and_frees_its_place_when_a_call_is_dropped() {
    let server = server().tool(tool().concurrency(1), |order: Value| async move {
        if order["wait"] == true {
            std::future::pending::<()>().await;
        }
        "done"
    });
    let mut waits = Box::pin(answer(&server, r#"{"wait":true}"#, json!({})));
    assert!(is_pending(&mut waits).await);
    let busy = answer(&server, "{}", json!({})).await;
    assert_eq!(busy["isError"], true);
    expect!["tool `t` is busy with 1 calls, which is as many as it runs at once; try again later"]
        .assert_eq(text(&busy));
    drop(waits);
    assert_eq!(text(&answer(&server, "{}", json!({})).await), "done");
}

#[tokio::test(start_paused = true)]
async fn a_tool_may_have_less_time_than_its_server() {
    let server = server()
        .handler_timeout(Duration::from_secs(3600))
        .tool(tool().timeout(Duration::from_secs(2)), std::future::pending::<String>);
    let before = tokio::time::Instant::now();
    assert_eq!(answer(&server, "{}", json!({})).await["code"], -32603);
    assert_eq!(before.elapsed().as_secs(), 2);
}

#[test]
fn a_blocking_function_runs_apart_and_panics_alone() {
    let thread = std::thread::current().id();
    let apart = server().tool(
        tool(),
        blocking(move |cx: Context, order: Value| {
            assert!(cx.server().is_some());
            assert_ne!(std::thread::current().id(), thread);
            assert!(order["panic"] != true, "on purpose");
            let text = order["text"].as_str().map(str::to_owned);
            text.ok_or_else(|| crate::Error::invalid("no text"))
        }),
    );
    assert_eq!(text(&call(&apart, r#"{"text":"hello"}"#)), "hello");
    assert_eq!(refused(&apart, "{}"), "no text");
    assert_eq!(call(&apart, r#"{"panic":true}"#)["code"], -32603);
}

#[tokio::test]
async fn a_full_pool_refuses_what_cannot_even_wait() {
    let (go, gate) = std::sync::mpsc::channel::<()>();
    let gate = std::sync::Mutex::new(gate);
    let pool = BlockingPool::new(1, 1);
    let held = blocking(move || {
        gate.lock().unwrap().recv().unwrap();
        "done"
    });
    let server = server().tool(tool(), held.on(&pool));
    let (mut runs, mut waits) =
        (Box::pin(answer(&server, "{}", json!({}))), Box::pin(answer(&server, "{}", json!({}))));
    assert!(is_pending(&mut runs).await);
    assert!(is_pending(&mut waits).await);
    let refused = answer(&server, "{}", json!({})).await;
    assert_eq!(text(&refused), "too many calls wait for a thread; try again later");
    go.send(()).unwrap();
    go.send(()).unwrap();
    assert_eq!(text(&runs.await), "done");
    assert_eq!(text(&waits.await), "done");
}

/// Polls once.
async fn is_pending<F: Future + Unpin>(future: &mut F) -> bool {
    std::future::poll_fn(|task| {
        std::task::Poll::Ready(std::pin::Pin::new(&mut *future).poll(task).is_pending())
    })
    .await
}

#[cfg(feature = "schema")]
mod with_the_feature {
    use super::*;
    use bowline_types::tool::Schema;
    use serde_json::Map;

    fn schema(value: Value) -> Schema {
        Schema::try_from(value).unwrap()
    }

    #[test]
    fn a_schema_of_ones_own_is_shown_as_it_is_and_enforced() {
        let own = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "$defs": {"address": {"$anchor": "addressDef", "type": "object",
                                  "properties": {"street": {"type": "string"}}}},
            "properties": {"name": {"type": "string"}, "address": {"$ref": "#/$defs/address"},
                           "contact": {"enum": ["phone", "mail"]}, "phone": {"type": "string"}},
            "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["name"]}]}],
            "if": {"properties": {"contact": {"const": "phone"}}, "required": ["contact"]},
            "then": {"required": ["phone"]},
            "else": {"required": ["name"]},
            "additionalProperties": false,
        });
        let server = server().tool(
            tool().input_schema(schema(own.clone())),
            |arguments: Map<String, Value>| async move { arguments.len() },
        );
        server.check().unwrap();
        let shown: Value = server.catalogue().tools.entries()[0].item.definition.decode().unwrap();
        assert_eq!(shown["inputSchema"], own);
        assert_eq!(text(&call(&server, r#"{"name":"a"}"#)), "1");
        expect![[r#"
            invalid arguments:
            address.street: expected type string
            arguments: has members that are not allowed: extra
            phone: missing, but required"#]]
        .assert_eq(&refused(
            &server,
            r#"{"contact":"phone","name":"a","extra":1,"address":{"street":2}}"#,
        ));
    }

    #[test]
    fn a_type_and_a_schema_of_ones_own_both_have_to_fit() {
        let own =
            json!({"type": "object", "properties": {"item": {"type": "string", "maxLength": 3}}});
        let server = server()
            .tool(tool().input_schema(schema(own)), |order: Order| async move { order.item });
        assert_eq!(text(&call(&server, r#"{"item":"abc","count":1}"#)), "abc");
        assert!(refused(&server, r#"{"item":"abcd","count":1}"#).contains("item: "));
        assert!(refused(&server, r#"{"item":"abc"}"#).contains("count: missing, but required"));
    }

    #[test]
    fn a_result_that_breaks_its_schema_is_never_sent() {
        let server = server().tool(
            tool().output_schema(schema(json!({"type": "integer"}))),
            |what: Value| async move {
                match &what["give"] {
                    Value::Null => CallToolResult::new([]),
                    Value::String(text) if text == "failure" => CallToolResult::error("no luck"),
                    value => CallToolResult::new([]).structured_content(value.clone()),
                }
            },
        );
        server.check().unwrap();
        assert_eq!(call(&server, r#"{"give":4}"#)["structuredContent"], 4);
        assert_eq!(text(&call(&server, r#"{"give":"failure"}"#)), "no luck");
        let broken = call(&server, r#"{"give":"secret"}"#);
        assert_eq!(broken["code"], -32603);
        assert!(!broken.to_string().contains("secret"), "{broken}");
        assert_eq!(call(&server, "{}")["code"], -32603);
    }

    #[test]
    fn what_is_registered_wrongly_is_told_at_the_start() {
        let own = |name: &str, value| Tool::new(name).input_schema(schema(value));
        let dialect = json!({"type": "object", "$schema": "urn:x"});
        let header = json!({"type": "object", "properties": {
            "n": {"type": "number", "x-mcp-header": "N"}}});
        let remote = json!({"$ref": "https://example.com/x"});
        let server = server()
            .tool(own("a", json!({"type": "array"})), |_: Value| async { "" })
            .tool(own("b", dialect), |_: Value| async { "" })
            .tool(own("c", header), |_: Value| async { "" })
            .tool(Tool::new("d").output_schema(schema(remote)), || async { "" });
        expect![[r#"
            tool `a`: input schema: `type` must be `object`, since arguments have names
            tool `b`: input schema: `$schema` names a dialect that is not supported: urn:x; 2020-12 and draft-07 are
            tool `c`: input schema: x-mcp-header at `/properties/n` needs type string, integer or boolean
            tool `d`: output schema: `$ref` leads out of the schema, and nothing is fetched: Resource 'https://example.com/x' is not present in a registry and retrieving it failed: Retrieval is disabled, cannot fetch https://example.com/x"#]].assert_eq(&server.check().unwrap_err().to_string());
    }
}
