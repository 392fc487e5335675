//! A bus and a keychain that are played, and the real one of whoever asks for it.

use super::bus::{Bus, Fault, unescaped};
use super::wire::{Body, Values};
use super::{COLLECTION, ITEM, SERVICE, Service, System};
use crate::store::keys::{Keychain, Unavailable};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::thread;

/// What the other side says to a call.
enum Answer {
    Values(Body),
    Error(&'static str),
    /// These bytes, whatever they are, and nothing any more.
    Bytes(Vec<u8>),
    /// Nothing any more.
    End,
}

/// What was called.
struct Called {
    serial: u32,
    path: String,
    interface: String,
    method: String,
    body: Vec<u8>,
}

/// Plays both with one side of a socket, and gives the calls of the other side.
fn play(
    opening: &'static [&'static str],
    answer: impl FnMut(&Called) -> Answer + Send + 'static,
) -> (UnixStream, thread::JoinHandle<Vec<String>>) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    (ours, thread::spawn(move || serve(theirs, opening, answer).1))
}

fn serve(
    mut socket: UnixStream,
    opening: &[&str],
    mut answer: impl FnMut(&Called) -> Answer,
) -> (std::io::Result<()>, Vec<String>) {
    let mut methods = Vec::new();
    let served = (|| {
        for line in opening {
            read_line(&mut socket)?;
            socket.write_all(format!("{line}\r\n").as_bytes())?;
        }
        assert_eq!(read_line(&mut socket)?, "BEGIN");
        loop {
            let called = read_call(&mut socket)?;
            methods.push(format!(
                "{}.{}",
                called.interface.rsplit('.').next().unwrap(),
                called.method
            ));
            // A signal comes first, as when the bus gives a name to a new connection.
            socket.write_all(&message(4, 0, "", &Body::new("s").text(":1.7")))?;
            let bytes = match answer(&called) {
                Answer::Values(body) => message(2, called.serial, "", &body),
                Answer::Error(name) => message(3, called.serial, name, &Body::new("")),
                Answer::Bytes(bytes) => return socket.write_all(&bytes),
                Answer::End => return Ok(()),
            };
            socket.write_all(&bytes)?;
        }
    })();
    (served, methods)
}

fn read_line(socket: &mut UnixStream) -> std::io::Result<String> {
    let mut line = Vec::new();
    while !line.ends_with(b"\r\n") {
        let mut byte = [0];
        socket.read_exact(&mut byte)?;
        line.extend(byte);
    }
    Ok(String::from_utf8(line).unwrap().trim_end().to_owned())
}

fn read_call(socket: &mut UnixStream) -> std::io::Result<Called> {
    let mut fixed = [0; 16];
    socket.read_exact(&mut fixed)?;
    assert_eq!(fixed[..4], [b'l', 1, 0, 1]);
    let number = |at: usize| u32::from_le_bytes(fixed[at..at + 4].try_into().unwrap());
    let (length, serial, fields) = (number(4) as usize, number(8), number(12) as usize);
    let mut rest = vec![0; fields.next_multiple_of(8) + length];
    socket.read_exact(&mut rest)?;
    let mut called = Called {
        serial,
        path: String::new(),
        interface: String::new(),
        method: String::new(),
        body: rest.split_off(fields.next_multiple_of(8)),
    };
    let mut values = Values::new(&rest[..fields], false);
    while values.read() < fields {
        values.align(8).unwrap();
        let code = values.byte().unwrap();
        let kind = values.any_signature().unwrap();
        let value =
            if kind == "g" { values.any_signature() } else { values.text() }.unwrap().to_owned();
        match code {
            1 => called.path = value,
            2 => called.interface = value,
            3 => called.method = value,
            _ => {}
        }
    }
    Ok(called)
}

