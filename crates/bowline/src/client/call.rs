//! One request of ours, from its parameters to its result.

use super::asked::{Asked, HearLog};
use super::live::{Core, Live};
use super::wire::{BoxFuture, Event, Exchange, Failure, Outgoing};
use crate::error::{Error, Result};
use bowline_protocol::era::client::{self, Answer};
use bowline_protocol::outcome::{Body, ResultKind};
use bowline_protocol::protocol::{Clock, Request, Response, Timeouts};
use bowline_protocol::scan::{Message, Raw};
use bowline_types::input::InputRequiredResult;
use bowline_types::jsonrpc::{ErrorCode, Id};
use bowline_types::log::LoggingLevel;
use bowline_types::progress::ProgressNotificationParams;
use serde::Serialize;
use serde_json::{Map, Value};
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context as Task, Poll, ready};
use std::time::Duration;
use tokio::time::Sleep;

/// What a caller wants of one request.
#[derive(Clone, Default)]
pub(super) struct Options {
    /// The tool that is called.
    pub(super) tool: Option<Arc<str>>,
    pub(super) idle: Option<Duration>,
    pub(super) total: Option<Duration>,
    pub(super) on_progress: Option<Arc<HearProgress>>,
    pub(super) on_log: Option<Arc<HearLog>>,
    pub(super) log_level: Option<LoggingLevel>,
    pub(super) meta: Map<String, Value>,
    /// A tool call may be sent again, if the tool allows it.
    pub(super) repeat: bool,
    /// The cache is passed by.
    pub(super) fresh: bool,
}

pub(super) type HearProgress = dyn Fn(ProgressNotificationParams) + Send + Sync;

/// Parameters, encoded, their `_meta` apart.
pub(super) fn params(params: &impl Serialize) -> Result<Body> {
    let body = Body::of(params)?;
    // Few have any; looking is cheaper than decoding.
    if !body.members().as_str().contains("\"_meta\"") {
        return Ok(body);
    }
    let mut members: Map<String, Value> = body.members().decode()?;
    match members.remove("_meta") {
        Some(meta) => Ok(Body::of(&members)?.with_meta(&meta)?),
        None => Ok(body),
    }
}

/// Whether a method only reads, so that sending it again does no harm.
fn only_reads(method: &str) -> bool {
    bowline_protocol::table::find(method).is_some_and(|row| row.name != "tools/call")
}

/// How often a request is sent again because a connection or a session was lost under it.
const REPEATS: u32 = 2;

impl Core {
    /// Sends a request, answers what the server asks meanwhile, and returns the result.
    pub(super) async fn exchange(
        self: &Arc<Self>,
        method: &'static str,
        params: Body,
        options: Options,
    ) -> Result<Raw> {
        Call::new(self, method, params, options)?.run().await
    }
}

/// The name of the tool, where a request of the user's own making calls one.
fn tool_of(method: &str, params: &Body) -> Option<Arc<str>> {
    if method != "tools/call" {
        return None;
    }
    let members: Map<String, Value> = params.members().decode().ok()?;
    Some(members.get("name")?.as_str()?.into())
}

fn with_options(params: Body, options: &Options) -> Result<Body> {
    if options.meta.is_empty() && options.log_level.is_none() {
        return Ok(params);
    }
    let mut meta = match params.meta() {
        Some(meta) => meta.decode()?,
        None => Map::new(),
    };
    meta.extend(options.meta.clone());
    if let Some(level) = options.log_level {
        let key = bowline_protocol::scan::MetaKey::LogLevel.name();
        meta.insert(key.to_owned(), level.as_str().into());
    }
    Ok(params.with_meta(&meta)?)
}

/// A request on its way through as many exchanges as it takes.
struct Call<'a> {
    core: &'a Arc<Core>,
    method: &'static str,
    tool: Option<Arc<str>>,
    params: Body,
    options: Options,
    /// Started when something has to be waited for.
    clock: Option<Clock>,
    /// How often a connection was lost under it.
    lost: u32,
    /// How often the server has asked before it went on.
    rounds: u32,
    /// The tools were listed again because the headers did not fit.
    relisted: bool,
    /// Whether it may be sent again, as was known of the tool when it was sent.
    repeatable: bool,
}

impl<'a> Call<'a> {
    fn new(
        core: &'a Arc<Core>,
        method: &'static str,
        params: Body,
        options: Options,
    ) -> Result<Self> {
        Ok(Self {
            core,
            method,
            tool: options.tool.clone().or_else(|| tool_of(method, &params)),
            params: with_options(params, &options)?,
            options,
            clock: None,
            lost: 0,
            rounds: 0,
            relisted: false,
            repeatable: only_reads(method),
        })
    }

    fn timeouts(&self) -> Timeouts {
        let limits = self.core.limits();
        Timeouts {
            idle: Some(self.options.idle.unwrap_or(limits.call_idle_timeout)),
            total: Some(self.options.total.unwrap_or(limits.call_timeout)),
        }
    }

    fn clock(&mut self) -> &mut Clock {
        let timeouts = self.timeouts();
        self.clock.get_or_insert_with(|| self.core.clock(timeouts))
    }

