//! `cargo xtask ci`: exactly what CI runs, stage by stage.
//!
//! A stage whose part of the workspace is missing fails; nothing is skipped.

use crate::flags::Flags;
use crate::process::must;
use crate::runner::{self, Stage};
use crate::workspace::{build_release, cargo, published, target};
use crate::{conformance, cost, fuzz, interop, load, readme, test, tidy};
use std::time::Duration;

/// Runs all stages, or those named.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    let mut flags = Flags::new(args);
    let list = flags.switch("--list");
    let wanted = flags.operands()?;
    if let Some(unknown) = wanted.iter().find(|name| STAGES.iter().all(|stage| stage.name != *name))
    {
        return Err(format!("no stage {unknown}; `cargo xtask ci --list` names them"));
    }
    if list {
        STAGES.iter().for_each(|stage| println!("{}", stage.name));
        return Ok(());
    }
    let chosen = STAGES
        .iter()
        .filter(|stage| wanted.is_empty() || wanted.iter().any(|name| name == stage.name));
    runner::run(&chosen.collect::<Vec<_>>(), BUDGET)
}

/// What a run may take on two cores, from a fresh clone.
const BUDGET: Duration = Duration::from_secs(45 * 60);

/// Cheap ones first, so that a typing mistake shows within a minute.
const STAGES: &[Stage] = &[
    Stage { name: "fmt", run: || must(&mut cargo(["fmt", "--all", "--check"])) },
    Stage { name: "tidy", run: || tidy::run(&[]) },
    Stage { name: "clippy", run: clippy },
    Stage { name: "test", run: || test::run(&[]) },
    Stage { name: "doc", run: doc },
    Stage { name: "modern-only", run: modern_only },
    Stage { name: "release", run: release },
    Stage { name: "readme", run: || readme::run(&[]) },
    Stage { name: "conformance", run: || conformance::run(&[]) },
    Stage { name: "through", run: conformance::through_up },
    Stage { name: "cost", run: || cost::run(&[]) },
    Stage { name: "load", run: || load::run(&["--smoke".to_owned()]) },
    Stage { name: "interop", run: || interop::run(&[]) },
    Stage { name: "servers", run: || interop::servers(&[]) },
    Stage { name: "host", run: || interop::host(&[]) },
    Stage { name: "auth", run: interop::auth },
    Stage { name: "sabotage", run: interop::sabotage },
    Stage { name: "defects", run: interop::defects },
    Stage { name: "nginx", run: interop::nginx },
    Stage { name: "fuzz", run: fuzz::smoke },
];

fn clippy() -> Result<(), String> {
    let every = [
        "clippy",
        "--locked",
        "--workspace",
        "--all-targets",
        "--all-features",
        "--",
        "-D",
        "warnings",
    ];
    must(&mut cargo(every))?;
    // One package at a time: within the workspace, features that a neighbour asks for would be on again.
    for package in published()? {
        let bare = [
            "clippy",
            "--locked",
            "--no-default-features",
            "--package",
            &package,
            "--",
            "-D",
            "warnings",
        ];
        must(&mut cargo(bare))?;
    }
    Ok(())
}

/// Libraries only: the binary `bowline` and the library `bowline` would write to the same page.
fn doc() -> Result<(), String> {
    let args = ["doc", "--locked", "--workspace", "--no-deps", "--all-features", "--lib"];
    must(cargo(args).env("RUSTDOCFLAGS", "-D warnings"))
}

/// The deletion test: without the modules for older protocol versions everything published still compiles.
fn modern_only() -> Result<(), String> {
    let mut build = cargo(["check", "--locked"]);
    for package in published()? {
        build.args(["--package", &package]);
    }
    // A folder of its own, because other flags would throw away what the other stages built.
    build.env("CARGO_TARGET_DIR", target("modern-only")).env("RUSTFLAGS", "--cfg modern_only");
    must(&mut build)
}

fn release() -> Result<(), String> {
    build_release()?;
    for program in [
        "release/bowline",
        "release/conformance-server",
        "release/conformance-client",
        "release/dev-auth",
        "release/interop-driver",
    ] {
        if !target(program).is_file() {
            return Err(format!("the release build made no {}", target(program).display()));
        }
    }
    Ok(())
}
