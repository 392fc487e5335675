use super::super::{Config, Kind};
use expect_test::{Expect, expect};
use std::fmt::Write;

/// Every server as it was read, then every problem.
fn shown(text: &str) -> String {
    let config = match Config::parse(".mcp.json", text) {
        Ok(config) => config,
        Err(problems) => return problems.to_string(),
    };
    let mut out = String::new();
    for entry in config.entries() {
        let _ = write!(out, "{}: ", entry.name);
        let raw = |texts: &[super::super::Text]| {
            texts.iter().map(|text| text.raw().to_owned()).collect::<Vec<_>>()
        };
        let pairs = |pairs: &[(String, super::super::Text)]| {
            pairs.iter().map(|(name, text)| format!("{name}={}", text.raw())).collect::<Vec<_>>()
        };
        let _ = match &entry.kind {
            Kind::Stdio { command, args, env, cwd, env_file } => write!(
                out,
                "{} {:?} env={:?} cwd={:?} file={:?}",
                command.raw(),
                raw(args),
                pairs(env),
                cwd.as_ref().map(|text| text.raw()),
                env_file.as_ref().map(|text| text.raw())
            ),
            Kind::Http { url, headers, sse } => {
                write!(out, "{} headers={:?} sse={sse}", url.raw(), pairs(headers))
            }
        };
        let more =
            (entry.disabled, entry.timeout, &entry.tools, entry.protocol.map(|p| p.as_str()));
        if more != (false, None, &None, None) {
            let _ = write!(out, " {more:?}");
        }
        for input in &entry.inputs {
            let _ = write!(out, " asks {}", input.id);
        }
        out.push('\n');
    }
    for problem in config.problems() {
        let _ = writeln!(out, "{:?} {problem}", problem.severity);
    }
    out
}

fn check(text: &str, expected: &Expect) {
    expected.assert_eq(&shown(text));
}

