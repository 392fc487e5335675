//! One request over HTTP+SSE: its POST says only whether it was taken, and its answer comes on the stream.

use super::super::head::About;
use super::super::refusal::{self, Question, Said};
use super::super::running::Steps;
use super::super::shared::{INITIALIZE, Shared, closed};
use super::inbox::Registered;
use super::session::abandon;
use crate::client::wire::{BoxFuture, Event, Failure, Outgoing};
use crate::transport::http::client::Body;
use bowline_protocol::protocol::Response as Answer;
use http::Response;
use std::sync::Arc;

/// One request, from its POST to its answer.
pub(super) struct Posted {
    shared: Arc<Shared>,
    outgoing: Outgoing,
    id: i64,
    stage: Stage,
}

enum Stage {
    Unsent,
    Sent {
        inbox: Registered,
        /// The POST, until its response is there.
        posting: Option<Posting>,
    },
    Over,
}

type Posting = BoxFuture<Result<Response<Body>, Failure>>;

impl Posted {
    pub(super) fn new(shared: Arc<Shared>, outgoing: Outgoing) -> Self {
        Self { id: shared.next_id(), shared, outgoing, stage: Stage::Unsent }
    }

    fn send(&mut self) -> Result<(), Failure> {
        let request = &self.outgoing.request;
        let (message, about) = (request.write(self.id), About::request(request));
        // The answer may be there before the response to the POST.
        let inbox = self.shared.session.inboxes.register(self.id)?;
        let (shared, headers) = (self.shared.clone(), self.outgoing.headers.clone());
        let posting: Posting =
            Box::pin(async move { shared.post(message, &about, &headers).await });
        self.stage = Stage::Sent { inbox, posting: Some(posting) };
        Ok(())
    }

    async fn step(&mut self) -> Result<Event, Failure> {
        if let Stage::Unsent = self.stage {
            self.send()?;
        }
        let Stage::Sent { inbox, posting } = &mut self.stage else { return Err(closed()) };
        if let Some(waiting) = posting {
            tokio::select! {
                biased;
                event = inbox.next() => return event,
                response = waiting => {
                    *posting = None;
                    let response = response?;
                    if !response.status().is_success() {
                        return refused(&self.shared, &self.outgoing, self.id, response).await;
                    }
                    self.shared.finish(response.into_body());
                }
            }
        }
        inbox.next().await
    }
}

impl Steps for Posted {
    fn status(&self) -> Option<u16> {
        None
    }

    async fn next(&mut self) -> Result<Event, Failure> {
        let closing = self.shared.closing.clone();
        let event = tokio::select! {
            biased;
            event = self.step() => event,
            () = closing.closed() => Err(closed()),
        };
        if matches!(event, Ok(Event::Answer(_)) | Err(_)) {
            let stage = std::mem::replace(&mut self.stage, Stage::Over);
            if let (Ok(_), Stage::Sent { posting: Some(posting), .. }) = (&event, stage) {
                self.shared.errands.run(async { drop(posting.await) });
            }
        }
        event
    }
}

impl Drop for Posted {
    fn drop(&mut self) {
        let stage = std::mem::replace(&mut self.stage, Stage::Over);
        if let Stage::Sent { posting, .. } = stage
            && self.outgoing.request.method() != INITIALIZE
        {
            abandon(&self.shared, self.id, posting);
        }
    }
}

async fn refused(
    shared: &Shared,
    outgoing: &Outgoing,
    id: i64,
    response: Response<Body>,
) -> Result<Event, Failure> {
    let question = Question { what: outgoing.request.method(), id: Some(id), in_session: true };
    Ok(Event::Answer(match refusal::read(shared, response, question).await? {
        Said::Error(error, _) => Answer::Error(error),
        Said::Malformed(fault) => Answer::Malformed(fault),
    }))
}
