//! Files on a disk.

use crate::exit::Fault;
use crate::install::node::Node;
use crate::install::{Book, Change, Written};
use bowline::config::{Client, Origin, Places};
use expect_test::expect;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// A home of nobody, which is gone with the test.
struct Home(PathBuf);

impl Home {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path =
            std::env::temp_dir().join(format!("bowline-install-{}-{count}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(path.join("project")).unwrap();
        Self(path)
    }

    fn book(&self, id: &str, origin: Origin) -> Result<Book, Fault> {
        let home = self.0.clone();
        let places = Places::new(home.join("project"), |name| {
            (name == "HOME").then(|| home.clone().into_os_string())
        });
        Book::of(Client::of_id(id).unwrap(), origin, &places)
    }

    fn cursor(&self) -> Book {
        self.book("cursor", Origin::User).unwrap()
    }

    fn file(&self, text: &str) -> PathBuf {
        let path = self.0.join(".cursor/mcp.json");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// What is in the directory of this file besides it.
    fn beside(&self, path: &Path) -> Vec<String> {
        let name = path.file_name().unwrap();
        let entries = fs::read_dir(path.parent().unwrap()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name()).filter(|other| other != name);
        let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn server(command: &str) -> Written {
    Written {
        entry: Node::object([("command", Node::text(command))]),
        inputs: Vec::new(),
        reason: None,
    }
}

fn install(book: &Book, name: &str) -> Change {
    book.install(name, server("x")).unwrap().unwrap()
}

const BEFORE: &str = "{\r\n\t// mine\r\n\t\"mcpServers\": {\"a\": {\"command\": \"a\"}},\r\n}";

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_file_is_restored_byte_for_byte_while_it_is_as_it_was_left() {
    let home = Home::new();
    let path = home.file(BEFORE);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let book = home.cursor();
    let said = install(&book, "x").make().unwrap();
    assert_ne!(fs::read_to_string(&path).unwrap(), BEFORE);
    assert_eq!(mode(&path), 0o640);
    let [backup] = home.beside(&path).try_into().unwrap();
    assert!(backup.starts_with("mcp.json.bowline-2") && backup.ends_with(".bak"), "{backup}");
    assert!(said.contains(&backup), "{said}");
    let backup = path.with_file_name(backup);
    assert_eq!((fs::read_to_string(&backup).unwrap().as_str(), mode(&backup)), (BEFORE, 0o600));

    let said = book.uninstall("x").unwrap().make().unwrap();
    assert!(said.ends_with("is again what it was before"), "{said}");
    assert_eq!((fs::read_to_string(&path).unwrap().as_str(), mode(&path)), (BEFORE, 0o640));
    assert_eq!(home.beside(&path), [""; 0]);
}

#[test]
fn of_a_file_that_has_changed_only_the_entry_is_removed() {
    let home = Home::new();
    let path = home.file(BEFORE);
    let book = home.cursor();
    install(&book, "x").make().unwrap();
    let edited = fs::read_to_string(&path).unwrap().replace("// mine", "// still mine");
    fs::write(&path, &edited).unwrap();
    let said = book.uninstall("x").unwrap().make().unwrap();
    assert!(said.contains("only its entry was removed"), "{said}");
    let left = fs::read_to_string(&path).unwrap();
    assert_eq!(left, BEFORE.replace("// mine", "// still mine"));
    // Both of before and of in between.
    assert_eq!(home.beside(&path).len(), 2);
}

#[test]
fn installations_are_undone_in_any_order() {
    let home = Home::new();
    let path = home.file(BEFORE);
    let book = home.cursor();
    for name in ["x", "y"] {
        install(&book, name).make().unwrap();
    }
    let said = ["y", "x"].map(|name| book.uninstall(name).unwrap().make().unwrap());
    assert!(said.iter().all(|said| said.contains("again what it was")), "{said:?}");
    assert_eq!(fs::read_to_string(&path).unwrap(), BEFORE);
    for name in ["x", "y"] {
        install(&book, name).make().unwrap();
    }
    let said = ["x", "y"].map(|name| book.uninstall(name).unwrap().make().unwrap());
    assert!(said.iter().all(|said| said.contains("only its entry")), "{said:?}");
    assert_eq!(fs::read_to_string(&path).unwrap(), BEFORE);
}

#[test]
fn a_file_that_was_not_there_is_gone_again() {
    let home = Home::new();
    for (id, origin) in [
        ("claude-code", Origin::User),
        ("claude-code", Origin::Project),
        ("claude-desktop", Origin::User),
        ("cursor", Origin::Project),
        ("vscode", Origin::User),
        ("vscode", Origin::Project),
    ] {
        let book = home.book(id, origin).unwrap();
        install(&book, "x").make().unwrap();
        assert_eq!(mode(&book.path), 0o600);
        let list = if id == "vscode" { "servers" } else { "mcpServers" };
        let text = fs::read_to_string(&book.path).unwrap();
        assert!(text.starts_with(&format!("{{\n  \"{list}\": {{\n    \"x\"")), "{text}");
        let said = book.uninstall("x").unwrap().make().unwrap();
        assert!(said.ends_with("was removed, since nothing else was in it"), "{said}");
        assert!(!book.path.exists());
    }
    let places: Vec<_> = ["claude-code", "claude-desktop", "cursor", "vscode"]
        .into_iter()
        .flat_map(|id| [Origin::User, Origin::Project].map(|origin| home.book(id, origin)))
        .map(|book| match book {
            Ok(book) => book.path.strip_prefix(&home.0).unwrap().display().to_string(),
            Err(fault) => fault.to_string(),
        })
        .collect();
    expect![[r#"
        .claude.json
        project/.mcp.json
        .config/Claude/claude_desktop_config.json
        error: Claude Desktop has no config of a project
        hint: leave --project out

        .cursor/mcp.json
        project/.cursor/mcp.json
        .config/Code/User/mcp.json
        project/.vscode/mcp.json"#]]
    .assert_eq(&places.join("\n"));
}

#[test]
fn an_empty_file_stays_when_its_entry_goes() {
    let home = Home::new();
    let path = home.file("");
    let book = home.cursor();
    install(&book, "x").make().unwrap();
    book.uninstall("x").unwrap().make().unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "");
    install(&book, "x").make().unwrap();
    install(&book, "y").make().unwrap();
    book.uninstall("x").unwrap().make().unwrap();
    book.uninstall("y").unwrap().make().unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "{\n  \"mcpServers\": {}\n}\n");
}

#[test]
fn links_are_followed_and_stay_links() {
    let home = Home::new();
    let path = home.file(BEFORE);
    let real = home.0.join("dotfiles/cursor.json");
    fs::create_dir(real.parent().unwrap()).unwrap();
    fs::rename(&path, &real).unwrap();
    symlink("../dotfiles/cursor.json", &path).unwrap();
    let book = home.cursor();
    install(&book, "x").make().unwrap();
    assert!(fs::symlink_metadata(&path).unwrap().is_symlink());
    assert!(fs::read_to_string(&real).unwrap().contains("\"x\""));
    assert_eq!(home.beside(&real).len(), 1);
    book.uninstall("x").unwrap().make().unwrap();
    assert_eq!(fs::read_to_string(&real).unwrap(), BEFORE);
    assert!(fs::symlink_metadata(&path).unwrap().is_symlink());

    // One that leads to nothing yet.
    fs::remove_file(&real).unwrap();
    install(&book, "x").make().unwrap();
    assert!(fs::symlink_metadata(&path).unwrap().is_symlink() && real.exists());
    // One that leads in circles.
    fs::remove_file(&path).unwrap();
    symlink("mcp.json", &path).unwrap();
    let fault = book.install("x", server("x")).err().unwrap();
    assert!(fault.to_string().contains("too many links"), "{fault}");
}

#[test]
fn what_cannot_be_written_is_left_alone() {
    let home = Home::new();
    let path = home.file(BEFORE);
    let book = home.cursor();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
    let fault = book.install("x", server("x")).err().unwrap();
    assert!(fault.to_string().contains("is read-only, and stays as it is"), "{fault}");
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(book.install("x", server("x")).err().unwrap().to_string().contains("is no file"));
    fs::remove_dir(&path).unwrap();
    fs::write(&path, b"{\"\xff\"}").unwrap();
    assert!(book.install("x", server("x")).err().unwrap().to_string().contains("is no UTF-8 text"));
    fs::remove_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path.parent().unwrap(), "a file where a folder should be").unwrap();
    let made = book.install("x", server("x")).and_then(|change| change.unwrap().make());
    let fault = made.unwrap_err().to_string();
    assert!(fault.contains("cannot"), "{fault}");
}

#[test]
fn a_file_that_cannot_be_parsed_is_left_alone() {
    let home = Home::new();
    let path = home.file("{\n  \"mcpServers\": {,}\n}");
    let book = home.cursor();
    let fault = book.install("x", server("x")).err().unwrap().to_string();
    assert!(fault.contains(&format!("{}:2:18: it is no JSON", path.display())), "{fault}");
    assert!(fault.contains("left as it is"), "{fault}");
    assert!(book.uninstall("x").is_err());
    assert_eq!(home.beside(&path), [""; 0]);
}

#[test]
fn nothing_is_written_when_somebody_else_wrote_meanwhile() {
    let home = Home::new();
    let path = home.file(BEFORE);
    let change = install(&home.cursor(), "x");
    fs::write(&path, "{}").unwrap();
    let fault = change.make().unwrap_err().to_string();
    assert!(fault.contains("was changed meanwhile"), "{fault}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "{}");
    assert_eq!(home.beside(&path), [""; 0]);
}

#[test]
fn the_same_again_changes_nothing_and_another_one_replaces() {
    let home = Home::new();
    home.file(BEFORE);
    let book = home.cursor();
    let first = install(&book, "x");
    assert!(!first.replaces());
    first.make().unwrap();
    assert!(book.install("x", server("x")).unwrap().is_none());
    let other = book.install("x", server("other")).unwrap().unwrap();
    assert!(other.replaces());
    other.make().unwrap();
    // The one before comes back.
    book.uninstall("x").unwrap().make().unwrap();
    assert!(book.install("x", server("x")).unwrap().is_none());
}

#[test]
fn who_is_not_there_is_told_with_who_is() {
    let home = Home::new();
    home.file("{\"mcpServers\": {\"github\": {}, \"git\": {}}}");
    let book = home.cursor();
    let said = |name: &str| book.uninstall(name).err().unwrap().to_string();
    expect![[r#"
        error: Cursor has no server `githb`
        hint: did you mean `github`?
        error: Cursor has no server `zzz`
        hint: it has github, git
    "#]]
    .assert_eq(&(said("githb") + &said("zzz")));
    let fault = home.book("codex", Origin::User).err().unwrap().to_string();
    expect![[r#"
        error: the config of Codex is not written: it is TOML, below `mcp_servers`
        hint: add the server there by hand: as `bowline proxy TARGET`, or as it is
    "#]]
    .assert_eq(&fault);
    let fault = home.book("claude-desktop", Origin::Project).err().unwrap().to_string();
    expect![[r#"
        error: Claude Desktop has no config of a project
        hint: leave --project out
    "#]]
    .assert_eq(&fault);
}
