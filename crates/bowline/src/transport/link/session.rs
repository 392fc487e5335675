//! The session that the peer of a link may open.

use super::drive::Frame;
use super::{AbortOnDrop, Link};
use crate::ask::Line;
use crate::closing::Closing;
use crate::context::Surroundings;
use crate::transport::session::{self, Opener};
use bowline_protocol::era::legacy::{Session, Settings, join};
use bowline_protocol::era::{Incoming, Refusal};
use bowline_protocol::frame::ndjson;
use bowline_protocol::http::HeaderMap;
use bowline_protocol::protocol::{Answering, Received, Told};
use bowline_protocol::scan::{Message, Raw};
use bowline_types::jsonrpc::ErrorObject;
use bowline_types::subscription::SubscriptionFilter;
use std::collections::HashMap;
use std::convert::Infallible;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Task, Poll, Waker};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Sleep;

/// The half of a link that answers, for a peer that may open a session.
pub(super) fn answering<T>(depth: usize) -> Answering<T> {
    Answering::new(depth).with_sessions()
}

/// What a link keeps for the session of its peer; nothing, as long as there is none.
#[derive(Default)]
pub(super) struct Talk {
    opener: Arc<Opener>,
    opening: Option<Opening>,
    line: Option<Arc<Line>>,
    /// What the client hears of.
    listening: Option<Listening>,
    /// What it heard of before, which still tells what it knew.
    before: Option<Before>,
    /// Whether to listen again when that is gone: there was no room for two.
    again: bool,
    batches: HashMap<Batch, Joint>,
    last_batch: u64,
    /// Bytes of answers that wait for the others of their batch.
    held: usize,
}

/// An `initialize` that waits for what the service has to say.
struct Opening {
    message: Message,
    settings: Pin<Box<dyn Future<Output = Result<Arc<Settings>, ErrorObject>> + Send>>,
}

/// A subscription of the session itself.
struct Listening {
    /// Tells it to end.
    closing: Closing,
    /// Ready when it is gone.
    gone: oneshot::Receiver<Infallible>,
    _task: AbortOnDrop,
}

/// A subscription that another one follows.
struct Before {
    listening: Listening,
    /// When it is given up that the new one is ever acknowledged.
    patience: Pin<Box<Sleep>>,
}

/// Which answers belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Batch(u64);

/// The answers to a batch.
struct Joint {
    /// How many are still to come.
    open: usize,
    replies: Vec<Raw>,
}

impl Talk {
    /// The way to whoever sent this request, if it is one of the session.
    pub(super) fn line_of(&self, request: &Incoming) -> Option<Arc<Line>> {
        self.line.clone().filter(|_| request.is_of_session())
    }

    /// Takes what the client answered.
    pub(super) fn answered(&self, message: Message) {
        // Without a session nothing was asked.
        if let Some(line) = &self.line {
            line.answered(message);
        }
    }

    /// Calls that wait for the client.
    pub(super) fn waiting(&self) -> usize {
        self.line.as_ref().map_or(0, |line| line.waiting())
    }

    /// Wakes `task` when a call begins to wait for the client.
    pub(super) fn wake_on_question(&self, task: &Task<'_>) {
        if let Some(line) = &self.line {
            line.wake_on_question(task);
        }
    }

    /// Bytes of answers that wait for others.
    pub(super) fn held(&self) -> usize {
        self.held
    }

    /// The client sends no more: whoever waits for it waits in vain.
    pub(super) fn end_of_input(&self) {
        if let Some(line) = &self.line {
            line.close();
        }
    }

    /// Ends what would go on for ever; what there is of batches that were not done.
    pub(super) fn end(&mut self) -> Vec<Raw> {
        self.opening = None;
        self.again = false;
        let before = self.before.as_ref().map(|before| &before.listening);
        for listening in self.listening.iter().chain(before) {
            listening.closing.close();
        }
        self.end_of_input();
        let batches = std::mem::take(&mut self.batches);
        batches.into_values().filter_map(|joint| join(&joint.replies)).collect()
    }

