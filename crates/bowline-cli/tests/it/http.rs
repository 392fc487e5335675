//! Listening on a socket.

use crate::program::{Program, bowline, call};
use expect_test::expect;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;

/// A server on a port of its choice, and its address.
fn listening(args: &[&str]) -> (Program, String) {
    let human = ["--log-format", "human", "serve", "everything", "--listen", "127.0.0.1:0"];
    let program = Program::start(bowline(&human).args(args));
    let first = program.stderr.next().unwrap();
    let address = first.strip_prefix("listening on http://").unwrap();
    let address = address.split_once('/').unwrap().0.to_owned();
    (program, address)
}

fn exchange(address: &str, path: &str, headers: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!(
        "POST {path} HTTP/1.1\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n\
         MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn notices_say_how_to_reach_it() {
    let (program, address) = listening(&[]);
    let mut notices = String::new();
    while !notices.contains("mcpServers") {
        notices += &(program.stderr.next().unwrap() + "\n");
    }
    expect![[r#"
        call a tool:
          curl --silent http://ADDRESS/mcp \
            --header 'Content-Type: application/json' \
            --header 'Accept: application/json, text/event-stream' \
            --header 'MCP-Protocol-Version: 2026-07-28' \
            --header 'Mcp-Method: tools/call' --header 'Mcp-Name: echo' \
            --data '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"message":"hello"},
              "_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",
                "io.modelcontextprotocol/clientInfo":{"name":"curl","version":"8"},
                "io.modelcontextprotocol/clientCapabilities":{}}}}'
        add it to a client: {"mcpServers": {"everything": {"type": "http", "url": "http://ADDRESS/mcp"}}}
    "#]].assert_eq(&notices.replace(&address, "ADDRESS"));
}

#[test]
fn in_json_the_first_line_says_where_it_listens_too() {
    let args = ["serve", "everything", "--listen", ":0", "--path", "/here"];
    let program = Program::start(&mut bowline(&args));
    let line: Value = serde_json::from_str(&program.stderr.next().unwrap()).unwrap();
    let message = line["message"].as_str().unwrap();
    assert!(message.starts_with("listening on http://127.0.0.1:"), "{message}");
    assert!(message.ends_with("/here"), "{message}");
}

#[test]
fn a_tool_is_called_under_the_path_that_was_chosen() {
    let (_program, address) = listening(&["--path", "/here"]);
    let body = call(1, "echo", json!({ "message": "over there" }));
    let headers = format!("Host: {address}\r\nMcp-Name: echo\r\n");
    let answer = exchange(&address, "/here", &headers, &body);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains(r#""text":"over there""#), "{answer}");
    assert!(exchange(&address, "/mcp", &headers, &body).starts_with("HTTP/1.1 404"));
}

#[test]
fn older_clients_find_their_stream_beside_the_endpoint_unless_told_otherwise() {
    let first = |args: &[&str], path: &str| {
        let (_program, address) = listening(args);
        let mut stream = TcpStream::connect(&address).unwrap();
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nAccept: text/event-stream\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        while !answer.contains("\r\n\r\n") || !answer.ends_with(['\n', '}']) {
            let mut buf = [0; 1024];
            let len = stream.read(&mut buf).unwrap();
            assert_ne!(len, 0, "{answer}");
            answer += std::str::from_utf8(&buf[..len]).unwrap();
        }
        answer
    };
    let answer = first(&[], "/sse");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let answer = first(&["--path", "/a/mcp"], "/a/sse");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let answer = first(&["--no-sessions"], "/sse");
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
}

#[test]
fn a_foreign_host_is_refused_and_the_log_names_the_switch() {
    let (program, address) = listening(&[]);
    let body = call(1, "echo", json!({ "message": "x" }));
    let headers = "Host: evil.example.com\r\nMcp-Name: echo\r\n";
    let answer = exchange(&address, "/mcp", headers, &body);
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    program.stderr.find("--allow-host evil.example.com");

    let (_program, address) = listening(&["--allow-host", "evil.example.com"]);
    assert!(exchange(&address, "/mcp", headers, &body).starts_with("HTTP/1.1 200"));
}

#[test]
fn an_interrupted_listener_ends() {
    let (program, _) = listening(&[]);
    program.signal("INT");
    assert_eq!(program.end(), 130);
}

#[test]
fn a_token_of_the_environment_is_asked_for_and_never_shown() {
    let args = ["-vv", "--log-format", "human", "serve", "everything", "--listen", ":0"];
    let secret = "a-token-that-nobody-else-has-4f1c";
    let mut program = Program::start(bowline(&args).env("BOWLINE_TOKEN", secret));
    let mut said = program.stderr.find("listening on http://");
    let address = said.split("http://").nth(1).unwrap().split('/').next().unwrap().to_owned();
    let body = call(1, "echo", json!({ "message": "x" }));
    let headers = format!("Host: {address}\r\nMcp-Name: echo\r\n");
    assert!(exchange(&address, "/mcp", &headers, &body).starts_with("HTTP/1.1 401"));
    let wrong = format!("{headers}Authorization: Bearer {secret}x\r\n");
    assert!(exchange(&address, "/mcp", &wrong, &body).starts_with("HTTP/1.1 401"));
    let right = format!("{headers}Authorization: Bearer {secret}\r\n");
    assert!(exchange(&address, "/mcp", &right, &body).starts_with("HTTP/1.1 200"));
    program.signal("TERM");
    program.stdin = None;
    while let Some(line) = program.stderr.next() {
        said += &line;
    }
    assert!(said.contains("$BOWLINE_TOKEN"), "{said}");
    assert!(!said.contains(secret), "{said}");
    assert_eq!(program.end(), 0);
}

#[test]
fn messages_are_traced_into_a_file() {
    let file = std::env::temp_dir().join(format!("bowline-trace-{}", std::process::id()));
    let (program, address) = listening(&["--trace-messages", file.to_str().unwrap()]);
    let body = call(1, "echo", json!({ "message": "to be traced" }));
    exchange(&address, "/mcp", &format!("Host: {address}\r\nMcp-Name: echo\r\n"), &body);
    program.signal("TERM");
    assert_eq!(program.end(), 0);
    let trace = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    let lines: Vec<Value> = trace.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.iter().filter(|line| line.to_string().contains("to be traced")).count(), 2);
}
