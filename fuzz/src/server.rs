//! A client whose server says anything at all.

use core::time::Duration;

use bowline_protocol::era::client::{Agreed, Answer, question, read_initialize};
use bowline_protocol::era::probe::{Brought, Carrier, Probe, Step};
use bowline_protocol::era::{self, modern};
use bowline_protocol::outcome::{Body, Outcome};
use bowline_protocol::protocol::{Event, Protocol, Request, Response};
use bowline_protocol::scan::{MAX_DEPTH, Scanned, scan};
use bytes::Bytes;

use crate::targets::one_message;

/// Every request of the client ends once at the most, a server that asks nothing is answered nothing, what is answered
/// is one message, and no server keeps a client trying.
///
/// Input: the protocol version, then lines of the server.
pub(crate) fn server(input: &[u8]) {
    let Some((&version, stream)) = input.split_first() else { return };
    let revision = era::supported().nth(usize::from(version) % 6);
    let asks = revision.is_none_or(|revision| !modern::SUPPORTED.contains(&revision));
    let mut client = Protocol::<(), u8>::of_client(MAX_DEPTH);
    if let Some(revision) = revision {
        client.agreed(revision);
    }
    for kept in 0..3 {
        let method = if kept == 2 { "subscriptions/listen" } else { "tools/call" };
        client.call(&Request::new(method).progress(), kept);
    }
    while client.poll_transmit().is_some() {}

    let mut ended = 0;
    let lines = stream.split(|byte| *byte == b'\n');
    for line in lines.clone() {
        let mut events = vec![client.receive(Duration::ZERO, Bytes::copy_from_slice(line))];
        while let Some(event) = events.pop() {
            match event {
                Event::Batch(batch) => {
                    assert!(batch.len() <= 128, "a batch is bounded");
                    events.extend(batch);
                }
                Event::Request(incoming) => {
                    assert!(asks, "the newest server asks nothing");
                    let _ = question(&incoming);
                    let id = incoming.id().expect("a request has an id");
                    client.started(id.clone(), ());
                    client.finish(&id, &Outcome::complete(Body::empty()));
                }
                Event::Answered(answered) => {
                    ended += 1;
                    read(answered.response);
                }
                Event::Ended { .. } => ended += 1,
                _ => {}
            }
        }
        while let Some(reply) = client.poll_transmit() {
            assert!(asks, "the newest server is answered nothing");
            one_message(reply.as_bytes());
            let scanned = scan(reply.into_bytes(), MAX_DEPTH).expect("a reply is JSON");
            assert!(matches!(scanned, Scanned::Message(message) if message.kind().is_ok()));
        }
        assert_eq!(ended + client.asking().len(), 3, "every request ends once");
    }
    client.cut_off(stream, "too long");
    search(lines.map(Bytes::copy_from_slice));
}

/// What is read of an answer in every protocol version.
fn read(response: Response) {
    let Response::Result(message) = response else { return };
    for revision in era::supported() {
        let response = Response::Result(message.clone());
        if let Ok(answer) = Answer::read(revision, "tools/call", response, &["task"]) {
            let _ = Agreed::discovered(&answer.text);
            let _ = read_initialize(&answer.text);
            let _ = answer.into_outcome();
        }
    }
}

/// The search for a way to a server that answers with these, again and again.
fn search(bodies: impl Iterator<Item = Bytes> + Clone) {
    let mut bodies = bodies.cycle();
    let mut probe = Probe::new(Carrier::Http);
    let mut step = probe.begin();
    let mut tried = 0;
    while let Step::Try(_) = step {
        tried += 1;
        assert!(tried <= 6, "a search ends");
        let body = bodies.next().unwrap_or_default();
        let brought = match scan(body.clone(), MAX_DEPTH) {
            Ok(Scanned::Message(message)) if message.result().is_some() => {
                Brought::response(Response::of(message), Some(200))
            }
            _ => Brought::refusal(400 + u16::try_from(body.len() % 120).unwrap_or(0), body),
        };
        step = probe.next(brought);
    }
}
