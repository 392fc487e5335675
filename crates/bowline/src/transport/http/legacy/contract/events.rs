//! What every store of events must do.

use super::{Broken, must, works};
use crate::transport::http::legacy::{EventStore, SessionKey, StoredEvent, StreamId};
use bowline_protocol::scan::Raw;

/// Tests a store of events; it should be empty, and have room for thirty small events of a session.
///
/// # Errors
/// The first rule that the store breaks.
pub async fn events<S: EventStore + ?Sized>(store: &S) -> Result<(), Broken> {
    finds_what_follows(store).await?;
    keeps_an_event_once(store).await?;
    keeps_streams_apart(store).await?;
    keeps_sessions_apart(store).await?;
    forgets(store).await?;
    keeps_the_newest(store).await
}

async fn finds_what_follows<S: EventStore + ?Sized>(store: &S) -> Result<(), Broken> {
    let (session, stream) = (session(1), stream(1));
    let found = works(store.after(&session, stream, 0).await)?;
    must(found.is_empty(), "a stream that nothing was sent on has no events")?;
    let mut sent = Vec::new();
    for seq in 1..=12 {
        // Numbers of one and of two digits: texts would sort otherwise.
        let event = event(stream, seq, "\u{2028}\u{1f600} \\n")?.last(seq == 12);
        works(store.append(&session, event.clone()).await)?;
        sent.push(event);
    }
    for seq in 0..=12 {
        let found = works(store.after(&session, stream, seq as u64).await)?;
        must(
            found == sent[seq..],
            "what is found are the events behind a number, whole and in order",
        )?;
    }
    for seq in [13, u64::MAX] {
        let found = works(store.after(&session, stream, seq).await)?;
        must(found.is_empty(), "nothing is behind a number that was never sent")?;
    }
    Ok(())
}

async fn keeps_an_event_once<S: EventStore + ?Sized>(store: &S) -> Result<(), Broken> {
    let (session, stream) = (session(2), stream(2));
    for seq in [1, 1, 2, 2, 2, 3, 3] {
        works(store.append(&session, event(stream, seq, "once")?).await)?;
    }
    let found = works(store.after(&session, stream, 0).await)?;
    let numbers: Vec<u64> = found.iter().map(|event| event.seq).collect();
    must(numbers == [1, 2, 3], "an event that comes again is kept once")
}

async fn keeps_streams_apart<S: EventStore + ?Sized>(store: &S) -> Result<(), Broken> {
    let session = session(3);
    let (mut first, mut last) = ([3; 16], [3; 16]);
    (first[0], last[15]) = (4, 4);
    let streams = [[3; 16], first, last].map(StreamId::from);
    for seq in 1..=3 {
        for (at, stream) in streams.iter().enumerate() {
            works(store.append(&session, event(*stream, seq, &at.to_string())?).await)?;
        }
    }
    for (at, stream) in streams.iter().enumerate() {
        let found = works(store.after(&session, *stream, 1).await)?;
        let expected = [event(*stream, 2, &at.to_string())?, event(*stream, 3, &at.to_string())?];
        must(found == expected, "a stream has its own events and no other's")?;
    }
    Ok(())
}

async fn keeps_sessions_apart<S: EventStore + ?Sized>(store: &S) -> Result<(), Broken> {
    let stream = stream(5);
    let sessions = [session(5), session(6)];
    for (session, text) in sessions.iter().zip(["a", "b"]) {
        works(store.append(session, event(stream, 1, text)?).await)?;
    }
    works(store.append(&sessions[1], event(stream, 2, "b")?).await)?;
    for (session, (text, count)) in sessions.iter().zip([("a", 1), ("b", 2)]) {
        let found = works(store.after(session, stream, 0).await)?;
        let mut expected = vec![event(stream, 1, text)?, event(stream, 2, text)?];
        expected.truncate(count);
        must(found == expected, "a session has its own events and no other's")?;
    }
    let found = works(store.after(&session(7), stream, 0).await)?;
    must(found.is_empty(), "a session has its own events and no other's")
}

async fn forgets<S: EventStore + ?Sized>(store: &S) -> Result<(), Broken> {
    let sessions = [session(8), session(9)];
    for session in &sessions {
        for at in 1..=2 {
            works(store.append(session, event(stream(at), 1, "x")?).await)?;
        }
    }
    works(store.remove(&sessions[0]).await)?;
    works(store.remove(&session(10)).await)?;
    for at in 1..=2 {
        let found = works(store.after(&sessions[0], stream(at), 0).await)?;
        must(found.is_empty(), "of a session that was removed no stream has events")?;
        let found = works(store.after(&sessions[1], stream(at), 0).await)?;
        must(found.len() == 1, "other sessions keep their events when one is removed")?;
    }
    Ok(())
}

async fn keeps_the_newest<S: EventStore + ?Sized>(store: &S) -> Result<(), Broken> {
    let (session, stream) = (session(11), stream(11));
    const MANY: u64 = 6_000;
    for seq in 1..=MANY {
        works(store.append(&session, event(stream, seq, &"x".repeat(1000))?).await)?;
    }
    let found = works(store.after(&session, stream, 0).await)?;
    let oldest = found.first().map(|event| event.seq);
    must(found.last().map(|event| event.seq) == Some(MANY), "the newest event is always kept")?;
    must(oldest > Some(1), "the events of a session have a bound")?;
    let holes = found.windows(2).any(|pair| pair[0].seq + 1 != pair[1].seq);
    must(!holes, "what is kept of a stream has no holes")?;
    works(store.remove(&session).await)
}

fn session(at: u8) -> SessionKey {
    SessionKey::from([at; 32])
}

fn stream(at: u8) -> StreamId {
    StreamId::from([at; 16])
}

fn event(stream: StreamId, seq: u64, text: &str) -> Result<StoredEvent, Broken> {
    let message = Raw::encode(&serde_json::json!({ "jsonrpc": "2.0", "method": text, "at": seq }));
    let message = message.map_err(|error| Broken {
        rule: "an event can be made",
        source: Some(std::io::Error::other(error)),
    })?;
    Ok(StoredEvent::new(stream, seq, message))
}
