//! What each client gets for each server.

use crate::exit::Fault;
use crate::install::{Dialect, Wanted, Written};
use crate::plan::common::{Common, Tls};
use crate::plan::secrets::{Header, Value, Variable};
use crate::plan::target::Target;
use bowline::config::{CLIENTS, Client, Config, Environment};
use expect_test::{Expect, expect};
use std::fmt::Write;
use std::time::Duration;

const IDS: [&str; 10] = [
    "bowline",
    "claude-code",
    "claude-desktop",
    "cursor",
    "vscode",
    "copilot",
    "windsurf",
    "gemini",
    "antigravity",
    "inspector",
];

fn common() -> Common {
    Common {
        output: crate::plan::common::Output::default(),
        config: None,
        yes: false,
        headers: Vec::new(),
        variables: Vec::new(),
        cwd: None,
        timeout: None,
        protocol: None,
        tls: Tls::default(),
        trace_messages: None,
    }
}

fn with_headers(headers: &[(&str, &str)]) -> Common {
    let header = |(name, value): &(&str, &str)| Header {
        name: (*name).to_owned(),
        value: Value::Template((*value).to_owned()),
    };
    Common { headers: headers.iter().map(header).collect(), ..common() }
}

fn with_variables(variables: &[(&str, &str)]) -> Common {
    let variable = |(name, value): &(&str, &str)| Variable {
        name: (*name).to_owned(),
        value: Value::Template((*value).to_owned()),
    };
    Common { variables: variables.iter().map(variable).collect(), ..common() }
}

fn command(line: &str) -> Target {
    Target::Command(line.split(' ').map(std::ffi::OsString::from).collect())
}

fn written(id: &str, target: &Target, common: &Common, traced: bool) -> Result<Written, Fault> {
    let client = Client::of_id(id).unwrap();
    let wanted = Wanted { target, source: None, common, traced, program: "/bin/bowline" };
    wanted.written(Dialect::of(client).unwrap(), client.title)
}

fn check(target: &Target, common: &Common, expected: Expect) {
    let mut all = String::new();
    for id in IDS {
        let _ = match written(id, target, common, false) {
            Ok(Written { entry, reason, .. }) => {
                let reason = reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
                writeln!(all, "{id}: {}{reason}", entry.json())
            }
            Err(fault) => writeln!(all, "{id}: {}", fault.to_string().trim_end()),
        };
    }
    expected.assert_eq(&all);
}

