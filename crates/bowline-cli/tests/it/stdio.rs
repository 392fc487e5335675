//! The standard streams: one JSON-RPC message a line on standard output, and nothing else.

use crate::program::{Program, bowline, call, request};
use expect_test::expect;
use serde_json::{Value, json};

#[test]
fn the_first_line_on_standard_error_says_where_it_listens() {
    let program = Program::start(&mut bowline(&["serve", "everything"]));
    let line: Value = serde_json::from_str(&program.stderr.next().unwrap()).unwrap();
    assert_eq!(line["message"], "listening on stdio");
    assert_eq!(program.end(), 0);

    let human = ["--log-format", "human", "serve", "everything"];
    let program = Program::start(&mut bowline(&human));
    assert_eq!(program.stderr.next().unwrap(), "listening on stdio");
    assert_eq!(program.end(), 0);
}

#[test]
fn quiet_says_nothing() {
    let mut program = Program::start(&mut bowline(&["-q", "serve", "everything"]));
    program.stdin = None;
    assert_eq!(program.stderr.next(), None);
    assert_eq!(program.end(), 0);
}

#[test]
fn every_line_on_standard_output_is_json_rpc_whatever_comes_in() {
    let mut program = Program::start(bowline(&["-vv", "serve", "everything"]).env("TERM", "xterm"));
    let lines = [
        call(1, "echo", json!({ "message": "one\ntwo\u{2028}three" })),
        "no json".to_owned(),
        "[]".to_owned(),
        String::new(),
        r#"{"jsonrpc":"2.0","method":"notifications/nobody_knows"}"#.to_owned(),
        request(2, "nobody/knows", json!({})),
        call(3, "nobody_knows", json!({})),
        call(4, "echo", json!({ "message": 1 })),
        call(5, "panic", json!({})),
        call(6, "progress", json!({})),
    ];
    for line in &lines {
        program.send(line);
    }
    program.stdin = None;
    let mut said = String::new();
    while let Some(line) = program.stdout.next() {
        let message: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(message["jsonrpc"], "2.0", "{line}");
        let what = match (&message["method"], &message["error"]["code"]) {
            (Value::String(method), _) => method.clone(),
            (_, Value::Number(code)) => code.to_string(),
            _ => message["result"]["content"][0]["text"].to_string(),
        };
        said += &format!("{} {what}\n", message["id"]);
    }
    expect![[r#"
        1 "one\ntwo three"
        null -32700
        null -32600
        2 -32601
        3 -32602
        4 "invalid arguments:\nmessage: expected a string, found a number"
        5 -32603
        null notifications/progress
        null notifications/progress
        null notifications/progress
        6 "done in 3 steps"
    "#]]
    .assert_eq(&said);
    assert_eq!(program.end(), 0);
}