#[test]
fn the_usual_form_is_read() {
    check(
        r#"{
            // a comment
            "mcpServers": {
                "git": { "command": "uvx", "args": ["mcp-server-git", "--port", 7], "env": { "A": "b", "N": 1 } },
                /* another */
                "web": {
                    "type": "http", "url": "https://a.test/mcp", "headers": { "Authorization": "Bearer ${T}" },
                    "timeout": 30000, "disabled": true, "tools": ["x"], "protocol": "2025-06-18",
                },
                'old': { type: 'sse', url: 'http://a.test/sse', tools: ['*'] },
            },
        }"#,
        &expect![[r#"
            git: uvx ["mcp-server-git", "--port", "7"] env=["A=b", "N=1"] cwd=None file=None
            web: https://a.test/mcp headers=["Authorization=Bearer ${T}"] sse=false (true, Some(30s), Some(["x"]), Some("2025-06-18"))
            old: http://a.test/sse headers=[] sse=true
        "#]],
    );
}

#[test]
fn the_form_of_vs_code_is_read() {
    check(
        r#"{
            "inputs": [{ "type": "promptString", "id": "key", "description": "the key", "password": true }, { "id": "other" }],
            "servers": {
                "a": { "type": "stdio", "command": "x", "env": { "K": "${input:key}" }, "envFile": "${workspaceFolder}/.env", "cwd": "sub" },
                "b": { "url": "https://b.test", "gallery": "https://c.test" }
            },
            "sandbox": {}
        }"#,
        &expect![[r#"
            a: x [] env=["K=${input:key}"] cwd=Some("sub") file=Some("${workspaceFolder}/.env") asks key
            b: https://b.test headers=[] sse=false
            Warning 5:49: servers.b.gallery: has no effect here
        "#]],
    );
}

#[test]
fn what_other_clients_call_otherwise_is_read() {
    check(
        r#"{ "mcpServers": {
            "windsurf": { "serverUrl": "https://w.test/mcp" },
            "gemini": { "httpUrl": "https://g.test/mcp", "includeTools": ["a"], "trust": true },
            "mcporter": { "transportType": "streamableHttp", "url": "https://m.test" },
            "copilot": { "type": "local", "command": "x", "tools": ["*"] },
            "cline": { "command": "x", "alwaysAllow": [], "autoApprove": [], "timeout": 60 },
            "opencode": { "command": "x", "enabled": false }
        } }"#,
        &expect![[r#"
            windsurf: https://w.test/mcp headers=[] sse=false
            gemini: https://g.test/mcp headers=[] sse=false (false, None, Some(["a"]), None)
            mcporter: https://m.test headers=[] sse=false
            copilot: x [] env=[] cwd=None file=None
            cline: x [] env=[] cwd=None file=None (false, Some(60ms), None, None)
            opencode: x [] env=[] cwd=None file=None (true, None, None, None)
            Warning 3:81: mcpServers.gemini.trust: has no effect here
            Warning 6:40: mcpServers.cline.alwaysAllow: has no effect here
            Warning 6:59: mcpServers.cline.autoApprove: has no effect here
            Warning 6:89: mcpServers.cline.timeout: is 60 milliseconds, which is very short; write 60000 if you mean seconds
        "#]],
    );
}

#[test]
fn every_mistake_is_told_with_its_place() {
    check(
        r#"{ "mcpServers": {
            "comand": { "comand": "x" },
            "args": { "command": "x", "args": "-v" },
            "arg": { "command": "x", "arg": ["-v"] },
            "env": { "command": "x", "env": { "A": true, "B": null, "=": "" } },
            "both": { "command": "x", "url": "https://a.test" },
            "none": {},
            "text": "x",
            "type": { "type": "htpp", "url": "https://a.test" },
            "stdio without command": { "type": "stdio", "url": "https://a.test" },
            "http without url": { "type": "http", "command": "x" },
            "timeout": { "command": "x", "timeout": "30s" },
            "negative": { "command": "x", "timeout": -1 },
            "protocol": { "command": "x", "protocol": "2025-01-01" },
            "header": { "url": "https://a.test", "headers": { "a b": "c" } },
            "twice": { "command": "x", "command": "y" },
            "": { "command": "x" },
            "fine": { "command": "x" },
            "fine": { "command": "y" }
        } }"#,
        &expect![[r#"
            Error 2:25: mcpServers.comand.comand: is no member of a server; did you mean `command`?
            Error 3:47: mcpServers.args.args: is text, and must be a list of texts
            Error 4:38: mcpServers.arg.arg: is no member of a server; did you mean `args`?
            Error 5:45: mcpServers.env.env."=": is no name for a variable
            Error 5:52: mcpServers.env.env.A: is true or false, and must be text; put it in quotes
            Error 5:63: mcpServers.env.env.B: is null, and must be text
            Error 6:13: mcpServers.both: has both `command` and `url`; remove one of them
            Error 7:13: mcpServers.none: has neither `command` nor `url`; write "command": "…" or "url": "https://…"
            Error 8:21: mcpServers.text: is text, and must be an object
            Error 9:31: mcpServers.type.type: is "htpp", which is no transport; did you mean "http"?
            Error 10:13: mcpServers."stdio without command": has neither `command` nor `url`; write "command": "…" or "url": "https://…"
            Warning 10:57: mcpServers."stdio without command".url: has no effect on a program
            Error 11:13: mcpServers."http without url": has no `url`; write "url": "https://…"
            Warning 11:51: mcpServers."http without url".command: has no effect on a server with a URL
            Error 12:53: mcpServers.timeout.timeout: is text, and must be a number of milliseconds
            Error 13:54: mcpServers.negative.timeout: is -1; write milliseconds: a whole number from 1 to 86400000
            Error 14:55: mcpServers.protocol.protocol: is "2025-01-01", which is no protocol version that is known; there are 2024-11-05, 2025-03-26, 2025-06-18, 2025-11-25, 2026-07-28
            Error 15:61: mcpServers.header.headers."a b": is no name for a header
            Error 16:40: mcpServers.twice.command: is there twice; remove one of them
            Error 17:13: mcpServers."": is no name for a server; use up to 128 letters, digits and signs
            Error 19:13: mcpServers.fine: is there twice; remove one of them
        "#]],
    );
}

#[test]
fn files_that_are_no_configs_say_so() {
    let mut table = String::new();
    for text in [
        "",
        "// only a comment",
        "[]",
        "{",
        "{ \"mcpServers\": { \"a\" } }",
        "{ \"mcpServers\": {} \"x\": 1 }",
        "{ \"mcpServers\": {} } {}",
        "{ \"mcpServers\": [] }",
        "{ \"mcpServer\": {} }",
        "{ \"MCPServers\": {} }",
        "{ \"other\": {} }",
        "ä",
        "{\n  \"mcpServers\": {\n    \"ä\": \"\\x\"\n  }\n}",
    ] {
        let _ = writeln!(table, "{text:?}\n    {}", shown(text).trim_end());
    }
    expect![[r#"
        ""
            .mcp.json: is empty; write {"mcpServers": {}} into it
        "// only a comment"
            .mcp.json: is empty; write {"mcpServers": {}} into it
        "[]"
            .mcp.json:1:1: is a list, and must be an object
        "{"
            .mcp.json:1:1: is no JSON: unterminated object
        "{ \"mcpServers\": { \"a\" } }"
            .mcp.json:1:23: is no JSON: expected colon after the string or word in object property
        "{ \"mcpServers\": {} \"x\": 1 }"
            .mcp.json:1:19: is no JSON: expected comma
        "{ \"mcpServers\": {} } {}"
            .mcp.json:1:22: is no JSON: text cannot contain more than one JSON value
        "{ \"mcpServers\": [] }"
            Error 1:17: mcpServers: is a list, and must be an object
        "{ \"mcpServer\": {} }"
            .mcp.json: has neither `mcpServers` nor `servers`; did you mean `mcpServers` where it says `mcpServer`?
        "{ \"MCPServers\": {} }"
            .mcp.json: has neither `mcpServers` nor `servers`; did you mean `mcpServers` where it says `MCPServers`?
        "{ \"other\": {} }"
            .mcp.json: has neither `mcpServers` nor `servers`; write {"mcpServers": {…}}
        "ä"
            .mcp.json:1:1: is no JSON: unexpected word
        "{\n  \"mcpServers\": {\n    \"ä\": \"\\x\"\n  }\n}"
            .mcp.json:3:11: is no JSON: expected two hex digits
    "#]].assert_eq(&table);
}

#[test]
fn whatever_is_cut_off_or_put_in_is_told_and_no_panic() {
    let text = r#"{ // ä
        "inputs": [{ "id": "k", "default": "\u00e4" }],
        "servers": { "ä": { "command": "x", "args": ["${input:k}", 1.5e3], "env": { "A": 'b' } }, "w": { url: "https://${H:-a}" } }
    }"#;
    let mut read = 0;
    for (at, _) in text.char_indices() {
        let (before, after) = text.split_at(at);
        read += usize::from(Config::parse("x", before).is_ok());
        for put_in in ["\0", "\"", "\\", "{", "]", "ä", "${", "/*", "\n"] {
            if let Ok(config) = Config::parse("x", &format!("{before}{put_in}{after}")) {
                let environment = super::super::Environment::new();
                let resolved =
                    config.entries().iter().filter_map(|entry| entry.resolve(&environment).ok());
                read += resolved.count();
            }
        }
    }
    assert!(read > 100, "{read}");
}

#[test]
fn depth_is_bounded() {
    let text = "[".repeat(100_000);
    assert!(shown(&text).contains("depth"), "{}", shown(&text));
}

#[test]
fn one_server_is_named_with_what_is_wrong_in_it() {
    let text = r#"{ "mcpServers": { "good": { "command": "x" }, "bad": { "command": 1 }, "other": { "url": 2 }, "twice": { "command": "x" }, "twice": {} } }"#;
    let config = Config::parse(".mcp.json", text).unwrap();
    assert_eq!(config.entry("good").unwrap().name, "good");
    let mut table = String::new();
    for name in ["bad", "goood", "unlike", "twice"] {
        let _ = writeln!(table, "{}", config.entry(name).unwrap_err());
    }
    expect![[r#"
        .mcp.json:1:67: mcpServers.bad.command: is a number, and must be text
        .mcp.json: has no server `goood`; did you mean `good`?
        .mcp.json: has no server `unlike`; it has good
        .mcp.json:1:124: mcpServers.twice: is there twice; remove one of them
    "#]]
    .assert_eq(&table);
}

#[test]
fn nothing_that_may_be_secret_is_shown() {
    let text = r#"{ "mcpServers": {
        "a": { "command": "s3cret", "args": ["s3cret"], "env": { "A": "s3cret" } },
        "b": { "url": "https://s3cret@b.test/s3cret?s3cret", "headers": { "A": "s3cret" } }
    } }"#;
    let config = Config::parse(".mcp.json", text).unwrap();
    assert!(!format!("{config:?}").contains("s3cret"), "{config:?}");
    for entry in config.entries() {
        let resolved = entry.resolve(&super::super::Environment::new()).unwrap();
        let shown = format!("{resolved:?}").replace("command: \"s3cret\"", "");
        assert!(!shown.contains("s3cret"), "{shown}");
    }
}
