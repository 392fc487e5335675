//! The filesystem server as a process of its own.

use crate::program::{Program, bowline, call, ends, request};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// A directory that is gone with the test: `allowed`, and `outside` beside it.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let base = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).canonicalize().unwrap();
        let base = base.join(format!("{name}-{}", std::process::id()));
        fs::create_dir_all(base.join("allowed")).unwrap();
        fs::create_dir_all(base.join("outside")).unwrap();
        fs::write(base.join("allowed/file.txt"), "inside\n").unwrap();
        fs::write(base.join("outside/canary.txt"), "CANARY\n").unwrap();
        Self(base)
    }

    fn at(&self, rel: &str) -> PathBuf {
        self.0.join(rel)
    }

    fn serve(&self, flags: &[&str]) -> Program {
        let dir = self.at("allowed");
        let mut args = vec!["-q", "serve", "filesystem", dir.to_str().unwrap()];
        args.extend(flags);
        Program::start(&mut bowline(&args))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn uri(path: &Path) -> String {
    format!("file://{}", path.display())
}

fn answer(program: &Program, id: u32) -> Value {
    let line = program.stdout.find(&format!(r#""id":{id},"#));
    serde_json::from_str(&line).unwrap()
}

#[test]
fn files_are_read_and_written_and_nothing_outside() {
    let place = Place::new("reads");
    let mut program = place.serve(&[]);
    program.send(&call(1, "read_file", json!({ "path": "file.txt" })));
    assert_eq!(answer(&program, 1)["result"]["content"][0]["text"], "inside\n");
    program.send(&call(2, "write_file", json!({ "path": "new.txt", "text": "new\n" })));
    assert_eq!(answer(&program, 2)["result"].get("isError"), None);
    assert_eq!(fs::read_to_string(place.at("allowed/new.txt")).unwrap(), "new\n");
    program.send(&call(3, "read_file", json!({ "path": "../outside/canary.txt" })));
    assert_eq!(answer(&program, 3)["result"]["isError"], true);
    program.send(&call(4, "read_file", json!({ "path": place.at("outside/canary.txt") })));
    assert_eq!(answer(&program, 4)["result"]["isError"], true);
    assert_eq!(program.end(), 0);
}

#[test]
fn read_only_writes_nothing() {
    let place = Place::new("read-only");
    let mut program = place.serve(&["--read-only"]);
    program.send(&call(1, "write_file", json!({ "path": "new.txt", "text": "new\n" })));
    assert_eq!(answer(&program, 1)["error"]["code"], -32602);
    assert!(!place.at("allowed/new.txt").exists());
    assert_eq!(program.end(), 0);
}

#[test]
fn listeners_are_told_of_changes_inside_and_of_none_outside() {
    let place = Place::new("watches");
    symlink("../outside", place.at("allowed/out")).unwrap();
    fs::write(place.at("outside/linked.txt"), "CANARY\n").unwrap();
    fs::hard_link(place.at("outside/linked.txt"), place.at("allowed/hard.txt")).unwrap();
    let mut program = place.serve(&[]);
    let inside = uri(&place.at("allowed/file.txt"));
    let uris = [
        uri(&place.at("outside/canary.txt")),
        uri(&place.at("allowed/out/canary.txt")),
        uri(&place.at("allowed/../outside/canary.txt")),
        uri(&place.at("allowed/hard.txt")),
        inside.clone(),
        uri(&place.at("allowed/later.txt")),
    ];
    let filter = json!({ "notifications": { "resourceSubscriptions": uris } });
    program.send(&request(1, "subscriptions/listen", filter));
    program.stdout.find("notifications/subscriptions/acknowledged");

    fs::write(place.at("outside/canary.txt"), "CANARY that changed\n").unwrap();
    fs::write(place.at("outside/linked.txt"), "CANARY that changed\n").unwrap();
    for change in ["in place\n", "again\n"] {
        fs::write(place.at("allowed/file.txt"), change).unwrap();
        assert!(program.stdout.next().unwrap().contains(&format!(r#""uri":"{inside}""#)));
    }
    program.send(&call(2, "write_file", json!({ "path": "file.txt", "text": "by the tool" })));
    program.stdout.find(&format!(r#""uri":"{inside}""#));
    fs::write(place.at("allowed/later.txt"), "there\n").unwrap();
    let line = program.stdout.find("notifications/resources/updated");
    assert!(line.contains("later.txt"), "{line}");
    fs::remove_file(place.at("allowed/later.txt")).unwrap();
    let line = program.stdout.find("notifications/resources/updated");
    assert!(line.contains("later.txt"), "{line}");
    assert_eq!(program.end(), 0);
}

#[test]
fn files_with_other_names_are_read_only_when_that_is_allowed() {
    let place = Place::new("links");
    fs::hard_link(place.at("outside/canary.txt"), place.at("allowed/hard.txt")).unwrap();
    for (flags, may) in [(&[][..], false), (&["--allow-hard-links"], true)] {
        let mut program = place.serve(flags);
        program.send(&call(1, "read_file", json!({ "path": "hard.txt" })));
        let text = answer(&program, 1)["result"]["content"][0]["text"].take();
        assert_eq!(text == "CANARY\n", may, "{flags:?}: {text}");
        assert_eq!(program.end(), 0);
    }
}

#[test]
fn roots_of_a_client_count_only_when_they_are_followed_and_only_narrow() {
    let place = Place::new("roots");
    fs::create_dir(place.at("allowed/sub")).unwrap();
    fs::write(place.at("allowed/sub/inner.txt"), "inner\n").unwrap();
    let read = |id: u32, path: PathBuf, more: Value| {
        let mut params = json!({ "name": "read_file", "arguments": { "path": path } });
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let mut message: Value = serde_json::from_str(&request(id, "tools/call", params)).unwrap();
        let capabilities = "io.modelcontextprotocol/clientCapabilities";
        message["params"]["_meta"][capabilities] = json!({ "roots": {} });
        message.to_string()
    };
    let mut program = place.serve(&[]);
    program.send(&read(1, place.at("allowed/file.txt"), json!({})));
    assert_eq!(answer(&program, 1)["result"]["content"][0]["text"], "inside\n");
    assert_eq!(program.end(), 0);

    let mut program = place.serve(&["--follow-client-roots"]);
    for (id, root, path, says) in [
        (1, "allowed/sub", "allowed/sub/inner.txt", "inner"),
        (3, "allowed/sub", "allowed/file.txt", "leads outside"),
        (5, "", "allowed/file.txt", "inside"),
        (7, "", "outside/canary.txt", "leads outside"),
        (9, "outside", "outside/canary.txt", "leads outside"),
        (11, "outside", "allowed/file.txt", "leads outside"),
    ] {
        program.send(&read(id, place.at(path), json!({})));
        let asked = answer(&program, id)["result"].take();
        assert_eq!(asked["inputRequests"]["roots"]["method"], "roots/list", "{asked}");
        let roots = json!({ "roots": { "roots": [{ "uri": uri(&place.at(root)) }] } });
        let again = json!({ "inputResponses": roots, "requestState": asked["requestState"] });
        program.send(&read(id + 1, place.at(path), again));
        let text = answer(&program, id + 1)["result"]["content"][0]["text"].take();
        assert!(text.as_str().unwrap().contains(says), "{root} {path}: {text}");
    }
    // Who has no roots to ask for is served all there is, and no more.
    program.send(&call(20, "read_file", json!({ "path": "file.txt" })));
    assert_eq!(answer(&program, 20)["result"]["content"][0]["text"], "inside\n");
    assert_eq!(program.end(), 0);
}

#[test]
fn a_session_is_told_of_changes_inside_and_of_none_outside() {
    let place = Place::new("subscribes");
    symlink("../outside", place.at("allowed/out")).unwrap();
    let mut program = place.serve(&[]);
    open_session(&mut program, json!({}));
    let inside = uri(&place.at("allowed/file.txt"));
    let uris = [
        uri(&place.at("outside/canary.txt")),
        uri(&place.at("allowed/out/canary.txt")),
        inside.clone(),
    ];
    for (id, uri) in (1..).zip(&uris) {
        let params = json!({ "uri": uri });
        let message = json!({ "jsonrpc": "2.0", "id": id, "method": "resources/subscribe", "params": params });
        program.send(&message.to_string());
        answer(&program, id);
    }
    fs::write(place.at("outside/canary.txt"), "CANARY that changed\n").unwrap();
    for change in ["once\n", "and again\n"] {
        fs::write(place.at("allowed/file.txt"), change).unwrap();
        let line: Value = serde_json::from_str(&program.stdout.next().unwrap()).unwrap();
        assert_eq!(line["method"], "notifications/resources/updated", "{line}");
        assert_eq!(line["params"]["uri"], inside, "{line}");
    }
    assert_eq!(program.end(), 0);
}

/// Opens a session of an older protocol version.
fn open_session(program: &mut Program, capabilities: Value) {
    let params = json!({
        "protocolVersion": "2025-06-18",
        "capabilities": capabilities,
        "clientInfo": { "name": "test", "version": "1" },
    });
    let open = json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params });
    program.send(&open.to_string());
    assert_eq!(answer(program, 0)["result"]["protocolVersion"], "2025-06-18");
    program.send(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
}

/// In a session the question is put live, at each call: nothing is remembered that a change could make wrong.
#[test]
fn a_client_of_a_session_is_asked_for_its_roots_at_each_call() {
    let place = Place::new("session");
    fs::create_dir(place.at("allowed/sub")).unwrap();
    fs::write(place.at("allowed/sub/inner.txt"), "inner\n").unwrap();
    let mut program = place.serve(&["--follow-client-roots"]);
    open_session(&mut program, json!({ "roots": { "listChanged": true } }));
    for (id, root, path, says) in [
        (1, Some("allowed/sub"), "allowed/sub/inner.txt", "inner"),
        (2, Some("allowed/sub"), "allowed/file.txt", "leads outside"),
        (3, Some("allowed"), "allowed/file.txt", "inside"),
        (4, Some(""), "outside/canary.txt", "leads outside"),
        (5, Some("outside"), "outside/canary.txt", "leads outside"),
        // Who will not say what its roots are is not served as if it had none.
        (6, None, "allowed/file.txt", ""),
        (7, Some("allowed"), "allowed/file.txt", "inside"),
    ] {
        let arguments = json!({ "path": place.at(path) });
        let params = json!({ "name": "read_file", "arguments": arguments });
        let call = json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params });
        program.send(&call.to_string());
        let asked: Value = serde_json::from_str(&program.stdout.next().unwrap()).unwrap();
        assert_eq!(asked["method"], "roots/list", "{asked}");
        let mut reply = json!({ "jsonrpc": "2.0", "id": asked["id"] });
        match root {
            Some(root) => reply["result"] = json!({ "roots": [{ "uri": uri(&place.at(root)) }] }),
            None => reply["error"] = json!({ "code": -32603, "message": "no" }),
        }
        program.send(&reply.to_string());
        let answer = answer(&program, id);
        let text = answer["result"]["content"][0]["text"].as_str().unwrap_or_default();
        let served = answer["result"]["isError"] != true && answer["error"].is_null();
        assert_eq!(served, ["inner", "inside"].contains(&says), "{root:?} {path}: {answer}");
        assert!(text.contains(says), "{root:?} {path}: {answer}");
        program.send(r#"{"jsonrpc":"2.0","method":"notifications/roots/list_changed"}"#);
    }
    assert_eq!(program.end(), 0);
}

#[test]
fn a_directory_that_is_not_there_is_a_mistake() {
    let shown =
        ends(&mut bowline(&["--log-format", "human", "serve", "filesystem", "/no/such/directory"]));
    assert!(
        shown.ends_with(
            "error: cannot serve /no/such/directory: No such file or directory (os error 2)\nhint: name directories that exist\n"
        ),
        "{shown}"
    );
    assert!(ends(&mut bowline(&["serve", "filesystem"])).contains("<DIR>..."));
}
