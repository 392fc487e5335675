//! Doing something once for all who want it at the same time.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;

/// What is being done, by what it is done for.
#[derive(Debug)]
pub(super) struct Flights<K>(Mutex<HashMap<K, watch::Receiver<()>>>);

impl<K> Default for Flights<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

/// There are too many different ones already.
#[derive(Debug)]
pub(super) struct TooMany;

impl<K: Clone + Eq + Hash + Send + 'static> Flights<K> {
    /// Waits until what is done for `key` is done, by whoever began it. At most `most` are done at once.
    ///
    /// Who waits may go away: what was begun goes on for the others, and has to end by itself.
    pub(super) async fn join<F>(
        self: &Arc<Self>,
        key: K,
        most: usize,
        begin: impl FnOnce() -> F,
    ) -> Result<(), TooMany>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let mut done = {
            let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            match flights.get(&key) {
                Some(done) => done.clone(),
                None if flights.len() >= most => return Err(TooMany),
                None => {
                    let (end, done) = watch::channel(());
                    flights.insert(key.clone(), done.clone());
                    let landing = Landing { flights: self.clone(), key, end: Some(end) };
                    let going = begin();
                    // Not owned by a request: it would have to begin again for the next one. It has a time limit.
                    drop(tokio::spawn(async move {
                        let _landing = landing;
                        going.await;
                    }));
                    done
                }
            }
        };
        // It is dropped, and never told anything.
        let _ = done.changed().await;
        Ok(())
    }
}

/// Ends a flight, also when what was done panics.
struct Landing<K: Eq + Hash> {
    flights: Arc<Flights<K>>,
    key: K,
    end: Option<watch::Sender<()>>,
}

impl<K: Eq + Hash> Drop for Landing<K> {
    fn drop(&mut self) {
        self.flights.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
        drop(self.end.take());
    }
}

#[cfg(test)]
mod tests {
    use super::Flights;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::sync::Notify;
    use tokio::task::JoinSet;

    #[tokio::test]
    async fn what_many_want_is_done_once_though_the_first_goes_away() {
        let flights = Arc::new(Flights::<u8>::default());
        let (done, go) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let begin = {
            let (done, go) = (done.clone(), go.clone());
            move || {
                let (done, go) = (done.clone(), go.clone());
                async move {
                    go.notified().await;
                    done.fetch_add(1, Ordering::SeqCst);
                }
            }
        };
        let first = tokio::spawn({
            let (flights, begin) = (flights.clone(), begin.clone());
            async move { flights.join(1, 1, begin).await }
        });
        tokio::task::yield_now().await;
        let mut others = JoinSet::new();
        for _ in 0..100 {
            let (flights, begin) = (flights.clone(), begin.clone());
            others.spawn(async move { flights.join(1, 1, begin).await.unwrap() });
        }
        tokio::task::yield_now().await;
        first.abort();
        assert!(flights.join(2, 1, begin).await.is_err(), "there is room for one");
        go.notify_one();
        others.join_all().await;
        assert_eq!(done.load(Ordering::SeqCst), 1);
        assert!(flights.0.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_panic_lets_everybody_go_on() {
        let flights = Arc::new(Flights::<u8>::default());
        flights.join(1, 1, || async { panic!("as it happens") }).await.unwrap();
        assert!(flights.0.lock().unwrap().is_empty());
    }
}
