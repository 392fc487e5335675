//! Reading `initialize`.

use super::{Settings, Stamp, negotiate};
use crate::dialect;
use crate::scan::{BodyKey, Message, Raw};
use bowline_types::DecodeError;
use bowline_types::discover::Implementation;
use bowline_types::jsonrpc::ErrorObject;
use bowline_types::revision::Revision;
use serde_json::{Map, Value};

/// The most that is remembered of what a client says it is, and as much of what it can do, in bytes each.
///
/// A session lives long and there are many, so that what it keeps must not grow with what its client sent.
const KEPT: usize = 16 * 1024;

/// The protocol version to speak with a client, and what to remember of it.
pub(super) fn read(
    message: &Message,
    settings: &Settings,
) -> Result<(Revision, Stamp), ErrorObject> {
    let offered = message.body_str(BodyKey::ProtocolVersion);
    let offered = offered.ok_or_else(|| wrong(BodyKey::ProtocolVersion, "expected a string"))?;
    let revision = negotiate(&offered);
    let info = client_info(message)?;
    let capabilities = capabilities(message, revision)?;
    Ok((revision, Stamp::new(revision, info, capabilities, settings.first_log_level())))
}

fn client_info(message: &Message) -> Result<Raw, ErrorObject> {
    let key = BodyKey::ClientInfo;
    let text = message.body_raw(key).ok_or_else(|| wrong(key, "missing field"))?;
    let mut info: Implementation = text.decode().map_err(|fault| undecodable(key, &fault))?;
    if text.as_bytes().len() > KEPT {
        // Pictures may be whole files; they are for showing, and nothing here shows them.
        info.icons = None;
    }
    // Encoded anew: a slice of the message would keep all of it.
    kept(key, Raw::encode(&info).map_err(|_| wrong(key, "cannot be kept"))?)
}

fn capabilities(message: &Message, revision: Revision) -> Result<Raw, ErrorObject> {
    let key = BodyKey::Capabilities;
    let text = message.body_raw(key).ok_or_else(|| wrong(key, "missing field"))?;
    let declared: Map<String, Value> = text.decode().map_err(|fault| undecodable(key, &fault))?;
    let declared = dialect::client_capabilities(revision, declared);
    kept(key, Raw::encode(&declared).map_err(|_| wrong(key, "cannot be kept"))?)
}

fn kept(key: BodyKey, raw: Raw) -> Result<Raw, ErrorObject> {
    if raw.as_bytes().len() > KEPT {
        return Err(wrong(key, &format!("over {KEPT} bytes")));
    }
    Ok(raw.compact())
}

fn wrong(key: BodyKey, fault: &str) -> ErrorObject {
    ErrorObject::invalid_params(format!("params.{}: {fault}", key.name()))
}

fn undecodable(key: BodyKey, fault: &DecodeError) -> ErrorObject {
    let fault = fault.clone().in_member(key.name()).in_member("params");
    ErrorObject::invalid_params(fault.to_string())
}
