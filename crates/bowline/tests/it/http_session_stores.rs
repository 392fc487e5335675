//! The contracts of stores: those that are shipped keep them, and whoever breaks one is caught.

use bowline::protocol::limits::Limits;
use bowline::protocol::scan::Raw;
use bowline::transport::http::legacy::{
    EventStore, MemoryEvents, MemorySessions, SessionKey, SessionRecord, SessionStore, Stored,
    StoredEvent, StreamId, contract,
};
use expect_test::expect;
use std::collections::HashMap;
use std::io;
use std::sync::Mutex;
use std::time::Duration;

#[tokio::test]
async fn the_stores_in_memory_keep_their_contracts() {
    contract::sessions(&MemorySessions::new(100)).await.unwrap();
    for limits in [Limits::local(), Limits::public(), Limits::trusted()] {
        contract::events(&MemoryEvents::new(&limits)).await.unwrap();
    }
    contract::events(&MemoryEvents::new(&Limits::local().replay_events(30))).await.unwrap();
}

/// The record goes through JSON, as it does in a store outside of the process.
#[tokio::test]
async fn a_record_survives_its_way_through_json() {
    #[derive(Default)]
    struct Json(Mutex<HashMap<SessionKey, (String, Duration)>>);

    impl SessionStore for Json {
        fn save<'a>(
            &'a self,
            key: &'a SessionKey,
            record: &'a SessionRecord,
            ttl: Duration,
        ) -> Stored<'a, ()> {
            Stored::new(async move {
                self.0.lock().unwrap().insert(*key, (record.to_json(), ttl));
                Ok(())
            })
        }

        fn load<'a>(&'a self, key: &'a SessionKey) -> Stored<'a, Option<SessionRecord>> {
            Stored::new(async move {
                let kept = self.0.lock().unwrap().get(key).cloned();
                let kept = kept.filter(|(_, ttl)| !ttl.is_zero());
                kept.map(|(text, _)| SessionRecord::from_json(text.as_bytes()))
                    .transpose()
                    .map_err(io::Error::other)
            })
        }

        fn remove<'a>(&'a self, key: &'a SessionKey) -> Stored<'a, ()> {
            self.0.lock().unwrap().remove(key);
            Stored::ready(())
        }
    }

    contract::sessions(&Json::default()).await.unwrap();
}

#[test]
fn what_is_no_record_is_refused() {
    let good = r#"{"principal":{"kind":"token","name":"a"},"protocolVersion":"2025-06-18","clientInfo":{},"clientCapabilities":{},"logLevel":null,"subscriptions":[],"opened":true,"created":1}"#;
    let record = SessionRecord::from_json(good.as_bytes()).unwrap();
    assert_eq!(SessionRecord::from_json(record.to_json().as_bytes()).unwrap(), record);
    for (from, to) in [
        ("token", "king"),
        ("token", "anonymous"),
        ("2025-06-18", "2025-06-19"),
        ("\"clientInfo\":{}", "\"clientInfo\":[]"),
        ("\"clientCapabilities\":{},", ""),
        ("null", "\"loud\""),
        ("[]", "[1]"),
        ("\"opened\":true,", ""),
        ("\"created\":1", "\"created\":-1"),
        ("}", ""),
    ] {
        let text = good.replacen(from, to, 1);
        assert_ne!(text, good, "{from}");
        assert!(SessionRecord::from_json(text.as_bytes()).is_err(), "{text}");
    }
}

/// How a store of sessions can be wrong.
#[derive(Clone, Copy, Debug)]
enum Sessions {
    NeverFinds,
    FindsOnce,
    KeepsTheFirst,
    LosesAField,
    LooksAtOneByte,
    LooksAtTheEnd,
    NeverForgets,
    ForgetsAll,
    NoTimes,
    KeepsOnlyEight,
    Fails,
}

struct WrongSessions(MemorySessions, Sessions, Mutex<Vec<SessionKey>>);

