//! How a type serves a definition: decodes it whole, as a part of something, or within an envelope; and which
//! faults are none to it.

use std::fmt::Debug;
use std::rc::Rc;

use serde_core::de::DeserializeOwned;
use serde_core::ser::Serialize;
use serde_json::{Map, Value};

use bowline_types::completion::CompleteResult;
use bowline_types::discover::DiscoverResult;
use bowline_types::input::{
    CreateMessageResult, ElicitResult, InputRequiredResult, InputResponse, InputResponses,
    ListRootsResult, PrimitiveSchemaDefinition,
};
use bowline_types::jsonrpc::{
    EmptyResult, ErrorCode, ErrorObject, Id, MissingRequiredClientCapability, RequestParams,
    UnsupportedProtocolVersion,
};
use bowline_types::legacy::{InitializeResult, UrlElicitationRequired};
use bowline_types::meta::Meta;
use bowline_types::method::{Method, Notification, ResultType};
use bowline_types::prompt::{GetPromptResult, ListPromptsResult};
use bowline_types::resource::{
    ListResourceTemplatesResult, ListResourcesResult, ReadResourceResult,
};
use bowline_types::subscription::SubscriptionsListenResult;
use bowline_types::task::core_2025_11;
use bowline_types::tool::{CallToolResult, ListToolsResult};
use bowline_types::{DecodeError, Member, decode, decode_value};

use super::instance::Fault;
use super::row;

/// What became of an instance.
pub(super) struct Report {
    /// It, encoded again.
    pub(super) value: Value,
    /// The paths of what was set aside in lists.
    pub(super) rejected: Vec<String>,
}

pub(super) type Outcome = Result<Report, DecodeError>;
pub(super) type Row = Rc<dyn Fn(Value) -> Outcome>;

pub(super) const MODERN: &str = "2026-07-28.json";
pub(super) const EXTENSION: &str = "ext-tasks.json";

/// Why a fault is none to the types.
pub(super) fn exempt(definition: &str, path: &str, fault: Fault) -> Option<&'static str> {
    let member = path.rsplit('.').next().unwrap_or(path);
    let is_envelope = ["Request", "Notification", "Response", "Error", "Message"]
        .iter()
        .any(|end| definition.ends_with(end))
        || definition.starts_with("JSONRPC");
    match (member, fault) {
        ("jsonrpc" | "id", Fault::Missing)
            if is_envelope && path.trim_start_matches("[1].") == member =>
        {
            Some("the envelope is scanned by the protocol layer")
        }
        ("resultType", Fault::Missing) => Some("absent means complete"),
        ("ttlMs", Fault::Missing) if !definition.contains("Task") => Some("absent means 0"),
        ("cacheScope", Fault::Missing) => {
            Some("servers older than caching hints have none, so it is private")
        }
        ("requestId", Fault::Missing) => Some("optional in 2025-11-25, which shares the type"),
        ("elicitationId", Fault::Missing) if !definition.ends_with("Notification") => {
            Some("gone in 2026-07-28, which shares the type")
        }
        ("structuredContent", Fault::WrongType) => Some("any JSON since 2026-07-28"),
        _ if path.ends_with("inputSchema.type") => None,
        _ if path.contains("inputSchema.") || path.contains("outputSchema.") => {
            Some("a schema is kept as it came and judged by who compiles it")
        }
        _ if path.contains("content.key") => {
            Some("what was filled in is validated against the question")
        }
        _ => None,
    }
}

/// Faults that turn one kind of a union into another, so that something else is wrong then.
pub(super) fn told_otherwise(found: &str, expected: &str, fault: Fault) -> bool {
    let (owner, member) = expected.rsplit_once('.').unwrap_or(("", expected));
    let found_owner = found.rsplit_once('.').map_or("", |(owner, _)| owner);
    match (member, fault) {
        // Contents without either member are neither text nor bytes.
        ("text" | "blob", Fault::Missing) => owner.ends_with(found),
        // Without a mode it is a form.
        ("mode", Fault::Missing) => found_owner == owner && found.ends_with("requestedSchema"),
        // Without titles it is a choice without titles.
        ("anyOf", Fault::Missing) => found_owner == owner && found.ends_with("items.type"),
        // An answer does not say what it answers; the test goes by these members.
        ("roots" | "action", Fault::Missing) => found_owner == owner && found.ends_with("role"),
        // A choice without titles either.
        ("oneOf", Fault::Missing) => found_owner == owner && found.ends_with("enum"),
        // An envelope without what makes it a request or an error.
        ("method" | "error", Fault::Missing) => found_owner == owner && found.ends_with("result"),
        _ => false,
    }
}

