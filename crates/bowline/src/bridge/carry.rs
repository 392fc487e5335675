//! A call from its caller to the server and back.

use super::fault::{bad, failed, named};
use super::hears::Hears;
use super::live::Rounds;
use super::round::{self, State, rewrite};
use super::run::{End, Over, Rest, Run, Turn};
use super::time::Time;
use super::{Bridge, Lease, visits};
use crate::ask::not_valid;
use crate::client::forward::Onward;
use crate::context::Context;
use bowline_protocol::era::client::Answer;
use bowline_protocol::outcome::{CacheHint, Outcome, ResultKind};
use bowline_protocol::scan::BodyKey;
use bowline_types::jsonrpc::{ErrorCode, ErrorObject};
use serde_json::{Map, Value};
use std::future::poll_fn;

/// How often a request is sent again because a connection or a session was lost under it.
const REPEATS: u32 = 2;

impl Bridge {
    /// Hands a call on and brings back its outcome. `server` is the name under which the host knows it: it is part of
    /// what a state is sealed for.
    pub(crate) async fn carry(
        &self,
        cx: &Context,
        server: &str,
        lease: Lease,
        onward: Onward,
    ) -> Outcome {
        self.carried(cx, server, lease, onward).await.unwrap_or_else(Outcome::Error)
    }

    /// The outcome of a call that brings the answers to questions of a parked one; `None` when it is a call like any
    /// other, to be given to [`Bridge::carry`].
    pub(crate) async fn resume(&self, cx: &Context, server: &str) -> Option<Outcome> {
        // Of a session's client a state means nothing, and most calls have none.
        if cx.request().param(BodyKey::RequestState).is_none() || cx.request().is_of_session() {
            return None;
        }
        let state = match round::brought(cx) {
            Ok(Some(text)) => self.unseal(cx, server, &text),
            Ok(None) => return None,
            Err(error) => Err(error),
        };
        match state {
            Ok(State::Parked { node, slot, generation }) => {
                // Boxed, so that the future of every other call stays small.
                let went_on = Box::pin(self.go_on(cx, server, node, slot, generation)).await;
                Some(went_on.unwrap_or_else(Outcome::Error))
            }
            Ok(State::Handed(_) | State::Visits { .. }) => None,
            Err(error) => Some(error.into()),
        }
    }

    /// Whether a call goes on with one that its caller has begun before.
    pub(crate) fn goes_on(&self, cx: &Context, server: &str) -> bool {
        // As in `resume`: most calls bring nothing.
        if cx.request().param(BodyKey::RequestState).is_none() || cx.request().is_of_session() {
            return false;
        }
        let brought = round::brought(cx).ok().flatten();
        brought.is_some_and(|text| self.unseal(cx, server, &text).is_ok())
    }

    async fn carried(
        &self,
        cx: &Context,
        server: &str,
        lease: Lease,
        mut onward: Onward,
    ) -> Result<Outcome, ErrorObject> {
        let Prepared { brought, visits } = match self.prepare(cx, server, &mut onward)? {
            Ok(prepared) => prepared,
            Err(outcome) => return Ok(outcome),
        };
        let mut brought = brought;
        let mut rest = Rest { time: Time::of(lease.client.limits()), lease };
        let mut rounds = Rounds::default();
        let mut lost = 0;
        let mut relisted = false;
        loop {
            let started = Run::start(rest, &onward).await;
            let mut run = started.map_err(|failure| failed(server, failure))?;
            if !run.is_modern() {
                match brought {
                    Brought::Nothing => {}
                    // Its server had no sessions when it asked, and does not know of it any more.
                    Brought::State => return Err(not_valid()),
                    Brought::Answers => {
                        rewrite(&mut onward.params, without_answers)?;
                        brought = Brought::Foreseen;
                        rest = run.into_rest();
                        continue;
                    }
                    Brought::Foreseen => run.questions.foresee(round::answers(cx)?),
                }
            }
            match poll_fn(|task| run.poll(server, Hears::Caller(cx), task)).await {
                Turn::Round(round) => return self.park(cx, server, run, round),
                Turn::End(End::Failure(failure)) => {
                    lost += 1;
                    let again = if lost > REPEATS { Err(failure) } else { run.recover(failure) };
                    if let Err(failure) = again {
                        return self.conclude(cx, server, run.over(End::Failure(failure)), visits);
                    }
                    rest = run.into_rest();
                    rest.time.touch();
                }
                Turn::End(End::Answer(answer)) if asks(&answer) && cx.request().is_of_session() => {
                    rest = run.into_rest();
                    rest.time.stop();
                    rest.lease.asked();
                    let answered = rounds.answer(cx, server, &answer, &mut onward);
                    if let Err(outcome) = Box::pin(answered).await {
                        return Ok(outcome);
                    }
                    rest.time.touch();
                }
                // Which arguments headers repeat was not known yet, or is otherwise by now: nothing was done.
                Turn::End(End::Error(error))
                    if error.code == ErrorCode::HEADER_MISMATCH
                        && onward.tool.is_some()
                        && run.is_modern()
                        && !relisted =>
                {
                    relisted = true;
                    rest = run.into_rest();
                    let listed = rest.lease.client.learn_tools().await;
                    listed.map_err(|error| named(server, &error))?;
                    rest.time.touch();
                }
                Turn::End(end) => {
                    if let End::Answer(_) = end {
                        rounds.end(cx);
                    }
                    return self.conclude(cx, server, run.over(end), visits);
                }
            }
        }
    }

