//! What a scripted server has seen.

use serde_json::Value;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;

/// Nothing that a test waits for takes so long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Every message that came, in order, with the instance or session it came to; and the bytes of all.
#[derive(Clone, Default)]
pub(crate) struct Seen(Arc<Inner>);

#[derive(Default)]
struct Inner {
    messages: Mutex<Vec<(usize, Value)>>,
    bytes: Mutex<Vec<u8>>,
    calls: Mutex<Calls>,
    news: Notify,
}

/// How the calls of tools stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Calls {
    pub(crate) begun: usize,
    pub(crate) answered: usize,
    pub(crate) cancelled: usize,
    /// The most that ever ran at once.
    pub(crate) most: usize,
}

impl Calls {
    pub(crate) fn running(self) -> usize {
        self.begun - self.answered - self.cancelled
    }
}

impl Seen {
    pub(crate) fn message(&self, instance: usize, message: &Value) {
        self.0.messages.lock().unwrap().push((instance, message.clone()));
        self.0.news.notify_waiters();
    }

    pub(crate) fn bytes(&self, bytes: &[u8]) {
        self.0.bytes.lock().unwrap().extend_from_slice(bytes);
    }

    pub(crate) fn count(&self, change: impl FnOnce(&mut Calls)) {
        let mut calls = self.0.calls.lock().unwrap();
        change(&mut calls);
        calls.most = calls.most.max(calls.running());
        drop(calls);
        self.0.news.notify_waiters();
    }

    pub(crate) fn calls(&self) -> Calls {
        *self.0.calls.lock().unwrap()
    }

    /// All that came, as bytes.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.bytes.lock().unwrap()).into_owned()
    }

    /// The messages of one method.
    pub(crate) fn of(&self, method: &str) -> Vec<Value> {
        let messages = self.0.messages.lock().unwrap();
        let of = messages.iter().filter(|(_, message)| message["method"] == method);
        of.map(|(_, message)| message.clone()).collect()
    }

    /// How many instances or sessions had calls.
    pub(crate) fn instances(&self) -> usize {
        let messages = self.0.messages.lock().unwrap();
        let mut met: Vec<usize> = messages
            .iter()
            .filter(|(_, message)| message["method"] == "tools/call")
            .map(|(instance, _)| *instance)
            .collect();
        met.sort_unstable();
        met.dedup();
        met.len()
    }

    /// Waits until this holds of the calls.
    pub(crate) async fn until(&self, what: &str, holds: impl Fn(Calls) -> bool) {
        let waiting = async {
            loop {
                let news = self.0.news.notified();
                tokio::pin!(news);
                news.as_mut().enable();
                if holds(self.calls()) {
                    return;
                }
                news.await;
            }
        };
        if tokio::time::timeout(PATIENCE, waiting).await.is_err() {
            panic!("{what}: still {:?} after {PATIENCE:?}", self.calls());
        }
    }
}