/// Whether the place is within something that is decoded only when somebody asks for it.
pub(super) fn is_lazy(definition: &str, path: &str) -> bool {
    definition == "InputResponses"
        || definition.ends_with("MetaObject")
        || ["_meta", "inputResponses", "data"]
            .iter()
            .any(|lazy| path.split('.').any(|part| part.starts_with(lazy)))
}

/// A type that decodes the whole definition.
pub(super) fn message<T: Serialize + DeserializeOwned + Debug + 'static>() -> Row {
    Rc::new(|value| {
        let mut rejected = deep(&value)?;
        let message: T = decode(value.to_string().as_bytes())?;
        rejected.extend(self::rejected(&message));
        Ok(Report { value: encode(&message), rejected })
    })
}

/// Encodes to text and refuses two members of one name in it.
pub(super) fn encode(message: &impl Serialize) -> Value {
    let text = serde_json::to_vec(message).unwrap();
    let object: Result<Meta, _> = decode(&text);
    let duplicates = object.is_err_and(|error| error.message().contains("duplicate"));
    assert!(!duplicates, "a member twice: {}", String::from_utf8_lossy(&text));
    serde_json::from_slice(&text).unwrap()
}

/// The paths of the rejected elements, which `Debug` shows wherever in the message they are.
pub(super) fn rejected(message: &impl Debug) -> Vec<String> {
    let shown = format!("{message:?}");
    let errors = shown.split("error: DecodeError { path: \"").skip(1);
    errors.map(|rest| rest.split("\", message: ").next().unwrap().replace("\\\"", "\"")).collect()
}

/// Decodes what the types leave to whoever asks: known keys of `_meta`, answers by what was asked. Gives the
/// paths of what was set aside.
pub(super) fn deep(value: &Value) -> Result<Vec<String>, DecodeError> {
    let mut rejected = Vec::new();
    for (key, member) in value.as_object().into_iter().flatten() {
        let inner = match key.as_str() {
            "_meta" if member.is_object() => known_meta(&decode_value(member.clone())?),
            "inputResponses" => answers(member),
            "params" | "result" | "error" | "data" => deep(member),
            "elicitations" => elements(Rc::new(|value| {
                let rejected = deep(&value)?;
                Ok(Report { value, rejected })
            }))(member.clone())
            .map(|report| report.rejected),
            _ => Ok(Vec::new()),
        };
        rejected.extend(inner.map_err(|error| error.in_member(key))?);
    }
    Ok(rejected)
}

pub(super) fn answers(value: &Value) -> Result<Vec<String>, DecodeError> {
    let mut rejected = Vec::new();
    for (key, value) in value.as_object().into_iter().flatten() {
        rejected.extend(answer()(value.clone()).map_err(|error| error.in_member(key))?.rejected);
    }
    Ok(rejected)
}

pub(super) fn known_meta(meta: &Meta) -> Result<Vec<String>, DecodeError> {
    let known = (
        (
            meta.progress_token()?,
            meta.protocol_version()?,
            meta.client_info()?,
            meta.client_capabilities()?,
        ),
        (meta.log_level()?, meta.subscription_id()?, meta.server_info()?, meta.related_task()?),
    );
    Ok(rejected(&known))
}

/// Parameters of a request of a client, whose `_meta` the newest version requires.
pub(super) fn params<T: Serialize + DeserializeOwned + Debug + 'static>(file: &str) -> Row {
    let modern = file == MODERN;
    Rc::new(move |value| {
        if modern && value.is_object() {
            let meta = value.get("_meta").ok_or_else(|| missing("_meta"))?;
            let meta: Meta =
                decode_value(meta.clone()).map_err(|error| error.in_member("_meta"))?;
            meta.request().map_err(|error| error.in_member("_meta"))?;
        }
        message::<T>()(value)
    })
}

