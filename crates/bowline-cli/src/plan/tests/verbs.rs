//! Which operand is which.

use super::shown::check;
use expect_test::expect;

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
