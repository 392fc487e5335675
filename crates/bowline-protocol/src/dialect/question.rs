//! Questions as requests of the server's own, which is what they were until 2025-11-25.

use super::feature::{Feature, Unsupported};
use crate::outcome::Body;
use crate::protocol::Request;
use crate::scan::EncodeError;
use bowline_types::input::{
    CreateMessageRequestParams, ElicitRequestFormParams, ElicitRequestParams, InputRequest,
    PrimitiveSchemaDefinition, SamplingContent, SamplingMessage, SamplingMessageContentBlock,
};
use bowline_types::method::{CreateMessage, Elicit, ListRoots, Method};
use bowline_types::revision::Revision;
use serde_json::{Map, Value, json};
use std::{error, fmt, mem, slice};

/// Where the key of a question stands in `_meta`, for a gateway that hands it on to a newer client.
pub const QUESTION_KEY: &str = "bowline/key";

/// Writes a question of the newest protocol version as a request of an older one.
///
/// `elicitation_id` is what tells this question from others of the server, where the protocol version wants it: one
/// that nobody can guess.
///
/// # Errors
/// [`QuestionError::Unsupported`] when the protocol version lacks what the question needs.
pub fn question(
    revision: Revision,
    key: &str,
    question: &InputRequest,
    elicitation_id: &str,
) -> Result<Request, QuestionError> {
    let (method, params) = match question {
        InputRequest::Elicit(request) => {
            (Elicit::NAME, elicit(revision, &request.params, elicitation_id)?)
        }
        InputRequest::CreateMessage(request) => {
            (CreateMessage::NAME, create_message(revision, &request.params)?)
        }
        InputRequest::ListRoots(_) => (ListRoots::NAME, Map::new()),
        _ => return Err(QuestionError::Unknown),
    };
    let body = Body::of(&params)?.with_meta(&json!({ QUESTION_KEY: key }))?;
    Ok(Request::new(method).params(body))
}

/// Why a question cannot be asked.
#[derive(Debug)]
#[non_exhaustive]
pub enum QuestionError {
    /// The protocol version lacks what it needs.
    Unsupported(Unsupported),
    /// It is of a kind that no protocol version knows.
    Unknown,
    /// It cannot be encoded.
    Encode(EncodeError),
}

fn elicit(
    revision: Revision,
    params: &ElicitRequestParams,
    elicitation_id: &str,
) -> Result<Map<String, Value>, QuestionError> {
    Unsupported::check(revision, Feature::Elicitation)?;
    match params {
        ElicitRequestParams::Form(form) => elicit_by_form(revision, form),
        ElicitRequestParams::Url(url) => {
            Unsupported::check(revision, Feature::UrlElicitation)?;
            let mut url = url.clone();
            url.elicitation_id.get_or_insert_with(|| elicitation_id.to_owned());
            members(&url)
        }
        _ => Err(QuestionError::Unknown),
    }
}

fn elicit_by_form(
    revision: Revision,
    form: &ElicitRequestFormParams,
) -> Result<Map<String, Value>, QuestionError> {
    let several = |field: &PrimitiveSchemaDefinition| {
        matches!(
            field,
            PrimitiveSchemaDefinition::UntitledMultiSelect(_)
                | PrimitiveSchemaDefinition::TitledMultiSelect(_)
        )
    };
    if form.requested_schema.properties.iter().any(|(_, field)| several(field)) {
        Unsupported::check(revision, Feature::MultiSelect)?;
    }
    let mut params = members(form)?;
    if revision <= Revision::V2025_06_18 {
        params.remove("mode");
        let fields = params
            .get_mut("requestedSchema")
            .and_then(|schema| schema.get_mut("properties").and_then(Value::as_object_mut));
        fields.into_iter().flatten().for_each(|(_, field)| names_beside_values(field));
    }
    Ok(params)
}

/// A choice with names for people had its values and their names in two lists until 2025-06-18.
fn names_beside_values(field: &mut Value) {
    let Some(Value::Array(options)) = field.get_mut("oneOf").map(Value::take) else {
        return;
    };
    let column =
        |key: &str| -> Value { options.iter().map(|option| option[key].clone()).collect() };
    let (values, names) = (column("const"), column("title"));
    if let Some(field) = field.as_object_mut() {
        field.remove("oneOf");
        field.insert("enum".to_owned(), values);
        field.insert("enumNames".to_owned(), names);
    }
}

fn create_message(
    revision: Revision,
    params: &CreateMessageRequestParams,
) -> Result<Map<String, Value>, QuestionError> {
    Unsupported::check(revision, Feature::Sampling)?;
    let blocks = || params.messages.iter().flat_map(|message| message.content.blocks());
    let of_tools = |block: &SamplingMessageContentBlock| {
        matches!(
            block,
            SamplingMessageContentBlock::ToolUse(_) | SamplingMessageContentBlock::ToolResult(_)
        )
    };
    if params.tools.is_some() || params.tool_choice.is_some() || blocks().any(of_tools) {
        Unsupported::check(revision, Feature::SamplingWithTools)?;
    }
    // Text in its place would be another question than the one that was asked.
    if blocks().any(|block| matches!(block, SamplingMessageContentBlock::Audio(_))) {
        Unsupported::check(revision, Feature::SamplingWithAudio)?;
    }
    let mut params = params.clone();
    if revision <= Revision::V2025_11_25 {
        params.messages.iter_mut().for_each(only_objects);
    }
    if revision <= Revision::V2025_06_18 {
        let messages = mem::take(&mut *params.messages);
        *params.messages = messages.into_iter().flat_map(one_block_each).collect();
    }
    members(&params)
}

/// The result of a tool as JSON was an object until 2025-11-25.
fn only_objects(message: &mut SamplingMessage) {
    let blocks = match &mut message.content {
        SamplingContent::One(block) => slice::from_mut(&mut **block),
        SamplingContent::Many(blocks) => &mut blocks[..],
    };
    for block in blocks {
        if let SamplingMessageContentBlock::ToolResult(result) = block {
            result.structured_content = result.structured_content.take().filter(Value::is_object);
        }
    }
}

/// A message had one block of content until 2025-06-18: one with several becomes several.
fn one_block_each(message: SamplingMessage) -> Vec<SamplingMessage> {
    match message.content {
        SamplingContent::One(_) => vec![message],
        SamplingContent::Many(ref blocks) => {
            let alone = |block: &SamplingMessageContentBlock| {
                let mut alone = message.clone();
                alone.content = block.clone().into();
                alone
            };
            blocks.iter().map(alone).collect()
        }
    }
}

fn members(params: &impl serde_core::Serialize) -> Result<Map<String, Value>, QuestionError> {
    let raw = crate::scan::Raw::encode(params)?;
    let mut members: Map<String, Value> = raw.decode().map_err(|_| QuestionError::Unknown)?;
    // It has been put apart from the other members, and asks for nothing here.
    members.remove("_meta");
    Ok(members)
}

impl From<Unsupported> for QuestionError {
    fn from(fault: Unsupported) -> Self {
        Self::Unsupported(fault)
    }
}

impl From<EncodeError> for QuestionError {
    fn from(fault: EncodeError) -> Self {
        Self::Encode(fault)
    }
}

impl fmt::Display for QuestionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsupported(fault) => fault.fmt(f),
            Self::Unknown => f.write_str("no protocol version knows this kind of question"),
            Self::Encode(fault) => fault.fmt(f),
        }
    }
}

impl error::Error for QuestionError {}