/// A result: what the writer of the envelope adds is added.
pub(super) fn result<T: Serialize + DeserializeOwned + Debug + 'static>() -> Row {
    Rc::new(|value| {
        let kind = value.get("resultType").cloned();
        ResultType::of(&value)?;
        let mut report = message::<T>()(value)?;
        if let Some(kind) = kind {
            assert!(report.value.get("resultType").is_none(), "resultType belongs to the envelope");
            report.value["resultType"] = kind;
        }
        Ok(report)
    })
}

/// A definition that is a part of others: decoded as one of those, with what it lacks.
pub(super) fn padded(member: &'static str, filling: Value, row: Row) -> Row {
    Rc::new(move |mut value| {
        if value.is_object() {
            value[member] = filling.clone();
        }
        let mut report = row(value)?;
        report.value.as_object_mut().unwrap().remove(member);
        Ok(report)
    })
}

/// The fields of a form that are a choice.
pub(super) fn choice() -> Row {
    Rc::new(|value| match decode_value(value.clone())? {
        PrimitiveSchemaDefinition::String(_) => Err(missing("enum")),
        PrimitiveSchemaDefinition::Number(_) | PrimitiveSchemaDefinition::Boolean(_) => {
            Err(DecodeError::new("not a choice").in_member("type"))
        }
        _ => message::<PrimitiveSchemaDefinition>()(value),
    })
}

pub(super) fn all_answers() -> Row {
    Rc::new(|value| {
        let mut report = message::<InputResponses>()(value.clone())?;
        report.rejected.extend(answers(&value)?);
        Ok(report)
    })
}

pub(super) fn meta() -> Row {
    Rc::new(|value| {
        let mut report = message::<Meta>()(value.clone())?;
        report.rejected.extend(known_meta(&decode_value(value)?)?);
        Ok(report)
    })
}

/// `_meta` of the end of a subscription, within which one key is required.
pub(super) fn subscription_meta() -> Row {
    Rc::new(|value| {
        let report = meta()(value.clone())?;
        let result = message::<SubscriptionsListenResult>()(Value::from_iter([("_meta", value)]));
        result
            .map_err(|error| DecodeError::new(error.message()).in_member(Meta::SUBSCRIPTION_ID))?;
        Ok(report)
    })
}

/// An answer, by what it looks like: here nobody asked.
pub(super) fn answer() -> Row {
    Rc::new(|value| {
        let answer: InputResponse = decode_value(value.clone())?;
        let (again, rejected) = if value.get("action").is_some() {
            let answer = answer.elicit()?;
            (InputResponse::from(answer.clone()), rejected(&answer))
        } else if value.get("roots").is_some() {
            let answer = answer.list_roots()?;
            (InputResponse::from(answer.clone()), rejected(&answer))
        } else {
            let answer = answer.create_message()?;
            (InputResponse::from(answer.clone()), rejected(&answer))
        };
        Ok(Report { value: encode(&again), rejected })
    })
}

