//! What a client is told before it connects.

use super::Client;
use super::asked::{Answers, Asked, Handlers};
use super::lane::Handing;
use super::live::Core;
use super::target::{IntoTarget, Wishes};
use super::web::Web;
use crate::error::{Error, Result};
use bowline_protocol::http::HeaderMap;
use bowline_protocol::limits::Limits;
use bowline_types::capability::ClientCapabilities;
use bowline_types::discover::Implementation;
use bowline_types::input::{
    CreateMessageRequestParams, CreateMessageResult, ElicitRequestFormParams,
    ElicitRequestUrlParams, ElicitResult, Root,
};
use bowline_types::log::{LoggingLevel, LoggingMessageNotificationParams};
use bowline_types::method::{Method, Notification};
use bowline_types::revision::Revision;
use std::ffi::OsString;
use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// What a client is told before it connects.
///
/// What a handler is set for is declared as a capability; what none is set for, servers are told, cannot be asked.
///
/// ```no_run
/// # async fn example() -> bowline::Result<()> {
/// use bowline::Client;
/// use bowline::types::input::{ElicitAction, ElicitResult};
///
/// let client = Client::builder()
///     .info("my-agent", "1.0.0")
///     .on_elicit(|asked, _question| async move {
///         println!("{} asks", asked.server());
///         Ok(ElicitResult::new(ElicitAction::Decline))
///     })
///     .connect("https://example.com/mcp")
///     .await?;
/// # let _ = client;
/// # Ok(())
/// # }
/// ```
#[must_use = "a builder does nothing before it connects"]
pub struct Builder {
    pub(super) info: Implementation,
    pub(super) capabilities: ClientCapabilities,
    pub(super) handlers: Handlers,
    pub(super) limits: Limits,
    pub(super) pin: Option<Revision>,
    pub(super) headers: HeaderMap,
    pub(super) web: Web,
    pub(super) log_level: Option<LoggingLevel>,
    pub(super) memory: Option<PathBuf>,
    pub(super) restart: bool,
    pub(super) guard: Option<(PathBuf, Vec<OsString>)>,
    pub(super) trace: Option<PathBuf>,
    pub(super) result_kinds: Vec<&'static str>,
    pub(super) fault: Option<Error>,
    /// A connection that stood for so long counts as having been good: attempts are counted anew after it.
    pub(super) good: Duration,
    pub(super) handing: Handing,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            info: Implementation::new("bowline", env!("CARGO_PKG_VERSION")),
            capabilities: ClientCapabilities::default(),
            handlers: Handlers::default(),
            limits: Limits::default(),
            pin: None,
            headers: HeaderMap::new(),
            web: Web::default(),
            log_level: None,
            memory: None,
            restart: true,
            guard: None,
            trace: None,
            result_kinds: Vec::new(),
            fault: None,
            good: Duration::from_secs(30),
            handing: Handing::default(),
        }
    }
}

impl Builder {
    /// Connects.
    ///
    /// # Errors
    /// When something was set wrongly, the server cannot be reached or started, or none of its protocol versions is
    /// ours.
    pub async fn connect(mut self, target: impl IntoTarget) -> Result<Client> {
        let mut target = target.into_target()?;
        if let Some((program, arguments)) = self.guard.take() {
            target = target.guarded(program, arguments);
        }
        self = self.with(&target.wishes);
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        self = self.logged_in(&target)?;
        Core::connect(self, target).await.map(Client)
    }

    /// Sets what servers are told we are.
    pub fn info(mut self, name: impl Into<String>, version: impl Into<String>) -> Self {
        self.info = Implementation::new(name, version);
        self
    }

    /// As [`Builder::info`], with everything that can be said.
    pub fn implementation(mut self, info: Implementation) -> Self {
        self.info = info;
        self
    }

    /// Answers forms that a server wants its user to fill in.
    ///
    /// Fields that an accepted answer leaves out get the defaults of the form; an answer that then breaks the form is
    /// not sent, the server gets an error and `on_error` hears of it.
    ///
    /// See [Form mode](https://modelcontextprotocol.io/specification/2026-07-28/client/elicitation#form-mode-elicitation-requests).
    pub fn on_elicit<F, A>(mut self, answer: F) -> Self
    where
        F: Fn(Asked, ElicitRequestFormParams) -> A + Send + Sync + 'static,
        A: Future<Output = Result<ElicitResult>> + Send + 'static,
    {
        let elicitation = self.capabilities.elicitation.get_or_insert_default();
        elicitation.form.get_or_insert_default();
        self.handlers.form = Some(Box::new(move |asked, form| Box::pin(answer(asked, form))));
        self
    }

