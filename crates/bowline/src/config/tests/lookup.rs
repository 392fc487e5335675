use super::super::{CLIENTS, Client, Config, Contents, Environment, Origin, Places, Way};
use super::support::Folder;
use expect_test::expect;
use std::fmt::Write;
use std::fs;

const ONE: &str = r#"{ "mcpServers": { "one": { "command": "./run" } } }"#;

/// Places in a directory: its `home`, and its `work/deep` as the working directory.
fn places(folder: &Folder) -> Places {
    let home = folder.path().join("home");
    Places::new(folder.path().join("work/deep"), |name| {
        (name == "HOME").then(|| home.clone().into())
    })
}

fn found(folder: &Folder, places: &Places, named: Option<&str>) -> String {
    let named = named.map(|name| folder.path().join(name));
    let shown = match Config::find(places, named.as_deref()) {
        Ok(None) => "nothing".to_owned(),
        Ok(Some(config)) => format!("{:?} {}", config.origin(), config.path().display()),
        Err(problems) => problems.to_string(),
    };
    folder.shown(&shown)
}

#[test]
fn the_config_is_looked_for_in_this_order() {
    let folder = Folder::new();
    let mut places = places(&folder);
    let mut table = vec![found(&folder, &places, None)];
    folder.write("home/.config/bowline/mcp.json", ONE);
    table.push(found(&folder, &places, None));
    folder.write(".mcp.json", ONE);
    table.push(found(&folder, &places, None));
    folder.write("work/.mcp.json", ONE);
    table.push(found(&folder, &places, None));
    places.chosen = Some(folder.write("chosen.json", ONE));
    table.push(found(&folder, &places, None));
    folder.write("named.json", ONE);
    table.push(found(&folder, &places, Some("named.json")));
    table.push(found(&folder, &places, Some("not there.json")));
    expect![[r#"
        nothing
        User FOLDER/home/.config/bowline/mcp.json
        Project FOLDER/.mcp.json
        Project FOLDER/work/.mcp.json
        Named FOLDER/chosen.json
        Named FOLDER/named.json
        FOLDER/not there.json: cannot be read: No such file or directory (os error 2)"#]]
    .assert_eq(&table.join("\n"));
}

#[test]
fn a_program_of_a_project_starts_in_the_project() {
    let folder = Folder::new();
    folder.write("work/.mcp.json", ONE);
    let config = Config::find(&places(&folder), None).unwrap().unwrap();
    let resolved = config.entry("one").unwrap().resolve(&Environment::new()).unwrap();
    let Way::Stdio { command, cwd, .. } = resolved.way else { unreachable!() };
    assert_eq!(folder.shown(&command), "FOLDER/work/./run");
    assert_eq!(cwd.as_deref(), Some(&*folder.path().join("work")));
}

#[cfg(unix)]
#[test]
fn what_others_may_write_is_refused() {
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::new();
    let path = folder.write("mcp.json", ONE);
    let mut table = String::new();
    for mode in [0o600, 0o644, 0o646, 0o666] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let read = match Config::read(&path) {
            Ok(_) => "read".to_owned(),
            Err(problems) => folder.shown(&problems.to_string()),
        };
        let _ = writeln!(table, "{mode:o} {read}");
    }
    expect![[r#"
        600 read
        644 read
        646 FOLDER/mcp.json: others may write it (mode 646); it can start programs as you, so run `chmod go-w` on it
        666 FOLDER/mcp.json: others may write it (mode 666); it can start programs as you, so run `chmod go-w` on it
    "#]].assert_eq(&table);
}

#[test]
fn a_file_that_is_too_large_is_refused() {
    let folder = Folder::new();
    let path = folder.write("mcp.json", &format!("{ONE}{}", " ".repeat(1024 * 1024)));
    let refused = folder.shown(&Config::read(&path).unwrap_err().to_string());
    expect![
        "FOLDER/mcp.json: is larger than 1024 KiB; a config is read only up to this size; split it"
    ]
    .assert_eq(&refused);
    let refused = folder.shown(&Config::read(folder.path()).unwrap_err().to_string());
    expect!["FOLDER: is no file; name a file of JSON"].assert_eq(&refused);
}

#[test]
fn known_clients_are_found() {
    let folder = Folder::new();
    for file in [
        "home/.claude.json",
        "home/.cursor/mcp.json",
        "home/.codeium/windsurf/mcp_config.json",
        "home/.gemini/antigravity/mcp_config.json",
        "home/.copilot/mcp-config.json",
        "home/.mcp-inspector/mcp.json",
        "home/.codex/config.toml",
        "home/.config/opencode/opencode.json",
        "home/.config/bowline/mcp.json",
        "work/.mcp.json",
        "work/.cursor/mcp.json",
        "work/.github/mcp.json",
        "work/deep/fastmcp.json",
    ] {
        folder.write(file, ONE);
    }
    folder.write("home/.gemini/settings.json", r#"{ "theme": "dark" }"#);
    folder.write(
        "work/.vscode/mcp.json",
        r#"{ "servers": { "code": { "command": "x", "args": 1 } } }"#,
    );
    folder.write("work/.gemini/settings.json", "{");
    let places = places(&folder);
    let mut table = String::new();
    for found in CLIENTS.iter().flat_map(|client| client.configs(&places)) {
        let contents = match &found.contents {
            Contents::Read(config) => {
                let names: Vec<_> =
                    config.entries().iter().map(|entry| entry.name.as_str()).collect();
                format!("{names:?} {} problems", config.problems().len())
            }
            Contents::Wrong(problems) => folder.shown(&problems.to_string()),
            Contents::Unread(why) => (*why).to_owned(),
        };
        let path = folder.shown(&found.path.display().to_string());
        let _ = writeln!(table, "{:12} {:?} {path}: {contents}", found.client.id, found.origin);
    }
    expect![[r#"
        bowline      User FOLDER/home/.config/bowline/mcp.json: ["one"] 0 problems
        claude-code  Project FOLDER/work/.mcp.json: ["one"] 0 problems
        claude-code  User FOLDER/home/.claude.json: ["one"] 0 problems
        cursor       Project FOLDER/work/.cursor/mcp.json: ["one"] 0 problems
        cursor       User FOLDER/home/.cursor/mcp.json: ["one"] 0 problems
        vscode       Project FOLDER/work/.vscode/mcp.json: [] 1 problems
        copilot      Project FOLDER/work/.github/mcp.json: ["one"] 0 problems
        copilot      User FOLDER/home/.copilot/mcp-config.json: ["one"] 0 problems
        windsurf     User FOLDER/home/.codeium/windsurf/mcp_config.json: ["one"] 0 problems
        gemini       Project FOLDER/work/.gemini/settings.json: FOLDER/work/.gemini/settings.json:1:1: is no JSON: unterminated object
        gemini       User FOLDER/home/.gemini/settings.json: [] 0 problems
        antigravity  User FOLDER/home/.gemini/antigravity/mcp_config.json: ["one"] 0 problems
        inspector    User FOLDER/home/.mcp-inspector/mcp.json: ["one"] 0 problems
        codex        User FOLDER/home/.codex/config.toml: TOML, below `mcp_servers`
        opencode     User FOLDER/home/.config/opencode/opencode.json: a format of its own, below `mcp`
        fastmcp      Project FOLDER/work/deep/fastmcp.json: a format of its own
    "#]].assert_eq(&table);
}

#[test]
fn ids_of_clients_are_apart_and_fit_in_front_of_a_colon() {
    for (index, client) in CLIENTS.iter().enumerate() {
        assert_eq!(Client::of_id(client.id), Some(*client));
        assert!(CLIENTS[..index].iter().all(|other| other.id != client.id));
        assert!(
            client.id.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'),
            "{}",
            client.id
        );
    }
}

#[test]
fn servers_that_claude_code_keeps_for_a_project_come_first() {
    let folder = Folder::new();
    let work = folder.path().join("work/deep");
    let text = serde_json::json!({
        "numStartups": 7,
        "projects": { work.to_str().unwrap(): { "mcpServers": { "a": { "command": "special" } } }, "/other": { "mcpServers": { "c": { "command": "x" } } } },
        "mcpServers": { "a": { "command": "general" }, "b": { "command": "x" } }
    });
    folder.write("home/.claude.json", &text.to_string());
    let configs = Client::of_id("claude-code").unwrap().configs(&places(&folder));
    let Contents::Read(config) = &configs[0].contents else { unreachable!() };
    let shown: Vec<_> =
        config.entries().iter().map(|entry| (entry.name.as_str(), &entry.kind)).collect();
    assert_eq!(config.origin(), Origin::User);
    assert_eq!(shown.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["a", "b"]);
    let resolved = config.entry("a").unwrap().resolve(&Environment::new()).unwrap();
    assert!(matches!(resolved.way, Way::Stdio { command, .. } if command == "special"));
}

#[cfg(unix)]
#[test]
fn a_file_that_others_could_put_in_its_place_is_refused() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = Folder::new();
    folder.write("open/mcp.json", r#"{ "mcpServers": {} }"#);
    folder.write("own/other.json", r#"{ "mcpServers": {} }"#);
    symlink(folder.path().join("open/mcp.json"), folder.path().join("own/link.json")).unwrap();
    let mut table = String::new();
    for mode in [0o700, 0o755, 0o757, 0o777, 0o1777] {
        let open = folder.path().join("open");
        fs::set_permissions(&open, fs::Permissions::from_mode(mode)).unwrap();
        for file in ["open/mcp.json", "own/link.json", "own/other.json"] {
            let read = Config::read(folder.path().join(file));
            let said = read.map_or_else(|problems| problems.to_string(), |_| "read".to_owned());
            let _ = writeln!(table, "{mode:o} {file}: {}", folder.shown(&said));
        }
    }
    expect![[r#"
        700 open/mcp.json: read
        700 own/link.json: read
        700 own/other.json: read
        755 open/mcp.json: read
        755 own/link.json: read
        755 own/other.json: read
        757 open/mcp.json: FOLDER/open/mcp.json: is in FOLDER/open, which others may write (mode 757); whoever can write there can put another file in its place, so run `chmod go-w` on the folder, or keep the file in one of your own
        757 own/link.json: FOLDER/own/link.json: is in FOLDER/open, which others may write (mode 757); whoever can write there can put another file in its place, so run `chmod go-w` on the folder, or keep the file in one of your own
        757 own/other.json: read
        777 open/mcp.json: FOLDER/open/mcp.json: is in FOLDER/open, which others may write (mode 777); whoever can write there can put another file in its place, so run `chmod go-w` on the folder, or keep the file in one of your own
        777 own/link.json: FOLDER/own/link.json: is in FOLDER/open, which others may write (mode 777); whoever can write there can put another file in its place, so run `chmod go-w` on the folder, or keep the file in one of your own
        777 own/other.json: read
        1777 open/mcp.json: read
        1777 own/link.json: read
        1777 own/other.json: read
    "#]].assert_eq(&table);
}
