//! What the tools do when nobody means harm.

use super::fixture::Fixture;
use expect_test::{Expect, expect};
use serde_json::{Value, json};
use std::fs;

/// Calls on one directory, one after the other, each with what it said.
async fn check(it: &Fixture, calls: &[(&str, Value)], expected: &Expect) {
    let mut table = String::new();
    for (tool, arguments) in calls {
        let answer = it.call(tool, arguments.clone()).await;
        table += &format!("{tool} {arguments}\n    {answer:?}\n");
    }
    expected.assert_eq(&table);
}

#[tokio::test]
async fn parts_of_a_file_are_read() {
    let it = Fixture::new();
    it.write("umlauts.txt", "äöü");
    it.write("binary", [0, 159, 146, 150]);
    it.write("empty.txt", "");
    it.write("pixel.png", [137, 80, 78, 71]);
    let calls = [
        ("read_file", json!({ "path": "file.txt" })),
        ("read_file", json!({ "path": "file.txt", "offset": 4, "length": 3 })),
        ("read_file", json!({ "path": "file.txt", "offset": 8 })),
        ("read_file", json!({ "path": "file.txt", "offset": 100 })),
        ("read_file", json!({ "path": "file.txt", "first_line": 2 })),
        ("read_file", json!({ "path": "file.txt", "lines": 1 })),
        ("read_file", json!({ "path": "file.txt", "first_line": 2, "lines": 1 })),
        ("read_file", json!({ "path": "file.txt", "first_line": 3, "lines": 1 })),
        ("read_file", json!({ "path": "file.txt", "first_line": 9 })),
        ("read_file", json!({ "path": "file.txt", "first_line": 1, "offset": 1 })),
        ("read_file", json!({ "path": "file.txt", "encoding": "base64", "length": 3 })),
        ("read_file", json!({ "path": "umlauts.txt", "length": 3 })),
        ("read_file", json!({ "path": "umlauts.txt", "offset": 1, "encoding": "text" })),
        ("read_file", json!({ "path": "binary" })),
        ("read_file", json!({ "path": "pixel.png" })),
        ("read_file", json!({ "path": "empty.txt" })),
        ("read_file", json!({ "path": "missing.txt" })),
        ("read_file", json!({ "path": "file.txt/x" })),
        ("read_file", json!({ "path": "file.txt", "typo": 1 })),
        ("read_files", json!({ "paths": ["sub/inner.txt", "missing", "sub"] })),
    ];
    check(&it, &calls, &expect![[r#"
        read_file {"path":"file.txt"}
            "one\ntwo\nthree\n"
        read_file {"length":3,"offset":4,"path":"file.txt"}
            "two | [there is more; go on with offset 7; 14 bytes in all]"
        read_file {"offset":8,"path":"file.txt"}
            "three\n"
        read_file {"offset":100,"path":"file.txt"}
            ""
        read_file {"first_line":2,"path":"file.txt"}
            "two\nthree\n"
        read_file {"lines":1,"path":"file.txt"}
            "one\n | [there is more; go on with first_line 2; 14 bytes in all]"
        read_file {"first_line":2,"lines":1,"path":"file.txt"}
            "two\n | [there is more; go on with first_line 3; 14 bytes in all]"
        read_file {"first_line":3,"lines":1,"path":"file.txt"}
            "three\n"
        read_file {"first_line":9,"path":"file.txt"}
            "error: BASE/allowed/file.txt: has no line 9; it has 3 lines"
        read_file {"first_line":1,"offset":1,"path":"file.txt"}
            "error: give either offset and length, or first_line and lines"
        read_file {"encoding":"base64","length":3,"path":"file.txt"}
            "{\"resource\":{\"blob\":\"b25l\",\"mimeType\":\"text/plain\",\"uri\":\"file://BASE/allowed/file.txt\"},\"type\":\"resource\"} | [there is more; go on with offset 3; 14 bytes in all]"
        read_file {"length":3,"path":"umlauts.txt"}
            "ä | [there is more; go on with offset 2; 6 bytes in all]"
        read_file {"encoding":"text","offset":1,"path":"umlauts.txt"}
            "error: BASE/allowed/umlauts.txt: is no UTF-8 text here; read it as base64"
        read_file {"path":"binary"}
            "{\"resource\":{\"blob\":\"AJ+Slg==\",\"mimeType\":\"application/octet-stream\",\"uri\":\"file://BASE/allowed/binary\"},\"type\":\"resource\"}"
        read_file {"path":"pixel.png"}
            "{\"data\":\"iVBORw==\",\"mimeType\":\"image/png\",\"type\":\"image\"}"
        read_file {"path":"empty.txt"}
            ""
        read_file {"path":"missing.txt"}
            "error: BASE/allowed/missing.txt: no such file or directory"
        read_file {"path":"file.txt/x"}
            "error: BASE/allowed/file.txt/x: not a directory"
        read_file {"path":"file.txt","typo":1}
            "error: invalid arguments:\ntypo: not a known member; expected one of `encoding`, `first_line`, `length`, `lines`, `offset`, `path`"
        read_files {"paths":["sub/inner.txt","missing","sub"]}
            "{\"resource\":{\"mimeType\":\"text/plain\",\"text\":\"inner\\n\",\"uri\":\"file://BASE/allowed/sub/inner.txt\"},\"type\":\"resource\"} | not read: BASE/allowed/missing: no such file or directory | not read: BASE/allowed/sub: is a directory"
    "#]]).await;
}

#[tokio::test]
async fn edits_are_all_made_or_none() {
    let it = Fixture::new();
    let edit = |edits: Value| ("edit_file", json!({ "path": "file.txt", "edits": edits }));
    let dry =
        json!({ "path": "file.txt", "edits": [{ "old": "two", "new": "2" }], "dry_run": true });
    let calls = [
        ("edit_file", dry),
        edit(json!([{ "old": "two", "new": "2" }, { "old": "missing", "new": "x" }])),
        edit(json!([{ "old": "o", "new": "0" }])),
        ("read_file", json!({ "path": "file.txt" })),
        edit(json!([{ "old": "o", "new": "0", "count": 2 }, { "old": "0ne", "new": "1" }])),
        ("read_file", json!({ "path": "file.txt" })),
        edit(json!([{ "old": "", "new": "x" }])),
        edit(json!([{ "old": "1", "new": "1" }])),
    ];
    check(&it, &calls, &expect![[r#"
        edit_file {"dry_run":true,"edits":[{"new":"2","old":"two"}],"path":"file.txt"}
            "{\"diff\":\"--- BASE/allowed/file.txt\\n+++ BASE/allowed/file.txt\\n@@ -1,3 +1,3 @@\\n one\\n-two\\n+2\\n three\\n\",\"path\":\"BASE/allowed/file.txt\",\"written\":false}"
        edit_file {"edits":[{"new":"2","old":"two"},{"new":"x","old":"missing"}],"path":"file.txt"}
            "error: BASE/allowed/file.txt: edits[1]: old occurs 0 times, not 1; read it again, or change count; nothing was changed"
        edit_file {"edits":[{"new":"0","old":"o"}],"path":"file.txt"}
            "error: BASE/allowed/file.txt: edits[0]: old occurs 2 times, not 1; give more of the text around it, or change count; nothing was changed"
        read_file {"path":"file.txt"}
            "one\ntwo\nthree\n"
        edit_file {"edits":[{"count":2,"new":"0","old":"o"},{"new":"1","old":"0ne"}],"path":"file.txt"}
            "{\"diff\":\"--- BASE/allowed/file.txt\\n+++ BASE/allowed/file.txt\\n@@ -1,3 +1,3 @@\\n-one\\n-two\\n+1\\n+tw0\\n three\\n\",\"path\":\"BASE/allowed/file.txt\",\"written\":true}"
        read_file {"path":"file.txt"}
            "1\ntw0\nthree\n"
        edit_file {"edits":[{"new":"x","old":""}],"path":"file.txt"}
            "error: invalid arguments:\nedits[0].old: must have at least 1 characters, has 0"
        edit_file {"edits":[{"new":"1","old":"1"}],"path":"file.txt"}
            "{\"diff\":\"\",\"path\":\"BASE/allowed/file.txt\",\"written\":false}"
    "#]]).await;
}

#[tokio::test]
async fn entries_are_created_moved_and_removed() {
    let it = Fixture::new();
    it.link("link", "sub/inner.txt");
    let calls = [
        ("create_directory", json!({ "path": "new/deep/er" })),
        ("create_directory", json!({ "path": "new/deep/er" })),
        ("create_directory", json!({ "path": "file.txt" })),
        ("write_file", json!({ "path": "new/a.txt", "text": "a" })),
        ("write_file", json!({ "path": "absent/a.txt", "text": "a" })),
        ("write_file", json!({ "path": "absent/b/a.txt", "text": "a", "create_parents": true })),
        ("write_file", json!({ "path": "blob", "base64": "AAEC" })),
        ("write_file", json!({ "path": "blob", "base64": "?" })),
        ("write_file", json!({ "path": "blob" })),
        ("write_file", json!({ "path": "link", "text": "x" })),
        ("move", json!({ "from": "new/a.txt", "to": "file.txt" })),
        ("move", json!({ "from": "new/a.txt", "to": "file.txt", "overwrite": true })),
        ("move", json!({ "from": "new", "to": "newer" })),
        ("move", json!({ "from": "gone", "to": "back" })),
        ("move", json!({ "from": ".", "to": "x" })),
        ("remove", json!({ "path": "newer" })),
        ("remove", json!({ "path": "newer/deep/er" })),
        ("remove", json!({ "path": "link" })),
        ("remove", json!({ "path": "." })),
        ("read_file", json!({ "path": "file.txt" })),
        ("read_file", json!({ "path": "sub/inner.txt" })),
        ("tree", json!({ "path": "." })),
        ("tree", json!({ "path": ".", "depth": 1 })),
        ("tree", json!({ "path": ".", "max_entries": 2 })),
    ];
    check(&it, &calls, &expect![[r#"
        create_directory {"path":"new/deep/er"}
            "{\"path\":\"BASE/allowed/new/deep/er\"}"
        create_directory {"path":"new/deep/er"}
            "{\"path\":\"BASE/allowed/new/deep/er\"}"
        create_directory {"path":"file.txt"}
            "error: BASE/allowed/file.txt: not a directory"
        write_file {"path":"new/a.txt","text":"a"}
            "{\"path\":\"BASE/allowed/new/a.txt\"}"
        write_file {"path":"absent/a.txt","text":"a"}
            "error: BASE/allowed/absent/a.txt: no such file or directory"
        write_file {"create_parents":true,"path":"absent/b/a.txt","text":"a"}
            "{\"path\":\"BASE/allowed/absent/b/a.txt\"}"
        write_file {"base64":"AAEC","path":"blob"}
            "{\"path\":\"BASE/allowed/blob\"}"
        write_file {"base64":"?","path":"blob"}
            "error: base64: Invalid symbol 63, offset 0."
        write_file {"path":"blob"}
            "error: give the contents as text or as base64"
        write_file {"path":"link","text":"x"}
            "error: BASE/allowed/link: is a symbolic link; name the file itself"
        move {"from":"new/a.txt","to":"file.txt"}
            "error: BASE/allowed/file.txt: exists already"
        move {"from":"new/a.txt","overwrite":true,"to":"file.txt"}
            "{\"path\":\"BASE/allowed/file.txt\"}"
        move {"from":"new","to":"newer"}
            "{\"path\":\"BASE/allowed/newer\"}"
        move {"from":"gone","to":"back"}
            "error: BASE/allowed/gone: no such file or directory"
        move {"from":".","to":"x"}
            "error: BASE/allowed: names an allowed directory itself, or ends in .."
        remove {"path":"newer"}
            "error: BASE/allowed/newer: the directory is not empty"
        remove {"path":"newer/deep/er"}
            "{\"path\":\"BASE/allowed/newer/deep/er\"}"
        remove {"path":"link"}
            "{\"path\":\"BASE/allowed/link\"}"
        remove {"path":"."}
            "error: BASE/allowed: names an allowed directory itself, or ends in .."
        read_file {"path":"file.txt"}
            "a"
        read_file {"path":"sub/inner.txt"}
            "inner\n"
        tree {"path":"."}
            "{\"entries\":[{\"entries\":[{\"entries\":[{\"kind\":\"file\",\"name\":\"a.txt\"}],\"kind\":\"directory\",\"name\":\"b\"}],\"kind\":\"directory\",\"name\":\"absent\"},{\"kind\":\"file\",\"name\":\"blob\"},{\"kind\":\"file\",\"name\":\"file.txt\"},{\"entries\":[{\"entries\":[],\"kind\":\"directory\",\"name\":\"deep\"}],\"kind\":\"directory\",\"name\":\"newer\"},{\"entries\":[{\"entries\":[],\"kind\":\"directory\",\"name\":\"inner\"},{\"kind\":\"file\",\"name\":\"inner.txt\"}],\"kind\":\"directory\",\"name\":\"sub\"}],\"kind\":\"directory\",\"name\":\"allowed\"}"
        tree {"depth":1,"path":"."}
            "{\"entries\":[{\"kind\":\"directory\",\"more\":true,\"name\":\"absent\"},{\"kind\":\"file\",\"name\":\"blob\"},{\"kind\":\"file\",\"name\":\"file.txt\"},{\"kind\":\"directory\",\"more\":true,\"name\":\"newer\"},{\"kind\":\"directory\",\"more\":true,\"name\":\"sub\"}],\"kind\":\"directory\",\"name\":\"allowed\"}"
        tree {"max_entries":2,"path":"."}
            "{\"entries\":[{\"entries\":[],\"kind\":\"directory\",\"more\":true,\"name\":\"absent\"},{\"kind\":\"file\",\"name\":\"blob\"}],\"kind\":\"directory\",\"more\":true,\"name\":\"allowed\"}"
    "#]]).await;
}

#[tokio::test]
async fn a_directory_is_listed_page_by_page() {
    let it = Fixture::new();
    for n in 0..7 {
        it.write(&format!("many/{n}"), "x");
    }
    let names = |page: &str| {
        let page: Value = serde_json::from_str(page).unwrap();
        let names = page["entries"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| entry["name"].as_str().unwrap().to_owned());
        (names.collect::<Vec<_>>().join(" "), page["next"].clone())
    };
    let (first, next) =
        names(&it.call("list_directory", json!({ "path": "many", "limit": 3 })).await);
    fs::remove_file(it.at("many/2")).unwrap();
    fs::write(it.at("many/3a"), "x").unwrap();
    let rest = json!({ "path": "many", "limit": 5, "after": next });
    let (second, next) = names(&it.call("list_directory", rest).await);
    assert_eq!((first.as_str(), second.as_str(), next), ("0 1 2", "3 3a 4 5 6", Value::Null));
}

#[tokio::test]
async fn directories_and_files_are_resources() {
    let it = Fixture::new();
    it.write("picture.png", [1, 0]);
    let listed = it.ask("resources/list", json!({})).await;
    let root = listed["result"]["resources"][0]["uri"].as_str().unwrap().to_owned();
    assert_eq!(root, format!("file://{}/allowed", it.base.display()));
    let listing = it.read(&root).await;
    assert!(
        listing.contains("file.txt") && listing.contains("sub") && !listing.contains("inner.txt")
    );
    let mut table = String::new();
    for path in [
        "/file.txt",
        "/picture.png",
        "/sub/inner.txt",
        "/missing",
        "/sub/%69nner.txt",
        "/../outside/canary.txt",
    ] {
        table += &format!("{path}\n    {}\n", it.read(&format!("{root}{path}")).await);
    }
    expect![[r#"
        /file.txt
            [{"mimeType":"text/plain","text":"one\ntwo\nthree\n","uri":"file://BASE/allowed/file.txt"}]
        /picture.png
            [{"blob":"AQA=","mimeType":"image/png","uri":"file://BASE/allowed/picture.png"}]
        /sub/inner.txt
            [{"mimeType":"text/plain","text":"inner\n","uri":"file://BASE/allowed/sub/inner.txt"}]
        /missing
            error: BASE/allowed/missing: no such file or directory
        /sub/%69nner.txt
            [{"mimeType":"text/plain","text":"inner\n","uri":"file://BASE/allowed/sub/%69nner.txt"}]
        /../outside/canary.txt
            error: BASE/allowed/../outside/canary.txt: leads outside of the allowed directories; roots_allowed names them
    "#]].assert_eq(&table);
}
