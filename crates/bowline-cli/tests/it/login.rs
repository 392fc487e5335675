//! Logging in at a server that wants to know who calls: the real `up` behind a real authorization server.

use crate::folder::Folder;
use crate::program::{Program, call};
use dev_auth::{Approval, Running, Secrets, Settings};
use expect_test::expect;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;
use tokio::runtime::Runtime;

/// An authorization server, and an endpoint that takes nothing but its tokens.
struct World {
    folder: Folder,
    issuer: Running,
    _up: Program,
    url: String,
    _runtime: Runtime,
}

impl World {
    fn new(lifetime: Duration) -> Self {
        let folder = Folder::new();
        let runtime = Runtime::new().unwrap();
        // Free now, and nobody else takes it within the moment that it takes.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let url = format!("http://127.0.0.1:{port}/mcp");
        let settings = Settings {
            approval: Approval::Always("alice".to_owned()),
            resources: vec![url.clone()],
            scopes: vec!["mcp".to_owned()],
            token_lifetime: lifetime,
            secrets: Secrets::DangerouslyShown,
            ..Settings::default()
        };
        let issuer = runtime.block_on(dev_auth::start(settings)).unwrap();
        let config = folder.0.join("servers.json");
        let server =
            json!({ "command": env!("CARGO_BIN_EXE_bowline"), "args": ["serve", "everything"] });
        let auth = json!({ "issuer": issuer.issuer(), "scopes": { "all": ["mcp"] } });
        let text = json!({ "mcpServers": { "e": server }, "bowline": { "auth": auth } });
        fs::write(&config, text.to_string()).unwrap();
        let listen = format!("127.0.0.1:{port}");
        let args = ["--log-format", "human", "up", "--listen", &listen, "-c"];
        let up = Program::start(folder.bowline(&args).arg(&config));
        up.stderr.find("listening on");
        Self { folder, issuer, _up: up, url, _runtime: runtime }
    }

    /// Follows the page that `login` shows, as a browser does, and gives what `login` wrote.
    fn log_in(&self, args: &[&str]) -> Value {
        let words = [&["login", &self.url, "--no-browser", "--json"][..], args].concat();
        let program = Program::start(&mut self.folder.bowline(&words));
        let page = program.stderr.find("  http://").trim().to_owned();
        let back = location(&get(&page));
        assert!(back.starts_with("http://127.0.0.1:"), "{back}");
        let shown = get(&back);
        assert!(shown.starts_with("HTTP/1.1 200"), "{shown}");
        let written = program.stdout.next().unwrap_or_default();
        assert_eq!(program.end_by_itself(), 0, "{written}");
        serde_json::from_str(&written).unwrap()
    }

    fn shown(&self, args: &[&str]) -> String {
        self.folder.shown(args).replace(&self.url, "URL").replace(self.issuer.issuer(), "ISSUER")
    }

    fn requests(&self) -> BTreeMap<String, u64> {
        self.issuer.requests()
    }
}

