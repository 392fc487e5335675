//! What a server checks before it lets anybody in.
//!
//! A token lets in when its signature, or the authorization server that is asked about it, says that it is good, and
//! when [`Rules`] find that it was made by that server, [is for](Checked::is_for) this resource, and is good now. What
//! the resource says of itself is its [`Document`]; which scopes imply others, a [`Hierarchy`] knows.
//!
//! See [Token Handling](https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-handling).

mod document;
mod introspection;
mod rules;
mod scopes;

pub use document::{Document, WELL_KNOWN};
pub use introspection::{answer, form};
pub use rules::{Checked, Refusal, Rules, SKEW};
pub use scopes::{Hierarchy, is_scope};
