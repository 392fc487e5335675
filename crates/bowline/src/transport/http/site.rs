//! What a listener serves.

use super::body::ResponseBody;
use super::pages::PagesService;
use super::rooms::Rooms;
use crate::closing::Closing;
use bowline_protocol::limits::Limits;
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
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

    /// Answers one request.
    pub(super) async fn answer<B>(&self, request: Request<B>) -> Response<ResponseBody>
    where
        B: Body<Data = Bytes>,
    {
        match self {
            Self::Endpoint(rooms) => rooms.answer(request).await,
            // Boxed, so that calls stay small. The body is not read: nobody who asks for a page has one.
            Self::Pages(pages) => Box::pin(pages.answer(request.into_parts().0)).await,
        }
    }
}
