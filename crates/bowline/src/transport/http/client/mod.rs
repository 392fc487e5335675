//! The way out: one HTTP request, and one response whose body streams.
//!
//! A [`Connector`] knows nothing of what it carries. It keeps a pool of connections, speaks HTTP/1.1 and HTTP/2 (as
//! the server prefers, by ALPN), and holds these rules whatever is sent:
//!
//! - [`Credentials`], `Authorization`, `Cookie` and every header whose value is marked sensitive travel over https
//!   only, or to this machine. Anything else is refused before a connection is opened.
//! - A redirect is followed within one origin only, three times at most, and never turns a `POST` into a `GET`.
//! - A URL with a user or password in it is refused, and no error, log or `Debug` output shows more of a URL than its
//!   origin, or any credential.
//! - What a server sends before its body is bounded by [`Limits`](bowline_protocol::limits::Limits); how much of the
//!   body is wanted decides who reads it.
//!
//! # Ending
//!
//! Dropping the future of [`Connector::send`], or a [`Body`] before its end, ends that exchange: the connection is
//! closed in HTTP/1, the stream is reset in HTTP/2.
//!
//! # Sending twice
//!
//! A request is sent again by itself in one case: it was given to a connection of the pool, and the server had closed
//! that one before a byte of the request was written. An error that
//! [`is_unreachable`](crate::Error::is_unreachable) says that no server has processed anything, so that its caller may
//! try again. After any other error the request may have been processed.

mod body;
mod connector;
mod credentials;
mod dial;
mod explain;
#[cfg(feature = "auth")]
pub(crate) mod guarded;
mod link;
mod options;
mod origin;
mod pool;
mod proxy;
mod redirect;
mod tls;

pub use body::Body;
pub use connector::Connector;
pub(crate) use connector::Target;
#[cfg(feature = "auth")]
pub(crate) use connector::Whole;
pub use credentials::Credentials;
pub use options::Options;

#[cfg(any(not(modern_only), feature = "auth"))]
pub(crate) use origin::Origin;
#[cfg(not(modern_only))]
pub(crate) use redirect::resolve;
