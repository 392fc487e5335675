//! Command lines of the client's verbs, and what they mean.

use super::shown::{meaning, planned};
use super::{Plan, Task};
use expect_test::{Expect, expect};
use std::fmt::Write;

/// A line of words, in which `_` stands for an empty one and `~` for a space.
fn check(lines: &[&str], expected: &Expect) {
    let mut table = String::new();
    for line in lines {
        let words: Vec<_> = line.split_whitespace().map(|word| word.replace('~', " ")).collect();
        let words: Vec<_> = words.iter().map(|word| if word == "_" { "" } else { word }).collect();
        let meaning = meaning(&words);
        let _ = writeln!(table, "{line}\n    {}", meaning.trim_end().replace('\n', "\n    "));
    }
    expected.assert_eq(&table);
}

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

#[test]
fn the_server_is_the_first_operand_or_the_command() {
    check(
        &[
            "list",
            "list git",
            "list -- uvx mcp-server-git",
            "list --tools --prompts git",
            "list git --resources --templates",
            "ping -- cmd --json -- --help",
            "call git log",
            "call git log n=1 path=.",
            "call log n=1 -- uvx mcp-server-git",
            "call log --json -- cmd --json",
            "read git file:///a",
            "read file:///a -- cmd",
            "read https://a.test/b -- cmd",
            "prompt git review code=@main.rs",
            "prompt review -- cmd",
            "complete git prompt:review language=py",
            "complete git review language",
            "complete git resource:file:///{path} path=/etc/ host=a",
            "complete review language=py framework=fl -- cmd",
            "complete file:///{path} path= -- cmd",
            "subscribe git",
            "subscribe git file:///a file:///b",
            "subscribe git --tools",
            "subscribe git file:///a --prompts",
            "subscribe -- cmd",
            "subscribe file:///a -- cmd",
            "configs",
            "configs --json",
            "completions zsh",
        ],
        &expect![[r#"
            list
                list | every server | tools+resources+templates+prompts
            list git
                list | name git | tools+resources+templates+prompts
            list -- uvx mcp-server-git
                list | - | tools+resources+templates+prompts | uvx mcp-server-git
            list --tools --prompts git
                list | name git | tools+prompts
            list git --resources --templates
                list | name git | resources+templates
            ping -- cmd --json -- --help
                ping | - |  | cmd --json -- --help
            call git log
                call | name git | log
            call git log n=1 path=.
                call | name git | log n text "1", path text "."
            call log n=1 -- uvx mcp-server-git
                call | - | log n text "1" | uvx mcp-server-git
            call log --json -- cmd --json
                call | - | log | cmd --json
            read git file:///a
                read | name git | file:///a
            read file:///a -- cmd
                read | - | file:///a | cmd
            read https://a.test/b -- cmd
                read | - | https://a.test/b | cmd
            prompt git review code=@main.rs
                prompt | name git | review code text of main.rs
            prompt review -- cmd
                prompt | - | review | cmd
            complete git prompt:review language=py
                complete | name git | prompt review, language "py" []
            complete git review language
                error: `language` is no argument to complete
                hint: write NAME=PREFIX, or NAME= for every value
            complete git resource:file:///{path} path=/etc/ host=a
                complete | name git | template file:///{path}, path "/etc/" [("host", "a")]
            complete review language=py framework=fl -- cmd
                complete | - | prompt review, language "py" [("framework", "fl")] | cmd
            complete file:///{path} path= -- cmd
                complete | - | template file:///{path}, path "" [] | cmd
            subscribe git
                subscribe | name git | tools+resources+prompts
            subscribe git file:///a file:///b
                subscribe | name git | file:///a file:///b
            subscribe git --tools
                subscribe | name git | tools
            subscribe git file:///a --prompts
                subscribe | name git | file:///a prompts
            subscribe -- cmd
                subscribe | - | tools+resources+prompts | cmd
            subscribe file:///a -- cmd
                subscribe | - | file:///a | cmd
            configs
                configs | json=false
            configs --json
                configs | json=true
            completions zsh
                completions | zsh
        "#]],
    );
}

#[test]
fn two_servers_are_refused() {
    check(
        &[
            "list git -- cmd",
            "info https://a.test -- cmd",
            "call git log -- cmd",
            "call git log n=1 -- cmd",
            "call https://a.test log -- cmd",
            "call everything -- cmd",
            "read git file:///a -- cmd",
            "prompt git review -- cmd",
            "complete git review language=py -- cmd",
            "subscribe git file:///a -- cmd",
        ],
        &expect![[r#"
            list git -- cmd
                error: there are two servers: `git`, and the command after `--`
                hint: write either bowline list git or bowline list -- cmd
            info https://a.test -- cmd
                error: there are two servers: `https://a.test`, and the command after `--`
                hint: write either bowline info https://a.test or bowline info -- cmd
            call git log -- cmd
                error: there are two servers: `git`, and the command after `--`
                hint: write either bowline call git log or bowline call log -- cmd
            call git log n=1 -- cmd
                error: there are two servers: `git`, and the command after `--`
                hint: write either bowline call git log n=1 or bowline call log n=1 -- cmd
            call https://a.test log -- cmd
                error: there are two servers: `https://a.test`, and the command after `--`
                hint: write either bowline call https://a.test log or bowline call log -- cmd
            call everything -- cmd
                call | - | everything | cmd
            read git file:///a -- cmd
                error: there are two servers: `git`, and the command after `--`
                hint: write either bowline read git file:///a or bowline read file:///a -- cmd
            prompt git review -- cmd
                error: there are two servers: `git`, and the command after `--`
                hint: write either bowline prompt git review or bowline prompt review -- cmd
            complete git review language=py -- cmd
                error: there are two servers: `git`, and the command after `--`
                hint: write either bowline complete git review language=py or bowline complete review language=py -- cmd
            subscribe git file:///a -- cmd
                error: there are two servers: `git`, and the command after `--`
                hint: write either bowline subscribe git file:///a or bowline subscribe file:///a -- cmd
        "#]],
    );
}

#[test]
fn what_stands_behind_the_dashes_is_not_ours() {
    check(
        &[
            "call -- cmd tool",
            "call -- cmd tool a=1 b:=2",
            "call -- npx -y server tool --flag=x",
            "call -- cmd",
            "call a=1 -- cmd",
            "call a=1 -- cmd tool",
            "read -- cmd file:///a",
            "prompt -- cmd name a=1",
            "complete -- cmd review language=py",
            "complete review -- cmd",
            "call tool --",
            "list --",
            "list -- _",
        ],
        &expect![[r#"
            call -- cmd tool
                error: `call` has no TOOL before the `--`
                hint: nothing after `--` is ours: write bowline call tool -- cmd
            call -- cmd tool a=1 b:=2
                error: `call` has no TOOL before the `--`
                hint: nothing after `--` is ours: write bowline call tool a=1 b:=2 -- cmd
            call -- npx -y server tool --flag=x
                error: `call` has no TOOL before the `--`
                hint: nothing after `--` is ours: write bowline call TOOL -- npx -y server tool --flag=x
            call -- cmd
                error: `call` has no TOOL before the `--`
                hint: nothing after `--` is ours: write bowline call TOOL -- cmd
            call a=1 -- cmd
                error: `call` has no TOOL before the `--`
                hint: nothing after `--` is ours: write bowline call TOOL a=1 -- cmd
            call a=1 -- cmd tool
                error: `call` has no TOOL before the `--`
                hint: nothing after `--` is ours: write bowline call tool a=1 -- cmd
            read -- cmd file:///a
                error: `read` has no URI before the `--`
                hint: nothing after `--` is ours: write bowline read file:///a -- cmd
            prompt -- cmd name a=1
                error: `prompt` has no NAME before the `--`
                hint: nothing after `--` is ours: write bowline prompt name a=1 -- cmd
            complete -- cmd review language=py
                error: `complete` has no REF and no ARG before the `--`
                hint: nothing after `--` is ours: write bowline complete review language=py -- cmd
            complete review -- cmd
                error: `complete` has no ARG before the `--`
                hint: nothing after `--` is ours: write bowline complete review ARG -- cmd
            call tool --
                error: there is no command after `--`
                hint: write the program and its arguments, such as -- npx -y @modelcontextprotocol/server-everything
            list --
                error: there is no command after `--`
                hint: write the program and its arguments, such as -- npx -y @modelcontextprotocol/server-everything
            list -- _
                error: the command after `--` is an empty text
                hint: write the program and its arguments, such as -- npx -y @modelcontextprotocol/server-everything
        "#]],
    );
}

#[test]
fn what_is_missing_is_named() {
    check(
        &[
            "info",
            "ping",
            "call",
            "call git",
            "call echo",
            "call https://a.test",
            "call echo message=hi",
            "call git message=hi",
            "read",
            "read git",
            "read file:///a",
            "prompt everything",
            "prompt review",
            "complete git",
            "complete git review",
            "complete review language=py",
            "subscribe",
            "info git more",
            "read git file:///a more",
            "call git log more",
            "subscribe git more",
            "complete git prompt: x",
            "complete git review =x",
            "complete git review language=py more",
        ],
        &expect![[r#"
            info
                error: `info` names no server
                hint: write bowline info TARGET; the servers of the config are git, my.server
            ping
                error: `ping` names no server
                hint: write bowline ping TARGET; the servers of the config are git, my.server
            call
                error: `call` names no server
                hint: write bowline call TARGET TOOL; the servers of the config are git, my.server
            call git
                error: `call git` has no TOOL
                hint: write bowline call git TOOL
            call echo
                error: `call echo` names no server
                hint: write bowline call TARGET echo; the servers of the config are git, my.server
            call https://a.test
                error: `call https://a.test` has no TOOL
                hint: write bowline call https://a.test TOOL
            call echo message=hi
                error: `call echo message=hi` names no server
                hint: write bowline call TARGET echo message=hi; the servers of the config are git, my.server
            call git message=hi
                error: `call git message=hi` has no TOOL
                hint: write bowline call git TOOL message=hi
            read
                error: `read` names no server
                hint: write bowline read TARGET URI; the servers of the config are git, my.server
            read git
                error: `read git` has no URI
                hint: write bowline read git URI
            read file:///a
                error: `read file:///a` names no server
                hint: write bowline read TARGET file:///a; the servers of the config are git, my.server
            prompt everything
                error: `prompt everything` has no NAME
                hint: write bowline prompt everything NAME
            prompt review
                error: `prompt review` names no server
                hint: write bowline prompt TARGET review; the servers of the config are git, my.server
            complete git
                error: `complete git` has no REF and no ARG
                hint: write bowline complete git REF ARG
            complete git review
                error: `complete git review` has no ARG
                hint: write bowline complete git review ARG
            complete review language=py
                error: `complete review language=py` names no server
                hint: write bowline complete TARGET review language=py; the servers of the config are git, my.server
            subscribe
                error: `subscribe` names no server
                hint: write bowline subscribe TARGET; the servers of the config are git, my.server
            info git more
                error: `info` does not know what to do with `more`
                hint: `bowline info --help` says what it takes
            read git file:///a more
                error: `read` does not know what to do with `more`
                hint: `bowline read --help` says what it takes
            call git log more
                error: `more` is no argument
                hint: write NAME=TEXT, NAME:=JSON, NAME=@FILE, NAME:=@FILE, NAME==TEXT, or @FILE or - for a whole object
            subscribe git more
                error: `more` is no URI of a resource
                hint: `bowline list --resources git` lists them
            complete git prompt: x
                error: `prompt:` names neither a prompt nor a resource template
                hint: write prompt:NAME or resource:TEMPLATE
            complete git review =x
                error: `=x` is no argument to complete
                hint: write NAME=PREFIX, or NAME= for every value
            complete git review language=py more
                error: `more` is no argument that has a value
                hint: write NAME=TEXT for arguments besides the one to complete
        "#]],
    );
}

#[test]
fn arguments_are_one_of_these() {
    check(
        &[
            "call git t a=1",
            "call git t a=",
            "call git t a=b=c",
            "call git t a:=1 b:=[1,2] c:={\"x\":null}",
            "call git t a==@b",
            "call git t a===",
            "call git t a=@file",
            "call git t a=@-",
            "call git t a:=@file.json",
            "call git t a=1 a=2",
            "call git t @all.json a=1",
            "call git t - a=1",
            "call git t @-",
            "call git t a.b=1 a-b=2 ä=3",
            "call git t a:b=1",
        ],
        &expect![[r#"
            call git t a=1
                call | name git | t a text "1"
            call git t a=
                call | name git | t a text ""
            call git t a=b=c
                call | name git | t a text "b=c"
            call git t a:=1 b:=[1,2] c:={"x":null}
                call | name git | t a json 1, b json [1,2], c json {"x":null}
            call git t a==@b
                call | name git | t a literal "@b"
            call git t a===
                call | name git | t a literal "="
            call git t a=@file
                call | name git | t a text of file
            call git t a=@-
                call | name git | t a text of standard input
            call git t a:=@file.json
                call | name git | t a json of file.json
            call git t a=1 a=2
                call | name git | t a text "1", a text "2"
            call git t @all.json a=1
                call | name git | t all from all.json, a text "1"
            call git t - a=1
                call | name git | t all from standard input, a text "1"
            call git t @-
                call | name git | t all from standard input
            call git t a.b=1 a-b=2 ä=3
                call | name git | t a.b text "1", a-b text "2", ä text "3"
            call git t a:b=1
                call | name git | t a:b text "1"
        "#]],
    );
}

#[test]
fn what_is_no_argument_is_told_what_is() {
    check(
        &[
            "call git t a",
            "call git t =1",
            "call git t :=1",
            "call git t a=@",
            "call git t a:=@",
            "call git t @",
            "call git t a:=x",
            "call git t a:=",
            "call git t - @b",
            "call git t - a=@-",
        ],
        &expect![[r#"
            call git t a
                error: `a` is no argument
                hint: write NAME=TEXT, NAME:=JSON, NAME=@FILE, NAME:=@FILE, NAME==TEXT, or @FILE or - for a whole object
            call git t =1
                error: `=1` has no name
                hint: write NAME=TEXT, NAME:=JSON, NAME=@FILE, NAME:=@FILE, NAME==TEXT, or @FILE or - for a whole object
            call git t :=1
                error: `:=1` has no name
                hint: write NAME=TEXT, NAME:=JSON, NAME=@FILE, NAME:=@FILE, NAME==TEXT, or @FILE or - for a whole object
            call git t a=@
                error: `a=@` names no file after `@`
                hint: write @FILE, @- for standard input, or NAME==@… for text that begins with @
            call git t a:=@
                error: `a:=@` names no file after `@`
                hint: write @FILE, @- for standard input, or NAME==@… for text that begins with @
            call git t @
                error: `@` names no file after `@`
                hint: write @FILE, @- for standard input, or NAME==@… for text that begins with @
            call git t a:=x
                error: `a:=` is not followed by JSON: expected value at line 1 column 1
                hint: write a=TEXT for text, and quote JSON: 'a:={"a":1}'
            call git t a:=
                error: `a:=` is not followed by JSON: EOF while parsing a value at line 1 column 0
                hint: write a=TEXT for text, and quote JSON: 'a:={"a":1}'
            call git t - @b
                error: `@b` is a second object of arguments
                hint: give one object, and single arguments as NAME=VALUE
            call git t - a=@-
                error: standard input cannot be read for two arguments
                hint: use a file for one of them
        "#]],
    );
}

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
            info git --json --raw
                error: the argument '--json' cannot be used with '--raw'
    
                Usage: bowline info [OPTIONS] TARGET
                       bowline info [OPTIONS] -- COMMAND [ARG]...
    
                For more information, try '--help'.
            info git --cert c
                error: the following required arguments were not provided:
                  --key <FILE>
    
                Usage: bowline info [OPTIONS] TARGET
                       bowline info [OPTIONS] -- COMMAND [ARG]...
    
                For more information, try '--help'.
            info git --key k
                error: the following required arguments were not provided:
                  --cert <FILE>
    
                Usage: bowline info [OPTIONS] TARGET
                       bowline info [OPTIONS] -- COMMAND [ARG]...
    
                For more information, try '--help'.
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
            error: --protocol "2025-01-01": no protocol version that is known
            hint: write one of 2024-11-05, 2025-03-26, 2025-06-18, 2025-11-25, 2026-07-28
    "#]],
    );
}
