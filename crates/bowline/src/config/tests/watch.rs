//! A config that changes while it is used. Time is virtual.

use super::super::{Config, Watch};
use super::support::Folder;
use std::fs;
use std::time::Duration;
use tokio::time::{Instant, timeout};

const ONE: &str = r#"{ "mcpServers": { "one": { "command": "x" } } }"#;
const TWO: &str = r#"{ "mcpServers": { "one": { "command": "x" }, "two": { "command": "x" } } }"#;

fn names(config: &Config) -> Vec<&str> {
    config.entries().iter().map(|entry| entry.name.as_str()).collect()
}

#[tokio::test(start_paused = true)]
async fn what_was_written_is_read_when_it_is_left_alone() {
    let folder = Folder::new();
    let path = folder.write("mcp.json", ONE);
    let mut watch = Watch::new(&Config::read(&path).unwrap());
    let nothing = timeout(Duration::from_secs(3600), watch.changed()).await;
    assert!(nothing.is_err(), "{nothing:?}");

    folder.write("mcp.json", TWO);
    let before = Instant::now();
    assert_eq!(names(&watch.changed().await.unwrap()), ["one", "two"]);
    assert!(before.elapsed() <= Duration::from_millis(2100), "{:?}", before.elapsed());

    // Another file in its place is a change too, as editors make it.
    let beside = folder.write("beside", ONE);
    fs::rename(beside, &path).unwrap();
    assert_eq!(names(&watch.changed().await.unwrap()), ["one"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_written_with_what_was_in_it_is_no_change() {
    let folder = Folder::new();
    let path = folder.write("mcp.json", ONE);
    let mut watch = Watch::new(&Config::read(&path).unwrap());
    let beside = folder.write("beside", ONE);
    fs::rename(beside, &path).unwrap();
    let nothing = timeout(Duration::from_secs(60), watch.changed()).await;
    assert!(nothing.is_err(), "{nothing:?}");
    // Whoever asks gets it all the same.
    assert_eq!(names(&watch.read_again().await.unwrap()), ["one"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_is_told_once_and_what_was_there_before_again() {
    let folder = Folder::new();
    let path = folder.write("mcp.json", ONE);
    let mut watch = Watch::new(&Config::read(&path).unwrap());
    folder.write("mcp.json", "{");
    let wrong = watch.changed().await.unwrap_err().to_string();
    assert!(wrong.ends_with("mcp.json:1:1: is no JSON: unterminated object"), "{wrong}");
    let nothing = timeout(Duration::from_secs(60), watch.changed()).await;
    assert!(nothing.is_err(), "{nothing:?}");

    fs::remove_file(&path).unwrap();
    let gone = watch.changed().await.unwrap_err().to_string();
    assert!(gone.contains("cannot be read"), "{gone}");

    folder.write("mcp.json", ONE);
    assert_eq!(names(&watch.changed().await.unwrap()), ["one"]);
}

#[cfg(unix)]
#[tokio::test(start_paused = true)]
async fn what_others_may_write_from_now_on_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let path = folder.write("mcp.json", ONE);
    let mut watch = Watch::new(&Config::read(&path).unwrap());
    folder.write("mcp.json", TWO);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    let wrong = watch.changed().await.unwrap_err().to_string();
    assert!(wrong.contains("others may write it (mode 666)"), "{wrong}");
}
