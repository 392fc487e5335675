//! What was agreed on, and the lists, complete over all their pages.

use crate::expect::{Failure, fine, holds, same};
use crate::peer::Peer;
use crate::surface;
use bowline::client::State;
use serde_json::{Value, json};

pub(crate) fn connect(peer: &Peer) -> Result<String, Failure> {
    let client = &peer.client;
    let version = client.protocol_version();
    if let Some(wanted) = &peer.wanted.protocol {
        holds(version == wanted, || format!("agreed on {version}, not on {wanted}"))?;
    }
    match &*client.state().borrow() {
        State::Ready { protocol_version } if *protocol_version == version => {}
        other => return Err(format!("the state is {other:?}").into()),
    }
    let info = client.server_info().ok_or("the server does not say what it is")?;
    same("name", json!(info.name), json!("interop"))?;
    same("instructions", json!(client.instructions()), surface::of("instructions").clone())?;
    let mut offered = serde_json::to_value(client.server_capabilities())?;
    if let Some(members) = offered.as_object_mut() {
        members.remove("experimental");
        // Version 2024-11-05 has no word for it.
        members.remove("completions");
    }
    let mut wanted = json!({
        "tools": {"listChanged": true}, "prompts": {"listChanged": true}, "logging": {},
        "resources": {"listChanged": true, "subscribe": true},
    });
    if let Some(logging) = offered.get("logging") {
        wanted["logging"] = logging.clone();
    }
    same("capabilities", offered, wanted)?;
    Ok(format!("{version}, {}", info.version))
}

pub(crate) async fn tools(peer: &Peer) -> Result<String, Failure> {
    let mut wanted = surface::of("tools").clone();
    if !peer.since("2025-06-18") {
        for tool in wanted.as_array_mut().into_iter().flatten() {
            tool.as_object_mut().and_then(|members| members.remove("outputSchema"));
        }
    }
    listed(serde_json::to_value(peer.client.list_tools().await?)?, wanted)
}

pub(crate) async fn resources(peer: &Peer) -> Result<String, Failure> {
    let got = serde_json::to_value(peer.client.list_resources().await?)?;
    listed(got, surface::of("resources").clone())
}

pub(crate) async fn templates(peer: &Peer) -> Result<String, Failure> {
    let got = serde_json::to_value(peer.client.list_resource_templates().await?)?;
    listed(got, surface::of("templates").clone())
}

pub(crate) async fn prompts(peer: &Peer) -> Result<String, Failure> {
    let got = serde_json::to_value(peer.client.list_prompts().await?)?;
    listed(got, surface::of("prompts").clone())
}

fn listed(got: Value, wanted: Value) -> Result<String, Failure> {
    same("the list", got, wanted)?;
    fine()
}
