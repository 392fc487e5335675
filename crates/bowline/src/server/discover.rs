//! What a server is and can do, derived from what is registered.
//!
//! See [Discovery](https://modelcontextprotocol.io/specification/2026-07-28/server/discover).

use super::Server;
use crate::error::Error;
use bowline_protocol::era;
use bowline_protocol::outcome::{Body, CacheHint, Outcome, ResultKind};
use bowline_types::capability::{
    PromptsCapability, ResourcesCapability, ServerCapabilities, ToolsCapability,
};
use bowline_types::discover::DiscoverResult;
use bowline_types::jsonrpc::ErrorObject;
use bowline_types::meta::MetaKey;
use serde::Serialize;
use serde_json::{Map, Value};

impl Server {
    /// Declares an extension of the protocol, with its settings: an object, empty for none.
    ///
    /// See [Extensions](https://modelcontextprotocol.io/specification/2026-07-28/basic/versioning#extension-negotiation).
    #[must_use]
    pub fn extension(self, id: &str, settings: impl Serialize) -> Self {
        let fault = match MetaKey::parse(id) {
            Ok(key) if key.prefix().is_some() => None,
            Ok(_) => Some("its identifier has no prefix, such as `com.example/`".to_owned()),
            Err(error) => Some(error.to_string()),
        };
        let settings = match fault {
            None => object(&settings),
            Some(fault) => Err(fault),
        };
        match settings {
            Ok(settings) => self.set(|all| {
                all.capabilities.extensions.get_or_insert_default().insert(id.into(), settings);
            }),
            Err(fault) => self.fault(Error::invalid(format!("extension `{id}`: {fault}"))),
        }
    }

    /// Declares a capability that no standard knows, with its settings: an object, empty for none.
    #[must_use]
    pub fn experimental(self, name: &str, settings: impl Serialize) -> Self {
        match object(&settings) {
            Ok(settings) => self.set(|all| {
                all.capabilities.experimental.get_or_insert_default().insert(name.into(), settings);
            }),
            Err(fault) => {
                self.fault(Error::invalid(format!("experimental capability `{name}`: {fault}")))
            }
        }
    }

    /// What this server offers, as it declares it to clients.
    #[must_use]
    pub fn capabilities(&self) -> ServerCapabilities {
        let catalogue = self.catalogue();
        let mut capabilities = self.settings().capabilities.clone().logging(Map::new());
        if catalogue.tools.declared {
            capabilities = capabilities.tools(ToolsCapability::new().list_changed(true));
        }
        if catalogue.prompts.declared {
            capabilities = capabilities.prompts(PromptsCapability::new().list_changed(true));
        }
        if catalogue.has_resources() {
            let resources = ResourcesCapability::new().subscribe(true).list_changed(true);
            capabilities = capabilities.resources(resources);
        }
        if catalogue.completions.declared {
            capabilities = capabilities.completions(Map::new());
        }
        capabilities
    }
}

/// Answers `server/discover`.
pub(super) fn discover(server: &Server) -> Outcome {
    let settings = server.settings();
    let versions: Vec<_> = era::supported().map(|version| version.as_str().to_owned()).collect();
    let mut result = DiscoverResult::new(versions, server.capabilities());
    result.instructions.clone_from(&settings.instructions);
    // Nothing in it depends on who asks.
    let hint = CacheHint::public(settings.list_ttl_ms());
    match Body::encode(result) {
        Ok(body) => Outcome::Result { kind: ResultKind::Complete, body, cache: Some(hint) },
        Err(_) => Outcome::Error(ErrorObject::internal_error("capabilities cannot be encoded")),
    }
}

fn object(settings: &impl Serialize) -> Result<Map<String, Value>, String> {
    match serde_json::to_value(settings) {
        Ok(Value::Object(settings)) => Ok(settings),
        Ok(Value::Null) => Ok(Map::new()),
        Ok(_) => Err("its settings are not an object".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}
