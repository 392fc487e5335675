//! Many callers of one server that asks: none of them ever sees a byte of another.

use crate::post::{Caller, Said};
use crate::script::{LEGACY, Over, Upstream};
use crate::session::Session;
use crate::tokens::Tokens;
use crate::up::Config;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::task::JoinSet;

const CALLERS: usize = 16;

/// How many calls of one caller run at once.
const AT_ONCE: usize = 2;

/// What a caller's secrets begin with, and nobody else's.
fn mark(caller: usize) -> String {
    format!("mark-{caller:02}-")
}

/// That nothing of anybody else is in these bytes.
fn only(caller: usize, bytes: &str) {
    for (at, _) in bytes.match_indices("mark-") {
        let found = bytes.get(at..at + mark(caller).len()).unwrap_or_default();
        assert_eq!(found, mark(caller), "a foreign byte for caller {caller}: {bytes}");
    }
}

/// That the answer is that of this call, with what it said of itself on its way.
fn own(said: &Said, secret: &str) {
    assert_eq!(said.text(), format!("result {secret}"), "{}", said.bytes);
    assert!(said.progress().contains(&format!("progress {secret}").as_str()), "{}", said.bytes);
}

enum Who {
    /// It comes back with its answers.
    Modern(Caller),
    /// It is asked while it waits.
    Legacy(Box<Session>),
}

impl Who {
    async fn new(caller: usize, address: &str, token: Option<&str>) -> Self {
        if caller % 2 == 1 {
            return Self::Legacy(Box::new(Session::open(address, token).await));
        }
        let new = Caller::new(address);
        Self::Modern(match token {
            Some(token) => new.with_token(token),
            None => new,
        })
    }

    async fn call(&self, caller: usize, nth: usize) {
        let label = format!("{}label-{nth}", mark(caller));
        let secret = format!("{}secret-{nth}", mark(caller));
        let said = match self {
            Self::Modern(this) => {
                let arguments = json!({ "label": label });
                let asked = this.call("secret", arguments.clone()).await;
                only(caller, &asked.bytes);
                let round = asked.round(|_, params: &Value| {
                    assert_eq!(params["message"], format!("the secret of {label}?"));
                    json!({ "action": "accept", "content": { "secret": secret } })
                });
                this.retry("secret", arguments, &round).await
            }
            Self::Legacy(session) => session.secret(&label, &secret).await,
        };
        only(caller, &said.bytes);
        own(&said, &secret);
    }
}

/// Lets all of them call, and looks at every byte.
async fn interleaved(over: Over, with_tokens: bool, calls: usize) {
    let upstream = Upstream::new(LEGACY, over).await;
    let isolation = if with_tokens { "principal" } else { "shared" };
    let config = Config::new().server("one", &upstream).set("isolation", json!(isolation));
    let tokens = Tokens::write(config.folder(), CALLERS);
    let args = ["--token-file", tokens.file()];
    let up = config.up_with(if with_tokens { &args } else { &[] });
    let mut running = JoinSet::new();
    for caller in 0..CALLERS {
        let token = with_tokens.then(|| tokens.token(caller));
        let who = Arc::new(Who::new(caller, &up.address, token).await);
        for lane in 0..AT_ONCE {
            let who = who.clone();
            running.spawn(async move {
                for nth in (lane..calls / CALLERS).step_by(AT_ONCE) {
                    who.call(caller, nth).await;
                }
                if let Who::Legacy(session) = &*who {
                    only(caller, &session.bytes());
                }
            });
        }
    }
    running.join_all().await;
    let seen = upstream.seen.calls();
    assert_eq!((seen.answered, seen.cancelled), (calls, 0));
    assert!(seen.most > 1, "the calls did not overlap: {seen:?}");
    if with_tokens {
        assert!(upstream.seen.instances() >= CALLERS, "a principal has instances of its own");
    }
}

/// Few enough for every run.
const FEW: usize = 40 * CALLERS;

const ALL: usize = 10_000;

#[tokio::test(flavor = "multi_thread")]
async fn anonymous_callers_of_shared_instances_see_no_foreign_byte() {
    interleaved(Over::Stdio, false, FEW).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn principals_with_instances_of_their_own_see_no_foreign_byte() {
    interleaved(Over::Stdio, true, FEW).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_of_a_shared_session_over_http_see_no_foreign_byte() {
    interleaved(Over::Http, false, FEW).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "ten thousand calls take a minute"]
async fn ten_thousand_calls_of_anonymous_callers_show_no_foreign_byte() {
    interleaved(Over::Stdio, false, ALL).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "ten thousand calls take a minute"]
async fn ten_thousand_calls_of_sixteen_principals_show_no_foreign_byte() {
    interleaved(Over::Stdio, true, ALL).await;
}
