mod arguments;
mod flags;
mod host;
mod manual;
mod shown;
mod targets;
mod verbs;

use super::{Address, Listen, Plan, Surroundings, Task};
use crate::args::Args;
use clap::Parser;
use expect_test::{Expect, expect};

/// What a command line after `bowline serve everything` means, in a line.
fn meaning(args: &[&str], token: Option<&str>) -> String {
    let typed = ["bowline", "serve", "everything"].iter().chain(args);
    let args = Args::try_parse_from(typed).unwrap();
    let around = Surroundings {
        token: token.map(str::to_owned),
        dashes: false,
        names: &Vec::new,
        is_client: &|_| false,
    };
    match Plan::new(args, around) {
        Ok(Plan { task: Task::Everything { ways, .. }, .. }) => match ways.listen {
            Listen::Stdio => "stdio".to_owned(),
            Listen::Unix { path, uids } => format!("{} for {uids:?}", path.display()),
            Listen::Http(endpoint) => format!(
                "{}{} authenticated={} tls={}",
                endpoint.address,
                endpoint.path,
                endpoint.is_authenticated(),
                endpoint.tls.is_some()
            ),
        },
        Ok(other) => unreachable!("{other:?}"),
        Err(fault) => fault.to_string(),
    }
}

fn check(args: &[&str], token: Option<&str>, expected: &Expect) {
    expected.assert_eq(&meaning(args, token));
}

