//! One request over Streamable HTTP: its POST, and whatever comes back for it.

use super::events::{Events, is_message, whole};
use super::head::About;
use super::refusal::{self, Question, Said};
use super::running::Steps;
use super::session::Trail;
use super::shared::{INITIALIZE, Shared, closed};
use crate::client::wire::{Event, Failure, Outgoing};
use crate::error::Error;
use crate::transport::http::client::Body;
use bowline_protocol::era::client::{Ear, Heard};
use bowline_protocol::frame::sse;
use bowline_protocol::http::headers::MediaType;
use bowline_protocol::protocol;
use bowline_protocol::scan::{BodyKey, Message, Raw};
use bowline_types::jsonrpc::{ErrorObject, Id};
use bowline_types::method::{Method, SubscriptionsListen};
use bytes::Bytes;
use http::Response;
use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;

/// One request, from its POST to its answer.
pub(super) struct Course {
    shared: Arc<Shared>,
    outgoing: Outgoing,
    /// The HTTP status of the last response.
    status: Option<u16>,
    /// The id it is sent under.
    id: i64,
    about: About,
    /// Whether it is of a session, where a lost connection does not end it.
    in_session: bool,
    stage: Stage,
    ear: Ear,
    /// What was said at once; the answer is the last of it.
    said: VecDeque<Event>,
    /// What was wrong with something that was perhaps meant for an answer.
    spoiled: Option<Box<str>>,
    trail: Trail,
}

enum Stage {
    Unsent,
    /// The request is on its way.
    Sent,
    Streaming(Box<Events>),
    /// The server gave it up.
    Ended,
    Over,
}

impl Course {
    pub(super) fn new(shared: Arc<Shared>, outgoing: Outgoing) -> Self {
        let about = About::request(&outgoing.request);
        Self {
            ear: shared.ear(),
            id: shared.next_id(),
            shared,
            outgoing,
            status: None,
            in_session: about.version.is_none(),
            about,
            stage: Stage::Unsent,
            said: VecDeque::new(),
            spoiled: None,
            trail: Trail::default(),
        }
    }

    /// The id under which its progress may be told elsewhere than on its own stream.
    #[cfg(not(modern_only))]
    pub(super) fn token_in_session(&self) -> Option<i64> {
        (self.in_session && self.outgoing.request.wants_progress()).then_some(self.id)
    }

    async fn step(&mut self) -> Result<Event, Failure> {
        loop {
            if let Some(event) = self.said.pop_front() {
                return Ok(event);
            }
            match &mut self.stage {
                Stage::Streaming(events) => match events.next().await {
                    Some(Ok(event)) => self.take(event)?,
                    Some(Err(error)) => self.broken(Some(error)).await?,
                    None if self.in_session && self.trail.leaves_off() => return Ok(Event::Left),
                    None => self.broken(None).await?,
                },
                Stage::Unsent => {
                    let response = self.send().await?;
                    self.open(response).await?;
                }
                Stage::Ended => {
                    let place = &self.shared.place;
                    let why = format!("{place} ended the subscription");
                    return Err(Failure::Lost(Error::closed(why)));
                }
                Stage::Sent | Stage::Over => {
                    return Err(Failure::Lost(Error::closed("the exchange is over")));
                }
            }
        }
    }

    /// Sends the request; of a busy server that says when, it is asked once more.
    async fn send(&mut self) -> Result<Response<Body>, Failure> {
        self.stage = Stage::Sent;
        self.ear = self.shared.ear();
        let (about, extra) = (&self.about, &self.outgoing.headers);
        let message = self.outgoing.request.write(self.id);
        let limits = &self.shared.limits;
        let response = self.shared.post(message.clone(), about, extra).await?;
        let Some(delay) = refusal::busy(&response, limits.retry_min, limits.reconnect_delay_max)
        else {
            return Ok(response);
        };
        drop(response);
        tokio::time::sleep(delay).await;
        self.shared.post(message, about, extra).await
    }

