//! The login of a client: the token it shows, and how it gets another one.
//!
//! However many requests want another token, one attempt is made: in this process they wait for the same task, and other
//! processes wait for the lock of the store, after which what is kept there is read again.

mod state;

use super::attempt::{Fault, Means, Outcome};
use super::pass::{Pass, Source};
use super::{Authorization, Interactive};
use crate::error::{Error, Result};
use crate::transport::http::client::{Options, Origin};
use bowline_auth::Url;
use bowline_auth::dpop::Nonces;
use bowline_auth::flow::Cause;
use bowline_auth::store::{self, Kept, Key, Lock, Store};
use http::{HeaderMap, Uri};
use state::{Known, State, Why};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

/// The login of a client at its server.
pub(crate) struct Session {
    means: Arc<Means>,
    key: Key,
    state: Arc<Mutex<State>>,
    nonces: Mutex<Nonces>,
}

/// Why another token is wanted.
#[derive(Clone, Debug)]
pub(super) enum Need {
    /// It is not known yet what is kept.
    Known,
    /// This one ends soon.
    Renewed(Arc<Pass>),
    /// The server refused a request with this one, or with none.
    Refused(Option<Arc<Pass>>, Cause),
    /// Somebody wants a new one, whatever is kept.
    New(Cause),
}

impl Need {
    fn pass(&self) -> Option<&Arc<Pass>> {
        match self {
            Self::Known | Self::New(_) => None,
            Self::Renewed(pass) => Some(pass),
            Self::Refused(pass, _) => pass.as_ref(),
        }
    }
}

/// How long the lock of the store is waited for where nobody is asked, and where somebody may be being asked.
const LOCKED: Duration = Duration::from_secs(30);
const LOCKED_BY_A_PERSON: Duration = Duration::from_secs(11 * 60);

/// How often it is looked at.
const LOOK: Duration = Duration::from_millis(50);

impl Session {
    /// # Errors
    /// The URL is none that one can log in to, or the options of the connection are broken.
    pub(crate) fn new(authorization: Authorization, url: &str, options: &Options) -> Result<Self> {
        let server = Url::parse(url).map_err(|fault| {
            Error::invalid(format!("the URL of the server is none to log in to: {fault}"))
        })?;
        let key = Key::new(authorization.principal.clone(), server.as_str());
        let means = Means::new(authorization, server, options)?;
        let (state, nonces) = (Arc::default(), Mutex::default());
        Ok(Self { means: Arc::new(means), key, state, nonces })
    }

    /// The token to show; none where nobody has logged in yet.
    ///
    /// # Errors
    /// What is kept cannot be read.
    pub(super) async fn pass(&self) -> Result<Option<Arc<Pass>>> {
        let known = lock(&self.state).known.clone();
        let pass = match known {
            Known::Pass(pass) => pass,
            Known::Nothing => return Ok(None),
            Known::Unread => match self.obtain(Need::Known).await? {
                Some(pass) => pass,
                None => return Ok(None),
            },
        };
        let now = SystemTime::now();
        if !pass.ends_soon(now) || !self.can_renew(&pass) {
            return Ok(Some(pass));
        }
        let need = Need::Renewed(pass.clone());
        if !pass.has_ended(now) {
            // There is time until it ends, and no reason to wait.
            let _ = self.begin(&need);
            return Ok(Some(pass));
        }
        // If that does not work, the server says what does.
        Ok(Some(self.obtain(need).await.ok().flatten().unwrap_or(pass)))
    }

    /// Another token. Dropping this does not end what has begun for it, but for the wait for a person whom nobody else
    /// waits for.
    ///
    /// # Errors
    /// There is none, and why.
    pub(super) async fn obtain(&self, need: Need) -> Result<Option<Arc<Pass>>> {
        let mut waiting = match self.begin(&need) {
            Begun::There(pass) => return Ok(Some(pass)),
            Begun::Refused(why) => return Err(why.error()),
            Begun::Waiting(waiting) => waiting,
        };
        let ended = waiting.wait_for(Option::is_some).await.map(|ended| ended.clone());
        match ended {
            Ok(Some(Ok(pass))) => Ok(pass),
            Ok(Some(Err(why))) => Err(why.error()),
            Ok(None) | Err(_) => Err(Error::unauthorized("the login broke off")),
        }
    }

