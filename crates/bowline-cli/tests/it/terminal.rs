//! What peers say, as a terminal shows it.

use crate::peer::{Peer, discovered};
use crate::program::bowline;
use crate::pty::Pty;
use serde_json::{Value, json};
use std::num::NonZero;

/// Everything that could steer a terminal, hide text or turn it around, in one name.
const EVIL: &str = "\u{1b}]52;c;ZXZpbA==\u{7}\u{1b}]8;;http://evil.example\u{1b}\\link\u{1b}]8;;\u{1b}\\\u{1b}]0;title\u{7}\u{1b}[2J\u{1b}[31mred\rover\u{8}\u{9b}31m\u{90}q\u{202e}desrever\u{2066}\u{200f}\u{61c}\u{e0041}\u{200b}\u{feff}\u{ad}\u{2028}end";

fn evil(method: &str, params: &Value, send: &mut dyn FnMut(Value)) -> Result<Value, Value> {
    let token = &params["_meta"]["progressToken"];
    Ok(match method {
        "server/discover" => {
            let mut result = discovered(json!({
                "tools": {}, "resources": {}, "prompts": {}, "completions": {}, "logging": {},
                "extensions": { EVIL: {} },
            }));
            result["instructions"] = json!(EVIL);
            result["_meta"]["io.modelcontextprotocol/serverInfo"] = json!({
                "name": EVIL, "version": EVIL, "title": EVIL, "description": EVIL, "websiteUrl": EVIL,
            });
            result
        }
        "tools/list" => {
            let schema = json!({
                "type": "object",
                "properties": {
                    EVIL: { "type": "string", "description": EVIL, "default": EVIL, "title": EVIL },
                    "choice": { "enum": [EVIL, "b"], "description": EVIL },
                },
            });
            let asks = json!({ "type": "object", "properties": schema["properties"], "required": [EVIL, "choice"] });
            let tool = |name: &str, schema: &Value| {
                json!({
                    "name": name, "title": EVIL, "description": EVIL, "inputSchema": schema,
                })
            };
            json!({ "tools": [
                tool(EVIL, &schema), tool("talks", &schema), tool("fails", &schema), tool("breaks", &schema),
                tool("asks", &asks), tool("form", &schema), tool("url", &schema),
            ] })
        }
        "resources/list" => json!({ "resources": [{
            "uri": format!("x://{EVIL}"), "name": EVIL, "title": EVIL, "description": EVIL, "mimeType": EVIL,
        }] }),
        "resources/templates/list" => json!({ "resourceTemplates": [{
            "uriTemplate": format!("x://{EVIL}/{{a}}"), "name": EVIL, "description": EVIL, "mimeType": EVIL,
        }] }),
        "prompts/list" => json!({ "prompts": [{
            "name": "p", "description": EVIL, "arguments": [{ "name": EVIL, "description": EVIL }],
        }] }),
        "prompts/get" => json!({ "description": EVIL, "messages": [
            { "role": "user", "content": { "type": "text", "text": EVIL } },
            { "role": EVIL, "content": { "type": EVIL, "text": EVIL } },
        ] }),
        "resources/read" => json!({ "contents": [
            { "uri": EVIL, "text": EVIL, "mimeType": EVIL }, { "uri": EVIL, "blob": "AA==", "mimeType": EVIL },
        ] }),
        "completion/complete" => {
            json!({ "completion": { "values": [EVIL, "b"], "hasMore": true } })
        }
        "tools/call" => {
            let name = params["name"].as_str().unwrap();
            let answered = params.get("inputResponses").is_some();
            if !answered {
                for (at, level) in ["info", "warning", "emergency"].into_iter().enumerate() {
                    let log =
                        json!({ "level": level, "logger": EVIL, "data": { "message": EVIL } });
                    send(notification("notifications/message", log));
                    let report = json!({
                        "progressToken": token, "progress": at, "total": 9, "message": EVIL,
                    });
                    send(notification("notifications/progress", report));
                }
            }
            match name {
                "fails" => {
                    json!({ "isError": true, "content": [{ "type": "text", "text": EVIL }] })
                }
                "breaks" => {
                    return Err(json!({ "code": -32000, "message": EVIL, "data": { EVIL: EVIL } }));
                }
                "form" if !answered => json!({
                    "resultType": "input_required", "requestState": EVIL,
                    "inputRequests": { "q": { "method": "elicitation/create", "params": {
                        "mode": "form", "message": EVIL,
                        "requestedSchema": { "type": "object", "properties": {
                            "a": { "type": "string", "title": EVIL, "description": EVIL, "default": EVIL },
                        } },
                    } } },
                }),
                "url" if !answered => json!({
                    "resultType": "input_required", "requestState": EVIL,
                    "inputRequests": { "q": { "method": "elicitation/create", "params": {
                        "mode": "url", "message": EVIL, "url": format!("https://example.com/{EVIL}"),
                    } } },
                }),
                _ => json!({ "content": [
                    { "type": "text", "text": EVIL },
                    { "type": "resource_link", "uri": EVIL, "name": EVIL, "description": EVIL, "mimeType": EVIL },
                    { "type": "resource", "resource": { "uri": EVIL, "text": EVIL } },
                    { "type": "image", "data": "AA==", "mimeType": EVIL },
                    { "type": EVIL, EVIL: EVIL },
                ], "structuredContent": { EVIL: EVIL } }),
            }
        }
        _ => return Err(json!({ "code": -32601, "message": EVIL })),
    })
}

