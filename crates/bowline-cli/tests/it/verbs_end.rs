//! How the verbs that talk to servers end: by failures, by signals, by those who read what they write.

use crate::folder::{Folder, check};
use crate::peer::{Peer, discovered};
use crate::program::{Program, bowline, ends};
use expect_test::expect;
use serde_json::{Value, json};
use std::fs;
use std::process::{Command, Stdio};
use std::sync::Mutex;

#[test]
fn a_tool_that_fails_is_told_on_standard_error() {
    check(
        &["call", "everything", "tool_error"],
        expect![[r#"
        exit code 5
        --- stdout
        --- stderr
        error: tool `tool_error` failed: the tool failed on purpose
    "#]],
    );
    check(
        &["call", "everything", "tool_error", "--json"],
        expect![[r#"
        exit code 5
        --- stdout
        {"content":[{"type":"text","text":"the tool failed on purpose"}],"isError":true,"resultType":"complete","_meta":{"io.modelcontextprotocol/serverInfo":{"name":"everything","version":"0.1.0","title":"Bowline everything","websiteUrl":"https://github.com/bowline-mcp/bowline"}}}
        --- stderr
        {"error":{"code":"tool_failed","message":"tool `tool_error` failed: the tool failed on purpose"}}
    "#]],
    );
    check(
        &["call", "everything", "protocol_error"],
        expect![[r#"
            exit code 5
            --- stdout
            --- stderr
            error: the server answered with an error: refused on purpose (4001)
        "#]],
    );
    check(
        &["call", "everything", "protocol_error", "--json"],
        expect![[r#"
            exit code 5
            --- stdout
            --- stderr
            {"error":{"code":"tool_failed","message":"the server answered with an error: refused on purpose (4001)","rpc":{"code":4001,"data":{"reason":"on purpose"}}}}
        "#]],
    );
}

#[test]
fn a_server_that_cannot_be_had_is_unreachable_and_its_last_words_are_shown() {
    check(
        &["info", "--", "/nonexistent/server"],
        expect![[r#"
            exit code 4
            --- stdout
            --- stderr
            error: program /nonexistent/server does not exist; check the path, or install it
        "#]],
    );
    check(
        &["info", "--", "sh", "-c", "echo 'no \u{1b}[31mtoken' >&2; exit 3"],
        expect![[r#"
            exit code 4
            --- stdout
            --- stderr
            error: cannot connect to sh -c $'echo \'no \x1b[31mtoken\' >&2; exit 3': server ended before it answered; tried `server/discover` (2026-07-28): the end of the connection, then `initialize` (2025-11-25): the end of the connection; the last it said on standard error: no \u{1b}[31mtoken: the server's process has ended: exit code 3
        "#]],
    );
    check(
        &["info", "unix:/nonexistent/socket"],
        expect![[r#"
        exit code 4
        --- stdout
        --- stderr
        error: cannot connect to unix:/nonexistent/socket: No such file or directory (os error 2)
    "#]],
    );
}

fn odd(method: &str, params: &Value, _: &mut dyn FnMut(Value)) -> Result<Value, Value> {
    let schema = json!({ "type": "object" });
    match method {
        "server/discover" => Ok(discovered(json!({ "tools": {}, "resources": {} }))),
        "tools/list" => Ok(json!({ "tools": [
            { "name": "wrong", "inputSchema": schema }, { "name": "never", "inputSchema": schema },
            { "name": "image", "inputSchema": schema },
        ] })),
        "tools/call" => match params["name"].as_str() {
            Some("wrong") => Ok(json!({ "content": "text" })),
            Some("image") => Ok(
                json!({ "content": [{ "type": "image", "data": "!", "mimeType": "image/png" }] }),
            ),
            _ => loop {
                std::thread::park();
            },
        },
        _ => Err(json!({ "code": -32601, "message": "no such method" })),
    }
}

#[test]
fn who_is_to_blame_decides_how_it_ends() {
    let peer = Peer::new(odd);
    let target = peer.target();
    let shown = |args: &[&str]| {
        let args = [&["--log-format", "human"], args].concat();
        Folder::new().shown(&args).replace(&target, "TARGET")
    };
    expect![[r#"
        exit code 7
        --- stdout
        --- stderr
        error: tools/call: content: invalid type: string, expected an array
    "#]]
    .assert_eq(&shown(&["call", &target, "wrong"]));
    expect![[r#"
        exit code 7
        --- stdout
        --- stderr
        error: image is no base64: Invalid symbol 33, offset 0.
    "#]]
    .assert_eq(&shown(&["call", &target, "image"]));
    expect![[r#"
        exit code 8
        --- stdout
        --- stderr
        error: tools/call: no answer and no progress for 300ms, or no answer within 600s
    "#]]
    .assert_eq(&shown(&["call", &target, "never", "--timeout", "300ms"]));
    expect![[r#"
        exit code 5
        --- stdout
        --- stderr
        error: the server answered with an error: no such method (-32601)
    "#]]
    .assert_eq(&shown(&["list", &target, "--resources"]));
}

#[test]
fn who_needs_a_token_is_told_so() {
    let token = "a-token-that-nobody-else-has-77c1";
    let serve = ["--log-format", "human", "serve", "everything", "--listen", "127.0.0.1:0"];
    let server = Program::start(bowline(&serve).env("BOWLINE_TOKEN", token));
    let url = server.stderr.find("listening on ").replace("listening on ", "");
    let folder = Folder::new();
    let with = |value: &str| {
        let header = "Authorization: Bearer ${MINE}";
        let args = ["--log-format", "human", "call", &url, "echo", "message=in", "-H", header];
        ends(folder.bowline(&args).env("MINE", value))
    };
    let without = ["--log-format", "human", "info", &url];
    let address = url.strip_suffix("/mcp").unwrap();
    let shown = folder.shown(&without).replace(&url, "URL").replace(address, "ADDRESS");
    expect![[r#"
        exit code 3
        --- stdout
        --- stderr
        error: ADDRESS: it wants a login, and nobody can be asked now; run `bowline login URL`
        hint: send a token of yours, such as with -H 'Authorization: Bearer ${TOKEN}' in single quotes
    "#]].assert_eq(&shown);
    assert!(with("wrong").starts_with("exit code 3\n"), "{}", with("wrong"));
    assert!(with(token).starts_with("exit code 0\n--- stdout\nin\n"), "{}", with(token));
}

#[test]
fn nobody_at_an_address_is_unreachable() {
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{address}/mcp");
    let shown = Folder::new().shown(&["--log-format", "human", "ping", &url]);
    expect![[r#"
        exit code 4
        --- stdout
        --- stderr
        error: cannot connect to http://ADDRESS: tcp connect error: Connection refused (os error 111)
    "#]].assert_eq(&shown.replace(&url, "URL").replace(&address.to_string(), "ADDRESS"));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let folder = Folder::new();
    let mut child = folder
        .bowline(&["call", "everything", "big", "kib=4096"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()));
}

#[test]
fn subscribe_tells_each_change_until_it_is_interrupted() {
    let folder = Folder::new();
    let address = format!("unix:{}", folder.0.join("s").display());
    let serve = ["--log-format", "human", "serve", "everything", "--listen", &address];
    let server = Program::start(&mut bowline(&serve));
    server.stderr.find("listening on ");
    let counter = "everything://counter";
    let text = Program::start(&mut folder.bowline(&["subscribe", &address, counter, "--tools"]));
    let lines = ["subscribe", &address, counter, "--tools", "--json"];
    let lines = Program::start(&mut folder.bowline(&lines));
    for program in [&text, &lines] {
        program.stderr.find("watching the list of tools, everything://counter");
    }
    let touch = ["call", &address, "touch_resource", "uri=everything://counter"];
    assert!(folder.shown(&touch).starts_with("exit code 0"));
    assert_eq!(text.stdout.next().unwrap(), "updated everything://counter");
    assert_eq!(
        lines.stdout.next().unwrap(),
        r#"{"changed":"resource","uri":"everything://counter"}"#
    );
    assert!(
        folder
            .shown(&["call", &address, "change_tools", "present=true"])
            .starts_with("exit code 0")
    );
    assert_eq!(text.stdout.next().unwrap(), "tools changed");
    assert_eq!(lines.stdout.next().unwrap(), r#"{"changed":"tools"}"#);
    for program in [text, lines] {
        program.signal("INT");
        assert_eq!(program.end(), 130);
    }
}

/// Processes that have `mark` in their command line.
fn processes(mark: &str) -> usize {
    let processes = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let lines = processes.filter_map(|process| fs::read(process.path().join("cmdline")).ok());
    lines.filter(|line| line.windows(mark.len()).any(|part| part == mark.as_bytes())).count()
}

#[test]
#[cfg(target_os = "linux")]
fn an_interrupt_cancels_the_call_and_leaves_no_process() {
    let folder = Folder::new();
    let binary = env!("CARGO_BIN_EXE_bowline");
    let trace = folder.0.join("trace");
    let trace = trace.to_str().unwrap();
    let args = [
        "-v",
        "--log-format",
        "human",
        "call",
        "slow",
        "seconds=60",
        "--",
        binary,
        "serve",
        "everything",
        "--trace-messages",
        trace,
    ];
    let program = Program::start(&mut folder.bowline(&args));
    program.stderr.find("started");
    assert!(processes(trace) > 0);
    let begun = std::time::Instant::now();
    program.signal("INT");
    assert_eq!(program.end(), 130);
    assert!(begun.elapsed().as_secs_f64() < 2.0, "{:?}", begun.elapsed());
    assert_eq!(processes(trace), 0);
    let said = fs::read_to_string(trace).unwrap();
    assert!(said.contains(r#""event":"cancelled""#), "{said}");
}

#[test]
#[cfg(target_os = "linux")]
fn an_interrupt_is_heard_while_arguments_are_read() {
    let folder = Folder::new();
    let args = ["-vv", "--log-format", "human", "call", "everything", "echo", "-"];
    let program = Program::start(&mut folder.bowline(&args));
    program.signal_once_handled("INT");
    assert_eq!(program.end_by_itself(), 130);
}

#[test]
fn the_last_words_of_a_server_that_died_are_shown() {
    let folder = Folder::new();
    let script =
        "echo 'cannot \u{1b}[31mgo on' >&2; echo $$ > pid; exec \"$0\" -q serve everything";
    let binary = env!("CARGO_BIN_EXE_bowline");
    let args = [
        "-v",
        "--log-format",
        "human",
        "call",
        "slow",
        "seconds=60",
        "--",
        "sh",
        "-c",
        script,
        binary,
    ];
    let program = Program::start(&mut folder.bowline(&args));
    program.stderr.find("started");
    let pid = fs::read_to_string(folder.0.join("pid")).unwrap();
    assert!(Command::new("kill").args(["-s", "KILL", pid.trim()]).status().unwrap().success());
    program.stderr.find("the server said on standard error:");
    assert_eq!(program.stderr.next().unwrap(), "  | cannot \\u{1b}[31mgo on");
    assert_eq!(
        program.stderr.next().unwrap(),
        "error: the server's process has ended: signal 9 (SIGKILL)"
    );
    assert_eq!(program.end(), 4);
}

/// What [`told`] was told.
static TOLD: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn told(method: &str, params: &Value, send: &mut dyn FnMut(Value)) -> Result<Value, Value> {
    TOLD.lock().unwrap().push(format!("{method} {}", params["requestId"]));
    if method == "tools/call" {
        let report = json!({ "progressToken": params["_meta"]["progressToken"], "progress": 1 });
        send(json!({ "jsonrpc": "2.0", "method": "notifications/progress", "params": report }));
        return Ok(Value::Null);
    }
    odd(method, params, send)
}

#[test]
fn an_interrupt_is_told_to_the_server() {
    let peer = Peer::new(told);
    let args = ["-v", "--log-format", "human", "call", &peer.target(), "never"];
    let program = Program::start(&mut bowline(&args));
    program.stderr.find("never: 1");
    program.signal("INT");
    assert_eq!(program.end(), 130);
    let said = || TOLD.lock().unwrap().iter().any(|told| told == "notifications/cancelled 3");
    let begun = std::time::Instant::now();
    while !said() {
        assert!(begun.elapsed().as_secs() < 20, "{:?}", TOLD.lock().unwrap());
        std::thread::yield_now();
    }
}
