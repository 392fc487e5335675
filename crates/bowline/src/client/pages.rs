//! Lists, page by page.

use super::Client;
use super::call::{self, Options};
use super::wire::BoxFuture;
use crate::error::{Error, Result};
use bowline_protocol::scan::Raw;
use bowline_types::List;
use bowline_types::jsonrpc::PaginatedRequestParams;
use bowline_types::method::{ListPrompts, ListResourceTemplates, ListResources, ListTools, Method};
use bowline_types::prompt::Prompt;
use bowline_types::resource::{Resource, ResourceTemplate};
use bowline_types::tool::Tool;
use futures_core::Stream;
use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context as Task, Poll, ready};

/// A list of a server, fetched page by page as it is read.
///
/// ```no_run
/// # async fn example(client: bowline::Client) -> bowline::Result<()> {
/// let mut tools = client.tools();
/// while let Some(tool) = tools.next().await {
///     println!("{}", tool?.name);
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is fetched before it is read"]
pub struct Pages<T> {
    client: Client,
    options: Options,
    items: VecDeque<T>,
    /// The page under way.
    page: Option<BoxFuture<Result<Raw>>>,
    next: Next,
    /// The cursors that were followed, by which a list that leads back to itself is known. The first page has none,
    /// which is not the empty one.
    seen: HashSet<Option<String>>,
}

enum Next {
    First,
    At(String),
    Nothing,
}

impl<T: Listed> Pages<T> {
    pub(super) fn new(client: &Client) -> Self {
        Self {
            client: client.clone(),
            options: Options::default(),
            items: VecDeque::new(),
            page: None,
            next: Next::First,
            seen: HashSet::new(),
        }
    }

    /// Passes the cache by.
    pub fn fresh(mut self) -> Self {
        self.options.fresh = true;
        self
    }

    /// The next element, `None` behind the last one. After an error the list ends.
    pub async fn next(&mut self) -> Option<Result<T>> {
        poll_fn(|task| Pin::new(&mut *self).poll_next(task)).await
    }

    /// All elements that are left.
    ///
    /// # Errors
    /// When a page could not be had: never only a part of a list.
    pub async fn all(mut self) -> Result<Vec<T>> {
        let mut all = Vec::new();
        while let Some(item) = self.next().await {
            all.push(item?);
        }
        Ok(all)
    }

    /// All pages as the server wrote them, of at most so many bytes, each with what of it can be used.
    ///
    /// # Errors
    /// When a page could not be had, or they are larger.
    #[cfg(feature = "host")]
    pub(crate) async fn raw(mut self, most: usize) -> Result<Vec<(Raw, Vec<T>)>> {
        let (mut pages, mut bytes) = (Vec::new(), 0);
        while let Some(page) = self.fetch()? {
            let page = page.await?;
            bytes += page.as_bytes().len();
            if bytes > most {
                let fault = format!("{}: the list has more than {most} bytes", T::METHOD);
                return Err(Error::overloaded(fault));
            }
            self.take(&page)?;
            pages.push((page, std::mem::take(&mut self.items).into()));
        }
        Ok(pages)
    }

    /// Begins to fetch the next page.
    fn fetch(&mut self) -> Result<Option<BoxFuture<Result<Raw>>>> {
        let cursor = match std::mem::replace(&mut self.next, Next::Nothing) {
            Next::Nothing => return Ok(None),
            Next::First => None,
            Next::At(cursor) => Some(cursor),
        };
        let limit = self.client.0.limits().pages;
        if self.seen.len() >= limit {
            return Err(Error::overloaded(format!(
                "{}: the list has more than {limit} pages; raise `Limits::pages` if that is right",
                T::METHOD
            )));
        }
        let mut params = PaginatedRequestParams::new();
        params.cursor = cursor.clone();
        if !self.seen.insert(cursor) {
            return Err(Error::bad_answer(T::METHOD, "the list leads back to a page it has had"));
        }
        let (client, options) = (self.client.clone(), self.options.clone());
        let params = call::params(&params)?;
        Ok(Some(Box::pin(async move { client.0.exchange(T::METHOD, params, options).await })))
    }

    fn take(&mut self, page: &Raw) -> Result<()> {
        let (items, next) = T::page(page).map_err(|fault| Error::bad_answer(T::METHOD, fault))?;
        for rejected in items.rejected() {
            let fault = format!("an element is left out: {}", rejected.error);
            self.client.0.fault(&Error::bad_answer(T::METHOD, fault));
        }
        self.items = T::accept(&self.client, items).into();
        if let Some(cursor) = next {
            self.next = Next::At(cursor);
        }
        Ok(())
    }
}

impl<T: Listed> Stream for Pages<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Result<T>>> {
        loop {
            if let Some(item) = self.items.pop_front() {
                return Poll::Ready(Some(Ok(item)));
            }
            if let Some(page) = &mut self.page {
                let page = ready!(page.as_mut().poll(task));
                self.page = None;
                if let Err(error) = page.and_then(|page| self.take(&page)) {
                    self.next = Next::Nothing;
                    return Poll::Ready(Some(Err(error)));
                }
                continue;
            }
            match self.fetch() {
                Ok(None) => return Poll::Ready(None),
                Ok(page) => self.page = page,
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
    }
}

impl<T> Unpin for Pages<T> {}

impl<T> fmt::Debug for Pages<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").field("fetched", &self.seen.len()).finish_non_exhaustive()
    }
}

/// What comes in pages: [`Tool`], [`Resource`], [`ResourceTemplate`], [`Prompt`].
pub trait Listed: sealed::Page + Send + 'static {}

mod sealed {
    use super::{Client, List, Raw};
    use bowline_types::DecodeError;

    #[expect(unnameable_types, reason = "nobody else has pages")]
    pub trait Page: Sized {
        const METHOD: &'static str;

        fn page(result: &Raw) -> Result<(List<Self>, Option<String>), DecodeError>;

        /// What of a page can be used.
        fn accept(_: &Client, items: List<Self>) -> Vec<Self> {
            items.into_iter().collect()
        }
    }
}

macro_rules! listed {
    ($($item:ty: $method:ty, $member:ident;)+) => {$(
        impl Listed for $item {}

        impl sealed::Page for $item {
            const METHOD: &'static str = <$method as Method>::NAME;

            fn page(
                result: &Raw,
            ) -> Result<(List<Self>, Option<String>), bowline_types::DecodeError> {
                let result: <$method as Method>::Result = result.decode()?;
                Ok((result.$member, result.next_cursor))
            }
        }
    )+};
}

listed! {
    Resource: ListResources, resources;
    ResourceTemplate: ListResourceTemplates, resource_templates;
    Prompt: ListPrompts, prompts;
}

impl Listed for Tool {}

impl sealed::Page for Tool {
    const METHOD: &'static str = ListTools::NAME;

    fn page(result: &Raw) -> Result<(List<Self>, Option<String>), bowline_types::DecodeError> {
        let result: <ListTools as Method>::Result = result.decode()?;
        Ok((result.tools, result.next_cursor))
    }

    fn accept(client: &Client, tools: List<Self>) -> Vec<Self> {
        client.0.accept(tools)
    }
}
