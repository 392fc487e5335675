//! The verbs that talk to servers, without a terminal: what they write.

use crate::folder::{Folder, check};
use crate::program::{Program, bowline, ends};
use expect_test::expect;
use serde_json::{Value, json};
use std::fs;
use std::process::Output;

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
                  Embeds a resource.
              with_image
                  Shows an image.
              with_audio
                  Plays a sound.
              with_link
                  Links to a resource.
              travel country=TEXT city=TEXT
                  Plans a journey.
              ask_topic
                  Asks what to write of.
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
                  Embeds a resource.
                  uri (text; required)
              with_image
                  Shows an image.
              with_audio
                  Plays a sound.
              with_link
                  Links to a resource.
              travel country=TEXT city=TEXT
                  Plans a journey.
                  country (text; required)
                  city (text; required)
              ask_topic
                  Asks what to write of.
            --- stderr
        "#]],
    );
    check(
        &["list", "everything", "--prompts", "--json"],
        expect![[r#"
            exit code 0
            --- stdout
            {"prompts":[{"name":"greet","description":"A greeting"},{"name":"review","title":"Code review","description":"Reviews a piece of code.","arguments":[{"name":"language","description":"Programming language","required":true},{"name":"code","description":"The code","required":true},{"name":"style","description":"Tone of the review"}],"icons":[{"src":"data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==","mimeType":"image/png","sizes":["1x1"],"theme":"light"}]},{"name":"with_resource","description":"Embeds a resource.","arguments":[{"name":"uri","required":true}]},{"name":"with_image","description":"Shows an image."},{"name":"with_audio","description":"Plays a sound."},{"name":"with_link","description":"Links to a resource."},{"name":"travel","description":"Plans a journey.","arguments":[{"name":"country","required":true},{"name":"city","required":true}]},{"name":"ask_topic","description":"Asks what to write of."}]}
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
