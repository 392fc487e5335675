//! What an error of hyper means to a caller.

use super::dial::DialError;
use super::origin::Origin;
use super::tls;
use crate::error::Error;
use hyper_util::client::legacy;
use std::io;

/// Why there is no response.
pub(super) fn request(error: legacy::Error, origin: &Origin) -> Error {
    if let Some(known) = find::<DialError>(&error).and_then(DialError::take) {
        return known;
    }
    if let Some(refused) = refused(&error, origin) {
        return refused.because(error);
    }
    if error.is_connect() {
        return Error::unreachable(format!("cannot connect to {origin}")).because(error);
    }
    spoken(find::<hyper::Error>(&error), origin).because(error)
}

/// Why there is no response over a connection that nobody else uses.
pub(super) fn exchange(error: hyper::Error, origin: &Origin) -> Error {
    match refused(&error, origin) {
        Some(refused) => refused.because(error),
        None => spoken(Some(&error), origin).because(error),
    }
}

/// What it means that HTTP did not come to its end.
fn spoken(error: Option<&hyper::Error>, origin: &Origin) -> Error {
    match error {
        Some(cause) if cause.is_canceled() => Error::unreachable(format!(
            "{origin} closed the connection before the request was sent"
        )),
        Some(cause) if cause.is_parse_too_large() => large_head(origin),
        Some(cause) if cause.is_parse() => {
            Error::bad_answer(&origin.to_string(), "what came is not HTTP; check the URL")
        }
        Some(cause) if was_refused(cause) => {
            Error::unreachable(format!("{origin} takes no more requests now"))
        }
        _ => Error::closed(format!(
            "the connection to {origin} ended before there was a response; the request may have been processed"
        )),
    }
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
