//! Prompts: messages that a server has ready, chosen by people.

use std::collections::BTreeMap;

use crate::List;
use crate::content::{ContentBlock, Icon, Role};
use crate::input::InputResponses;
use crate::macros::message;
use crate::meta::Meta;
use crate::method::{CacheHint, result_body};

message! {
    /// A prompt or a template of one.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/server/prompts#prompt)
    pub struct Prompt {
        new {
            /// A name for programs, unique within the server.
            name: String = "name",
        }
        optional {
            /// A name for people. Since 2025-06-18.
            title: String = "title",
            /// What it is for, in words for people.
            description: String = "description",
            /// What has to be filled in.
            arguments: List<PromptArgument> = "arguments",
            /// Pictures to show with it. Since 2025-11-25.
            icons: List<Icon> = "icons",
            /// Metadata of the prompt. Since 2025-06-18.
            meta: Meta = "_meta",
        }
    }
}

impl Prompt {
    /// Adds one argument.
    #[must_use]
    pub fn argument(mut self, argument: impl Into<PromptArgument>) -> Self {
        self.arguments.get_or_insert_default().push(argument.into());
        self
    }
}

message! {
    /// One thing to fill in.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/schema#promptargument)
    pub struct PromptArgument {
        new {
            /// A name for programs.
            name: String = "name",
        }
        optional {
            /// A name for people. Since 2025-06-18.
            title: String = "title",
            /// What it is, in words for people.
            description: String = "description",
            /// Whether it must be given. Default: `false`.
            required: bool = "required",
        }
    }
}

message! {
    /// One message of a prompt.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/server/prompts#promptmessage)
    pub struct PromptMessage {
        new {
            /// Who says it.
            role: Role = "role",
            /// What is said.
            content: ContentBlock = "content",
        }
    }
}

impl PromptMessage {
    /// Text of the person.
    pub fn user(text: impl Into<String>) -> Self {
        Self::new(Role::User, ContentBlock::text(text))
    }

    /// Text of the model.
    pub fn assistant(text: impl Into<String>) -> Self {
        Self::new(Role::Assistant, ContentBlock::text(text))
    }
}

message! {
    /// The answer to `prompts/list`: one page.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/server/prompts#listing-prompts)
    pub struct ListPromptsResult {
        new {
            /// The prompts.
            prompts: List<Prompt> = "prompts",
        }
        optional {
            /// The cursor of the next page; absent on the last.
            next_cursor: String = "nextCursor",
            /// Protocol metadata.
            meta: Meta = "_meta",
        }
        inline {
            /// How long and by whom the page may be kept. Since 2026-07-28.
            cache: CacheHint = "ttlMs" | "cacheScope",
        }
        envelope "resultType";
    }
}

message! {
    /// Parameters of `prompts/get`.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/server/prompts#getting-a-prompt)
    pub struct GetPromptRequestParams {
        new {
            /// The prompt to get.
            name: String = "name",
        }
        optional {
            /// What is filled in, by the names of the arguments.
            arguments: BTreeMap<String, String> = "arguments",
            /// Answers to the questions of the attempt before, by their keys. Since 2026-07-28.
            input_responses: InputResponses = "inputResponses",
            /// The opaque state of the attempt before, unchanged. Since 2026-07-28.
            request_state: String = "requestState",
            /// Protocol metadata.
            meta: Meta = "_meta",
        }
    }
}

message! {
    /// The answer to `prompts/get`.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/server/prompts#getting-a-prompt)
    pub struct GetPromptResult {
        new {
            /// The messages, in their order.
            messages: List<PromptMessage> = "messages",
        }
        optional {
            /// What the prompt is for.
            description: String = "description",
            /// Protocol metadata.
            meta: Meta = "_meta",
        }
        envelope "resultType";
    }
}

result_body!(ListPromptsResult, GetPromptResult);
