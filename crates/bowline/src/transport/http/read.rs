//! Reading the body of a request, within bounds of size and time.

use super::refuse::{Refused, refuse_unread};
use bowline_protocol::limits::Limits;
use bytes::{Bytes, BytesMut};
use http::{StatusCode, header};
use http_body::{Body, Frame};
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;
use tokio::time::{Instant, Sleep};

/// Reads a body. One that came in one piece is not copied, and one that is there already costs no timer.
///
/// # Errors
/// The response to a body that is too large, broke off or took too long.
pub(super) async fn read<B: Body<Data = Bytes>>(
    body: B,
    limits: &Limits,
) -> Result<Bytes, Refused> {
    let mut body = pin!(body);
    // Refused before reading: a client that waits for `100 Continue` need not send anything.
    if body.size_hint().lower() > limits.body_bytes as u64 {
        return Err(too_large(limits.body_bytes));
    }
    let mut clock = Clock { total: None, alarm: None };
    let mut first = Bytes::new();
    let mut whole = BytesMut::new();
    while let Some(frame) = next(body.as_mut(), &mut clock, limits).await? {
        let Ok(piece) = frame.into_data() else {
            continue;
        };
        if first.len() + whole.len() + piece.len() > limits.body_bytes {
            return Err(too_large(limits.body_bytes));
        }
        if whole.is_empty() && first.is_empty() {
            first = piece;
            continue;
        }
        if whole.is_empty() {
            whole.reserve(2 * (first.len() + piece.len()));
            whole.extend_from_slice(&std::mem::take(&mut first));
        }
        whole.extend_from_slice(&piece);
    }
    Ok(if whole.is_empty() { first } else { whole.freeze() })
}

/// The times of one body.
struct Clock {
    /// When it must be there; set by the first wait.
    total: Option<Instant>,
    alarm: Option<Pin<Box<Sleep>>>,
}

async fn next<B: Body<Data = Bytes>>(
    mut body: Pin<&mut B>,
    clock: &mut Clock,
    limits: &Limits,
) -> Result<Option<Frame<Bytes>>, Refused> {
    let mut waiting = false;
    poll_fn(|task| {
        if let Poll::Ready(frame) = body.as_mut().poll_frame(task) {
            return Poll::Ready(frame.transpose().map_err(|_| {
                let message = "body broke off";
                closing(refuse_unread(StatusCode::BAD_REQUEST, message))
            }));
        }
        if !waiting {
            waiting = true;
            let now = Instant::now();
            let total = *clock.total.get_or_insert(now + limits.body_timeout);
            let due = total.min(now + limits.body_idle_timeout);
            match &mut clock.alarm {
                Some(alarm) => alarm.as_mut().reset(due),
                None => clock.alarm = Some(Box::pin(tokio::time::sleep_until(due))),
            }
        }
        let Some(alarm) = &mut clock.alarm else {
            return Poll::Pending;
        };
        alarm.as_mut().poll(task).map(|()| {
            let message = "body took too long";
            Err(closing(refuse_unread(StatusCode::REQUEST_TIMEOUT, message)))
        })
    })
    .await
}

fn too_large(limit: usize) -> Refused {
    let message = format!("body is larger than the limit of {limit} bytes");
    closing(refuse_unread(StatusCode::PAYLOAD_TOO_LARGE, message))
}

/// Ends the connection with the response: what is left of the body will not be read.
fn closing(refused: Refused) -> Refused {
    refused.header(header::CONNECTION, "close")
}
