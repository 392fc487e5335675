//! Functions that block a thread: run apart from the runtime's own threads, a bounded number at once.

use super::arguments::{ArgumentError, Arguments, FromArguments};
use super::function::{FromCall, Function};
use crate::context::Context;
use crate::error::{Error, Result};
use bowline_types::tool::Schema;
use std::future::Future;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use tokio::sync::Semaphore;
use tokio::task::AbortHandle;

/// Makes a handler of a function that is not async, and runs it on a thread that may be blocked.
///
/// All such functions of a program share one [`BlockingPool`] of 64 at once, unless [`Blocking::on`] gives another.
/// Calls beyond that wait, 256 of them; the next is refused as overloaded.
///
/// A call that is cancelled while it waits never starts. A function that has started cannot be stopped: it runs to its
/// end, keeps its place in the pool until then, and what it returns is thrown away.
///
/// ```
/// use bowline::Server;
/// use bowline::server::blocking;
/// use bowline::types::tool::Tool;
///
/// let server = Server::new("disk", "1.0.0")
///     .tool(Tool::new("temp_dir"), blocking(|| std::env::temp_dir().display().to_string()));
/// assert!(server.check().is_ok());
/// ```
pub fn blocking<F>(function: F) -> Blocking<F> {
    static SHARED: LazyLock<BlockingPool> = LazyLock::new(|| BlockingPool::new(64, 256));
    Blocking { function: Arc::new(function), pool: SHARED.clone() }
}

/// A handler that blocks, made by [`blocking`].
#[derive(Debug)]
pub struct Blocking<F> {
    function: Arc<F>,
    pool: BlockingPool,
}

impl<F> Blocking<F> {
    /// Runs it in another pool.
    #[must_use]
    pub fn on(mut self, pool: &BlockingPool) -> Self {
        self.pool = pool.clone();
        self
    }
}

/// How many functions may block a thread at once, and how many may wait for that. Clones are the same pool.
#[derive(Clone, Debug)]
pub struct BlockingPool(Arc<Pool>);

#[derive(Debug)]
struct Pool {
    places: Arc<Semaphore>,
    waiting: AtomicUsize,
    queue: usize,
}

impl BlockingPool {
    /// A pool that runs `at_once` functions (at least one) while `queue` more wait.
    #[must_use]
    pub fn new(at_once: usize, queue: usize) -> Self {
        let places = Semaphore::new(at_once.clamp(1, Semaphore::MAX_PERMITS));
        Self(Arc::new(Pool { places: Arc::new(places), waiting: AtomicUsize::new(0), queue }))
    }

    async fn run<T: Send + 'static>(self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let place = match self.0.places.clone().try_acquire_owned() {
            Ok(place) => place,
            Err(_) => {
                let _waiting = self.wait()?;
                let place = self.0.places.clone().acquire_owned().await;
                place.map_err(|_| Error::closed("the pool for blocking functions is closed"))?
            }
        };
        let task = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(place);
            done
        });
        // Takes back what no thread has begun with.
        let _abort = AbortOnDrop(task.abort_handle());
        match task.await {
            Ok(done) => Ok(done),
            Err(error) if error.is_panic() => resume_unwind(error.into_panic()),
            Err(_) => Err(Error::closed("the runtime is shutting down")),
        }
    }

    fn wait(&self) -> Result<Waiting> {
        let before = self.0.waiting.fetch_add(1, Ordering::Relaxed);
        let waiting = Waiting(self.0.clone());
        if before < self.0.queue {
            return Ok(waiting);
        }
        Err(Error::overloaded("too many calls wait for a thread; try again later"))
    }
}

struct Waiting(Arc<Pool>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Marks functions that block.
#[derive(Debug)]
pub struct Blocks<M>(std::convert::Infallible, std::marker::PhantomData<M>);

impl<F, O> Function<Blocks<()>> for Blocking<F>
where
    F: Fn() -> O + Send + Sync + 'static,
    O: Send + 'static,
{
    type Output = Result<O>;
    type Future = Pin<Box<dyn Future<Output = Result<O>> + Send>>;

    fn start(&self, _: &Context, _: Arguments<'_>) -> Result<Self::Future, ArgumentError> {
        let function = self.function.clone();
        Ok(Box::pin(self.pool.clone().run(move || function())))
    }

    fn schema() -> Option<Schema> {
        None
    }
}

macro_rules! functions {
    ($(($($extractor:ident)*) $last:ident;)+) => {$(
        impl<F, O, M, $($extractor,)* $last> Function<Blocks<(M, $($extractor,)* $last,)>> for Blocking<F>
        where
            F: Fn($($extractor,)* $last) -> O + Send + Sync + 'static,
            O: Send + 'static,
            $($extractor: FromCall + 'static,)*
            $last: FromArguments<M> + 'static,
        {
            type Output = Result<O>;
            type Future = Pin<Box<dyn Future<Output = Result<O>> + Send>>;

            #[allow(non_snake_case, reason = "the parameters are named after their types")]
            fn start(&self, cx: &Context, arguments: Arguments<'_>) -> Result<Self::Future, ArgumentError> {
                $(let $extractor = <$extractor as FromCall>::from_call(cx)?;)*
                let $last = $last::from_arguments(cx, arguments)?;
                let function = self.function.clone();
                Ok(Box::pin(self.pool.clone().run(move || function($($extractor,)* $last))))
            }

            fn schema() -> Option<Schema> {
                $last::schema()
            }
        }
    )+};
}

functions! {
    () A;
    (E1) A;
    (E1 E2) A;
    (E1 E2 E3) A;
    (E1 E2 E3 E4) A;
    (E1 E2 E3 E4 E5) A;
    (E1 E2 E3 E4 E5 E6) A;
    (E1 E2 E3 E4 E5 E6 E7) A;
}
