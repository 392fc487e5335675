//! The other side of an exchange: what a client says in each protocol version, and what a server's messages mean.
//!
//! A client speaks the newest protocol version inside. A [`Speaker`] puts on every request what its version wants
//! there, an [`Ear`] tells what a text of the server is, and an [`Answer`] is a result in the shape of the newest
//! version, whatever version it came in.
//!
//! See [Versioning](https://modelcontextprotocol.io/specification/2026-07-28/basic/versioning).

mod agreed;
mod answer;
mod ear;
mod speaker;

#[cfg(modern_only)]
mod absent;
#[cfg(not(modern_only))]
mod session;

#[cfg(test)]
mod tests;

pub use agreed::{Agreed, NoAgreement, newest_common};
pub use answer::{Answer, Failure};
pub use ear::{Ear, Heard, Hearing};
#[cfg(not(modern_only))]
pub use session::{
    Asked, Unsayable, initialize, initialized, question, read_initialize, reply_to_question,
};
pub use speaker::{Speaker, UnsupportedMethod};

#[cfg(modern_only)]
use absent as session;

pub(crate) use ear::seems_answer;
pub(crate) use session::says_version;
pub(super) use session::{newest_session, read_session};
