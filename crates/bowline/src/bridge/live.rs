//! Questions of a server without sessions, asked live of a caller that has one.

use super::asked::checked;
use super::fault::{bad, named};
use super::round::{NEITHER, declared, rewrite};
use crate::ask::{Line, refused};
use crate::client::forward::Onward;
use crate::context::Context;
use crate::error::Error;
use bowline_protocol::era::client::Answer;
use bowline_protocol::outcome::{Body, Outcome};
use bowline_protocol::protocol::Response;
use bowline_protocol::scan::BodyKey;
use bowline_types::input::{ElicitRequestParams, InputRequest, InputRequiredResult};
use bowline_types::jsonrpc::ErrorObject;
use serde_json::{Map, Value, json};
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

/// How often the server has asked, and where its user was sent.
#[derive(Default)]
pub(super) struct Rounds {
    asked: u32,
    /// The keys of visits that the server has not heard of yet.
    visits: Vec<String>,
}

impl Rounds {
    /// Asks what the server must know before it goes on, and puts the answers into the request.
    ///
    /// # Errors
    /// What the call ends with, when there are no answers.
    pub(super) async fn answer(
        &mut self,
        cx: &Context,
        server: &str,
        answer: &Answer,
        onward: &mut Onward,
    ) -> Result<(), Outcome> {
        self.asked += 1;
        let most = cx.limits().rounds;
        if self.asked > most {
            let fault = format!(
                "{}: the server has asked {most} times and is still not done",
                onward.method
            );
            return Err(named(server, &Error::overloaded(fault)).into());
        }
        let unreadable = |fault| bad(server, &onward.method, fault);
        let required: InputRequiredResult = answer.text.decode().map_err(unreadable)?;
        let InputRequiredResult { input_requests, request_state, .. } = required;
        if input_requests.is_none() && request_state.is_none() {
            return Err(bad(server, &onward.method, NEITHER).into());
        }
        let mut answers = None;
        if let Some(questions) = input_requests {
            declared(&questions, &cx.client_capabilities())?;
            // What was asked before and is not asked again has been done.
            self.visits.retain(|key| questions.contains_key(key) || done(cx, key));
            let Some(line) = cx.line() else {
                let why = "the session of this request cannot be asked";
                return Err(ErrorObject::internal_error(why).into());
            };
            let most = cx.limits().waiting_per_link;
            if questions.len() > most {
                let fault = format!("the server asks more than {most} questions at once");
                return Err(named(server, &Error::overloaded(fault)).into());
            }
            let questions: Vec<_> =
                questions.iter().map(|(key, question)| (key.clone(), question.clone())).collect();
            let visits: Vec<_> = questions
                .iter()
                .filter(|(_, question)| is_visit(question))
                .map(|(key, _)| key.clone())
                .collect();
            let given = ask(cx, line, questions).await?;
            let went =
                |key: &String| given.get(key).is_some_and(|answer| answer["action"] == "accept");
            self.visits.retain(|key| !visits.contains(key));
            self.visits.extend(visits.into_iter().filter(went));
            answers = Some(given);
        } else {
            self.end(cx);
        }
        rewrite(&mut onward.params, |members| {
            let mut put = |key: BodyKey, value: Option<Value>| match value {
                Some(value) => members.insert(key.name().to_owned(), value),
                None => members.remove(key.name()),
            };
            put(BodyKey::InputResponses, answers.map(Value::Object));
            put(BodyKey::RequestState, request_state.map(Value::String));
        })?;
        Ok(())
    }

    /// The server has answered for good: what its user was sent to do is done.
    pub(super) fn end(&mut self, cx: &Context) {
        self.visits.retain(|key| done(cx, key));
    }
}

/// Tells the client that a visit is done; it is not kept then.
fn done(cx: &Context, key: &str) -> bool {
    cx.elicitation_complete(key);
    false
}

fn is_visit(question: &InputRequest) -> bool {
    matches!(question, InputRequest::Elicit(request) if matches!(request.params, ElicitRequestParams::Url(_)))
}

/// Asks all questions at the same time; the first that fails ends them all.
async fn ask(
    cx: &Context,
    line: &Arc<Line>,
    questions: Vec<(String, InputRequest)>,
) -> Result<Map<String, Value>, Outcome> {
    let put = |(key, question): (String, InputRequest)| async move {
        let answer = one(cx, line, &key, &question).await;
        answer.map(|answer| (key, answer))
    };
    let mut open: Vec<_> = questions.into_iter().map(put).map(Box::pin).collect();
    let mut answers = Map::new();
    poll_fn(|task| {
        let mut failed = None;
        open.retain_mut(|asking| match asking.as_mut().poll(task) {
            Poll::Pending => true,
            Poll::Ready(Ok((key, answer))) => {
                answers.insert(key, Value::Object(answer));
                false
            }
            Poll::Ready(Err(outcome)) => {
                failed.get_or_insert(outcome);
                false
            }
        });
        match failed {
            Some(outcome) => Poll::Ready(Err(outcome)),
            None if open.is_empty() => Poll::Ready(Ok(())),
            None => Poll::Pending,
        }
    })
    .await?;
    Ok(answers)
}

async fn one(
    cx: &Context,
    line: &Arc<Line>,
    key: &str,
    question: &InputRequest,
) -> Result<Map<String, Value>, Outcome> {
    let unusable = |why: &str| {
        let message = format!("the answer to question `{key}` is not usable: {why}");
        Outcome::from(ErrorObject::invalid_params(message))
    };
    let failed = |error: &Error| match error.object() {
        Some(object) => object.into(),
        None => gave_up(cx, &error.to_string()),
    };
    match line.hand_on(cx, key, question).await.map_err(|error| failed(&error))? {
        Response::Error(error) => Err(failed(&refused(key, error))),
        Response::Malformed(why) => Err(unusable(&why)),
        Response::Result(message) => {
            let answer = message.result().and_then(|result| result.decode().ok());
            let answer = checked(question, answer.unwrap_or_default());
            Ok(answer.map_err(|why| unusable(&why))?.into_map())
        }
    }
}

/// What a call ends with whose caller does not answer: of a tool, something for the model to read.
pub(super) fn gave_up(cx: &Context, why: &str) -> Outcome {
    if cx.request().row().name == "tools/call" {
        let content = json!({ "content": [{ "type": "text", "text": why }], "isError": true });
        if let Ok(body) = Body::of(&content) {
            return Outcome::complete(body);
        }
    }
    ErrorObject::internal_error(why).into()
}
