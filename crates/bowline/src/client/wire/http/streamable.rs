//! The wire over Streamable HTTP.

use super::Way;
use super::course::Course;
use super::session;
use super::shared::{Shared, read};
use crate::client::wire::{BoxFuture, Exchange, Failure, Outgoing, Wire};
use bowline_protocol::outcome::Outcome;
use bowline_protocol::scan::Raw;
use bowline_types::jsonrpc::Id;
use bowline_types::revision::Revision;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// The way to one endpoint of Streamable HTTP, with at most one session.
///
/// There is no connection to lose: [`lost`](crate::client::wire::Hears::lost) is never told, and each request fails by itself.
pub(super) struct HttpWire(Arc<Shared>);

impl HttpWire {
    pub(super) fn open(way: Way) -> Arc<dyn Wire> {
        Arc::new(Self(Arc::new(Shared::new(way))))
    }
}

impl Wire for HttpWire {
    #[cfg(feature = "host")]
    fn owns_questions(&self) -> bool {
        true
    }

    fn exchange(&self, outgoing: Outgoing) -> Box<dyn Exchange> {
        session::exchange(&self.0, Course::new(self.0.clone(), outgoing))
    }

    fn reply(&self, id: &Id, outcome: Outcome) -> BoxFuture<Result<(), Failure>> {
        let (shared, id) = (self.0.clone(), id.clone());
        Box::pin(async move { session::reply(&shared, &id, &outcome).await })
    }

    fn send(&self, message: Raw) -> BoxFuture<Result<(), Failure>> {
        let shared = self.0.clone();
        Box::pin(async move {
            let message = read(message)?;
            shared.tell(&message).await?;
            session::said(&shared, &message.method()).await;
            Ok(())
        })
    }

    fn settle(&self, revision: Revision) {
        self.0.settle(revision);
    }

    fn close(&self, deadline: Duration) -> BoxFuture<()> {
        let shared = self.0.clone();
        Box::pin(async move {
            if shared.closing.is_closed() {
                return;
            }
            let deadline = Instant::now() + deadline;
            shared.closing.close();
            // A cancellation is of use only while there is a session.
            shared.errands.end(deadline).await;
            session::end(&shared, deadline).await;
        })
    }
}

impl Drop for HttpWire {
    fn drop(&mut self) {
        if !self.0.closing.is_closed() {
            self.0.closing.close();
            self.0.errands.abort();
            session::leave(&self.0);
        }
    }
}

impl fmt::Debug for HttpWire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HttpWire").field(&self.0.place).finish()
    }
}
