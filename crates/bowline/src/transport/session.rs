//! What every way of carrying sessions needs: what the service tells a client that opens one, and what a client hears
//! of without asking each time.
//!
//! Both are asked of the service as anybody else would ask, so that whatever stands in front of a server, or in its
//! place, answers for itself.

use super::link::conclude;
use crate::context::{Context, Surroundings};
use crate::outbox::Next;
use crate::service::{Call, Service};
use bowline_protocol::era::Incoming;
use bowline_protocol::era::legacy::{self, Settings};
use bowline_protocol::limits::Limits;
use bowline_protocol::outcome::Outcome;
use bowline_protocol::scan::Raw;
use bowline_types::discover::{DiscoverResult, Implementation};
use bowline_types::jsonrpc::ErrorObject;
use bowline_types::revision::Revision;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

/// What a service tells every client that opens a session; made anew only when the service says something else.
#[derive(Debug, Default)]
pub(super) struct Opener(Mutex<Option<Known>>);

#[derive(Debug)]
struct Known {
    discovered: Raw,
    info: Option<Raw>,
    settings: Arc<Settings>,
}

impl Opener {
    /// Asks the service what it is and can do.
    ///
    /// # Errors
    /// What the service answered instead.
    pub(super) async fn settings(
        &self,
        service: &Arc<dyn Service>,
        surroundings: Surroundings,
    ) -> Result<Arc<Settings>, ErrorObject> {
        let Some(request) = Settings::discover() else {
            return Err(ErrorObject::internal_error("the service cannot be asked what it offers"));
        };
        let limits = surroundings.limits.clone();
        let cx = Context::new(request, surroundings);
        match Arc::clone(service).call(Call::new(cx)).await {
            Outcome::Result { body, .. } => {
                self.made(body.members(), service.server_info(), &limits).ok_or_else(|| {
                    ErrorObject::internal_error("what the service offers cannot be read")
                })
            }
            Outcome::Error(error) => Err(error),
        }
    }

    fn made(&self, found: &Raw, info: Option<Raw>, limits: &Limits) -> Option<Arc<Settings>> {
        // Held while settings are made, which happens once as long as the service says the same.
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = &*known
            && known.discovered == *found
            && known.info == info
        {
            return Some(known.settings.clone());
        }
        let result: DiscoverResult = found.decode().ok()?;
        let server: Implementation = match &info {
            Some(info) => info.decode().ok()?,
            None => Implementation::new("unnamed", "0"),
        };
        let instructions = result.instructions.as_deref();
        let settings = Settings::new(result.capabilities, &server, instructions, limits.clone());
        let settings = Arc::new(settings.ok()?);
        *known = Some(Known { discovered: found.clone(), info, settings: settings.clone() });
        Some(settings)
    }
}

/// Runs the `subscriptions/listen` of a session and hands on what it tells, in the shape of the session's protocol
/// version; until it ends, is dropped, or the closing of its surroundings is told, which lets it tell the rest.
///
/// `before` is dropped when this one is acknowledged: whoever changes what a session listens to gives it what ends the
/// old one, so that nothing falls between. While `tell` waits nothing is lost: changes wait in the subscription, each
/// once.
pub(super) fn listen<T>(
    service: Arc<dyn Service>,
    request: Incoming,
    surroundings: Surroundings,
    revision: Revision,
    before: T,
    mut tell: impl AsyncFnMut(Raw),
) -> impl Future<Output = ()> {
    let closing = surroundings.closing.clone();
    // Made here, so that the future, of which there may be one a session, has no room for what goes into it.
    let cx = Context::new(request, surroundings);
    let mut before = Some(before);
    async move {
        let mut closed = pin!(closing.closed());
        let mut ending = false;
        let mut running = Some(service.call(Call::new(cx.clone())));
        loop {
            let next = poll_fn(|task| {
                ending = ending || closed.as_mut().poll(task).is_ready();
                if let Some(answer) = &mut running
                    && let Poll::Ready(outcome) = Pin::new(answer).poll(task)
                {
                    running = None;
                    if let Outcome::Error(error) = &outcome {
                        // The client has not asked for it in so many words, so that there is no answer to say it in.
                        tracing::warn!(code = error.code.0, error = %error.message, "a session hears of no changes");
                    }
                    conclude(&cx, &outcome, None);
                }
                match cx.outbox().poll_next(task) {
                    // Whoever was told to end and has nothing to say is not waited for.
                    Poll::Pending if ending => Poll::Ready(Next::End),
                    next => next,
                }
            });
            match next.await {
                Next::Message(message) => {
                    // The first is the acknowledgment.
                    before = None;
                    if let Some(message) = legacy::notification(revision, &message) {
                        tell(message).await;
                    }
                }
                // Boxed, because it is rare, and the future waits for long.
                Next::NotBefore(due) => Box::pin(tokio::time::sleep_until(due)).await,
                Next::Answer(_) | Next::End => break,
            }
        }
        drop(before);
    }
}