#[test]
fn programs_are_started_by_the_client_itself() {
    check(
        &command("npx -y @scope/server"),
        &common(),
        expect![[r#"
        bowline: {"args":["-y","@scope/server"],"command":"npx"}
        claude-code: {"args":["-y","@scope/server"],"command":"npx","type":"stdio"}
        claude-desktop: {"args":["-y","@scope/server"],"command":"npx"}
        cursor: {"args":["-y","@scope/server"],"command":"npx"}
        vscode: {"args":["-y","@scope/server"],"command":"npx","type":"stdio"}
        copilot: {"args":["-y","@scope/server"],"command":"npx","tools":["*"],"type":"local"}
        windsurf: {"args":["-y","@scope/server"],"command":"npx"}
        gemini: {"args":["-y","@scope/server"],"command":"npx"}
        antigravity: {"args":["-y","@scope/server"],"command":"npx"}
        inspector: {"args":["-y","@scope/server"],"command":"npx","type":"stdio"}
    "#]],
    );
}

#[test]
fn urls_go_where_they_are_understood() {
    check(
        &Target::Url("https://host/mcp".into()),
        &common(),
        expect![[r#"
        bowline: {"type":"http","url":"https://host/mcp"}
        claude-code: {"type":"http","url":"https://host/mcp"}
        claude-desktop: {"args":["proxy","https://host/mcp"],"command":"/bin/bowline"} (Claude Desktop only starts programs)
        cursor: {"url":"https://host/mcp"}
        vscode: {"type":"http","url":"https://host/mcp"}
        copilot: {"tools":["*"],"type":"http","url":"https://host/mcp"}
        windsurf: {"serverUrl":"https://host/mcp"}
        gemini: {"httpUrl":"https://host/mcp"}
        antigravity: {"serverUrl":"https://host/mcp"}
        inspector: {"type":"streamable-http","url":"https://host/mcp"}
    "#]],
    );
}

#[test]
fn variables_of_headers_stay_variables() {
    check(
        &Target::Url("https://host/mcp".into()),
        &with_headers(&[("Authorization", "Bearer ${TOKEN}"), ("X-Trace", "on")]),
        expect![[r#"
            bowline: {"headers":{"Authorization":"Bearer ${TOKEN}","X-Trace":"on"},"type":"http","url":"https://host/mcp"}
            claude-code: {"headers":{"Authorization":"Bearer ${TOKEN}","X-Trace":"on"},"type":"http","url":"https://host/mcp"}
            claude-desktop: {"args":["proxy","-H","Authorization: Bearer ${TOKEN}","-H","X-Trace: on","https://host/mcp"],"command":"/bin/bowline"} (Claude Desktop only starts programs)
            cursor: {"headers":{"Authorization":"Bearer ${env:TOKEN}","X-Trace":"on"},"url":"https://host/mcp"}
            vscode: {"headers":{"Authorization":"Bearer ${env:TOKEN}","X-Trace":"on"},"type":"http","url":"https://host/mcp"}
            copilot: {"args":["proxy","-H","Authorization: Bearer ${TOKEN}","-H","X-Trace: on","https://host/mcp"],"command":"/bin/bowline","tools":["*"],"type":"local"} (GitHub Copilot has no such variables as in the header Authorization)
            windsurf: {"headers":{"Authorization":"Bearer ${env:TOKEN}","X-Trace":"on"},"serverUrl":"https://host/mcp"}
            gemini: {"headers":{"Authorization":"Bearer ${TOKEN}","X-Trace":"on"},"httpUrl":"https://host/mcp"}
            antigravity: {"args":["proxy","-H","Authorization: Bearer ${TOKEN}","-H","X-Trace: on","https://host/mcp"],"command":"/bin/bowline"} (Antigravity has no such variables as in the header Authorization)
            inspector: {"args":["proxy","-H","Authorization: Bearer ${TOKEN}","-H","X-Trace: on","https://host/mcp"],"command":"/bin/bowline","type":"stdio"} (MCP Inspector has no such variables as in the header Authorization)
        "#]],
    );
}

#[test]
fn variables_of_programs_stay_variables() {
    check(
        &command("server"),
        &with_variables(&[("API_KEY", "${API_KEY}"), ("LANG", "C")]),
        expect![[r#"
            bowline: {"args":[],"command":"server","env":{"API_KEY":"${API_KEY}","LANG":"C"}}
            claude-code: {"args":[],"command":"server","env":{"API_KEY":"${API_KEY}","LANG":"C"},"type":"stdio"}
            claude-desktop: {"args":["proxy","-e","API_KEY","-e","LANG=C","--","server"],"command":"/bin/bowline"} (Claude Desktop has no such variables as in the variable API_KEY)
            cursor: {"args":[],"command":"server","env":{"API_KEY":"${env:API_KEY}","LANG":"C"}}
            vscode: {"args":[],"command":"server","env":{"API_KEY":"${env:API_KEY}","LANG":"C"},"type":"stdio"}
            copilot: {"args":["proxy","-e","API_KEY","-e","LANG=C","--","server"],"command":"/bin/bowline","tools":["*"],"type":"local"} (GitHub Copilot has no such variables as in the variable API_KEY)
            windsurf: {"args":[],"command":"server","env":{"API_KEY":"${env:API_KEY}","LANG":"C"}}
            gemini: {"args":[],"command":"server","env":{"API_KEY":"${API_KEY}","LANG":"C"}}
            antigravity: {"args":["proxy","-e","API_KEY","-e","LANG=C","--","server"],"command":"/bin/bowline"} (Antigravity has no such variables as in the variable API_KEY)
            inspector: {"args":["proxy","-e","API_KEY","-e","LANG=C","--","server"],"command":"/bin/bowline","type":"stdio"} (MCP Inspector has no such variables as in the variable API_KEY)
        "#]],
    );
}

#[test]
fn sockets_are_reached_through_us() {
    let expected = r#"{"args":["proxy","unix:/run/mcp.sock"],"command":"/bin/bowline"}"#;
    let target = Target::Unix("/run/mcp.sock".into());
    let Written { entry, reason, .. } = written("cursor", &target, &common(), false).unwrap();
    assert_eq!(entry.json().to_string(), expected);
    assert_eq!(reason.unwrap(), "no client speaks over Unix sockets by itself");
}

#[test]
fn whoever_wants_to_see_messages_gets_us_between_them() {
    let target = command("./server --flag");
    let Written { entry, .. } = written("claude-desktop", &target, &common(), true).unwrap();
    let args = entry.json()["args"].clone();
    let here = std::env::current_dir().unwrap();
    let program = here.join("server").display().to_string();
    assert_eq!(
        args,
        serde_json::json!(["proxy", "--trace-messages", "-", "--", program, "--flag"])
    );
}

#[test]
fn flags_that_no_client_has_go_with_us() {
    let common = Common {
        timeout: Some(Duration::from_millis(1500)),
        protocol: Some("2025-06-18".parse().unwrap()),
        tls: Tls {
            cacert: Some("/tls/ca.pem".into()),
            identity: Some(("/tls/cert.pem".into(), "/tls/key.pem".into())),
        },
        headers: vec![Header { name: "X-Key".into(), value: Value::File("/secret".into()) }],
        ..common()
    };
    let target = Target::Url("https://host/mcp".into());
    let Written { entry, .. } = written("vscode", &target, &common, false).unwrap();
    expect![[r#"{"args":["proxy","-H","X-Key: @/secret","--timeout","1500ms","--protocol","2025-06-18","--cacert","/tls/ca.pem","--cert","/tls/cert.pem","--key","/tls/key.pem","https://host/mcp"],"command":"/bin/bowline","type":"stdio"}"#]]
        .assert_eq(&entry.json().to_string());
}

#[test]
fn secrets_are_not_written() {
    let table = [
        command("server --api-key sk-1"),
        command("server --token=sk-1"),
        Target::Url("https://host/mcp?api_key=sk-1".into()),
    ];
    for target in table {
        for id in IDS {
            let fault = written(id, &target, &common(), false).unwrap_err().to_string();
            assert!(fault.contains("looks like a secret"), "{fault}");
            assert!(!fault.contains("sk-1"), "{fault}");
        }
    }
    for line in [
        "server --api-key ${KEY}",
        "server --token-file x",
        "server --token --other",
        "server --tokens",
    ] {
        written("cursor", &command(line), &common(), false).unwrap();
    }
    // The client would put the value on a command line.
    let header = with_headers(&[("Authorization", "Bearer ${TOKEN}")]);
    let target = Target::Url("https://host/mcp".into());
    let fault = written("claude-code", &target, &header, true).unwrap_err();
    expect![[r#"
        error: Claude Code would put the value of `Authorization` on the command line of `bowline proxy`, where others can see it
        hint: write @FILE for the value of Authorization, or put the server into a config of your own and install it by its name
    "#]].assert_eq(&fault.to_string());
    written("cursor", &target, &header, true).unwrap();
}

const CONFIG: &str = r#"{
  "servers": {
    "plain": { "command": "npx", "args": ["-y", "x", "${ROOT}"], "env": { "API_KEY": "${env:KEY}" } },
    "literal": { "command": "npx", "env": { "API_KEY": "sk-1" } },
    "argument": { "command": "npx", "args": ["--api-key", "sk-1"] },
    "beside": { "command": "./run" },
    "limits": { "command": "npx", "tools": ["a"] },
    "http": { "url": "https://host/mcp", "headers": { "Authorization": "Bearer ${TOKEN}" } },
    "sse": { "type": "sse", "url": "https://host/sse" },
    "asks": { "command": "x", "env": { "KEY": "${input:key}" } },
    "default": { "command": "x", "env": { "KEY": "${input:lax}" } }
  },
  "inputs": [
    { "id": "key", "type": "promptString", "description": "the key", "password": true },
    { "id": "lax", "type": "pickString", "options": ["a", "b"], "default": "b" }
  ]
}"#;

#[test]
fn servers_of_a_config_are_copied_or_named() {
    let config = Config::parse("/home/ann/mcp.json", CONFIG).unwrap();
    assert_eq!(config.problems(), []);
    let mut all = String::new();
    for server in config.entries() {
        for id in ["claude-code", "claude-desktop", "vscode"] {
            let client = Client::of_id(id).unwrap();
            let common = common();
            let target = Target::Named(server.name.clone());
            let wanted = Wanted {
                target: &target,
                source: Some((&config, server)),
                common: &common,
                traced: false,
                program: "/bin/bowline",
            };
            let _ = match wanted.written(Dialect::of(client).unwrap(), client.title) {
                Ok(Written { entry, inputs, reason }) => {
                    let _ = write!(all, "{id} {}: {}", server.name, entry.json());
                    for (_, input) in inputs {
                        let _ = write!(all, " {}", input.json());
                    }
                    writeln!(
                        all,
                        "{}",
                        reason.map(|reason| format!(" ({reason})")).unwrap_or_default()
                    )
                }
                Err(fault) => {
                    writeln!(all, "{id} {}: {}", server.name, fault.to_string().trim_end())
                }
            };
        }
    }
    assert!(!all.contains("sk-1"), "{all}");
    expect![[r#"
        claude-code plain: {"args":["-y","x","${ROOT}"],"command":"npx","env":{"API_KEY":"${KEY}"},"type":"stdio"}
        claude-desktop plain: {"args":["proxy","--config","/home/ann/mcp.json","plain"],"command":"/bin/bowline"} (Claude Desktop has no such variables as in its arguments)
        vscode plain: {"args":["-y","x","${env:ROOT}"],"command":"npx","env":{"API_KEY":"${env:KEY}"},"type":"stdio"}
        claude-code literal: {"args":["proxy","--config","/home/ann/mcp.json","literal"],"command":"/bin/bowline","type":"stdio"} (its env holds a secret, which stays where it is)
        claude-desktop literal: {"args":["proxy","--config","/home/ann/mcp.json","literal"],"command":"/bin/bowline"} (its env holds a secret, which stays where it is)
        vscode literal: {"args":["proxy","--config","/home/ann/mcp.json","literal"],"command":"/bin/bowline","type":"stdio"} (its env holds a secret, which stays where it is)
        claude-code argument: {"args":["proxy","--config","/home/ann/mcp.json","argument"],"command":"/bin/bowline","type":"stdio"} (its arguments hold a secret, which stays where it is)
        claude-desktop argument: {"args":["proxy","--config","/home/ann/mcp.json","argument"],"command":"/bin/bowline"} (its arguments hold a secret, which stays where it is)
        vscode argument: {"args":["proxy","--config","/home/ann/mcp.json","argument"],"command":"/bin/bowline","type":"stdio"} (its arguments hold a secret, which stays where it is)
        claude-code beside: {"args":["proxy","--config","/home/ann/mcp.json","beside"],"command":"/bin/bowline","type":"stdio"} (its program is a path beside its config)
        claude-desktop beside: {"args":["proxy","--config","/home/ann/mcp.json","beside"],"command":"/bin/bowline"} (its program is a path beside its config)
        vscode beside: {"args":["proxy","--config","/home/ann/mcp.json","beside"],"command":"/bin/bowline","type":"stdio"} (its program is a path beside its config)
        claude-code limits: {"args":["proxy","--config","/home/ann/mcp.json","limits"],"command":"/bin/bowline","type":"stdio"} (its entry has limits that clients do not keep)
        claude-desktop limits: {"args":["proxy","--config","/home/ann/mcp.json","limits"],"command":"/bin/bowline"} (its entry has limits that clients do not keep)
        vscode limits: {"args":["proxy","--config","/home/ann/mcp.json","limits"],"command":"/bin/bowline","type":"stdio"} (its entry has limits that clients do not keep)
        claude-code http: {"headers":{"Authorization":"Bearer ${TOKEN}"},"type":"http","url":"https://host/mcp"}
        claude-desktop http: {"args":["proxy","--config","/home/ann/mcp.json","http"],"command":"/bin/bowline"} (Claude Desktop only starts programs)
        vscode http: {"headers":{"Authorization":"Bearer ${env:TOKEN}"},"type":"http","url":"https://host/mcp"}
        claude-code sse: {"args":["proxy","--config","/home/ann/mcp.json","sse"],"command":"/bin/bowline","type":"stdio"} (not every client speaks HTTP+SSE any more)
        claude-desktop sse: {"args":["proxy","--config","/home/ann/mcp.json","sse"],"command":"/bin/bowline"} (not every client speaks HTTP+SSE any more)
        vscode sse: {"args":["proxy","--config","/home/ann/mcp.json","sse"],"command":"/bin/bowline","type":"stdio"} (not every client speaks HTTP+SSE any more)
        claude-code asks: error: the server wants the input `key`, and Claude Code asks nobody for it
        hint: put its value into the environment and write ${NAME} in the config
        claude-desktop asks: error: the server wants the input `key`, and Claude Desktop asks nobody for it
        hint: put its value into the environment and write ${NAME} in the config
        vscode asks: {"args":[],"command":"x","env":{"KEY":"${input:key}"},"type":"stdio"} {"description":"the key","id":"key","password":true,"type":"promptString"}
        claude-code default: {"args":["proxy","--config","/home/ann/mcp.json","default"],"command":"/bin/bowline","type":"stdio"} (Claude Code has no such variables as in env)
        claude-desktop default: {"args":["proxy","--config","/home/ann/mcp.json","default"],"command":"/bin/bowline"} (Claude Desktop has no such variables as in env)
        vscode default: {"args":[],"command":"x","env":{"KEY":"${input:lax}"},"type":"stdio"} {"default":"b","description":"lax","id":"lax","options":["a","b"],"type":"pickString"}
    "#]].assert_eq(&all);
}

#[test]
fn what_is_written_is_read_again_without_a_problem() {
    let targets = [
        (command("npx -y x"), with_variables(&[("KEY", "${KEY}")])),
        (Target::Url("https://host/mcp".into()), with_headers(&[("X-Key", "${KEY}")])),
        (Target::Everything, common()),
        (Target::Unix("/run/mcp.sock".into()), common()),
    ];
    for client in CLIENTS {
        let Some(dialect) = Dialect::of(*client) else { continue };
        for (target, common) in &targets {
            let Written { entry, .. } = written(client.id, target, common, false).unwrap();
            let text = serde_json::json!({ dialect.list: { "x": entry.json() } }).to_string();
            let config = Config::parse("/mcp.json", &text).unwrap();
            assert_eq!(config.problems(), [], "{} {text}", client.id);
            let environment = Environment::new().variable("KEY", "sk-1");
            config.entry("x").unwrap().resolve(&environment).unwrap();
        }
    }
}
