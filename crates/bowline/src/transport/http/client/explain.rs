//! What an error of hyper means to a caller.

use super::origin::Origin;
use super::tls;
use crate::error::Error;
use std::io;

/// Why there is no connection to send over, though there is one.
pub(super) fn handshake(error: hyper::Error, origin: &Origin) -> Error {
    Error::unreachable(format!("cannot connect to {origin}")).because(error)
}

/// Why there is no response.
pub(super) fn request(error: hyper::Error, origin: &Origin) -> Error {
    if let Some(refused) = refused(&error, origin) {
        return refused.because(error);
    }
    let explained = if error.is_canceled() {
        Error::unreachable(format!("{origin} closed the connection before the request was sent"))
    } else if error.is_parse_too_large() {
        large_head(origin)
    } else if error.is_parse() {
        Error::bad_answer(&origin.to_string(), "what came is not HTTP; check the URL")
    } else if was_refused(&error) {
        Error::unreachable(format!("{origin} takes no more requests now"))
    } else {
        Error::closed(format!(
            "the connection to {origin} ended before there was a response; the request may have been processed"
        ))
    };
    explained.because(error)
}

/// A response is refused for the size of its head.
pub(super) fn large_head(origin: &Origin) -> Error {
    Error::overloaded(format!(
        "the head of the response of {origin} is larger than `Limits::headers_bytes`, or has more lines than \
         `Limits::headers`"
    ))
}

/// Why there is no more of a body.
pub(super) fn body(error: hyper::Error, origin: &Origin) -> Error {
    if let Some(refused) = refused(&error, origin) {
        return refused.because(error);
    }
    Error::closed(format!("the response of {origin} broke off")).because(error)
}

/// A server of TLS 1.3 refuses a certificate when the handshake seems to be done.
fn refused(error: &(dyn std::error::Error + 'static), origin: &Origin) -> Option<Error> {
    let cause = find::<io::Error>(error).and_then(tls::of_tls)?;
    tls::refusal(cause, origin).map(Error::unreachable)
}

/// Whether a server said that it has not processed the request
/// ([RFC 9113, section 8.7](https://www.rfc-editor.org/rfc/rfc9113#section-8.7)).
fn was_refused(error: &hyper::Error) -> bool {
    let reset = find::<h2::Error>(error);
    reset.is_some_and(|reset| {
        reset.is_remote() && reset.reason() == Some(h2::Reason::REFUSED_STREAM)
    })
}

fn find<'a, E: std::error::Error + 'static>(
    error: &'a (dyn std::error::Error + 'static),
) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}
