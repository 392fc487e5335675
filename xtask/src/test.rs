//! `cargo xtask test`: every test of the workspace, summed up in one last line.

use crate::workspace::cargo;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

/// Runs all tests (documentation tests too); `args` go to cargo.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    let mut command =
        cargo(["test", "--locked", "--workspace", "--all-features", "--no-fail-fast"]);
    command.args(args).stdout(Stdio::piped());
    let mut child = command.spawn().map_err(|error| format!("cannot start cargo test: {error}"))?;
    let mut sum = Sum::default();
    for line in child.stdout.take().into_iter().flat_map(|stdout| BufReader::new(stdout).lines()) {
        let line = line.map_err(|error| format!("cannot read from cargo test: {error}"))?;
        sum.add(&line);
        println!("{line}");
    }
    let status = child.wait().map_err(|error| format!("cannot wait for cargo test: {error}"))?;
    let passed = status.success() && sum.failed == 0 && sum.passed > 0;
    let verdict = if passed { "ok" } else { "FAILED" };
    println!(
        "\ntest result: {verdict}. {} passed; {} failed; {} ignored",
        sum.passed, sum.failed, sum.ignored
    );
    if passed {
        Ok(())
    } else {
        Err(format!("cargo test ended with {status}, {} tests failed", sum.failed))
    }
}

/// The totals over all test programs.
#[derive(Default, Debug, PartialEq)]
struct Sum {
    passed: u64,
    failed: u64,
    ignored: u64,
}

impl Sum {
    /// Counts one `test result: ok. 3 passed; 0 failed; …`; other lines count nothing.
    fn add(&mut self, line: &str) {
        let Some((_, counts)) =
            line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". "))
        else {
            return;
        };
        for (number, word) in counts.split("; ").filter_map(|part| part.split_once(' ')) {
            let Ok(number) = number.parse::<u64>() else { continue };
            match word {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Sum;

    #[test]
    fn results_of_all_programs_are_added() {
        let mut sum = Sum::default();
        sum.add("test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s");
        sum.add("test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s");
        sum.add("running 5 tests");
        assert_eq!(sum, Sum { passed: 15, failed: 2, ignored: 1 });
    }
}
