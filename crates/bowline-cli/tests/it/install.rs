//! Servers in the configs of other clients.

use crate::folder::Folder;
use crate::program::{Program, request};
use crate::pty::Pty;
use expect_test::expect;
use serde_json::{Value, json};
use std::fs;

const BEFORE: &str = "{\n\t// mine\n\t\"mcpServers\": {\n\t\t\"a\": {\"command\": \"a\", \"env\": {\"A_TOKEN\": \"sk-1\"}},\n\t},\n}\n";

/// What a command writes, with the binary as it is called on every machine.
fn shown(folder: &Folder, args: &[&str]) -> String {
    let human = [&["--log-format", "human"], args].concat();
    let text = folder.shown(&human).replace(env!("CARGO_BIN_EXE_bowline"), "/bin/bowline");
    // The names of backups tell when they were made, and of what.
    let mut parts = text.split(".bowline-");
    let mut shown = parts.next().unwrap().to_owned();
    for part in parts {
        shown += ".bowline-TIME-TAG.bak";
        shown += part.split_once(".bak").unwrap().1;
    }
    shown
}

fn cursor(folder: &Folder, text: &str) -> std::path::PathBuf {
    fs::create_dir(folder.0.join(".cursor")).unwrap();
    let path = folder.0.join(".cursor/mcp.json");
    fs::write(&path, text).unwrap();
    path
}