    /// Makes of a request what its server is to see: without what is between us and the caller. Inside, the answer,
    /// when the server need not see it.
    fn prepare(
        &self,
        cx: &Context,
        server: &str,
        onward: &mut Onward,
    ) -> Result<Result<Prepared, Outcome>, ErrorObject> {
        let request = cx.request();
        // A session's client has brought nothing that it was not asked live.
        if request.is_of_session() {
            return Ok(Ok(Prepared::default()));
        }
        let Some(text) = round::brought(cx)? else {
            let answered = request.param(BodyKey::InputResponses).is_some();
            let brought = if answered { Brought::Answers } else { Brought::Nothing };
            return Ok(Ok(Prepared { brought, visits: 0 }));
        };
        match self.unseal(cx, server, &text)? {
            State::Handed(state) => {
                rewrite(&mut onward.params, |members| {
                    members.insert(BodyKey::RequestState.name().to_owned(), state.into());
                })?;
                Ok(Ok(Prepared { brought: Brought::State, visits: 0 }))
            }
            State::Visits { asked, rounds } => {
                rewrite(&mut onward.params, without_answers)?;
                let visited = visits::answered(self, cx, server, asked, rounds)?;
                Ok(visited.map(|visits| Prepared { brought: Brought::Nothing, visits }))
            }
            // One that waits is never begun again.
            State::Parked { .. } => Err(not_valid()),
        }
    }

    /// What a call ends with.
    ///
    /// # Errors
    /// The error that it is.
    pub(super) fn conclude(
        &self,
        cx: &Context,
        server: &str,
        over: Over,
        visits: u32,
    ) -> Result<Outcome, ErrorObject> {
        let Over { end, missing, modern } = over;
        let missing = missing.map(ErrorObject::missing_required_client_capability);
        match (end, missing) {
            (End::Answer(answer), _) if asks(&answer) => self.hand_on(cx, server, &answer),
            (End::Answer(answer), Some(missing)) if is_tool_error(&answer) => Err(missing),
            (End::Answer(answer), _) => finished(cx, server, answer),
            (End::Error(_), Some(missing)) => Err(missing),
            (End::Error(error), None) if modern => Err(error),
            (End::Error(error), None) => visits::required(self, cx, server, error, visits),
            (End::Failure(failure), _) => Err(failed(server, failure)),
        }
    }
}

/// A request that is ready for its server.
#[derive(Default)]
struct Prepared {
    brought: Brought,
    /// How often its caller was sent to visit something first.
    visits: u32,
}

/// What of a request only servers without sessions know.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Brought {
    #[default]
    Nothing,
    /// Answers that no state goes with.
    Answers,
    /// The same, as they are taken for a server that has sessions: it is not told of them.
    Foreseen,
    /// A state of the server.
    State,
}

fn asks(answer: &Answer) -> bool {
    answer.kind == ResultKind::InputRequired
}

fn without_answers(members: &mut Map<String, Value>) {
    members.remove(BodyKey::InputResponses.name());
    members.remove(BodyKey::RequestState.name());
}

/// Whether a tool says that it failed.
fn is_tool_error(answer: &Answer) -> bool {
    let members: Option<Map<String, Value>> = answer.text.decode().ok();
    members.is_some_and(|members| members.get("isError") == Some(&Value::Bool(true)))
}

/// A result, for whoever writes it to the caller.
fn finished(cx: &Context, server: &str, answer: Answer) -> Result<Outcome, ErrorObject> {
    let row = cx.request().row();
    let outcome = answer.into_outcome().map_err(|why| bad(server, row.name, why))?;
    Ok(match outcome {
        // A server with a session says nothing of how long a result may be kept.
        Outcome::Result { kind: ResultKind::Complete, body, cache: None } if row.cacheable => {
            let cache = Some(CacheHint::private(0));
            Outcome::Result { kind: ResultKind::Complete, body, cache }
        }
        outcome => outcome,
    })
}
