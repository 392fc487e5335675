//! The manual holds: every command line in it means what stands here.

use super::shown::meaning;
use crate::args::Args;
use clap::CommandFactory;
use expect_test::expect;
use std::fmt::Write;

const MANUAL: &str = include_str!("../../../../../docs/cli.md");
const CONFIGS: &str = include_str!("../../../../../docs/config.md");

#[test]
fn every_line_of_the_manual_means_this() {
    let mut table = String::new();
    for line in lines() {
        let words = words(&line);
        let words: Vec<_> = words[1..].iter().map(String::as_str).collect();
        let meaning = meaning(&words);
        assert!(!meaning.starts_with("error:"), "{line}\n{meaning}");
        let _ = writeln!(table, "{line}\n    {meaning}");
    }
    expect![[r#"
        bowline info https://mcp.example.com/mcp
            info | url https://mcp.example.com/mcp
        bowline info localhost:8080
            info | url http://localhost:8080/mcp
        bowline info 127.0.0.1:8080/other
            info | url http://127.0.0.1:8080/other
        bowline info '[::1]:8080'
            info | url http://[::1]:8080/mcp
        bowline info unix:/run/user/1000/mcp.sock
            info | socket /run/user/1000/mcp.sock
        bowline info git
            info | name git
        bowline info claude-desktop:git
            info | git of claude-desktop
        bowline info everything
            info | everything
        bowline info -- uvx mcp-server-git --repository .
            info | - |  | uvx mcp-server-git --repository .
        bowline list
            list | every server | tools+resources+templates+prompts
        bowline list everything
            list | everything | tools+resources+templates+prompts
        bowline list everything --tools
            list | everything | tools
        bowline list everything --resources --templates
            list | everything | resources+templates
        bowline list everything --prompts --json
            list | everything | prompts
        bowline list -- npx -y @modelcontextprotocol/server-everything
            list | - | tools+resources+templates+prompts | npx -y @modelcontextprotocol/server-everything
        bowline info everything --json
            info | everything
        bowline ping https://mcp.example.com/mcp
            ping | url https://mcp.example.com/mcp
        bowline ping --timeout 500ms -- uvx mcp-server-time
            ping | - |  | uvx mcp-server-time
        bowline call everything echo message=hello
            call | everything | echo message text "hello"
        bowline call everything header_params region=eu count=2 verbose=true
            call | everything | header_params region text "eu", count text "2", verbose text "true"
        bowline call echo message=hello -- bowline serve everything
            call | - | echo message text "hello" | bowline serve everything
        bowline call git log max_count:=5 --json
            call | name git | log max_count json 5
        bowline call notes add title='Shopping list' body=@list.txt
            call | name notes | add title text "Shopping list", body text of list.txt
        bowline call notes tag id=7 tags=red tags=green
            call | name notes | tag id text "7", tags text "red", tags text "green"
        bowline call notes add meta:='{"done": false}' title==@home
            call | name notes | add meta json {"done":false}, title literal "@home"
        bowline call notes add meta:=@meta.json title=home
            call | name notes | add meta json of meta.json, title text "home"
        bowline call notes add @note.json title='Another title'
            call | name notes | add all from note.json, title text "Another title"
        bowline call notes add -
            call | name notes | add all from standard input
        bowline read everything everything://greeting
            read | everything | everything://greeting
        bowline read everything everything://logo --raw > logo.png
            read | everything | everything://logo
        bowline read file:///etc/hosts -- bowline serve filesystem /etc
            read | - | file:///etc/hosts | bowline serve filesystem /etc
        bowline prompt everything greet name=Ann
            prompt | everything | greet name text "Ann"
        bowline prompt everything review language=rust code=@src/main.rs
            prompt | everything | review language text "rust", code text of src/main.rs
        bowline complete everything prompt:travel country=f
            complete | everything | prompt travel, country "f" []
        bowline complete everything travel city=pa country=france
            complete | everything | prompt travel, city "pa" [("country", "france")]
        bowline complete everything resource:everything://place/{country}/{city} city= country=france
            complete | everything | template everything://place/{country}/{city}, city "" [("country", "france")]
        bowline subscribe everything
            subscribe | everything | tools+resources+prompts
        bowline subscribe everything everything://counter
            subscribe | everything | everything://counter
        bowline subscribe everything --tools --prompts
            subscribe | everything | tools+prompts
        bowline login https://mcp.example.com/mcp
            login | url https://mcp.example.com/mcp | as Itself
        bowline login git --scope repo --scope user --no-browser
            login | name git | repo user as Itself, no browser
        bowline login https://mcp.example.com/mcp --client-id bowline --client-secret-file secret --callback-port 7777
            login | url https://mcp.example.com/mcp | as Registered { id: "bowline", secret: Some("secret") } at 7777
        bowline login https://mcp.example.com/mcp --client-metadata https://example.com/bowline.json
            login | url https://mcp.example.com/mcp | as Document("https://example.com/bowline.json")
        bowline logout https://mcp.example.com/mcp
            logout | url https://mcp.example.com/mcp
        bowline whoami
            whoami | every login
        bowline whoami git --json
            whoami | name git
        bowline up
            up | every server | at 127.0.0.1:8080/mcp, Prefix
        bowline up git web --listen :9000 --naming flat
            up | git = name git, web = name web | at 127.0.0.1:9000/mcp, Flat
        bowline up everything https://mcp.example.com/mcp claude-desktop:notes
            up | everything = everything, example = url https://mcp.example.com/mcp, notes = notes of claude-desktop | at 127.0.0.1:8080/mcp, Prefix
        bowline up -- npx -y @modelcontextprotocol/server-everything
            up | everything = ["npx", "-y", "@modelcontextprotocol/server-everything"] | at 127.0.0.1:8080/mcp, Prefix
        bowline up --from cursor --admin :8081
            up | every server of cursor | at 127.0.0.1:8080/mcp, Prefix, admin at 127.0.0.1:8081
        bowline up --config servers.json --listen 0.0.0.0:443 --tls-cert cert.pem --tls-key key.pem --token-file tokens
            up | every server | at 0.0.0.0:443/mcp, Prefix
        bowline proxy https://mcp.example.com/mcp -H 'Authorization: Bearer ${TOKEN}'
            proxy | url https://mcp.example.com/mcp | at stdio
        bowline proxy git --listen 127.0.0.1:8080
            proxy | name git | at 127.0.0.1:8080/mcp
        bowline proxy --trace-messages - -- uvx mcp-server-git
            proxy | - | at stdio | uvx mcp-server-git
        bowline install git --to cursor
            install | name git | as git to cursor
        bowline install https://mcp.example.com/mcp --to claude-desktop,vscode --name web
            install | url https://mcp.example.com/mcp | as web to claude-desktop+vscode
        bowline install git --to vscode --project --force
            install | name git | as git to vscode, of the project, whatever is there
        bowline install --to claude-code --traced --dry-run -- uvx mcp-server-git --repository .
            install | - | as git to claude-code, traced, only shown | uvx mcp-server-git --repository .
        bowline uninstall git --from cursor
            uninstall | git | from cursor
        bowline uninstall web --from claude-desktop,vscode --yes
            uninstall | web | from claude-desktop+vscode
        bowline config check
            config | Check { file: None, json: false }
        bowline config check servers.json --json
            config | Check { file: Some("servers.json"), json: true }
        bowline config schema > bowline-config.schema.json
            config | Schema
        bowline configs
            configs | json=false
        bowline configs --json
            configs | json=true
        bowline completions bash > ~/.local/share/bash-completion/completions/bowline
            completions | bash
        bowline serve everything
            serve everything
        bowline serve everything --listen 127.0.0.1:8080
            serve everything
        bowline serve filesystem --read-only ~/notes
            serve filesystem | ["~/notes"]
        bowline list https://mcp.example.com/mcp -H 'Authorization: Bearer ${TOKEN}'
            list | url https://mcp.example.com/mcp | tools+resources+templates+prompts
        bowline list https://mcp.example.com/mcp -H 'X-Api-Key: @/run/secrets/key'
            list | url https://mcp.example.com/mcp | tools+resources+templates+prompts
        bowline list -e GITHUB_TOKEN -- npx -y @modelcontextprotocol/server-github
            list | - | tools+resources+templates+prompts | npx -y @modelcontextprotocol/server-github
        bowline list -e 'API_KEY=${OTHER_KEY}' -e LOCALE=de -- ./server
            list | - | tools+resources+templates+prompts | ./server
        bowline info https://mcp.internal:8443/mcp --cacert ca.pem --cert me.pem --key me.key
            info | url https://mcp.internal:8443/mcp
        bowline call git log --config servers.json --timeout 2m --protocol 2025-06-18
            call | name git | log
    "#]].assert_eq(&table);
}

#[test]
fn every_verb_is_in_the_manual() {
    let listed: Vec<_> = lines().iter().map(|line| words(line)[1].clone()).collect();
    for verb in Args::command().get_subcommands() {
        assert!(
            listed.iter().any(|word| word == verb.get_name()),
            "{} has no line",
            verb.get_name()
        );
        assert!(
            MANUAL.contains(&format!("### {}\n", verb.get_name())),
            "{} has no part",
            verb.get_name()
        );
    }
}

#[test]
fn every_flag_is_in_the_manual() {
    let command = Args::command();
    let call = command.find_subcommand("call").unwrap();
    let flags = command.get_arguments().chain(call.get_arguments());
    for flag in flags.filter_map(|flag| flag.get_long().map(|long| (flag.get_short(), long))) {
        let named = flag.0.is_some_and(|short| MANUAL.contains(&format!("`-{short}`")));
        assert!(named || MANUAL.contains(&format!("--{}", flag.1)), "--{} is missing", flag.1);
    }
}

#[test]
fn every_flag_of_up_is_in_the_manual_of_configs() {
    let command = Args::command();
    let up = command.find_subcommand("up").unwrap();
    let flags = up.get_arguments().filter_map(|flag| flag.get_long());
    // These are about one run, or about one server.
    let not_of_configs = ["config", "yes", "from", "header", "env", "cwd"];
    for flag in flags.filter(|flag| !not_of_configs.contains(flag)) {
        assert!(CONFIGS.contains(&format!("`--{flag}`")), "--{flag} is missing");
    }
}

/// Every command line of ours: in blocks of shell, each line and each part of a pipe.
fn lines() -> Vec<String> {
    let mut lines = Vec::new();
    let mut is_shell = false;
    for line in MANUAL.lines() {
        if let Some(language) = line.strip_prefix("```") {
            is_shell = language == "sh";
        } else if is_shell {
            let parts = line.split(" | ").filter(|part| part.starts_with("bowline "));
            let found = lines.len();
            lines.extend(parts.map(str::to_owned));
            assert!(lines.len() > found, "a line that runs nothing of ours: {line}");
        }
    }
    // Besides, no command line stands in the running text, where nobody would parse it.
    let inline = MANUAL
        .split('`')
        .skip(1)
        .step_by(2)
        .find(|code| code.starts_with("bowline ") && !code.contains("VERB"));
    assert_eq!(inline, None);
    lines
}

/// The words of a line as a shell splits it, up to where its output goes.
fn words(line: &str) -> Vec<String> {
    let line = line.split(" > ").next().unwrap_or_default();
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            c => words.last_mut().unwrap().push(c),
        }
    }
    assert!(!quoted && !line.contains(['"', '\\']) || line.contains("='{"), "{line}");
    words
}