    /// Takes the response.
    async fn open(&mut self, response: Response<Body>) -> Result<(), Failure> {
        let shared = self.shared.clone();
        let method = self.outgoing.request.method().to_owned();
        let in_session = self.in_session && shared.session.header().is_some();
        let question = Question { what: &method, id: Some(self.id), in_session };
        let status = response.status();
        self.status = Some(status.as_u16());
        if !status.is_success() {
            let said = refusal::read(&shared, response, question).await?;
            self.said.push_back(Event::Answer(match said {
                Said::Error(error, _) => protocol::Response::Error(error),
                Said::Malformed(fault) => protocol::Response::Malformed(fault),
            }));
            return Ok(());
        }
        if method == INITIALIZE {
            shared.session.take(response.headers(), &shared.limits).map_err(|fault| {
                Failure::Refused {
                    error: Error::bad_answer(&method, fault),
                    status: status.as_u16(),
                    challenges: Vec::new(),
                }
            })?;
        }
        match refusal::media(response.headers()) {
            Some(MediaType::EventStream) => {
                let limit = shared.limits.event_bytes;
                self.stage = Stage::Streaming(Box::new(Events::new(response.into_body(), limit)));
            }
            Some(MediaType::Json) => {
                let limit = shared.limits.response_bytes;
                let mut body = response.into_body();
                let text = whole(&mut body, limit).await.map_err(unread)?;
                self.hear(&text);
                if self.spoil_unless_answered("it holds no answer") {
                    // It may have been the answer to an earlier request, and ours may come as that to the next.
                    body.distrust();
                }
            }
            None => return Err(refusal::no_answer(&shared, response, question).await),
        }
        Ok(())
    }

    /// Takes an event of the stream.
    fn take(&mut self, event: sse::Event) -> Result<(), Failure> {
        match event {
            sse::Event::Message { name, data, id } => {
                if self.trail.is_new(&id) && is_message(&name, &data) {
                    self.hear(&data);
                }
            }
            sse::Event::Retry(delay) => self.trail.retry(delay),
            sse::Event::TooLong { .. } => {
                let limit = self.shared.limits.event_bytes;
                return Err(unread(Error::overloaded(format!(
                    "an event is longer than {limit} bytes; see `Limits::event_bytes`"
                ))));
            }
        }
        Ok(())
    }

    /// Goes on with a stream that ended without an answer, where that can be.
    async fn broken(&mut self, error: Option<Error>) -> Result<(), Failure> {
        if let Stage::Streaming(events) = &self.stage {
            // An event without data still says where the stream stands.
            self.trail.is_new(events.last_id());
        }
        if self.in_session
            && let Some(body) = self.trail.resume(&self.shared).await
        {
            let events = Events::new(body, self.shared.limits.event_bytes);
            self.stage = Stage::Streaming(Box::new(events));
            return Ok(());
        }
        if let Some(fault) = self.spoiled.take() {
            self.said.push_back(Event::Answer(protocol::Response::Malformed(fault)));
            return Ok(());
        }
        Err(Failure::Lost(error.unwrap_or_else(|| {
            let (place, method) = (&self.shared.place, self.outgoing.request.method());
            let method = method.escape_debug();
            Error::closed(format!("{place} ended its stream before the answer to {method}"))
        })))
    }

