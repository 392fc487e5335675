//! Rows that no handler of its own could break: hints, cursors, the state of questions.

use super::is;
use crate::serve::everything::resources::is_listed;
use bowline::protocol::outcome::{Body, Outcome, ResultKind};
use bowline::protocol::scan::{BodyKey, Raw};
use bowline::types::method::CacheHint;
use bowline::types::resource::{ReadResourceResult, ResourceContents};
use bowline::{Answer, Call, Principal, Service};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The service with one of these rows broken, if one of them is to be.
pub(crate) fn wrap(service: impl Service) -> impl Service {
    Layer { inner: Arc::new(service), first: Arc::default() }
}

struct Layer<S> {
    inner: Arc<S>,
    /// What was answered to requests that brought no cursor and no state, by method and name.
    first: Arc<Mutex<HashMap<(String, String), Outcome>>>,
}

impl<S: Service> Service for Layer<S> {
    fn call(self: Arc<Self>, call: Call) -> Answer {
        let request = call.request();
        let method = request.method().into_owned();
        let name = request.param_str(BodyKey::Name).unwrap_or_default().into_owned();
        let cursor = request.param(BodyKey::Cursor).is_some();
        let state = request.param(BodyKey::RequestState).is_some();
        let uri = request.param_str(BodyKey::Uri).unwrap_or_default().into_owned();
        let first = self.first.clone();
        let answer = self.inner.clone().call(call);
        Answer::new(async move {
            let mut outcome = answer.await;
            if is("caching")
                && method == "resources/templates/list"
                && let Outcome::Result { cache, .. } = &mut outcome
            {
                *cache = Some(CacheHint::public(1));
            }
            if is("read_unknown") && method == "resources/read" && !matches_any(&uri) {
                outcome = sabotaged(&uri).unwrap_or(outcome);
            }
            let mut first = first.lock().unwrap_or_else(PoisonError::into_inner);
            let refused = matches!(outcome, Outcome::Error(_));
            let forgiven = is("bad_cursor") && cursor || is("request_state") && state;
            match first.get(&(method.clone(), name.clone())) {
                Some(first) if refused && forgiven => first.clone(),
                _ => {
                    if !cursor && !state {
                        first.insert((method, name), outcome.clone());
                    }
                    outcome
                }
            }
        })
    }

    fn notify(&self, from: &Principal, notification: bowline::protocol::scan::Message) {
        self.inner.notify(from, notification);
    }

    fn server_info(&self) -> Option<Raw> {
        self.inner.server_info()
    }
}

/// Whether a URI has the form of a template, so that what is refused there is a value and not the URI.
fn matches_any(uri: &str) -> bool {
    uri.starts_with("everything://") && uri["everything://".len()..].contains(['/', '?'])
        || is_listed(uri)
}

fn sabotaged(uri: &str) -> Option<Outcome> {
    let contents = ResourceContents::text(uri, "sabotaged");
    let body = Body::encode(ReadResourceResult::new(vec![contents])).ok()?;
    let cache = Some(CacheHint::public(0));
    Some(Outcome::Result { kind: ResultKind::Complete, body, cache })
}