    /// Begins to get a token, or finds that somebody has or does.
    fn begin(&self, need: &Need) -> Begun {
        let mut state = lock(&self.state);
        if let Some(ended) = &state.running {
            return Begun::Waiting(ended.subscribe());
        }
        if let (Known::Pass(pass), Some(old)) = (&state.known, need.pass())
            && pass.number > old.number
        {
            return Begun::There(pass.clone());
        }
        if let (Known::Pass(pass), Need::Refused(None, _)) = (&state.known, need) {
            return Begun::There(pass.clone());
        }
        if let Some(why) = state.refuses(need) {
            return Begun::Refused(why);
        }
        let (ended, waiting) = watch::channel(None);
        let ended = Arc::new(ended);
        // What is kept here to join it does not count as waiting.
        state.running = Some(ended.clone());
        let errand = Errand {
            means: self.means.clone(),
            key: self.key.clone(),
            state: self.state.clone(),
            need: need.clone(),
        };
        // Owned by itself: a refresh token that was given away and whose answer was lost cannot be used again, so it is
        // not dropped with whoever wanted it. Each of its requests ends within seconds, and a person is waited for only
        // as long as somebody does.
        let over = Over { state: self.state.clone(), ended };
        tokio::spawn(async move {
            let result = errand.run(&over.ended).await;
            over.ended.send_replace(Some(result));
        });
        Begun::Waiting(waiting)
    }

    /// A new login, whatever is kept.
    ///
    /// # Errors
    /// Nobody logged in.
    pub(super) async fn log_in(&self) -> Result<Arc<Pass>> {
        let cause = match self.means.challenges().await? {
            Some(challenges) => Cause::Rejected(challenges),
            None => Cause::Login,
        };
        let pass = self.obtain(Need::New(cause)).await?;
        pass.ok_or_else(|| Error::unauthorized("the login brought no token"))
    }

    /// Forgets the login, and tells the authorization server; none if there was none.
    ///
    /// # Errors
    /// What is kept cannot be read or removed.
    pub(super) async fn log_out(&self) -> Result<Option<(Kept, Result<bool>)>> {
        let errand = Errand {
            means: self.means.clone(),
            key: self.key.clone(),
            state: self.state.clone(),
            need: Need::Known,
        };
        // What waits for the lock gives up when nobody waits for it; this does.
        let (running, _waiting) = watch::channel(None);
        let held = errand.lock(&running).await.map_err(|why| why.error())?;
        let kept = errand.read().await.map_err(|why| why.error())?;
        let Some(kept) = kept else { return Ok(None) };
        let key = self.key.clone();
        // Forgotten first: what the other side says of it cannot keep it here.
        errand.stored(move |store| store.remove(&key)).await.map_err(|why| why.error())?;
        lock(&self.state).known = Known::Nothing;
        drop(held);
        let told = self.means.revoke(&kept).await;
        Ok(Some((kept, told)))
    }

    fn can_renew(&self, pass: &Pass) -> bool {
        pass.tokens.refresh.is_some() || !self.means.authorization.takes_a_person()
    }

    /// Takes the nonce of a response, if there is one.
    pub(super) fn learn(&self, uri: &Uri, headers: &HeaderMap) {
        let mut nonces = self.nonces.lock().unwrap_or_else(PoisonError::into_inner);
        nonces.learn(&Self::origin(uri), headers);
    }

    pub(super) fn nonces(&self) -> &Mutex<Nonces> {
        &self.nonces
    }

    pub(super) fn origin(uri: &Uri) -> String {
        Origin::of(uri).map(|origin| origin.to_string()).unwrap_or_default()
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("server", &self.means.server).finish_non_exhaustive()
    }
}

/// What came of wanting a token.
enum Begun {
    There(Arc<Pass>),
    Refused(Why),
    Waiting(watch::Receiver<Option<Ended>>),
}

/// How an errand ended.
type Ended = Result<Option<Arc<Pass>>, Why>;

/// Says how an errand ended, in whatever way it did: nobody waits for one that is not there any more.
struct Over {
    state: Arc<Mutex<State>>,
    ended: Arc<watch::Sender<Option<Ended>>>,
}

impl Drop for Over {
    fn drop(&mut self) {
        let broke_off = || Err(Why::new("the login broke off"));
        if self.ended.borrow().is_none() {
            lock(&self.state).running = None;
            self.ended.send_replace(Some(broke_off()));
        }
    }
}

/// Getting one token, for whoever waits for it.
struct Errand {
    means: Arc<Means>,
    key: Key,
    state: Arc<Mutex<State>>,
    need: Need,
}

impl Errand {
    async fn run(self, ended: &watch::Sender<Option<Ended>>) -> Ended {
        let result = match &self.need {
            Need::Known => self.read().await.map(|kept| kept.map(|kept| (kept, Source::Kept))),
            _ => self.renew(ended).await.map(Some),
        };
        let mut state = lock(&self.state);
        state.running = None;
        match result {
            Ok(Some((kept, source))) => Ok(state.keep(kept, source)),
            Ok(None) => {
                state.known = Known::Nothing;
                Ok(None)
            }
            Err(why) => {
                state.failed(&self.need, &why);
                Err(why)
            }
        }
    }

