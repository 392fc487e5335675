//! What a client of a session POSTs.

use super::answer::{self, Post};
use super::live::{Ended, Live};
use super::route::{SESSION_ID, missing, session, session_id, strip};
use super::sessions::{Missing, Sessions};
use crate::principal::Principal;
use crate::transport::http::body::ResponseBody;
use crate::transport::http::exchange::whole;
use crate::transport::http::refuse::{Refused, refuse_unread};
use crate::transport::http::service::accepted;
use bowline_protocol::era::Incoming;
use bowline_protocol::era::legacy::{Received, Session, Step, error_response, opens};
use bowline_protocol::http::HeaderMap;
use bowline_protocol::scan::{Kind, Message, Raw, Scanned};
use bowline_types::jsonrpc::{ErrorCode, ErrorObject};
use http::{HeaderValue, Response, StatusCode};
use std::sync::Arc;

/// Takes what a client of a session sent.
pub(super) async fn post(
    sessions: &Arc<Sessions>,
    mut headers: HeaderMap,
    body: Scanned,
    principal: Principal,
    prefers_stream: bool,
) -> Result<Response<ResponseBody>, Refused> {
    if session_id(&headers)?.is_none()
        && let Scanned::Message(message) = &body
        && opens(message)
    {
        return open(sessions, message.clone(), principal).await;
    }
    let live = session(sessions, &headers, &principal).await?;
    strip(&mut headers);
    let post = Post { headers, principal, prefers_stream };
    match live.receive(body) {
        Err(Ended) => Err(missing(Missing::Unknown)),
        Ok(Received::One(step)) => match act(sessions, &live, &post.principal, step).await {
            Act::Nothing => Ok(accepted()),
            Act::Call(incoming) => answer::one(sessions, &live, post, incoming).await,
            Act::Reply(reply) => Ok(json(StatusCode::OK, reply)),
            Act::Refused(error, reply) => Ok(json(status_of(&error), reply)),
        },
        Ok(Received::Batch(steps)) => {
            let (mut calls, mut replies) = (Vec::new(), Vec::new());
            for step in steps {
                match act(sessions, &live, &post.principal, step).await {
                    Act::Nothing => {}
                    Act::Call(incoming) => calls.push(incoming),
                    Act::Reply(reply) | Act::Refused(_, reply) => replies.push(reply),
                }
            }
            if calls.is_empty() && replies.is_empty() {
                return Ok(accepted());
            }
            answer::batch(sessions, &live, post, calls, replies).await
        }
    }
}

/// What is to be done for a message.
#[expect(clippy::large_enum_variant, reason = "the large one is the usual one")]
enum Act {
    /// Nothing more.
    Nothing,
    /// Its call is to be answered.
    Call(Incoming),
    /// This is its answer.
    Reply(Raw),
    /// It is refused, with this answer.
    Refused(ErrorObject, Raw),
}

/// Does what a message of the client wants, unless that is a call.
async fn act(sessions: &Sessions, live: &Arc<Live>, principal: &Principal, step: Step) -> Act {
    match step {
        Step::Admit(incoming) => return Act::Call(incoming),
        Step::Initialized(reply) | Step::Reply(reply) => return Act::Reply(reply),
        Step::Refused { error, reply } => return Act::Refused(error, reply),
        Step::LogLevel { reply, .. } => {
            sessions.save(live).await;
            return Act::Reply(reply);
        }
        Step::Subscribe { reply, .. } | Step::Unsubscribe { reply, .. } => {
            sessions.listen(live).await;
            sessions.save(live).await;
            return Act::Reply(reply);
        }
        Step::Opened => {
            live.line.open();
            sessions.save(live).await;
        }
        Step::Cancelled(id) => live.cancel(&id),
        Step::Response(message) => live.line.answered(message),
        Step::RootsChanged(message) | Step::Notification(message) => {
            sessions.service.notify(principal, message);
        }
        // No request of ours asks for progress.
        Step::Progress(_) | Step::Ignore => {}
    }
    Act::Nothing
}

/// Opens a session. Nothing is kept of one before its `initialize` has been found to be right.
async fn open(
    sessions: &Arc<Sessions>,
    message: Message,
    principal: Principal,
) -> Result<Response<ResponseBody>, Refused> {
    if message.kind() != Ok(Kind::Request) {
        return Err(refuse_unread(StatusCode::BAD_REQUEST, "`initialize` must be a request"));
    }
    if sessions.closing.is_closed() {
        return Err(missing(Missing::Unavailable));
    }
    let settings = match sessions.settings(&principal).await {
        Ok(settings) => settings,
        Err(error) => {
            let reply = error_response(None, Some(message.id_text()), &error);
            return Ok(json(StatusCode::OK, reply));
        }
    };
    let mut session = Session::new(settings);
    let reply = match session.message(message) {
        Step::Initialized(reply) => reply,
        Step::Refused { error, reply } => return Ok(json(status_of(&error), reply)),
        _ => return Ok(accepted()),
    };
    let id = sessions.open(session, principal).await.map_err(missing)?;
    let mut response = json(StatusCode::OK, reply);
    if let Ok(mut id) = HeaderValue::try_from(id) {
        id.set_sensitive(true);
        response.headers_mut().insert(&SESSION_ID, id);
    }
    Ok(response)
}

/// One answer as a response.
fn json(status: StatusCode, reply: Raw) -> Response<ResponseBody> {
    let mut response = whole(ResponseBody::whole(reply.into_bytes()));
    *response.status_mut() = status;
    response
}

/// The status of a refusal. Of a message that could be read the answer is an answer, and a status of its own would
/// make clients doubt the session: 404 means that it has ended.
fn status_of(error: &ErrorObject) -> StatusCode {
    match error.code {
        ErrorCode::PARSE_ERROR | ErrorCode::INVALID_REQUEST => StatusCode::BAD_REQUEST,
        _ => StatusCode::OK,
    }
}