    /// One more answer belongs to this batch.
    pub(super) fn expect(&mut self, batch: Batch) {
        if let Some(joint) = self.batches.get_mut(&batch) {
            joint.open += 1;
        }
    }

    /// An answer of a batch has come; `None` as one that will not. The last of them gives the answer to the batch, if
    /// there is any.
    pub(super) fn settle(&mut self, batch: Batch, reply: Option<Raw>) -> Option<Raw> {
        let joint = self.batches.get_mut(&batch)?;
        if let Some(reply) = reply {
            self.held += reply.as_bytes().len();
            joint.replies.push(reply);
        }
        joint.open -= 1;
        if joint.open > 0 {
            return None;
        }
        let replies = self.batches.remove(&batch)?.replies;
        self.held -= replies.iter().map(|reply| reply.as_bytes().len()).sum::<usize>();
        join(&replies)
    }

    /// A batch, which is open until it is settled once by whoever began it.
    fn begin_batch(&mut self) -> Batch {
        self.last_batch += 1;
        let batch = Batch(self.last_batch);
        self.batches.insert(batch, Joint { open: 1, replies: Vec::new() });
        batch
    }
}

impl Before {
    /// Ready when it has told everything, or when it is given up that it will be told to.
    fn poll_end(&mut self, task: &mut Task<'_>) -> Poll<()> {
        if Pin::new(&mut self.listening.gone).poll(task).is_ready() {
            return Poll::Ready(());
        }
        // Told to end it waits for nobody but the peer, which has a time of its own to read.
        if self.listening.closing.is_closed() {
            return Poll::Pending;
        }
        self.patience.as_mut().poll(task)
    }
}

impl Link {
    /// Handles what only a peer with a session says.
    pub(super) fn take_told(&mut self, told: Told, batch: Option<Batch>, task: &mut Task<'_>) {
        match told {
            Told::Opening(message) => self.begin_opening(message, task),
            Told::Initialized(reply) => {
                let session = self.answering.session();
                let revision = session.and_then(Session::revision);
                self.talk.line = revision.map(|revision| Arc::new(Line::new(revision)));
                self.reply(batch, reply);
            }
            Told::Opened => {
                if let Some(line) = &self.talk.line {
                    line.open();
                }
                self.listen();
            }
            Told::Reply(reply) => self.reply(batch, reply),
            Told::Listening(reply) => {
                self.listen();
                self.reply(batch, reply);
            }
            Told::Batch(steps) => {
                let batch = self.talk.begin_batch();
                for step in steps {
                    let received = self.answering.step(step);
                    if matches!(
                        received,
                        Received::Request(_)
                            | Received::Refused(_)
                            | Received::Session(Told::Reply(_) | Told::Listening(_))
                    ) {
                        self.talk.expect(batch);
                    }
                    self.take(received, Some(batch), task);
                }
                self.settle(batch, None);
            }
        }
    }

    /// Goes on with what holds up the rest; whether it still does.
    pub(super) fn is_held_up(&mut self, task: &mut Task<'_>) -> bool {
        if let Some(before) = &mut self.talk.before
            && before.poll_end(task).is_ready()
        {
            self.talk.before = None;
            if std::mem::take(&mut self.talk.again) {
                self.listen();
            }
        }
        self.poll_opening(task);
        self.talk.opening.is_some() || self.talk.before.is_some()
    }

    fn begin_opening(&mut self, message: Message, task: &mut Task<'_>) {
        if self.closing.is_closed() {
            let why = "closing; no further session is opened";
            return self.refuse(&Refusal::of(&message, super::busy(why)));
        }
        let (opener, service) = (self.talk.opener.clone(), self.service.clone());
        let surroundings = self.surroundings(None, self.ending.clone());
        let settings = async move { opener.settings(&service, surroundings).await };
        self.talk.opening = Some(Opening { message, settings: Box::pin(settings) });
        self.poll_opening(task);
    }