#[test]
fn addresses_are_these() {
    let mut table = String::new();
    for text in [
        "127.0.0.1:8080",
        ":8080",
        ":0",
        "localhost:1",
        "LOCALHOST:1",
        "[::1]:8080",
        "[::ffff:127.0.0.1]:8080",
        "127.9.9.9:1",
        "0.0.0.0:8080",
        "[::]:8080",
        "192.168.1.5:80",
        "example.com:443",
        "localhost.example.com:443",
        "127.0.0.1.example.com:443",
        "127.1:80",
        "8080",
        "",
        "::1:8080",
        "[::1]",
        "host:",
        "host:+1",
        "host:65536",
        "http://127.0.0.1:8080",
        "a b:1",
        "[127.0.0.1]:1",
    ] {
        let shown = match Address::parse(text) {
            Ok(address) if address.is_loopback() => format!("loopback {address}"),
            Ok(address) if address.is_unspecified() => format!("every {address}"),
            Ok(address) => format!("other {address}"),
            Err(fault) => fault.to_string().lines().next().unwrap_or_default().to_owned(),
        };
        table += &format!("{text:28} {shown}\n");
    }
    expect![[r#"
        127.0.0.1:8080               loopback 127.0.0.1:8080
        :8080                        loopback 127.0.0.1:8080
        :0                           loopback 127.0.0.1:0
        localhost:1                  loopback localhost:1
        LOCALHOST:1                  loopback LOCALHOST:1
        [::1]:8080                   loopback [::1]:8080
        [::ffff:127.0.0.1]:8080      loopback [::ffff:127.0.0.1]:8080
        127.9.9.9:1                  loopback 127.9.9.9:1
        0.0.0.0:8080                 every 0.0.0.0:8080
        [::]:8080                    every [::]:8080
        192.168.1.5:80               other 192.168.1.5:80
        example.com:443              other example.com:443
        localhost.example.com:443    other localhost.example.com:443
        127.0.0.1.example.com:443    other 127.0.0.1.example.com:443
        127.1:80                     other 127.1:80
        8080                         error: --listen "8080": has no port
                                     error: --listen "": has no port
        ::1:8080                     error: --listen "::1:8080": the host is neither a name nor an address; put IPv6 in brackets
        [::1]                        error: --listen "[::1]": the port is no number from 0 to 65535
        host:                        error: --listen "host:": the port is no number from 0 to 65535
        host:+1                      error: --listen "host:+1": the port is no number from 0 to 65535
        host:65536                   error: --listen "host:65536": the port is no number from 0 to 65535
        http://127.0.0.1:8080        error: --listen "http://127.0.0.1:8080": the host is neither a name nor an address; put IPv6 in brackets
        a b:1                        error: --listen "a b:1": the host is neither a name nor an address; put IPv6 in brackets
        [127.0.0.1]:1                error: --listen "[127.0.0.1]:1": the host is neither a name nor an address; put IPv6 in brackets
    "#]].assert_eq(&table);
}

#[test]
fn without_flags_it_is_stdio() {
    check(&[], None, &expect!["stdio"]);
}

#[test]
fn a_token_of_the_environment_authenticates() {
    check(
        &["--listen", ":8080"],
        Some("secret"),
        &expect!["127.0.0.1:8080/mcp authenticated=true tls=false"],
    );
    check(
        &["--listen", ":8080"],
        Some(""),
        &expect!["127.0.0.1:8080/mcp authenticated=false tls=false"],
    );
}

#[test]
fn stdio_takes_no_flag_of_http() {
    check(
        &["--path", "/x"],
        None,
        &expect![[r#"
        error: --path means nothing without HTTP
        hint: add --listen HOST:PORT, such as --listen 127.0.0.1:8080
    "#]],
    );
    for flag in [&["--no-sessions"][..], &["--keep-alive", "5"]] {
        let refusal = meaning(flag, None);
        assert!(refusal.contains(&format!("{} means nothing without HTTP", flag[0])), "{refusal}");
    }
    check(
        &["--token-file", "tokens"],
        None,
        &expect![[r#"
        error: --token-file means nothing without HTTP
        hint: add --listen HOST:PORT, such as --listen 127.0.0.1:8080
    "#]],
    );
}

#[test]
fn unix_sockets_are_paths() {
    let mut table = String::new();
    for text in ["unix:", "unix:/run/mcp.sock", "unix:///run/mcp.sock", "unix:mcp.sock", "unix:a:1"]
    {
        table +=
            &format!("{text:22} {}\n", meaning(&["--listen", text], Some("secret")).trim_end());
    }
    expect![[r#"
        unix:                  error: --listen "unix:": has no path
        hint: write unix:PATH, such as unix:/run/user/1000/mcp.sock
        unix:/run/mcp.sock     /run/mcp.sock for []
        unix:///run/mcp.sock   ///run/mcp.sock for []
        unix:mcp.sock          mcp.sock for []
        unix:a:1               a:1 for []
    "#]]
    .assert_eq(&table);
    check(
        &["--listen", "unix:s", "--allow-uid", "1000", "--allow-uid", "0"],
        None,
        &expect!["s for [1000, 0]"],
    );
    check(
        &["--listen", "unix:s", "--allow-host", "a.test"],
        None,
        &expect![[r#"
        error: --allow-host means nothing without HTTP
        hint: add --listen HOST:PORT, such as --listen 127.0.0.1:8080
    "#]],
    );
    let refused = expect![[r#"
        error: --allow-uid means nothing without a Unix socket
        hint: add --listen unix:PATH, such as --listen unix:/run/user/1000/mcp.sock
    "#]];
    for address in ["stdio", ":8080"] {
        check(&["--listen", address, "--allow-uid", "1000"], None, &refused);
    }
}

#[test]
fn a_path_begins_with_a_slash() {
    check(
        &["--listen", ":1", "--path", "mcp"],
        None,
        &expect![[r#"
        error: --path "mcp" does not begin with /
        hint: write --path /mcp
    "#]],
    );
}

#[test]
fn what_others_can_reach_needs_authentication_and_tls() {
    let public = ["--listen", "0.0.0.0:8080"];
    let with = |more: &[&'static str]| [&public[..], more].concat();
    let tls = ["--tls-cert", "cert.pem", "--tls-key", "key.pem"];
    check(
        &public,
        None,
        &expect![[r#"
        error: other machines could reach 0.0.0.0:8080 without authentication and TLS; refusing to listen there
        hint: add --token-file FILE (or BOWLINE_TOKEN), --tls-cert FILE and --tls-key FILE (or --public-url https://… where TLS ends in front), or listen on 127.0.0.1:8080
    "#]],
    );
    check(
        &public,
        Some("secret"),
        &expect![[r#"
        error: other machines could reach 0.0.0.0:8080 without TLS; refusing to listen there
        hint: add --tls-cert FILE and --tls-key FILE (or --public-url https://… where TLS ends in front), or listen on 127.0.0.1:8080
    "#]],
    );
    check(
        &with(&tls),
        None,
        &expect![[r#"
        error: other machines could reach 0.0.0.0:8080 without authentication; refusing to listen there
        hint: add --token-file FILE (or BOWLINE_TOKEN), or listen on 127.0.0.1:8080
    "#]],
    );
    check(&with(&tls), Some("secret"), &expect!["0.0.0.0:8080/mcp authenticated=true tls=true"]);
    check(
        &with(&["--public-url", "https://mcp.example.com"]),
        None,
        &expect![[r#"
        error: other machines could reach 0.0.0.0:8080 without authentication; refusing to listen there
        hint: add --token-file FILE (or BOWLINE_TOKEN), or listen on 127.0.0.1:8080
    "#]],
    );
    check(
        &with(&["--public-url", "http://mcp.example.com"]),
        Some("secret"),
        &expect![[r#"
        error: other machines could reach 0.0.0.0:8080 without TLS; refusing to listen there
        hint: add --tls-cert FILE and --tls-key FILE (or --public-url https://… where TLS ends in front), or listen on 127.0.0.1:8080
    "#]],
    );
    check(
        &with(&["--public-url", "https://mcp.example.com"]),
        Some("secret"),
        &expect!["0.0.0.0:8080/mcp authenticated=true tls=false"],
    );
}
