//! Many servers behind one endpoint.

use crate::folder::Folder;
use crate::program::{Program, call, ends, request};
use expect_test::expect;
use serde_json::{Value, json};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};

/// A host on a port of its choice, and its address.
fn up(folder: &Folder, args: &[&str]) -> (Program, String) {
    let human = ["--log-format", "human", "up", "--listen", "127.0.0.1:0"];
    let program = Program::start(folder.bowline(&human).args(args));
    let address = address(&program.stderr.find("listening on"));
    (program, address)
}

/// Host and port of the URL in a line.
fn address(line: &str) -> String {
    let (_, rest) = line.split_once("http://").unwrap_or_else(|| panic!("{line}"));
    rest.split('/').next().unwrap().to_owned()
}

/// The servers of a config: a reference server behind our binary each.
fn config(folder: &Folder, names: &[&str], bowline: Value) -> PathBuf {
    let server =
        || json!({ "command": env!("CARGO_BIN_EXE_bowline"), "args": ["serve", "everything"] });
    let servers: serde_json::Map<_, _> =
        names.iter().map(|name| ((*name).to_owned(), server())).collect();
    let mut config = json!({ "mcpServers": servers });
    if !bowline.is_null() {
        config["bowline"] = bowline;
    }
    let path = folder.0.join("servers.json");
    fs::write(&path, config.to_string()).unwrap();
    path
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Posts a call of a tool, and reads the answer: status and body.
fn post(address: &str, path: &str, tool: &str, headers: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: 2026-07-28\r\n\
         Mcp-Method: tools/call\r\nMcp-Name: {tool}\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    answer(stream)
}

fn get(address: &str, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    answer(stream)
}

fn answer(mut stream: TcpStream) -> (u16, String) {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// Whether `echo`, under this name at this path, gives back what it got.
fn echoes(address: &str, path: &str, tool: &str) -> bool {
    let body = call(1, tool, json!({ "message": "over there" }));
    let (status, body) = post(address, path, tool, "", &body);
    status == 200 && body.contains(r#""text":"over there""#)
}

#[test]
fn without_any_config_the_reference_server_is_there_at_once() {
    let folder = Folder::new();
    let (program, address) = up(&folder, &[]);
    let mut notices = String::new();
    while !notices.contains("servers:") {
        notices += &(program.stderr.next().unwrap() + "\n");
    }
    expect![[r#"
        call a tool:
          curl --silent http://ADDRESS/mcp \
            --header 'Content-Type: application/json' \
            --header 'Accept: application/json, text/event-stream' \
            --header 'MCP-Protocol-Version: 2026-07-28' \
            --header 'Mcp-Method: tools/call' --header 'Mcp-Name: everything__echo' \
            --data '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"everything__echo","arguments":{"message":"hello"},
              "_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",
                "io.modelcontextprotocol/clientInfo":{"name":"curl","version":"8"},
                "io.modelcontextprotocol/clientCapabilities":{}}}}'
        add it to a client: {"mcpServers": {"bowline": {"type": "http", "url": "http://ADDRESS/mcp"}}}
        servers: everything; each by itself at /servers/NAME/mcp
    "#]]
    .assert_eq(&notices.replace(&address, "ADDRESS"));
    assert!(echoes(&address, "/mcp", "everything__echo"));
    assert!(!echoes(&address, "/mcp", "echo"));
    assert!(echoes(&address, "/servers/everything/mcp", "echo"));
    let body = call(1, "echo", json!({}));
    assert_eq!(post(&address, "/servers/other/mcp", "echo", "", &body).0, 404);
    program.signal("TERM");
    assert_eq!(program.end(), 0);
}

#[test]
fn what_it_says_to_paste_into_a_shell_works() {
    let folder = Folder::new();
    let (program, _) = up(&folder, &["--naming", "flat"]);
    program.stderr.find("call a tool:");
    let mut line = String::new();
    while !line.ends_with("}'\n") {
        line += &(program.stderr.next().unwrap() + "\n");
    }
    let shell = std::process::Command::new("sh").args(["-euc", &line]).output().unwrap();
    let answer = String::from_utf8(shell.stdout).unwrap();
    assert!(answer.contains(r#""text":"hello""#), "{answer}");
}

#[test]
fn servers_of_a_config_are_merged_and_each_and_each_profile_is_there_by_itself() {
    let folder = Folder::new();
    let profiles = json!({ "profiles": { "some": ["b__e*"] } });
    let path = config(&folder, &["a", "b"], profiles);
    let (program, address) = up(&folder, &["--config", text(&path)]);
    let servers = program.stderr.find("servers:");
    assert_eq!(servers, "servers: a, b; each by itself at /servers/NAME/mcp");
    assert_eq!(program.stderr.next().unwrap(), "profiles: /profiles/some/mcp");
    for (path, tool, there) in [
        ("/mcp", "a__echo", true),
        ("/mcp", "b__echo", true),
        ("/servers/a/mcp", "echo", true),
        ("/servers/b/mcp", "echo", true),
        ("/profiles/some/mcp", "b__echo", true),
        ("/profiles/some/mcp", "a__echo", false),
        ("/profiles/none/mcp", "b__echo", false),
    ] {
        assert_eq!(echoes(&address, path, tool), there, "{path} {tool}");
    }
    program.signal("INT");
    assert_eq!(program.end(), 130);
}

#[test]
fn two_of_one_name_are_an_error_that_names_both_when_nothing_tells_them_apart() {
    let folder = Folder::new();
    let path = config(&folder, &["one", "two"], Value::Null);
    let args = ["--log-format", "human", "up", "--listen", ":0", "--naming", "flat", "--config"];
    let ended = ends(folder.bowline(&args).arg(&path));
    assert!(ended.starts_with("exit code 1\n"), "{ended}");
    let error = ended.lines().find(|line| line.starts_with("error: ")).unwrap();
    assert!(error.contains("one") && error.contains("two"), "{ended}");
}

#[test]
fn a_config_that_changes_is_read_again_and_a_bad_one_is_not_used() {
    let folder = Folder::new();
    let path = config(&folder, &["a", "b"], Value::Null);
    let (program, address) = up(&folder, &["--config", text(&path), "--admin", "127.0.0.1:0"]);
    let admin = self::address(&program.stderr.find("status on"));
    assert!(echoes(&address, "/mcp", "a__echo") && echoes(&address, "/mcp", "b__echo"));
    let pid = |name: &str| {
        let status: Value = serde_json::from_str(&get(&admin, "/status").1).unwrap();
        let servers = status["servers"].as_array().unwrap();
        let server = servers.iter().find(|server| server["name"] == name).unwrap();
        assert_eq!(server["instances"][0]["state"], "ready", "{status}");
        server["instances"][0]["uptimeSeconds"].as_f64().unwrap()
    };
    let before = pid("b");

    config(&folder, &["b", "c"], Value::Null);
    program.signal("HUP");
    let mut told = program.stderr.find("the config was read again") + "\n";
    while !told.contains("as before") {
        told += &(program.stderr.next().unwrap() + "\n");
    }
    expect![[r#"
        the config was read again
        + c
        - a
        1 server as before
    "#]]
    .assert_eq(&told);
    assert!(echoes(&address, "/mcp", "b__echo") && echoes(&address, "/servers/c/mcp", "echo"));
    assert!(!echoes(&address, "/mcp", "a__echo"));
    // It is the same process as before.
    assert!(pid("b") > before);

    fs::write(&path, "{ \"mcpServers\": { \"b\": { \"command\": 5 } } }").unwrap();
    program.signal("HUP");
    let error = program.stderr.find("all stays as it was");
    assert!(error.contains("servers.json:1:"), "{error}");
    assert!(echoes(&address, "/mcp", "b__echo"));
    // Nobody has to say it.
    config(&folder, &["b"], Value::Null);
    program.stderr.find("- c");
    program.signal("TERM");
    assert_eq!(program.end(), 0);
}

#[test]
fn a_config_of_a_project_is_used_when_it_is_approved() {
    let folder = Folder::new();
    let path = config(&folder, &["a"], Value::Null);
    fs::rename(path, folder.0.join(".mcp.json")).unwrap();
    let ended = folder.shown(&["--log-format", "human", "up"]);
    expect![[r#"
        exit code 1
        --- stdout
        --- stderr
        error: DIR/.mcp.json has not been approved as it is now, and this is no terminal to ask on
        hint: read it, then run the same at a terminal, or add --yes; --config DIR/.mcp.json uses it as your own
    "#]]
    .assert_eq(&ended);
    let (_program, address) = up(&folder, &["--yes"]);
    assert!(echoes(&address, "/mcp", "a__echo"));
}

#[test]
fn the_servers_of_another_client_are_served() {
    let folder = Folder::new();
    let path = config(&folder, &["mine"], Value::Null);
    fs::create_dir(folder.0.join(".cursor")).unwrap();
    fs::rename(path, folder.0.join(".cursor/mcp.json")).unwrap();
    let (_program, address) = up(&folder, &["--from", "cursor", "--yes"]);
    assert!(echoes(&address, "/mcp", "mine__echo"));
}

#[test]
fn what_cannot_be_started_takes_nothing_from_the_others() {
    let folder = Folder::new();
    let path = folder.0.join("servers.json");
    let servers = json!({ "mcpServers": {
        "good": { "command": env!("CARGO_BIN_EXE_bowline"), "args": ["serve", "everything"] },
        "bad": { "command": "/nonexistent/server" },
    } });
    fs::write(&path, servers.to_string()).unwrap();
    let (program, address) = up(&folder, &["--config", text(&path), "--admin", ":0"]);
    let admin = self::address(&program.stderr.find("status on"));
    program.stderr.find("server `bad` is not there: program /nonexistent/server does not exist");
    assert!(echoes(&address, "/mcp", "good__echo"));
    let (status, body) = get(&admin, "/readyz");
    assert!(status == 503 && body.contains("server `bad` is not there"), "{status} {body}");
    assert_eq!(get(&admin, "/healthz").0, 200);
}

#[test]
fn on_standard_streams_there_is_one_client() {
    let folder = Folder::new();
    let mut program =
        Program::start(&mut folder.bowline(&["--log-format", "human", "up", "--listen", "stdio"]));
    program.send(&request(1, "tools/list", json!({})));
    let list: Value = serde_json::from_str(&program.stdout.next().unwrap()).unwrap();
    let names: Vec<_> = list["result"]["tools"].as_array().unwrap().iter().collect();
    assert!(names.iter().all(|tool| tool["name"].as_str().unwrap().starts_with("everything__")));
    program.send(&call(2, "everything__echo", json!({ "message": "hello" })));
    assert!(program.stdout.find("\"id\":2").contains("hello"));
    assert_eq!(program.end(), 0);
}

#[test]
fn tokens_and_addresses_are_as_for_every_server() {
    let folder = Folder::new();
    let ended = folder.shown(&["--log-format", "human", "up", "--listen", "0.0.0.0:0"]);
    assert!(ended.contains("without authentication and TLS; refusing to listen there"), "{ended}");
    let ended = folder.shown(&["--log-format", "human", "up", "--admin", "0.0.0.0:9"]);
    assert!(ended.contains("--admin 0.0.0.0:9, which asks nobody who they are"), "{ended}");

    let human = ["--log-format", "human", "up", "--listen", ":0"];
    let program = Program::start(folder.bowline(&human).env("BOWLINE_TOKEN", "a-token-of-a-test"));
    let address = address(&program.stderr.find("listening on"));
    let body = call(1, "echo", json!({ "message": "hello" }));
    for path in ["/mcp", "/servers/everything/mcp"] {
        assert_eq!(post(&address, path, "echo", "", &body).0, 401, "{path}");
    }
    let token = "Authorization: Bearer a-token-of-a-test\r\n";
    assert_eq!(post(&address, "/servers/everything/mcp", "echo", token, &body).0, 200);
}

#[test]
fn messages_of_every_endpoint_are_written_down_in_one_file() {
    let folder = Folder::new();
    let trace = folder.0.join("trace");
    let (program, address) = up(&folder, &["--trace-messages", text(&trace)]);
    assert!(echoes(&address, "/mcp", "everything__echo"));
    assert!(echoes(&address, "/servers/everything/mcp", "echo"));
    program.signal("TERM");
    assert_eq!(program.end(), 0);
    let trace = fs::read_to_string(&trace).unwrap();
    let calls: Vec<_> = trace
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|record| record["dir"] == "in")
        .map(|record| format!("{} {}", record["call"], record["message"]["params"]["name"]))
        .collect();
    assert_eq!(calls, ["1 \"everything__echo\"", "2 \"echo\""]);
    assert_eq!(trace.matches("bowline-trace").count(), 1);
}