fn get(url: &str) -> String {
    let rest = url.strip_prefix("http://").unwrap();
    let (authority, path) = rest.split_once('/').unwrap();
    let mut stream = TcpStream::connect(authority).unwrap();
    let request = format!("GET /{path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Where a response sends a browser.
fn location(answer: &str) -> String {
    let line = answer.lines().find(|line| line.to_ascii_lowercase().starts_with("location: "));
    line.unwrap_or_else(|| panic!("{answer}"))["location: ".len()..].to_owned()
}

#[test]
fn a_login_is_made_used_shown_and_given_back() {
    let world = World::new(Duration::from_secs(3600));
    let refused = world.shown(&["call", &world.url, "e__echo", "message=hello"]);
    assert!(refused.starts_with("exit code 3\n"), "{refused}");
    assert!(refused.contains("run `bowline login URL`"), "{refused}");
    expect![[r#"
        exit code 3
        --- stdout
        --- stderr
        {"error":{"code":"auth_required","hint":"run bowline login URL","message":"there is no login at URL"}}
    "#]]
    .assert_eq(&world.shown(&["whoami", &world.url]));

    let login = world.log_in(&[]);
    assert_eq!(login["server"], world.url);
    assert_eq!(login["issuer"], world.issuer.issuer());
    assert_eq!(login["scopes"], json!(["mcp", "offline_access"]));
    assert_eq!((&login["renews"], &login["expired"]), (&json!(true), &json!(false)));
    let answer = world.shown(&["call", &world.url, "e__echo", "message=hello"]);
    assert!(answer.starts_with("exit code 0\n--- stdout\nhello\n"), "{answer}");
    let all = world.shown(&["whoami"]);
    assert!(all.contains("URL\n  by         ISSUER\n"), "{all}");

    expect![[r#"
        exit code 0
        --- stdout
        logged out, and the token was given back
        --- stderr
    "#]]
    .assert_eq(&world.shown(&["logout", &world.url]));
    let refused = world.shown(&["call", &world.url, "e__echo", "message=hello"]);
    assert!(refused.starts_with("exit code 3\n"), "{refused}");
    expect![[r#"
        exit code 0
        --- stdout
        there was no login
        --- stderr
    "#]]
    .assert_eq(&world.shown(&["logout", &world.url]));
    expect![[r#"
        exit code 0
        --- stdout
        there are no logins
        --- stderr
    "#]]
    .assert_eq(&world.shown(&["whoami"]));
}

#[test]
fn a_login_whose_token_has_ended_is_renewed_without_anybody_being_asked() {
    let world = World::new(Duration::from_secs(1));
    world.log_in(&[]);
    let authorized = world.requests().get("/authorize").copied();
    std::thread::sleep(Duration::from_millis(1200));
    let answer = world.shown(&["call", &world.url, "e__echo", "message=hello"]);
    assert!(answer.starts_with("exit code 0\n--- stdout\nhello\n"), "{answer}");
    assert_eq!(world.requests().get("/authorize").copied(), authorized);
}

/// A client starts `proxy`, and knows nothing of logins: the browser is opened, as one program with one argument.
#[test]
#[cfg(target_os = "linux")]
fn whoever_has_a_proxy_started_is_asked_in_the_browser() {
    use std::os::unix::fs::PermissionsExt;

    let world = World::new(Duration::from_secs(3600));
    let programs = world.folder.0.join("programs");
    fs::create_dir(&programs).unwrap();
    let (opener, opened) = (programs.join("xdg-open"), world.folder.0.join("opened"));
    let script = "#!/bin/sh\nprintf '%s %s\\n' $# \"$1\" > \"$HOME/opened.part\"\nmv \"$HOME/opened.part\" \"$HOME/opened\"\n";
    fs::write(&opener, script).unwrap();
    fs::set_permissions(&opener, fs::Permissions::from_mode(0o700)).unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let mut command = world.folder.bowline(&["proxy", &world.url]);
    let mut proxy = Program::start(command.env("PATH", path));
    proxy.send(&call(1, "e__echo", json!({ "message": "hello" })));
    let begun = std::time::Instant::now();
    let page = loop {
        if let Ok(page) = fs::read_to_string(&opened) {
            break page;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "no browser was opened");
        std::thread::sleep(Duration::from_millis(10));
    };
    let page = page.trim_end().strip_prefix("1 ").unwrap();
    assert!(get(&location(&get(page))).starts_with("HTTP/1.1 200"));
    let answer: Value = serde_json::from_str(&proxy.stdout.next().unwrap()).unwrap();
    assert_eq!(answer["result"]["content"][0]["text"], "hello");
    assert_eq!(proxy.end(), 0);
}

#[test]
fn nothing_of_a_login_that_is_secret_is_written_where_it_can_be_read() {
    let world = World::new(Duration::from_secs(3600));
    world.log_in(&[]);
    let trace = world.folder.0.join("trace");
    let args = ["-vv", "call", &world.url, "e__echo", "message=hello", "--trace-messages"];
    let mut call = world.folder.bowline(&args);
    let told = call.arg(&trace).env("BOWLINE_LOG", "trace").output().unwrap();
    assert!(told.status.success());
    let mut seen = [told.stdout, told.stderr].concat();
    let mut folders = vec![world.folder.0.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            match entry.file_type().unwrap().is_dir() {
                true => folders.push(entry.path()),
                false => seen.extend(fs::read(entry.path()).unwrap()),
            }
        }
    }
    let seen = String::from_utf8_lossy(&seen);
    let secrets = world.issuer.secrets();
    assert!(secrets.len() > 3, "codes, tokens and verifiers are planted");
    for secret in secrets {
        let begin: String = secret.chars().take(12).collect();
        assert!(!seen.contains(&begin), "{begin}… is to be seen");
    }
}

#[test]
fn there_is_nothing_to_log_in_to_without_a_url() {
    let folder = Folder::new();
    let mut shown = String::new();
    for args in [
        &["login", "everything"][..],
        &["login", "unix:/run/mcp.sock"],
        &["logout", "--", "server"],
        &["login"],
    ] {
        shown += &folder.shown(args);
    }
    expect![[r#"
        exit code 1
        --- stdout
        --- stderr
        {"error":{"code":"failed","hint":"write bowline login with the URL of a server, or its name in the config","message":"there is nothing to log in to: the built-in server lets everybody in"}}
        exit code 1
        --- stdout
        --- stderr
        {"error":{"code":"failed","hint":"write bowline login with the URL of a server, or its name in the config","message":"there is nothing to log in to: a Unix socket knows its caller"}}
        exit code 1
        --- stdout
        --- stderr
        {"error":{"code":"failed","hint":"write bowline logout with the URL of a server, or its name in the config","message":"there is nothing to log in to: a server that we start gets what it needs to know by -e"}}
        exit code 1
        --- stdout
        --- stderr
        {"error":{"code":"failed","hint":"write bowline login TARGET; there are no servers in the config, so TARGET is a URL or CLIENT:NAME","message":"`login` names no server"}}
    "#]].assert_eq(&shown);
}
