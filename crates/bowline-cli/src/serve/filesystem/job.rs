//! Running tools where they may block, for as long as somebody waits for them.

use super::fault::Refusal;
use super::place::{Place, Scope};
use bowline::server::{FromArguments, IntoToolResult, ToolError};
use bowline::types::List;
use bowline::types::input::Root;
use bowline::types::tool::Tool;
use bowline::{Context, Server};
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Semaphore;

/// What all tools share.
#[derive(Clone, Debug)]
pub(super) struct Files(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    scope: Scope,
    follow_client_roots: bool,
    read_only: bool,
    /// How many tools may block a thread at once.
    places: Arc<Semaphore>,
}

/// More would only wait for the disk together.
const AT_ONCE: usize = 16;

/// One call at work.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) scope: Scope,
    pub(super) read_only: bool,
    pub(super) cx: Context,
    cancelled: Arc<AtomicBool>,
}

impl Files {
    pub(super) fn new(scope: Scope, follow_client_roots: bool, read_only: bool) -> Self {
        let places = Arc::new(Semaphore::new(AT_ONCE));
        Self(Arc::new(Shared { scope, follow_client_roots, read_only, places }))
    }

    /// Everything that is served, whatever roots a client has.
    pub(super) fn scope(&self) -> &Scope {
        &self.0.scope
    }

    pub(super) fn follows_client_roots(&self) -> bool {
        self.0.follow_client_roots
    }

    /// Runs something that blocks. When the call is dropped, it is told to stop.
    ///
    /// # Errors
    /// When it failed, or the client cannot be asked for its roots.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        cx: Context,
        work: impl FnOnce(&Job) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<Result<T, Refusal>, bowline::Error> {
        let roots = self.roots_of(&cx).await?;
        let cancelled = Arc::new(AtomicBool::new(false));
        let _stop = Stop(cancelled.clone());
        let place = self.0.places.clone().acquire_owned().await;
        let shared = self.0.clone();
        let task = tokio::task::spawn_blocking(move || {
            let _place = place;
            // Directories of roots are opened here too, where opening may block.
            let scope = match roots {
                Some(roots) => shared.scope.narrowed(roots.iter().map(|root| &*root.uri))?,
                None => shared.scope.clone(),
            };
            let job = Job { scope, read_only: shared.read_only, cx, cancelled };
            job.go_on().and_then(|()| work(&job))
        });
        match task.await {
            Ok(done) => Ok(done),
            Err(error) if error.is_panic() => resume_unwind(error.into_panic()),
            Err(_) => Ok(Err(Refusal::new("the server is ending"))),
        }
    }

    /// The roots of this caller, where they narrow what it may use. Nothing of them is remembered: it is asked at each
    /// call, so that a change of them counts at once. A caller that does not answer gets nothing, not everything.
    async fn roots_of(&self, cx: &Context) -> Result<Option<List<Root>>, bowline::Error> {
        if !self.0.follow_client_roots || cx.client_capabilities().roots.is_none() {
            return Ok(None);
        }
        cx.roots("roots").await.map(Some)
    }

    /// Offers a tool that runs on a thread of its own.
    pub(super) fn tool<M: 'static, A, O>(
        &self,
        server: Server,
        tool: Tool,
        work: fn(&Job, &A) -> Result<O, Refusal>,
    ) -> Server
    where
        A: FromArguments<M> + 'static,
        O: IntoToolResult + 'static,
    {
        let files = self.clone();
        server.tool(tool, move |cx: Context, arguments: A| {
            let files = files.clone();
            async move {
                let done = files.run(cx, move |job| work(job, &arguments)).await;
                done.map_err(ToolError::from)?.map_err(ToolError::from)
            }
        })
    }
}

impl Job {
    /// Where a path is that the client wrote.
    pub(super) fn place(&self, path: &str) -> Result<Place, Refusal> {
        self.scope.place(path)
    }

    /// Whether anybody still waits for this.
    pub(super) fn go_on(&self) -> Result<(), Refusal> {
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(Refusal::new("cancelled"));
        }
        Ok(())
    }
}

/// Tells the thread when nobody waits any more.
struct Stop(Arc<AtomicBool>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
