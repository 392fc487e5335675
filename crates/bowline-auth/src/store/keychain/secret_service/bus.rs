//! The session bus: calls and their answers over a socket.

use super::wire::{Body, Values};
use std::env;
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;
use zeroize::Zeroizing;

/// Why a call has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// There is no bus to connect to.
    NoBus,
    /// The bus does not answer in time, or not at all.
    Silent,
    /// The answer is not what it has to be.
    Odd,
    /// Nobody has the name that was called.
    Nobody,
    /// Whoever was called answered with an error.
    Refused,
}

/// How long each answer may take: as long as a keychain needs that has to be started first.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest message that is read.
const LONGEST: usize = 256 * 1024;
/// How many other messages may come before an answer.
const OTHERS: usize = 100;

const CALL: u8 = 1;
const ANSWER: u8 = 2;
const ERROR: u8 = 3;

/// The bus of the session that the program runs in.
pub(super) fn connect() -> Result<UnixStream, Fault> {
    let address = env::var("DBUS_SESSION_BUS_ADDRESS").ok();
    let runtime = env::var_os("XDG_RUNTIME_DIR").map(|folder| PathBuf::from(folder).join("bus"));
    match (address, runtime) {
        (Some(address), _) => {
            address.split(';').find_map(|address| named(address).ok()).ok_or(Fault::NoBus)
        }
        (None, Some(path)) => UnixStream::connect(path).map_err(|_| Fault::NoBus),
        (None, None) => Err(Fault::NoBus),
    }
}

/// A socket by its address on the bus, such as `unix:path=/run/user/1000/bus,guid=…`.
fn named(address: &str) -> io::Result<UnixStream> {
    let unknown = || io::Error::from(ErrorKind::Unsupported);
    let keys = address.strip_prefix("unix:").ok_or_else(unknown)?;
    let named = |name: &str| keys.split(',').find_map(|key| key.strip_prefix(name)).map(unescaped);
    match (named("path="), named("abstract=")) {
        (Some(path), _) => UnixStream::connect(path?),
        (None, Some(name)) => abstracted::connect(&name?),
        (None, None) => Err(unknown()),
    }
}

