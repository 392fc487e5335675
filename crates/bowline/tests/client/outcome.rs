//! What became of a call, in a word.

use bowline::types::content::ContentBlock;
use bowline::types::tool::CallToolResult;
use bowline::{Client, Error};
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What became of a call, as its caller can tell by result and predicates.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Got {
    /// A result whose first text is this.
    Said(String),
    /// [`Error::is_bad_answer`]
    Bad,
    /// [`Error::is_timeout`]
    TimedOut,
    /// [`Error::is_closed`]
    Closed,
    /// [`Error::is_overloaded`]
    Overloaded,
    /// [`Error::rpc`] with this code
    Rpc(i64),
    /// [`Error::is_unsupported`]
    Unsupported,
    /// [`Error::is_invalid`]
    Invalid,
    /// None of its predicates holds.
    Other(String),
}

impl Got {
    pub(crate) fn of(result: &Result<CallToolResult, Error>) -> Self {
        match result {
            Ok(result) => match result.content.first() {
                Some(ContentBlock::Text(text)) => Self::Said(text.text.clone()),
                first => Self::Said(format!("no text but {first:?}")),
            },
            Err(error) => Self::of_error(error),
        }
    }

    pub(crate) fn of_error(error: &Error) -> Self {
        let rpc = error.rpc().map(|error| Self::Rpc(error.code.0));
        let is = [
            (error.is_bad_answer(), Self::Bad),
            (error.is_timeout(), Self::TimedOut),
            (error.is_closed(), Self::Closed),
            (error.is_overloaded(), Self::Overloaded),
            (error.is_unsupported(), Self::Unsupported),
            (error.is_invalid(), Self::Invalid),
        ];
        let first = is.into_iter().find_map(|(is, got)| is.then_some(got));
        rpc.or(first).unwrap_or_else(|| Self::Other(format!("{error:?}")))
    }
}

impl fmt::Display for Got {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Said(text) => write!(f, "said {text}"),
            Self::Bad => f.write_str("bad answer"),
            Self::TimedOut => f.write_str("timeout"),
            Self::Closed => f.write_str("closed"),
            Self::Overloaded => f.write_str("overloaded"),
            Self::Rpc(code) => write!(f, "rpc {code}"),
            Self::Unsupported => f.write_str("unsupported"),
            Self::Invalid => f.write_str("invalid"),
            Self::Other(why) => write!(f, "? {why}"),
        }
    }
}

/// What `on_error` heard.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults(Arc<Mutex<Vec<String>>>);

impl Faults {
    pub(crate) fn hear(&self) -> impl Fn(&Error) + Send + Sync + 'static {
        let faults = self.0.clone();
        move |error| faults.lock().unwrap().push(error.to_string())
    }

    pub(crate) fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

/// Calls a tool and says what became of it.
pub(crate) async fn call(client: &Client, tool: &str) -> Got {
    Got::of(&client.call_tool(tool, ()).await)
}

/// The same, in at most this time without anything.
pub(crate) async fn call_within(client: &Client, tool: &str, idle: Duration) -> Got {
    Got::of(&client.call_tool(tool, ()).timeout(idle).await)
}

/// Fails unless an honest call is answered.
pub(crate) async fn works(client: &Client, after: &str) {
    let got = call(client, "good").await;
    assert_eq!(got, Got::Said("good".into()), "the next call, after {after}");
}

/// Lets everything happen that needs no time to pass.
pub(crate) async fn settle() {
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
}