impl WrongSessions {
    fn key(&self, key: &SessionKey) -> SessionKey {
        let bytes = key.as_bytes();
        match self.1 {
            Sessions::LooksAtOneByte => SessionKey::from([bytes[0]; 32]),
            Sessions::LooksAtTheEnd => SessionKey::from([bytes[31]; 32]),
            _ => *key,
        }
    }
}

impl SessionStore for WrongSessions {
    fn save<'a>(
        &'a self,
        key: &'a SessionKey,
        record: &'a SessionRecord,
        ttl: Duration,
    ) -> Stored<'a, ()> {
        Stored::new(async move {
            let key = self.key(key);
            let mut record = record.clone();
            let mut ttl = ttl;
            match self.1 {
                Sessions::Fails => return Err(io::Error::other("no")),
                Sessions::KeepsTheFirst if self.0.load(&key).await?.is_some() => return Ok(()),
                Sessions::LosesAField => {
                    let text = record.to_json().replace("\"warning\"", "null");
                    record = SessionRecord::from_json(text.as_bytes()).unwrap();
                }
                Sessions::NoTimes => ttl = Duration::from_secs(60),
                Sessions::KeepsOnlyEight => {
                    let oldest = {
                        let mut keys = self.2.lock().unwrap();
                        keys.push(key);
                        (keys.len() > 8).then(|| keys.remove(0))
                    };
                    if let Some(oldest) = oldest {
                        self.0.remove(&oldest).await?;
                    }
                }
                _ => {}
            }
            self.0.save(&key, &record, ttl).await
        })
    }

    fn load<'a>(&'a self, key: &'a SessionKey) -> Stored<'a, Option<SessionRecord>> {
        Stored::new(async move {
            let key = self.key(key);
            let found = self.0.load(&key).await?;
            match self.1 {
                Sessions::NeverFinds => return Ok(None),
                Sessions::FindsOnce => self.0.remove(&key).await?,
                _ => {}
            }
            Ok(found)
        })
    }

    fn remove<'a>(&'a self, key: &'a SessionKey) -> Stored<'a, ()> {
        Stored::new(async move {
            match self.1 {
                Sessions::NeverForgets => Ok(()),
                Sessions::ForgetsAll => {
                    for at in 0..=255 {
                        let mut key = [at; 32];
                        self.0.remove(&SessionKey::from(key)).await?;
                        (key[0], key[31]) = (9, 8);
                        self.0.remove(&SessionKey::from(key)).await?;
                    }
                    self.0.remove(key).await
                }
                _ => self.0.remove(&self.key(key)).await,
            }
        })
    }
}

