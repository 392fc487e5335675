//! What `/proc` tells.

use super::{Found, Tally};
use rustix::param::{clock_ticks_per_second, page_size};
use rustix::process::{Pid, getpgid, getpid};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::time::Duration;

/// So many processes of the system are looked at; where there are more, nothing is known of groups.
const MOST: usize = 65_536;

/// Looks at ourselves, and at all processes of these groups, in one pass.
pub(super) fn look(groups: &BTreeSet<u32>) -> Found {
    let units = Units { tick: clock_ticks_per_second().max(1), page: page_size() as u64 };
    let mut found = Found { ourselves: ourselves(&units), ..Found::default() };
    if groups.is_empty() {
        return found;
    }
    let Ok(entries) = fs::read_dir("/proc") else { return found };
    let mut stat = Vec::with_capacity(1024);
    let mut looked = 0;
    for entry in entries.flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        looked += 1;
        if looked > MOST {
            found.groups.clear();
            return found;
        }
        // Costs a tenth of opening a file, and most processes are none of ours.
        let group = Pid::from_raw(id).and_then(|id| getpgid(Some(id)).ok());
        if !group.is_some_and(|group| groups.contains(&group.as_raw_nonzero().get().unsigned_abs()))
        {
            continue;
        }
        let place = entry.path();
        // One that has gone meanwhile is not there, and its number may be somebody else's.
        let Some(process) = read(&place, &mut stat).filter(|one| groups.contains(&one.group))
        else {
            continue;
        };
        let tally = found
            .groups
            .entry(process.group)
            .or_insert(Tally { descriptors: Some(0), ..Tally::default() });
        process.add_to(tally, &units, process.lives.then(|| descriptors(&place)));
        // What its ended children took was counted while they were in the group.
        tally.cpu += units.time(process.children);
    }
    found
}

fn ourselves(units: &Units) -> Option<Tally> {
    let place = Path::new("/proc/self");
    let process = read(place, &mut Vec::with_capacity(1024))?;
    // Another container's /proc would tell of somebody else.
    if process.id != getpid().as_raw_nonzero().get().unsigned_abs() {
        return None;
    }
    let mut tally = Tally { descriptors: Some(0), ..Tally::default() };
    process.add_to(&mut tally, units, Some(descriptors(place)));
    Some(tally)
}

/// In what the system counts.
struct Units {
    tick: u64,
    page: u64,
}

impl Units {
    fn time(&self, ticks: u64) -> Duration {
        let (whole, rest) = (ticks / self.tick, ticks % self.tick);
        Duration::from_secs(whole) + Duration::from_nanos(rest * 1_000_000_000 / self.tick)
    }
}

/// What `stat` says of a process.
#[derive(Debug, PartialEq, Eq)]
struct Process {
    id: u32,
    group: u32,
    /// Whether it has not ended: one that nobody has waited for yet has nothing but the time it took.
    lives: bool,
    /// Ticks of its own, and of its children that have ended and were waited for.
    own: u64,
    children: u64,
    threads: u64,
    pages: u64,
}

impl Process {
    /// Adds what it uses itself; `descriptors` has those of one that lives, if it shows them.
    fn add_to(&self, tally: &mut Tally, units: &Units, descriptors: Option<Option<u64>>) {
        tally.cpu += units.time(self.own);
        if self.lives {
            tally.memory = tally.memory.saturating_add(self.pages.saturating_mul(units.page));
            tally.processes += 1;
            tally.threads += self.threads;
        }
        if let Some(descriptors) = descriptors {
            tally.descriptors = tally.descriptors.zip(descriptors).map(|(all, its)| all + its);
        }
    }
}

fn read(place: &Path, stat: &mut Vec<u8>) -> Option<Process> {
    stat.clear();
    // Its length is bounded: a name of at most 64 bytes and 50 numbers.
    File::open(place.join("stat")).and_then(|file| file.take(4096).read_to_end(stat)).ok()?;
    parse(stat)
}

/// `id (name) state parent group …`, where the name may hold anything.
fn parse(stat: &[u8]) -> Option<Process> {
    let (head, rest) = stat.split_at(stat.iter().rposition(|byte| *byte == b')')?);
    let id = head.split(|byte| *byte == b' ').next()?;
    let fields: Vec<&str> = str::from_utf8(&rest[1..]).ok()?.split_ascii_whitespace().collect();
    // Fields are counted from 1 in proc_pid_stat(5), and the third comes first here.
    let field = |number: usize| fields.get(number - 3).copied();
    let number = |at: usize| field(at)?.parse::<u64>().ok();
    Some(Process {
        id: str::from_utf8(id).ok()?.parse().ok()?,
        group: field(5)?.parse().ok()?,
        lives: !matches!(field(3)?, "Z" | "X" | "x"),
        own: number(14)?.saturating_add(number(15)?),
        // The system counts these as signed.
        children: number(16).unwrap_or(0).saturating_add(number(17).unwrap_or(0)),
        threads: number(20)?,
        pages: number(24)?,
    })
}

/// How many descriptors a process has open; `None` when it does not let us see.
fn descriptors(place: &Path) -> Option<u64> {
    let place = place.join("fd");
    // Linux tells since 6.2 without listing them.
    match fs::metadata(&place).ok()?.len() {
        0 => fs::read_dir(&place).ok().map(|entries| entries.take(MOST).count() as u64),
        counted => Some(counted),
    }
}
