//! Several directories, and clients that name roots of their own.

use super::super::place::Scope;
use super::fixture::Fixture;
use serde_json::{Value, json};
use std::path::PathBuf;

#[test]
fn roots_of_a_client_narrow_and_never_widen() {
    let it = Fixture::new();
    it.link("sub/out", "../../outside");
    it.link("sub/up", "..");
    let base = it.base.display().to_string();
    let scope = Scope::open(&[it.at(""), it.at("sub")], false).unwrap();
    let table: &[(&[&str], &[&str])] = &[
        (&[], &[]),
        (&["file://BASE/allowed"], &["BASE/allowed", "BASE/allowed/sub"]),
        (&["file://BASE"], &["BASE/allowed", "BASE/allowed/sub"]),
        (&["file:///"], &["BASE/allowed", "BASE/allowed/sub"]),
        (&["file://BASE/allowed/sub"], &["BASE/allowed/sub"]),
        (&["file://BASE/allowed/sub/inner/"], &["BASE/allowed/sub/inner"]),
        (&["file://BASE/outside"], &[]),
        (&["file://BASE/allowed-evil"], &[]),
        (&["file://BASE/allowed/../outside"], &[]),
        (&["file://BASE/allowed/sub/out"], &[]),
        (&["file://BASE/allowed/sub/out/dir"], &[]),
        (&["file://BASE/allowed/file.txt"], &[]),
        (&["file://BASE/allowed/missing"], &[]),
        (&["https://example.com/", "sub", ""], &[]),
        (&["file://BASE/outside", "file://BASE/allowed/sub/inner"], &["BASE/allowed/sub/inner"]),
    ];
    for (uris, expected) in table {
        let uris: Vec<_> = uris.iter().map(|uri| uri.replace("BASE", &base)).collect();
        let narrowed = scope.narrowed(uris.iter().map(String::as_str)).unwrap();
        let roots: Vec<_> = narrowed.roots().iter().map(|root| root.path.clone()).collect();
        let expected: Vec<_> =
            expected.iter().map(|path| PathBuf::from(path.replace("BASE", &base))).collect();
        assert_eq!(roots, expected, "{uris:?}");
    }
    // What is left is confined by itself: a link that leads to what was allowed before leads outside now.
    let inner = format!("file://{base}/allowed/sub/inner");
    let narrowed = scope.narrowed([inner.as_str()]).unwrap();
    assert!(narrowed.place("../inner.txt").unwrap().dir().is_err());
}

#[test]
fn a_root_may_be_named_by_a_link_as_the_directory_was() {
    let it = Fixture::new();
    std::os::unix::fs::symlink(".", it.base.join("link")).unwrap();
    let base = it.base.display();
    for (typed, root, may) in [
        ("link/allowed", "", true),
        ("link/allowed", "link", true),
        ("link/allowed", "link/allowed", true),
        ("link/allowed", "link/outside", false),
        ("link/allowed", "link/link", false),
        // Below what it begins with, if one looks at the text only.
        ("outside/../allowed", "outside", false),
        ("outside/../allowed", "allowed", true),
    ] {
        let scope = Scope::open(&[it.base.join(typed)], false).unwrap();
        let uri = format!("file://{base}/{root}");
        let narrowed = scope.narrowed([uri.trim_end_matches('/')]).unwrap();
        assert_eq!(narrowed.roots().len(), usize::from(may), "{typed} {root}");
        assert!(
            narrowed
                .roots()
                .iter()
                .all(|root| root.path == it.at("").components().collect::<PathBuf>())
        );
    }
}

#[test]
fn a_hundred_roots_are_looked_at_and_no_more() {
    let it = Fixture::new();
    let scope = Scope::open(&[it.at("")], false).unwrap();
    let uri = format!("file://{}", it.at("sub").display());
    for (count, may) in [(99, true), (100, true), (101, false)] {
        let narrowed = scope.narrowed(std::iter::repeat_n(uri.as_str(), count));
        assert_eq!(narrowed.is_ok(), may, "{count}");
    }
}

#[tokio::test]
async fn a_client_is_asked_for_its_roots_when_they_are_followed() {
    let it = Fixture::with(|shares| shares.follow_client_roots = true);
    let params = json!({ "name": "read_file", "arguments": { "path": it.at("file.txt") } });
    let asked = it.ask("tools/call", params.clone()).await;
    assert_eq!(asked["result"]["resultType"], "input_required", "{asked}");
    assert_eq!(asked["result"]["inputRequests"]["roots"]["method"], "roots/list");
    for (root, may) in [("allowed", true), ("", true), ("allowed/sub", false), ("outside", false)] {
        let mut again = params.clone();
        if let Some(state) = asked["result"].get("requestState") {
            again["requestState"] = state.clone();
        }
        let uri = format!("file://{}", it.base.join(root).display());
        again["inputResponses"] = json!({ "roots": { "roots": [{ "uri": uri }] } });
        let answer = it.shown(&it.ask("tools/call", again).await);
        assert_eq!(answer == "one\ntwo\nthree\n", may, "{root}: {answer}");
    }
}

#[tokio::test]
async fn a_relative_path_needs_a_single_directory() {
    let it = Fixture::with(|shares| shares.dirs.push(shares.dirs[0].join("sub/inner")));
    let answer = it.call("read_file", json!({ "path": "file.txt" })).await;
    assert!(answer.contains("write an absolute one"), "{answer}");
    let answer = it.call("read_file", json!({ "path": it.at("file.txt") })).await;
    assert_eq!(answer, "one\ntwo\nthree\n");
    let allowed: Value = serde_json::from_str(&it.call("roots_allowed", json!({})).await).unwrap();
    let expected = json!([{ "path": "BASE/allowed" }, { "path": "BASE/allowed/sub/inner" }]);
    assert_eq!(allowed, json!({ "roots": expected, "read_only": false }));
}

#[test]
fn directories_that_are_none_are_refused() {
    let it = Fixture::new();
    for dir in ["missing", "file.txt"] {
        let refused = Scope::open(&[it.at(dir)], false).unwrap_err().to_string();
        assert!(
            refused.starts_with("error: cannot serve ") && refused.contains("hint: "),
            "{refused}"
        );
    }
}
