//! Runs named stages one after the other, with the minutes of each and a closing summary.

use std::time::{Duration, Instant};

/// One stage: its name and what it does.
pub(crate) struct Stage {
    /// The word that selects it: `cargo xtask ci NAME`.
    pub(crate) name: &'static str,
    /// The work; the message of an error is shown and counted.
    pub(crate) run: fn() -> Result<(), String>,
}

/// Runs every stage, also after a failed one, and ends with the line `N passed, N failed`.
pub(crate) fn run(stages: &[&Stage], budget: Duration) -> Result<(), String> {
    let began = Instant::now();
    let mut report = Vec::new();
    for stage in stages {
        println!("\n== {}", stage.name);
        let start = Instant::now();
        let outcome = (stage.run)();
        let took = start.elapsed();
        match &outcome {
            Ok(()) => println!("-- {}: ok, {}", stage.name, minutes(took)),
            Err(message) => println!("-- {}: FAILED, {}: {message}", stage.name, minutes(took)),
        }
        report.push((stage.name, took, outcome));
    }

    println!("\n{:<16} {:>9}  result", "stage", "minutes");
    for (name, took, outcome) in &report {
        let result = match outcome {
            Ok(()) => "ok".to_owned(),
            Err(message) => format!("FAILED: {message}"),
        };
        println!("{name:<16} {:>9}  {result}", minutes(*took));
    }
    let total = began.elapsed();
    let over = if total > budget { "over" } else { "within" };
    println!("{:<16} {:>9}  {over} the budget of {}", "all", minutes(total), minutes(budget));

    let failed = report.iter().filter(|(_, _, outcome)| outcome.is_err()).count();
    println!("{}", verdict(report.len(), failed));
    // The verdict is the last line in both cases, so that there is nothing left to say.
    if failed == 0 { Ok(()) } else { Err(String::new()) }
}

fn verdict(stages: usize, failed: usize) -> String {
    format!("{} passed, {failed} failed", stages - failed)
}

fn minutes(time: Duration) -> String {
    format!("{:.1} min", time.as_secs_f64() / 60.0)
}

#[cfg(test)]
mod tests {
    use super::{Stage, minutes, run, verdict};
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    static RUN: AtomicU32 = AtomicU32::new(0);

    fn good() -> Result<(), String> {
        RUN.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    #[test]
    fn a_failed_stage_does_not_stop_the_others() {
        let good = Stage { name: "good", run: good };
        let bad = Stage { name: "bad", run: || Err("broken".to_owned()) };
        assert_eq!(run(&[&bad, &good, &bad], Duration::from_secs(60)), Err(String::new()));
        assert_eq!(RUN.load(Ordering::Relaxed), 1);
        assert_eq!(run(&[&good], Duration::ZERO), Ok(()));
    }

    #[test]
    fn the_verdict_counts_both_kinds() {
        assert_eq!(verdict(3, 2), "1 passed, 2 failed");
        assert_eq!(verdict(3, 0), "3 passed, 0 failed");
    }

    #[test]
    fn minutes_have_one_decimal() {
        assert_eq!(minutes(Duration::from_secs(90)), "1.5 min");
    }
}