fn notification(method: &str, params: Value) -> Value {
    json!({ "jsonrpc": "2.0", "method": method, "params": params })
}

/// What an emulator was told besides text.
#[derive(Default)]
struct Steered(Vec<String>);

impl vt100::Callbacks for Steered {
    fn set_window_title(&mut self, _: &mut vt100::Screen, title: &[u8]) {
        self.0.push(format!("title {title:?}"));
    }
    fn set_window_icon_name(&mut self, _: &mut vt100::Screen, name: &[u8]) {
        self.0.push(format!("icon {name:?}"));
    }
    fn copy_to_clipboard(&mut self, _: &mut vt100::Screen, _: &[u8], data: &[u8]) {
        self.0.push(format!("clipboard {data:?}"));
    }
    fn audible_bell(&mut self, _: &mut vt100::Screen) {
        self.0.push("bell".to_owned());
    }
    fn unhandled_control(&mut self, _: &mut vt100::Screen, byte: u8) {
        self.0.push(format!("control {byte}"));
    }
    fn unhandled_escape(&mut self, _: &mut vt100::Screen, _: Option<u8>, _: Option<u8>, byte: u8) {
        self.0.push(format!("escape {byte}"));
    }
    fn unhandled_osc(&mut self, _: &mut vt100::Screen, params: &[&[u8]]) {
        self.0.push(format!("osc {params:?}"));
    }
}

