//! One server for clients that cannot reach it themselves.

use crate::folder::Folder;
use crate::program::{Program, call, request};
use expect_test::expect;
use serde_json::{Value, json};

#[test]
fn a_server_is_there_under_its_own_names() {
    let folder = Folder::new();
    let human = ["--log-format", "human", "proxy", "--", env!("CARGO_BIN_EXE_bowline"), "serve"];
    let mut program = Program::start(folder.bowline(&human).arg("everything"));
    program.stderr.find("listening on stdio");
    program.send(&request(1, "server/discover", json!({})));
    let discovered: Value = serde_json::from_str(&program.stdout.next().unwrap()).unwrap();
    let instructions = discovered["result"]["instructions"].as_str().unwrap();
    assert!(instructions.contains("Start with the tool echo"), "{discovered}");
    program.send(&call(2, "echo", json!({ "message": "hello" })));
    assert!(program.stdout.find("\"id\":2").contains("hello"));
    assert_eq!(program.end(), 0);
}

#[test]
fn an_older_client_calls_a_newer_server() {
    let folder = Folder::new();
    let mut program =
        Program::start(&mut folder.bowline(&["--log-format", "human", "proxy", "everything"]));
    program.send(
        r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"test","version":"1"}}}"#,
    );
    let initialized: Value = serde_json::from_str(&program.stdout.find("\"id\":1")).unwrap();
    assert_eq!(initialized["result"]["protocolVersion"], "2025-06-18");
    program.send(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
    program.send(r#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"echo","arguments":{"message":"hello"}}}"#);
    let answer: Value = serde_json::from_str(&program.stdout.find("\"id\":2")).unwrap();
    assert_eq!(answer["result"]["content"], json!([{ "type": "text", "text": "hello" }]));
    assert_eq!(program.end(), 0);
}

#[test]
fn messages_are_shown_on_standard_error() {
    let folder = Folder::new();
    let args = ["--log-format", "human", "proxy", "--trace-messages", "-", "everything"];
    let mut program = Program::start(&mut folder.bowline(&args));
    program.send(&call(1, "echo", json!({ "message": "seen", "password": "unseen" })));
    let record = program.stderr.find("\"dir\":\"in\"");
    assert!(record.contains("seen") && record.contains("[redacted]"), "{record}");
    assert!(!record.contains("unseen"), "{record}");
    program.stderr.find("\"dir\":\"out\"");
    assert_eq!(program.end(), 0);
}

#[test]
fn a_server_that_is_not_there_is_told_at_once() {
    let folder = Folder::new();
    let ended = folder.shown(&["--log-format", "human", "proxy", "--", "/nonexistent/server"]);
    expect![[r#"
        exit code 4
        --- stdout
        --- stderr
        TIME warn it could not be started or reached: program /nonexistent/server does not exist; check the path, or install it server="server"
        error: program /nonexistent/server does not exist; check the path, or install it
    "#]].assert_eq(&ended);
    let ended = folder.shown(&["--log-format", "human", "proxy", "nobody"]);
    assert!(ended.starts_with("exit code 1\n"), "{ended}");
    assert!(ended.contains("there is no config to find `nobody` in"), "{ended}");
}
