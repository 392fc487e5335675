//! What changed from one config to the next.

use super::super::{Config, Difference, Environment, Setup};
use expect_test::{Expect, expect};

fn setup(text: &str) -> Setup {
    let environment = Environment::new().variable("TOKEN", "s3cret");
    Config::parse("servers.json", text).unwrap().setup(&environment).unwrap()
}

const BEFORE: &str = r#"{ "mcpServers": {
    "git": { "command": "x", "args": ["a"], "env": { "KEY": "${TOKEN}" } },
    "web": { "url": "https://a.test" },
    "off": { "command": "y", "disabled": true }
} }"#;

fn check(after: &str, expected: &Expect) {
    let difference = Difference::between(&setup(BEFORE), &setup(after));
    let shown = format!("{difference}\n{:?}\n", difference.at_next_start().collect::<Vec<_>>());
    assert!(!shown.contains("s3cret"), "{shown}");
    expected.assert_eq(&shown);
}

#[test]
fn only_what_changed_is_told() {
    check(
        BEFORE,
        &expect![[r#"
        nothing changed
        []
    "#]],
    );
    // Comments, order and places are nothing that a server is made of.
    check(
        r#"{ /* the same */ "mcpServers": { "web": { "type": "http", "url": "https://a.test" },
            "git": { "command": "x", "args": ["a"], "env": { "KEY": "s3cret" } } } }"#,
        &expect![[r#"
            nothing changed
            []
        "#]],
    );
    check(
        r#"{ "mcpServers": {
            "git": { "command": "x", "args": ["b"], "env": { "KEY": "other" }, "cwd": "/srv", "timeout": 5000 },
            "web": { "command": "web" },
            "off": { "command": "y" }
        } }"#,
        &expect![[r#"
            + off
            ~ git: arguments, environment, directory, timeout
            ~ web: transport
            no server is as before
            []
        "#]],
    );
    check(
        r#"{ "mcpServers": {
            "git": { "command": "x", "args": ["a"], "env": { "KEY": "${TOKEN}" } },
            "web": { "url": "https://a.test", "headers": { "A": "b" }, "tools": ["x"], "protocol": "2025-06-18" } },
            "bowline": { "listen": ":9000", "naming": "flat", "servers": { "git": { "instances": 2 } } } }"#,
        &expect![[r#"
            ~ git: settings
            ~ web: headers, protocol version, tools
            listen: from the next start on
            naming: changed
            no server is as before
            ["listen"]
        "#]],
    );
    check(
        r#"{ "mcpServers": { "web": { "url": "https://a.test" } }, "bowline": { "upstream": { "timeout": "5s", "cacert": "/ca" } } }"#,
        &expect![[r#"
            - git
            ~ web: timeout, certificates
            upstream: changed
            no server is as before
            []
        "#]],
    );
    check(
        r#"{ "mcpServers": {} }"#,
        &expect![[r#"
        - git
        - web
        no server is as before
        []
    "#]],
    );
}

#[test]
fn a_fingerprint_is_that_of_the_server_and_not_of_its_name() {
    let print = |server: &str| {
        let text = format!(r#"{{ "mcpServers": {{ {server} }} }}"#);
        setup(&text).servers[0].fingerprint()
    };
    let one = print(r#""a": { "command": "x", "args": ["y"] }"#);
    assert_eq!(one.len(), 64);
    assert_eq!(one, print(r#""b": { "command": "x", "args": ["y"], "timeout": 5000 }"#));
    let others = [
        r#""a": { "command": "x", "args": ["y", ""] }"#,
        r#""a": { "command": "xy" }"#,
        r#""a": { "command": "x", "args": ["y"], "env": { "A": "" } }"#,
        r#""a": { "command": "x", "args": ["y"], "cwd": "/" }"#,
        r#""a": { "command": "x", "args": ["y"], "protocol": "2025-06-18" }"#,
        r#""a": { "url": "http://x" }"#,
        r#""a": { "url": "http://x", "type": "sse" }"#,
        r#""a": { "url": "http://x", "headers": { "A": "b" } }"#,
        r#""a": { "url": "http://x", "headers": { "A": "${TOKEN}" } }"#,
    ];
    let mut all: Vec<_> = others.iter().map(|server| print(server)).chain([one]).collect();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), others.len() + 1);
    assert!(all.iter().all(|print| !print.contains("s3cret")));
}