#[test]
fn what_is_written_is_shown_and_taken_back() {
    let folder = Folder::new();
    let path = cursor(&folder, BEFORE);
    let install = ["install", "https://mcp.example.com/mcp", "--to", "cursor,claude-desktop"];
    expect![[r#"
        exit code 1
        --- stdout
        --- stderr
        --- DIR/.cursor/mcp.json
        +++ DIR/.cursor/mcp.json
        @@ -2,5 +2,8 @@
         	// mine
         	"mcpServers": {
         		"a": {"command": "a", "env": {"A_TOKEN": "(hidden)"}},
        +		"example": {
        +			"url": "https://mcp.example.com/mcp"
        +		},
         	},
         }

        --- DIR/.config/Claude/claude_desktop_config.json
        +++ DIR/.config/Claude/claude_desktop_config.json
        @@ -0,0 +1,8 @@
        +{
        +  "mcpServers": {
        +    "example": {
        +      "command": "/bin/bowline",
        +      "args": ["proxy", "https://mcp.example.com/mcp"]
        +    }
        +  }
        +}
        error: this is no terminal to ask on, and nothing was written
        hint: add --yes to write it, or --dry-run to only look at it
    "#]]
    .assert_eq(&shown(&folder, &install));
    assert_eq!(fs::read_to_string(&path).unwrap(), BEFORE);
    assert!(!folder.0.join(".config").exists());
    expect![[r#"
        exit code 0
        --- stdout
        Cursor has `example`: DIR/.cursor/mcp.json; as it was before it is DIR/.cursor/mcp.json.bowline-TIME-TAG.bak
        Claude Desktop has `example` through `bowline proxy`, since Claude Desktop only starts programs: DIR/.config/Claude/claude_desktop_config.json
        --- stderr
        --- DIR/.cursor/mcp.json
        +++ DIR/.cursor/mcp.json
        @@ -2,5 +2,8 @@
         	// mine
         	"mcpServers": {
         		"a": {"command": "a", "env": {"A_TOKEN": "(hidden)"}},
        +		"example": {
        +			"url": "https://mcp.example.com/mcp"
        +		},
         	},
         }

        --- DIR/.config/Claude/claude_desktop_config.json
        +++ DIR/.config/Claude/claude_desktop_config.json
        @@ -0,0 +1,8 @@
        +{
        +  "mcpServers": {
        +    "example": {
        +      "command": "/bin/bowline",
        +      "args": ["proxy", "https://mcp.example.com/mcp"]
        +    }
        +  }
        +}
    "#]].assert_eq(&shown(&folder, &[&install[..], &["--yes"]].concat()));
    expect![[r#"
        exit code 0
        --- stdout
        Cursor has `example` already: DIR/.cursor/mcp.json
        Claude Desktop has `example` already: DIR/.config/Claude/claude_desktop_config.json
        --- stderr
    "#]]
    .assert_eq(&shown(&folder, &[&install[..], &["--yes"]].concat()));
    let uninstall = ["uninstall", "example", "--from", "cursor,claude-desktop", "--yes"];
    expect![[r#"
        exit code 0
        --- stdout
        Cursor no longer has `example`: DIR/.cursor/mcp.json is again what it was before
        Claude Desktop no longer has `example`: DIR/.config/Claude/claude_desktop_config.json was removed, since nothing else was in it
        --- stderr
        --- DIR/.cursor/mcp.json
        +++ DIR/.cursor/mcp.json
        @@ -2,8 +2,5 @@
         	// mine
         	"mcpServers": {
         		"a": {"command": "a", "env": {"A_TOKEN": "(hidden)"}},
        -		"example": {
        -			"url": "https://mcp.example.com/mcp"
        -		},
         	},
         }

        --- DIR/.config/Claude/claude_desktop_config.json
        +++ DIR/.config/Claude/claude_desktop_config.json
        @@ -1,8 +0,0 @@
        -{
        -  "mcpServers": {
        -    "example": {
        -      "command": "/bin/bowline",
        -      "args": ["proxy", "https://mcp.example.com/mcp"]
        -    }
        -  }
        -}
    "#]].assert_eq(&shown(&folder, &uninstall));
    assert_eq!(fs::read_to_string(&path).unwrap(), BEFORE);
    expect![[r#"
        exit code 1
        --- stdout
        --- stderr
        error: Cursor has no server `example`
        hint: it has a
    "#]]
    .assert_eq(&shown(&folder, &uninstall));
}

#[test]
fn another_one_of_that_name_is_not_lost() {
    let folder = Folder::new();
    let path = cursor(&folder, BEFORE);
    let install =
        ["install", "https://mcp.example.com/mcp", "--to", "cursor", "--name", "a", "--yes"];
    expect![[r#"
        exit code 1
        --- stdout
        --- stderr
        error: Cursor has another server `a` in DIR/.cursor/mcp.json
        hint: add --force to replace it, or --name OTHER to keep both
    "#]]
    .assert_eq(&shown(&folder, &install));
    assert_eq!(fs::read_to_string(&path).unwrap(), BEFORE);
    let forced = shown(&folder, &[&install[..], &["--force"]].concat());
    assert!(forced.starts_with("exit code 0\n"), "{forced}");
    assert!(fs::read_to_string(&path).unwrap().contains("https://mcp.example.com/mcp"));
}

#[test]
fn somebody_at_a_terminal_is_asked() {
    let folder = Folder::new();
    let path = cursor(&folder, BEFORE);
    let install = ["install", "https://mcp.example.com/mcp", "--to", "cursor", "--name", "a"];
    let mut pty = Pty::of(folder.bowline(&install), (100, 40));
    pty.until("+\t\t\"a\": {");
    pty.answer("Cursor has another server `a`. Replace it? [y/N]: ", "n");
    assert_eq!(pty.end(), 1);
    assert!(!pty.text().contains("sk-1"), "{}", pty.text());
    assert_eq!(fs::read_to_string(&path).unwrap(), BEFORE);
    let install = ["install", "https://mcp.example.com/mcp", "--to", "cursor"];
    let mut pty = Pty::of(folder.bowline(&install), (100, 40));
    pty.answer("Write this? [y/N]: ", "y");
    assert_eq!(pty.end(), 0);
    let mut pty = Pty::of(folder.bowline(&["uninstall", "example", "--from", "cursor"]), (100, 40));
    pty.answer("Write this? [y/N]: ", "yes");
    assert_eq!(pty.end(), 0);
    assert_eq!(fs::read_to_string(&path).unwrap(), BEFORE);
}

#[test]
fn secrets_stay_where_they_are() {
    let folder = Folder::new();
    expect![[r#"
        exit code 1
        --- stdout
        --- stderr
        error: the value of --api-key looks like a secret, which is not written into a file of a client
        hint: pass it on as a variable, such as with -e API_KEY, or put the server into a config of your own and install it by its name
    "#]].assert_eq(&shown(
        &folder,
        &["install", "--to", "cursor", "--yes", "--", "server", "--api-key", "sk-1"],
    ));
    let config = r#"{"mcpServers": {"keyed": {"command": "server", "env": {"API_KEY": "sk-1"}}}}"#;
    fs::write(folder.0.join("mine.json"), config).unwrap();
    let install = ["install", "keyed", "--config", "mine.json", "--to", "vscode", "--yes"];
    expect![[r#"
        exit code 0
        --- stdout
        VS Code has `keyed` through `bowline proxy`, since its env holds a secret, which stays where it is: DIR/.config/Code/User/mcp.json
        --- stderr
        --- DIR/.config/Code/User/mcp.json
        +++ DIR/.config/Code/User/mcp.json
        @@ -0,0 +1,9 @@
        +{
        +  "servers": {
        +    "keyed": {
        +      "type": "stdio",
        +      "command": "/bin/bowline",
        +      "args": ["proxy", "--config", "DIR/mine.json", "keyed"]
        +    }
        +  }
        +}
    "#]].assert_eq(&shown(&folder, &install));
}

#[test]
fn what_is_written_for_a_client_works() {
    let folder = Folder::new();
    let ended =
        shown(&folder, &["install", "everything", "--to", "claude-desktop", "--traced", "--yes"]);
    assert!(ended.starts_with("exit code 0\n"), "{ended}");
    let path = folder.0.join(".config/Claude/claude_desktop_config.json");
    let written: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let entry = &written["mcpServers"]["everything"];
    assert_eq!(entry["command"], env!("CARGO_BIN_EXE_bowline"));
    let args: Vec<_> =
        entry["args"].as_array().unwrap().iter().map(|arg| arg.as_str().unwrap()).collect();
    assert_eq!(args, ["proxy", "--trace-messages", "-", "everything"]);
    let mut program = Program::start(&mut folder.bowline(&args));
    program.send(&request(1, "tools/list", json!({})));
    assert!(program.stdout.next().unwrap().contains("\"name\":\"echo\""));
    assert_eq!(program.end(), 0);
}