/// `%20` is a space.
pub(super) fn unescaped(text: &str) -> io::Result<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let digits =
            rest.split_at_checked(2).filter(|(digits, _)| digits.iter().all(u8::is_ascii_hexdigit));
        let (digits, after) = digits.ok_or(ErrorKind::InvalidInput)?;
        let byte =
            std::str::from_utf8(digits).ok().and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.extend(byte);
        rest = after;
    }
    String::from_utf8(bytes).map_err(|_| ErrorKind::InvalidInput.into())
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod abstracted {
    //! Sockets that are in no folder.

    #[cfg(target_os = "android")]
    use std::os::android::net::SocketAddrExt;
    #[cfg(target_os = "linux")]
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::{SocketAddr, UnixStream};

    pub(super) fn connect(name: &str) -> std::io::Result<UnixStream> {
        UnixStream::connect_addr(&SocketAddr::from_abstract_name(name)?)
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod abstracted {
    //! Only Linux has sockets that are in no folder.

    use std::os::unix::net::UnixStream;

    pub(super) fn connect(_name: &str) -> std::io::Result<UnixStream> {
        Err(std::io::ErrorKind::Unsupported.into())
    }
}

/// A connection on which somebody said who he is.
pub(super) struct Bus {
    socket: UnixStream,
    calls: u32,
}

impl Bus {
    pub(super) fn open(socket: UnixStream) -> Result<Self, Fault> {
        let patience = Some(PATIENCE);
        socket
            .set_read_timeout(patience)
            .and_then(|()| socket.set_write_timeout(patience))
            .map_err(|_| Fault::Silent)?;
        let mut bus = Self { socket, calls: 0 };
        // The bus knows the user by the socket; an empty answer to its question says that this is right.
        bus.send(b"\0AUTH EXTERNAL\r\n")?;
        if bus.line()? == "DATA" {
            bus.send(b"DATA\r\n")?;
            if !bus.line()?.starts_with("OK ") {
                return Err(Fault::Refused);
            }
        } else {
            return Err(Fault::Refused);
        }
        bus.send(b"BEGIN\r\n")?;
        let (name, path) = ("org.freedesktop.DBus", "/org/freedesktop/DBus");
        bus.call(name, path, name, "Hello", &Body::new(""))?;
        Ok(bus)
    }

    /// Calls a method, and waits for its answer.
    pub(super) fn call(
        &mut self,
        name: &str,
        path: &str,
        interface: &str,
        method: &str,
        body: &Body,
    ) -> Result<Message, Fault> {
        self.calls += 1;
        let fields = |fields: Body| {
            let field = |body: Body, code: u8, kind: &str, value: &str| {
                let mut body = body.aligned(8);
                body.bytes.push(code);
                let body = body.signature(kind);
                if kind == "g" { body.signature(value) } else { body.text(value) }
            };
            let fields = field(fields, 1, "o", path);
            let fields = field(fields, 2, "s", interface);
            let fields = field(fields, 3, "s", method);
            let fields = field(fields, 6, "s", name);
            if body.types.is_empty() { fields } else { field(fields, 8, "g", body.types) }
        };
        let mut head = Body::new("");
        head.bytes.extend_from_slice(&[b'l', CALL, 0, 1]);
        let head =
            head.number(body.bytes.len() as u32).number(self.calls).array(8, fields).aligned(8);
        self.send(&head.bytes)?;
        self.send(&body.bytes)?;
        for _ in 0..OTHERS {
            let message = self.receive()?;
            if message.answers == Some(self.calls) {
                return message.checked();
            }
        }
        Err(Fault::Odd)
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.socket.write_all(bytes).map_err(|_| Fault::Silent)
    }

    /// A line of the opening. Byte by byte, so that nothing is read of what follows.
    fn line(&mut self) -> Result<String, Fault> {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            if line.len() > 1024 {
                return Err(Fault::Odd);
            }
            let mut byte = [0];
            self.socket.read_exact(&mut byte).map_err(|_| Fault::Silent)?;
            line.extend(byte);
        }
        line.truncate(line.len() - 2);
        String::from_utf8(line).map_err(|_| Fault::Odd)
    }

    fn receive(&mut self) -> Result<Message, Fault> {
        let mut fixed = [0; 16];
        self.socket.read_exact(&mut fixed).map_err(|_| Fault::Silent)?;
        let big_end_first = match fixed[0] {
            b'l' => false,
            b'B' => true,
            _ => return Err(Fault::Odd),
        };
        let mut numbers = Values::new(&fixed[4..], big_end_first);
        let (length, _serial, fields) =
            (numbers.number()? as usize, numbers.number()?, numbers.number()? as usize);
        if length > LONGEST || fields > LONGEST {
            return Err(Fault::Odd);
        }
        let mut rest = Zeroizing::new(vec![0; fields.next_multiple_of(8) + length]);
        self.socket.read_exact(&mut rest).map_err(|_| Fault::Silent)?;
        let (fields, body) = (&rest[..fields], &rest[fields.next_multiple_of(8)..]);
        let mut message = Message {
            kind: fixed[1],
            big_end_first,
            answers: None,
            error: String::new(),
            types: String::new(),
            body: body.to_vec().into(),
        };
        let mut values = Values::new(fields, big_end_first);
        while values.read() < fields.len() {
            values.align(8)?;
            let code = values.byte()?;
            match (code, values.any_signature()?) {
                (4, "s") => message.error = values.text()?.to_owned(),
                (5, "u") => message.answers = Some(values.number()?),
                (8, "g") => message.types = values.any_signature()?.to_owned(),
                (_, "s" | "o") => drop(values.text()?),
                (_, "u") => drop(values.number()?),
                (_, "g") => drop(values.any_signature()?),
                _ => return Err(Fault::Odd),
            }
        }
        Ok(message)
    }
}

/// What came over the bus.
pub(super) struct Message {
    kind: u8,
    big_end_first: bool,
    /// The call that it answers.
    answers: Option<u32>,
    error: String,
    types: String,
    body: Zeroizing<Vec<u8>>,
}

impl Message {
    fn checked(self) -> Result<Self, Fault> {
        match (self.kind, self.error.strip_prefix("org.freedesktop.DBus.Error.")) {
            (ANSWER, _) => Ok(self),
            (ERROR, Some("ServiceUnknown" | "NameHasNoOwner" | "Spawn.ServiceNotFound")) => {
                Err(Fault::Nobody)
            }
            (ERROR, Some("NoReply" | "Timeout" | "TimedOut")) => Err(Fault::Silent),
            (ERROR, _) => Err(Fault::Refused),
            _ => Err(Fault::Odd),
        }
    }

    /// Its values, if they are of these types.
    pub(super) fn values(&self, types: &str) -> Result<Values<'_>, Fault> {
        if self.types == types {
            Ok(Values::new(&self.body, self.big_end_first))
        } else {
            Err(Fault::Odd)
        }
    }
}
