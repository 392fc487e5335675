//! Who may call. The kernel says who connects, so the listener takes itself for another user here.

use super::Place;
use crate::server::ToolError;
use crate::transport::start;
use crate::transport::unix::{Unix, Users};
use crate::{Context, Server};
use bowline_types::tool::Tool;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;

const WHO: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"who","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}"#;

/// What a process of this user is answered by a listener of user `own` that lets in `others` too.
async fn answered(own: u32, others: &[u32]) -> Option<Value> {
    let place = Place::new();
    let path = place.at("s");
    let mut unix = Unix::bind(&path).await.unwrap();
    unix.users = Users::new(own, others.iter().copied());
    let server = Server::new("test", "1").tool(Tool::new("who"), |cx: Context| async move {
        Ok::<_, ToolError>(cx.principal().name().to_owned())
    });
    let _running = start(Arc::new(server), unix);
    let (input, mut output) = UnixStream::connect(&path).await.unwrap().into_split();
    // Whoever is refused may find the stream closed already.
    let _ = output.write_all(format!("{WHO}\n").as_bytes()).await;
    let mut lines = BufReader::new(input).lines();
    let line = lines.next_line().await.ok().flatten()?;
    drop(output);
    let mut rest = String::new();
    lines.into_inner().read_to_string(&mut rest).await.unwrap();
    assert_eq!(rest, "");
    Some(serde_json::from_str(&line).unwrap())
}

#[tokio::test]
async fn only_the_users_that_are_named_are_answered() {
    let me = rustix::process::geteuid().as_raw();
    let other = me + 1;
    for (own, others, may) in [
        (me, &[][..], true),
        (me, &[other], true),
        (other, &[], false),
        (other, &[me + 2], false),
        (other, &[me], true),
        (other, &[me + 2, me], true),
    ] {
        let answer = answered(own, others).await;
        let name = answer.map(|answer| answer["result"]["content"][0]["text"].clone());
        assert_eq!(name, may.then(|| json!(format!("uid:{me}"))), "{own} {others:?}");
    }
}

#[tokio::test]
async fn the_file_is_open_to_others_only_when_others_may_call() {
    for (own, others, mode) in
        [(1, &[][..], 0o600), (1, &[1], 0o600), (1, &[0], 0o666), (0, &[1], 0o666)]
    {
        assert_eq!(Users::new(own, others.iter().copied()).mode(), mode, "{own} {others:?}");
    }
}
