//! Every way out that we know of, tried with every tool.

use super::fixture::{CANARY, Fixture, fifo};
use expect_test::expect;
use serde_json::{Value, json};
use std::fs;
use std::os::unix::net::UnixListener;

/// A directory full of ways out.
fn trapped() -> Fixture {
    let it = Fixture::new();
    let base = it.base.clone();
    let outside = base.join("outside");
    it.link("file_out", "../outside/canary.txt");
    it.link("file_out_absolute", outside.join("canary.txt"));
    it.link("dir_out", "../outside");
    it.link("dir_out_absolute", &outside);
    it.link("evil", "../allowed-evil");
    it.link("chain", "chain_2");
    it.link("chain_2", "chain_3");
    it.link("chain_3", "dir_out/canary.txt");
    it.link("around", "sub/../../outside");
    it.link("slash", "/");
    it.link("up", "..");
    it.link("loop", "loop");
    it.link("loop_a", "loop_b");
    it.link("loop_b", "loop_a");
    it.link("dangling", "../outside/new.txt");
    it.link("magic_root", "/proc/self/root");
    it.link("magic_cwd", "/proc/self/cwd");
    it.link("magic_fd", "/proc/self/fd");
    it.link("back_in", "../allowed/file.txt");
    it.link("sub/up", "../..");
    it.link("sub/fine", "../file.txt");
    it.link("sub_link", "sub");
    fs::hard_link(outside.join("linked.txt"), it.at("hard.txt")).unwrap();
    fifo(&it.at("fifo"));
    drop(UnixListener::bind(it.at("socket")).unwrap());
    it.link("device", "/dev/zero");
    it.link("fifo_link", "fifo");
    it
}

/// Paths; `BASE` is what is above the directory that is served.
const PATHS: &[&str] = &[
    "BASE/outside/canary.txt",
    "BASE/allowed/../outside/canary.txt",
    "BASE/allowed/sub/../../outside/canary.txt",
    "BASE/allowed/./.././outside/canary.txt",
    "BASE/allowed//..//outside/canary.txt",
    "BASE/outside/../allowed/../outside/canary.txt",
    "BASE/allowed-evil/canary.txt",
    "BASE/allowed-evil",
    "BASE/allowe",
    "BASE/ALLOWED/file.txt",
    "BASE/allowed\u{0}/../outside/canary.txt",
    "BASE",
    "/",
    "/etc/passwd",
    "/proc/self/root/etc/passwd",
    "/dev/zero",
    "../outside/canary.txt",
    "../allowed-evil/canary.txt",
    "..",
    "../allowed/../outside/canary.txt",
    "sub/../../outside/canary.txt",
    "sub/inner/../../../outside",
    "missing/../../outside/canary.txt",
    "file.txt/../../outside/canary.txt",
    "~/x",
    "..\\outside\\canary.txt",
    "file_out",
    "file_out/",
    "file_out_absolute",
    "dir_out",
    "dir_out/",
    "dir_out/canary.txt",
    "dir_out/dir/canary.txt",
    "dir_out_absolute/canary.txt",
    "evil/canary.txt",
    "chain",
    "around/canary.txt",
    "slash/etc/passwd",
    "up/outside/canary.txt",
    "loop",
    "loop_a",
    "dangling",
    "magic_root",
    "magic_root/etc/passwd",
    "magic_cwd/Cargo.toml",
    "magic_fd/0",
    "back_in",
    "sub/up/outside/canary.txt",
    "sub_link/up/outside/canary.txt",
    "hard.txt",
    "fifo",
    "fifo_link",
    "socket",
    "device",
    "file://BASE/outside/canary.txt",
    "file://BASE/allowed/%2e%2e/outside/canary.txt",
    "file://BASE/allowed/..%2Foutside%2Fcanary.txt",
    "file://BASE/allowed/sub%2F..%2F..%2Foutside",
    "file://BASE/allowed/dir_out/canary.txt",
    "file://BASE/allowed/file.txt%00/../../outside/canary.txt",
    "file://BASE/allowed/file.txt?/../../outside/canary.txt",
    "file://BASE/allowed/file.txt#x",
    "file://evil.example/BASE/allowed/file.txt",
    "file://localhostBASE/outside/canary.txt",
    "file:BASE/outside/canary.txt",
    "",
];

