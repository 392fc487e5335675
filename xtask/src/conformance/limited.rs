//! A server on its standard streams, limited to clients of one kind: what others say is answered as a server would that
//! never heard of it.

use super::through::Era;
use serde_json::{Value, json};
use std::io::{self, BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::thread;

/// Runs `ERA COMMAND…`, until the client or the command ends.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    let [era, program, args @ ..] = args else { return Err("no ERA COMMAND…".to_owned()) };
    let era = Era::named(era)?;
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().map_err(|error| format!("cannot start {program}: {error}"))?;
    let (to, from) = (child.stdin.take(), child.stdout.take());
    // Ends when the client closes; the end of its input is the command's to act on.
    thread::spawn(move || to.map(|to| filter(era, io::stdin().lock(), to, io::stdout())));
    for line in from.into_iter().flat_map(|from| BufReader::new(from).lines()) {
        let line = line.map_err(|error| format!("cannot read from {program}: {error}"))?;
        write(io::stdout(), &line).map_err(|error| format!("cannot write: {error}"))?;
    }
    let ended = child.wait().map_err(|error| format!("cannot wait for {program}: {error}"))?;
    if ended.success() { Ok(()) } else { Err(format!("{program} ended with {ended}")) }
}

/// Hands lines on until there are no more, but for those of the other kind of clients.
fn filter(
    era: Era,
    from: impl BufRead,
    mut to: impl Write,
    mut back: impl Write,
) -> io::Result<()> {
    for line in from.lines() {
        let line = line?;
        let message = serde_json::from_str(&line).unwrap_or_default();
        if knows(era, &message) {
            write(&mut to, &line)?;
        } else if let Some(id) = message.get("id") {
            let error = json!({ "code": -32601, "message": "Method not found" });
            let answer = json!({ "jsonrpc": "2.0", "id": id, "error": error });
            write(&mut back, &answer.to_string())?;
        }
    }
    Ok(())
}

/// Whether a message is one that clients of this kind send.
fn knows(era: Era, message: &Value) -> bool {
    let says_its_version =
        !message["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"].is_null();
    match era {
        Era::Legacy => !says_its_version,
        // Their notifications need not say it.
        Era::Modern => says_its_version || message.get("id").is_none(),
    }
}

/// Writes one line whole.
fn write(mut to: impl Write, line: &str) -> io::Result<()> {
    to.write_all(format!("{line}\n").as_bytes())?;
    to.flush()
}

#[cfg(test)]
mod tests {
    use super::{Era, filter};

    #[test]
    fn each_kind_of_clients_is_answered_by_its_own_server() {
        let discover = r#"{"id":1,"method":"server/discover","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}"#;
        let initialize = r#"{"id":2,"method":"initialize","params":{}}"#;
        let ready = r#"{"method":"notifications/initialized"}"#;
        let all = format!("{discover}\n{initialize}\n{ready}\n");
        let filtered = |era| {
            let (mut to, mut back) = (Vec::new(), Vec::new());
            filter(era, all.as_bytes(), &mut to, &mut back).unwrap();
            (String::from_utf8(to).unwrap(), String::from_utf8(back).unwrap())
        };
        let (to, back) = filtered(Era::Legacy);
        assert_eq!(to, format!("{initialize}\n{ready}\n"));
        assert!(back.contains(r#""id":1"#) && back.contains("-32601"), "{back}");
        let (to, back) = filtered(Era::Modern);
        assert_eq!(to, format!("{discover}\n{ready}\n"));
        assert!(back.contains(r#""id":2"#), "{back}");
    }
}
