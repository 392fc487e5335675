//! Sending a caller to a page of ours, where a login is made that his call needs.

use super::round::{self, State};
use super::{Bridge, visits};
use crate::ask::Need;
use crate::context::Context;
use bowline_protocol::outcome::Outcome;
use bowline_types::input::{
    ElicitAction, ElicitRequest, ElicitRequestUrlParams, InputRequests, InputResponse,
};
use bowline_types::jsonrpc::ErrorObject;
use serde_json::Value;

/// The key of the question.
const KEY: &str = "login";

impl Bridge {
    /// Asks a caller to visit a page before his call can be made: by an answer that asks, or where he has a session, by
    /// the error that it has for that.
    ///
    /// # Errors
    /// What he is answered; nothing where he could not be asked.
    pub(crate) fn visit(
        &self,
        cx: &Context,
        server: &str,
        message: String,
        url: &str,
    ) -> Result<Outcome, Option<ErrorObject>> {
        let can_ask = Need::Url.check(&cx.client_capabilities()).is_ok();
        if !cx.request().row().may_ask || !can_ask {
            return Err(None);
        }
        let visit = ElicitRequestUrlParams::new(message, url);
        if cx.request().is_of_session() {
            let id = url.rsplit_once("ticket=").map_or(url, |(_, ticket)| ticket);
            return Err(Some(visits::as_error(visit, format!("login-{:.8}", id))));
        }
        let rounds = self.rounds(cx, server)?;
        let most = cx.limits().rounds;
        if rounds >= most {
            return Err(Some(ErrorObject::invalid_params(format!(
                "this request has asked for a login {most} times, and there is none; ask again from the start"
            ))));
        }
        let requests: InputRequests =
            [(KEY.to_owned(), ElicitRequest::new(visit.clone()))].into_iter().collect();
        let asked = [(KEY.to_owned(), visit)].into_iter().collect();
        let state = State::Visits { asked, rounds: rounds + 1 };
        let sealed = self.seal(cx, server, state, cx.limits().request_state_ttl)?;
        Ok(round::ask(&requests, sealed)?)
    }

    /// How often this call has asked already; an answer that the person will not is the end of it.
    fn rounds(&self, cx: &Context, server: &str) -> Result<u32, ErrorObject> {
        let Some(text) = round::brought(cx)? else {
            return Ok(0);
        };
        let State::Visits { rounds, .. } = self.unseal(cx, server, &text)? else {
            return Ok(0);
        };
        let answer = round::answers(cx)?.remove(KEY);
        if let Some(Value::Object(answer)) = answer
            && let Ok(result) = InputResponse::new(answer).elicit()
            && result.action != ElicitAction::Accept
        {
            return Err(crate::host::fault::wants_login(server, None));
        }
        Ok(rounds)
    }
}