/// An error object, with what its code says of `data`.
pub(super) fn error(definition: &str) -> Row {
    let expected = match definition {
        "ParseError" => Some(ErrorCode::PARSE_ERROR),
        "InvalidRequestError" => Some(ErrorCode::INVALID_REQUEST),
        "MethodNotFoundError" => Some(ErrorCode::METHOD_NOT_FOUND),
        "InvalidParamsError" => Some(ErrorCode::INVALID_PARAMS),
        "InternalError" => Some(ErrorCode::INTERNAL_ERROR),
        "HeaderMismatchError" => Some(ErrorCode::HEADER_MISMATCH),
        "UnsupportedProtocolVersionError" => Some(ErrorCode::UNSUPPORTED_PROTOCOL_VERSION),
        "MissingRequiredClientCapabilityError" => {
            Some(ErrorCode::MISSING_REQUIRED_CLIENT_CAPABILITY)
        }
        "URLElicitationRequiredError" => Some(ErrorCode::URL_ELICITATION_REQUIRED),
        _ => None,
    };
    Rc::new(move |value| {
        let mut report = message::<ErrorObject>()(value.clone())?;
        let error: ErrorObject = decode_value(value)?;
        assert!(expected.is_none_or(|expected| expected == error.code), "{error:?}");
        let data = match error.code {
            ErrorCode::UNSUPPORTED_PROTOCOL_VERSION => data::<UnsupportedProtocolVersion>(&error)?,
            ErrorCode::MISSING_REQUIRED_CLIENT_CAPABILITY => {
                data::<MissingRequiredClientCapability>(&error)?
            }
            ErrorCode::URL_ELICITATION_REQUIRED => {
                let data = UrlElicitationRequired::of(&error).unwrap()?;
                Report { value: encode(&data), rejected: rejected(&data) }
            }
            _ => return Ok(report),
        };
        report.value["data"] = data.value;
        report.rejected.extend(data.rejected.iter().map(|path| path.to_owned()));
        Ok(report)
    })
}

pub(super) fn data<T: Member + Debug>(error: &ErrorObject) -> Outcome {
    let data: T = error.decode_data()?;
    Ok(Report { value: encode(&data), rejected: rejected(&data) })
}

/// One member of an object that has no type of its own.
pub(super) fn within(member: &'static str, row: Row) -> Row {
    Rc::new(move |mut value| {
        let mut rejected = Vec::new();
        if let Some(inner) = value.get_mut(member) {
            let report = row(inner.take()).map_err(|error| error.in_member(member))?;
            *inner = report.value;
            rejected = report.rejected;
        }
        rejected.extend(deep(&value)?);
        Ok(Report { value, rejected })
    })
}

pub(super) fn elements(row: Row) -> Row {
    Rc::new(move |value| {
        let values: Vec<Value> = decode_value(value)?;
        let (mut all, mut rejected) = (Vec::new(), Vec::new());
        for (index, value) in values.into_iter().enumerate() {
            let report = row(value).map_err(|error| error.in_element(index))?;
            all.push(report.value);
            rejected.extend(report.rejected);
        }
        Ok(Report { value: all.into(), rejected })
    })
}

/// The members of JSON-RPC itself.
pub(super) fn envelope() -> Row {
    Rc::new(|value| {
        let members: Map<String, Value> = decode_value(value.clone())?;
        if let Some(version) = members.get("jsonrpc") {
            decode_value::<String>(version.clone()).map_err(|error| error.in_member("jsonrpc"))?;
            assert_eq!(version, "2.0");
        }
        let _: String = required(&members, "method")?;
        if let Some(params) = members.get("params") {
            decode_value::<RequestParams>(params.clone())
                .map_err(|error| error.in_member("params"))?;
        }
        identified(&members)?;
        let rejected = deep(&value)?;
        Ok(Report { value, rejected })
    })
}

pub(super) fn identified(members: &Map<String, Value>) -> Result<(), DecodeError> {
    for (key, value) in members {
        match key.as_str() {
            "id" => drop(decode_value::<Id>(value.clone()).map_err(|error| error.in_member(key))?),
            "jsonrpc" => {
                drop(decode_value::<String>(value.clone()).map_err(|error| error.in_member(key))?)
            }
            _ => {}
        }
    }
    Ok(())
}

/// An envelope around one payload.
pub(super) fn payload(member: &'static str, is_required: bool, row: Row) -> Row {
    Rc::new(move |mut value| {
        let members: Map<String, Value> = decode_value(value.clone())?;
        identified(&members)?;
        if member == "params" {
            let _: String = required(&members, "method")?;
        }
        let Some(inner) = value.get_mut(member) else {
            return if is_required {
                Err(missing(member))
            } else {
                Ok(Report { value, rejected: Vec::new() })
            };
        };
        let report = row(inner.take()).map_err(|error| error.in_member(member))?;
        *inner = report.value;
        Ok(Report { value, rejected: report.rejected })
    })
}

