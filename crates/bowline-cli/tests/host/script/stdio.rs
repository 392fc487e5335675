//! A scripted server behind standard streams.

use super::modern::{self, States};
use super::talk::{Asking, Asks, Talk};
use super::{Speaks, Stage, answered, reply};
use serde_json::Value;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

/// A name for a socket.
pub(super) fn socket() -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, Ordering::SeqCst);
    std::env::temp_dir().join(format!("bowline-script-{}-{count}", std::process::id()))
}

pub(super) async fn serve(stage: Stage, listener: UnixListener) {
    let mut processes = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        processes.spawn(process(stage.clone(), stream));
    }
}

/// One process of it, until its input ends.
async fn process(stage: Stage, stream: UnixStream) {
    let instance = stage.instance();
    let (input, mut output) = stream.into_split();
    let (out, mut lines) = mpsc::unbounded_channel::<Value>();
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        while let Some(message) = lines.recv().await {
            if output.write_all(format!("{message}\n").as_bytes()).await.is_err() {
                return;
            }
        }
    });
    let asks = Arc::new(Asks::default());
    let states = States::default();
    let running: Running = Arc::default();
    let mut input = BufReader::new(input);
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line).await.is_ok_and(|count| count > 0) {
        stage.seen.bytes(&line);
        let message: Value = serde_json::from_slice(&line).expect("a line is one message");
        line.clear();
        stage.seen.message(instance, &message);
        match message["method"].as_str() {
            Some("tools/call") => {
                let call =
                    call(stage.clone(), message.clone(), out.clone(), asks.clone(), states.clone());
                let id = message["id"].to_string();
                stage.seen.count(|calls| calls.begun += 1);
                let (done, stage) = (Done(running.clone(), id.clone()), stage.clone());
                // Nobody may end before it stands in the table.
                let mut table = running.lock().unwrap();
                let task = tasks.spawn(async move {
                    let (call, done) = (call, done);
                    call.await;
                    if done.0.lock().unwrap().remove(&done.1).is_some() {
                        stage.seen.count(|calls| calls.answered += 1);
                    }
                });
                table.insert(id, task);
            }
            Some("notifications/cancelled") => {
                let task =
                    running.lock().unwrap().remove(&message["params"]["requestId"].to_string());
                if let Some(task) = task {
                    task.abort();
                    stage.seen.count(|calls| calls.cancelled += 1);
                }
            }
            Some(_) => {
                if let Some(reply) = reply(stage.speaks, &message) {
                    let _ = out.send(reply);
                }
            }
            None => drop(asks.answer(&message)),
        }
    }
    // What still runs when its process ends is given up with it.
    let left = running.lock().unwrap().drain().count();
    stage.seen.count(|calls| calls.cancelled += left);
}

type Running = Arc<Mutex<HashMap<String, AbortHandle>>>;

/// A call that runs, by its id.
struct Done(Running, String);

async fn call(
    stage: Stage,
    call: Value,
    out: mpsc::UnboundedSender<Value>,
    asks: Arc<Asks>,
    states: States,
) {
    let answer = match stage.speaks {
        Speaks::Modern => modern::round(&stage, &states, call, out.clone()).await,
        Speaks::Legacy(_) => {
            let talk = Talk { call: call.clone(), out: out.clone(), asking: Asking::Live(asks) };
            answered(&call, (stage.play)(talk).await)
        }
    };
    let _ = out.send(answer);
}