    /// Takes a text: mostly one message.
    fn hear(&mut self, text: &Bytes) {
        let mut answer = None;
        for heard in self.ear.hear(text) {
            match heard {
                // The first answer counts, whatever else comes.
                Heard::Answer(message) if self.is_ours(&message) => {
                    answer.get_or_insert_with(|| Event::Answer(protocol::Response::of(message)));
                }
                Heard::Answer(message) => self.spoil(&match message.id_text() {
                    [] => "it answers without an id".to_owned(),
                    id => {
                        let id = refusal::plain(&String::from_utf8_lossy(id));
                        format!("it answers the request `{id}`, not `{}`", self.id)
                    }
                }),
                Heard::Progress(message) => {
                    if self.is_progress(&message) {
                        self.said.push_back(Event::Progress(message));
                    }
                }
                Heard::Notification(message) => self.said.push_back(Event::Notification(message)),
                Heard::Question(question) => {
                    self.shared.session.asked(&question);
                    self.said.push_back(Event::Question(question));
                }
                // Only a subscription ends in this way; any other request a server has to answer.
                Heard::Cancelled(id) if id == Id::Int(self.id) => {
                    if self.outgoing.request.method() == SubscriptionsListen::NAME {
                        self.stage = Stage::Ended;
                    }
                }
                Heard::Cancelled(id) => {
                    self.shared.session.withdrew(&id);
                    self.said.push_back(Event::Cancelled(id));
                }
                // Only a session's server may be answered.
                Heard::Reply(reply) if self.in_session => self.shared.tell_aside(reply),
                Heard::Refused { error, reply } => self.refuse(&error, reply),
                Heard::Unreadable { id, fault } if id == Some(Id::Int(self.id)) => {
                    answer.get_or_insert(Event::Answer(protocol::Response::Malformed(fault)));
                }
                Heard::Unreadable { fault, .. } => self.spoil(&fault),
                Heard::Reply(_) | Heard::Nothing => {}
            }
        }
        if let Some(answer) = answer {
            // Mostly it is all there is, and room for more would be for nothing.
            self.said.reserve_exact(1);
            self.said.push_back(answer);
        }
    }

    /// Whether a message answers this request, or says that it could not be read.
    fn is_ours(&self, message: &Message) -> bool {
        match message.id() {
            Some(id) => id == Id::Int(self.id),
            None => message.error().is_some(),
        }
    }

    fn is_progress(&self, message: &Message) -> bool {
        let token = message.body(BodyKey::ProgressToken);
        self.outgoing.request.wants_progress()
            && token.is_some_and(|token| token == self.id.to_string().as_bytes())
    }

    fn refuse(&self, error: &ErrorObject, reply: Option<Raw>) {
        let method = self.outgoing.request.method();
        self.shared.hears.fault(Error::bad_answer(method, &error.message));
        if let Some(reply) = reply.filter(|_| self.in_session) {
            self.shared.tell_aside(reply);
        }
    }

    /// Remembers what may have been meant for the answer; if none comes, it is the answer.
    fn spoil(&mut self, fault: &str) {
        if let Stage::Streaming(_) = self.stage {
            let method = self.outgoing.request.method();
            self.shared.hears.fault(Error::bad_answer(method, fault));
        }
        self.spoiled.get_or_insert_with(|| fault.into());
    }

    /// Whether there was no answer.
    fn spoil_unless_answered(&mut self, fault: &str) -> bool {
        let is_answer = |event: &Event| matches!(event, Event::Answer(_));
        let unanswered = !self.said.back().is_some_and(is_answer);
        if unanswered {
            let fault = self.spoiled.take().unwrap_or_else(|| fault.into());
            self.said.push_back(Event::Answer(protocol::Response::Malformed(fault)));
        }
        unanswered
    }
}

impl Steps for Course {
    fn status(&self) -> Option<u16> {
        self.status
    }

    async fn next(&mut self) -> Result<Event, Failure> {
        let closing = self.shared.closing.clone();
        let event = tokio::select! {
            biased;
            event = self.step() => event,
            () = closing.closed() => Err(closed()),
        };
        if let Ok(Event::Answer(_)) | Err(_) = &event {
            let stage = mem::replace(&mut self.stage, Stage::Over);
            if let (Ok(_), Stage::Streaming(events)) = (&event, stage) {
                self.shared.finish(events.into_body());
            }
        }
        event
    }
}

impl Drop for Course {
    fn drop(&mut self) {
        let stage = mem::replace(&mut self.stage, Stage::Over);
        let sent = matches!(stage, Stage::Sent | Stage::Streaming(_));
        if sent && self.in_session && self.outgoing.request.method() != INITIALIZE {
            super::session::abandon(&self.shared, self.id, stage);
        }
    }
}

/// What it means that a response was there and could not be read to its end.
fn unread(error: Error) -> Failure {
    if error.is_overloaded() {
        return Failure::Refused { error, status: 200, challenges: Vec::new() };
    }
    Failure::Lost(error)
}