    /// The time without a sign of life begins anew.
    fn touch(&mut self) {
        if let Some(clock) = &mut self.clock {
            clock.touch(self.core.now());
        }
    }

    async fn run(&mut self) -> Result<Raw> {
        let core = self.core;
        let mut place = core.place(self.method, &self.params);
        let kept = place.as_ref().filter(|_| !self.options.fresh);
        if let Some(kept) = kept.and_then(|place| core.recall(place)) {
            return Ok(kept);
        }
        loop {
            // What is seldom waited for is boxed, so that the future of a call stays small.
            let live = match core.live() {
                Some(live) => live,
                None => Box::pin(self.within(core.ready())).await?,
            };
            self.repeatable |= self.may_repeat();
            let response = match self.attempt(&live).await {
                Ok(response) => response,
                Err(failure) => {
                    self.lost += 1;
                    self.recover(&live, failure)?;
                    continue;
                }
            };
            match Answer::read(live.revision(), self.method, response, core.result_kinds()) {
                Ok(answer) => match answer.kind {
                    ResultKind::InputRequired => {
                        // What comes of answers is nobody else's.
                        place = None;
                        Box::pin(self.answer(&answer.text)).await?;
                    }
                    _ => {
                        self.check(&answer.text)?;
                        if let Some(place) = place {
                            core.keep(place, &answer);
                        }
                        return Ok(answer.text);
                    }
                },
                Err(client::Failure::Error(error)) => {
                    // The tool has changed since it was listed, or was never listed: nothing was done yet.
                    if error.code == ErrorCode::HEADER_MISMATCH
                        && self.tool.is_some()
                        && !self.relisted
                    {
                        self.relisted = true;
                        core.list_tools_anew().await?;
                        continue;
                    }
                    return Err(Error::rpc_error(error));
                }
                Err(failure) => return Err(Error::bad_answer(self.method, failure)),
            }
        }
    }

    /// One exchange.
    async fn attempt(&mut self, live: &Live) -> Result<Response, Failure> {
        let unsupported = |fault: client::UnsupportedMethod| Error::unsupported(fault.to_string());
        let refused = |error| Failure::here(error);
        let body = live.speaker.outgoing(self.method, self.params.clone());
        let body = body.map_err(|fault| refused(unsupported(fault)))?;
        let mut request = Request::new(self.method).params(body);
        if self.options.on_progress.is_some() {
            request = request.progress();
        }
        let headers = self.core.param_headers(live, self.tool.as_deref(), &request);
        let headers = headers.map_err(refused)?;
        let mut exchange = live.wire.exchange(Outgoing { request, headers });
        // It begins with each exchange; the total one goes on.
        self.touch();
        self.drive(live, &mut *exchange).await
    }

    /// Waits for the answer, and takes what comes before it.
    async fn drive(
        &mut self,
        live: &Live,
        exchange: &mut dyn Exchange,
    ) -> Result<Response, Failure> {
        let core = self.core;
        let mut alarm = Alarm::default();
        let mut thought = core.thinking();
        let mut questions: Vec<(Option<Id>, BoxFuture<()>)> = Vec::new();
        poll_fn(|task| {
            loop {
                let asked = !questions.is_empty();
                questions.retain_mut(|(_, answering)| answering.as_mut().poll(task).is_pending());
                if asked && questions.is_empty() {
                    self.clock().resume(core.now());
                }
                match exchange.poll_next(task) {
                    Poll::Ready(Err(failure)) => return Poll::Ready(Err(failure)),
                    Poll::Ready(Ok(Event::Answer(response))) => return Poll::Ready(Ok(response)),
                    Poll::Ready(Ok(Event::Progress(message))) => {
                        self.touch();
                        self.progress(&message);
                        continue;
                    }
                    Poll::Ready(Ok(Event::Notification(message))) => {
                        self.core.notification(&message, self.options.on_log.as_deref());
                        continue;
                    }
                    Poll::Ready(Ok(Event::Question(question))) => {
                        let most = core.limits().waiting_per_link;
                        if questions.len() >= most {
                            return Poll::Ready(Err(Failure::here(too_many(most))));
                        }
                        self.clock().pause(core.now());
                        let (id, asked) = (question.id(), self.asked());
                        let answering = self.core.clone().reply(live.clone(), asked, question);
                        questions.push((id, answering));
                        continue;
                    }
                    Poll::Ready(Ok(Event::Left)) => continue,
                    Poll::Ready(Ok(Event::Cancelled(id))) => {
                        questions.retain(|(question, _)| question.as_ref() != Some(&id));
                        if questions.is_empty() {
                            self.clock().resume(core.now());
                        }
                        continue;
                    }
                    Poll::Pending => {}
                }
                ready!(alarm.until(core, self.clock().due(), task));
                // A question that does not say for which request it is holds them all up.
                let now = self.core.now();
                let since = self.core.thinking() - thought;
                if since.is_zero() {
                    return Poll::Ready(Err(Failure::here(self.late())));
                }
                thought += since;
                self.clock().pause(now.saturating_sub(since));
                self.clock().resume(now);
            }
        })
        .await
    }

