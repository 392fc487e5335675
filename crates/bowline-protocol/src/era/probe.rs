//! Which protocol version a server speaks, found out by trying: which attempt comes next, and when to give up.
//!
//! A [`Probe`] decides and does nothing else: its driver makes each [`Attempt`], and tells what it [`Brought`]. A
//! server is first taken for one of the newest kind; whatever does not answer as one is taken for one that opens a
//! session, and over HTTP at last for one of the first transport. There are never more than a few attempts.
//!
//! See backward compatibility over [stdio] and [Streamable HTTP].
//!
//! [stdio]: https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/stdio#backward-compatibility
//! [Streamable HTTP]: https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#backward-compatibility

mod brought;
mod failed;

#[cfg(test)]
#[cfg(not(modern_only))]
mod tests;

pub use brought::Brought;
pub use failed::{Failed, Reason};

use super::client::{Agreed, NoAgreement, newest_common};
use super::{client, modern};
use bowline_types::jsonrpc::ErrorObject;
use bowline_types::revision::{Era, Revision};
use std::fmt;
use std::str::FromStr;

/// The search for a way to speak with one server.
#[derive(Clone, Debug)]
pub struct Probe {
    carrier: Carrier,
    pin: Option<Revision>,
    remembered: Option<Way>,
    current: Option<Attempt>,
    /// Why `initialize` failed, while HTTP+SSE is tried.
    refused: Option<ErrorObject>,
    tried: Vec<(Attempt, Box<str>)>,
}

/// What carries messages to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// A byte stream.
    Stream {
        /// Whether its server can be started once more, as a child process can.
        restartable: bool,
    },
    /// HTTP.
    Http,
}

/// What to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// Send `server/discover` in this protocol version.
    Discover {
        /// The protocol version.
        revision: Revision,
        /// Whether to start the server once more before.
        restart: bool,
    },
    /// Send `initialize`, offering this protocol version.
    Initialize {
        /// The protocol version.
        revision: Revision,
        /// Whether to start the server once more before: one that was asked what it does not know before it was
        /// initialized may be of no use any more.
        restart: bool,
    },
    /// Open the event stream of the HTTP+SSE transport, and send `initialize` on it, offering this protocol version.
    Sse {
        /// The protocol version.
        revision: Revision,
    },
}

/// What to do next.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "there are a handful in a connection's life")]
pub enum Step {
    /// Try this, and tell what it brought.
    Try(Attempt),
    /// The server is found: go on with what the last attempt used.
    Done {
        /// What the server said of itself.
        agreed: Agreed,
        /// The way to it, to be remembered.
        way: Way,
    },
    /// There is no way to speak with the server, or none that may be tried.
    Failed(Failed),
}

/// The way in which a server speaks, which is a property of the server and can be remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    /// Every request stands for itself.
    Modern,
    /// In a session, opened by `initialize`.
    Session,
    /// In a session over HTTP+SSE.
    Sse,
}

/// The most attempts. Every version twice, a session twice and HTTP+SSE are five.
const MOST: usize = 6;

impl Probe {
    /// A search that knows nothing of the server.
    #[must_use]
    pub fn new(carrier: Carrier) -> Self {
        Self {
            carrier,
            pin: None,
            remembered: None,
            current: None,
            refused: None,
            tried: Vec::new(),
        }
    }

    /// Allows only this protocol version.
    #[must_use]
    pub fn pin(mut self, revision: Revision) -> Self {
        self.pin = Some(revision);
        self
    }

    /// Begins with the way in which this server spoke before; if it does not any more, the search begins anew.
    #[must_use]
    pub fn remembered(mut self, way: Way) -> Self {
        self.remembered = Some(way);
        self
    }

    /// The first step.
    pub fn begin(&mut self) -> Step {
        let step = match (self.pin, self.remembered) {
            (Some(pin), _) if pin.era() == Era::Modern => self.discover(pin, false),
            (_, Some(Way::Sse)) if self.carrier == Carrier::Http => self.sse(),
            (Some(_), _) | (_, Some(Way::Session)) => self.session(false, Reason::Legacy),
            _ => self.discover(modern::SUPPORTED[0], false),
        };
        self.take(step)
    }

