//! Listening on a Unix socket.

use crate::program::{Program, bowline, call, ends};
use expect_test::expect;
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// A directory that is gone with the test.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        // Short, as paths of sockets must be.
        let path = std::env::temp_dir().join(format!("bowline-{name}-{}", std::process::id()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn address(&self, name: &str) -> String {
        format!("unix:{}", self.at(name).display())
    }

    fn shown(&self, text: &str) -> String {
        text.replace(self.0.to_str().unwrap(), "DIR")
    }

    fn serve(&self, name: &str, flags: &[&str]) -> Program {
        let address = self.address(name);
        let mut args = vec!["--log-format", "human", "serve", "everything", "--listen", &address];
        args.extend(flags);
        let program = Program::start(&mut bowline(&args));
        program.stderr.find("listening on ");
        program
    }

    fn mode(&self, name: &str) -> u32 {
        fs::symlink_metadata(self.at(name)).unwrap().permissions().mode() & 0o7777
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

struct Client(BufReader<UnixStream>);

impl Client {
    fn new(path: PathBuf) -> Self {
        let stream = UnixStream::connect(path).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        Self(BufReader::new(stream))
    }

    fn send(&mut self, line: &str) {
        self.0.get_mut().write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// The next message; null at the end.
    fn message(&mut self) -> Value {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        if line.is_empty() { Value::Null } else { serde_json::from_str(&line).unwrap() }
    }

    /// What `echo` says.
    fn echo(&mut self, text: &str) -> Value {
        self.send(&call(1, "echo", json!({ "message": text })));
        self.message()["result"]["content"][0]["text"].take()
    }
}

#[test]
fn notices_say_where_it_listens_and_how_to_reach_it() {
    let place = Place::new("notices");
    let address = place.address("s");
    let args = ["--log-format", "human", "serve", "everything", "--listen", &address];
    let program = Program::start(&mut bowline(&args));
    let notices = [program.stderr.next().unwrap(), program.stderr.next().unwrap()].join("\n");
    expect![[r#"
        listening on unix:DIR/s
        add it to a client: {"mcpServers": {"everything": {"command": "nc", "args": ["-U", "DIR/s"]}}}"#]]
    .assert_eq(&place.shown(&notices));
}

#[test]
fn several_clients_are_served_at_once() {
    let place = Place::new("clients");
    let program = place.serve("s", &[]);
    assert_eq!(place.mode("s"), 0o600);
    let mut slow = Client::new(place.at("s"));
    slow.send(&call(1, "slow", json!({ "seconds": 0.5 })));
    assert_eq!(slow.message()["method"], "notifications/progress");
    let mut clients: Vec<_> = (0..20).map(|_| Client::new(place.at("s"))).collect();
    for (at, client) in clients.iter_mut().enumerate() {
        assert_eq!(client.echo(&format!("hello {at}")), format!("hello {at}"));
    }
    // Told to end, it finishes what runs and takes its file along.
    program.signal("TERM");
    program.stderr.find("a second signal ends at once");
    loop {
        let message = slow.message();
        if message["id"] == 1 {
            assert_eq!(message["result"]["content"][0]["text"], "waited");
            break;
        }
    }
    assert_eq!(program.end(), 0);
    assert!(!place.at("s").exists());
    assert_eq!(clients[0].message(), Value::Null);
}

#[test]
fn each_connection_opens_a_session_of_its_own() {
    let place = Place::new("sessions");
    let _program = place.serve("s", &[]);
    let versions = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];
    let mut clients = versions.map(|version| {
        let mut client = Client::new(place.at("s"));
        let params = json!({
            "protocolVersion": version,
            "capabilities": {},
            "clientInfo": { "name": "test", "version": "1" },
        });
        let open = json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params });
        client.send(&open.to_string());
        assert_eq!(client.message()["result"]["protocolVersion"], version);
        client.send(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
        client
    });
    let mut modern = Client::new(place.at("s"));
    for (version, client) in versions.iter().zip(&mut clients) {
        let params = json!({ "name": "echo", "arguments": { "message": version } });
        let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
        client.send(&call.to_string());
        let result = client.message()["result"].take();
        assert_eq!(result["content"][0]["text"], *version);
        assert_eq!(result.get("resultType"), None, "{result}");
        assert_eq!(modern.echo(version), *version);
    }
}

#[test]
fn the_filesystem_is_served_too() {
    let place = Place::new("files");
    fs::write(place.at("file.txt"), "inside\n").unwrap();
    let address = place.address("s");
    let dir = place.0.to_str().unwrap();
    let args = ["serve", "filesystem", dir, "--read-only", "--listen", &address];
    let program = Program::start(&mut bowline(&args));
    program.stderr.find("listening on ");
    let mut client = Client::new(place.at("s"));
    client.send(&call(1, "read_file", json!({ "path": "file.txt" })));
    assert_eq!(client.message()["result"]["content"][0]["text"], "inside\n");
    // The socket that it listens on is no file to read.
    client.send(&call(2, "read_file", json!({ "path": "s" })));
    assert_eq!(client.message()["result"]["isError"], true);
}

#[test]
fn what_a_killed_server_left_is_replaced_and_what_lives_is_not() {
    let place = Place::new("stale");
    let first = place.serve("s", &[]);
    first.signal("KILL");
    while first.stderr.next().is_some() {}
    assert!(place.at("s").exists());
    let _second = place.serve("s", &[]);
    assert_eq!(Client::new(place.at("s")).echo("hello"), "hello");

    fs::write(place.at("file"), "precious").unwrap();
    let long = "x".repeat(120 - place.at("").as_os_str().len());
    let mut table = String::new();
    for name in ["s", "file", "missing/s", "\u{1b}[2J\u{202e}/s", &long] {
        let listen =
            ["--log-format", "human", "serve", "everything", "--listen", &place.address(name)];
        table += &place.shown(&ends(&mut bowline(&listen)));
    }
    expect![[r#"
        exit code 1
        --- stdout
        --- stderr
        error: cannot listen on DIR/s: a process listens on it already; end that, or use another path
        exit code 1
        --- stdout
        --- stderr
        error: cannot listen on DIR/file: something that is no socket is there; remove it, or use another path
        exit code 1
        --- stdout
        --- stderr
        error: cannot listen on DIR/missing/s: its directory cannot be used: No such file or directory (os error 2)
        exit code 1
        --- stdout
        --- stderr
        error: cannot listen on DIR/\u{1b}[2J\u{202e}/s: its directory cannot be used: No such file or directory (os error 2)
        exit code 1
        --- stdout
        --- stderr
        error: cannot listen on DIR/LONG: 120 bytes are too many for a socket; use a path of 90 at most
    "#]].assert_eq(&table.replace(&long, "LONG"));
    assert_eq!(fs::read_to_string(place.at("file")).unwrap(), "precious");
    assert_eq!(Client::new(place.at("s")).echo("hello"), "hello");
}

#[test]
fn a_name_cannot_steer_the_terminal() {
    let place = Place::new("escape");
    let name = "\u{1b}]0;owned\u{7}\u{202e}s";
    for format in ["human", "json"] {
        let address = place.address(name);
        let args = ["--log-format", format, "serve", "everything", "--listen", &address];
        let program = Program::start(&mut bowline(&args));
        let notices = [program.stderr.next().unwrap(), program.stderr.next().unwrap()].concat();
        assert!(notices.contains("owned") && notices.contains("nc"), "{notices}");
        assert!(!notices.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{notices:?}");
        assert_eq!(Client::new(place.at(name)).echo("hello"), "hello");
        program.signal("TERM");
        assert_eq!(program.end(), 0);
    }
}

#[test]
fn other_users_may_connect_only_when_some_are_allowed() {
    let place = Place::new("users");
    let _program = place.serve("s", &["--allow-uid", "4294967294"]);
    assert_eq!(place.mode("s"), 0o666);
    assert_eq!(Client::new(place.at("s")).echo("hello"), "hello");
}

/// Out of file descriptors, it waits for some to come back.
#[test]
fn running_out_of_file_descriptors_ends_nothing() {
    let place = Place::new("limit");
    let shell = "ulimit -n 24; exec \"$0\" \"$@\"";
    let address = place.address("s");
    let serve = ["--log-format", "human", "serve", "everything", "--listen", &address];
    let mut command = Command::new("sh");
    command.args(["-c", shell, env!("CARGO_BIN_EXE_bowline")]).args(serve);
    let program = Program::start(&mut command);
    program.stderr.find("listening on ");
    let mut first = Client::new(place.at("s"));
    assert_eq!(first.echo("hello"), "hello");
    let crowd: Vec<_> = (0..40).map(|_| Client::new(place.at("s"))).collect();
    program.stderr.find("cannot accept connections; trying again");
    assert_eq!(first.echo("still there"), "still there");
    drop(crowd);
    assert_eq!(Client::new(place.at("s")).echo("hello"), "hello");
    program.signal("TERM");
    let mut complaints = 0;
    while let Some(line) = program.stderr.next() {
        complaints += usize::from(line.contains("cannot accept"));
    }
    // Again at most when some were accepted in between.
    assert!(complaints < 5, "{complaints} complaints");
    assert_eq!(program.end(), 0);
}