    /// Waits for something that is no exchange, within the time of the request.
    async fn within<T>(&mut self, wait: impl Future<Output = Result<T>>) -> Result<T> {
        let core = self.core;
        let (mut wait, mut alarm) = (pin!(wait), Alarm::default());
        poll_fn(|task| match wait.as_mut().poll(task) {
            Poll::Ready(done) => Poll::Ready(done),
            Poll::Pending => alarm.until(core, self.clock().due(), task).map(|()| Err(self.late())),
        })
        .await
    }

    fn late(&self) -> Error {
        let Timeouts { idle, total } = self.timeouts();
        let (idle, total) = (idle.unwrap_or_default(), total.unwrap_or_default());
        Error::timed_out(format!(
            "{}: no answer and no progress for {idle:?}, or no answer within {total:?}",
            self.method
        ))
    }

    fn asked(&self) -> Asked {
        let request = match &self.tool {
            Some(tool) => format!("{} {tool}", self.method),
            None => self.method.to_owned(),
        };
        Asked { server: self.core.name(), request: Some(request.into()) }
    }

    fn progress(&self, message: &Message) {
        let Some(hear) = &self.options.on_progress else {
            return;
        };
        match message.params().map(|params| params.decode()) {
            Some(Ok(report)) => hear(report),
            Some(Err(fault)) => {
                self.core.fault(&Error::bad_answer("notifications/progress", fault));
            }
            None => {}
        }
    }

    /// Whether to go on after a failure.
    fn recover(&self, live: &Live, failure: Failure) -> Result<()> {
        let again = self.lost <= REPEATS && self.core.reconnects();
        match failure {
            Failure::Unsent(_) if again => {}
            Failure::SessionLost(error) if again => self.core.lost(live.number, error, true),
            Failure::Lost(_) if again && self.repeatable => {}
            failure => return Err(failure.into_error()),
        }
        Ok(())
    }

    /// Asked before it is sent: what is known of tools goes with the connection.
    fn may_repeat(&self) -> bool {
        let tool = || self.tool.as_deref().and_then(|tool| self.core.tools().get(tool));
        only_reads(self.method)
            || (self.options.repeat && tool().is_some_and(|tool| tool.repeatable))
    }

    /// Answers what the server must know before it goes on, and puts the answers into the request.
    ///
    /// See [Multi round-trip requests](https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/mrtr).
    async fn answer(&mut self, result: &Raw) -> Result<()> {
        self.rounds += 1;
        let limit = self.core.limits().rounds;
        if self.rounds > limit {
            return Err(Error::overloaded(format!(
                "{}: the server has asked {limit} times and is still not done; see `Limits::rounds`",
                self.method
            )));
        }
        let unreadable = |fault| Error::bad_answer(self.method, fault);
        let required: InputRequiredResult = result.decode().map_err(unreadable)?;
        // "Servers MUST include at least one of `inputRequests` or `requestState`": else the next round is the same again.
        if required.input_requests.is_none() && required.request_state.is_none() {
            let fault = "the server wants input, and neither says which nor what to send back";
            return Err(Error::bad_answer(self.method, fault));
        }
        let mut members: Map<String, Value> = self.params.members().decode()?;
        members.remove("inputResponses");
        members.remove("requestState");
        if let Some(questions) = required.input_requests {
            let core = self.core;
            self.clock().pause(core.now());
            let answers = self.core.answers(&self.asked(), questions).await;
            self.clock().resume(core.now());
            members.insert("inputResponses".to_owned(), answers?);
        }
        if let Some(state) = required.request_state {
            members.insert("requestState".to_owned(), state.into());
        }
        let meta = self.params.meta().cloned();
        self.params = Body::of(&members)?;
        if let Some(meta) = meta {
            self.params = self.params.clone().with_meta(&meta)?;
        }
        Ok(())
    }

    /// Checks what a tool has returned against its output schema.
    fn check(&self, result: &Raw) -> Result<()> {
        let Some(tool) = self.tool.as_deref().and_then(|tool| self.core.tools().get(tool)) else {
            return Ok(());
        };
        tool.check(result).map_err(|why| Error::bad_answer(self.method, why))
    }
}

/// What a call ends with whose server asks without end.
pub(super) fn too_many(most: usize) -> Error {
    let fault = "questions at once; see `Limits::waiting_per_link`";
    Error::overloaded(format!("the server asks more than {most} {fault}"))
}

/// Rings when a clock is due. It is made when something has to be waited for, and set anew when the clock moves.
#[derive(Default)]
struct Alarm(Option<(Duration, Pin<Box<Sleep>>)>);

impl Alarm {
    fn until(&mut self, core: &Core, due: Option<Duration>, task: &mut Task<'_>) -> Poll<()> {
        let Some(due) = due else {
            self.0 = None;
            return Poll::Pending;
        };
        let at = core.born() + due;
        let (set, sleep) =
            self.0.get_or_insert_with(|| (due, Box::pin(tokio::time::sleep_until(at))));
        if *set != due {
            *set = due;
            sleep.as_mut().reset(at);
        }
        sleep.as_mut().poll(task)
    }
}
