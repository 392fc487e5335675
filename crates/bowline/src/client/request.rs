//! A request that is built, then awaited.

use super::Client;
use super::call::Options;
use super::tools;
use crate::error::{Error, Result};
use bowline_protocol::outcome::Body;
use bowline_protocol::scan::Raw;
use bowline_types::log::{LoggingLevel, LoggingMessageNotificationParams};
use bowline_types::method::Method;
use bowline_types::progress::ProgressNotificationParams;
use futures_core::Stream;
use serde::Serialize;
use std::fmt;
use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Task, Poll};
use std::time::Duration;
use tokio::sync::mpsc;

/// A request of the method `M`: nothing is sent before it is awaited. Dropping it while it is awaited cancels it at
/// the server.
///
/// ```
/// # async fn example(client: bowline::Client) -> bowline::Result<()> {
/// use std::time::Duration;
///
/// let result = client
///     .call_tool("build", serde_json::json!({ "target": "all" }))
///     .timeout(Duration::from_secs(120))
///     .on_progress(|report| println!("{}", report.progress))
///     .await?;
/// # let _ = result;
/// # Ok(())
/// # }
/// ```
#[must_use = "a request does nothing unless it is awaited"]
pub struct Request<M> {
    client: Client,
    params: Result<Body>,
    options: Options,
    method: PhantomData<fn() -> M>,
}

impl<M: Method> Request<M> {
    pub(super) fn of(client: &Client, params: Result<Body>) -> Self {
        Self { client: client.clone(), params, options: Options::default(), method: PhantomData }
    }

    pub(super) fn of_tool(client: &Client, name: &str, arguments: &impl Serialize) -> Self {
        let mut request = Self::of(client, tools::call(name, arguments));
        request.options.tool = Some(name.into());
        request
    }

    /// Sets the longest time without an answer or progress; 60 seconds if it is not called.
    pub fn timeout(mut self, idle: Duration) -> Self {
        self.options.idle = Some(idle);
        self
    }

    /// Sets the longest time whatever the progress; ten minutes if it is not called. While a handler of ours answers a
    /// question of this request, both times stand still.
    pub fn total_timeout(mut self, total: Duration) -> Self {
        self.options.total = Some(total);
        self
    }

    /// Asks for progress, and hands every report to `hear`.
    pub fn on_progress(
        mut self,
        hear: impl Fn(ProgressNotificationParams) + Send + Sync + 'static,
    ) -> Self {
        self.options.on_progress = Some(Arc::new(hear));
        self
    }

    /// Asks for progress, and gives its reports as a stream besides the request; it ends with the request. A reader that
    /// is slow misses reports, never the request its answer.
    ///
    /// ```no_run
    /// # async fn example(client: bowline::Client) -> bowline::Result<()> {
    /// use std::future::IntoFuture;
    ///
    /// let (call, mut reports) = client.call_tool("build", serde_json::json!({})).reports();
    /// let watching = async {
    ///     while let Some(report) = reports.next().await {
    ///         println!("{}", report.progress);
    ///     }
    /// };
    /// let (result, ()) = tokio::join!(call.into_future(), watching);
    /// # let _ = result?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn reports(self) -> (Self, Reports) {
        let (sender, receiver) = mpsc::channel(WAITING);
        let request = self.on_progress(move |report| {
            // Without room the reader is behind, and newer reports come.
            let _ = sender.try_send(report);
        });
        (request, Reports(receiver))
    }

    /// Hands every log message of this request to `hear`, instead of to the client's own handler.
    ///
    /// Servers send log messages to those who set a level: see [`Request::log_level`].
    pub fn on_log(
        mut self,
        hear: impl Fn(LoggingMessageNotificationParams) + Send + Sync + 'static,
    ) -> Self {
        self.options.on_log = Some(Arc::new(hear));
        self
    }

    /// Sets the least severe log message wanted for this request. Older servers know only the level of the whole
    /// session, see [`Client::set_log_level`]; for them nothing changes.
    pub fn log_level(mut self, level: LoggingLevel) -> Self {
        self.options.log_level = Some(level);
        self
    }

    /// Adds a member to `_meta`.
    pub fn meta(mut self, key: impl Into<String>, value: impl Into<serde_json::Value>) -> Self {
        self.options.meta.insert(key.into(), value.into());
        self
    }

    /// Allows a tool call to be sent again when the connection is lost before its answer, if the tool says that this
    /// does no harm (`readOnlyHint` or `idempotentHint`). Whatever only reads is repeated anyway.
    pub fn repeat(mut self) -> Self {
        self.options.repeat = true;
        self
    }

    /// Passes the cache by: the server is asked, and its answer replaces what was kept.
    pub fn fresh(mut self) -> Self {
        self.options.fresh = true;
        self
    }

    /// The result as the server wrote it, one JSON object.
    ///
    /// # Errors
    /// As when it is awaited, but for results that are not of the right shape.
    pub async fn raw(self) -> Result<Raw> {
        let Self { client, params, options, .. } = self;
        client.0.exchange(M::NAME, params?, options).await
    }
}

impl<M: Method> IntoFuture for Request<M>
where
    M::Result: 'static,
{
    type Output = Result<M::Result>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { client, params, options, .. } = self;
        Box::pin(async move {
            let result = client.0.exchange(M::NAME, params?, options).await?;
            result.decode().map_err(|fault| Error::bad_answer(M::NAME, fault))
        })
    }
}

/// The progress of a request, as it comes; see [`Request::reports`].
#[derive(Debug)]
pub struct Reports(mpsc::Receiver<ProgressNotificationParams>);

/// How many reports wait for a reader.
const WAITING: usize = 64;

impl Reports {
    /// The next report; `None` once the request has ended.
    pub async fn next(&mut self) -> Option<ProgressNotificationParams> {
        self.0.recv().await
    }
}

impl Stream for Reports {
    type Item = ProgressNotificationParams;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(task)
    }
}

impl<M: Method> fmt::Debug for Request<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("method", &M::NAME).finish_non_exhaustive()
    }
}
