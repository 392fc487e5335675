use super::{Finder, Gathered};
use crate::approve::Ask;
use crate::exit::Fault;
use crate::plan::host::Servers;
use crate::plan::target::Target;
use bowline::config::{Environment, Input, Places, Resolved, Way};
use expect_test::expect;
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

/// Somebody who approves everything and knows the key.
#[derive(Default)]
struct Somebody {
    asked: Vec<String>,
}

impl Ask for Somebody {
    fn confirm(&mut self, text: &str, _: &str) -> Result<bool, Fault> {
        self.asked.push(text.lines().next().unwrap_or_default().to_owned());
        Ok(true)
    }

    fn input(&mut self, input: &Input) -> Result<Option<String>, Fault> {
        self.asked.push(format!("input {}", input.id));
        Ok((input.id == "key").then(|| "k3y".to_owned()))
    }
}

struct Machine {
    folder: PathBuf,
    places: Places,
    somebody: Option<Somebody>,
}

impl Machine {
    /// A machine with these files below its root; the working directory is `work`, the home `home`.
    fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let folder =
            std::env::temp_dir().join(format!("bowline-locate-{}-{name}", std::process::id()));
        fs::create_dir_all(folder.join("work")).unwrap();
        let folder = folder.canonicalize().unwrap();
        for (path, text) in files {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let home = folder.join("home");
        let places =
            Places::new(folder.join("work"), |name| (name == "HOME").then(|| home.clone().into()));
        Self { folder, places, somebody: None }
    }

    fn found(&mut self, find: impl FnOnce(&mut Finder<'_>) -> Result<Resolved, Fault>) -> String {
        let mut finder = Finder {
            places: &self.places,
            named: None,
            environment: Environment::new(),
            yes: false,
            ask: self.somebody.as_mut().map(|somebody| somebody as _),
            asked: Vec::new(),
        };
        let shown = match find(&mut finder) {
            Ok(resolved) => shown(&resolved),
            Err(fault) => fault.to_string().trim_end().replace('\n', "\n    "),
        };
        shown.replace(self.folder.to_str().unwrap(), "ROOT")
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // What is left is in a directory for such things.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn shown(resolved: &Resolved) -> String {
    match &resolved.way {
        Way::Stdio { command, args, cwd, .. } => format!("{command} {args:?} in {cwd:?}"),
        Way::Http { url, .. } => url.clone(),
        _ => unreachable!(),
    }
}

const OWN: &str = r#"{ "mcpServers": {
    "git": { "command": "own-git" },
    "a.test": { "command": "dotted" },
    "broken": { "command": 7 },
    "unset": { "command": "x", "args": ["${UNSET}"] },
    "off": { "command": "off", "disabled": true }
} }"#;

