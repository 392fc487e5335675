//! A server on a Unix socket that says what a test wants it to say.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

/// A server; its socket is gone with it.
pub(crate) struct Peer {
    path: PathBuf,
}

/// What it does with one message: whatever it sends before the result, and the result or the error; `null` for none.
pub(crate) type Says =
    fn(method: &str, params: &Value, send: &mut dyn FnMut(Value)) -> Result<Value, Value>;

impl Peer {
    pub(crate) fn new(says: Says) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "bowline-peer-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let path = std::env::temp_dir().join(name);
        let listener = UnixListener::bind(&path).unwrap();
        // It ends with the test's process.
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                thread::spawn(move || serve(&stream, says));
            }
        });
        Self { path }
    }

    /// How the command line names it.
    pub(crate) fn target(&self) -> String {
        format!("unix:{}", self.path.display())
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

fn serve(stream: &UnixStream, says: Says) {
    let mut output = stream;
    for line in BufReader::new(stream).lines().map_while(Result::ok) {
        let request: Value = serde_json::from_str(&line).unwrap();
        let mut send = |message: Value| {
            // A client that has seen enough is gone.
            let _ = writeln!(&mut output, "{message}");
        };
        let method = request["method"].as_str().unwrap_or_default();
        if request.get("id").is_none() {
            let _ = says(method, &request["params"], &mut send);
            continue;
        }
        let mut answer = json!({ "jsonrpc": "2.0", "id": request["id"] });
        match says(method, &request["params"], &mut send) {
            Ok(Value::Null) => continue,
            Ok(mut result) => {
                if result.get("resultType").is_none() {
                    result["resultType"] = json!("complete");
                }
                if method.ends_with("/list")
                    || method.ends_with("discover")
                    || method.ends_with("read")
                {
                    result["ttlMs"] = json!(0);
                    result["cacheScope"] = json!("private");
                }
                answer["result"] = result;
            }
            Err(error) => answer["error"] = error,
        }
        send(answer);
    }
}

/// The result of `server/discover`, with these capabilities.
pub(crate) fn discovered(capabilities: Value) -> Value {
    json!({
        "supportedVersions": ["2026-07-28"],
        "capabilities": capabilities,
        "_meta": { "io.modelcontextprotocol/serverInfo": { "name": "peer", "version": "1" } },
    })
}
