//! What a listener serves.

use super::beside;
use super::body::ResponseBody;
use super::pages::PagesService;
use super::rooms::Rooms;
use crate::closing::Closing;
use bowline_protocol::limits::Limits;
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use std::pin::Pin;
use std::sync::Arc;

/// What a listener serves: one type, so that connections are compiled once.
#[derive(Clone)]
pub(super) enum Site {
    Endpoint(Rooms),
    #[cfg_attr(not(feature = "host"), expect(dead_code, reason = "hosts have pages"))]
    Pages(PagesService),
}

impl Site {
    pub(super) fn limits(&self) -> &Arc<Limits> {
        match self {
            Self::Endpoint(rooms) => rooms.own().limits(),
            Self::Pages(pages) => pages.limits(),
        }
    }

    pub(super) fn closing(&self) -> &Closing {
        match self {
            Self::Endpoint(rooms) => rooms.own().closing(),
            Self::Pages(pages) => pages.closing(),
        }
    }

    /// Answers one request. The future is boxed where it is chosen, and the request goes straight into it: a connection
    /// without a request, or with a stream alone, stays small, and so does what is left behind by a request.
    pub(super) fn answer<B>(&self, request: Request<B>) -> Answering
    where
        B: Body<Data = Bytes> + Send + 'static,
    {
        match self {
            Self::Endpoint(rooms) => {
                if let Some(pages) = rooms.beside(request.uri().path()) {
                    let (pages, endpoint) = (pages.clone(), rooms.own().clone());
                    return Box::pin(
                        async move { beside::answer(&*pages, &endpoint, request).await },
                    );
                }
                Box::pin(rooms.at(request.uri().path()).answer(request))
            }
            // The body is not read: nobody who asks for a page has one.
            Self::Pages(pages) => {
                let (pages, head) = (pages.clone(), request.into_parts().0);
                Box::pin(async move { pages.answer(head).await })
            }
        }
    }
}

/// A response to be.
type Answering = Pin<Box<dyn Future<Output = Response<ResponseBody>> + Send>>;
