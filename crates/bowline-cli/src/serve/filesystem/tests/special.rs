//! Files that are no plain files, and names that are no text.

use super::super::job::Files;
use super::super::place::Scope;
use super::fixture::Fixture;
use expect_test::expect;
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;

#[tokio::test]
async fn a_file_with_two_names_is_opened_only_when_allowed() {
    for allowed in [false, true] {
        let it = Fixture::with(|shares| shares.allow_hard_links = allowed);
        fs::write(it.at("one.txt"), "shared\n").unwrap();
        fs::hard_link(it.at("one.txt"), it.at("two.txt")).unwrap();
        let uri = format!("file://{}", it.at("two.txt").display());
        let edit = json!({ "path": "two.txt", "edits": [{ "old": "shared", "new": "mine" }] });
        let answers = [
            it.read(&uri).await,
            it.call("read_file", json!({ "path": "two.txt" })).await,
            it.call("search", json!({ "path": ".", "text": "shared" })).await,
            it.call("edit_file", edit).await,
            it.call("write_file", json!({ "path": "two.txt", "text": "x" })).await,
        ];
        let refused = answers.iter().filter(|answer| answer.contains("more than one name")).count();
        assert_eq!(refused, if allowed { 0 } else { 4 }, "{answers:?}");
        assert_eq!(answers[2].contains("two.txt"), allowed);
        // The other name keeps the old contents in any case.
        assert_eq!(fs::read_to_string(it.at("one.txt")).unwrap(), "shared\n");
    }
}

#[tokio::test]
async fn links_of_the_process_table_lead_nowhere() {
    let it = Fixture::with(|shares| shares.dirs = vec!["/proc/self".into()]);
    let read = it.call("read_file", json!({ "path": "status" })).await;
    assert!(read.starts_with("Name:"), "{read}");
    for path in ["root/etc/passwd", "cwd/Cargo.toml", "fd/0", "exe", "task/../root/etc/passwd"] {
        for tool in ["read_file", "list_directory"] {
            let answer = it.call(tool, json!({ "path": path })).await;
            assert!(answer.starts_with("error"), "{tool} {path}: {answer}");
        }
    }
}

