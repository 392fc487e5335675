//! A client that is made to list the tools of a server of ours, or to call one, and told on by what it prints.

use std::io::Read;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::defects::peer::Peer;

/// The longest time that a client may take over one of these servers, timeouts of its own apart.
const LONGEST: Duration = Duration::from_secs(10);

/// The names of the tools that the client finds.
pub(crate) fn list(peer: &Peer, script: &str) -> Result<Vec<String>, String> {
    let said = run(peer, peer.list, script)?;
    let tools = said.get("tools").unwrap_or(&said);
    let tools = tools.as_array().ok_or_else(|| format!("it prints {said}"))?;
    Ok(tools.iter().filter_map(|tool| tool["name"].as_str()).map(str::to_owned).collect())
}

/// The texts of what calling the tool `good` brings.
pub(crate) fn call(peer: &Peer, script: &str) -> Result<Vec<String>, String> {
    let said = run(peer, peer.call, script)?;
    let content = said["content"].as_array().ok_or_else(|| format!("it prints {said}"))?;
    Ok(content.iter().filter_map(|block| block["text"].as_str()).map(str::to_owned).collect())
}

/// Runs the client on a server and reads the JSON that it prints.
fn run(peer: &Peer, arguments: &[&str], script: &str) -> Result<Value, String> {
    let server = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new(&peer.program);
    command.args(arguments).arg("--").arg(server).args(["script", script]);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cannot start {command:?}: {error}"))?;
    let mut out = child.stdout.take().ok_or("the client has no stdout")?;
    let mut err = child.stderr.take().ok_or("the client has no stderr")?;
    let out = thread::spawn(move || {
        let mut text = String::new();
        out.read_to_string(&mut text).map(|_| text)
    });
    let err = thread::spawn(move || {
        let mut text = String::new();
        err.read_to_string(&mut text).map(|_| text)
    });
    let end = Instant::now() + LONGEST;
    let status = loop {
        match child.try_wait().map_err(|error| error.to_string())? {
            Some(status) => break status,
            None if Instant::now() < end => thread::sleep(Duration::from_millis(10)),
            None => {
                // A process that has ended already is what we want.
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("it has not come to an end after {LONGEST:?}"));
            }
        }
    };
    let read = |text: thread::JoinHandle<std::io::Result<String>>| {
        text.join().ok().and_then(Result::ok).unwrap_or_default()
    };
    let (out, err) = (read(out), read(err));
    if !status.success() {
        let why = err.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
        return Err(format!("it fails: {why:.200}"));
    }
    serde_json::from_str(&out).map_err(|_| format!("it prints no JSON: {out:.200}"))
}
