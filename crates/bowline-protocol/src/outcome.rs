//! How one exchange ends.

use crate::scan::{EncodeError, Raw, append, encode_text};
use bowline_types::jsonrpc::ErrorObject;
use bowline_types::method::ResultBody;
use serde_core::Serialize;

pub use bowline_types::method::{CacheHint, CacheScope};

/// What a request is answered with.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// A result.
    Result {
        /// Its type, sent as `resultType`.
        kind: ResultKind,
        /// Its members.
        body: Body,
        /// How long and by whom it may be kept; sent for methods that are cacheable.
        cache: Option<CacheHint>,
    },
    /// An error.
    Error(ErrorObject),
}

impl Outcome {
    /// A finished result that must not be cached.
    #[must_use]
    pub fn complete(body: Body) -> Self {
        Self::Result { kind: ResultKind::Complete, body, cache: None }
    }
}

impl From<ErrorObject> for Outcome {
    fn from(error: ErrorObject) -> Self {
        Self::Error(error)
    }
}

/// The type of a result.
///
/// See [Result type](https://modelcontextprotocol.io/specification/2026-07-28/basic/index#resulttype).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResultKind {
    /// The request is done.
    Complete,
    /// The request cannot go on without answers from the client.
    InputRequired,
    /// The request goes on as a task.
    Task,
    /// A type that an extension defines.
    Other(Box<str>),
}

impl ResultKind {
    /// The value of `resultType`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Complete => "complete",
            Self::InputRequired => "input_required",
            Self::Task => "task",
            Self::Other(name) => name,
        }
    }
}

/// A result without the members that belong to the envelope: `resultType`, `ttlMs`, `cacheScope` and `_meta`.
///
/// The envelope's members are written by whoever speaks the peer's protocol version, which is why they are kept out.
#[derive(Clone, Debug)]
pub struct Body {
    members: Raw,
    meta: Option<Raw>,
}

impl Body {
    /// Encodes a result, its `_meta` apart.
    ///
    /// # Errors
    /// [`EncodeError`] when the value refuses to be encoded or is no object.
    pub fn encode<T: ResultBody>(mut result: T) -> Result<Self, EncodeError> {
        let meta = result.take_meta().map(|meta| Raw::encode_object(&meta)).transpose()?;
        Ok(Self { members: Raw::encode_object(&result)?, meta })
    }

    /// Encodes any value that makes an object without `_meta`.
    ///
    /// # Errors
    /// [`EncodeError`] when the value refuses to be encoded or is no object.
    pub fn of<T: Serialize + ?Sized>(result: &T) -> Result<Self, EncodeError> {
        Ok(Self { members: Raw::encode_object(result)?, meta: None })
    }

    /// The parameters of `tools/call`; arguments that are encoded as `null` are left out.
    ///
    /// # Errors
    /// [`EncodeError`] when the arguments refuse to be encoded or are no object.
    pub fn call<T: Serialize + ?Sized>(name: &str, arguments: &T) -> Result<Self, EncodeError> {
        let mut out = Vec::with_capacity(128);
        out.extend_from_slice(b"{\"name\":");
        encode_text(&mut out, name);
        let name_ends = out.len();
        out.extend_from_slice(b",\"arguments\":");
        match append(&mut out, arguments)? {
            b'{' => {}
            b'n' => out.truncate(name_ends),
            _ => return Err(EncodeError::not_an_object()),
        }
        out.push(b'}');
        Ok(Self { members: Raw::written(out), meta: None })
    }

    /// A page of a list: items that are JSON already, joined under `member`, and where the list goes on.
    #[must_use]
    pub fn page(member: &str, items: &[&Raw], next_cursor: Option<&str>) -> Self {
        let bytes: usize = items.iter().map(|item| item.as_bytes().len() + 1).sum();
        let mut out =
            Vec::with_capacity(bytes + member.len() + 24 + next_cursor.map_or(0, str::len));
        out.push(b'{');
        encode_text(&mut out, member);
        out.extend_from_slice(b":[");
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            out.extend_from_slice(item.as_bytes());
        }
        out.push(b']');
        if let Some(cursor) = next_cursor {
            out.extend_from_slice(b",\"nextCursor\":");
            encode_text(&mut out, cursor);
        }
        out.push(b'}');
        Self { members: Raw::written(out), meta: None }
    }

    /// A result with no members.
    #[must_use]
    pub fn empty() -> Self {
        Self { members: Raw::EMPTY_OBJECT, meta: None }
    }

    /// Members and `_meta` that are text already; `None` when one of them is no object.
    #[must_use]
    pub fn of_raw(members: Raw, meta: Option<Raw>) -> Option<Self> {
        let objects = members.is_object() && meta.as_ref().is_none_or(Raw::is_object);
        objects.then_some(Self { members, meta })
    }

    /// Adds `_meta`, which must be an object.
    ///
    /// # Errors
    /// [`EncodeError`] when the value refuses to be encoded or is no object.
    pub fn with_meta<T: Serialize + ?Sized>(mut self, meta: &T) -> Result<Self, EncodeError> {
        self.meta = Some(Raw::encode_object(meta)?);
        Ok(self)
    }

    /// Members and `_meta`, both objects.
    pub(crate) fn from_raw(members: Raw, meta: Option<Raw>) -> Self {
        Self { members, meta }
    }

    /// The same with another `_meta`, an object.
    pub(crate) fn with_raw_meta(self, meta: Option<Raw>) -> Self {
        Self { meta, ..self }
    }

    /// The members, as an object.
    #[must_use]
    pub fn members(&self) -> &Raw {
        &self.members
    }

    /// `_meta`, an object.
    #[must_use]
    pub fn meta(&self) -> Option<&Raw> {
        self.meta.as_ref()
    }
}