#[tokio::test]
async fn stores_of_sessions_that_are_wrong_are_caught() {
    use Sessions::*;
    let mut table = String::new();
    for fault in [
        NeverFinds,
        FindsOnce,
        KeepsTheFirst,
        LosesAField,
        LooksAtOneByte,
        LooksAtTheEnd,
        NeverForgets,
        ForgetsAll,
        NoTimes,
        KeepsOnlyEight,
        Fails,
    ] {
        let store = WrongSessions(MemorySessions::new(1000), fault, Mutex::default());
        let broken = contract::sessions(&store).await.expect_err(&format!("{fault:?}"));
        table += &format!("{fault:?}: {}\n", broken.rule());
    }
    expect![[r#"
        NeverFinds: what is found is what was saved, to the last field
        FindsOnce: finding a record does not take it away
        KeepsTheFirst: what is found is what was saved, to the last field
        LosesAField: what is found is what was saved, to the last field
        LooksAtOneByte: a key finds its own record and no other's
        LooksAtTheEnd: a key finds its own record and no other's
        NeverForgets: a key finds its own record and no other's
        ForgetsAll: a key finds its own record and no other's
        NoTimes: a record whose time is over is found no more
        KeepsOnlyEight: a record stays while others come
        Fails: a store that works does not fail
    "#]]
    .assert_eq(&table);
}

/// How a store of events can be wrong.
#[derive(Clone, Copy, Debug)]
enum Events {
    FindsNothing,
    FindsFromTheNumberOn,
    SortsAsText,
    ForgetsTheEnd,
    KeepsTwice,
    MixesStreams,
    MixesSessions,
    LooksAtOneByte,
    NeverForgets,
    ForgetsAll,
    KeepsTheOldest,
    KeepsEverything,
    KeepsEveryOther,
    Fails,
}

#[derive(Default)]
struct Log(Vec<(SessionKey, StoredEvent)>);

struct WrongEvents(Mutex<Log>, Events);

const BOUND: usize = 300;

impl EventStore for WrongEvents {
    fn append<'a>(&'a self, session: &'a SessionKey, event: StoredEvent) -> Stored<'a, ()> {
        Stored::new(async move {
            let log = &mut self.0.lock().unwrap().0;
            let same = |kept: &&(SessionKey, StoredEvent)| {
                kept.0 == *session && kept.1.stream == event.stream && kept.1.seq == event.seq
            };
            if !matches!(self.1, Events::KeepsTwice) && log.iter().rev().find(same).is_some() {
                return Ok(());
            }
            let mut event = event;
            match self.1 {
                Events::Fails => return Err(io::Error::other("no")),
                Events::ForgetsTheEnd => event = event.last(false),
                Events::KeepsTheOldest if log.len() >= BOUND => return Ok(()),
                Events::KeepsEveryOther if event.seq > 1000 && event.seq % 2 == 1 => return Ok(()),
                _ => {}
            }
            log.push((*session, event));
            if !matches!(self.1, Events::KeepsEverything) && log.len() > BOUND {
                log.remove(0);
            }
            Ok(())
        })
    }

    fn after<'a>(
        &'a self,
        session: &'a SessionKey,
        stream: StreamId,
        seq: u64,
    ) -> Stored<'a, Vec<StoredEvent>> {
        let log = &self.0.lock().unwrap().0;
        let first = |stream: &StreamId| stream.as_bytes()[0];
        let mut found: Vec<StoredEvent> = log
            .iter()
            .filter(|(key, event)| match self.1 {
                Events::MixesSessions => event.stream == stream,
                Events::MixesStreams => key == session,
                Events::LooksAtOneByte => key == session && first(&event.stream) == first(&stream),
                _ => key == session && event.stream == stream,
            })
            .map(|(_, event)| event.clone())
            .filter(|event| match self.1 {
                Events::FindsNothing => false,
                Events::FindsFromTheNumberOn => event.seq >= seq,
                _ => event.seq > seq,
            })
            .collect();
        if matches!(self.1, Events::SortsAsText) {
            found.sort_by_key(|event| event.seq.to_string());
        }
        Stored::ready(found)
    }

    fn remove<'a>(&'a self, session: &'a SessionKey) -> Stored<'a, ()> {
        let log = &mut self.0.lock().unwrap().0;
        match self.1 {
            Events::NeverForgets => {}
            Events::ForgetsAll => log.clear(),
            _ => log.retain(|(key, _)| key != session),
        }
        Stored::ready(())
    }
}

