//! What flags mean, and what they must not.

use super::super::{Plan, Task};
use super::shown::{check, planned};
use expect_test::expect;
use std::fmt::Write;

#[test]
fn flags_that_mean_nothing_are_refused() {
    check(
        &[
            "info https://a.test -e A=1",
            "info https://a.test --cwd x",
            "info https://a.test -c x",
            "info unix:s -H A:b",
            "info everything --cacert x",
            "info -H A:b -- cmd",
            "info cursor:git -c x",
            "list -H A:b",
            "list -e A",
            "list -c x",
            "info git --json --raw",
            "info git --cert c",
            "info git --key k",
        ],
        &expect![[r#"
            info https://a.test -e A=1
                error: -e means nothing here: a server with a URL is not started by us
                hint: leave -e out
            info https://a.test --cwd x
                error: --cwd means nothing here: a server with a URL is not started by us
                hint: leave --cwd out
            info https://a.test -c x
                error: --config means nothing here: this server is not one of the config
                hint: leave --config out
            info unix:s -H A:b
                error: -H means nothing here: a socket is neither started by us nor HTTP
                hint: leave -H out
            info everything --cacert x
                error: --cacert means nothing here: `everything` runs in this process
                hint: leave --cacert out
            info -H A:b -- cmd
                error: -H means nothing here: a program is not called over HTTP
                hint: leave -H out
            info cursor:git -c x
                error: --config means nothing here: CLIENT:NAME is in the client's config
                hint: leave --config out
            list -H A:b
                error: -H means nothing here: it would be for every server of the config; name one
                hint: leave -H out
            list -e A
                error: -e means nothing here: it would be for every server of the config; name one
                hint: leave -e out
            list -c x
                list | every server | tools+resources+templates+prompts
            info git --json --raw
                error: the argument '--json' cannot be used with '--raw'
            info git --cert c
                error: the following required arguments were not provided:
                  --key <FILE>
            info git --key k
                error: the following required arguments were not provided:
                  --cert <FILE>
        "#]],
    );
}

#[test]
fn secrets_do_not_stand_on_the_command_line() {
    check(
        &[
            "info git -H Authorization:~Bearer~s3cret",
            "info git -H authorization:s3cret",
            "info git -H X-Api-Key:s3cret",
            "info git -H Cookie:a=s3cret",
            "info git -H s3cret",
            "info git -H _",
            "info git -H a~b:c",
            "info git -H Mcp-Method:x",
            "info git -H Host:x",
            "info git -e API_KEY=s3cret",
            "info git -e GITHUB_TOKEN=s3cret",
            "info git -e DB_PASSWORD=s3cret",
            "info git -e s3cret~value",
            "info git -e =x",
        ],
        &expect![[r#"
            info git -H Authorization:~Bearer~s3cret
                error: -H "Authorization": its value would stand on the command line, where others can see it
                hint: write -H 'Authorization: Bearer ${TOKEN}' in single quotes, with TOKEN in the environment, or -H 'Authorization: @FILE'
            info git -H authorization:s3cret
                error: -H "authorization": its value would stand on the command line, where others can see it
                hint: write -H 'authorization: Bearer ${TOKEN}' in single quotes, with TOKEN in the environment, or -H 'authorization: @FILE'
            info git -H X-Api-Key:s3cret
                error: -H "X-Api-Key": its value would stand on the command line, where others can see it
                hint: write -H 'X-Api-Key: ${TOKEN}' in single quotes, with TOKEN in the environment, or -H 'X-Api-Key: @FILE'
            info git -H Cookie:a=s3cret
                error: -H "Cookie": its value would stand on the command line, where others can see it
                hint: write -H 'Cookie: ${TOKEN}' in single quotes, with TOKEN in the environment, or -H 'Cookie: @FILE'
            info git -H s3cret
                error: -H wants NAME: VALUE and got no `:`
                hint: write for example -H 'X-Trace: on'
            info git -H _
                error: -H wants NAME: VALUE and got no `:`
                hint: write for example -H 'X-Trace: on'
            info git -H a~b:c
                error: -H "a b": no name of a header
                hint: write for example -H 'X-Trace: on'
            info git -H Mcp-Method:x
                error: -H "Mcp-Method": the protocol sets this header itself
                hint: leave it out
            info git -H Host:x
                error: -H "Host": the protocol sets this header itself
                hint: leave it out
            info git -e API_KEY=s3cret
                error: -e "API_KEY": its value would stand on the command line, where others can see it
                hint: write -e API_KEY to pass on yours, -e 'API_KEY=${OTHER}' in single quotes, or -e API_KEY=@FILE
            info git -e GITHUB_TOKEN=s3cret
                error: -e "GITHUB_TOKEN": its value would stand on the command line, where others can see it
                hint: write -e GITHUB_TOKEN to pass on yours, -e 'GITHUB_TOKEN=${OTHER}' in single quotes, or -e GITHUB_TOKEN=@FILE
            info git -e DB_PASSWORD=s3cret
                error: -e "DB_PASSWORD": its value would stand on the command line, where others can see it
                hint: write -e DB_PASSWORD to pass on yours, -e 'DB_PASSWORD=${OTHER}' in single quotes, or -e DB_PASSWORD=@FILE
            info git -e s3cret~value
                error: -e "s3cret value": no name of a variable
                hint: write -e NAME=VALUE, or -e NAME to pass yours on
            info git -e =x
                error: -e "": no name of a variable
                hint: write -e NAME=VALUE, or -e NAME to pass yours on
        "#]],
    );
    for line in [
        &["-H", "Authorization: Bearer ${TOKEN}"][..],
        &["-H", "Authorization: @token"],
        &["-H", "X-Trace: on", "-e", "KEYBOARD=us", "-e", "AUTHOR=", "-e", "API_KEY"],
        &["-e", "API_KEY=${OTHER}", "-e", "API_KEY=@file"],
    ] {
        let Ok(Plan { task: Task::Info(info), .. }) = planned(&[&["info", "git"], line].concat())
        else {
            panic!("{line:?} is refused: {:?}", planned(&[&["info", "git"], line].concat()));
        };
        assert_eq!(info.common.headers.len() + info.common.variables.len(), line.len() / 2);
    }
}

#[test]
fn times_have_units() {
    let mut table = String::new();
    for text in [
        "30", "1.5", "500ms", "30s", "2m", "1h", "24h", "0", "25h", "-1", "1e3", "x", "", "5 s",
        "1d", "inf",
    ] {
        let flag = format!("--timeout={text}");
        let shown = match planned(&["info", "git", &flag]) {
            Ok(Plan { task: Task::Info(info), .. }) => {
                format!("{:?}", info.common.timeout.unwrap())
            }
            Ok(_) => unreachable!(),
            Err(fault) => fault.lines().next().unwrap_or_default().to_owned(),
        };
        let _ = writeln!(table, "{text:6} {shown}");
    }
    expect![[r#"
        30     30s
        1.5    1.5s
        500ms  500ms
        30s    30s
        2m     120s
        1h     3600s
        24h    86400s
        0      error: --timeout "0": no time from 1ms to 24h
        25h    error: --timeout "25h": no time from 1ms to 24h
        -1     error: --timeout "-1": no time from 1ms to 24h
        1e3    error: --timeout "1e3": no time from 1ms to 24h
        x      error: --timeout "x": no time from 1ms to 24h
               error: --timeout "": no time from 1ms to 24h
        5 s    error: --timeout "5 s": no time from 1ms to 24h
        1d     error: --timeout "1d": no time from 1ms to 24h
        inf    error: --timeout "inf": no time from 1ms to 24h
    "#]]
    .assert_eq(&table);
}

#[test]
fn protocol_versions_are_known_ones() {
    check(
        &["info git --protocol 2025-06-18", "info git --protocol 2025-01-01"],
        &expect![[r#"
            info git --protocol 2025-06-18
                info | name git
            info git --protocol 2025-01-01
                error: --protocol "2025-01-01": no protocol version that is known; there are 2024-11-05, 2025-03-26, 2025-06-18, 2025-11-25, 2026-07-28
        "#]],
    );
}
