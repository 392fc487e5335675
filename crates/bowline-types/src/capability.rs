//! What clients and servers can do, as they declare it.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::macros::message;

message! {
    /// What a client can do. Since 2026-07-28 declared on every request, for that request.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/schema#clientcapabilities)
    pub struct ClientCapabilities {
        optional {
            /// Extensions it speaks, with their settings, by identifier. Since 2026-07-28.
            extensions: BTreeMap<String, Map<String, Value>> = "extensions",
            /// It asks its user.
            elicitation: ElicitationCapability = "elicitation",
            /// It samples a model. Deprecated since 2026-07-28.
            sampling: SamplingCapability = "sampling",
            /// It lists roots. Deprecated since 2026-07-28.
            roots: RootsCapability = "roots",
            /// It runs requests as tasks. Only in 2025-11-25.
            tasks: ClientTasksCapability = "tasks",
            /// What no standard knows, with settings.
            experimental: BTreeMap<String, Map<String, Value>> = "experimental",
        }
    }
}

message! {
    /// A client asks its user. With neither mode declared it is `form`.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/client/elicitation#capabilities)
    pub struct ElicitationCapability {
        optional {
            /// By a form. Since 2025-11-25.
            form: Map<String, Value> = "form",
            /// By a visit to a URL. Since 2025-11-25.
            url: Map<String, Value> = "url",
        }
    }
}

message! {
    /// A client samples a model.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/client/sampling#capabilities)
    pub struct SamplingCapability {
        optional {
            /// With tools. Since 2025-11-25.
            tools: Map<String, Value> = "tools",
            /// With context of servers. Since 2025-11-25, and deprecated.
            context: Map<String, Value> = "context",
        }
    }
}

message! {
    /// A client lists roots.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/client/roots#capabilities)
    pub struct RootsCapability {
        optional {
            /// It tells when the list changes. Until 2025-11-25.
            list_changed: bool = "listChanged",
        }
    }
}

message! {
    /// What a server offers.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/schema#servercapabilities)
    pub struct ServerCapabilities {
        optional {
            /// Extensions it speaks, with their settings, by identifier. Since 2026-07-28.
            extensions: BTreeMap<String, Map<String, Value>> = "extensions",
            /// Tools to call.
            tools: ToolsCapability = "tools",
            /// Resources to read.
            resources: ResourcesCapability = "resources",
            /// Prompts.
            prompts: PromptsCapability = "prompts",
            /// Suggestions for arguments. Since 2025-03-26.
            completions: Map<String, Value> = "completions",
            /// Log messages. Deprecated since 2026-07-28.
            logging: Map<String, Value> = "logging",
            /// It runs requests as tasks. Only in 2025-11-25.
            tasks: ServerTasksCapability = "tasks",
            /// What no standard knows, with settings.
            experimental: BTreeMap<String, Map<String, Value>> = "experimental",
        }
    }
}

message! {
    /// A server offers tools.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/server/tools#capabilities)
    pub struct ToolsCapability {
        optional {
            /// It tells when the list changes.
            list_changed: bool = "listChanged",
        }
    }
}

message! {
    /// A server offers resources.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/server/resources#capabilities)
    pub struct ResourcesCapability {
        optional {
            /// It tells when a resource changes.
            subscribe: bool = "subscribe",
            /// It tells when the list changes.
            list_changed: bool = "listChanged",
        }
    }
}

message! {
    /// A server offers prompts.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/server/prompts#capabilities)
    pub struct PromptsCapability {
        optional {
            /// It tells when the list changes.
            list_changed: bool = "listChanged",
        }
    }
}

message! {
    /// A client runs requests as tasks. Only in 2025-11-25.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2025-11-25/basic/utilities/tasks#client-capabilities)
    pub struct ClientTasksCapability {
        optional {
            /// It lists them.
            list: Map<String, Value> = "list",
            /// It cancels them.
            cancel: Map<String, Value> = "cancel",
            /// The requests that can be tasks.
            requests: ClientTaskRequests = "requests",
        }
    }
}

message! {
    /// The requests of a server that can be tasks. Only in 2025-11-25.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2025-11-25/basic/utilities/tasks#client-capabilities)
    pub struct ClientTaskRequests {
        optional {
            /// Of `sampling/*`.
            sampling: SamplingTaskRequests = "sampling",
            /// Of `elicitation/*`.
            elicitation: ElicitationTaskRequests = "elicitation",
        }
    }
}

message! {
    /// The requests of sampling that can be tasks. Only in 2025-11-25.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2025-11-25/basic/utilities/tasks#client-capabilities)
    pub struct SamplingTaskRequests {
        optional {
            /// `sampling/createMessage`.
            create_message: Map<String, Value> = "createMessage",
        }
    }
}

message! {
    /// The requests of elicitation that can be tasks. Only in 2025-11-25.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2025-11-25/basic/utilities/tasks#client-capabilities)
    pub struct ElicitationTaskRequests {
        optional {
            /// `elicitation/create`.
            create: Map<String, Value> = "create",
        }
    }
}

message! {
    /// A server runs requests as tasks. Only in 2025-11-25.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2025-11-25/basic/utilities/tasks#server-capabilities)
    pub struct ServerTasksCapability {
        optional {
            /// It lists them.
            list: Map<String, Value> = "list",
            /// It cancels them.
            cancel: Map<String, Value> = "cancel",
            /// The requests that can be tasks.
            requests: ServerTaskRequests = "requests",
        }
    }
}

message! {
    /// The requests of a client that can be tasks. Only in 2025-11-25.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2025-11-25/basic/utilities/tasks#server-capabilities)
    pub struct ServerTaskRequests {
        optional {
            /// Of `tools/*`.
            tools: ToolsTaskRequests = "tools",
        }
    }
}

message! {
    /// The requests of tools that can be tasks. Only in 2025-11-25.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2025-11-25/basic/utilities/tasks#server-capabilities)
    pub struct ToolsTaskRequests {
        optional {
            /// `tools/call`.
            call: Map<String, Value> = "call",
        }
    }
}
