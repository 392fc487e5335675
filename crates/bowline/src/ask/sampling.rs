//! What the specification wants of conversations with a model that uses tools.
//!
//! See [Message content constraints](https://modelcontextprotocol.io/specification/2026-07-28/client/sampling#message-content-constraints).

use bowline_types::content::Role;
use bowline_types::input::{
    CreateMessageRequestParams, CreateMessageResult, SamplingContent, SamplingMessage,
    SamplingMessageContentBlock as Block, ToolChoiceMode,
};
use std::collections::BTreeSet;

/// The tools that a question offers.
#[derive(Debug)]
pub(super) struct Offer(BTreeSet<String>);

impl Offer {
    pub(super) fn of(params: &CreateMessageRequestParams) -> Self {
        let mode = params.tool_choice.as_ref().and_then(|choice| choice.mode.as_ref());
        let tools = params.tools.iter().filter(|_| mode != Some(&ToolChoiceMode::None));
        Self(tools.flat_map(|tools| tools.iter().map(|tool| tool.name.clone())).collect())
    }

    /// Whether a model could have said this.
    pub(super) fn check(&self, result: &CreateMessageResult) -> Result<(), String> {
        if result.role != Role::Assistant {
            return Err("role: expected \"assistant\"".to_owned());
        }
        if let SamplingContent::Many(blocks) = &result.content
            && let Some(rejected) = blocks.rejected().first()
        {
            return Err(rejected.error.to_string());
        }
        for block in result.content.blocks() {
            match block {
                Block::ToolUse(tool) if !self.0.contains(&tool.name) => {
                    return Err(format!("content: tool {:?} was not offered", tool.name));
                }
                Block::ToolResult(_) => {
                    return Err("content: a model gives no tool results".to_owned());
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Whether tool results stand alone, and every use of a tool is followed by its result.
pub(super) fn check(messages: &[SamplingMessage]) -> Result<(), String> {
    let mut due = BTreeSet::new();
    for (at, message) in messages.iter().enumerate() {
        let (mut results, mut uses) = (BTreeSet::new(), BTreeSet::new());
        let mut others = false;
        for block in message.content.blocks() {
            match block {
                Block::ToolResult(result) => {
                    results.insert(result.tool_use_id.as_str());
                }
                Block::ToolUse(tool) => {
                    uses.insert(tool.id.as_str());
                }
                _ => others = true,
            }
        }
        if !uses.is_empty() && message.role != Role::Assistant {
            return Err(format!("messages[{at}]: only an assistant uses tools"));
        }
        if !results.is_empty() && (message.role != Role::User || others) {
            return Err(format!(
                "messages[{at}]: tool results stand alone in a message of the user"
            ));
        }
        if results != due {
            return Err(format!(
                "messages[{at}]: every use of a tool is followed by its result, and nothing else"
            ));
        }
        due = uses;
    }
    if due.is_empty() {
        return Ok(());
    }
    Err("messages: the last one uses tools; add a message with their results".to_owned())
}
