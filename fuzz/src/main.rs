//! `cargo run -p bowline-fuzz -- TARGET [--seconds N] [--seed N]`: runs one target for a while.

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bowline_fuzz::{TARGETS, corpus, replay, run};

fn main() -> ExitCode {
    match fuzz(std::env::args().skip(1)) {
        Ok(report) => {
            let _ = writeln!(io::stdout(), "{report}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn fuzz(mut arguments: impl Iterator<Item = String>) -> Result<String, String> {
    let names: Vec<_> = TARGETS.iter().map(|(name, _)| *name).collect();
    let name = arguments.next().unwrap_or_default();
    let Some((name, target)) = TARGETS.iter().find(|(known, _)| *known == name) else {
        return Err(format!("no target {name:?}; there are {}", names.join(", ")));
    };
    let mut seconds = 60;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut seed = now.as_nanos() as u64;
    while let Some(flag) = arguments.next() {
        let value = arguments.next().and_then(|value| value.parse::<u64>().ok());
        match (&*flag, value) {
            ("--seconds", Some(value)) => seconds = value,
            ("--seed", Some(value)) => seed = value,
            _ => return Err(format!("{flag} is not --seconds N or --seed N")),
        }
    }

    let corpus = corpus(name).map_err(|error| format!("cannot read the corpus: {error}"))?;
    replay(*target, &corpus).map_err(|failure| failure.to_string())?;
    let corpus: Vec<_> = corpus.into_iter().map(|(_, input)| input).collect();
    let (start, time) = (Instant::now(), Duration::from_secs(seconds));
    let count = run(*target, &corpus, seed, |_| start.elapsed() >= time);
    let count = count.map_err(|failure| failure.to_string())?;
    Ok(format!("{name}: {count} inputs from seed {seed} in {seconds} s"))
}
