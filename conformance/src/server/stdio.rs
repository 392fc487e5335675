//! The standard streams for clients of one kind: what others say is answered as a server would that never heard of it.

use crate::Era;
use bowline::transport::{End, Transport, serve_stream};
use bowline::{Principal, Result, Service};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::io::{
    AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader, duplex, stdin, stdout,
};
use tokio::sync::Mutex;

/// The standard streams, for clients of one kind.
pub(crate) struct LimitedTo(pub(crate) Era);

impl Transport for LimitedTo {
    async fn serve(self, service: Arc<dyn Service>, end: End) -> Result<()> {
        let (input, filtered) = duplex(PIPE);
        let (output, written) = duplex(PIPE);
        let out = Arc::new(Mutex::new(stdout()));
        let incoming = filter(self.0, stdin(), filtered, &out);
        // The server drops its end of the pipe when it has ended, which ends the copying.
        let serving = async {
            let served = serve_stream(service, input, output, Principal::process("stdio"), end);
            tokio::join!(served, copy(written, &out)).0
        };
        let reading = async {
            // Fails when the server has ended. The end of the input is the server's to act on.
            let _ = incoming.await;
            std::future::pending().await
        };
        tokio::select! {
            served = serving => served,
            () = reading => Ok(()),
        }
    }
}

/// Bytes on their way between the streams and the server.
const PIPE: usize = 64 * 1024;

/// Hands lines on until there are no more, but for those of the other kind of clients.
async fn filter(
    era: Era,
    from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    out: &Mutex<impl AsyncWrite + Unpin>,
) -> std::io::Result<()> {
    let mut lines = BufReader::new(from).lines();
    while let Some(line) = lines.next_line().await? {
        let message = serde_json::from_str(&line).unwrap_or_default();
        if knows(era, &message) {
            to.write_all(format!("{line}\n").as_bytes()).await?;
        } else if let Some(id) = message.get("id") {
            let error = json!({ "code": -32601, "message": "Method not found" });
            let answer = json!({ "jsonrpc": "2.0", "id": id, "error": error });
            write(out, &format!("{answer}\n")).await?;
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

async fn copy(
    from: impl AsyncRead + Unpin,
    out: &Mutex<impl AsyncWrite + Unpin>,
) -> std::io::Result<()> {
    let mut lines = BufReader::new(from).lines();
    while let Some(line) = lines.next_line().await? {
        write(out, &format!("{line}\n")).await?;
    }
    Ok(())
}

/// Writes one line whole.
async fn write(out: &Mutex<impl AsyncWrite + Unpin>, line: &str) -> std::io::Result<()> {
    let mut out = out.lock().await;
    out.write_all(line.as_bytes()).await?;
    out.flush().await
}
