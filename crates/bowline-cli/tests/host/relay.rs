//! A process that hands its standard streams to this test, which then plays the server behind it.

use serde_json::{Value, json};
use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;

/// Where the test listens.
const SOCKET: &str = "BOWLINE_TEST_SOCKET";

/// The `command`, `args` and `env` of a config entry that starts such a process.
///
/// The test program starts itself in a role. It prints to its standard output what it prints at every start, which is
/// why the output that is meant goes through a descriptor of its own.
pub(crate) fn entry(socket: &Path) -> Value {
    let program = std::env::current_exe().unwrap();
    let script =
        "exec \"$0\" relay::role --exact --ignored --nocapture 3>&1 1>/dev/null 2>/dev/null";
    json!({ "command": "sh", "args": ["-c", script, program], "env": { SOCKET: socket } })
}

#[test]
#[ignore = "a role that other tests start"]
fn role() {
    let Some(socket) = std::env::var_os(SOCKET) else { return };
    let mut far = UnixStream::connect(socket).unwrap();
    let mut output = OpenOptions::new().write(true).open("/dev/fd/3").unwrap();
    let mut toward = far.try_clone().unwrap();
    thread::spawn(move || {
        copy(&mut std::io::stdin(), &mut toward);
        // Who plays the server is told that its input has ended; whether it ends is up to it.
        let _ = toward.shutdown(Shutdown::Write);
    });
    copy(&mut far, &mut output);
}

/// Copies each read at once, since messages must not wait for one another.
fn copy(from: &mut impl Read, to: &mut impl Write) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match from.read(&mut buffer) {
            Ok(0) | Err(_) => return,
            Ok(count) if to.write_all(&buffer[..count]).is_err() => return,
            Ok(_) => {}
        }
    }
}