    fn poll_opening(&mut self, task: &mut Task<'_>) {
        let Some(opening) = &mut self.talk.opening else {
            return;
        };
        let polled = catch_unwind(AssertUnwindSafe(|| opening.settings.as_mut().poll(task)));
        let settings = match polled {
            Ok(Poll::Pending) => return,
            Ok(Poll::Ready(settings)) => settings,
            Err(_) => {
                tracing::error!("service panicked over what it offers");
                Err(ErrorObject::internal_error("the service failed unexpectedly"))
            }
        };
        let Some(Opening { message, .. }) = self.talk.opening.take() else {
            return;
        };
        let received = match settings {
            Ok(settings) => self.answering.open(settings, message),
            Err(error) => Received::Refused(Refusal::of(&message, error)),
        };
        self.take(received, None, task);
    }

    /// Lets the client hear of what it wants to hear of now.
    ///
    /// The new subscription is there when this returns, so that nothing that happens after the answer is missed. The
    /// old one ends when it has told what it knew.
    fn listen(&mut self) {
        let Some(session) = self.answering.session().filter(|session| session.is_open()) else {
            return;
        };
        let Some(peer) = session.peer() else {
            return;
        };
        let wanted = peer.listening() != SubscriptionFilter::new();
        let request = wanted.then(|| peer.listen(SESSION)).flatten();
        let revision = peer.revision();
        let before = self.talk.listening.take();
        let end_before = before.as_ref().map(|before| CloseOnDrop(before.closing.clone()));
        // Nothing is handled while there is one, so that there are never more than two.
        self.talk.before = before.map(|listening| Before {
            listening,
            patience: Box::pin(tokio::time::sleep(super::GRACE)),
        });
        let Some(request) = request else {
            return;
        };
        let closing = Closing::default();
        let surroundings = self.surroundings(None, closing.clone());
        let (service, sender) = (self.service.clone(), self.sender.clone());
        let slot = self.slots.enter(true);
        let (alive, gone) = oneshot::channel::<Infallible>();
        let mut listening = Box::pin(async move {
            let _slot = slot;
            let _alive = alive;
            let tell = move |message| tell(sender.clone(), message);
            session::listen(service, request, surroundings, revision, end_before, tell).await;
        });
        // The waker of nobody: its task polls it again at once.
        let first = || listening.as_mut().poll(&mut Task::from_waker(Waker::noop()));
        match catch_unwind(AssertUnwindSafe(first)) {
            Ok(Poll::Pending) => {}
            Ok(Poll::Ready(())) => {
                self.talk.again = self.talk.before.is_some();
                return;
            }
            Err(_) => return tracing::error!("service panicked over a subscription"),
        }
        // Owned by the session, which the link owns.
        let task = AbortOnDrop(tokio::spawn(listening).abort_handle());
        self.talk.listening = Some(Listening { closing, gone, _task: task });
    }

    fn surroundings(&self, line: Option<Arc<Line>>, closing: Closing) -> Surroundings {
        Surroundings {
            principal: self.principal.clone(),
            headers: HeaderMap::new(),
            limits: self.limits.clone(),
            closing,
            line,
            running: None,
        }
    }

    fn settle(&mut self, batch: Batch, reply: Option<Raw>) {
        if let Some(joined) = self.talk.settle(batch, reply) {
            ndjson::encode(joined.as_bytes(), &mut self.out);
        }
    }
}

/// What the subscription of a session has for an id; nobody sees it.
const SESSION: &str = "session";

async fn tell(sender: mpsc::Sender<Frame>, message: Raw) {
    // Without a link there is nobody to tell.
    let _ = sender.send(Frame { of: None, message }).await;
}

struct CloseOnDrop(Closing);

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        self.0.close();
    }
}
