//! Trees and files that are larger than anything should be.

use super::fixture::Fixture;
use cap_std::ambient_authority;
use cap_std::fs::Dir;
use serde_json::{Value, json};
use std::fs::{self, File};

const LEVELS: usize = 10_000;

#[tokio::test]
async fn a_tree_of_ten_thousand_levels_is_walked_and_its_bottom_read() {
    let it = Fixture::new();
    let top = Dir::open_ambient_dir(it.at(""), ambient_authority()).unwrap();
    top.create_dir("d").unwrap();
    let mut dir = top.open_dir("d").unwrap();
    for _ in 1..LEVELS {
        dir.create_dir("d").unwrap();
        dir = dir.open_dir("d").unwrap();
    }
    dir.write("needle.txt", "at the bottom\n").unwrap();
    drop(dir);

    let found = it.call("search", json!({ "path": ".", "name": "needle.txt" })).await;
    let found: Value = serde_json::from_str(&found).unwrap();
    let path = found["matches"][0]["path"].as_str().unwrap();
    assert_eq!(path.matches("/d").count(), LEVELS);
    assert_eq!(found.get("directories_passed_over"), None);
    let path = path.replace("BASE", it.base.to_str().unwrap());
    assert_eq!(it.call("read_file", json!({ "path": path })).await, "at the bottom\n");
    let found = it.call("search", json!({ "path": ".", "text": "bottom" })).await;
    assert!(found.contains(r#""text":"at the bottom""#));
    let tree = it.call("tree", json!({ "path": ".", "depth": 32 })).await;
    assert_eq!(tree.matches(r#""name":"d""#).count(), 32);
    let edits = json!([{ "old": "bottom", "new": "very bottom" }]);
    let edited = it.call("edit_file", json!({ "path": path, "edits": edits })).await;
    assert!(edited.contains("+at the very bottom"), "{}", &edited[edited.len() - 200..]);

    let out = path.replace("needle.txt", "") + &"../".repeat(LEVELS + 2) + "outside/canary.txt";
    assert!(it.call("read_file", json!({ "path": out })).await.starts_with("error"));
    it.outside_is_untouched();
    // What removes trees one level a call cannot remove this one, so it is taken down from the top.
    while fs::rename(it.at("d/d"), it.at("e")).is_ok() {
        fs::remove_dir_all(it.at("d")).unwrap();
        fs::rename(it.at("e"), it.at("d")).unwrap();
    }
}

#[tokio::test]
async fn many_broad_levels_are_walked_with_few_directories_open() {
    let it = Fixture::new();
    let mut path = it.at("broad");
    for _ in 0..200 {
        fs::create_dir_all(path.join("a")).unwrap();
        fs::create_dir(path.join("z")).unwrap();
        fs::write(path.join("z/leaf.txt"), "").unwrap();
        path = path.join("a");
    }
    let found =
        it.call("search", json!({ "path": "broad", "name": "leaf.txt", "max_results": 500 })).await;
    assert_eq!(found.matches("leaf.txt").count(), 200);
    assert!(!found.contains("passed_over"));
}

#[tokio::test]
async fn a_gibibyte_is_read_in_parts_and_never_whole() {
    let it = Fixture::new();
    File::create(it.at("huge")).unwrap().set_len(1 << 30).unwrap();
    let part =
        it.call("read_file", json!({ "path": "huge", "offset": 1 << 29, "length": 3 })).await;
    assert!(
        part.contains(r#""blob":"AAAA""#) && part.contains("go on with offset 536870915"),
        "{part}"
    );
    let first = it.call("read_file", json!({ "path": "huge" })).await;
    assert!(first.ends_with("[there is more; go on with offset 1048576; 1073741824 bytes in all]"));
    let past = it.call("read_file", json!({ "path": "huge", "offset": 1_u64 << 40 })).await;
    assert_eq!(past, "");
    for (tool, arguments, says) in [
        (
            "read_file",
            json!({ "path": "huge", "first_line": 2 }),
            "more than 256 MiB into the file",
        ),
        ("read_file", json!({ "path": "huge", "first_line": 1 }), "longer than 1 MiB"),
        ("read_file", json!({ "path": "huge", "encoding": "text" }), "no UTF-8 text"),
        ("read_files", json!({ "paths": ["huge"] }), "is longer than"),
        (
            "edit_file",
            json!({ "path": "huge", "edits": [{ "old": "a", "new": "b" }] }),
            "is longer than",
        ),
        ("search", json!({ "path": ".", "text": "x" }), r#""files_passed_over":1"#),
    ] {
        let answer = it.call(tool, arguments).await;
        assert!(answer.contains(says), "{tool}: {answer}");
    }
    let uri = format!("file://{}", it.at("huge").display());
    assert!(it.read(&uri).await.contains("is longer than"));
}
