//! An HTTP proxy that changes and writes down every message.

use super::marks::{Kind, Marks, Side};
use super::tape::Tape;
use crate::conformance::through::http::{Body, Framing, Head, write_chunk};
use serde_json::Value;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

/// A running proxy; dropping it ends it.
pub(super) struct Relay {
    address: SocketAddr,
    ended: Arc<AtomicBool>,
    acceptor: Option<JoinHandle<()>>,
}

impl Relay {
    /// Starts one in front of the server at this address.
    pub(super) fn start(to: SocketAddr, marks: Arc<Marks>, tape: Arc<Tape>) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let ended = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&ended);
        // Owned by this value, which joins it.
        let acceptor = thread::spawn(move || {
            for client in listener.incoming() {
                if told.load(Ordering::Relaxed) {
                    return;
                }
                let Ok(client) = client else { continue };
                let (marks, tape) = (Arc::clone(&marks), Arc::clone(&tape));
                // Ends with its connection, and the connections with the programs at both ends.
                thread::spawn(move || {
                    if let Err(error) = exchange(&client, to, &marks, &tape) {
                        tape.write(format!("broken off: {error}"));
                    }
                    // Fails when the client has closed already.
                    let _ = client.shutdown(Shutdown::Both);
                });
            }
        });
        Ok(Self { address, ended, acceptor: Some(acceptor) })
    }

    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        // It looks at the flag once somebody connects; fails when it has ended already.
        let _ = TcpStream::connect(self.address);
        let _ = self.acceptor.take().map(JoinHandle::join);
    }
}

/// One request and its response; every connection has one.
fn exchange(client: &TcpStream, to: SocketAddr, marks: &Marks, tape: &Arc<Tape>) -> io::Result<()> {
    let ear = Ear { marks, tape };
    let mut from_client = BufReader::new(client);
    let Some(mut head) = Head::read(&mut from_client)? else { return Ok(()) };
    let framing = head.of_request();
    let mut body = Body::new(&mut from_client, framing).whole()?;
    ear.note(Toward::Server, &mut head, Head::text, |head| ear.restore_headers(head));
    let asked = ear.body(Toward::Server, &mut body);

    let server = TcpStream::connect(to)?;
    server.set_nodelay(true)?;
    client.set_nodelay(true)?;
    let over = Arc::new(AtomicBool::new(false));
    let _over = SetOnDrop(Arc::clone(&over));
    give_up_together(client.try_clone()?, server.try_clone()?, asked, over, Arc::clone(tape));
    let (mut to_server, mut to_client) = (&server, client);
    head.write(&mut to_server, framing.of_length(body.len()))?;
    to_server.write_all(&body)?;

    let mut from_server = BufReader::new(&server);
    let mut head = Head::read(&mut from_server)?.ok_or(io::ErrorKind::UnexpectedEof)?;
    ear.note(Toward::Client, &mut head, Head::text, |head| ear.mark_headers(head));
    let framing = head.of_response();
    let body = Body::new(&mut from_server, framing);
    if head.get("content-type").is_some_and(|kind| kind.starts_with("text/event-stream")) {
        head.write(&mut to_client, Framing::Chunked)?;
        for line in BufReader::new(body).split(b'\n') {
            let mut line = line?;
            ear.line(&mut line);
            line.push(b'\n');
            write_chunk(&mut to_client, &line)?;
        }
        return write_chunk(&mut to_client, &[]);
    }
    let mut body = body.whole()?;
    ear.body(Toward::Client, &mut body);
    head.write(&mut to_client, framing.of_length(body.len()))?;
    to_client.write_all(&body)
}

/// Closes the way to the server as soon as the client has closed its own: that is how calls are given up.
fn give_up_together(
    client: TcpStream,
    server: TcpStream,
    asked: String,
    over: Arc<AtomicBool>,
    tape: Arc<Tape>,
) {
    // Ends when the client closes, at the latest when its exchange is over.
    thread::spawn(move || {
        if client.peek(&mut [0]).unwrap_or_default() == 0 {
            if !over.load(Ordering::Relaxed) {
                tape.give_up(asked);
            }
            // Fails when it is closed already.
            let _ = server.shutdown(Shutdown::Both);
        }
    });
}

/// Tells that an exchange is over, however it ended.
struct SetOnDrop(Arc<AtomicBool>);

impl Drop for SetOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Where something goes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Toward {
    Server,
    Client,
}

/// What changes and writes down what it hears.
struct Ear<'a> {
    marks: &'a Marks,
    tape: &'a Tape,
}

impl Ear<'_> {
    /// Changes something, writes it down as the host has it, with the marks, and gives what was written.
    fn note<T>(
        &self,
        toward: Toward,
        what: &mut T,
        text: impl Fn(&T) -> String,
        change: impl FnOnce(&mut T),
    ) -> String {
        // The host is the server of the client's recorder, and the client of the upstream's.
        let of_host = match toward {
            Toward::Server => self.marks.side() == Side::Upstream,
            Toward::Client => self.marks.side() == Side::Client,
        };
        let seen = if of_host {
            let seen = text(what);
            change(what);
            seen
        } else {
            change(what);
            text(what)
        };
        self.tape.write(seen.as_str());
        seen
    }

    /// Changes the messages in a body.
    fn body(&self, toward: Toward, body: &mut Vec<u8>) -> String {
        if body.is_empty() {
            return String::new();
        }
        let text = |body: &Vec<u8>| String::from_utf8_lossy(body).into_owned();
        self.note(toward, body, text, |body| self.message(toward, body))
    }

    /// Changes a line of a stream of events.
    fn line(&self, line: &mut Vec<u8>) {
        let text = |line: &Vec<u8>| String::from_utf8_lossy(line).into_owned();
        self.note(Toward::Client, line, text, |line| {
            let whole = text(line);
            if let Some(data) = whole.strip_prefix("data:") {
                let mut data = data.trim().as_bytes().to_vec();
                self.message(Toward::Client, &mut data);
                *line = [b"data: ".as_slice(), &data].concat();
            } else if let Some(id) = whole.strip_prefix("id:")
                && self.marks.side() == Side::Upstream
            {
                *line = format!("id: {}", self.marks.mark_text(Kind::Event, id.trim())).into();
            }
        });
    }

    /// Changes a message, if it is one.
    fn message(&self, toward: Toward, text: &mut Vec<u8>) {
        let Ok(mut message) = serde_json::from_slice::<Value>(text) else { return };
        let before = message.clone();
        match toward {
            Toward::Server => self.marks.to_server(&mut message),
            Toward::Client => self.marks.to_client(&mut message),
        }
        // Byte for byte as it was, where there is nothing to change.
        if message != before {
            *text = message.to_string().into_bytes();
        }
    }

    /// Takes the marks of the upstream off the headers of a request.
    fn restore_headers(&self, head: &mut Head) {
        for (_, value) in &mut head.headers {
            if let Some(original) = self.marks.restore_text(value) {
                *value = original;
            }
        }
    }

    /// Marks what is the upstream's in the headers of a response.
    fn mark_headers(&self, head: &mut Head) {
        let of_session = |name: &String| name == "mcp-session-id";
        let mut headers = head.headers.iter_mut().filter(|(name, _)| of_session(name));
        if let Some((_, id)) = headers.next().filter(|_| self.marks.side() == Side::Upstream) {
            *id = self.marks.mark_text(Kind::Session, id);
        }
    }
}
