//! Which protocol version a client and a server agree on, and what the server says it is.

use crate::era;
use crate::scan::{MetaKey, Raw};
use bowline_types::capability::ServerCapabilities;
use bowline_types::discover::Implementation;
use bowline_types::method::{CacheHint, CacheScope};
use bowline_types::revision::{Era, Revision};
use bowline_types::{DecodeError, decode_value};
use serde_json::{Map, Value, json};
use std::{error, fmt};

/// What a server said of itself, by `server/discover` or in a session's `initialize`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Agreed {
    /// The protocol version to speak.
    pub revision: Revision,
    /// All that the server speaks, as it names them; of a session's server only the one agreed on is known.
    pub supported_versions: Vec<String>,
    /// What it can do, in the shape of the newest protocol version. What cannot be read is left out.
    pub capabilities: ServerCapabilities,
    /// Who it says it is.
    pub server_info: Option<Implementation>,
    /// How to use it, for a model.
    pub instructions: Option<String>,
    /// How long this may be kept.
    pub cache: Option<CacheHint>,
}

impl Agreed {
    /// Reads the result of `server/discover`.
    ///
    /// # Errors
    /// [`NoAgreement::Initialize`] when the newest protocol version in common needs a session, and the rest as named.
    pub fn discovered(result: &Raw) -> Result<Self, NoAgreement> {
        let mut result = Members::of(result)?;
        let supported: Vec<String> = result.required("supportedVersions")?;
        let capabilities = capabilities(result.required("capabilities")?);
        let instructions = result.optional("instructions")?;
        let meta: Option<Map<String, Value>> = result.optional("_meta")?;
        let server_info = meta.and_then(|mut meta| meta.remove(MetaKey::ServerInfo.name()));
        let ttl = result.0.remove("ttlMs").and_then(|ttl| ttl.as_u64());
        let public = result.0.remove("cacheScope") == Some(json!("public"));
        let cache = ttl.map(|ttl_ms| CacheHint {
            ttl_ms,
            scope: if public { CacheScope::Public } else { CacheScope::Private },
        });
        match newest_common(&supported) {
            None => Err(NoAgreement::NoneInCommon(supported)),
            Some(revision) if revision.era() == Era::Legacy => {
                Err(NoAgreement::Initialize(revision))
            }
            Some(revision) => Ok(Self {
                revision,
                supported_versions: supported,
                capabilities,
                server_info: server_info.and_then(|info| decode_value(info).ok()),
                instructions,
                cache,
            }),
        }
    }
}

/// The newest protocol version that stands in a server's list and is spoken here.
pub fn newest_common<V: AsRef<str>>(supported: &[V]) -> Option<Revision> {
    era::supported().find(|ours| supported.iter().any(|theirs| theirs.as_ref() == ours.as_str()))
}

/// Why a client and a server cannot speak, or not so.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum NoAgreement {
    /// What the server said cannot be read.
    Malformed(DecodeError),
    /// The server chose a protocol version for the session that is not spoken here, or has no sessions.
    UnknownVersion(String),
    /// The newest protocol version in common needs a session: send `initialize`.
    Initialize(Revision),
    /// The server speaks only these.
    NoneInCommon(Vec<String>),
}

impl fmt::Display for NoAgreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(fault) => {
                write!(f, "server described itself in a way that cannot be read: {fault}")
            }
            Self::UnknownVersion(version) => {
                let version = shown(version);
                write!(f, "server answered `initialize` with protocol version {version}; ")?;
                write!(f, "this client speaks {}", ours())
            }
            Self::Initialize(revision) => write!(
                f,
                "the newest protocol version in common is {revision}, which begins with `initialize`"
            ),
            Self::NoneInCommon(theirs) if theirs.is_empty() => {
                write!(f, "server names no protocol version; this client speaks {}", ours())
            }
            Self::NoneInCommon(theirs) => {
                let theirs: Vec<String> = theirs.iter().take(16).map(|one| shown(one)).collect();
                let theirs = theirs.join(", ");
                write!(f, "server speaks protocol version {theirs}; this client speaks {}", ours())
            }
        }
    }
}

impl error::Error for NoAgreement {}

impl From<DecodeError> for NoAgreement {
    fn from(fault: DecodeError) -> Self {
        Self::Malformed(fault)
    }
}

fn ours() -> String {
    era::supported().map(Revision::as_str).collect::<Vec<_>>().join(", ")
}

/// What a peer wrote, short and without what could steer a terminal.
fn shown(text: &str) -> String {
    text.chars().take(40).flat_map(char::escape_debug).collect()
}

/// The capabilities that can be read: one of a wrong shape is one that was not declared, and loses no other.
pub(super) fn capabilities(mut declared: Map<String, Value>) -> ServerCapabilities {
    declared.retain(|name, value| {
        decode_value::<ServerCapabilities>(json!({ name: value.clone() })).is_ok()
    });
    decode_value(Value::Object(declared)).unwrap_or_default()
}

/// The members of a result, to be read one by one.
pub(super) struct Members(pub(super) Map<String, Value>);

impl Members {
    pub(super) fn of(result: &Raw) -> Result<Self, DecodeError> {
        result.decode().map(Self)
    }

    pub(super) fn required<T: serde_core::de::DeserializeOwned>(
        &mut self,
        name: &str,
    ) -> Result<T, DecodeError> {
        let value = self.0.remove(name);
        let value = value.ok_or_else(|| DecodeError::new("missing field").in_member(name))?;
        decode_value(value).map_err(|fault| fault.in_member(name))
    }

    pub(super) fn optional<T: serde_core::de::DeserializeOwned>(
        &mut self,
        name: &str,
    ) -> Result<Option<T>, DecodeError> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => decode_value(value).map(Some).map_err(|fault| fault.in_member(name)),
        }
    }
}
