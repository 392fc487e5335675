//! What one run of a handler asks, and what it knows from earlier runs.

use super::canonical::Digest;
use super::question::{Answer, Question};
use super::seal::random;
use crate::error::{Error, Result};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Map, Value};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context as Task, Waker};

/// What one run asks; most ask nothing, and then it holds nothing.
///
/// The lock is held for a few instructions, and never while code of a user runs; it is needed because a handler may
/// ask from tasks of its own.
#[derive(Debug, Default)]
pub(crate) struct Asks(OnceLock<Box<Mutex<State>>>);

#[derive(Debug, Default)]
pub(super) struct State {
    /// Which chain of rounds this run belongs to; made at first use.
    chain: Option<Chain>,
    /// The rounds before this one; none in the first run of a chain.
    pub(super) round: u32,
    /// What earlier rounds left, and what this one adds.
    pub(super) kept: Kept,
    /// Where the ledger has the rest of it.
    pub(super) stored: Option<String>,
    /// What waits for the client.
    pub(super) open: BTreeMap<String, Question>,
    /// An answer that is no answer to its question: its key, and why. The call ends with it.
    pub(super) broken: Option<(String, String)>,
    /// The keys this run has asked.
    used: BTreeSet<String>,
    /// The keys of effects this run has begun.
    begun: BTreeSet<String>,
    /// Effects in progress: until they are done nothing is dropped.
    busy: usize,
    /// Questions that were put live and have no answer yet.
    live: usize,
    /// What tells visits apart, by the key of the question.
    #[cfg(not(modern_only))]
    visits: BTreeMap<String, String>,
    /// Who drives the handler.
    driver: Option<Waker>,
}

/// What goes from round to round.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) answers: BTreeMap<String, KeptAnswer>,
    pub(super) effects: BTreeMap<String, Effect>,
}

/// An answer, and what it was the answer to. It is checked whenever it is used.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct KeptAnswer {
    /// `None` for an answer that a client sent before it was asked: it belongs to the first question of its key.
    pub(super) question: Option<Digest>,
    pub(super) answer: Map<String, Value>,
}

/// How far something that may happen only once has come.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Effect {
    Running,
    Done(Value),
    Unknown,
}

/// The id of a chain of rounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chain(pub(super) [u8; 16]);

thread_local! {
    /// Whether an effect is being polled on this thread.
    static INSIDE_ONCE: Cell<bool> = const { Cell::new(false) };
}

impl Asks {
    /// The answer to a question as far as one is there; it is used up by looking.
    pub(super) fn begin(&self, key: &str, question: &Question) -> Result<Option<Answer>> {
        if INSIDE_ONCE.get() {
            return Err(Error::invalid(format!(
                "question `{key}` was asked inside of `once`; ask before it"
            )));
        }
        let mut state = self.lock();
        if !state.used.insert(key.to_owned()) {
            return Err(Error::invalid(format!(
                "question `{key}` was asked twice in one run; give every question a key of its own"
            )));
        }
        let Some(kept) = state.kept.answers.get_mut(key) else {
            return Ok(None);
        };
        let asked = question.digest();
        let fits = *kept.question.get_or_insert(asked) == asked;
        Ok(fits.then(|| Answer(kept.answer.clone())))
    }

    /// Gives up the call over an answer that is none.
    pub(super) fn break_off(&self, key: &str, why: String) {
        let driver = {
            let mut state = self.lock();
            state.broken.get_or_insert_with(|| (key.to_owned(), why));
            state.driver.take()
        };
        wake(driver);
    }

    /// Opens a question that no usable answer is there for.
    pub(super) fn put(&self, key: &str, question: Question) {
        let driver = {
            let mut state = self.lock();
            state.kept.answers.remove(key);
            state.open.insert(key.to_owned(), question);
            state.driver.take()
        };
        wake(driver);
    }

    pub(super) fn is_suspended_or_wake(&self, task: &Task<'_>) -> bool {
        let mut state = self.lock();
        let waits = !state.open.is_empty() || state.broken.is_some();
        let suspended = waits && state.busy == 0;
        if !suspended && !state.driver.as_ref().is_some_and(|known| known.will_wake(task.waker())) {
            state.driver = Some(task.waker().clone());
        }
        suspended
    }