    /// Answers the wish of a server that its user visits a URL. Show the URL whole before anything is opened, and never
    /// open it without consent.
    ///
    /// See [URL mode](https://modelcontextprotocol.io/specification/2026-07-28/client/elicitation#url-mode-elicitation-requests).
    pub fn on_elicit_url<F, A>(mut self, answer: F) -> Self
    where
        F: Fn(Asked, ElicitRequestUrlParams) -> A + Send + Sync + 'static,
        A: Future<Output = Result<ElicitResult>> + Send + 'static,
    {
        let elicitation = self.capabilities.elicitation.get_or_insert_default();
        elicitation.url.get_or_insert_default();
        self.handlers.url = Some(Box::new(move |asked, url| Box::pin(answer(asked, url))));
        self
    }

    /// Samples a model for servers. A request with tools is refused; see [`Builder::on_sample_with_tools`].
    ///
    /// See [Sampling](https://modelcontextprotocol.io/specification/2026-07-28/client/sampling).
    pub fn on_sample<F, A>(mut self, answer: F) -> Self
    where
        F: Fn(Asked, CreateMessageRequestParams) -> A + Send + Sync + 'static,
        A: Future<Output = Result<CreateMessageResult>> + Send + 'static,
    {
        self.capabilities.sampling.get_or_insert_default();
        let answer: Answers<_, _> = Box::new(move |asked, params| Box::pin(answer(asked, params)));
        self.handlers.sample = Some((answer, false));
        self
    }

    /// Samples a model that can use tools.
    ///
    /// See [Sampling with tools](https://modelcontextprotocol.io/specification/2026-07-28/client/sampling#sampling-with-tools).
    pub fn on_sample_with_tools<F, A>(mut self, answer: F) -> Self
    where
        F: Fn(Asked, CreateMessageRequestParams) -> A + Send + Sync + 'static,
        A: Future<Output = Result<CreateMessageResult>> + Send + 'static,
    {
        self.capabilities.sampling.get_or_insert_default().tools.get_or_insert_default();
        self = self.on_sample(answer);
        self.handlers.sample = self.handlers.sample.map(|(answer, _)| (answer, true));
        self
    }

    /// Tells servers of these roots when they ask; [`Client::set_roots`] replaces them.
    ///
    /// See [Roots](https://modelcontextprotocol.io/specification/2026-07-28/client/roots).
    pub fn roots(mut self, roots: Vec<Root>) -> Self {
        self.capabilities.roots.get_or_insert_default().list_changed = Some(true);
        self.handlers.roots = Some(roots.into());
        self
    }

    /// Answers requests of the server of a method of your own, or an extension's.
    pub fn method<M, F, A>(mut self, answer: F) -> Self
    where
        M: Method,
        F: Fn(Asked, M::Params) -> A + Send + Sync + 'static,
        A: Future<Output = Result<M::Result>> + Send + 'static,
    {
        self.handlers.method::<M, F, A>(answer);
        self
    }

    /// Hears a notification of the server that belongs to no request, one of your own too.
    pub fn on_notification<N: Notification>(
        mut self,
        hear: impl Fn(N::Params) + Send + Sync + 'static,
    ) -> Self {
        self.handlers.notification::<N>(hear);
        self
    }

    /// Hears log messages. Servers send those of the level that was asked for, or more severe ones.
    pub fn on_log(
        mut self,
        hear: impl Fn(LoggingMessageNotificationParams) + Send + Sync + 'static,
    ) -> Self {
        self.handlers.log = Some(Arc::new(hear));
        self
    }

    /// Hears what goes wrong and is nobody's answer: a malformed line, a broken element of a list, a question that a
    /// handler could not answer.
    pub fn on_error(mut self, hear: impl Fn(&Error) + Send + Sync + 'static) -> Self {
        self.handlers.error = Some(Arc::new(hear));
        self
    }

