//! Servers, as the command line names them.

use super::shown::check;
use expect_test::expect;

#[test]
fn a_target_is_one_of_these() {
    check(
        &[
            "info http://a.test/mcp",
            "info https://a.test",
            "info HTTPS://a.test/MCP",
            "info localhost",
            "info localhost:8080",
            "info LOCALHOST:1/x",
            "info localhost/",
            "info 127.0.0.1:8080",
            "info 127.9.9.9/x?y",
            "info [::1]:8080",
            "info unix:/run/mcp.sock",
            "info unix:///run/mcp.sock",
            "info unix:mcp.sock",
            "info git",
            "info my.server",
            "info io.github.someone/server",
            "info cursor:git",
            "info claude-desktop:a:b",
            "info plugin:a",
            "info everything",
        ],
        &expect![[r#"
            info http://a.test/mcp
                info | url http://a.test/mcp
            info https://a.test
                info | url https://a.test
            info HTTPS://a.test/MCP
                info | url https://a.test/MCP
            info localhost
                info | url http://localhost/mcp
            info localhost:8080
                info | url http://localhost:8080/mcp
            info LOCALHOST:1/x
                info | url http://LOCALHOST:1/x
            info localhost/
                info | url http://localhost/
            info 127.0.0.1:8080
                info | url http://127.0.0.1:8080/mcp
            info 127.9.9.9/x?y
                info | url http://127.9.9.9/x?y
            info [::1]:8080
                info | url http://[::1]:8080/mcp
            info unix:/run/mcp.sock
                info | socket /run/mcp.sock
            info unix:///run/mcp.sock
                info | socket /run/mcp.sock
            info unix:mcp.sock
                info | socket mcp.sock
            info git
                info | name git
            info my.server
                info | name my.server
            info io.github.someone/server
                info | name io.github.someone/server
            info cursor:git
                info | git of cursor
            info claude-desktop:a:b
                info | a:b of claude-desktop
            info plugin:a
                info | name plugin:a
            info everything
                info | everything
        "#]],
    );
}

#[test]
fn what_is_no_target_is_told_what_is() {
    check(
        &[
            "info _",
            "info unix:",
            "info ftp://a.test",
            "info https:///mcp",
            "info https://user:password@a.test/mcp",
            "info https://a.test/a~b",
            "info cursor:",
        ],
        &expect![[r#"
            info _
                error: the server is an empty text
                hint: write https://HOST/PATH, localhost:PORT, unix:PATH, the name of a server in the config, CLIENT:NAME, `everything`, or a command after `--`
            info unix:
                error: `unix:` has no path
                hint: write unix:PATH, such as unix:/run/user/1000/mcp.sock
            info ftp://a.test
                error: `ftp://` is no way to a server
                hint: write https://HOST/PATH, localhost:PORT, unix:PATH, the name of a server in the config, CLIENT:NAME, `everything`, or a command after `--`
            info https:///mcp
                error: `https:///mcp` has no host
                hint: write https://HOST/PATH, localhost:PORT, unix:PATH, the name of a server in the config, CLIENT:NAME, `everything`, or a command after `--`
            info https://user:password@a.test/mcp
                error: the URL has a user or a password in it, which others can see
                hint: write https://a.test… and -H 'Authorization: Basic ${CREDENTIALS}'
            info https://a.test/a~b
                error: `https://a.test/a b` has white space in it
                hint: write %20
            info cursor:
                error: `cursor:` names no server of cursor
                hint: `bowline configs` lists those there are
        "#]],
    );
}
