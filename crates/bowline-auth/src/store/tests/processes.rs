//! Logins that several processes share.

use super::super::{Client, FileStore, Kept, Store};
use super::{Folder, key};
use std::env;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Tells this program, started once more, which folder to use.
const FOLDER: &str = "BOWLINE_STORE_TEST_FOLDER";

/// This program, started once more for one test.
fn start(test: &str, folder: &Path) -> Child {
    let name = format!("{}::{test}", module_path!().split_once("::").unwrap().1);
    Command::new(env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", &name])
        .env(FOLDER, folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The store of whoever started us.
fn given() -> FileStore {
    FileStore::new(env::var_os(FOLDER).expect("this is run by another test"))
}

#[test]
#[ignore = "is run by another test"]
fn holder() {
    let _lock = given().try_lock(&key("a")).unwrap().unwrap();
    println!("\nheld");
    let _ = std::io::stdin().read(&mut [0]);
}

#[test]
#[ignore = "is run by another test"]
fn refresher() {
    for _ in 0..25 {
        let store = given();
        let _lock = store.lock(&key("a"), Duration::from_secs(60)).unwrap();
        let mut kept = store.load(&key("a")).unwrap().unwrap();
        kept.issuer = (kept.issuer.parse::<u32>().unwrap() + 1).to_string();
        store.save(&kept).unwrap();
    }
}

#[test]
fn a_lock_ends_with_the_process_that_has_it() {
    let folder = Folder::new();
    let store = folder.store();
    let mut child = start("holder", &folder.logins());
    let output = BufReader::new(child.stdout.take().unwrap());
    assert!(output.lines().map_while(Result::ok).any(|line| line == "held"));
    assert!(store.try_lock(&key("a")).unwrap().is_none());
    assert!(store.try_lock(&key("b")).unwrap().is_some());
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(store.try_lock(&key("a")).unwrap().is_some());
}

#[test]
fn processes_that_refresh_do_it_one_after_the_other() {
    let folder = Folder::new();
    folder.store().save(&Kept::new(key("a"), "0", Client::new("app"))).unwrap();
    let children: Vec<_> = (0..4).map(|_| start("refresher", &folder.logins())).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(folder.store().load(&key("a")).unwrap().unwrap().issuer, "100");
}
