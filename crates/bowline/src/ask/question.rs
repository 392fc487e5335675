//! Questions: how they are put, what the client must be able to do, and which answers are usable.

use super::canonical::Digest;
use super::sampling::Offer;
use super::{FORM, form, format, sampling};
use crate::error::{Error, Result};
use bowline_types::List;
use bowline_types::capability::{
    ClientCapabilities, ElicitationCapability, RootsCapability, SamplingCapability,
};
#[cfg(feature = "host")]
use bowline_types::input::ElicitRequestParams;
use bowline_types::input::{
    CreateMessageRequest, CreateMessageRequestParams, CreateMessageResult, ElicitAction,
    ElicitMode, ElicitRequest, ElicitRequestFormParams, ElicitRequestUrlParams, ElicitResult,
    ElicitSchema, IncludeContext, InputRequest, InputResponse, ListRootsRequest, Root,
};
use serde_json::{Map, Value};

/// A question that the specification allows.
#[derive(Debug)]
pub(super) struct Question {
    request: InputRequest,
    digest: Digest,
    need: Need,
}

/// What a client must have declared to be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    Form,
    Url,
    Sampling { tools: bool, context: bool },
    Roots,
}

/// An answer as it came.
#[derive(Debug)]
pub(super) struct Answer(pub(super) Map<String, Value>);

impl Question {
    pub(super) fn form(mut form: ElicitRequestFormParams) -> Result<(Self, ElicitSchema)> {
        if form.mode.take().is_some_and(|mode| mode != ElicitMode::Form) {
            return Err(Error::invalid("the mode of a form is `form`; see `elicit_url`"));
        }
        form::check_schema(&form.requested_schema).map_err(Error::invalid)?;
        form.mode = Some(FORM);
        (form.task, form.meta) = (None, None);
        let schema = form.requested_schema.clone();
        Ok((Self::new(ElicitRequest::new(form).into(), Need::Form)?, schema))
    }

    pub(super) fn url(message: String, url: String) -> Result<Self> {
        if !format::is_uri(&url) {
            return Err(Error::invalid(format!("not a URL: {url:?}")));
        }
        let request = ElicitRequest::new(ElicitRequestUrlParams::new(message, url));
        Self::new(request.into(), Need::Url)
    }

    pub(super) fn sampling(mut params: CreateMessageRequestParams) -> Result<(Self, Offer)> {
        sampling::check(&params.messages).map_err(Error::invalid)?;
        (params.task, params.meta) = (None, None);
        let offer = Offer::of(&params);
        let need = Need::of_sampling(&params);
        Ok((Self::new(CreateMessageRequest::new(params).into(), need)?, offer))
    }

    pub(super) fn roots() -> Self {
        let digest = Digest::of_bytes(b"roots/list");
        Self { request: ListRootsRequest::new().into(), digest, need: Need::Roots }
    }

    fn new(request: InputRequest, need: Need) -> Result<Self> {
        let value = serde_json::to_value(&request)
            .map_err(|error| Error::codec("question cannot be encoded as JSON").because(error))?;
        Ok(Self { request, digest: Digest::of(&value), need })
    }

    /// What tells this question from others.
    pub(super) fn digest(&self) -> Digest {
        self.digest
    }

    pub(super) fn need(&self) -> Need {
        self.need
    }

    pub(super) fn into_request(self) -> InputRequest {
        self.request
    }
}

impl Need {
    /// Of somebody else's question; `None` of a kind that no protocol version knows.
    #[cfg(feature = "host")]
    pub(crate) fn of(request: &InputRequest) -> Option<Self> {
        match request {
            InputRequest::Elicit(request) => match request.params {
                ElicitRequestParams::Form(_) => Some(Self::Form),
                ElicitRequestParams::Url(_) => Some(Self::Url),
                _ => None,
            },
            InputRequest::CreateMessage(request) => Some(Self::of_sampling(&request.params)),
            InputRequest::ListRoots(_) => Some(Self::Roots),
            _ => None,
        }
    }