    /// The step after an attempt.
    pub fn next(&mut self, brought: Brought) -> Step {
        let Some(attempt) = self.current.take() else {
            return self.begin();
        };
        self.tried.push((attempt, brought.to_string().into()));
        let step = match attempt {
            Attempt::Discover { revision, .. } => self.after_discover(revision, brought),
            Attempt::Initialize { .. } => self.after_initialize(brought),
            Attempt::Sse { .. } => self.after_sse(brought),
        };
        self.take(step)
    }

    fn take(&mut self, step: Result<Step, Reason>) -> Step {
        match step {
            Ok(Step::Try(_)) if self.tried.len() >= MOST => self.failed(Reason::Exhausted),
            Ok(step) => {
                if let Step::Try(attempt) = step {
                    self.current = Some(attempt);
                }
                step
            }
            Err(reason) => self.failed(reason),
        }
    }

    fn failed(&mut self, reason: Reason) -> Step {
        Step::Failed(Failed { reason, tried: std::mem::take(&mut self.tried) })
    }

    fn after_discover(&mut self, revision: Revision, brought: Brought) -> Result<Step, Reason> {
        match brought {
            Brought::Result(result) => match Agreed::discovered(&result) {
                Ok(agreed) => self.done(agreed, Way::Modern),
                Err(NoAgreement::Initialize(revision)) => self.initialize(revision, false),
                // Some older servers answer whatever they are asked with an empty result.
                Err(malformed @ NoAgreement::Malformed(_)) => {
                    self.session(self.restartable(), Reason::NoAgreement(malformed))
                }
                Err(none) => Err(Reason::NoAgreement(none)),
            },
            Brought::Error { error, status } => match Sign::of(&error) {
                Sign::Versions(supported) => match newest_common(&supported) {
                    None => Err(Reason::NoAgreement(NoAgreement::NoneInCommon(supported))),
                    Some(common) if common.era() == Era::Legacy => self.initialize(common, false),
                    // It may refuse once what it says it speaks.
                    Some(common) if common != revision || self.discovered(common) < 2 => {
                        self.discover(common, false)
                    }
                    Some(_) => Err(Reason::Refused(error)),
                },
                Sign::Modern => Err(Reason::Refused(error)),
                Sign::Nothing if status.is_some_and(|status| !says_legacy_with_error(status)) => {
                    Err(Reason::Refused(error))
                }
                Sign::Nothing => self.session(self.restartable(), Reason::Refused(error)),
            },
            Brought::Status(status) if !says_legacy(status) => Err(Reason::Status(status)),
            Brought::Ended if self.carrier == (Carrier::Stream { restartable: false }) => {
                Err(Reason::Ended)
            }
            Brought::Status(status) => self.session(self.restartable(), Reason::Status(status)),
            Brought::Garbage => self.session(self.restartable(), Reason::Garbage),
            Brought::Silent => self.session(self.restartable(), Reason::Silent),
            Brought::Ended => self.session(self.restartable(), Reason::Ended),
        }
    }

    fn after_initialize(&mut self, brought: Brought) -> Result<Step, Reason> {
        match brought {
            Brought::Result(result) => self.initialized(&result, Way::Session),
            Brought::Error { error, status } => match Sign::of(&error) {
                Sign::Versions(supported) => self.named(&supported, error),
                Sign::Modern | Sign::Nothing => match status {
                    Some(status) if !says_legacy_with_error(status) => Err(Reason::Refused(error)),
                    // Over HTTP the transport before answers in this way, with or without JSON-RPC.
                    Some(400..=499) => self.otherwise(Reason::Refused(error)),
                    _ => self.anew(Reason::Refused(error)),
                },
            },
            Brought::Status(status) if says_legacy(status) => {
                self.otherwise(Reason::Status(status))
            }
            Brought::Status(status) => Err(Reason::Status(status)),
            Brought::Garbage => self.anew(Reason::Garbage),
            Brought::Silent => self.anew(Reason::Silent),
            Brought::Ended => self.anew(Reason::Ended),
        }
    }

