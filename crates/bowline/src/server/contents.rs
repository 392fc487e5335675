//! What a resource may hold.

use super::handler::HandlerError;
use super::output::Json;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bowline_protocol::outcome::CacheHint;
use bowline_types::List;
use bowline_types::jsonrpc::ErrorObject;
use bowline_types::resource::{
    BlobResourceContents, ReadResourceResult, ResourceContents, TextResourceContents,
};
use bytes::Bytes;
use serde::Serialize;
use std::borrow::Cow;
use std::time::Duration;

/// What a function that reads a resource may return.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not something a resource can hold",
    note = "return text, bytes, `Json<T>`, `ResourceContents` or several, a `ReadResourceResult`, `Cached<T>`, or an `Option` or `Result` of one of them"
)]
pub trait IntoResource: Send {
    /// Makes the result.
    ///
    /// # Errors
    /// What the caller gets instead.
    fn into_resource(self, reading: &Reading<'_>) -> Result<ReadResourceResult, HandlerError>;
}

/// What is being read.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Reading<'a> {
    /// The URI that was asked for.
    pub uri: &'a str,
    /// The MIME type that the definition of the resource or template gives.
    pub mime_type: Option<&'a str>,
}

/// A value with a hint for how long and by whom it may be kept.
///
/// What a function returns without one may not be kept at all.
///
/// See [Caching](https://modelcontextprotocol.io/specification/2026-07-28/server/utilities/caching).
#[derive(Clone, Copy, Debug)]
pub struct Cached<T> {
    value: T,
    hint: CacheHint,
}

impl<T> Cached<T> {
    /// May be kept by whoever asked, for so long.
    pub fn private(value: T, ttl: Duration) -> Self {
        Self { value, hint: CacheHint::private(milliseconds(ttl)) }
    }

    /// May be kept for so long and given to everybody: it depends on nothing but the URI.
    pub fn public(value: T, ttl: Duration) -> Self {
        Self { value, hint: CacheHint::public(milliseconds(ttl)) }
    }
}

impl<T: IntoResource> IntoResource for Cached<T> {
    fn into_resource(self, reading: &Reading<'_>) -> Result<ReadResourceResult, HandlerError> {
        let mut result = self.value.into_resource(reading)?;
        result.cache = Some(self.hint);
        Ok(result)
    }
}

impl IntoResource for ReadResourceResult {
    fn into_resource(self, _: &Reading<'_>) -> Result<ReadResourceResult, HandlerError> {
        Ok(self)
    }
}

impl IntoResource for Vec<ResourceContents> {
    fn into_resource(self, _: &Reading<'_>) -> Result<ReadResourceResult, HandlerError> {
        Ok(ReadResourceResult::new(self))
    }
}

impl IntoResource for ResourceContents {
    fn into_resource(self, _: &Reading<'_>) -> Result<ReadResourceResult, HandlerError> {
        Ok(ReadResourceResult::new(List::from([self])))
    }
}

impl<T: IntoResource, E: Into<HandlerError> + Send> IntoResource for Result<T, E> {
    fn into_resource(self, reading: &Reading<'_>) -> Result<ReadResourceResult, HandlerError> {
        self.map_err(Into::into)?.into_resource(reading)
    }
}

/// `None` is a resource that does not exist.
impl<T: IntoResource> IntoResource for Option<T> {
    fn into_resource(self, reading: &Reading<'_>) -> Result<ReadResourceResult, HandlerError> {
        let not_found = || HandlerError::protocol(ErrorObject::resource_not_found(reading.uri));
        self.ok_or_else(not_found)?.into_resource(reading)
    }
}

impl<T: Serialize + Send> IntoResource for Json<T> {
    fn into_resource(self, reading: &Reading<'_>) -> Result<ReadResourceResult, HandlerError> {
        let mime_type = reading.mime_type.or(Some("application/json"));
        serde_json::to_string(&self.0)?.into_resource(&Reading { mime_type, ..*reading })
    }
}

macro_rules! texts {
    ($($type:ty)+) => {$(
        impl IntoResource for $type {
            fn into_resource(self, reading: &Reading<'_>) -> Result<ReadResourceResult, HandlerError> {
                let mut contents = TextResourceContents::new(reading.uri, self);
                contents.mime_type = reading.mime_type.map(Into::into);
                ResourceContents::Text(contents).into_resource(reading)
            }
        }
    )+};
}

macro_rules! blobs {
    ($($type:ty)+) => {$(
        impl IntoResource for $type {
            fn into_resource(self, reading: &Reading<'_>) -> Result<ReadResourceResult, HandlerError> {
                let mut contents = BlobResourceContents::new(reading.uri, STANDARD.encode(self));
                contents.mime_type = reading.mime_type.map(Into::into);
                ResourceContents::Blob(contents).into_resource(reading)
            }
        }
    )+};
}

texts! { String &'static str Cow<'static, str> }
blobs! { Vec<u8> Bytes &'static [u8] }

/// As `include_bytes!` makes them.
impl<const N: usize> IntoResource for &'static [u8; N] {
    fn into_resource(self, reading: &Reading<'_>) -> Result<ReadResourceResult, HandlerError> {
        self.as_slice().into_resource(reading)
    }
}

pub(super) fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
