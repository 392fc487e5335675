//! Completion: suggestions while somebody fills in an argument.

use std::collections::BTreeMap;

use crate::macros::{message, tagged_union};
use crate::meta::Meta;
use crate::method::result_body;

message! {
    /// Parameters of `completion/complete`.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/server/utilities/completion#completerequest)
    pub struct CompleteRequestParams {
        new {
            /// What is being filled in. The member is `ref`.
            reference: CompletionReference = "ref",
            /// The argument, with what was typed so far.
            argument: CompletionArgument = "argument",
        }
        optional {
            /// What is filled in already. Since 2025-06-18.
            context: CompletionContext = "context",
            /// Protocol metadata.
            meta: Meta = "_meta",
        }
    }
}

tagged_union! {
    /// What is being filled in.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/server/utilities/completion#reference-types)
    pub enum CompletionReference by "type" {
        /// A prompt.
        Prompt(PromptReference) = "ref/prompt",
        /// A resource template.
        Resource(ResourceTemplateReference) = "ref/resource",
    }
}

impl From<PromptReference> for CompletionReference {
    fn from(reference: PromptReference) -> Self {
        Self::Prompt(reference)
    }
}

impl From<ResourceTemplateReference> for CompletionReference {
    fn from(reference: ResourceTemplateReference) -> Self {
        Self::Resource(reference)
    }
}

message! {
    /// Names a prompt.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/schema#promptreference)
    pub struct PromptReference {
        tag "type" = "ref/prompt";
        new {
            /// The name of the prompt.
            name: String = "name",
        }
        optional {
            /// A name for people. Since 2025-06-18.
            title: String = "title",
        }
    }
}

message! {
    /// Names a resource or a resource template. Called `ResourceReference` until 2025-03-26.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/schema#resourcetemplatereference)
    pub struct ResourceTemplateReference {
        tag "type" = "ref/resource";
        new {
            /// The URI or the template (RFC 6570).
            uri: String = "uri",
        }
    }
}

message! {
    /// The argument that is being filled in.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/schema#completerequestparams)
    pub struct CompletionArgument {
        new {
            /// Its name.
            name: String = "name",
            /// What was typed so far.
            value: String = "value",
        }
    }
}

message! {
    /// What is filled in already. Since 2025-06-18.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/schema#completerequestparams)
    pub struct CompletionContext {
        optional {
            /// Values by the names of the arguments or variables.
            arguments: BTreeMap<String, String> = "arguments",
        }
    }
}

message! {
    /// The answer to `completion/complete`.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/server/utilities/completion#completeresult)
    pub struct CompleteResult {
        new {
            /// The suggestions.
            completion: Completion = "completion",
        }
        optional {
            /// Protocol metadata.
            meta: Meta = "_meta",
        }
        envelope "resultType";
    }
}

message! {
    /// Suggestions.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/server/utilities/completion#completion-results)
    pub struct Completion {
        new {
            /// At most 100 values, the best first.
            values: Vec<String> = "values",
        }
        optional {
            /// How many there are in all, sent or not.
            total: u64 as is = "total",
            /// Whether there are more than were sent.
            has_more: bool = "hasMore",
        }
    }
}

result_body!(CompleteResult);
