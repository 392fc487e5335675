//! From a request to its handler.

use super::Server;
use crate::service::{Answer, Call, Service};
use bowline_protocol::scan::{BodyKey, Raw};
use bowline_types::jsonrpc::ErrorObject;
use std::sync::Arc;

impl Service for Server {
    fn call(self: Arc<Self>, call: Call) -> Answer {
        let server = &*self;
        let cx = call.cx;
        cx.serve_by(server.clone());
        if let Err(error) = crate::ask::open(server, &cx) {
            return Answer::ready(error);
        }
        match cx.request().row().name {
            "tools/call" => {
                let Some(name) = cx.request().param_str(BodyKey::Name) else {
                    return Answer::ready(ErrorObject::invalid_params(
                        "params.name: missing or not a string",
                    ));
                };
                let catalogue = server.catalogue();
                let Some(item) = catalogue.tools.find(&name) else {
                    return Answer::ready(ErrorObject::invalid_params(format!(
                        "unknown tool: {name}"
                    )));
                };
                let item = item.clone();
                drop(name);
                (item.handler)(server, cx)
            }
            _ => Answer::ready(ErrorObject::method_not_found(&cx.request().method())),
        }
    }

    fn server_info(&self) -> Option<Raw> {
        Some(self.settings().info_text.clone())
    }
}