    /// Takes results of this `resultType`, which an extension defines; any other that the specification does not know
    /// is an error.
    ///
    /// See [Result type](https://modelcontextprotocol.io/specification/2026-07-28/basic/index#resulttype).
    pub fn result_type(mut self, name: &'static str) -> Self {
        self.result_kinds.push(name);
        self
    }

    /// Declares an extension, with its settings. For the types of results that it brings see
    /// [`Builder::result_type`].
    pub fn extension(
        mut self,
        identifier: impl Into<String>,
        settings: serde_json::Map<String, serde_json::Value>,
    ) -> Self {
        let extensions = self.capabilities.extensions.get_or_insert_default();
        extensions.insert(identifier.into(), settings);
        self
    }

    /// Sets the least severe log message wanted from the start.
    pub fn log_level(mut self, level: LoggingLevel) -> Self {
        self.log_level = Some(level);
        self
    }

    /// Speaks this protocol version and no other, instead of finding out.
    pub fn protocol_version(mut self, version: &str) -> Self {
        match version.parse() {
            Ok(revision) => self.pin = Some(revision),
            Err(_) => self.fail(format!("`{version}` is no protocol version that is spoken here")),
        }
        self
    }

    /// Sends this header with every HTTP request. It counts as a secret: it goes to the server's own origin only, and
    /// never over plain http but to this machine.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        use bowline_protocol::http::{HeaderName, HeaderValue};
        match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            (Ok(name), Ok(mut value)) => {
                value.set_sensitive(true);
                self.headers.append(name, value);
            }
            (Err(_), _) => self.fail(format!("`{}` is no name of a header", name.escape_debug())),
            (_, Err(_)) => self.fail(format!("the value of header `{name}` cannot be sent")),
        }
        self
    }

    /// Sets the limits.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Writes every message down in this file, secrets redacted; see [`layer::trace`](crate::layer::trace) for the
    /// format.
    pub fn trace_to(mut self, file: impl Into<PathBuf>) -> Self {
        self.trace = Some(file.into());
        self
    }

    /// Remembers in this folder which protocol version each server speaks, for a day; by default only this process
    /// remembers.
    pub fn remember_in(mut self, folder: impl Into<PathBuf>) -> Self {
        self.memory = Some(folder.into());
        self
    }

    /// Sets whether a lost connection, or a process that ended, is replaced by a new one; it is by default.
    pub fn reconnect(mut self, reconnect: bool) -> Self {
        self.restart = reconnect;
        self
    }

    /// Has a second process guard the server's, if it is one that is started and nothing else was said for it; see
    /// [`Command::guard`](crate::transport::child::Command::guard).
    pub fn guard(
        mut self,
        program: impl Into<PathBuf>,
        arguments: impl IntoIterator<Item = impl Into<OsString>>,
    ) -> Self {
        self.guard = Some((program.into(), arguments.into_iter().map(Into::into).collect()));
        self
    }

    /// Makes a client that hands on requests of others: it declares these capabilities though it has no handlers for
    /// them, and what its server says that no exchange owns goes to whoever is in the lane.
    #[cfg(feature = "host")]
    pub(crate) fn hand_on(
        mut self,
        capabilities: ClientCapabilities,
        lane: super::lane::Lane,
    ) -> Self {
        self.capabilities = capabilities;
        self.handing = Handing::by(lane);
        // A host looks after its servers itself: one that is lost now and then is soon there again.
        self.good = Duration::from_secs(2);
        self
    }

    /// Takes what a config says, where nothing else was said here.
    fn with(mut self, wishes: &Wishes) -> Self {
        let said = self.headers.clone();
        for (name, value) in &wishes.headers {
            if !said.contains_key(name) {
                self = self.header(name, value.expose());
            }
        }
        self.pin = self.pin.or(wishes.protocol);
        if let Some(timeout) = wishes.timeout {
            self.limits.call_timeout = timeout;
            self.limits.call_idle_timeout = timeout;
        }
        self
    }

    fn fail(&mut self, why: String) {
        self.fault.get_or_insert_with(|| Error::invalid(why));
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("info", &self.info)
            .field("capabilities", &self.capabilities)
            .finish_non_exhaustive()
    }
}
