//! The verbs that talk to servers, without a terminal: what they write, and how they end.

use crate::peer::{Peer, discovered};
use crate::program::{Program, bowline, ends};
use expect_test::{Expect, expect};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

/// A folder for what a test saves; gone with it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path =
            std::env::temp_dir().join(format!("bowline-verbs-{}-{count}", std::process::id()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    /// The binary with this as its home and its place for files.
    fn bowline(&self, args: &[&str]) -> Command {
        let mut command = bowline(args);
        command.env("HOME", &self.0).env("TMPDIR", &self.0).current_dir(&self.0);
        for name in ["BOWLINE_CONFIG", "XDG_CONFIG_HOME", "XDG_STATE_HOME"] {
            command.env_remove(name);
        }
        command
    }

    /// What a command writes, with names of files that stay the same.
    fn shown(&self, args: &[&str]) -> String {
        let text = ends(&mut self.bowline(args)).replace(self.0.to_str().unwrap(), "DIR");
        let mut parts = text.split("DIR/bowline-");
        let mut shown = parts.next().unwrap().to_owned();
        for part in parts {
            shown += "DIR/bowline-PID";
            shown += part.trim_start_matches(|c: char| c.is_ascii_digit());
        }
        // Lines of the log begin with a time.
        let timeless = |line: &str| match line.split_once(' ') {
            Some((time, rest)) if time.len() == 27 && time.ends_with('Z') => {
                format!("TIME {rest}\n")
            }
            _ => format!("{line}\n"),
        };
        shown.lines().map(timeless).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn check(args: &[&str], expected: Expect) {
    let human = [&["--log-format", "human"], args].concat();
    expected.assert_eq(&Folder::new().shown(&human));
}

#[test]
fn info_tells_what_a_server_says_about_itself() {
    check(
        &["info", "everything"],
        expect![[r#"
        exit code 0
        --- stdout
        name              everything 0.1.0
        title             Bowline everything
        website           https://github.com/bowline-mcp/bowline
        protocol version  2026-07-28
        capabilities      tools (list changes), resources (subscriptions, list changes), prompts (list changes), completions, logging
        instructions
          Every feature of the Model Context Protocol, one item each. Start with the tool echo.
        --- stderr
    "#]],
    );
    check(
        &["info", "everything", "--json"],
        expect![[r#"
        exit code 0
        --- stdout
        {"capabilities":{"completions":{},"logging":{},"prompts":{"listChanged":true},"resources":{"listChanged":true,"subscribe":true},"tools":{"listChanged":true}},"instructions":"Every feature of the Model Context Protocol, one item each. Start with the tool echo.","protocolVersion":"2026-07-28","serverInfo":{"name":"everything","title":"Bowline everything","version":"0.1.0","websiteUrl":"https://github.com/bowline-mcp/bowline"},"supportedVersions":["2026-07-28","2025-11-25","2025-06-18","2025-03-26","2024-11-05"]}
        --- stderr
    "#]],
    );
}

#[test]
fn list_tells_what_there_is() {
    check(
        &["list", "everything", "--prompts", "--templates"],
        expect![[r#"
        exit code 0
        --- stdout
        resource templates (7)
          everything://echo/{value}  echo, text/plain
              The value in the address.
          everything://sum/{a}/{b}  sum, text/plain
          everything://file/{+path}  file, text/plain
          everything://search{?q,limit}  search, application/json
          everything://blob/{size}  blob, application/octet-stream
          everything://place/{country}/{city}  place, text/plain
          everything://ask/{topic}  ask, text/plain

        prompts (8)
          greet
              A greeting
          review language=TEXT code=TEXT [style=TEXT]
              Reviews a piece of code.
          with_resource uri=TEXT
          with_image
          with_audio
          with_link
          travel country=TEXT city=TEXT
          ask_topic
        --- stderr
    "#]],
    );
    check(
        &["list", "everything", "--prompts", "-v"],
        expect![[r#"
        exit code 0
        --- stdout
        prompts (8)
          greet
              A greeting
          review language=TEXT code=TEXT [style=TEXT]
              Reviews a piece of code.
              language (text; required): Programming language
              code (text; required): The code
              style (text; optional): Tone of the review
          with_resource uri=TEXT
              uri (text; required)
          with_image
          with_audio
          with_link
          travel country=TEXT city=TEXT
              country (text; required)
              city (text; required)
          ask_topic
        --- stderr
    "#]],
    );
    check(
        &["list", "everything", "--prompts", "--json"],
        expect![[r#"
        exit code 0
        --- stdout
        {"prompts":[{"name":"greet","description":"A greeting"},{"name":"review","title":"Code review","description":"Reviews a piece of code.","arguments":[{"name":"language","description":"Programming language","required":true},{"name":"code","description":"The code","required":true},{"name":"style","description":"Tone of the review"}],"icons":[{"src":"data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==","mimeType":"image/png","sizes":["1x1"],"theme":"light"}]},{"name":"with_resource","arguments":[{"name":"uri","required":true}]},{"name":"with_image"},{"name":"with_audio"},{"name":"with_link"},{"name":"travel","arguments":[{"name":"country","required":true},{"name":"city","required":true}]},{"name":"ask_topic"}]}
        --- stderr
    "#]],
    );
}

#[test]
fn call_shows_values_to_programs_and_words_to_people() {
    check(
        &["call", "everything", "echo", "message=hello"],
        expect![[r#"
        exit code 0
        --- stdout
        hello
        --- stderr
    "#]],
    );
    check(
        &["call", "everything", "add", "a=1", "b=2.5"],
        expect![[r#"
        exit code 0
        --- stdout
        {"sum":3.5}
        --- stderr
    "#]],
    );
    check(
        &["call", "everything", "add", "a=1", "b:=2", "--json"],
        expect![[r#"
        exit code 0
        --- stdout
        {"content":[{"type":"text","text":"{\"sum\":3.0}"}],"structuredContent":{"sum":3.0},"resultType":"complete","_meta":{"io.modelcontextprotocol/serverInfo":{"name":"everything","version":"0.1.0","title":"Bowline everything","websiteUrl":"https://github.com/bowline-mcp/bowline"}}}
        --- stderr
    "#]],
    );
    check(
        &["call", "everything", "content_mixed"],
        expect![[r#"
        exit code 0
        --- stdout
        plain text
        image (image/png, 70 B) saved to DIR/bowline-PID-1.png
        audio (audio/wav, 44 B) saved to DIR/bowline-PID-1.wav
        greeting everything://greeting (text/plain, 19 B): A friendly line of text.
        everything://greeting
        Hello from Bowline.
        everything://logo
        resource (image/png, 70 B) saved to DIR/bowline-PID-2.png
        --- stderr
    "#]],
    );
    check(
        &["call", "everything", "content_empty"],
        expect![[r#"
        exit code 0
        --- stdout
        --- stderr
    "#]],
    );
    check(
        &["call", "everything", "log_levels"],
        expect![[r#"
            exit code 0
            --- stdout
            logged 8 messages
            --- stderr
            TIME info everything: a message at level info
            TIME info everything: a message at level notice
            TIME warn everything: a message at level warning
            TIME error everything: a message at level error
            TIME error critical: everything: a message at level critical
            TIME error alert: everything: a message at level alert
            TIME error emergency: everything: a message at level emergency
        "#]],
    );
}

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
fn wrong_names_and_missing_arguments_are_told_with_the_right_ones() {
    check(
        &["call", "everything", "ecko"],
        expect![[r#"
        exit code 5
        --- stdout
        --- stderr
        error: there is no tool `ecko`
        hint: did you mean `echo`?
    "#]],
    );
    check(
        &["call", "everything", "banana"],
        expect![[r#"
        exit code 5
        --- stdout
        --- stderr
        error: there is no tool `banana`
        hint: there are: echo, add, structured_array, structured_string, structured_number, structured_boolean, structured_null, content_text, content_image, content_audio, content_link, content_embedded, content_mixed, content_annotated, content_empty, tool_error, protocol_error, panic, big, describe_call, …
    "#]],
    );
    check(
        &["call", "everything", "echo", "massage=x"],
        expect![[r#"
        exit code 1
        --- stdout
        --- stderr
        error: there is no argument `massage`
        hint: did you mean `message`?
    "#]],
    );
    check(
        &["call", "everything", "header_params", "count=1"],
        expect![[r#"
        exit code 1
        --- stdout
        --- stderr
        error: `header_params` needs `region`, `verbose`
        hint: write bowline call everything header_params region=TEXT count=INTEGER verbose=true|false
    "#]],
    );
    check(
        &["call", "everything", "add", "a=one", "b=2"],
        expect![[r#"
        exit code 1
        --- stdout
        --- stderr
        error: `a` takes a number, not "one"
        hint: write a=… with such a value, or a:=JSON
    "#]],
    );
    check(
        &["prompt", "everything", "travle"],
        expect![[r#"
        exit code 5
        --- stdout
        --- stderr
        error: there is no prompt `travle`
        hint: did you mean `travel`?
    "#]],
    );
    check(
        &["prompt", "everything", "travel"],
        expect![[r#"
        exit code 1
        --- stdout
        --- stderr
        error: `travel` needs `country`, `city`
        hint: write bowline prompt everything travel country=TEXT city=TEXT
    "#]],
    );
    check(
        &["prompt", "everything", "travel", "contry=x"],
        expect![[r#"
        exit code 1
        --- stdout
        --- stderr
        error: there is no argument `contry`
        hint: did you mean `country`?
    "#]],
    );
    check(
        &["complete", "everything", "travle", "country="],
        expect![[r#"
        exit code 5
        --- stdout
        --- stderr
        error: there is no prompt `travle`
        hint: did you mean `travel`?
    "#]],
    );
    check(
        &["complete", "everything", "travel", "contry="],
        expect![[r#"
        exit code 5
        --- stdout
        --- stderr
        error: there is no argument `contry`
        hint: did you mean `country`?
    "#]],
    );
    check(
        &["complete", "everything", "everything://place/{country}/{town}", "country="],
        expect![[r#"
            exit code 5
            --- stdout
            --- stderr
            error: there is no resource template `everything://place/{country}/{town}`
            hint: did you mean `everything://place/{country}/{city}`?
        "#]],
    );
}

#[test]
fn read_shows_text_and_saves_what_is_binary() {
    check(
        &["read", "everything", "everything://greeting"],
        expect![[r#"
        exit code 0
        --- stdout
        Hello from Bowline.
        --- stderr
    "#]],
    );
    check(
        &["read", "everything", "everything://multi"],
        expect![[r#"
        exit code 0
        --- stdout
        everything://multi/text
        one
        everything://multi/blob
        resource (application/octet-stream, 4 B) saved to DIR/bowline-PID-1.bin
        --- stderr
    "#]],
    );
    check(
        &["read", "everything", "everything://multi", "--json"],
        expect![[r#"
        exit code 0
        --- stdout
        {"contents":[{"uri":"everything://multi/text","text":"one","mimeType":"text/plain"},{"uri":"everything://multi/blob","blob":"AAEC/w==","mimeType":"application/octet-stream"}],"resultType":"complete","ttlMs":60000,"cacheScope":"public","_meta":{"io.modelcontextprotocol/serverInfo":{"name":"everything","version":"0.1.0","title":"Bowline everything","websiteUrl":"https://github.com/bowline-mcp/bowline"}}}
        --- stderr
    "#]],
    );
    check(
        &["read", "everything", "everything://nothing"],
        expect![[r#"
            exit code 5
            --- stdout
            --- stderr
            error: the server answered with an error: resource not found (-32602)
        "#]],
    );
}

#[test]
fn what_is_saved_is_what_was_sent() {
    let folder = Folder::new();
    let shown = ends(&mut folder.bowline(&["read", "everything", "everything://logo"]));
    let path = shown.lines().find_map(|line| line.split_once("saved to ")).unwrap().1;
    let raw =
        folder.bowline(&["read", "everything", "everything://logo", "--raw"]).output().unwrap();
    assert_eq!(fs::read(path).unwrap(), raw.stdout);
    assert!(raw.stdout.starts_with(b"\x89PNG"));
}

#[test]
fn prompt_shows_who_says_what() {
    check(
        &["prompt", "everything", "review", "language=rust", "code=let x;"],
        expect![[r#"
        exit code 0
        --- stdout
        user:
        Review this rust code in a friendly style:
        let x;

        assistant:
        I will review it.
        --- stderr
    "#]],
    );
    check(
        &["prompt", "everything", "with_image"],
        expect![[r#"
        exit code 0
        --- stdout
        user:
        image (image/png, 70 B) saved to DIR/bowline-PID-1.png

        user:
        What is this?
        --- stderr
    "#]],
    );
    check(
        &["prompt", "everything", "greet", "--json"],
        expect![[r#"
        exit code 0
        --- stdout
        {"messages":[{"role":"user","content":{"type":"text","text":"Please greet the reader."}}],"description":"A greeting","resultType":"complete","_meta":{"io.modelcontextprotocol/serverInfo":{"name":"everything","version":"0.1.0","title":"Bowline everything","websiteUrl":"https://github.com/bowline-mcp/bowline"}}}
        --- stderr
    "#]],
    );
}

#[test]
fn complete_shows_a_value_a_line() {
    check(
        &["complete", "everything", "travel", "country=F"],
        expect![[r#"
        exit code 0
        --- stdout
        Fiji
        Finland
        France
        --- stderr
    "#]],
    );
    check(
        &["complete", "everything", "travel", "city=", "country=Japan"],
        expect![[r#"
        exit code 0
        --- stdout
        Kyoto
        Tokyo
        --- stderr
    "#]],
    );
    check(
        &["complete", "everything", "travel", "country=F", "--json"],
        expect![[r#"
        exit code 0
        --- stdout
        {"completion":{"values":["Fiji","Finland","France"],"total":3,"hasMore":false},"resultType":"complete","_meta":{"io.modelcontextprotocol/serverInfo":{"name":"everything","version":"0.1.0","title":"Bowline everything","websiteUrl":"https://github.com/bowline-mcp/bowline"}}}
        --- stderr
    "#]],
    );
}

#[test]
fn ping_tells_the_time_of_one_round_trip() {
    let milliseconds = |output: Output| {
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    let text = milliseconds(bowline(&["ping", "everything"]).output().unwrap());
    assert!(text.strip_suffix(" ms\n").unwrap().parse::<f64>().unwrap() > 0.0, "{text}");
    let text = milliseconds(bowline(&["ping", "everything", "--json"]).output().unwrap());
    let value: Value = serde_json::from_str(&text).unwrap();
    assert!(value["milliseconds"].as_f64().unwrap() > 0.0, "{text}");
}

/// The line as it calls a server of each kind.
fn of_every_kind(verb: &[&str], rest: &[&str], check: impl Fn(&str, String)) {
    let folder = Folder::new();
    let binary = env!("CARGO_BIN_EXE_bowline");
    let stdio = [verb, rest, &["--", binary, "serve", "everything"]].concat();
    check("stdio", folder.shown(&stdio));
    let address = format!("unix:{}", folder.0.join("s").display());
    let serve = ["--log-format", "human", "serve", "everything", "--listen", &address];
    let server = Program::start(&mut bowline(&serve));
    server.stderr.find("listening on ");
    check("unix", folder.shown(&[verb, &[&address], rest].concat()));
    let serve = ["--log-format", "human", "serve", "everything", "--listen", "127.0.0.1:0"];
    let server = Program::start(&mut bowline(&serve));
    let url = server.stderr.find("listening on ").replace("listening on ", "");
    check("http", folder.shown(&[verb, &[&url], rest].concat()));
    check("memory", folder.shown(&[verb, &["everything"], rest].concat()));
}

#[test]
fn every_way_to_a_server_comes_to_the_same() {
    of_every_kind(&["call"], &["add", "a=1", "b=2"], |way, shown| {
        assert_eq!(shown, "exit code 0\n--- stdout\n{\"sum\":3.0}\n--- stderr\n", "{way}");
    });
    of_every_kind(&["read"], &["everything://greeting"], |way, shown| {
        assert!(shown.starts_with("exit code 0\n--- stdout\nHello"), "{way}: {shown}");
    });
    of_every_kind(&["call"], &["tool_error"], |way, shown| {
        assert!(
            shown.starts_with("exit code 5\n--- stdout\n--- stderr\n{\"error\":"),
            "{way}: {shown}"
        );
    });
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
        error: cannot connect to URL: server wants credentials; tried `server/discover` (2026-07-28): HTTP 401: ADDRESS: server/discover was answered with 401 Unauthorized; it wants to know who asks, send it an `Authorization` header (it said: {"jsonrpc":"2.0","error":{"code":-32600,"message":"a bearer token that is known here is required"}})
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
fn an_argument_may_come_from_standard_input() {
    let folder = Folder::new();
    fs::write(folder.0.join("message.txt"), "from a file").unwrap();
    fs::write(folder.0.join("arguments.json"), r#"{"a":1,"b":2}"#).unwrap();
    let shown = folder.shown(&["call", "everything", "echo", "message=@message.txt"]);
    assert!(shown.contains("\nfrom a file\n"), "{shown}");
    let shown = folder.shown(&["call", "everything", "add", "@arguments.json", "b=40"]);
    assert!(shown.contains("{\"sum\":41.0}"), "{shown}");
    let mut program = Program::start(&mut folder.bowline(&["call", "everything", "echo", "-"]));
    program.send(r#"{"message":"typed"}"#);
    program.stdin = None;
    assert_eq!(program.stdout.next().unwrap(), "typed");
    assert_eq!(program.end(), 0);
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
    assert_eq!(program.end(), 130);
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

#[test]
fn several_servers_are_listed_whatever_happens_to_one() {
    let folder = Folder::new();
    let binary = env!("CARGO_BIN_EXE_bowline");
    let config = json!({ "mcpServers": {
        "first": { "command": binary, "args": ["serve", "everything"], "tools": ["echo"] },
        "broken": { "command": "/nonexistent/server" },
        "absent": { "command": "server", "args": ["${BOWLINE_TEST_IS_NOT_SET}"] },
        "last": { "command": binary, "args": ["serve", "everything"], "tools": ["add"] },
    } });
    fs::write(folder.0.join("mcp.json"), config.to_string()).unwrap();
    let args = ["list", "--tools", "--config", "mcp.json", "--log-format", "human"];
    expect![[r#"
        exit code 1
        --- stdout
        absent
          error: mcp.json:1:34: mcpServers.absent.args[0]: wants ${BOWLINE_TEST_IS_NOT_SET}, which is not set; set BOWLINE_TEST_IS_NOT_SET in the environment, or write ${BOWLINE_TEST_IS_NOT_SET:-default}

        broken
          error: program /nonexistent/server does not exist; check the path, or install it

        first
          tools (1)
            echo message=TEXT  (reads only)
                Returns the message unchanged.

        last
          tools (1)
            add a=NUMBER b=NUMBER
                Adds two numbers.
        --- stderr
    "#]].assert_eq(&folder.shown(&args));
    let output =
        folder.bowline(&["list", "--tools", "--config", "mcp.json", "--json"]).output().unwrap();
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    let servers = value["servers"].as_array().unwrap();
    let names: Vec<_> = servers
        .iter()
        .map(|server| {
            (
                server["name"].as_str().unwrap(),
                server["tools"][0]["name"].as_str(),
                server["error"]["code"].as_str(),
            )
        })
        .collect();
    expect![[r#"
        [
            (
                "absent",
                None,
                Some(
                    "failed",
                ),
            ),
            (
                "broken",
                None,
                Some(
                    "unreachable",
                ),
            ),
            (
                "first",
                Some(
                    "echo",
                ),
                None,
            ),
            (
                "last",
                Some(
                    "add",
                ),
                None,
            ),
        ]
    "#]]
    .assert_debug_eq(&names);
}

#[test]
fn configs_shows_what_other_clients_have() {
    let folder = Folder::new();
    let cursor = folder.0.join(".cursor");
    fs::create_dir(&cursor).unwrap();
    let config = json!({ "mcpServers": {
        "files": { "command": "npx", "args": ["-y", "server-files", "--token=secret-1"], "env": { "TOKEN": "secret-2" } },
        "web": { "url": "https://user:secret-3@example.com/mcp?key=secret-4", "headers": { "Authorization": "secret-5" } },
        "off": { "command": "off", "disabled": true },
    } });
    fs::write(cursor.join("mcp.json"), config.to_string()).unwrap();
    let shown = folder.shown(&["configs"]);
    assert!(!shown.contains("secret"), "{shown}");
    expect![[r#"
        exit code 0
        --- stdout
        Cursor  DIR/.cursor/mcp.json
          cursor:files  npx server-files …
          cursor:off  off  (disabled)
          cursor:web  https://example.com/mcp
        --- stderr
    "#]]
    .assert_eq(&shown);
    let shown = folder.shown(&["configs", "--json"]);
    assert!(!shown.contains("secret"), "{shown}");
    expect![[r#"
        exit code 0
        --- stdout
        [{"client":"cursor","origin":"user","path":"DIR/.cursor/mcp.json","servers":[{"disabled":false,"name":"files","type":"stdio","way":"npx server-files …"},{"disabled":true,"name":"off","type":"stdio","way":"off"},{"disabled":false,"name":"web","type":"http","way":"https://example.com/mcp"}],"title":"Cursor"}]
        --- stderr
    "#]].assert_eq(&shown);
}

#[test]
fn completions_are_a_script() {
    for (shell, mark) in [
        ("bash", "complete -F _bowline"),
        ("zsh", "#compdef bowline"),
        ("fish", "complete -c bowline"),
    ] {
        let output = bowline(&["completions", shell]).output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty());
        let script = String::from_utf8(output.stdout).unwrap();
        assert!(script.contains(mark) && script.contains("subscribe"), "{shell}");
    }
}

#[test]
fn the_messages_of_a_client_are_traced_into_a_file() {
    let folder = Folder::new();
    let trace = ["--trace-messages", "trace.ndjson"];
    let shown = folder
        .shown(&[&["call", "everything", "echo", "message=to be traced"], &trace[..]].concat());
    assert!(shown.starts_with("exit code 0"), "{shown}");
    let said = fs::read_to_string(folder.0.join("trace.ndjson")).unwrap();
    let lines: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let with = |text: &str| lines.iter().filter(|line| line.to_string().contains(text)).count();
    assert_eq!((with("to be traced"), with("tools/call")), (2, 1), "{said}");
}