#[test]
fn names_are_those_of_the_config() {
    let mut machine = Machine::new("names", &[("home/.config/bowline/mcp.json", OWN)]);
    let mut table = String::new();
    for name in [
        "git",
        "gti",
        "unlike",
        "a.test",
        "b.test",
        "b.test/path",
        "host:8080",
        "broken",
        "unset",
        "off",
    ] {
        let _ = writeln!(table, "{name}\n    {}", machine.found(|finder| finder.named(name)));
    }
    expect![[r#"
        git
            own-git [] in None
        gti
            error: ROOT/home/.config/bowline/mcp.json: has no server `gti`; did you mean `git`?
        unlike
            error: ROOT/home/.config/bowline/mcp.json: has no server `unlike`; it has git, a.test, unset, off
        a.test
            dotted [] in None
        b.test
            error: `b.test` is neither a server of the config nor a URL
            hint: write https://b.test/mcp, or http:// for a server without TLS
        b.test/path
            error: `b.test/path` is neither a server of the config nor a URL
            hint: write https://b.test/path, or http:// for a server without TLS
        host:8080
            error: `host:8080` is neither a server of the config nor a URL
            hint: write https://host:8080/mcp, or http:// for a server without TLS
        broken
            error: ROOT/home/.config/bowline/mcp.json:4:28: mcpServers.broken.command: is a number, and must be text
        unset
            error: ROOT/home/.config/bowline/mcp.json:5:41: mcpServers.unset.args[0]: wants ${UNSET}, which is not set; set UNSET in the environment, or write ${UNSET:-default}
        off
            off [] in None
    "#]].assert_eq(&table);
}

#[test]
fn without_a_config_there_is_a_way_out() {
    let mut machine = Machine::new("none", &[]);
    let mut table = String::new();
    for name in ["git", "mcp.example.com", "mcp.example.com:8443/x"] {
        let _ = writeln!(table, "{name}\n    {}", machine.found(|finder| finder.named(name)));
    }
    expect![[r#"
        git
            error: there is no config to find `git` in
            hint: write --config FILE, set BOWLINE_CONFIG, or make a .mcp.json here; `bowline configs` lists those of other clients, whose servers are CLIENT:NAME
        mcp.example.com
            error: `mcp.example.com` is neither a server of the config nor a URL
            hint: write https://mcp.example.com/mcp, or http:// for a server without TLS
        mcp.example.com:8443/x
            error: `mcp.example.com:8443/x` is neither a server of the config nor a URL
            hint: write https://mcp.example.com:8443/x, or http:// for a server without TLS
    "#]].assert_eq(&table);
}

#[test]
fn servers_of_clients_are_found_in_their_configs() {
    let one = r#"{ "mcpServers": { "one": { "command": "./home-one" }, "two": { "url": "https://two.test" } } }"#;
    let project = r#"{ "servers": { "one": { "command": "./project-one" } } }"#;
    let mut machine = Machine::new(
        "clients",
        &[
            ("home/.cursor/mcp.json", one),
            ("work/.vscode/mcp.json", project),
            ("home/.codex/config.toml", "[mcp_servers.x]"),
            ("home/.gemini/settings.json", "{"),
        ],
    );
    machine.somebody = Some(Somebody::default());
    let mut table = String::new();
    for (client, name) in [
        ("cursor", "one"),
        ("cursor", "two"),
        ("cursor", "tow"),
        ("vscode", "one"),
        ("windsurf", "one"),
        ("codex", "x"),
        ("gemini", "x"),
        ("curser", "one"),
        ("unlike", "one"),
    ] {
        let _ = writeln!(
            table,
            "{client}:{name}\n    {}",
            machine.found(|finder| finder.of_client(client, name))
        );
    }
    let _ = writeln!(table, "{}", machine.somebody.as_ref().unwrap().asked.join("\n"));
    expect![[r#"
        cursor:one
            ROOT/work/./home-one [] in None
        cursor:two
            https://two.test
        cursor:tow
            error: Cursor has no server `tow`
            hint: did you mean `cursor:two`?
        vscode:one
            ROOT/work/./project-one [] in Some("ROOT/work")
        windsurf:one
            error: Windsurf has no server `one`
            hint: `bowline configs` shows which clients have which
        codex:x
            error: the config of Codex is not read: it is TOML, below `mcp_servers`
            hint: copy the server into a config of your own; the file is ROOT/home/.codex/config.toml
        gemini:x
            error: ROOT/home/.gemini/settings.json:1:1: is no JSON: unterminated object
        curser:one
            error: there is no client `curser`
            hint: did you mean `cursor:one`?
        unlike:one
            error: there is no client `unlike`
            hint: there are bowline, claude-code, claude-desktop, cursor, vscode, copilot, windsurf, gemini, antigravity, inspector, codex, opencode, fastmcp
        ROOT/work/.vscode/mcp.json says to use these servers:
    "#]].assert_eq(&table.replace(machine.folder.to_str().unwrap(), "ROOT"));
}

#[test]
fn a_config_of_a_project_is_approved_and_its_inputs_are_asked_for() {
    let text = r#"{
        "inputs": [{ "id": "key" }, { "id": "region", "default": "eu" }, { "id": "unused" }],
        "servers": { "one": { "command": "x", "args": ["${input:key}", "${input:region}"] } }
    }"#;
    let mut machine = Machine::new("project", &[("work/.mcp.json", text)]);
    let mut table = machine.found(|finder| finder.named("one"));
    machine.somebody = Some(Somebody::default());
    for _ in 0..2 {
        let _ = write!(table, "\n{}", machine.found(|finder| finder.named("one")));
    }
    let _ = write!(table, "\n{}", machine.somebody.as_ref().unwrap().asked.join("\n"));
    expect![[r#"
        error: ROOT/work/.mcp.json has not been approved as it is now, and this is no terminal to ask on
            hint: read it, then run the same at a terminal, or add --yes; --config ROOT/work/.mcp.json uses it as your own
        x ["k3y", "eu"] in Some("ROOT/work")
        x ["k3y", "eu"] in Some("ROOT/work")
        ROOT/work/.mcp.json says to use these servers:
        input key
        input region
        input key
        input region"#]].assert_eq(&table.replace(machine.folder.to_str().unwrap(), "ROOT"));
}

#[test]
fn all_are_those_that_are_switched_on_with_what_is_wrong_in_each() {
    let machine = Machine::new("all", &[("home/.config/bowline/mcp.json", OWN)]);
    let mut finder = Finder {
        places: &machine.places,
        named: None,
        environment: Environment::new().variable("UNSET", "set"),
        yes: false,
        ask: None,
        asked: Vec::new(),
    };
    let mut table = String::new();
    for (name, server) in finder.all().unwrap() {
        let server = server.map_or_else(|fault| fault.to_string(), |resolved| shown(&resolved));
        let _ = writeln!(table, "{name}: {}", server.trim_end());
    }
    expect![[r#"
        git: own-git [] in None
        a.test: dotted [] in None
        unset: x ["set"] in None
        broken: error: ROOT/home/.config/bowline/mcp.json:4:28: mcpServers.broken.command: is a number, and must be text
    "#]].assert_eq(&table.replace(machine.folder.to_str().unwrap(), "ROOT"));
}

/// What `up` would serve.
fn gathered(gathered: Result<Gathered, Fault>) -> String {
    let Gathered { config, setup, others, .. } = match gathered {
        Ok(gathered) => gathered,
        Err(fault) => return fault.to_string().trim_end().replace('\n', "\n    "),
    };
    let servers = setup.servers.iter().map(|server| format!("{} = {}", server.name, shown(server)));
    let others = others.iter().map(|(name, target)| format!("{name} = {target:?}"));
    let all: Vec<_> = servers.chain(others).collect();
    let config = config.map(|config| config.path().display().to_string());
    let settings = &setup.bowline.settings.naming;
    format!("{}\n    {settings:?} {config:?}", all.join("\n    "))
}

#[test]
fn up_serves_what_is_named_or_everything_there_is() {
    let own = r#"{ "mcpServers": { "git": { "command": "own-git" }, "off": { "command": "${UNSET}", "disabled": true } },
        "bowline": { "naming": "flat" } }"#;
    let machine = Machine::new(
        "up",
        &[
            ("home/.config/bowline/mcp.json", own),
            (
                "home/.cursor/mcp.json",
                r#"{ "mcpServers": { "notes": { "url": "https://n.test" } } }"#,
            ),
            (
                "wrong.json",
                r#"{ "mcpServers": { "a": { "command": 1 }, "b": { "url": "${UNSET}" } } }"#,
            ),
            (
                "asks.json",
                r#"{ "inputs": [{ "id": "key" }], "servers": { "a": { "command": "x", "args": ["${input:key}"] }, "b": { "command": "${input:key}" } } }"#,
            ),
        ],
    );
    let nowhere = Machine::new("up-nowhere", &[]);
    let client = |id| bowline::config::Client::of_id(id).unwrap();
    let named = |name: &str| (name.to_owned(), Target::Named(name.to_owned()));
    let url = ("web".to_owned(), Target::Url("https://w.test".to_owned()));
    let of_cursor = Target::OfClient { client: "cursor".to_owned(), name: "notes".to_owned() };
    let mut table = String::new();
    let mut check = |machine: &Machine, file: Option<&str>, servers: Servers, asks: bool| {
        let file = file.map(|file| machine.folder.join(file));
        let mut somebody = Somebody::default();
        let mut finder = Finder {
            places: &machine.places,
            named: file.as_deref(),
            environment: Environment::new(),
            yes: false,
            ask: asks.then_some(&mut somebody as _),
            asked: Vec::new(),
        };
        let wants_config = !matches!(servers, Servers::OfClient(_));
        let shown = gathered(finder.gather(&servers, wants_config));
        let _ = writeln!(table, "{}", shown.replace(machine.folder.to_str().unwrap(), "ROOT"));
        if asks {
            let _ = writeln!(table, "    asked: {}", somebody.asked.join(", "));
        }
    };
    check(&nowhere, None, Servers::All, false);
    check(&nowhere, None, Servers::These(vec![named("git")]), false);
    check(&nowhere, None, Servers::OfClient(client("cursor")), false);
    check(&machine, None, Servers::All, false);
    check(&machine, None, Servers::OfClient(client("cursor")), false);
    check(
        &machine,
        None,
        Servers::These(vec![named("git"), url, ("notes".to_owned(), of_cursor)]),
        false,
    );
    check(&machine, None, Servers::These(vec![named("gti")]), false);
    check(&machine, Some("wrong.json"), Servers::All, false);
    check(&machine, Some("asks.json"), Servers::All, false);
    check(&machine, Some("asks.json"), Servers::All, true);
    expect![[r#"
        everything = Everything
            Prefix None
        error: there is no config to find `git` in
            hint: write --config FILE, set BOWLINE_CONFIG, or make a .mcp.json here; `bowline configs` lists those of other clients, whose servers are CLIENT:NAME
        error: Cursor has no config here
            hint: `bowline configs` lists those there are
        git = own-git [] in None
            Flat Some("ROOT/home/.config/bowline/mcp.json")
        notes = https://n.test
            Prefix Some("ROOT/home/.cursor/mcp.json")
        git = own-git [] in None
            notes = https://n.test
            web = Url("https://w.test")
            Flat Some("ROOT/home/.config/bowline/mcp.json")
        error: ROOT/home/.config/bowline/mcp.json: has no server `gti`; did you mean `git`?
        error: ROOT/wrong.json:1:37: mcpServers.a.command: is a number, and must be text
            ROOT/wrong.json:1:56: mcpServers.b.url: wants ${UNSET}, which is not set; set UNSET in the environment, or write ${UNSET:-default}
        error: ROOT/asks.json:1:77: servers.a.args[0]: wants the input `key`, which was not given; give it when you are asked, or put its value into the environment and write ${NAME}
            ROOT/asks.json:1:114: servers.b.command: wants the input `key`, which was not given; give it when you are asked, or put its value into the environment and write ${NAME}
        a = x ["k3y"] in None
            b = k3y [] in None
            Prefix Some("ROOT/asks.json")
            asked: input key
    "#]].assert_eq(&table);
}
