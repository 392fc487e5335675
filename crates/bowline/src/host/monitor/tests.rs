//! What is made of looks, and what looks see of real processes.

use super::account::Account;
use super::{Monitor, Tally};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::time::Instant;

const fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

#[tokio::test(start_paused = true)]
async fn shares_of_time_are_those_since_the_last_look_at_the_same_group() {
    let start = Instant::now();
    let mut account = Account::default();
    // When, at which group with how much time; then what is told of time and share.
    let table = [
        (0, Some((7, 500)), Some((500, None))),
        (1000, Some((7, 750)), Some((750, Some(25.0)))),
        (3000, Some((7, 5750)), Some((5750, Some(250.0)))),
        // Twice at one time.
        (3000, Some((7, 5760)), Some((5760, Some(250.0)))),
        // A child has gone with its time.
        (4000, Some((7, 100)), Some((5760, Some(0.0)))),
        (5000, Some((7, 5793)), Some((5793, Some(3.3)))),
        // Another group.
        (6000, Some((8, 30)), Some((30, None))),
        (7000, None, None),
        (8000, Some((8, 40)), Some((40, None))),
    ];
    for (at, found, expected) in table {
        let tally =
            found.map(|(group, cpu)| (group, Tally { cpu: millis(cpu), ..Tally::default() }));
        let tally = tally.as_ref().map(|(group, tally)| (*group, tally));
        let usage = account.enter(tally, start + millis(at));
        let told = usage.map(|usage| (usage.cpu.as_millis() as u64, usage.cpu_percent));
        assert_eq!(told, expected, "at {at}");
    }
}

/// A monitor that looks only when it is asked.
fn asked() -> Monitor {
    Monitor::new(Duration::from_secs(100_000_000))
}

#[tokio::test(start_paused = true)]
async fn a_look_is_good_for_a_second() {
    let monitor = asked();
    let looks = Arc::new(AtomicU32::new(0));
    let count = looks.clone();
    let watched = monitor.watch(move || {
        count.fetch_add(1, Ordering::Relaxed);
        None
    });
    // Milliseconds that pass, how many ask then, how many looks there were in all.
    for (passed, ask, expected) in [(0, 3, 1), (999, 1, 1), (1, 2, 2), (500, 1, 2), (10_000, 1, 3)]
    {
        tokio::time::advance(millis(passed)).await;
        for _ in 0..ask {
            monitor.look().await;
        }
        assert_eq!(looks.load(Ordering::Relaxed), expected, "{passed} ms later");
    }
    drop(watched);
    tokio::time::advance(millis(5000)).await;
    monitor.look().await;
    assert_eq!((looks.load(Ordering::Relaxed), Arc::strong_count(&looks)), (3, 1));
}

#[tokio::test(start_paused = true)]
async fn a_monitor_looks_by_itself_once_a_period_until_it_is_dropped() {
    let (told, mut looks) = tokio::sync::mpsc::unbounded_channel();
    let monitor = Monitor::new(Duration::from_secs(15));
    let start = Instant::now();
    let watched = monitor.watch(move || {
        let _ = told.send(start.elapsed().as_secs());
        None
    });
    for expected in [0, 15, 30] {
        assert_eq!(looks.recv().await, Some(expected));
    }
    drop(monitor);
    tokio::time::advance(millis(100_000)).await;
    drop(watched);
    assert_eq!(looks.recv().await, None);
}

#[cfg(target_os = "linux")]
mod linux;
