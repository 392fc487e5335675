//! What `/proc` tells.

use super::{Found, Tally};
use rustix::param::clock_ticks_per_second;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::time::Duration;

/// So many processes of the system are looked at; where there are more, nothing is known of groups.
const MOST: usize = 65_536;

/// Looks at ourselves, and at all processes of these groups, in one pass.
pub(super) fn look(groups: &BTreeSet<u32>) -> Found {
    let clock = Clock { ticks: clock_ticks_per_second().max(1) };
    let mut found = Found { ourselves: ourselves(&clock), ..Found::default() };
    if groups.is_empty() {
        return found;
    }
    let Ok(entries) = fs::read_dir("/proc") else { return found };
    let mut text = Vec::with_capacity(4096);
    let mut looked = 0;
    for entry in entries.flatten() {
        if !entry.file_name().as_encoded_bytes().iter().all(u8::is_ascii_digit) {
            continue;
        }
        looked += 1;
        if looked > MOST {
            found.groups.clear();
            return found;
        }
        let place = entry.path();
        // One that has gone meanwhile is not there.
        let Some(process) = stat(&place, &mut text).filter(|one| groups.contains(&one.group))
        else {
            continue;
        };
        let tally = found.groups.entry(process.group).or_insert(NOTHING);
        // What its ended children took was counted while they were in the group.
        tally.cpu += clock.time(process.own.saturating_add(process.children));
        if process.lives {
            tally.add(&process, memory(&place, &mut text), descriptors(&place));
        }
    }
    // The dead of a group that has ended may lie about for a while.
    found.groups.retain(|_, tally| tally.processes > 0);
    found
}

fn ourselves(clock: &Clock) -> Option<Tally> {
    let place = Path::new("/proc/self");
    let mut text = Vec::with_capacity(4096);
    // The /proc of another container would tell of somebody else.
    let process = stat(place, &mut text).filter(|process| process.id == std::process::id())?;
    let mut tally = Tally { cpu: clock.time(process.own), ..NOTHING };
    tally.add(&process, memory(place, &mut text), descriptors(place));
    Some(tally)
}

const NOTHING: Tally =
    Tally { cpu: Duration::ZERO, memory: 0, descriptors: Some(0), processes: 0, threads: 0 };

impl Tally {
    /// Adds a process that lives.
    fn add(&mut self, process: &Process, memory: u64, descriptors: Option<u64>) {
        self.memory = self.memory.saturating_add(memory);
        self.descriptors = self.descriptors.zip(descriptors).map(|(all, its)| all + its);
        self.processes += 1;
        self.threads += process.threads;
    }
}

/// How the system counts time.
struct Clock {
    /// Of a second.
    ticks: u64,
}

impl Clock {
    fn time(&self, ticks: u64) -> Duration {
        let (whole, rest) = (ticks / self.ticks, ticks % self.ticks);
        Duration::from_secs(whole) + Duration::from_nanos(rest * 1_000_000_000 / self.ticks)
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
}

fn stat(place: &Path, text: &mut Vec<u8>) -> Option<Process> {
    read(&place.join("stat"), text)?;
    parse(text)
}

/// Reads a file whose length is bounded: names are, and the rest are numbers.
fn read(file: &Path, text: &mut Vec<u8>) -> Option<()> {
    text.clear();
    File::open(file).and_then(|file| file.take(64 * 1024).read_to_end(text)).ok()?;
    Some(())
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
    })
}

/// Bytes that are resident. The figure in `stat` is wrong by up to some megabytes for each processor of the machine.
fn memory(place: &Path, text: &mut Vec<u8>) -> u64 {
    // It has gone meanwhile, or is about to.
    read(&place.join("status"), text).and_then(|()| resident(text)).unwrap_or(0)
}

fn resident(status: &[u8]) -> Option<u64> {
    let line = status.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(b"VmRSS:"))?;
    let kibibytes = str::from_utf8(line).ok()?.trim().strip_suffix("kB")?.trim_end();
    kibibytes.parse::<u64>().ok()?.checked_mul(1024)
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

#[cfg(test)]
mod tests {
    use super::{Process, parse, resident};

    #[test]
    fn a_name_may_hold_anything() {
        let rest = "S 1 70 5 0 -1 4194560 1 2 3 4 11 22 33 44 20 0 6 0 99 1000 250 18446744073709551615 1 1";
        let process =
            |id, lives| Some(Process { id, group: 70, lives, own: 33, children: 77, threads: 6 });
        let table = [
            (format!("71 (sh) {rest}"), process(71, true)),
            (format!("72 (a) Z 1 2 (b c) {rest}"), process(72, true)),
            (format!("73 (\n) ( )) {rest}"), process(73, true)),
            (format!("74 (sh) {}", rest.replacen('S', "Z", 1)), process(74, false)),
            (format!("75 (sh) {}", rest.replacen('S', "X", 1)), process(75, false)),
            ("76 (sh) S 1 70".to_owned(), None),
            ("77 (sh)".to_owned(), None),
            (format!("78 sh {rest}"), None),
            (String::new(), None),
            (")".to_owned(), None),
        ];
        for (stat, expected) in table {
            assert_eq!(parse(stat.as_bytes()), expected, "{stat}");
        }
        let mut name = b"71 (\xff\xfe) ".to_vec();
        name.extend(rest.bytes());
        assert_eq!(parse(&name), process(71, true));
    }

    #[test]
    fn resident_memory_is_a_line_of_the_status() {
        let table = [
            ("Name:\tVmRSS:\t9 kB\nVmHWM:\t   20 kB\nVmRSS:\t   12 kB\n", Some(12_288)),
            ("VmRSS:\t0 kB", Some(0)),
            ("Name:\tsh\nState:\tZ (zombie)\n", None),
            ("VmRSS:\t12", None),
            ("VmRSS:\t18446744073709551615 kB\n", None),
            ("", None),
        ];
        for (status, expected) in table {
            assert_eq!(resident(status.as_bytes()), expected, "{status}");
        }
    }
}