    fn after_sse(&mut self, brought: Brought) -> Result<Step, Reason> {
        let reason = match brought {
            Brought::Result(result) => return self.initialized(&result, Way::Sse),
            Brought::Error { error, .. } => Reason::Refused(error),
            Brought::Status(status) if !says_legacy(status) => return Err(Reason::Status(status)),
            Brought::Status(status) => Reason::Status(status),
            Brought::Garbage => Reason::Garbage,
            Brought::Silent => Reason::Silent,
            Brought::Ended => Reason::Ended,
        };
        // A server that said in words why it does not want `initialize` is better told by them.
        let reason = self.refused.take().map_or(reason, Reason::Refused);
        self.anew(reason)
    }

    /// Takes the versions that a server named when it refused `initialize`.
    fn named(&mut self, supported: &[String], error: ErrorObject) -> Result<Step, Reason> {
        let Some(common) = newest_common(supported) else {
            return Err(Reason::NoAgreement(NoAgreement::NoneInCommon(supported.to_vec())));
        };
        if common.era() == Era::Modern && self.pin.is_none() && self.discovered(common) == 0 {
            return self.discover(common, false);
        }
        let sessions: Vec<&String> = supported
            .iter()
            .filter(|version| {
                Revision::from_str(version).is_ok_and(|version| version.era() == Era::Legacy)
            })
            .collect();
        match newest_common(&sessions) {
            Some(common) if !self.offered(common) => self.initialize(common, false),
            _ => Err(Reason::Refused(error)),
        }
    }

    /// HTTP+SSE, where that is left to try.
    fn otherwise(&mut self, reason: Reason) -> Result<Step, Reason> {
        let tried = self.tried.iter().any(|(attempt, _)| matches!(attempt, Attempt::Sse { .. }));
        if self.carrier == Carrier::Http && !tried && !self.begins_anew() {
            if let Reason::Refused(error) = reason {
                self.refused = Some(error);
            }
            return self.sse();
        }
        self.anew(reason)
    }

    /// Begins anew, where something remembered turned out to be so no more.
    fn anew(&mut self, reason: Reason) -> Result<Step, Reason> {
        if self.begins_anew() {
            return self.discover(modern::SUPPORTED[0], self.restartable());
        }
        Err(reason)
    }

    fn begins_anew(&self) -> bool {
        let is_discover = |(attempt, _): &(Attempt, _)| matches!(attempt, Attempt::Discover { .. });
        self.pin.is_none() && self.remembered.is_some() && !self.tried.iter().any(is_discover)
    }

    fn discover(&self, revision: Revision, restart: bool) -> Result<Step, Reason> {
        if self.pin.is_some_and(|pin| pin != revision) {
            return Err(self.pinned());
        }
        Ok(Step::Try(Attempt::Discover { revision, restart }))
    }

    /// Opens a session, offering what is pinned or the newest version that has sessions; `reason` is why nothing else
    /// can be done.
    fn session(&mut self, restart: bool, reason: Reason) -> Result<Step, Reason> {
        if self.pin.is_some_and(|pin| pin.era() == Era::Modern) {
            // Of a server that says nothing it is not known what it speaks.
            let is_mute = matches!(reason, Reason::Ended | Reason::Silent);
            return Err(if is_mute { reason } else { self.pinned() });
        }
        let offer = self.pin.or_else(client::newest_session).ok_or(Reason::Legacy)?;
        if self.offered(offer) {
            // Something remembered has failed before.
            return self.otherwise(reason);
        }
        self.initialize(offer, restart)
    }

    fn initialize(&self, revision: Revision, restart: bool) -> Result<Step, Reason> {
        if self.pin.is_some_and(|pin| pin != revision) {
            return Err(self.pinned());
        }
        if revision.era() == Era::Modern {
            return Err(Reason::Legacy);
        }
        Ok(Step::Try(Attempt::Initialize { revision, restart }))
    }

    fn sse(&self) -> Result<Step, Reason> {
        let revision = self.pin.or_else(client::newest_session).ok_or(Reason::Legacy)?;
        Ok(Step::Try(Attempt::Sse { revision }))
    }