/// Any envelope: what it is shows in its members.
pub(super) fn any_envelope() -> Row {
    Rc::new(|value| {
        if value.is_array() {
            return elements(any_envelope())(value);
        }
        let members: Map<String, Value> = decode_value(value.clone())?;
        if members.contains_key("method") {
            envelope()(value)
        } else if members.contains_key("error") {
            payload("error", true, error("Error"))(value)
        } else {
            payload("result", true, result::<EmptyResult>())(value)
        }
    })
}

/// A request with its envelope.
pub(super) fn request<M: Method>(file: &str, has_params: bool) -> Row
where
    M::Params: Debug + 'static,
{
    let params = params::<M::Params>(file);
    let row = payload("params", has_params, params);
    Rc::new(move |value| {
        named(&value, M::NAME)?;
        row(value)
    })
}

/// A notification with its envelope.
pub(super) fn notification<N: Notification>(has_params: bool) -> Row
where
    N::Params: Debug + 'static,
{
    let row = payload("params", has_params, message::<N::Params>());
    Rc::new(move |value| {
        named(&value, N::NAME)?;
        row(value)
    })
}

pub(super) fn named(value: &Value, name: &str) -> Result<(), DecodeError> {
    let members: Map<String, Value> = decode_value(value.clone())?;
    let method: String = required(&members, "method")?;
    if method == name {
        Ok(())
    } else {
        Err(DecodeError::new("unknown method").in_member("method"))
    }
}

/// A union of messages that their method tells apart.
pub(super) fn by_method(file: &str, definitions: &'static [&'static str]) -> Row {
    let rows: Vec<Row> =
        definitions.iter().filter_map(|definition| row::of(file, definition)).collect();
    Rc::new(move |value| {
        let members: Map<String, Value> = decode_value(value.clone())?;
        let _: String = required(&members, "method")?;
        for row in &rows {
            match row(value.clone()) {
                Err(error) if error.path() == "method" => {}
                outcome => return outcome,
            }
        }
        Err(DecodeError::new("unknown method").in_member("method"))
    })
}

/// A response to a method that may also answer with questions.
pub(super) fn response(complete: &'static str, row: Row) -> Row {
    let complete_row = payload("result", true, row);
    let questions_row = payload("result", true, result::<InputRequiredResult>());
    Rc::new(move |value| {
        let is_complete = value.get("result").is_some_and(|result| result.get(complete).is_some());
        if complete.is_empty() || is_complete { complete_row(value) } else { questions_row(value) }
    })
}

/// A union of results: who asked knows which; here it shows in a member that only one has.
pub(super) fn any_result() -> Row {
    let rows: [(&str, Row); 18] = [
        ("tools", result::<ListToolsResult>()),
        ("resources", result::<ListResourcesResult>()),
        ("resourceTemplates", result::<ListResourceTemplatesResult>()),
        ("prompts", result::<ListPromptsResult>()),
        ("tasks", result::<core_2025_11::ListTasksResult>()),
        ("roots", result::<ListRootsResult>()),
        ("contents", result::<ReadResourceResult>()),
        ("messages", result::<GetPromptResult>()),
        ("completion", result::<CompleteResult>()),
        ("supportedVersions", result::<DiscoverResult>()),
        ("serverInfo", result::<InitializeResult>()),
        ("taskId", result::<core_2025_11::Task>()),
        ("action", result::<ElicitResult>()),
        ("model", result::<CreateMessageResult>()),
        ("content", result::<CallToolResult>()),
        ("inputRequests", result::<InputRequiredResult>()),
        ("requestState", result::<InputRequiredResult>()),
        ("", result::<EmptyResult>()),
    ];
    Rc::new(move |value| {
        let row = rows.iter().find(|(member, _)| member.is_empty() || value.get(member).is_some());
        row.unwrap().1(value)
    })
}

pub(super) fn required<T: DeserializeOwned>(
    members: &Map<String, Value>,
    key: &str,
) -> Result<T, DecodeError> {
    let value = members.get(key).ok_or_else(|| missing(key))?;
    decode_value(value.clone()).map_err(|error| error.in_member(key))
}

pub(super) fn missing(key: &str) -> DecodeError {
    DecodeError::new("missing field").in_member(key)
}
