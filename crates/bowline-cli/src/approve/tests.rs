use super::{Ask, approve, in_full};
use crate::exit::Fault;
use bowline::config::{Approvals, Config, Input};
use expect_test::expect;
use std::fs;
use std::path::PathBuf;

/// Somebody who always says the same, and is remembered to have been asked.
struct Somebody {
    says: bool,
    heard: Vec<String>,
}

impl Ask for Somebody {
    fn confirm(&mut self, text: &str, question: &str) -> Result<bool, Fault> {
        self.heard.push(format!("{text}\n{question}"));
        Ok(self.says)
    }

    fn input(&mut self, _: &Input) -> Result<Option<String>, Fault> {
        Ok(None)
    }
}

const CONFIG: &str = r#"{ "mcpServers": {
    "git": { "command": "uvx", "args": ["mcp-server-git", "--rm -rf", "a\nb\u202e"], "cwd": "${HOME}",
             "env": { "NODE_OPTIONS": "--require ./x.js", "API_KEY": "s3cret", "TOKEN": "${GITHUB_TOKEN}" }, "envFile": ".env" },
    "web": { "url": "https://a.test/mcp", "headers": { "Authorization": "Bearer ${TOKEN}", "Cookie": "s3cret", "X-A": "b" } }
} }"#;

#[test]
fn everything_is_shown_but_secrets_of_the_file() {
    let config = Config::parse(".mcp.json", CONFIG).unwrap();
    expect![[r#"
        servers:
          git
            starts   uvx mcp-server-git "--rm -rf" "a\nb\u{202e}"
            in       ${HOME}
            reads    .env
            sets     NODE_OPTIONS="--require ./x.js"
            sets     API_KEY=(hidden)
            sets     TOKEN=${GITHUB_TOKEN}

          web
            calls    https://a.test/mcp
            sends    Authorization: "Bearer ${TOKEN}"
            sends    Cookie: (hidden)
            sends    X-A: b
    "#]]
    .assert_eq(&format!("servers:{}", in_full(&config)));
}

#[test]
fn it_is_asked_once_for_each_state_of_the_file() {
    let folder = Folder::new("once");
    let config = folder.config(CONFIG);
    let approvals = Approvals::at(folder.0.join("approved"));
    let mut no = Somebody { says: false, heard: Vec::new() };
    let mut yes = Somebody { says: true, heard: Vec::new() };

    let refused = approve(&config, Some(&approvals), false, None).unwrap_err();
    expect![[r#"
        error: FOLDER/.mcp.json has not been approved as it is now, and this is no terminal to ask on
        hint: read it, then run the same at a terminal, or add --yes; --config FOLDER/.mcp.json uses it as your own
    "#]].assert_eq(&folder.shown(&refused));
    let refused = approve(&config, Some(&approvals), false, Some(&mut no)).unwrap_err();
    expect![[r#"
        error: FOLDER/.mcp.json was not approved
        hint: name another config with --config FILE, or a server by its URL
    "#]]
    .assert_eq(&folder.shown(&refused));
    approve(&config, Some(&approvals), true, Some(&mut no)).unwrap();
    assert_eq!(no.heard.len(), 1, "--yes asks nobody");
    approve(&config, Some(&approvals), false, None).unwrap_err();

    approve(&config, Some(&approvals), false, Some(&mut yes)).unwrap();
    approve(&config, Some(&approvals), false, Some(&mut yes)).unwrap();
    approve(&config, Some(&approvals), false, None).unwrap();
    assert_eq!(yes.heard.len(), 1);

    let changed = folder.config(&CONFIG.replace("uvx", "uvy"));
    approve(&changed, Some(&approvals), false, Some(&mut yes)).unwrap();
    assert_eq!(yes.heard.len(), 2);
    assert!(yes.heard[1].contains("uvy"));
}

#[test]
fn without_a_place_to_remember_it_is_asked_each_time() {
    let folder = Folder::new("each");
    let config = folder.config(CONFIG);
    let mut yes = Somebody { says: true, heard: Vec::new() };
    for _ in 0..2 {
        approve(&config, None, false, Some(&mut yes)).unwrap();
    }
    assert_eq!(yes.heard.len(), 2);
}

#[test]
fn what_is_said_about_ourselves_is_shown_too() {
    let folder = Folder::new("ourselves");
    let text = r#"{ "mcpServers": {}, "bowline": { "listen": ":${PORT}", "allowHost": ["a.test", "b\nc"], "tls": { "cert": "c", "key": "k" } } }"#;
    let mut yes = Somebody { says: true, heard: Vec::new() };
    approve(&folder.config(text), None, false, Some(&mut yes)).unwrap();
    let heard = yes.heard[0].replace(folder.0.to_str().unwrap(), "FOLDER");
    expect![[r#"
        FOLDER/.mcp.json says to use these servers:

        and this about bowline itself:

          listen :${PORT}
          "allowHost[0]" a.test
          "allowHost[1]" "b\nc"
          tls.cert c
          tls.key k

        Use them, until the file changes?"#]]
    .assert_eq(&heard);
}

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("bowline-approve-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn config(&self, text: &str) -> Config {
        let path = self.0.join(".mcp.json");
        fs::write(&path, text).unwrap();
        Config::read(path).unwrap()
    }

    fn shown(&self, fault: &Fault) -> String {
        fault.to_string().replace(self.0.to_str().unwrap(), "FOLDER")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left is in a directory for such things.
        let _ = fs::remove_dir_all(&self.0);
    }
}
