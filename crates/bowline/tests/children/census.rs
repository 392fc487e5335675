//! Counts what this process has, and what it has left behind.

use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, getpid, kill_process, set_child_subreaper, waitid,
};
use std::collections::BTreeSet;
use std::fs;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};

/// The variable by which processes are found again, wherever they went.
pub(crate) const MARK: &str = "BOWLINE_TEST_CHILD";

/// The process to itself: only one test at a time may count.
pub(crate) struct Census {
    pub(crate) runtime: Option<Runtime>,
    descriptors: usize,
    _turn: MutexGuard<'static, ()>,
}

/// What there is more of than at the beginning.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Left {
    /// Dead and not reaped.
    pub(crate) zombies: usize,
    /// Living processes of those that were started.
    pub(crate) orphans: BTreeSet<(i32, String)>,
    pub(crate) descriptors: usize,
}

static TURN: Mutex<()> = Mutex::new(());

impl Census {
    /// Begins to count. Orphans come to this process from now on, so that none goes uncounted.
    pub(crate) fn begin() -> Self {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        set_child_subreaper(Some(getpid())).unwrap();
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        // What the runtime opens once for all children is open then.
        runtime.block_on(async {
            let child = bowline::transport::child::Command::new("true").start().await.unwrap();
            child.close(bowline::transport::child::Ending::default()).await;
        });
        Self { runtime: Some(runtime), descriptors: descriptors(), _turn: turn }
    }

    /// What is left when no more goes, but for those whose mark holds `apart`; they are killed and given apart.
    pub(crate) fn left(&self, apart: &str) -> (Left, usize) {
        let begun = Instant::now();
        let escaped = loop {
            let (escaped, others): (BTreeSet<_>, BTreeSet<_>) = marked()
                .into_iter()
                .partition(|(_, mark)| !apart.is_empty() && mark.contains(apart));
            let left = Left {
                zombies: zombies(),
                orphans: others,
                descriptors: descriptors().saturating_sub(self.descriptors),
            };
            if left == Left::default() {
                break escaped;
            }
            if begun.elapsed() > Duration::from_secs(10) {
                return (left, escaped.len());
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        for (id, _) in &escaped {
            let id = Pid::from_raw(*id).unwrap();
            let _ = kill_process(id, Signal::KILL);
            let _ = waitid(WaitId::Pid(id), WaitIdOptions::EXITED);
        }
        (Left::default(), escaped.len())
    }
}

fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Children of this process that are dead.
fn zombies() -> usize {
    let me = std::process::id().to_string();
    processes()
        .filter(|id| {
            let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
            let mut fields = stat.rsplit_once(") ").map_or("", |(_, rest)| rest).split(' ');
            fields.next() == Some("Z") && fields.next() == Some(&me)
        })
        .count()
}

/// Living processes that were started with a mark, and the mark.
fn marked() -> BTreeSet<(i32, String)> {
    let own = i32::try_from(std::process::id()).unwrap();
    processes()
        .filter(|id| *id != own)
        .filter_map(|id| {
            let environment = fs::read(format!("/proc/{id}/environ")).ok()?;
            let environment = String::from_utf8_lossy(&environment).into_owned();
            let mark = environment.split('\0').find_map(|variable| {
                variable.strip_prefix(MARK)?.strip_prefix('=')?.strip_prefix(&prefix())
            })?;
            Some((id, mark.to_owned()))
        })
        .collect()
}

/// Other runs of these tests have marks of their own.
pub(crate) fn prefix() -> String {
    format!("{}-", std::process::id())
}

fn processes() -> impl Iterator<Item = i32> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}