/// The real ones, which can be read without end, or do something when they are opened.
#[tokio::test]
async fn devices_are_looked_at_and_never_opened() {
    let it = Fixture::with(|shares| {
        shares.dirs = vec!["/dev".into()];
        shares.read_only = true;
    });
    let listed = it.call("list_directory", json!({ "path": "." })).await;
    for name in ["null", "zero", "full", "random", "tty"] {
        assert!(listed.contains(&format!(r#""name":"{name}""#)), "{listed}");
        let info = it.call("info", json!({ "path": name })).await;
        assert!(info.contains(r#""kind":"other""#), "{info}");
        let answers = [
            it.call("read_file", json!({ "path": name, "length": 1 })).await,
            it.call("read_files", json!({ "paths": [name] })).await,
            it.call("search", json!({ "path": name, "text": "x" })).await,
            it.read(&format!("file:///dev/{name}")).await,
        ];
        let says = |answer: &&String| {
            answer.contains("no regular file") || answer.contains("not a directory")
        };
        assert_eq!(answers.iter().filter(says).count(), answers.len(), "{name}: {answers:?}");
    }
    for name in ["stdin", "fd/0"] {
        let answer = it.call("read_file", json!({ "path": name })).await;
        assert!(answer.starts_with("error"), "{name}: {answer}");
    }
}

#[tokio::test]
async fn names_of_any_bytes_are_written_edited_found_moved_and_removed() {
    let it = Fixture::new();
    let dir = it.at("").join(OsStr::from_bytes(b"d\xffr"));
    fs::create_dir(&dir).unwrap();
    let base = format!("file://{}d%FFr", it.at("").display());
    let uri = format!("{base}/caf%E9%0A");
    let file = dir.join(OsStr::from_bytes(b"caf\xe9\n"));
    for (tool, arguments) in [
        ("write_file", json!({ "path": uri, "text": "needle\n" })),
        ("edit_file", json!({ "path": uri, "edits": [{ "old": "needle", "new": "a needle" }] })),
        ("create_directory", json!({ "path": format!("{base}/%FE") })),
    ] {
        let answer = it.call(tool, arguments).await;
        assert!(!answer.starts_with("error"), "{tool}: {answer}");
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), "a needle\n");
    for arguments in
        [json!({ "path": ".", "text": "needle" }), json!({ "path": base, "name": "caf*" })]
    {
        let found = it.call("search", arguments).await;
        assert!(found.contains("d%FFr/caf%E9%0A"), "{found}");
    }
    let tree = it.call("tree", json!({ "path": "." })).await;
    assert!(tree.contains(r"d\\xFFr") && tree.contains(r"caf\\xE9\n"), "{tree}");
    let moved = json!({ "from": uri, "to": format!("{base}/%FE/%80") });
    assert!(!it.call("move", moved).await.starts_with("error"));
    let removed = json!({ "path": format!("{base}/%FE/%80") });
    assert!(dir.join(OsStr::from_bytes(b"\xfe")).join(OsStr::from_bytes(b"\x80")).exists());
    assert!(!it.call("remove", removed).await.starts_with("error"));
    assert!(!dir.join(OsStr::from_bytes(b"\xfe")).join(OsStr::from_bytes(b"\x80")).exists());
}

#[tokio::test]
async fn a_path_of_half_a_million_steps_is_refused_at_once() {
    let it = Fixture::new();
    let path = "a/".repeat(500_000);
    for tool in ["create_directory", "read_file", "list_directory", "info", "remove"] {
        assert!(it.call(tool, json!({ "path": path })).await.starts_with("error"), "{tool}");
    }
    let path = "sub/../".repeat(100_000) + "../outside/canary.txt";
    let answer = it.call("read_file", json!({ "path": path })).await;
    assert!(answer.starts_with("error"));
}

#[tokio::test]
async fn names_that_are_no_text_are_shown_and_reached_by_their_uri() {
    let it = Fixture::new();
    fs::remove_file(it.at("file.txt")).unwrap();
    fs::remove_dir_all(it.at("sub")).unwrap();
    let names: [&[u8]; 6] = [
        b"caf\xe9.txt",
        b"line\nbreak",
        b"100% #?&+.txt",
        b"-rf",
        b"\xff\xfe",
        "漢字 🪢".as_bytes(),
    ];
    for name in names {
        fs::write(it.at("").join(OsStr::from_bytes(name)), name).unwrap();
    }
    let listed = it.call("list_directory", json!({ "path": "." })).await;
    let listed: Value = serde_json::from_str(&listed).unwrap();
    let mut table = String::new();
    for entry in listed["entries"].as_array().unwrap() {
        let path = entry["path"].as_str().unwrap();
        table += &format!("{} {path}\n", entry["name"]);
        let real = path.replace("BASE", it.base.to_str().unwrap());
        let read = it.call("read_file", json!({ "path": real })).await;
        assert!(!read.starts_with("error"), "{read}");
        let uri = it.call("info", json!({ "path": real })).await;
        let uri: Value = serde_json::from_str(&uri).unwrap();
        let uri = uri["uri"].as_str().unwrap().replace("BASE", it.base.to_str().unwrap());
        let read = it.read(&uri).await;
        // A variable of a template is text, so a name that is none can be reached by tools only.
        let is_text = !path.starts_with("file:");
        assert_eq!(read.contains(r#""text":"#), is_text, "{uri}: {read}");
    }
    expect![[r#"
        "-rf" BASE/allowed/-rf
        "100% #?&+.txt" BASE/allowed/100% #?&+.txt
        "caf\\xE9.txt" file://BASE/allowed/caf%E9.txt
        "line\nbreak" BASE/allowed/line
        break
        "漢字 🪢" BASE/allowed/漢字 🪢
        "\\xFF\\xFE" file://BASE/allowed/%FF%FE
    "#]]
    .assert_eq(&table);

    // Pages go on behind any name.
    let mut seen = Vec::new();
    let mut after = Value::Null;
    loop {
        let mut arguments = json!({ "path": ".", "limit": 1 });
        if !after.is_null() {
            arguments["after"] = after;
        }
        let page: Value =
            serde_json::from_str(&it.call("list_directory", arguments).await).unwrap();
        seen.extend(page["entries"].as_array().unwrap().clone());
        after = page["next"].clone();
        if after.is_null() {
            break;
        }
    }
    assert_eq!(listed["entries"], Value::Array(seen));
}

#[tokio::test]
async fn nothing_that_changes_anything_is_offered_when_read_only() {
    let it = Fixture::with(|shares| shares.read_only = true);
    let answer = it.ask("tools/list", json!({})).await;
    let tools = answer["result"]["tools"].as_array().unwrap();
    assert!(tools.iter().all(|tool| tool["annotations"]["readOnlyHint"] == true));
    let names: Vec<_> = tools.iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    expect!["read_file read_files list_directory tree search info roots_allowed"]
        .assert_eq(&names.join(" "));
    for tool in ["write_file", "edit_file", "move", "create_directory", "remove"] {
        assert!(it.call(tool, json!({ "path": "file.txt" })).await.contains("unknown tool"));
    }
}

#[tokio::test]
async fn every_tool_is_described_and_annotated() {
    let it = Fixture::new();
    let answer = it.ask("tools/list", json!({})).await;
    let mut table = String::new();
    for tool in answer["result"]["tools"].as_array().unwrap() {
        let hint = |name: &str| tool["annotations"][name].as_bool().unwrap();
        assert!(!hint("openWorldHint") && tool["description"].as_str().unwrap().ends_with('.'));
        let (reads, destroys) = (hint("readOnlyHint"), hint("destructiveHint"));
        let idempotent = hint("idempotentHint");
        let name = tool["name"].as_str().unwrap();
        table += &format!("{name:17} reads={reads} destroys={destroys} idempotent={idempotent}\n");
    }
    expect![[r#"
        read_file         reads=true destroys=false idempotent=true
        read_files        reads=true destroys=false idempotent=true
        list_directory    reads=true destroys=false idempotent=true
        tree              reads=true destroys=false idempotent=true
        search            reads=true destroys=false idempotent=true
        info              reads=true destroys=false idempotent=true
        roots_allowed     reads=true destroys=false idempotent=true
        write_file        reads=false destroys=true idempotent=true
        edit_file         reads=false destroys=true idempotent=false
        create_directory  reads=false destroys=false idempotent=true
        move              reads=false destroys=true idempotent=false
        remove            reads=false destroys=true idempotent=false
    "#]]
    .assert_eq(&table);
}

#[tokio::test]
async fn a_file_keeps_its_permissions_and_nothing_is_left_beside_it() {
    let it = Fixture::new();
    fs::set_permissions(it.at("file.txt"), fs::Permissions::from_mode(0o640)).unwrap();
    it.call("write_file", json!({ "path": "file.txt", "text": "new" })).await;
    let mode = fs::metadata(it.at("file.txt")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    let kept = json!({ "path": "file.txt", "text": "x", "overwrite": false });
    assert!(it.call("write_file", kept).await.contains("exists already"));
    assert!(
        it.call("write_file", json!({ "path": "sub", "text": "x" }))
            .await
            .contains("is a directory")
    );
    let mut names: Vec<_> =
        fs::read_dir(it.at("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["file.txt", "sub"]);
}

#[tokio::test]
async fn work_that_nobody_waits_for_stops() {
    let mut it = Fixture::new();
    let scope = Scope::open(&[it.at("")], false).unwrap();
    let files = Files::new(scope, false, false);
    let (started, has_started) = tokio::sync::oneshot::channel();
    let (stopped, has_stopped) = tokio::sync::oneshot::channel();
    let server = bowline::Server::new("test", "1");
    let slot = std::sync::Mutex::new(Some((started, stopped)));
    let server =
        server.tool(bowline::types::tool::Tool::new("endless"), move |cx: bowline::Context| {
            let (files, slot) = (files.clone(), slot.lock().unwrap().take());
            async move {
                let (started, stopped) = slot.unwrap();
                let done = files.run(cx, move |job| {
                    started.send(()).unwrap();
                    while job.go_on().is_ok() {
                        std::thread::yield_now();
                    }
                    stopped.send(()).unwrap();
                    Ok(())
                });
                done.await.unwrap().map_err(bowline::server::ToolError::from)
            }
        });
    it.server = server;
    let call = it.exchange("tools/call", json!({ "name": "endless", "arguments": {} }));
    tokio::select! {
        _ = call => panic!("it never ends of itself"),
        started = has_started => started.unwrap(),
    }
    has_stopped.await.unwrap();
}