    fn initialized(&self, result: &crate::scan::Raw, way: Way) -> Result<Step, Reason> {
        let agreed = client::read_session(result).map_err(Reason::NoAgreement)?;
        self.done(agreed, way)
    }

    fn done(&self, agreed: Agreed, way: Way) -> Result<Step, Reason> {
        match self.pin {
            Some(pin) if pin != agreed.revision => {
                Err(Reason::Pinned { pin, offered: vec![agreed.revision.as_str().to_owned()] })
            }
            _ => Ok(Step::Done { agreed, way }),
        }
    }

    fn pinned(&self) -> Reason {
        match self.pin {
            Some(pin) => Reason::Pinned { pin, offered: Vec::new() },
            None => Reason::Legacy,
        }
    }

    fn restartable(&self) -> bool {
        self.carrier == Carrier::Stream { restartable: true }
    }

    /// How often this version has been tried.
    fn discovered(&self, wanted: Revision) -> usize {
        let same = |attempt: &Attempt| matches!(attempt, Attempt::Discover { revision, .. } if *revision == wanted);
        self.tried.iter().filter(|(attempt, _)| same(attempt)).count()
    }

    /// Whether this version has been offered.
    fn offered(&self, wanted: Revision) -> bool {
        let same = |attempt: &Attempt| matches!(attempt, Attempt::Initialize { revision, .. } if *revision == wanted);
        self.tried.iter().any(|(attempt, _)| same(attempt))
    }
}

/// What an error says of the kind of server that sent it.
enum Sign {
    /// It names the protocol versions that it speaks.
    Versions(Vec<String>),
    /// Only a server of the newest kind answers so.
    Modern,
    /// Nothing: codes that servers are free to use.
    Nothing,
}

impl Sign {
    fn of(error: &ErrorObject) -> Self {
        use bowline_types::jsonrpc::ErrorCode as Code;
        let data = |name: &str| error.data.as_ref().and_then(|data| data.get(name));
        let supported = || {
            let versions = data("supported")?.as_array()?.iter();
            let versions: Vec<String> =
                versions.filter_map(|version| version.as_str().map(str::to_owned)).collect();
            (!versions.is_empty()).then_some(versions)
        };
        match error.code {
            // The second is how the older versions say it, by their one example.
            Code::UNSUPPORTED_PROTOCOL_VERSION | Code::INVALID_PARAMS => {
                supported().map_or(Self::Nothing, Self::Versions)
            }
            Code::HEADER_MISMATCH => Self::Modern,
            Code::MISSING_REQUIRED_CLIENT_CAPABILITY if data("requiredCapabilities").is_some() => {
                Self::Modern
            }
            _ => Self::Nothing,
        }
    }
}

/// Whether a status without a JSON-RPC error is one that a server of the older kinds answers with: not those that ask
/// for credentials or patience, and none of a server that has failed.
fn says_legacy(status: u16) -> bool {
    matches!(status, 400..=499) && !matches!(status, 401 | 403 | 407 | 408 | 425 | 429)
}

/// The same of a status with a JSON-RPC error: some servers fail over a method that they do not know.
fn says_legacy_with_error(status: u16) -> bool {
    matches!(status, 200..=299 | 500 | 501) || says_legacy(status)
}

impl Attempt {
    /// Whether the server is to be started once more before.
    #[must_use]
    pub fn restarts(&self) -> bool {
        match self {
            Self::Discover { restart, .. } | Self::Initialize { restart, .. } => *restart,
            Self::Sse { .. } => false,
        }
    }
}

impl Way {
    /// A name to remember it by.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Modern => "modern",
            Self::Session => "session",
            Self::Sse => "sse",
        }
    }

    /// The way of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Modern, Self::Session, Self::Sse].into_iter().find(|way| way.as_str() == name)
    }
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Discover { revision, .. } => write!(f, "`server/discover` ({revision})"),
            Self::Initialize { revision, .. } => write!(f, "`initialize` ({revision})"),
            Self::Sse { .. } => f.write_str("HTTP+SSE"),
        }
    }
}
