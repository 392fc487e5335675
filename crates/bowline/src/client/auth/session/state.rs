//! What a login knows between requests.

use super::{Ended, Need};
use crate::client::auth::pass::{Pass, Source};
use crate::error::Error;
use bowline_auth::flow::Cause;
use bowline_auth::store::Kept;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::watch;
use tokio::time::Instant;

/// What a login knows between requests.
#[derive(Default)]
pub(super) struct State {
    pub(super) known: Known,
    /// How the errand ends that is under way.
    pub(super) running: Option<Arc<watch::Sender<Option<Ended>>>>,
    passes: u64,
    /// The last errand that failed, and until when none other is tried.
    failed: Option<(Instant, Why)>,
    /// The same for a token that could not be renewed in time. It may still be good, and nothing is refused for that.
    tired: Option<(Instant, Why)>,
}

/// What is known of the token.
#[derive(Clone, Default)]
pub(super) enum Known {
    /// Nobody has looked yet.
    #[default]
    Unread,
    /// There is none.
    Nothing,
    Pass(Arc<Pass>),
}

/// How long nothing is tried again: after a failure that may pass, and after a person was asked in vain.
const PAUSE: Duration = Duration::from_secs(1);
const LONG_PAUSE: Duration = Duration::from_secs(30);

/// How long a token that could not be renewed is used as it is.
const REST: Duration = Duration::from_secs(10);

/// How long nobody is asked to log in again after what they did brought a token that the server does not take.
const USELESS: Duration = Duration::from_secs(60);

impl State {
    /// Why a token is not even tried to get.
    pub(super) fn refuses(&self, need: &Need) -> Option<Why> {
        if let Some((until, why)) = &self.failed
            && Instant::now() < *until
        {
            return Some(why.clone());
        }
        if let (Need::Renewed(_), Some((until, why))) = (need, &self.tired)
            && Instant::now() < *until
        {
            return Some(why.clone());
        }
        // Whoever was asked once would be asked again with each request.
        let Need::Refused(Some(pass), Cause::Unauthorized(_) | Cause::Rejected(_)) = need else {
            return None;
        };
        let useless =
            pass.source == Source::LoggedIn && !pass.is_proved() && pass.since.elapsed() < USELESS;
        useless
            .then(|| Why::new("the server does not take the token that the login has just brought"))
    }

    /// Takes what came of an errand.
    pub(super) fn keep(&mut self, kept: Kept, source: Source) -> Option<Arc<Pass>> {
        (self.failed, self.tired) = (None, None);
        self.passes += 1;
        let pass = Pass::of(kept, self.passes, source, SystemTime::now()).map(Arc::new);
        self.known = pass.clone().map_or(Known::Nothing, Known::Pass);
        pass
    }

    /// Takes that it failed.
    pub(super) fn failed(&mut self, need: &Need, why: &Why) {
        let until = |pause| Some((Instant::now() + pause, why.clone()));
        match need {
            Need::Known => {}
            Need::Renewed(_) => self.tired = until(REST),
            _ if why.lasting => self.failed = until(LONG_PAUSE),
            _ => self.failed = until(PAUSE),
        }
    }
}

/// Why there is no token, for everybody who waited for it.
#[derive(Clone, Debug)]
pub(crate) struct Why {
    message: Arc<str>,
    cause: Option<Shared>,
    lasting: bool,
}

impl Why {
    pub(super) fn new(message: impl Into<Arc<str>>) -> Self {
        Self { message: message.into(), cause: None, lasting: false }
    }

    pub(super) fn because(
        self,
        cause: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self { cause: Some(Shared(cause.into().into())), ..self }
    }

    /// Says that trying again at once is no use.
    pub(super) fn lasting(self) -> Self {
        Self { lasting: true, ..self }
    }

    /// The error of one of them.
    pub(super) fn error(&self) -> Error {
        let error = Error::unauthorized(&*self.message);
        match &self.cause {
            Some(cause) => error.because(cause.clone()),
            None => error,
        }
    }
}

/// An error that several errors have for their cause.
#[derive(Clone, Debug)]
struct Shared(Arc<dyn std::error::Error + Send + Sync>);

impl fmt::Display for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Shared {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}