    /// Counts a question that was put live; whether it is the only one.
    #[cfg(not(modern_only))]
    pub(super) fn begin_waiting(&self) -> bool {
        let mut state = self.lock();
        state.live += 1;
        state.live == 1
    }

    /// Counts such a question no more; whether it was the last one.
    #[cfg(not(modern_only))]
    pub(super) fn end_waiting(&self) -> bool {
        let mut state = self.lock();
        state.live -= 1;
        state.live == 0
    }

    /// Whether the call waits for its client rather than for its handler.
    pub(crate) fn is_waiting(&self) -> bool {
        self.0.get().is_some_and(|state| held(state).live > 0)
    }

    /// Notes what tells a visit from others.
    #[cfg(not(modern_only))]
    pub(super) fn visited(&self, key: &str, id: String) {
        self.lock().visits.insert(key.to_owned(), id);
    }

    /// What tells the visit that was asked for under this key from others.
    #[cfg(not(modern_only))]
    pub(super) fn visit(&self, key: &str) -> Option<String> {
        held(self.0.get()?).visits.get(key).cloned()
    }

    /// The chain of this run.
    pub(super) fn chain(&self) -> Chain {
        *self.lock().chain.get_or_insert_with(|| Chain(random()))
    }

    /// Begins with answers that came before anything was asked.
    pub(super) fn foresee(&self, answers: impl IntoIterator<Item = (String, Map<String, Value>)>) {
        let answers = answers.into_iter();
        self.lock().kept.answers =
            answers.map(|(key, answer)| (key, KeptAnswer { question: None, answer })).collect();
    }

    /// Goes on where an earlier round stopped.
    pub(super) fn resume(&self, chain: Chain, round: u32, kept: Kept, stored: Option<String>) {
        let mut state = self.lock();
        state.chain = Some(chain);
        state.round = round;
        state.kept = kept;
        state.stored = stored;
    }

    /// Begins an effect: its end, if an earlier round has seen it, or what to tell when it ends.
    pub(super) fn begin_effect(&self, key: &str) -> Result<Begun<'_>> {
        let mut state = self.lock();
        if !state.begun.insert(key.to_owned()) {
            return Err(Error::invalid(format!(
                "`once` was used twice in one run with key `{key}`; give every effect its own"
            )));
        }
        if let Some(effect) = state.kept.effects.get(key) {
            return Ok(Begun::Before(effect.clone()));
        }
        state.busy += 1;
        Ok(Begun::Now { busy: Busy { asks: self, key: key.into() }, resumed: state.round > 0 })
    }

    /// Where the ledger has the rest of what earlier rounds left; told once.
    pub(super) fn take_stored(&self) -> Option<String> {
        held(self.0.get()?).stored.take()
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        held(self.0.get_or_init(Box::default))
    }
}

fn held(state: &Mutex<State>) -> MutexGuard<'_, State> {
    // Nothing that runs under the lock can leave the state half-changed.
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Wakes a driver; never under the lock, since what a waker does is nobody's promise.
fn wake(driver: Option<Waker>) {
    if let Some(driver) = driver {
        driver.wake();
    }
}

/// What an effect finds when it begins.
pub(super) enum Begun<'a> {
    /// An earlier round has begun it.
    Before(Effect),
    /// It begins now.
    Now { busy: Busy<'a>, resumed: bool },
}

/// An effect in progress; while there is one, the handler is not dropped for a question.
pub(super) struct Busy<'a> {
    asks: &'a Asks,
    key: Box<str>,
}

impl Busy<'_> {
    /// Notes what later rounds find. Without it they find that the end is unknown.
    pub(super) fn end(&self, effect: Effect) {
        self.asks.lock().kept.effects.insert(self.key.to_string(), effect);
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        let driver = {
            let mut state = self.asks.lock();
            state.kept.effects.entry(self.key.to_string()).or_insert(Effect::Unknown);
            state.busy -= 1;
            state.driver.take()
        };
        wake(driver);
    }
}

/// Marks this thread as being inside of an effect, until it is dropped.
pub(super) struct Inside(bool);

impl Inside {
    pub(super) fn enter() -> Self {
        Self(INSIDE_ONCE.replace(true))
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        INSIDE_ONCE.set(self.0);
    }
}

impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Serialize for Chain {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Chain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let number = u128::from_str_radix(&text, 16).map_err(de::Error::custom)?;
        Ok(Self(number.to_be_bytes()))
    }
}
