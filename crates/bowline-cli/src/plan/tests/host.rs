//! What the verbs mean that run servers for others.

use super::shown::check;
use expect_test::expect;

#[test]
fn servers_that_are_run_for_others_are_these() {
    check(
        &[
            "up",
            "up git my.server",
            "up git git",
            "up everything https://mcp.example.com/mcp localhost:9000 cursor:notes",
            "up -- npx -y @modelcontextprotocol/server-everything",
            "up --from cursor",
            "up --from cursor notes https://a.test",
            "up --from cursr",
            "up --from cursor --config x",
            "up git -- cmd",
            "up https://a.test https://mcp.a.test/other",
            "up --",
            "up --listen :9000 --naming flat --isolation principal --admin :9001",
            "up --listen unix:/run/b.sock",
            "up --listen stdio",
            "up --listen stdio --path /x",
            "up --listen 0.0.0.0:80",
            "up --admin 0.0.0.0:9001",
            "up --admin unix:x",
            "up --naming short",
            "up -H A:b",
            "up git -H A:b",
            "up git my.server -e A=1",
            "up git --config servers.json",
            "up https://a.test --config servers.json",
            "proxy git",
            "proxy https://a.test/mcp --listen :9000",
            "proxy -- uvx mcp-server-git",
            "proxy",
            "proxy git web",
            "proxy git -- cmd",
        ],
        &expect![[r#"
            up
                up | every server | at 127.0.0.1:8080/mcp, Prefix
            up git my.server
                up | git = name git, my.server = name my.server | at 127.0.0.1:8080/mcp, Prefix
            up git git
                up | git = name git | at 127.0.0.1:8080/mcp, Prefix
            up everything https://mcp.example.com/mcp localhost:9000 cursor:notes
                up | everything = everything, example = url https://mcp.example.com/mcp, localhost-9000 = url http://localhost:9000/mcp, notes = notes of cursor | at 127.0.0.1:8080/mcp, Prefix
            up -- npx -y @modelcontextprotocol/server-everything
                up | everything = ["npx", "-y", "@modelcontextprotocol/server-everything"] | at 127.0.0.1:8080/mcp, Prefix
            up --from cursor
                up | every server of cursor | at 127.0.0.1:8080/mcp, Prefix
            up --from cursor notes https://a.test
                up | notes = notes of cursor, a = url https://a.test | at 127.0.0.1:8080/mcp, Prefix
            up --from cursr
                error: there is no client `cursr`
                hint: did you mean `cursor`?
            up --from cursor --config x
                error: the argument '--from <CLIENT>' cannot be used with '--config <FILE>'
            up git -- cmd
                error: there are two kinds of servers: `git`, and the command after `--`
                hint: write the command into a config beside the others, and name that with --config FILE
            up https://a.test https://mcp.a.test/other
                error: https://a.test and https://mcp.a.test/other would both be called `a`
                hint: write them into a config, where they have names
            up --
                error: there is no command after `--`
                hint: write the program and its arguments, such as -- npx -y @modelcontextprotocol/server-everything
            up --listen :9000 --naming flat --isolation principal --admin :9001
                up | every server | at 127.0.0.1:9000/mcp, Flat, Principal, admin at 127.0.0.1:9001
            up --listen unix:/run/b.sock
                up | every server | at unix:/run/b.sock, Prefix
            up --listen stdio
                up | every server | at stdio, Prefix
            up --listen stdio --path /x
                error: --path means nothing without HTTP
                hint: add --listen HOST:PORT, such as --listen 127.0.0.1:8080
            up --listen 0.0.0.0:80
                error: other machines could reach 0.0.0.0:80 without authentication and TLS; refusing to listen there
                hint: add --token-file FILE (or BOWLINE_TOKEN), --tls-cert FILE and --tls-key FILE (or --public-url https://… where TLS ends in front), or listen on 127.0.0.1:80
            up --admin 0.0.0.0:9001
                error: other machines could reach --admin 0.0.0.0:9001, which asks nobody who they are
                hint: write --admin :9001
            up --admin unix:x
                error: --admin "unix:x": the port is no number from 0 to 65535
                hint: write HOST:PORT, or :PORT for the loopback address
            up --naming short
                error: invalid value 'short' for '--naming <HOW>'
                  [possible values: prefix, flat]
            up -H A:b
                error: -H means nothing here: it would be for every server of the config; name one
                hint: leave -H out
            up git -H A:b
                up | git = name git | at 127.0.0.1:8080/mcp, Prefix
            up git my.server -e A=1
                error: -e means nothing here: it would be for every server of the config; name one
                hint: leave -e out
            up git --config servers.json
                up | git = name git | at 127.0.0.1:8080/mcp, Prefix
            up https://a.test --config servers.json
                up | a = url https://a.test | at 127.0.0.1:8080/mcp, Prefix
            proxy git
                proxy | name git | at stdio
            proxy https://a.test/mcp --listen :9000
                proxy | url https://a.test/mcp | at 127.0.0.1:9000/mcp
            proxy -- uvx mcp-server-git
                proxy | - | at stdio | uvx mcp-server-git
            proxy
                error: `proxy` names no server
                hint: write bowline proxy TARGET; the servers of the config are git, my.server
            proxy git web
                error: `proxy` does not know what to do with `web`
                hint: `bowline proxy --help` says what it takes
            proxy git -- cmd
                error: there are two servers: `git`, and the command after `--`
                hint: write either bowline proxy git or bowline proxy -- cmd
        "#]],
    );
}

#[test]
fn what_is_installed_has_a_name_and_clients() {
    check(
        &[
            "install git --to cursor",
            "install git --to cursor,vscode --to cursor --traced --dry-run",
            "install git --to vscode --project --force",
            "install git --to cursor --dry-run --yes",
            "install git",
            "install git --to cursr",
            "install git --to word",
            "install https://mcp.example.com/mcp --to cursor --name web",
            "install --to claude-desktop -- uvx mcp-server-git --repository .",
            "install git --to cursor --name _",
            "install --to cursor",
            "install git more --to cursor",
            "uninstall git --from cursor,vscode",
            "uninstall git",
            "uninstall --from cursor",
            "uninstall git --from cursor --project --yes",
            "uninstall git --from cursor --dry-run --yes",
            "config check",
            "config check servers.json --json",
            "config check -c servers.json",
            "config check a -c b",
            "config schema",
        ],
        &expect![[r#"
            install git --to cursor
                install | name git | as git to cursor
            install git --to cursor,vscode --to cursor --traced --dry-run
                install | name git | as git to cursor+vscode, traced, only shown
            install git --to vscode --project --force
                install | name git | as git to vscode, of the project, whatever is there
            install git --to cursor --dry-run --yes
                error: the argument '--dry-run' cannot be used with '--yes'
            install git
                error: the following required arguments were not provided:
                  --to <CLIENT>
            install git --to cursr
                error: there is no client `cursr`
                hint: did you mean `cursor`?
            install git --to word
                error: there is no client `word`
                hint: there are bowline, claude-code, claude-desktop, cursor, vscode, copilot, windsurf, gemini, antigravity, inspector, codex, opencode, fastmcp
            install https://mcp.example.com/mcp --to cursor --name web
                install | url https://mcp.example.com/mcp | as web to cursor
            install --to claude-desktop -- uvx mcp-server-git --repository .
                install | - | as git to claude-desktop | uvx mcp-server-git --repository .
            install git --to cursor --name _
                error: --name "" is no name for a server
                hint: use up to 128 letters, digits and signs
            install --to cursor
                error: `install` names no server
                hint: write bowline install TARGET; the servers of the config are git, my.server
            install git more --to cursor
                error: `install` does not know what to do with `more`
                hint: `bowline install --help` says what it takes
            uninstall git --from cursor,vscode
                uninstall | git | from cursor+vscode
            uninstall git
                error: the following required arguments were not provided:
                  --from <CLIENT>
            uninstall --from cursor
                error: the following required arguments were not provided:
                  <NAME>
            uninstall git --from cursor --project --yes
                uninstall | git | from cursor, of the project
            uninstall git --from cursor --dry-run --yes
                error: the argument '--dry-run' cannot be used with '--yes'
            config check
                config | Check { file: None, json: false }
            config check servers.json --json
                config | Check { file: Some("servers.json"), json: true }
            config check -c servers.json
                config | Check { file: Some("servers.json"), json: false }
            config check a -c b
                error: the argument '[FILE]' cannot be used with '--config <FILE>'
            config schema
                config | Schema
        "#]],
    );
}

#[test]
fn names_are_taken_from_where_servers_are() {
    check(
        &[
            "install https://mcp.example.com/mcp --to cursor",
            "install https://example.com --to cursor",
            "install https://api.githubcopilot.com/mcp/ --to cursor",
            "install https://mcp.example.co.uk:8443/mcp --to cursor",
            "install http://10.0.0.7:8080/mcp --to cursor",
            "install localhost:8080 --to cursor",
            "install http://intranet/mcp --to cursor",
            "install unix:/run/user/1000/notes.sock --to cursor",
            "install claude-desktop:git --to cursor",
            "install everything --to cursor",
            "install --to cursor -- ./target/debug/my_server --flag",
            "install --to cursor -- npx -y @modelcontextprotocol/server-everything@latest",
            "install --to cursor -- uvx mcp-server-time",
            "install --to cursor -- docker run -i --rm mcp/github:1.2",
            "install --to cursor -- python3 /srv/notes-mcp.py",
            "install --to cursor -- uv tool run weather-mcp-server==2",
            "install --to cursor -- npx",
            "install --to cursor -- ~",
        ],
        &expect![[r#"
            install https://mcp.example.com/mcp --to cursor
                install | url https://mcp.example.com/mcp | as example to cursor
            install https://example.com --to cursor
                install | url https://example.com | as example to cursor
            install https://api.githubcopilot.com/mcp/ --to cursor
                install | url https://api.githubcopilot.com/mcp/ | as githubcopilot to cursor
            install https://mcp.example.co.uk:8443/mcp --to cursor
                install | url https://mcp.example.co.uk:8443/mcp | as example to cursor
            install http://10.0.0.7:8080/mcp --to cursor
                install | url http://10.0.0.7:8080/mcp | as 10-0-0-7-8080 to cursor
            install localhost:8080 --to cursor
                install | url http://localhost:8080/mcp | as localhost-8080 to cursor
            install http://intranet/mcp --to cursor
                install | url http://intranet/mcp | as intranet to cursor
            install unix:/run/user/1000/notes.sock --to cursor
                install | socket /run/user/1000/notes.sock | as notes to cursor
            install claude-desktop:git --to cursor
                install | git of claude-desktop | as git to cursor
            install everything --to cursor
                install | everything | as everything to cursor
            install --to cursor -- ./target/debug/my_server --flag
                install | - | as my_server to cursor | ./target/debug/my_server --flag
            install --to cursor -- npx -y @modelcontextprotocol/server-everything@latest
                install | - | as everything to cursor | npx -y @modelcontextprotocol/server-everything@latest
            install --to cursor -- uvx mcp-server-time
                install | - | as time to cursor | uvx mcp-server-time
            install --to cursor -- docker run -i --rm mcp/github:1.2
                install | - | as github to cursor | docker run -i --rm mcp/github:1.2
            install --to cursor -- python3 /srv/notes-mcp.py
                install | - | as notes to cursor | python3 /srv/notes-mcp.py
            install --to cursor -- uv tool run weather-mcp-server==2
                install | - | as weather to cursor | uv tool run weather-mcp-server==2
            install --to cursor -- npx
                install | - | as npx to cursor | npx
            install --to cursor -- ~
                install | - | as server to cursor |
        "#]],
    );
}