fn message(kind: u8, answers: u32, error: &str, body: &Body) -> Vec<u8> {
    let mut head = Body::new("");
    head.bytes.extend_from_slice(&[b'l', kind, 1, 1]);
    let head = head.number(body.bytes.len() as u32).number(99).array(8, |mut fields| {
        fields.bytes.push(5);
        fields = fields.signature("u").number(answers).aligned(8);
        fields.bytes.push(8);
        fields = fields.signature("g").signature(body.types);
        if error.is_empty() {
            return fields;
        }
        fields = fields.aligned(8);
        fields.bytes.push(4);
        fields.signature("s").text(error)
    });
    [&head.aligned(8).bytes[..], &body.bytes].concat()
}

const OPENING: &[&str] = &["DATA", "OK 0123"];
const PLACE: &str = "/org/freedesktop/secrets/collection/login";
const FOUND: &str = "/org/freedesktop/secrets/collection/login/1";

/// A keychain with a default keyring, and perhaps the key.
#[derive(Clone, Default)]
struct Played {
    locked: bool,
    homeless: bool,
    key: Option<String>,
}

impl Played {
    fn answer(&mut self, called: &Called) -> Answer {
        let mut values = Values::new(&called.body, false);
        let paths = |body: Body, paths: &[&str]| {
            body.array(4, |body| paths.iter().fold(body, |body, path| body.text(path)))
        };
        let text = called.interface.as_str();
        Answer::Values(match (text, called.method.as_str()) {
            ("org.freedesktop.DBus", "Hello") => Body::new("s").text(":1.7"),
            (SERVICE, "OpenSession") => {
                assert_eq!(values.text(), Ok("plain"));
                Body::new("vo").signature("s").text("").text("/session/1")
            }
            (SERVICE, "SearchItems") => {
                let found: &[&str] = if self.key.is_some() { &[FOUND] } else { &[] };
                let (open, locked) = if self.locked { (&[][..], found) } else { (found, &[][..]) };
                paths(paths(Body::new("aoao"), open), locked)
            }
            (SERVICE, "Unlock") => {
                let wanted = values.texts().unwrap();
                let wanted: Vec<_> = wanted.iter().map(String::as_str).collect();
                let open = if self.locked { &[][..] } else { &wanted };
                paths(Body::new("aoo"), open).text(if self.locked { "/prompt/1" } else { "/" })
            }
            (SERVICE, "ReadAlias") => Body::new("o").text(if self.homeless { "/" } else { PLACE }),
            (ITEM, "GetSecret") => {
                assert_eq!((called.path.as_str(), values.text()), (FOUND, Ok("/session/1")));
                let key = self.key.as_deref().unwrap();
                Body::new("(oayays)")
                    .text("/session/1")
                    .bytes(b"")
                    .bytes(key.as_bytes())
                    .text("text/plain")
            }
            (COLLECTION, "CreateItem") => {
                assert_eq!(called.path, PLACE);
                self.key = Some(created(&mut values));
                Body::new("oo").text(FOUND).text("/")
            }
            other => panic!("{other:?} was called"),
        })
    }
}

/// What `CreateItem` was called with: checks it all, and gives the secret.
fn created(values: &mut Values<'_>) -> String {
    let length = values.number().unwrap() as usize;
    values.align(8).unwrap();
    let begin = values.read();
    assert_eq!(values.text(), Ok("org.freedesktop.Secret.Item.Label"));
    values.signature("s").unwrap();
    assert_eq!(values.text(), Ok("bowline: the key that seals logins"));
    values.align(8).unwrap();
    assert_eq!(values.text(), Ok("org.freedesktop.Secret.Item.Attributes"));
    values.signature("a{ss}").unwrap();
    values.number().unwrap();
    for (name, value) in [("application", "bowline"), ("purpose", "logins")] {
        values.align(8).unwrap();
        assert_eq!((values.text(), values.text()), (Ok(name), Ok(value)));
    }
    assert_eq!(values.read() - begin, length);
    values.align(8).unwrap();
    assert_eq!((values.text(), values.bytes()), (Ok("/session/1"), Ok(&b""[..])));
    let secret = String::from_utf8(values.bytes().unwrap().to_vec()).unwrap();
    assert_eq!((values.text(), values.number()), (Ok("text/plain"), Ok(1)));
    secret
}

