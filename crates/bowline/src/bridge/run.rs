//! A call under way at a server.

use super::Lease;
use super::asked::{Questions, Round};
use super::hears::Hears;
use super::time::Time;
use crate::client::forward::{Failure, Forward, Onward, Said};
use crate::client::lane::{Lane, Unowned, VISITED};
use crate::error::Error;
use crate::host::status::meter::{Measured, Parked};
use bowline_protocol::era::client::Answer;
use bowline_protocol::scan::Message;
use bowline_types::capability::ClientCapabilities;
use bowline_types::jsonrpc::ErrorObject;
use bowline_types::method::{LoggingMessage, Notification};
use std::task::{Context as Task, Poll};

/// One exchange, with everything that goes on beside it. Dropped before its end, it is given up at the server.
pub(super) struct Run {
    // Dropped in this order: a server that was told that its request is cancelled must not take the end
    // of its questions for answers, and the place is given back when nothing is left in it.
    forward: Forward,
    pub(super) questions: Questions,
    place: Option<Place>,
    lease: Lease,
    time: Time,
}

/// What has to be done by whoever holds the run.
pub(super) enum Turn {
    /// Nothing more: this is the end.
    End(End),
    /// The caller has to be asked, and to come back.
    Round(Round),
}

/// How a run ends.
pub(super) enum End {
    /// With the server's result.
    Answer(Answer),
    /// With the server's error.
    Error(ErrorObject),
    /// Without an answer.
    Failure(Failure),
}

/// An end, and what has to be known of the run.
pub(super) struct Over {
    pub(super) end: End,
    /// What was refused because the caller did not declare it.
    pub(super) missing: Option<ClientCapabilities>,
    /// Whether the server speaks the newest protocol version.
    pub(super) modern: bool,
}

/// What outlives an exchange.
pub(super) struct Rest {
    pub(super) lease: Lease,
    pub(super) time: Time,
}

/// The place of the call in its lane; left when it is dropped.
struct Place(Lane);

impl Place {
    fn enter(lane: &Lane) -> Self {
        lane.enter();
        Self(lane.clone())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.leave();
    }
}

impl Run {
    /// Begins an exchange; nothing is sent yet. Boxed, so that the future of a call stays small.
    pub(super) async fn start(rest: Rest, onward: &Onward) -> Result<Box<Self>, Failure> {
        let Rest { mut lease, mut time } = rest;
        let place = lease.lane.as_ref().map(Place::enter);
        let started = time.within(lease.client.forward(onward)).await;
        let late = || Err(Failure::here(time.over(&onward.method)));
        match started.unwrap_or_else(late) {
            Ok(forward) => {
                let questions = Questions::default();
                Ok(Box::new(Self { forward, questions, place, lease, time }))
            }
            Err(failure) => {
                // Its caller did not give it up.
                if let Some(measured) = lease.measured.take() {
                    measured.end(true);
                }
                Err(failure)
            }
        }
    }

    /// Goes on until something has to be done that only whoever holds the run can do.
    pub(super) fn poll(
        &mut self,
        server: &str,
        hears: Hears<'_>,
        task: &mut Task<'_>,
    ) -> Poll<Turn> {
        loop {
            self.questions.poll(task);
            let asked = self.questions.made();
            self.hear_lane(server, hears, task);
            match self.forward.poll_next(task) {
                Poll::Ready(Ok(Said::Progress(message))) => {
                    self.time.touch();
                    hears.progress(&message);
                }
                Poll::Ready(Ok(Said::Notification(message))) => {
                    self.notification(server, hears, &message, true);
                }
                Poll::Ready(Ok(Said::Question(asking))) => {
                    self.questions.hear(asking, hears, &self.lease);
                }
                Poll::Ready(Ok(Said::Cancelled(id))) => self.questions.give_up(&id),
                Poll::Ready(Ok(Said::Left)) => hears.left(),
                Poll::Ready(end) => {
                    // What was said before the answer may have come another way.
                    self.hear_lane(server, hears, task);
                    return Poll::Ready(Turn::End(match end {
                        Ok(Said::Answer(answer)) => End::Answer(answer),
                        Ok(Said::Error(error)) => End::Error(error),
                        Err(failure) => End::Failure(failure),
                        Ok(_) => End::Failure(Failure::here(Error::closed("the call has ended"))),
                    }));
                }
                // What was just asked has to be begun.
                Poll::Pending if self.questions.made() != asked => self.lease.asked(),
                Poll::Pending => break,
            }
        }
        if let Hears::Caller(_) = hears
            && let Poll::Ready(round) = self.questions.poll_round(task)
        {
            return Poll::Ready(Turn::Round(round));
        }
        let over = self.time.poll_over(self.questions.is_waiting(), task);
        let late = || End::Failure(Failure::here(self.time.over(self.forward.method())));
        over.map(|()| Turn::End(late()))
    }

    fn hear_lane(&mut self, server: &str, hears: Hears<'_>, task: &Task<'_>) {
        while let Some(Place(lane)) = &self.place
            && let Poll::Ready(unowned) = lane.poll_next(task)
        {
            match unowned {
                Unowned::Question(asking) => self.questions.hear(asking, hears, &self.lease),
                Unowned::Cancelled(id) => self.questions.give_up(&id),
                Unowned::Notification(message) => {
                    let own = self.lease.own;
                    self.notification(server, hears, &message, own);
                }
            }
        }
    }

    fn notification(
        &mut self,
        server: &str,
        hears: Hears<'_>,
        message: &Message,
        of_this_call: bool,
    ) {
        match &*message.method() {
            LoggingMessage::NAME => hears.log(server, message, of_this_call),
            VISITED => self.questions.visited(message, hears),
            _ => hears.notification(server, message),
        }
    }

    /// Whether the server speaks the newest protocol version.
    pub(super) fn is_modern(&self) -> bool {
        self.forward.is_modern()
    }

    /// Whether to send the request again after this failure.
    ///
    /// # Errors
    /// The failure, when not.
    pub(super) fn recover(&self, failure: Failure) -> Result<(), Failure> {
        self.forward.recover(failure)
    }

    /// Ends the exchange.
    pub(super) fn over(mut self, end: End) -> Over {
        self.questions.end();
        if let Some(measured) = self.lease.measured.take() {
            measured.end(!matches!(end, End::Answer(_)));
        }
        Over { end, missing: self.questions.missing().cloned(), modern: self.is_modern() }
    }

    /// Counts it as one that waits for its caller to come back, until what this gives is dropped.
    pub(super) fn count_parked(&self) -> Option<Parked> {
        self.lease.measured.as_ref().map(Measured::park)
    }

    /// Ends the exchange, and keeps what the next one needs.
    pub(super) fn into_rest(self) -> Rest {
        let Self { lease, time, .. } = self;
        Rest { lease, time }
    }
}