/// Every tool with this path, those that only look first.
fn calls(path: &str) -> Vec<(&'static str, Value)> {
    vec![
        ("read_file", json!({ "path": path })),
        ("list_directory", json!({ "path": path })),
        ("read_file", json!({ "path": path, "encoding": "base64", "length": 6 })),
        ("read_file", json!({ "path": path, "first_line": 1, "lines": 1 })),
        ("read_files", json!({ "paths": [path, "file.txt"] })),
        ("tree", json!({ "path": path })),
        ("search", json!({ "path": path, "text": CANARY })),
        ("search", json!({ "path": path, "name": "*canary*" })),
        ("info", json!({ "path": path })),
        ("edit_file", json!({ "path": path, "edits": [{ "old": CANARY, "new": "x" }] })),
        ("write_file", json!({ "path": path, "text": "x" })),
        (
            "write_file",
            json!({ "path": format!("{path}/new.txt"), "text": "x", "create_parents": true }),
        ),
        ("create_directory", json!({ "path": format!("{path}/new") })),
        ("move", json!({ "from": "file.txt", "to": path, "overwrite": true })),
        ("move", json!({ "from": "sub", "to": format!("{path}/sub") })),
        ("move", json!({ "from": path, "to": "moved" })),
        ("remove", json!({ "path": format!("{path}/canary.txt") })),
        ("remove", json!({ "path": path })),
    ]
}

