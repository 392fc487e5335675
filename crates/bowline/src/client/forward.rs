//! Handing on requests of others to the client's server, exchange by exchange.
//!
//! The client's own handlers, caches and checks take no part: whoever hands on decides what becomes of what is said.

use super::Client;
use super::lane::Asking;
use super::live::{Core, Live};
use super::wire::{Event, Exchange, Outgoing};
use crate::bridge::Bridge;
use crate::context::Context;
use crate::error::{Error, Result};
use bowline_protocol::era::client::{self, Answer};
use bowline_protocol::limits::Limits;
use bowline_protocol::outcome::Body;
use bowline_protocol::protocol::Request;
use bowline_protocol::scan::{Message, MetaKey, Raw};
use bowline_types::jsonrpc::{ErrorObject, Id};
use bowline_types::log::LoggingLevel;
use std::borrow::Cow;
use std::sync::Arc;
use std::task::{Poll, ready};

pub(crate) use super::wire::Failure;

/// A request of somebody else.
#[derive(Clone, Debug)]
pub(crate) struct Onward {
    /// Its method.
    pub(crate) method: Cow<'static, str>,
    /// Its params as the server is to see them. What `_meta` says of the caller is said anew; all else in it is kept.
    pub(crate) params: Body,
    /// What the caller declared it can do, an object; a server without sessions is told so.
    pub(crate) capabilities: Raw,
    /// The least severe log message that the caller wants.
    pub(crate) log_level: Option<LoggingLevel>,
    /// Whether the caller wants progress.
    pub(crate) progress: bool,
    /// The tool that is called, under the server's own name for it.
    pub(crate) tool: Option<Arc<str>>,
}

impl Onward {
    /// The request of a call, or what is made of it, with what it says of its caller.
    pub(crate) fn of(cx: &Context, method: Cow<'static, str>, params: Body) -> Self {
        let request = cx.request();
        let level = request.meta(MetaKey::LogLevel);
        Self {
            method,
            params,
            capabilities: request
                .client_capabilities()
                .unwrap_or_else(|| Body::empty().members().clone()),
            log_level: level.and_then(|level| bowline_types::decode(level).ok()),
            progress: request.meta(MetaKey::ProgressToken).is_some(),
            tool: None,
        }
    }

    /// Sets the tool that is called, under the server's own name for it.
    pub(crate) fn tool(self, tool: Arc<str>) -> Self {
        Self { tool: Some(tool), ..self }
    }
}

/// One exchange. Dropped before its answer, it is given up and the server told.
pub(crate) struct Forward {
    core: Arc<Core>,
    live: Live,
    method: Cow<'static, str>,
    exchange: Box<dyn Exchange>,
}

/// What the server says in an exchange.
#[derive(Debug)]
pub(crate) enum Said {
    /// Progress; its token is ours, not the caller's.
    Progress(Message),
    /// Another notification; of one that tells of a change the client has taken note.
    Notification(Message),
    /// A question, of a server with a session.
    Question(Asking),
    /// It gave a question up.
    Cancelled(Id),
    /// It let the connection go for a while, and goes on.
    Left,
    /// The result, in the shape of the newest protocol version; nothing follows.
    Answer(Answer),
    /// Its error, in the same shape; nothing follows.
    Error(ErrorObject),
}

impl Client {
    /// Starts an exchange; nothing is sent before it is polled first. Waits while the connection is being made.
    ///
    /// # Errors
    /// When the server's protocol version has no such request, or the connection cannot be made.
    pub(crate) async fn forward(&self, onward: &Onward) -> Result<Forward, Failure> {
        let core = &self.0;
        let live = match core.live() {
            Some(live) => live,
            // Boxed, so that the future of a call stays small: it is seldom waited for.
            None => Box::pin(core.ready()).await.map_err(Failure::Unsent)?,
        };
        let Onward { method, params, capabilities, log_level, .. } = onward;
        let params = live.speaker.outgoing_for(method, params.clone(), capabilities, *log_level);
        let params =
            params.map_err(|fault| Failure::here(Error::unsupported(fault.to_string())))?;
        let mut request = Request::new(onward.method.clone()).params(params);
        if onward.progress {
            request = request.progress();
        }
        let headers = core.param_headers(&live, onward.tool.as_deref(), &request);
        let headers = headers.map_err(Failure::here)?;
        let exchange = live.wire.exchange(Outgoing { request, headers });
        Ok(Forward { core: core.clone(), live, method: onward.method.clone(), exchange })
    }
}

impl Client {
    /// What the server is called.
    pub(crate) fn name(&self) -> Arc<str> {
        self.0.name()
    }

    /// What calls share that are handed on by this client itself.
    pub(crate) fn bridge(&self) -> &Bridge {
        self.0.handing.bridge()
    }

    /// The bounds that this client keeps.
    pub(crate) fn limits(&self) -> &Limits {
        self.0.limits()
    }

    /// How many connections were made in all.
    pub(crate) fn connections(&self) -> u64 {
        self.0.connections()
    }

    /// Lists the tools for what calling them depends on. What is known stays so meanwhile, for other calls.
    pub(crate) async fn learn_tools(&self) -> Result<()> {
        // Boxed, so that the future of a call stays small: it is seldom needed.
        Box::pin(self.tools().fresh().all()).await.map(drop)
    }

    /// Hands on a notification of somebody else; one that the server's protocol version does not have is forgotten.
    pub(crate) async fn pass(&self, method: &str, params: &Body) {
        if let Err(error) = self.0.notify(method, params).await {
            self.0.fault(&error);
        }
    }
}

impl Forward {
    /// What the server says next; nothing follows an answer, an error or a failure.
    pub(crate) fn poll_next(
        &mut self,
        task: &mut std::task::Context<'_>,
    ) -> Poll<Result<Said, Failure>> {
        let said = match ready!(self.exchange.poll_next(task))? {
            Event::Progress(message) => Said::Progress(message),
            Event::Notification(message) => {
                self.core.changed(&message);
                Said::Notification(message)
            }
            Event::Question(question) => Said::Question(Asking::new(question, self.live.clone())),
            Event::Cancelled(id) => Said::Cancelled(id),
            Event::Left => Said::Left,
            Event::Answer(response) => {
                let kinds = self.core.result_kinds();
                match Answer::read(self.live.revision(), &self.method, response, kinds) {
                    Ok(answer) => Said::Answer(answer),
                    Err(client::Failure::Error(error)) => Said::Error(error),
                    Err(fault) => {
                        let method = self.method.clone().into_owned();
                        return Poll::Ready(Err(Failure::here(Error::bad_answer(&method, fault))));
                    }
                }
            }
        };
        Poll::Ready(Ok(said))
    }

    /// Its method.
    pub(crate) fn method(&self) -> &str {
        &self.method
    }

    /// Whether the server speaks the newest protocol version, so that it asks by its answers.
    pub(crate) fn is_modern(&self) -> bool {
        self.live.is_modern()
    }

    /// Whether the request may be sent again after this failure, by [`Client::forward`]: only one that the server has
    /// not handled may. A lost session is made anew meanwhile.
    ///
    /// # Errors
    /// The failure, when not.
    pub(crate) fn recover(&self, failure: Failure) -> Result<(), Failure> {
        match failure {
            Failure::Unsent(_) if self.core.reconnects() => Ok(()),
            Failure::SessionLost(error) if self.core.reconnects() => {
                self.core.lost(self.live.number, error, true);
                Ok(())
            }
            failure => Err(failure),
        }
    }
}