fn keychain(played: &Played) -> Result<Service, Unavailable> {
    let mut played = played.clone();
    let (socket, _) = play(OPENING, move |called| played.answer(called));
    Service::open(socket)
}

fn why<T>(result: Result<T, Unavailable>) -> &'static str {
    result.err().map_or("it was done", |Unavailable(why)| why)
}

#[test]
fn a_key_is_written_and_found_again() {
    let mut played = Played::default();
    let (socket, server) = play(OPENING, move |called| played.answer(called));
    let mut service = Service::open(socket).unwrap();
    assert!(service.read().unwrap().is_none());
    service.write(&[7; 32]).unwrap();
    assert_eq!(*service.read().unwrap().unwrap(), [7; 32]);
    drop(service);
    let expected = [
        "DBus.Hello",
        "Service.OpenSession",
        "Service.SearchItems",
        "Service.ReadAlias",
        "Service.Unlock",
        "Collection.CreateItem",
        "Service.SearchItems",
        "Item.GetSecret",
    ];
    assert_eq!(server.join().unwrap(), expected);
}

#[test]
fn a_keychain_that_gives_nothing_says_why() {
    let key = Some(STANDARD.encode([7; 32]));
    let locked = Played { locked: true, key, ..Played::default() };
    assert_eq!(why(keychain(&locked).unwrap().read()), "it is locked");
    assert_eq!(why(keychain(&locked).unwrap().write(&[7; 32])), "it is locked");
    let homeless = Played { homeless: true, ..Played::default() };
    assert_eq!(why(keychain(&homeless).unwrap().write(&[7; 32])), "it has no default keyring");
    let other = Played { key: Some("not base64!".to_owned()), ..Played::default() };
    assert_eq!(why(keychain(&other).unwrap().read()), "it has something else instead of the key");
}

#[test]
fn a_prompt_instead_of_an_item_means_that_it_is_locked() {
    let mut played = Played::default();
    let (socket, _) = play(OPENING, move |called| match called.method.as_str() {
        "CreateItem" => Answer::Values(Body::new("oo").text("/").text("/prompt/1")),
        _ => played.answer(called),
    });
    assert_eq!(why(Service::open(socket).unwrap().write(&[7; 32])), "it is locked");
}

#[test]
fn a_bus_that_does_not_let_us_in_is_named() {
    let cases: [(&[&str], &str); 4] = [
        (&["REJECTED EXTERNAL"], "it refused"),
        (&["DATA", "REJECTED"], "it refused"),
        (&["DATA", "ERROR"], "it refused"),
        (&[], "the session bus does not answer"),
    ];
    for (opening, expected) in cases {
        let (socket, mut theirs) = UnixStream::pair().unwrap();
        let server = thread::spawn(move || {
            for line in opening {
                read_line(&mut theirs).unwrap();
                theirs.write_all(format!("{line}\r\n").as_bytes()).unwrap();
            }
        });
        assert_eq!(why(Service::open(socket)), expected);
        server.join().unwrap();
    }
}

#[test]
fn errors_of_the_bus_are_told_apart() {
    let cases = [
        ("org.freedesktop.DBus.Error.ServiceUnknown", "none runs on the session bus"),
        ("org.freedesktop.DBus.Error.NameHasNoOwner", "none runs on the session bus"),
        ("org.freedesktop.DBus.Error.Spawn.ServiceNotFound", "none runs on the session bus"),
        ("org.freedesktop.DBus.Error.NoReply", "the session bus does not answer"),
        ("org.freedesktop.DBus.Error.AccessDenied", "it refused"),
        ("org.freedesktop.Secret.Error.IsLocked", "it refused"),
        ("", "it refused"),
    ];
    for (name, expected) in cases {
        let (socket, _) = play(OPENING, move |called| match called.method.as_str() {
            "Hello" => Answer::Values(Body::new("s").text(":1.7")),
            _ => Answer::Error(name),
        });
        assert_eq!(why(Service::open(socket)), expected, "{name}");
    }
}

