//! Making the requests of a flow.

use crate::error::{Error, Result};
use crate::transport::http::client::Options;
use crate::transport::http::client::guarded::{Guarded, Reach};
use bowline_auth::Url;
use bowline_auth::fetch::{FetchFault, NamedBy, Request, Response};
use bytes::Bytes;

/// Makes the requests of the flows of one server, behind the guard.
#[derive(Clone, Debug)]
pub(crate) struct Fetcher {
    /// To where the user led us.
    own: Guarded,
    /// To where somebody else does.
    others: Guarded,
}

impl Fetcher {
    /// For flows of the server at this URL; `private` networks are open to what others name, too.
    ///
    /// # Errors
    /// The options of the connection are broken.
    pub(crate) fn new(server: &Url, options: &Options, private: bool) -> Result<Self> {
        let reach = Reach::of_server(&server.to_uri());
        let others = Guarded::new(options, reach.dangerously_allow_private_addresses(private))?;
        // The server itself is spoken to wherever it is; what the user wrote into the settings likewise.
        let own = others.clone().reaching(reach.dangerously_allow_private_addresses(true));
        Ok(Self { own, others })
    }

    /// Makes a request of a flow.
    ///
    /// # Errors
    /// Nothing came, or it would lead where nobody may lead us.
    pub(crate) async fn fetch(&self, request: Request) -> Result<Response, FetchFault> {
        let guarded = match request.named_by {
            NamedBy::User => &self.own,
            NamedBy::Peer => &self.others,
        };
        let body = request
            .body
            .as_ref()
            .map_or_else(Bytes::new, |body| Bytes::copy_from_slice(body.expose().as_bytes()));
        let mut sent = http::Request::new(body);
        *sent.method_mut() = match request.method {
            bowline_auth::fetch::Method::Get => http::Method::GET,
            bowline_auth::fetch::Method::Post => http::Method::POST,
        };
        *sent.uri_mut() = request.url.to_uri();
        *sent.headers_mut() = request.headers;
        let response = guarded.fetch(sent, request.purpose.max_redirects()).await;
        let (head, body) = response.map_err(|error| fault(&error))?.into_parts();
        Ok(Response { status: head.status.as_u16(), headers: head.headers, body })
    }
}

/// What a flow is told of a request that brought nothing.
fn fault(error: &Error) -> FetchFault {
    if error.is_invalid() {
        FetchFault::Refused(error.to_string())
    } else if error.is_timeout() {
        FetchFault::TimedOut
    } else if error.is_overloaded() {
        FetchFault::TooLarge
    } else {
        let cause = std::error::Error::source(error).map(|cause| format!(" ({cause})"));
        FetchFault::Unreachable(format!("{error}{}", cause.unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests;