#[tokio::test]
async fn stores_of_events_that_are_wrong_are_caught() {
    use Events::*;
    let mut table = String::new();
    for fault in [
        FindsNothing,
        FindsFromTheNumberOn,
        SortsAsText,
        ForgetsTheEnd,
        KeepsTwice,
        MixesStreams,
        MixesSessions,
        LooksAtOneByte,
        NeverForgets,
        ForgetsAll,
        KeepsTheOldest,
        KeepsEverything,
        KeepsEveryOther,
        Fails,
    ] {
        let store = WrongEvents(Mutex::default(), fault);
        let broken = contract::events(&store).await.expect_err(&format!("{fault:?}"));
        table += &format!("{fault:?}: {}\n", broken.rule());
    }
    expect![[r#"
        FindsNothing: what is found are the events behind a number, whole and in order
        FindsFromTheNumberOn: what is found are the events behind a number, whole and in order
        SortsAsText: what is found are the events behind a number, whole and in order
        ForgetsTheEnd: what is found are the events behind a number, whole and in order
        KeepsTwice: an event that comes again is kept once
        MixesStreams: a stream has its own events and no other's
        MixesSessions: a session has its own events and no other's
        LooksAtOneByte: a stream has its own events and no other's
        NeverForgets: of a session that was removed no stream has events
        ForgetsAll: other sessions keep their events when one is removed
        KeepsTheOldest: the newest event is always kept
        KeepsEverything: the events of a session have a bound
        KeepsEveryOther: what is kept of a stream has no holes
        Fails: a store that works does not fail
    "#]]
    .assert_eq(&table);
}

fn event(stream: u8, seq: u64, len: usize) -> StoredEvent {
    let message = Raw::encode(&"x".repeat(len)).unwrap();
    StoredEvent::new(StreamId::from([stream; 16]), seq, message)
}

fn session(at: u8) -> SessionKey {
    SessionKey::from([at; 32])
}

#[tokio::test(start_paused = true)]
async fn events_in_memory_are_let_go_in_time() {
    let store = MemoryEvents::new(&Limits::local());
    store.append(&session(1), event(1, 1, 1)).await.unwrap();
    tokio::time::advance(Duration::from_secs(200)).await;
    store.append(&session(1), event(1, 2, 1)).await.unwrap();
    store.sweep();
    assert_eq!(store.len(), 2);
    tokio::time::advance(Duration::from_secs(100)).await;
    // Not found any more, whether swept or not.
    let found = store.after(&session(1), StreamId::from([1; 16]), 0).await.unwrap();
    assert_eq!(found.iter().map(|event| event.seq).collect::<Vec<_>>(), [2]);
    assert_eq!(store.len(), 2);
    store.sweep();
    assert_eq!(store.len(), 1);
    tokio::time::advance(Duration::from_secs(200)).await;
    store.sweep();
    assert!(store.is_empty());
}

#[tokio::test]
async fn events_in_memory_are_bounded_in_bytes_of_one_session_and_of_all() {
    let limits = Limits::local().replay_bytes(10_000);
    let store = MemoryEvents::new(&limits);
    for seq in 1..=100 {
        store.append(&session(1), event(1, seq, 998)).await.unwrap();
    }
    assert_eq!(store.len(), 10);
    // One event that is larger than all may be is an answer that somebody may come back for.
    store.append(&session(1), event(1, 101, 20_000)).await.unwrap();
    assert_eq!(store.len(), 1);
    // A session that keeps little loses nothing to those that keep much.
    store.append(&session(0), event(1, 1, 98)).await.unwrap();
    for at in 1..=200 {
        for seq in 1..=10 {
            store.append(&session(at), event(2, seq, 998)).await.unwrap();
        }
    }
    let found = store.after(&session(0), StreamId::from([1; 16]), 0).await.unwrap();
    assert_eq!(found.len(), 1);
    assert!(store.len() <= 64 * 10, "{}", store.len());
    assert!(store.len() >= 200, "{}", store.len());
}

#[tokio::test(start_paused = true)]
async fn sessions_in_memory_are_bounded_and_make_room_in_time() {
    let text = r#"{"principal":{"kind":"anonymous","name":""},"protocolVersion":"2025-06-18","clientInfo":{},"clientCapabilities":{},"logLevel":null,"subscriptions":[],"opened":true,"created":1}"#;
    let record = SessionRecord::from_json(text.as_bytes()).unwrap();
    let store = MemorySessions::new(2);
    let minute = Duration::from_secs(60);
    store.save(&session(1), &record, minute).await.unwrap();
    store.save(&session(2), &record, 2 * minute).await.unwrap();
    store.save(&session(2), &record, 2 * minute).await.unwrap();
    store.save(&session(3), &record, minute).await.unwrap_err();
    tokio::time::advance(minute).await;
    store.save(&session(3), &record, minute).await.unwrap();
    assert_eq!(store.len(), 2);
    assert!(store.load(&session(1)).await.unwrap().is_none());
    assert!(store.load(&session(2)).await.unwrap().is_some());
}