    /// What is kept, or what came of an attempt.
    async fn renew(&self, ended: &watch::Sender<Option<Ended>>) -> Result<(Kept, Source), Why> {
        let lock = self.lock(ended).await?;
        let kept = self.read().await?;
        if let Some(kept) = kept.as_ref().filter(|kept| self.is_another(kept)) {
            // Another process has seen to it.
            return Ok((kept.clone(), Source::Kept));
        }
        let cause = self.cause(kept.as_ref())?;
        let silent = matches!(cause, Cause::Refresh);
        let result = self.means.attempt(cause, kept, ended.closed()).await;
        let result = match result {
            Ok(Outcome { kept, source }) => {
                if let Err(why) = self.save(kept.clone()).await {
                    // It is still good for as long as this process lives.
                    tracing::warn!(error = %why.error(), "a login could not be kept");
                }
                Ok((*kept, source))
            }
            Err(Fault::NobodyThere) => Err(self.nobody_there(None)),
            Err(Fault::GivenUp(error)) => Err(self.given_up(error)),
            Err(Fault::Failed(failed)) => {
                if let Some(kept) = failed.kept
                    && let Err(why) = self.save(kept).await
                {
                    tracing::warn!(error = %why.error(), "a registration could not be kept");
                }
                Err(match silent && self.never_asks() {
                    true => self.nobody_there(Some(failed.fault)),
                    false => self.refused(failed.fault),
                })
            }
        };
        drop(lock);
        result
    }

    /// Why a flow begins.
    fn cause(&self, kept: Option<&Kept>) -> Result<Cause, Why> {
        let cause = match &self.need {
            Need::Known | Need::Renewed(_) => return Ok(Cause::Refresh),
            Need::Refused(_, cause) | Need::New(cause) => cause.clone(),
        };
        if !self.means.authorization.takes_a_person() || !self.never_asks() {
            return Ok(cause);
        }
        let tokens = kept.and_then(|kept| kept.tokens.as_ref());
        match (cause, tokens.and_then(|tokens| tokens.refresh.as_ref())) {
            // It is all that can be done without a person.
            (Cause::Unauthorized(_), Some(_)) => Ok(Cause::Refresh),
            _ => Err(self.nobody_there(None)),
        }
    }

    /// Whether a login that is kept is another than the one that is not good enough.
    fn is_another(&self, kept: &Kept) -> bool {
        if let Need::New(_) = self.need {
            return false;
        }
        let Some(tokens) = &kept.tokens else { return false };
        if tokens.ends(SystemTime::now(), Duration::ZERO) {
            return false;
        }
        self.need.pass().is_none_or(|pass| pass.tokens.access != tokens.access)
    }

    /// Takes the lock of the store.
    async fn lock(&self, ended: &watch::Sender<Option<Ended>>) -> Result<Lock, Why> {
        let asks = self.means.authorization.takes_a_person() && !self.never_asks();
        let most = if asks { LOCKED_BY_A_PERSON } else { LOCKED };
        let began = Instant::now();
        loop {
            let key = self.key.clone();
            if let Some(lock) = self.stored(move |store| store.try_lock(&key)).await? {
                return Ok(lock);
            }
            // Nothing was given away yet, so that it can be left.
            if began.elapsed() >= most || ended.is_closed() {
                return Err(self.refused("another process has been logging in for too long"));
            }
            sleep(LOOK).await;
        }
    }

    async fn read(&self) -> Result<Option<Kept>, Why> {
        let key = self.key.clone();
        self.stored(move |store| store.load(&key)).await
    }

    async fn save(&self, kept: Box<Kept>) -> Result<(), Why> {
        self.stored(move |store| store.save(&kept)).await
    }

    /// Asks the store, which may take the time of a disk or a person.
    async fn stored<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&dyn Store) -> Result<T, store::Fault> + Send + 'static,
    ) -> Result<T, Why> {
        let store = self.means.authorization.store.clone();
        match tokio::task::spawn_blocking(move || ask(&*store)).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(fault)) => {
                Err(Why::new("the logins that are kept cannot be used").because(fault))
            }
            Err(error) => Err(Why::new("the logins that are kept cannot be used").because(error)),
        }
    }

    fn never_asks(&self) -> bool {
        self.means.authorization.interactive == Interactive::Never
    }

    fn nobody_there(&self, fault: Option<bowline_auth::flow::Fault>) -> Why {
        let (server, command) =
            (self.means.server.origin(), self.means.authorization.command(&self.means.server));
        let why = match (&fault, &self.need) {
            (Some(_), _) => "the login that is kept cannot be renewed",
            (None, Need::Refused(_, Cause::InsufficientScope(_))) => {
                "it wants a login that may do more"
            }
            (None, _) => "it wants a login",
        };
        let why =
            Why::new(format!("{server}: {why}, and nobody can be asked now; run `{command}`"));
        match fault {
            Some(fault) => why.because(fault),
            None => why,
        }
    }

    fn given_up(&self, error: Error) -> Why {
        let server = self.means.server.origin();
        Why::new(format!("{server}: nobody logged in")).because(error).lasting()
    }

    fn refused(&self, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Why {
        let server = self.means.server.origin();
        Why::new(format!("{server}: the login failed")).because(cause)
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    // Nothing that runs under this lock can leave anything half-changed.
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
