//! A scripted server behind Streamable HTTP.

use super::modern::{self, States};
use super::talk::{Asking, Asks, Talk};
use super::{Speaks, Stage, answered, reply};
use crate::head::Head;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;

/// What all connections share.
#[derive(Clone)]
struct Site {
    stage: Stage,
    sessions: Arc<Mutex<HashMap<String, Arc<Session>>>>,
    states: States,
}

#[derive(Default)]
struct Session {
    instance: usize,
    asks: Arc<Asks>,
    /// Calls that run, by their ids; told when they are cancelled.
    running: Mutex<HashMap<String, Arc<Notify>>>,
}

pub(super) async fn serve(stage: Stage, listener: TcpListener) {
    let site = Site { stage, sessions: Arc::default(), states: States::default() };
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let site = site.clone();
        connections.spawn(async move { while_open(site, BufReader::new(stream)).await });
    }
}

async fn while_open(site: Site, mut stream: BufReader<TcpStream>) -> Option<()> {
    loop {
        let head = Head::read(&mut stream).await?;
        let mut body = vec![0; head.length()];
        stream.read_exact(&mut body).await.ok()?;
        site.stage.seen.bytes(head.text().as_bytes());
        site.stage.seen.bytes(&body);
        let session = head.field("mcp-session-id").map(str::to_owned);
        if !head.text().starts_with("POST ") {
            let status = match head.text().starts_with("DELETE ") {
                true => "200 OK",
                false => "405 Method Not Allowed",
            };
            plain(&mut stream, status, "", "").await?;
            continue;
        }
        let message: Value = serde_json::from_slice(&body).expect("a body is one message");
        exchange(&site, &mut stream, session, message).await?;
    }
}

async fn exchange(
    site: &Site,
    stream: &mut BufReader<TcpStream>,
    session: Option<String>,
    message: Value,
) -> Option<()> {
    if site.stage.speaks == Speaks::Modern {
        site.stage.seen.message(0, &message);
        if message["method"] == "tools/call" {
            return modern_call(site, stream, message).await;
        }
        if message["method"] == "initialize" {
            let error = json!({ "code": -32022, "message": "unsupported protocol version", "data": { "supported": ["2026-07-28"] } });
            let body = json!({ "jsonrpc": "2.0", "id": message["id"], "error": error });
            return json(stream, "400 Bad Request", "", &body).await;
        }
        return match reply(site.stage.speaks, &message) {
            Some(body) => json(stream, "200 OK", "", &body).await,
            None => plain(stream, "202 Accepted", "", "").await,
        };
    }
    if message["method"] == "initialize" {
        let session = Session { instance: site.stage.instance(), ..Session::default() };
        site.stage.seen.message(session.instance, &message);
        let id = format!("script-session-{}", session.instance);
        site.sessions.lock().unwrap().insert(id.clone(), Arc::new(session));
        let body = reply(site.stage.speaks, &message)?;
        return json(stream, "200 OK", &format!("Mcp-Session-Id: {id}\r\n"), &body).await;
    }
    let Some(id) = session else {
        return plain(stream, "400 Bad Request", "", "a session is missing").await;
    };
    let Some(session) = site.sessions.lock().unwrap().get(&id).cloned() else {
        return plain(stream, "404 Not Found", "", "no such session").await;
    };
    site.stage.seen.message(session.instance, &message);
    match message["method"].as_str() {
        Some("tools/call") => legacy_call(site, stream, &session, message).await,
        Some("notifications/cancelled") => {
            let id = message["params"]["requestId"].to_string();
            if let Some(running) = session.running.lock().unwrap().remove(&id) {
                running.notify_one();
                site.stage.seen.count(|calls| calls.cancelled += 1);
            }
            plain(stream, "202 Accepted", "", "").await
        }
        Some(_) => match reply(site.stage.speaks, &message) {
            Some(body) => json(stream, "200 OK", "", &body).await,
            None => plain(stream, "202 Accepted", "", "").await,
        },
        None => {
            let status = match session.asks.answer(&message) {
                true => "202 Accepted",
                false => "400 Bad Request",
            };
            plain(stream, status, "", "").await
        }
    }
}

/// A call of a session: it lives on without its connection, and ends when it is cancelled.
async fn legacy_call(
    site: &Site,
    stream: &mut BufReader<TcpStream>,
    session: &Arc<Session>,
    call: Value,
) -> Option<()> {
    let cancelled = Arc::new(Notify::new());
    let id = call["id"].to_string();
    session.running.lock().unwrap().insert(id.clone(), cancelled.clone());
    site.stage.seen.count(|calls| calls.begun += 1);
    let (out, mut messages) = mpsc::unbounded_channel();
    let asking = Asking::Live(session.asks.clone());
    let talk = Talk { call: call.clone(), out, asking };
    let played = (site.stage.play)(talk);
    tokio::pin!(played);
    begin(stream).await;
    let answer = loop {
        tokio::select! {
            biased;
            Some(message) = messages.recv() => { event(stream, &message).await; }
            answer = &mut played => break answer,
            () = cancelled.notified() => { end(stream).await; return Some(()); }
        }
    };
    while let Ok(message) = messages.try_recv() {
        event(stream, &message).await;
    }
    if session.running.lock().unwrap().remove(&id).is_some() {
        site.stage.seen.count(|calls| calls.answered += 1);
        event(stream, &answered(&call, answer)).await?;
    }
    end(stream).await
}

/// One exchange: it ends with its connection.
async fn modern_call(site: &Site, stream: &mut BufReader<TcpStream>, call: Value) -> Option<()> {
    site.stage.seen.count(|calls| calls.begun += 1);
    let (out, mut messages) = mpsc::unbounded_channel();
    let round = modern::round(&site.stage, &site.states, call, out);
    tokio::pin!(round);
    begin(stream).await;
    let mut byte = [0];
    let answer = loop {
        tokio::select! {
            biased;
            Some(message) = messages.recv() => { event(stream, &message).await; }
            answer = &mut round => break answer,
            _ = stream.read(&mut byte) => {
                site.stage.seen.count(|calls| calls.cancelled += 1);
                return None;
            }
        }
    };
    while let Ok(message) = messages.try_recv() {
        event(stream, &message).await;
    }
    site.stage.seen.count(|calls| calls.answered += 1);
    event(stream, &answer).await?;
    end(stream).await
}

async fn begin(stream: &mut BufReader<TcpStream>) -> Option<()> {
    let head =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).await.ok()
}

async fn event(stream: &mut BufReader<TcpStream>, message: &Value) -> Option<()> {
    let event = format!("data: {message}\n\n");
    stream.write_all(format!("{:x}\r\n{event}\r\n", event.len()).as_bytes()).await.ok()
}

async fn end(stream: &mut BufReader<TcpStream>) -> Option<()> {
    stream.write_all(b"0\r\n\r\n").await.ok()
}

async fn json(
    stream: &mut BufReader<TcpStream>,
    status: &str,
    fields: &str,
    body: &Value,
) -> Option<()> {
    plain(stream, status, &format!("Content-Type: application/json\r\n{fields}"), &body.to_string())
        .await
}

async fn plain(
    stream: &mut BufReader<TcpStream>,
    status: &str,
    fields: &str,
    body: &str,
) -> Option<()> {
    let answer =
        format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{fields}\r\n{body}", body.len());
    stream.write_all(answer.as_bytes()).await.ok()
}
