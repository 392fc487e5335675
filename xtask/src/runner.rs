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
        report.push((stage.name, took, outcome.is_ok()));
    }

    println!("\n{:<16} {:>9}  result", "stage", "minutes");
    for (name, took, passed) in &report {
        println!("{name:<16} {:>9}  {}", minutes(*took), if *passed { "ok" } else { "FAILED" });
    }
    let total = began.elapsed();
    let over = if total > budget { "over" } else { "within" };
    println!("{:<16} {:>9}  {over} the budget of {}", "all", minutes(total), minutes(budget));

    let failed = report.iter().filter(|(_, _, passed)| !passed).count();
    let verdict = format!("{} passed, {failed} failed", report.len() - failed);
    if failed == 0 {
        println!("{verdict}");
        return Ok(());
    }
    // The caller prints it, so that it is the last line in both cases.
    Err(verdict)
}

fn minutes(time: Duration) -> String {
    format!("{:.1} min", time.as_secs_f64() / 60.0)
}

#[cfg(test)]
mod tests {
    use super::{Stage, minutes, run};
    use std::time::Duration;

    const GOOD: Stage = Stage { name: "good", run: || Ok(()) };
    const BAD: Stage = Stage { name: "bad", run: || Err("broken".to_owned()) };

    #[test]
    fn a_failed_stage_does_not_stop_the_others_and_is_counted() {
        let verdict = run(&[&BAD, &GOOD, &BAD], Duration::from_secs(60));
        assert_eq!(verdict.unwrap_err(), "1 passed, 2 failed");
        assert_eq!(run(&[&GOOD], Duration::ZERO), Ok(()));
    }

    #[test]
    fn minutes_have_one_decimal() {
        assert_eq!(minutes(Duration::from_secs(90)), "1.5 min");
    }
}
