//! A thread that swaps directories and files for links while tools are at work on them.

use super::super::open::Stamp;
use super::super::place::Scope;
use super::super::watch::stamp;
use super::fixture::{CANARY, Fixture, fifo};
use cap_std::ambient_authority;
use cap_std::fs::Dir;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use serde_json::json;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

/// How many rounds of all calls below; more with `BOWLINE_RACE_ROUNDS`.
fn rounds() -> u64 {
    std::env::var("BOWLINE_RACE_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(300)
}

#[tokio::test]
async fn no_swap_at_any_moment_leads_out() {
    let it = Fixture::new();
    fs::create_dir(it.at("dir")).unwrap();
    fs::write(it.at("dir/canary.txt"), "inside\n").unwrap();
    fs::write(it.at("name.txt"), "inside\n").unwrap();
    it.link("dir_link", "../outside");
    it.link("name_link", "../outside/canary.txt");
    fs::hard_link(it.base.join("outside/linked.txt"), it.at("hard.txt")).unwrap();
    fs::write(it.at("pipe.txt"), "inside\n").unwrap();
    fifo(&it.at("pipe"));

    let stop = Arc::new(AtomicBool::new(false));
    let swaps = Arc::new(AtomicU64::new(0));
    let swapper = thread::spawn({
        let (stop, swaps, root) = (stop.clone(), swaps.clone(), it.at(""));
        move || {
            let pairs = [
                ("dir", "dir_link"),
                ("name.txt", "name_link"),
                ("name.txt", "hard.txt"),
                ("pipe.txt", "pipe"),
            ];
            while !stop.load(Ordering::Relaxed) {
                for (one, other) in pairs {
                    let (one, other) = (root.join(one), root.join(other));
                    // Fails while a tool has taken one of them away for a moment.
                    if renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE).is_ok() {
                        swaps.fetch_add(1, Ordering::Relaxed);
                    }
                }
            }
        }
    });

    let edit = json!([{ "old": "inside", "new": "inside" }]);
    let calls = [
        ("read_file", json!({ "path": "dir/canary.txt" })),
        ("read_file", json!({ "path": "name.txt" })),
        ("read_file", json!({ "path": "pipe.txt" })),
        ("read_files", json!({ "paths": ["dir/canary.txt", "name.txt", "dir_link/canary.txt"] })),
        ("list_directory", json!({ "path": "dir" })),
        ("tree", json!({ "path": "." })),
        ("search", json!({ "path": ".", "text": CANARY })),
        ("search", json!({ "path": "dir", "name": "*" })),
        ("info", json!({ "path": "dir/canary.txt" })),
        ("edit_file", json!({ "path": "dir/canary.txt", "edits": edit })),
        ("edit_file", json!({ "path": "name.txt", "edits": [{ "old": CANARY, "new": "x" }] })),
        ("edit_file", json!({ "path": "pipe.txt", "edits": edit })),
        ("write_file", json!({ "path": "dir/new.txt", "text": "inside" })),
        ("write_file", json!({ "path": "dir/a/b/new.txt", "text": "x", "create_parents": true })),
        ("create_directory", json!({ "path": "dir/made" })),
        ("move", json!({ "from": "dir/new.txt", "to": "dir/moved.txt", "overwrite": true })),
        ("move", json!({ "from": "dir_link/canary.txt", "to": "taken.txt", "overwrite": true })),
        ("remove", json!({ "path": "dir/moved.txt" })),
        ("remove", json!({ "path": "dir/made" })),
    ];
    let uris = ["dir", "dir/canary.txt", "name.txt", "dir_link/canary.txt"];
    let uris = uris.map(|rel| format!("file://{}", it.at(rel).display()));
    let scope = Scope::open(&[it.at("")], false).unwrap();
    let outside = Dir::open_ambient_dir(it.base.join("outside"), ambient_authority()).unwrap();
    let outside = [".", "canary.txt"].map(|rel| Some(Stamp::of(&outside.metadata(rel).unwrap())));
    let root = Dir::open_ambient_dir(it.at(""), ambient_authority()).unwrap();
    let (mut done, mut refused) = (0_u64, 0_u64);
    for _ in 0..rounds() {
        for (tool, arguments) in &calls {
            let answer = it.call(tool, arguments.clone()).await;
            check(&answer);
            *(if answer.starts_with("error") { &mut refused } else { &mut done }) += 1;
        }
        for uri in &uris {
            check(&it.read(uri).await);
            let watched = stamp(&scope, uri);
            assert!(!outside.contains(&watched), "{uri} is watched outside: {watched:?}");
            // What a client names as its root is opened too.
            let narrowed = scope.narrowed([uri.as_str()]).unwrap();
            for root in narrowed.roots() {
                let root = narrowed.place(root.path.to_str().unwrap()).unwrap().dir().unwrap();
                assert!(!root.exists("linked.txt"), "{uri} is a root outside");
            }
        }
        // What a move took out of the directory, put back wherever that is now.
        let home = ["dir/canary.txt", "dir_link/canary.txt"];
        home.iter().any(|home| root.rename("taken.txt", &root, home).is_ok());
    }
    stop.store(true, Ordering::Relaxed);
    swapper.join().unwrap();
    it.outside_is_untouched();
    assert!(swaps.load(Ordering::Relaxed) > rounds(), "the swaps were too few to matter");
    assert!(done > rounds() && refused > rounds() / 10, "{done} done, {refused} refused");
}

fn check(answer: &str) {
    assert!(!answer.contains(&format!("{CANARY} ")), "{answer}");
    // The directory inside of it that only the one outside has, and the size of the canary.
    assert!(!answer.contains("allowed/dir/dir") && !answer.contains(r#""size":26"#), "{answer}");
    assert!(answer.matches(r#""name":"dir""#).count() <= 1, "{answer}");
}
