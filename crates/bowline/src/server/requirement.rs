//! Capabilities that a client must have declared before a function starts.

use crate::context::Context;
use bowline_protocol::scan::MetaKey;
use bowline_types::capability::ClientCapabilities;
use bowline_types::jsonrpc::ErrorObject;
use serde_json::Value;

/// The capabilities, and the same as JSON, to be compared with what a client declared.
#[derive(Clone, Debug)]
pub(super) struct Requirement {
    capabilities: ClientCapabilities,
    json: Value,
}

impl Requirement {
    pub(super) fn new(capabilities: ClientCapabilities) -> Result<Self, serde_json::Error> {
        let json = serde_json::to_value(&capabilities)?;
        Ok(Self { capabilities, json })
    }

    /// Checks what the client of a call declared.
    ///
    /// See [Missing required client capability](https://modelcontextprotocol.io/specification/2026-07-28/schema#missingrequiredclientcapabilityerror).
    ///
    /// # Errors
    /// Names all that is required.
    pub(super) fn check(&self, cx: &Context) -> Result<(), ErrorObject> {
        let declared = cx.request().meta(MetaKey::ClientCapabilities).unwrap_or(b"{}");
        let declared: Value = serde_json::from_slice(declared).unwrap_or_default();
        if covers(&declared, &self.json) {
            return Ok(());
        }
        Err(ErrorObject::missing_required_client_capability(self.capabilities.clone()))
    }
}

/// Whether every capability in `required` stands in `declared`.
fn covers(declared: &Value, required: &Value) -> bool {
    let Value::Object(required) = required else {
        return declared == required;
    };
    let Value::Object(declared) = declared else { return false };
    required.iter().all(|(name, required)| match declared.get(name) {
        // A client that declares neither way of asking its user means the form.
        Some(Value::Object(modes)) if name == "elicitation" && modes.is_empty() => {
            required.get("url").is_none()
        }
        Some(declared) => covers(declared, required),
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::covers;
    use serde_json::json;

    #[test]
    fn a_declaration_covers_what_it_names() {
        for (declared, required, covered) in [
            (json!({}), json!({}), true),
            (json!({}), json!({"sampling": {}}), false),
            (json!({"sampling": {}}), json!({"sampling": {}}), true),
            (json!({"sampling": {"tools": {}}}), json!({"sampling": {}}), true),
            (json!({"sampling": {}}), json!({"sampling": {"tools": {}}}), false),
            (json!({"elicitation": {}}), json!({"elicitation": {"form": {}}}), true),
            (json!({"elicitation": {}}), json!({"elicitation": {"url": {}}}), false),
            (json!({"elicitation": {"url": {}}}), json!({"elicitation": {"form": {}}}), false),
            (json!({"roots": null}), json!({"roots": {}}), false),
            (json!({"roots": {}}), json!({"roots": {}, "sampling": {}}), false),
        ] {
            assert_eq!(covers(&declared, &required), covered, "{declared} covers {required}");
        }
    }
}
