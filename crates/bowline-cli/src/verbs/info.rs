//! `bowline info`: what a server says about itself.

use super::session::Session;
use crate::exit::{Exit, Fault};
use crate::plan::client::Info;
use crate::show::{self, Form};
use serde_json::json;

/// Shows name, version, capabilities and instructions.
///
/// # Errors
/// When the server cannot be reached.
pub(crate) async fn info(info: Info, session: &Session) -> Result<Exit, Fault> {
    let Info { target, common } = info;
    let link = session.connect(&target, &common).await?;
    let client = &link.client;
    let (server, version) = (client.server_info(), client.protocol_version());
    let capabilities = client.server_capabilities();
    let instructions = client.instructions();
    let out = session.out;
    match out.form {
        Form::Json => out.value(&json!({
            "serverInfo": server,
            "protocolVersion": version,
            "supportedVersions": client.server().supported_versions,
            "capabilities": capabilities,
            "instructions": instructions,
        }))?,
        Form::Raw => out.bytes(instructions.unwrap_or_default().as_bytes())?,
        Form::Text => out.text(&show::server(
            server.as_ref(),
            version,
            &capabilities,
            instructions.as_deref(),
            out.style,
        ))?,
    }
    Ok(Exit::Done)
}