/// That bytes on a terminal are text, and of what steers only what we write ourselves.
fn assert_harmless(what: &str, bytes: &[u8]) {
    let size = |size| NonZero::new(size).unwrap();
    let mut emulator =
        vt100::Parser::new_with_callbacks(size(200), size(100), 0, Steered::default());
    emulator.process(bytes);
    assert_eq!(emulator.callbacks().0, Vec::<String>::new(), "{what}");
    let on_screen = emulator.screen().contents();
    let mut text = String::from_utf8(bytes.to_vec()).unwrap();
    for ours in [
        "\u{1b}[0m",
        "\u{1b}[1m",
        "\u{1b}[2m",
        "\u{1b}[31m",
        "\u{1b}[32m",
        "\u{1b}[33m",
        "\u{1b}[34m",
        "\u{1b}[K",
    ] {
        text = text.replace(ours, "");
    }
    for text in [&text.replace("\r\n", "\n"), &on_screen] {
        let odd = |c: char| {
            c.is_control() && !"\n\t\r".contains(c)
                || matches!(c, '\u{ad}' | '\u{61c}' | '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
                || matches!(c, '\u{2060}'..='\u{206f}' | '\u{e0000}'..='\u{e0fff}')
        };
        let found: Vec<_> = text.chars().filter(|c| odd(*c)).collect();
        assert!(found.is_empty(), "{what}: {found:?} in\n{text}");
    }
    // A carriage return is ours only where a bar is erased.
    let alone = text.replace("\r\n", "").matches('\r').count();
    let erased = bytes.windows(4).filter(|bytes| *bytes == b"\r\x1b[K").count();
    assert_eq!(alone, erased, "{what}");
}

/// Whether something of the name is to be seen, so that the test looks at the right place.
fn assert_shown(what: &str, pty: &Pty) {
    let text = pty.text();
    assert!(text.contains("\\u{1b}]52;c;") || text.contains("\\u001b]52;c;"), "{what}:\n{text}");
    assert!(
        text.contains("\\u{202e}desrever") || text.contains("\\u202edesrever"),
        "{what}:\n{text}"
    );
    assert!(text.contains("\\u{e0041}") || text.contains("\\udb40\\udc41"), "{what}:\n{text}");
}

#[test]
fn nothing_that_a_peer_says_steers_the_terminal() {
    let peer = Peer::new(evil);
    let target = peer.target();
    let lines: &[&[&str]] = &[
        &["info", &target],
        &["list", &target],
        &["list", "-v", &target],
        &["list", "--json", &target],
        &["call", &target, "talks"],
        &["call", &target, "talks", "-v"],
        &["call", &target, "talks", "--json"],
        &["call", &target, "talks", "--log-format", "json"],
        &["call", &target, "fails"],
        &["call", &target, "breaks"],
        &["call", &target, "breaks", "--json"],
        &["call", &target, "unknown"],
        &["call", &target, "talks", "unknown=1"],
        &["call", &target, "talks", "choice=1"],
        &["read", &target, "x://y"],
        &["prompt", &target, "p"],
        &["complete", &target, "p", "a="],
        &["complete", &target, "nope", "a="],
    ];
    for line in lines {
        let mut pty = Pty::start(line);
        pty.end();
        let what = line.join(" ");
        assert_harmless(&what, &pty.bytes);
        if !["unknown", "nope"].iter().any(|word| what.contains(word)) && !what.contains("choice") {
            assert_shown(&what, &pty);
        }
    }
}

#[test]
fn nothing_in_a_question_steers_the_terminal() {
    let peer = Peer::new(evil);
    let target = peer.target();

    let mut pty = Pty::start(&["call", &target, "asks"]);
    pty.answer("]: ", "");
    pty.answer("choice: ", "2");
    assert_eq!(pty.end(), 0, "{}", pty.text());
    assert_harmless("arguments", &pty.bytes);
    assert_shown("arguments", &pty);

    let mut pty = Pty::start(&["call", &target, "form"]);
    pty.answer("[yes]: ", "yes");
    pty.answer("]: ", "");
    pty.answer("[yes]: ", "");
    assert_eq!(pty.end(), 0, "{}", pty.text());
    assert_harmless("form", &pty.bytes);
    assert_shown("form", &pty);

    let mut pty = Pty::start(&["call", &target, "url"]);
    pty.until("declined: the URL has characters that do not belong there");
    assert_eq!(pty.end(), 0, "{}", pty.text());
    assert_harmless("url", &pty.bytes);
    assert_shown("url", &pty);
}

#[test]
fn what_goes_to_a_pipe_is_as_harmless_but_for_raw_bytes() {
    let peer = Peer::new(evil);
    let target = peer.target();
    for line in
        [["call", &target, "talks"], ["info", &target, "--json"], ["read", &target, "x://y"]]
    {
        let output = bowline(&line).output().unwrap();
        assert_harmless(&line.join(" "), &output.stdout);
        assert_harmless(&line.join(" "), &output.stderr);
    }
    let raw = bowline(&["read", "--raw", &target, "x://y"]).output().unwrap();
    assert_eq!(raw.stdout, [EVIL.as_bytes(), &[0]].concat());
}
