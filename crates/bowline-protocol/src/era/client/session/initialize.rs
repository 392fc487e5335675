//! Opening a session, as its client.

use crate::dialect;
use crate::era::client::agreed::{Agreed, Members, NoAgreement};
use crate::era::legacy::SUPPORTED;
use crate::outcome::Body;
use crate::protocol::Request;
use crate::scan::{EncodeError, Raw};
use bowline_types::capability::ServerCapabilities;
use bowline_types::legacy::{Initialize, Initialized};
use bowline_types::method::{Method, Notification};
use bowline_types::revision::Revision;
use serde_json::{Map, Value, json};

/// The request that opens a session, offering this protocol version. It must not be cancelled.
///
/// Both are objects in the shape of the newest protocol version; of the capabilities goes what the offered one has.
///
/// # Errors
/// [`EncodeError`] when one of them is no object.
pub fn initialize(
    revision: Revision,
    client_info: &Raw,
    capabilities: &Raw,
) -> Result<Request, EncodeError> {
    let capabilities: Map<String, Value> = capabilities.decode().unwrap_or_default();
    let params = Body::of(&json!({
        "protocolVersion": revision.as_str(),
        "capabilities": dialect::declared_capabilities(revision, capabilities),
        "clientInfo": client_info,
    }))?;
    Ok(Request::new(Initialize::NAME).params(params))
}

/// The notification that the session is open, to be sent once `initialize` is answered.
#[must_use]
pub fn initialized() -> Raw {
    crate::write::notification_raw(Initialized::NAME, None)
}

/// Reads the result of `initialize`.
///
/// # Errors
/// [`NoAgreement::UnknownVersion`] when the server chose a protocol version that has no sessions, or that is not
/// spoken here, and [`NoAgreement::Malformed`].
pub fn read_initialize(result: &Raw) -> Result<Agreed, NoAgreement> {
    let mut result = Members::of(result)?;
    let version: String = result.required("protocolVersion")?;
    let revision = SUPPORTED.iter().copied().find(|revision| revision.as_str() == version);
    let revision = revision.ok_or_else(|| NoAgreement::UnknownVersion(version.clone()))?;
    let declared: Map<String, Value> = result.required("capabilities")?;
    let capabilities = capabilities(revision, super::super::agreed::capabilities(declared));
    Ok(Agreed {
        revision,
        supported_versions: vec![version],
        capabilities,
        // Said for people; nothing is lost when it cannot be read.
        server_info: result.optional("serverInfo").unwrap_or_default(),
        instructions: result.optional("instructions")?,
        cache: None,
    })
}

/// What a server declared in a protocol version, as the newest one says it.
fn capabilities(revision: Revision, mut declared: ServerCapabilities) -> ServerCapabilities {
    if revision == Revision::V2024_11_05 {
        // It had completions and no way to declare them: whoever asks finds out.
        declared.completions.get_or_insert_default();
    }
    declared
}
