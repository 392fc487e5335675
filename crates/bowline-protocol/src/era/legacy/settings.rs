//! What a server tells every client that opens a session, made once.

use super::{SUPPORTED, write};
use crate::dialect;
use crate::era::Incoming;
use crate::limits::Limits;
use crate::scan::{EncodeError, Raw};
use bowline_types::capability::ServerCapabilities;
use bowline_types::discover::Implementation;
use bowline_types::legacy::InitializeResult;
use bowline_types::log::LoggingLevel;
use bowline_types::method::{Discover, Method};
use bowline_types::revision::Revision;
use bowline_types::subscription::SubscriptionFilter;

/// What a server tells every client that opens a session, and the bounds of that session.
#[derive(Debug)]
pub struct Settings {
    /// The answer to `initialize`, in the order of [`SUPPORTED`].
    results: Vec<Raw>,
    capabilities: ServerCapabilities,
    limits: Limits,
    log_level: LoggingLevel,
}

impl Settings {
    /// Of what `server/discover` answers in the newest protocol version.
    ///
    /// # Errors
    /// [`EncodeError`] when something refuses to be encoded.
    pub fn new(
        capabilities: ServerCapabilities,
        server_info: &Implementation,
        instructions: Option<&str>,
        limits: Limits,
    ) -> Result<Self, EncodeError> {
        let result = |&revision: &Revision| {
            let capabilities = dialect::server_capabilities(revision, capabilities.clone());
            let mut result =
                InitializeResult::new(revision.as_str(), capabilities, server_info.clone());
            result.instructions = instructions.map(str::to_owned);
            Raw::encode_object(&result)
        };
        let results = SUPPORTED.iter().map(result).collect::<Result<_, _>>()?;
        Ok(Self { results, capabilities, limits, log_level: LoggingLevel::Info })
    }

    /// The request by which a service is asked for what [`Settings::new`] needs.
    #[must_use]
    pub fn discover() -> Option<Incoming> {
        write::request("discover", Discover::NAME, None, |_| {})
    }

    /// Sets the least severe message that is logged to a client that never set a level; [`LoggingLevel::Info`] unless
    /// this is called. The choice is the server's.
    #[must_use]
    pub fn log_level(mut self, level: LoggingLevel) -> Self {
        self.log_level = level;
        self
    }

    pub(super) fn result(&self, revision: Revision) -> &Raw {
        let at = SUPPORTED.iter().position(|&supported| supported == revision);
        &self.results[at.unwrap_or_default()]
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The log level of a session whose client set none; `None` from a server that does not log.
    pub(super) fn first_log_level(&self) -> Option<LoggingLevel> {
        self.logs().then_some(self.log_level)
    }

    pub(super) fn logs(&self) -> bool {
        self.capabilities.logging.is_some()
    }

    pub(super) fn subscribes(&self) -> bool {
        let resources = self.capabilities.resources.as_ref();
        resources.is_some_and(|resources| resources.subscribe == Some(true))
    }

    /// The changes of lists that the server declared to tell.
    pub(super) fn list_changes(&self) -> SubscriptionFilter {
        let capabilities = &self.capabilities;
        let mut filter = SubscriptionFilter::new();
        let told = |changed: Option<bool>| changed.filter(|&changed| changed);
        filter.tools_list_changed =
            told(capabilities.tools.as_ref().and_then(|tools| tools.list_changed));
        filter.prompts_list_changed =
            told(capabilities.prompts.as_ref().and_then(|prompts| prompts.list_changed));
        filter.resources_list_changed =
            told(capabilities.resources.as_ref().and_then(|resources| resources.list_changed));
        filter
    }
}