    fn of_sampling(params: &CreateMessageRequestParams) -> Self {
        Self::Sampling {
            tools: params.tools.is_some() || params.tool_choice.is_some(),
            context: params.include_context.as_ref().is_some_and(|of| *of != IncludeContext::None),
        }
    }

    /// Whether a client that declared this can be asked.
    ///
    /// # Errors
    /// [`Error::is_unsupported`] with what it would have had to declare.
    pub(crate) fn check(self, declared: &ClientCapabilities) -> Result<()> {
        let elicitation = declared.elicitation.as_ref();
        let sampling = declared.sampling.as_ref();
        let met = match self {
            // Declared without any mode it is the form.
            Self::Form => {
                elicitation.is_some_and(|modes| modes.form.is_some() || modes.url.is_none())
            }
            Self::Url => elicitation.is_some_and(|modes| modes.url.is_some()),
            Self::Sampling { tools, context } => sampling.is_some_and(|with| {
                (!tools || with.tools.is_some()) && (!context || with.context.is_some())
            }),
            Self::Roots => declared.roots.is_some(),
        };
        if met {
            return Ok(());
        }
        let name = match self {
            Self::Form => "elicitation.form",
            Self::Url => "elicitation.url",
            Self::Sampling { tools: true, .. } => "sampling.tools",
            Self::Sampling { context: true, .. } => "sampling.context",
            Self::Sampling { .. } => "sampling",
            Self::Roots => "roots",
        };
        let message = format!("the client did not declare the capability `{name}`");
        Err(Error::unsupported(message).requiring(self.capabilities()))
    }

    fn capabilities(self) -> ClientCapabilities {
        let all = ClientCapabilities::new();
        match self {
            Self::Form => all.elicitation(ElicitationCapability::new().form(Map::new())),
            Self::Url => all.elicitation(ElicitationCapability::new().url(Map::new())),
            Self::Sampling { tools, context } => {
                let mut sampling = SamplingCapability::new();
                sampling.tools = tools.then(Map::new);
                sampling.context = context.then(Map::new);
                all.sampling(sampling)
            }
            Self::Roots => all.roots(RootsCapability::new()),
        }
    }
}

impl Answer {
    /// As the answer to a form: its content fits the schema and has nothing else.
    pub(super) fn elicit(self, schema: &ElicitSchema) -> Result<ElicitResult, String> {
        let mut result = self.action()?;
        if result.action == ElicitAction::Accept {
            let content = result.content.take().unwrap_or_default();
            result.content = Some(form::check(schema, content)?);
        }
        Ok(result)
    }

    /// As the answer to a visit.
    pub(super) fn elicit_url(self) -> Result<ElicitResult, String> {
        self.action()
    }

    /// As what a model said.
    pub(super) fn create_message(self, offer: &Offer) -> Result<CreateMessageResult, String> {
        let result =
            InputResponse::new(self.0).create_message().map_err(|error| error.to_string())?;
        offer.check(&result)?;
        Ok(result)
    }

    /// As a list of roots.
    pub(super) fn list_roots(self) -> Result<List<Root>, String> {
        let result = InputResponse::new(self.0).list_roots().map_err(|error| error.to_string())?;
        if let Some(rejected) = result.roots.rejected().first() {
            return Err(rejected.error.to_string());
        }
        let is_file = |root: &&Root| {
            root.uri.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("file://"))
                && format::is_uri(&root.uri)
        };
        match result.roots.iter().find(|root| !is_file(root)) {
            Some(root) => Err(format!("not a file:// URI: {:?}", root.uri)),
            None => Ok(result.roots),
        }
    }

    fn action(self) -> Result<ElicitResult, String> {
        let result = InputResponse::new(self.0).elicit().map_err(|error| error.to_string())?;
        match &result.action {
            ElicitAction::Other(action) => Err(format!("unknown action {action:?}")),
            _ => Ok(result),
        }
    }
}
