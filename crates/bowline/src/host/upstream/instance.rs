//! One running instance: a client of the server, and for byte streams the process behind it.

use crate::client::lane::Lane;
use crate::client::{Client, State};
use crate::error::Result;
use crate::host::monitor::Watched;
use crate::host::status::meter::{Measured, Meter};
use bowline_types::log::LoggingLevel;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::AbortHandle;
use tokio::time::Instant;

/// Who has used an instance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Callers {
    #[default]
    Nobody,
    One(u64),
    /// Several, or one that cannot be told from others.
    Several,
}

/// One running instance.
#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) client: Client,
    pub(super) lane: Lane,
    pub(crate) meter: Arc<Meter>,
    /// What its processes use.
    pub(crate) watched: Watched,
    /// Tells it from others of the server, also from those before it.
    pub(crate) number: u64,
    /// Whether a call has it to itself just now; only where one serves one call at a time.
    taken: AtomicBool,
    running: AtomicUsize,
    born: Instant,
    /// When a call last ended, in milliseconds after `born`.
    used: AtomicU64,
    /// The most verbose level that a caller has wished for; of a server with a session.
    level: AtomicU8,
    /// Who has used it.
    callers: Mutex<Callers>,
    /// Levels are told one after the other.
    telling: Mutex<()>,
    /// Hears of changes of its lists, where the keeper listens to another one.
    hearing: Mutex<Option<AbortHandle>>,
}

impl Instance {
    pub(super) fn new(client: Client, lane: Lane, watched: Watched, number: u64) -> Arc<Self> {
        Arc::new(Self {
            client,
            lane,
            meter: Arc::default(),
            watched,
            number,
            taken: AtomicBool::new(false),
            running: AtomicUsize::new(0),
            born: Instant::now(),
            used: AtomicU64::new(0),
            level: AtomicU8::new(u8::MAX),
            callers: Mutex::default(),
            telling: Mutex::new(()),
            hearing: Mutex::default(),
        })
    }

    /// Owns the task that hears of changes of its lists.
    pub(super) fn own(&self, hearing: AbortHandle) {
        *self.hearing.lock().unwrap_or_else(PoisonError::into_inner) = Some(hearing);
    }

    /// Whether calls can be given to it: it is there, or is being made anew.
    pub(super) fn is_open(&self) -> bool {
        self.client.standing(|state| !matches!(state, State::Closed { .. }))
    }

    /// Takes it for one call alone, before anybody else knows of it.
    pub(super) fn begin(self: &Arc<Self>) -> Taken {
        self.taken.store(true, Ordering::Release);
        Taken { call: self.enter() }
    }

    /// Takes it for one call alone; `None` when another call has it.
    pub(super) fn take(self: &Arc<Self>) -> Option<Taken> {
        let free = !self.taken.swap(true, Ordering::AcqRel);
        free.then(|| Taken { call: self.enter() })
    }

    /// Counts a call.
    pub(super) fn enter(self: &Arc<Self>) -> Running {
        self.running.fetch_add(1, Ordering::Relaxed);
        Running { instance: self.clone() }
    }

    /// Counts and times a call.
    pub(super) fn measure(&self) -> Measured {
        self.meter.begin()
    }

    /// How long it has been there.
    pub(crate) fn age(&self) -> Duration {
        self.born.elapsed()
    }

    /// How many calls it has.
    pub(crate) fn running(&self) -> usize {
        self.running.load(Ordering::Relaxed)
    }

    /// For how long nobody has used it; nothing while somebody does. Who wants to stop it for that must keep calls from
    /// [entering](Self::enter) meanwhile.
    pub(super) fn idle(&self) -> Option<Duration> {
        if self.running.load(Ordering::Acquire) > 0 {
            return None;
        }
        let used = Duration::from_millis(self.used.load(Ordering::Relaxed));
        Some(self.born.elapsed().saturating_sub(used))
    }

    /// Whether nobody but this caller has ever used it; counts him as one who has.
    pub(super) fn is_only(&self, caller: Option<u64>) -> bool {
        let mut callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        let now = caller.map_or(Callers::Several, Callers::One);
        if *callers == Callers::Nobody {
            *callers = now;
        } else if *callers != now {
            *callers = Callers::Several;
        }
        *callers != Callers::Several
    }

    /// Makes a server with a session log what the caller wants to hear; one that logs more already goes on.
    pub(super) async fn wish(&self, level: LoggingLevel) -> Result<()> {
        let wished = level as u8;
        if self.level.load(Ordering::Relaxed) <= wished {
            return Ok(());
        }
        {
            let _one = self.telling.lock().unwrap_or_else(PoisonError::into_inner);
            if self.level.swap(wished, Ordering::Relaxed) <= wished {
                return Ok(());
            }
        }
        self.client.set_log_level(level).await
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        if let Some(hearing) = self.hearing.get_mut().unwrap_or_else(PoisonError::into_inner) {
            hearing.abort();
        }
        // Others may hold the client just now: whoever looks after it, or makes its connection anew.
        self.client.abandon();
    }
}

/// One call of an instance, which is not stopped as unused until this is dropped.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) instance: Arc<Instance>,
}

impl Drop for Running {
    fn drop(&mut self) {
        let instance = &self.instance;
        let used = u64::try_from(instance.born.elapsed().as_millis()).unwrap_or(u64::MAX);
        // Before the count: who sees none running sees when the last one ended.
        instance.used.store(used, Ordering::Relaxed);
        instance.running.fetch_sub(1, Ordering::Release);
    }
}

/// An instance that one call has to itself; its drop gives it back.
#[derive(Debug)]
pub(super) struct Taken {
    call: Running,
}

impl Taken {
    pub(super) fn instance(&self) -> &Arc<Instance> {
        &self.call.instance
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.call.instance.taken.store(false, Ordering::Release);
    }
}
