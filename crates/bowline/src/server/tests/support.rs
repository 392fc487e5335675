//! Calling a server as a transport does, without one.

use crate::closing::Closing;
use crate::context::{Context, Surroundings};
use crate::outbox::Next;
use crate::principal::Principal;
use crate::server::Server;
use crate::service::{Answer, Call, Service};
use bowline_protocol::era::modern;
use bowline_protocol::http::HeaderMap;
use bowline_protocol::limits::Limits;
use bowline_protocol::scan::{Scanned, scan};
use serde_json::{Value, json};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Poll, Wake, Waker};

/// The answers to requests, each on a line behind its params.
pub(super) async fn table(
    server: &Server,
    principal: &Principal,
    requests: &[(&str, Value)],
) -> String {
    let mut table = String::new();
    for (method, params) in requests {
        let answer = ask_as(server, principal, method, params.clone()).await;
        table += &format!("{method} {params}\n    {}\n", shown(&answer));
    }
    table
}

/// `result` or `error` of a response, as text.
pub(super) fn shown(answer: &Value) -> String {
    match answer.get("result") {
        Some(result) => result.to_string(),
        None => format!("error {}", answer["error"]),
    }
}

/// The whole response to a request of nobody in particular.
pub(super) async fn ask(server: &Server, method: &str, params: Value) -> Value {
    ask_as(server, &Principal::anonymous(), method, params).await
}

pub(super) async fn ask_as(
    server: &Server,
    principal: &Principal,
    method: &str,
    params: Value,
) -> Value {
    let closing = Closing::default();
    let cx = match context(principal, Limits::default(), closing, method, params) {
        Ok(cx) => cx,
        Err(refused) => return refused,
    };
    let outcome = Arc::new(server.clone()).call(Call::new(cx.clone())).await;
    let response = modern::response(cx.request().id_text(), &outcome, None);
    serde_json::from_slice(response.as_bytes()).unwrap()
}

fn context(
    principal: &Principal,
    limits: Limits,
    closing: Closing,
    method: &str,
    mut params: Value,
) -> Result<Context, Value> {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": modern::SUPPORTED[0].as_str(),
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let request = json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": params });
    let Ok(Scanned::Message(message)) = scan(request.to_string().into(), 64) else {
        panic!("not a message: {request}");
    };
    let incoming = modern::admit(message).map_err(|refusal| {
        let response = modern::error_response(refusal.id.as_deref(), &refusal.error);
        serde_json::from_slice::<Value>(response.as_bytes()).unwrap()
    })?;
    let headers = HeaderMap::new();
    let surroundings = Surroundings {
        principal: principal.clone(),
        headers,
        limits: Arc::new(limits),
        closing,
        line: None,
        running: None,
    };
    Ok(Context::new(incoming, surroundings))
}

/// An open `subscriptions/listen` call, polled only when it was woken.
pub(super) struct Listening {
    cx: Context,
    answer: Option<Answer>,
    closing: Closing,
    bell: Arc<Bell>,
}

struct Bell(AtomicBool);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Listening {
    pub(super) fn open(server: &Server, principal: &Principal, filter: Value) -> Self {
        Self::open_within(server, principal, filter, Limits::default())
    }

    pub(super) fn open_within(
        server: &Server,
        principal: &Principal,
        filter: Value,
        limits: Limits,
    ) -> Self {
        let closing = Closing::default();
        let params = json!({ "notifications": filter });
        let cx = context(principal, limits, closing.clone(), "subscriptions/listen", params);
        let cx = cx.unwrap();
        let answer = Arc::new(server.clone()).call(Call::new(cx.clone()));
        let bell = Arc::new(Bell(AtomicBool::new(true)));
        let mut opened = Self { cx, answer: Some(answer), closing, bell };
        opened.run();
        opened
    }

    /// Tells the call that its connection is about to end.
    pub(super) fn close(&self) {
        self.closing.close();
    }

    /// Lets the call go on, if something woke it.
    pub(super) fn run(&mut self) {
        let waker = Waker::from(self.bell.clone());
        while self.bell.0.swap(false, Ordering::SeqCst) {
            let Some(answer) = &mut self.answer else { return };
            let mut task = std::task::Context::from_waker(&waker);
            if let Poll::Ready(outcome) = Pin::new(answer).poll(&mut task) {
                let response = modern::response(self.cx.request().id_text(), &outcome, None);
                self.cx.outbox().finish(response);
                self.answer = None;
            }
        }
    }

    /// Reads one message, if there is one.
    pub(super) fn read(&mut self) -> Option<String> {
        self.run();
        // The reader is another task than the call: what wakes it does not wake the call.
        let reader = std::task::Context::from_waker(Waker::noop());
        match self.cx.outbox().poll_next(&reader) {
            Poll::Ready(Next::Message(message) | Next::Answer(message)) => {
                Some(message.as_str().replace(r#""jsonrpc":"2.0","#, ""))
            }
            _ => None,
        }
    }

    /// Reads all there is, one message a line.
    pub(super) fn read_all(&mut self) -> String {
        std::iter::from_fn(|| self.read()).map(|message| message + "\n").collect()
    }
}
