use crate::era::client::{Ear, Heard, question, reply_to_question};
use crate::limits::Limits;
use crate::outcome::Outcome;
use bowline_types::input::InputResponse;
use bowline_types::revision::Revision;
use expect_test::expect;
use serde_json::{Value, json};
use std::fmt::Write;

fn asked(revision: Revision, method: &str, params: &Value) -> String {
    let text = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    let ear = Ear::new(Limits::local().json_depth).agreed(revision);
    let mut heard = ear.hear(&text.to_string().into()).into_iter();
    let Some(Heard::Question(incoming)) = heard.next() else {
        panic!("{method} is a question");
    };
    match question(&incoming) {
        None => "no question".into(),
        Some(Err(fault)) => format!("fault: {fault}"),
        Some(Ok(asked)) => {
            format!("{:?} {}", asked.key, serde_json::to_string(&asked.request).unwrap())
        }
    }
}

#[test]
fn questions_of_sessions_are_read_as_those_of_the_newest_version() {
    let text = json!({ "type": "text", "text": "hi" });
    let sampling = json!({ "messages": [{ "role": "user", "content": text }], "maxTokens": 5 });
    let form = json!({ "message": "m", "requestedSchema": { "type": "object", "properties": {
        "color": { "type": "string", "enum": ["r"], "enumNames": ["Red"] },
    } } });
    let url = json!({ "mode": "url", "message": "m", "url": "https://e.x/", "elicitationId": "e" });
    let keyed = json!({ "_meta": { "bowline/key": "k" } });
    let rows = [
        (Revision::V2024_11_05, "roots/list", json!({})),
        (Revision::V2025_11_25, "roots/list", keyed),
        (Revision::V2024_11_05, "sampling/createMessage", sampling.clone()),
        (Revision::V2025_11_25, "sampling/createMessage", json!({ "messages": [] })),
        (Revision::V2025_06_18, "elicitation/create", form),
        (Revision::V2025_11_25, "elicitation/create", url),
        (Revision::V2025_11_25, "elicitation/create", json!({ "message": 5 })),
        (Revision::V2025_11_25, "example/mine", json!({})),
    ];
    let mut table = String::new();
    for (revision, method, params) in rows {
        writeln!(table, "{revision} {method}: {}", asked(revision, method, &params)).unwrap();
    }
    expect![[r#"
        2024-11-05 roots/list: None {"method":"roots/list","params":{}}
        2025-11-25 roots/list: Some("k") {"method":"roots/list","params":{"_meta":{"bowline/key":"k"}}}
        2024-11-05 sampling/createMessage: None {"method":"sampling/createMessage","params":{"messages":[{"role":"user","content":{"type":"text","text":"hi"}}],"maxTokens":5}}
        2025-11-25 sampling/createMessage: fault: params.maxTokens: missing field
        2025-06-18 elicitation/create: None {"method":"elicitation/create","params":{"message":"m","requestedSchema":{"type":"object","properties":{"color":{"type":"string","enum":["r"],"enumNames":["Red"]}}}}}
        2025-11-25 elicitation/create: None {"method":"elicitation/create","params":{"mode":"url","message":"m","url":"https://e.x/","elicitationId":"e"}}
        2025-11-25 elicitation/create: fault: params.message: invalid type: integer, expected a string
        2025-11-25 example/mine: no question
    "#]].assert_eq(&table);
}

#[test]
fn answers_have_the_shape_of_the_session() {
    let text = |text: &str| json!({ "type": "text", "text": text });
    let audio = json!({ "type": "audio", "data": "", "mimeType": "audio/wav" });
    let model = |content: Value| json!({ "role": "assistant", "model": "m", "content": content });
    let rows = [
        (
            "elicitation/create",
            json!({ "action": "accept", "content": { "a": 1 }, "_meta": { "b": 2 } }),
        ),
        ("roots/list", json!({ "roots": [] })),
        ("sampling/createMessage", model(text("one"))),
        ("sampling/createMessage", model(json!([text("one")]))),
        ("sampling/createMessage", model(json!([text("one"), text("two")]))),
        ("sampling/createMessage", model(json!([text("one"), audio]))),
        ("sampling/createMessage", model(audio.clone())),
    ];
    let mut table = String::new();
    for (method, answer) in rows {
        writeln!(table, "{method} {answer}").unwrap();
        for revision in [Revision::V2024_11_05, Revision::V2025_06_18, Revision::V2025_11_25] {
            let ear = Ear::new(Limits::local().json_depth).agreed(revision);
            let answer = InputResponse::new(answer.as_object().unwrap().clone());
            let told = match reply_to_question(revision, method, answer) {
                Ok(body) => ear.response(b"1", &Outcome::complete(body)).as_str().to_owned(),
                Err(fault) => format!("fault: {fault}"),
            };
            writeln!(table, "    {revision} {told}").unwrap();
        }
    }
    expect![[r#"
        elicitation/create {"_meta":{"b":2},"action":"accept","content":{"a":1}}
            2024-11-05 {"jsonrpc":"2.0","id":1,"result":{"action":"accept","content":{"a":1},"_meta":{"b":2}}}
            2025-06-18 {"jsonrpc":"2.0","id":1,"result":{"action":"accept","content":{"a":1},"_meta":{"b":2}}}
            2025-11-25 {"jsonrpc":"2.0","id":1,"result":{"action":"accept","content":{"a":1},"_meta":{"b":2}}}
        roots/list {"roots":[]}
            2024-11-05 {"jsonrpc":"2.0","id":1,"result":{"roots":[]}}
            2025-06-18 {"jsonrpc":"2.0","id":1,"result":{"roots":[]}}
            2025-11-25 {"jsonrpc":"2.0","id":1,"result":{"roots":[]}}
        sampling/createMessage {"content":{"text":"one","type":"text"},"model":"m","role":"assistant"}
            2024-11-05 {"jsonrpc":"2.0","id":1,"result":{"content":{"text":"one","type":"text"},"model":"m","role":"assistant"}}
            2025-06-18 {"jsonrpc":"2.0","id":1,"result":{"content":{"text":"one","type":"text"},"model":"m","role":"assistant"}}
            2025-11-25 {"jsonrpc":"2.0","id":1,"result":{"content":{"text":"one","type":"text"},"model":"m","role":"assistant"}}
        sampling/createMessage {"content":[{"text":"one","type":"text"}],"model":"m","role":"assistant"}
            2024-11-05 {"jsonrpc":"2.0","id":1,"result":{"content":{"text":"one","type":"text"},"model":"m","role":"assistant"}}
            2025-06-18 {"jsonrpc":"2.0","id":1,"result":{"content":{"text":"one","type":"text"},"model":"m","role":"assistant"}}
            2025-11-25 {"jsonrpc":"2.0","id":1,"result":{"content":[{"text":"one","type":"text"}],"model":"m","role":"assistant"}}
        sampling/createMessage {"content":[{"text":"one","type":"text"},{"text":"two","type":"text"}],"model":"m","role":"assistant"}
            2024-11-05 {"jsonrpc":"2.0","id":1,"result":{"content":{"text":"onetwo","type":"text"},"model":"m","role":"assistant"}}
            2025-06-18 {"jsonrpc":"2.0","id":1,"result":{"content":{"text":"onetwo","type":"text"},"model":"m","role":"assistant"}}
            2025-11-25 {"jsonrpc":"2.0","id":1,"result":{"content":[{"text":"one","type":"text"},{"text":"two","type":"text"}],"model":"m","role":"assistant"}}
        sampling/createMessage {"content":[{"text":"one","type":"text"},{"data":"","mimeType":"audio/wav","type":"audio"}],"model":"m","role":"assistant"}
            2024-11-05 fault: a message of several parts does not exist in protocol version 2024-11-05, which this server speaks
            2025-06-18 fault: a message of several parts does not exist in protocol version 2025-06-18, which this server speaks
            2025-11-25 {"jsonrpc":"2.0","id":1,"result":{"content":[{"text":"one","type":"text"},{"data":"","mimeType":"audio/wav","type":"audio"}],"model":"m","role":"assistant"}}
        sampling/createMessage {"content":{"data":"","mimeType":"audio/wav","type":"audio"},"model":"m","role":"assistant"}
            2024-11-05 fault: sampling with audio does not exist in protocol version 2024-11-05, which this server speaks
            2025-06-18 {"jsonrpc":"2.0","id":1,"result":{"content":{"data":"","mimeType":"audio/wav","type":"audio"},"model":"m","role":"assistant"}}
            2025-11-25 {"jsonrpc":"2.0","id":1,"result":{"content":{"data":"","mimeType":"audio/wav","type":"audio"},"model":"m","role":"assistant"}}
    "#]].assert_eq(&table);
}
