//! Our server behind nginx, with the configuration that `docs/nginx.md` shows.
//!
//! A row starts its own server and its own nginx, so that rows run side by side and none sees what another did.

/// The list `ALL` of functions that are rows.
macro_rules! cases {
    ($($name:ident),+ $(,)?) => {
        pub(crate) const ALL: &[Case] = &[$(Case { name: stringify!($name), body: $name }),+];
    };
}

mod cases;
mod client;
mod config;
mod counter;
mod sessions;
mod site;

use std::fs;
use std::process::Command;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::thread;
use std::time::Instant;

use crate::cli::Nginx;
use crate::nginx::site::Ground;
use crate::server::{build, root, run as must};

/// One row: what must hold behind nginx.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) body: fn(&Ground) -> Result<(), String>,
}

/// Runs the chosen rows and prints a line for each; true when all hold.
pub(crate) fn run(options: &Nginx) -> Result<bool, String> {
    if let Some(name) = options.names.iter().find(|name| all().all(|case| case.name != **name)) {
        let names: Vec<&str> = all().map(|case| case.name).collect();
        return Err(format!("no row is named {name:?}; they are: {}", names.join(" ")));
    }
    install()?;
    let server = match &options.server {
        Some(path) => path.clone(),
        None => build(false)?,
    };
    let page = root().join("docs/nginx.md");
    let page = fs::read_to_string(&page)
        .map_err(|error| format!("cannot read {}: {error}", page.display()))?;
    let wanted = |case: &&Case| {
        options.names.is_empty() || options.names.iter().any(|name| name == case.name)
    };
    // Rows mostly wait, so the longest of them decides how long all take.
    let failed = Mutex::new(0);
    thread::scope(|scope| {
        for case in all().filter(wanted) {
            let ground = Ground { name: case.name, server: &server, page: &page };
            let failed = &failed;
            scope.spawn(move || {
                let start = Instant::now();
                let outcome = (case.body)(&ground);
                let took = start.elapsed();
                match outcome {
                    Ok(()) => println!("ok   {:<36} {took:>6.2?}", case.name),
                    Err(why) => {
                        *failed.lock().unwrap_or_else(PoisonError::into_inner) += 1;
                        println!("FAIL {:<36} {took:>6.2?}  {why}", case.name);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(failed == 0)
}

fn all() -> impl Iterator<Item = &'static Case> {
    cases::ALL.iter().chain(sessions::ALL)
}

/// Installs nginx from the distribution where it is missing.
fn install() -> Result<(), String> {
    if Command::new("nginx").arg("-v").output().is_ok() {
        return Ok(());
    }
    println!("installing nginx");
    must(Command::new("apt-get").args(["update", "--quiet=2"]))?;
    must(Command::new("apt-get").args(["install", "--yes", "--quiet=2", "nginx-light"]))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::all;

    #[test]
    fn names_are_unique() {
        let names: BTreeSet<_> = all().map(|case| case.name).collect();
        assert_eq!(names.len(), all().count());
    }
}