#[test]
fn what_is_no_answer_is_not_taken_for_one() {
    let long = |at: usize| {
        let mut bytes = message(2, 1, "", &Body::new(""));
        bytes[at..at + 4].copy_from_slice(&u32::MAX.to_le_bytes());
        bytes
    };
    let cases: [(Vec<u8>, Fault); 6] = [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), Fault::Odd),
        (long(4), Fault::Odd),
        (long(12), Fault::Odd),
        (message(7, 1, "", &Body::new("")), Fault::Odd),
        (message(4, 0, "", &Body::new("")).repeat(200), Fault::Odd),
        (b"l".to_vec(), Fault::Silent),
    ];
    for (bytes, fault) in cases {
        let (socket, _) = play(OPENING, move |_| Answer::Bytes(bytes.clone()));
        assert_eq!(Bus::open(socket).err(), Some(fault));
    }
}

#[test]
fn answers_of_other_types_are_odd() {
    for body in [
        Body::new("o").text("/session/1"),
        Body::new("vo").signature("u").number(1).text("/"),
        Body::new("vo"),
    ] {
        let mut body = Some(body);
        let (socket, _) = play(OPENING, move |called| match called.method.as_str() {
            "Hello" => Answer::Values(Body::new("s").text(":1.7")),
            _ => body.take().map_or(Answer::End, Answer::Values),
        });
        assert_eq!(why(Service::open(socket)), "what it answered cannot be understood");
    }
}

#[test]
fn values_are_read_as_they_were_written_and_never_past_their_end() {
    let body = Body::new("")
        .text("é")
        .number(7)
        .signature("a{sv}")
        .bytes(b"\0\xff")
        .array(4, |body| body.text("a").text("bc"));
    let read = |bytes: &[u8]| -> Result<_, Fault> {
        let mut values = Values::new(bytes, false);
        let text = values.text()?.to_owned();
        let number = values.number()?;
        values.signature("a{sv}")?;
        Ok((text, number, values.bytes()?.to_vec(), values.texts()?))
    };
    let expected = ("é".to_owned(), 7, b"\0\xff".to_vec(), vec!["a".to_owned(), "bc".to_owned()]);
    assert_eq!(read(&body.bytes), Ok(expected));
    for length in 0..body.bytes.len() {
        assert_eq!(read(&body.bytes[..length]), Err(Fault::Odd), "{length}");
    }
    assert_eq!(Values::new(&[0, 0, 0, 1, b'a', 0], true).text(), Ok("a"));
    assert_eq!(Values::new(&[1, 0, 0, 0, b'a', 1], false).text(), Err(Fault::Odd));
    assert_eq!(Values::new(&[1, 0, 0, 0, 0xff, 0], false).text(), Err(Fault::Odd));
    assert_eq!(Values::new(&[0xff; 8], false).texts(), Err(Fault::Odd));
}

#[test]
fn an_address_is_unescaped() {
    assert_eq!(unescaped("/run/a%20b%2F").unwrap(), "/run/a b/");
    for odd in ["%", "%2", "%zz", "%ff"] {
        assert!(unescaped(odd).is_err(), "{odd}");
    }
}

/// `dbus-run-session -- sh -c 'echo | gnome-keyring-daemon --unlock --components=secrets; cargo test … -- --ignored'`
#[test]
#[ignore = "writes into the keychain of whoever runs it"]
fn the_real_keychain_keeps_a_key() {
    System.write(&[9; 32]).unwrap();
    assert_eq!(*System.read().unwrap().unwrap(), [9; 32]);
    System.write(&[7; 32]).unwrap();
    assert_eq!(*System.read().unwrap().unwrap(), [7; 32]);
}
