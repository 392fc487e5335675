//! Command lines that are understood and refused.

use crate::program::{bowline, ends};
use expect_test::{Expect, expect};
use std::net::TcpListener;

const HUMAN: [&str; 4] = ["--log-format", "human", "serve", "everything"];

fn check(args: &[&str], expected: &Expect) {
    expected.assert_eq(&ends(bowline(&HUMAN).args(args)));
}

#[test]
fn an_address_that_others_reach_is_refused() {
    check(
        &["--listen", "0.0.0.0:0"],
        &expect![[r#"
        exit code 1
        --- stdout
        --- stderr
        error: other machines could reach 0.0.0.0:0 without authentication and TLS; refusing to listen there
        hint: add --token-file FILE (or BOWLINE_TOKEN), --tls-cert FILE and --tls-key FILE (or --public-url https://… where TLS ends in front), or listen on 127.0.0.1:0
    "#]],
    );
}

#[test]
fn a_token_alone_does_not_make_it_safe() {
    let mut command = bowline(&HUMAN);
    command.args(["--listen", "0.0.0.0:0"]).env("BOWLINE_TOKEN", "0123456789abcdef");
    expect![[r#"
        exit code 1
        --- stdout
        --- stderr
        error: other machines could reach 0.0.0.0:0 without TLS; refusing to listen there
        hint: add --tls-cert FILE and --tls-key FILE (or --public-url https://… where TLS ends in front), or listen on 127.0.0.1:0
    "#]].assert_eq(&ends(&mut command));
}

#[test]
fn scripts_get_the_refusal_as_the_last_line_in_json() {
    expect![[r#"
        exit code 1
        --- stdout
        --- stderr
        {"error":{"code":"failed","hint":"write stdio, HOST:PORT, :PORT for the loopback address, or unix:PATH","message":"--listen \"nowhere\": has no port"}}
    "#]].assert_eq(&ends(&mut bowline(&["serve", "everything", "--listen", "nowhere"])));
}

#[test]
fn an_address_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let said = ends(bowline(&HUMAN).args(["--listen", &address])).replace(&address, "ADDRESS");
    expect![[r#"
        exit code 1
        --- stdout
        --- stderr
        error: cannot listen on ADDRESS: Address already in use (os error 98)
    "#]]
    .assert_eq(&said);
}

#[test]
fn a_filter_that_is_none_is_refused() {
    let said = ends(bowline(&HUMAN).env("BOWLINE_LOG", "bowline=loud"));
    expect![[r#"
        exit code 1
        --- stdout
        --- stderr
        error: BOWLINE_LOG="bowline=loud" is no filter: error parsing level filter: expected one of "off", "error", "warn", "info", "debug", "trace", or a number 0-5
        hint: write levels by module, such as BOWLINE_LOG=warn,bowline=debug
    "#]].assert_eq(&said);
}

#[test]
fn what_is_refused_cannot_steer_the_terminal() {
    check(
        &["--listen", "\u{1b}[2J\u{202e}:1"],
        &expect![[r#"
            exit code 1
            --- stdout
            --- stderr
            error: --listen "\u{1b}[2J\u{202e}:1": the host is neither a name nor an address; put IPv6 in brackets
            hint: write stdio, HOST:PORT, :PORT for the loopback address, or unix:PATH
        "#]],
    );
}