/// Whether an answer tells what only something outside can tell. The name of a canary may stand in what was asked.
fn tells(answer: &str) -> bool {
    let says = |what: &str| answer.contains(what);
    let base64 = "Q0FOQVJZ";
    says(&format!("{CANARY} "))
        || says(base64)
        || says("root:x:0:0")
        || says(r#""name":"linked.txt""#)
}

#[tokio::test]
async fn no_tool_gets_out_by_any_path() {
    let mut table = String::new();
    for path in PATHS {
        let it = trapped();
        let real = path.replace("BASE", it.base.to_str().unwrap());
        for (at, (tool, arguments)) in calls(&real).into_iter().enumerate() {
            let answer = it.call(tool, arguments).await;
            assert!(!tells(&answer), "{tool} {path}: {answer}");
            if at == 0 || at == 1 && !answer.starts_with("error: ") {
                let shown = answer.replace(&real, path).replace("file://BASE/", "BASE/");
                table +=
                    &format!("{path:?}\n    {tool} {}\n", shown.lines().next().unwrap_or_default());
            }
        }
        let uri = if real.starts_with("file:") {
            real
        } else {
            format!("file://{}/{real}", it.at("").display())
        };
        let answer = it.read(&uri).await;
        assert!(!tells(&answer), "resource {path}: {answer}");
        it.outside_is_untouched();
    }
    assert!(PATHS.len() >= 40);
    expect![[r#"
        "BASE/outside/canary.txt"
            read_file error: BASE/outside/canary.txt: leads outside of the allowed directories; roots_allowed names them
        "BASE/allowed/../outside/canary.txt"
            read_file error: BASE/allowed/../outside/canary.txt: leads outside of the allowed directories; roots_allowed names them
        "BASE/allowed/sub/../../outside/canary.txt"
            read_file error: BASE/allowed/sub/../../outside/canary.txt: leads outside of the allowed directories; roots_allowed names them
        "BASE/allowed/./.././outside/canary.txt"
            read_file error: BASE/allowed/../outside/canary.txt: leads outside of the allowed directories; roots_allowed names them
        "BASE/allowed//..//outside/canary.txt"
            read_file error: BASE/allowed/../outside/canary.txt: leads outside of the allowed directories; roots_allowed names them
        "BASE/outside/../allowed/../outside/canary.txt"
            read_file error: BASE/outside/../allowed/../outside/canary.txt: leads outside of the allowed directories; roots_allowed names them
        "BASE/allowed-evil/canary.txt"
            read_file error: BASE/allowed-evil/canary.txt: leads outside of the allowed directories; roots_allowed names them
        "BASE/allowed-evil"
            read_file error: BASE/allowed-evil: leads outside of the allowed directories; roots_allowed names them
        "BASE/allowe"
            read_file error: BASE/allowe: leads outside of the allowed directories; roots_allowed names them
        "BASE/ALLOWED/file.txt"
            read_file error: BASE/ALLOWED/file.txt: leads outside of the allowed directories; roots_allowed names them
        "BASE/allowed\0/../outside/canary.txt"
            read_file error: path "BASE/allowed\0/../outside/canary.txt": holds a NUL, which no name can
        "BASE"
            read_file error: BASE: leads outside of the allowed directories; roots_allowed names them
        "/"
            read_file error: /: leads outside of the allowed directories; roots_allowed names them
        "/etc/passwd"
            read_file error: /etc/passwd: leads outside of the allowed directories; roots_allowed names them
        "/proc/self/root/etc/passwd"
            read_file error: /proc/self/root/etc/passwd: leads outside of the allowed directories; roots_allowed names them
        "/dev/zero"
            read_file error: /dev/zero: leads outside of the allowed directories; roots_allowed names them
        "../outside/canary.txt"
            read_file error: BASE/allowed/../outside/canary.txt: leads outside of the allowed directories; roots_allowed names them
        "../allowed-evil/canary.txt"
            read_file error: BASE/allowed/../allowed-evil/canary.txt: leads outside of the allowed directories; roots_allowed names them
        ".."
            read_file error: BASE/allowed/..: leads outside of the allowed directories; roots_allowed names them
        "../allowed/../outside/canary.txt"
            read_file error: BASE/allowed/../allowed/../outside/canary.txt: leads outside of the allowed directories; roots_allowed names them
        "sub/../../outside/canary.txt"
            read_file error: BASE/allowed/sub/../../outside/canary.txt: leads outside of the allowed directories; roots_allowed names them
        "sub/inner/../../../outside"
            read_file error: BASE/allowed/sub/inner/../../../outside: leads outside of the allowed directories; roots_allowed names them
        "missing/../../outside/canary.txt"
            read_file error: BASE/allowed/missing/../../outside/canary.txt: no such file or directory
        "file.txt/../../outside/canary.txt"
            read_file error: BASE/allowed/file.txt/../../outside/canary.txt: not a directory
        "~/x"
            read_file error: BASE/allowed/~/x: no such file or directory
        "..\\outside\\canary.txt"
            read_file error: BASE/allowed/..\outside\canary.txt: no such file or directory
        "file_out"
            read_file error: BASE/allowed/file_out: leads outside of the allowed directories; roots_allowed names them
        "file_out/"
            read_file error: BASE/allowed/file_out: leads outside of the allowed directories; roots_allowed names them
        "file_out_absolute"
            read_file error: BASE/allowed/file_out_absolute: leads outside of the allowed directories; roots_allowed names them
        "dir_out"
            read_file error: BASE/allowed/dir_out: leads outside of the allowed directories; roots_allowed names them
        "dir_out/"
            read_file error: BASE/allowed/dir_out: leads outside of the allowed directories; roots_allowed names them
        "dir_out/canary.txt"
            read_file error: BASE/allowed/dir_out/canary.txt: leads outside of the allowed directories; roots_allowed names them
        "dir_out/dir/canary.txt"
            read_file error: BASE/allowed/dir_out/dir/canary.txt: leads outside of the allowed directories; roots_allowed names them
        "dir_out_absolute/canary.txt"
            read_file error: BASE/allowed/dir_out_absolute/canary.txt: leads outside of the allowed directories; roots_allowed names them
        "evil/canary.txt"
            read_file error: BASE/allowed/evil/canary.txt: leads outside of the allowed directories; roots_allowed names them
        "chain"
            read_file error: BASE/allowed/chain: leads outside of the allowed directories; roots_allowed names them
        "around/canary.txt"
            read_file error: BASE/allowed/around/canary.txt: leads outside of the allowed directories; roots_allowed names them
        "slash/etc/passwd"
            read_file error: BASE/allowed/slash/etc/passwd: leads outside of the allowed directories; roots_allowed names them
        "up/outside/canary.txt"
            read_file error: BASE/allowed/up/outside/canary.txt: leads outside of the allowed directories; roots_allowed names them
        "loop"
            read_file error: BASE/allowed/loop: too many symbolic links, or one that leads to itself
        "loop_a"
            read_file error: BASE/allowed/loop_a: too many symbolic links, or one that leads to itself
        "dangling"
            read_file error: BASE/allowed/dangling: leads outside of the allowed directories; roots_allowed names them
        "magic_root"
            read_file error: BASE/allowed/magic_root: leads outside of the allowed directories; roots_allowed names them
        "magic_root/etc/passwd"
            read_file error: BASE/allowed/magic_root/etc/passwd: leads outside of the allowed directories; roots_allowed names them
        "magic_cwd/Cargo.toml"
            read_file error: BASE/allowed/magic_cwd/Cargo.toml: leads outside of the allowed directories; roots_allowed names them
        "magic_fd/0"
            read_file error: BASE/allowed/magic_fd/0: leads outside of the allowed directories; roots_allowed names them
        "back_in"
            read_file error: BASE/allowed/back_in: leads outside of the allowed directories; roots_allowed names them
        "sub/up/outside/canary.txt"
            read_file error: BASE/allowed/sub/up/outside/canary.txt: leads outside of the allowed directories; roots_allowed names them
        "sub_link/up/outside/canary.txt"
            read_file error: BASE/allowed/sub_link/up/outside/canary.txt: leads outside of the allowed directories; roots_allowed names them
        "hard.txt"
            read_file error: BASE/allowed/hard.txt: has more than one name, and another one may be outside; --allow-hard-links allows it
        "fifo"
            read_file error: BASE/allowed/fifo: is no regular file
        "fifo_link"
            read_file error: BASE/allowed/fifo_link: is no regular file
        "socket"
            read_file error: BASE/allowed/socket: is no regular file
        "device"
            read_file error: BASE/allowed/device: leads outside of the allowed directories; roots_allowed names them
        "file://BASE/outside/canary.txt"
            read_file error: BASE/outside/canary.txt: leads outside of the allowed directories; roots_allowed names them
        "file://BASE/allowed/%2e%2e/outside/canary.txt"
            read_file error: BASE/allowed/../outside/canary.txt: leads outside of the allowed directories; roots_allowed names them
        "file://BASE/allowed/..%2Foutside%2Fcanary.txt"
            read_file error: BASE/allowed/../outside/canary.txt: leads outside of the allowed directories; roots_allowed names them
        "file://BASE/allowed/sub%2F..%2F..%2Foutside"
            read_file error: BASE/allowed/sub/../../outside: leads outside of the allowed directories; roots_allowed names them
        "file://BASE/allowed/dir_out/canary.txt"
            read_file error: BASE/allowed/dir_out/canary.txt: leads outside of the allowed directories; roots_allowed names them
        "file://BASE/allowed/file.txt%00/../../outside/canary.txt"
            read_file error: path "BASE/allowed/file.txt%00/../../outside/canary.txt": holds a NUL, which no name can
        "file://BASE/allowed/file.txt?/../../outside/canary.txt"
            read_file error: path "BASE/allowed/file.txt?/../../outside/canary.txt": a file URI has neither query nor fragment; write %3F or %23
        "file://BASE/allowed/file.txt#x"
            read_file error: path "BASE/allowed/file.txt#x": a file URI has neither query nor fragment; write %3F or %23
        "file://evil.example/BASE/allowed/file.txt"
            read_file error: path "file://evil.example/BASE/allowed/file.txt": names a file of another host
        "file://localhostBASE/outside/canary.txt"
            read_file error: BASE/outside/canary.txt: leads outside of the allowed directories; roots_allowed names them
        "file:BASE/outside/canary.txt"
            read_file error: BASE/allowed/file:BASE/outside/canary.txt: no such file or directory
        ""
            read_file error: path "": is empty; write . for the directory itself
    "#]].assert_eq(&table);
}

#[tokio::test]
async fn looking_at_the_whole_shows_ways_out_as_links_and_follows_none() {
    let it = trapped();
    for (tool, arguments) in [
        ("search", json!({ "path": ".", "text": CANARY })),
        ("search", json!({ "path": ".", "name": "canary*" })),
        ("tree", json!({ "path": ".", "depth": 32, "max_entries": 10000 })),
        ("list_directory", json!({ "path": "." })),
    ] {
        let answer = it.call(tool, arguments).await;
        assert!(!answer.contains("canary.txt") && !answer.contains(CANARY), "{tool}: {answer}");
        assert!(!answer.starts_with("error"), "{tool}: {answer}");
    }
    it.outside_is_untouched();
}

#[tokio::test]
async fn links_that_stay_inside_are_followed() {
    let it = trapped();
    assert_eq!(it.call("read_file", json!({ "path": "sub/fine" })).await, "one\ntwo\nthree\n");
    assert_eq!(it.call("read_file", json!({ "path": "sub_link/inner.txt" })).await, "inner\n");
    assert_eq!(
        it.call("read_file", json!({ "path": "sub/../file.txt" })).await,
        "one\ntwo\nthree\n"
    );
}
