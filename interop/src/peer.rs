//! The SDKs of others: installs the pinned versions and runs their drivers.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::str::FromStr;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::server::{log_file, root, run};
use crate::table::Cell;
use crate::version::Version;

/// How long one driver may take for all of its rows.
const LIMIT: Duration = Duration::from_secs(420);

/// An SDK with a driver.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sdk {
    TypeScript,
    Python,
}

impl Sdk {
    pub(crate) const ALL: [Self; 2] = [Self::TypeScript, Self::Python];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::TypeScript => "ts",
            Self::Python => "py",
        }
    }

    /// Installs the pinned SDK unless it is there, and gives the command that starts its driver.
    pub(crate) fn install(self) -> Result<Driver, String> {
        let source = root().join("interop/drivers").join(self.name());
        let home = root().join("target/interop").join(self.name());
        let (pins, scripts) = match self {
            Self::TypeScript => (
                ["package.json", "package-lock.json"],
                vec![
                    "driver.mjs",
                    "common.mjs",
                    "modern.mjs",
                    "legacy.mjs",
                    "host.mjs",
                    "auth.mjs",
                    "browser.mjs",
                    "document.mjs",
                    "login.mjs",
                    "proxied.mjs",
                    "users.mjs",
                ],
            ),
            Self::Python => (
                ["requirements.txt", "sdks.txt"],
                vec!["driver.py", "common.py", "modern.py", "legacy.py", "auth.py"],
            ),
        };
        let wanted = read_all(&source, &pins)?;
        let stamp = home.join("installed");
        if fs::read_to_string(&stamp).ok().as_ref() != Some(&wanted) {
            println!("installing the {} SDK into {}", self.name(), home.display());
            if home.exists() {
                fs::remove_dir_all(&home)
                    .map_err(|error| format!("cannot remove {}: {error}", home.display()))?;
            }
            for pin in pins {
                copy(&source, &home, pin)?;
            }
            match self {
                Self::TypeScript => run(Command::new("npm").current_dir(&home).args([
                    "ci",
                    "--no-audit",
                    "--no-fund",
                ]))?,
                Self::Python => {
                    run(Command::new("python3").args(["-m", "venv"]).arg(home.join("venv")))?;
                    pip(&home, &["--requirement", "requirements.txt"])?;
                    let sdks = read_all(&home, &["sdks.txt"])?;
                    for line in sdks.lines() {
                        let mut words = line.split_whitespace();
                        let folder = format!("sdk-{}", words.next().unwrap_or_default());
                        let mut beside = vec!["--no-deps", "--target", &folder];
                        beside.extend(words);
                        pip(&home, &beside)?;
                    }
                }
            }
            fs::write(&stamp, wanted)
                .map_err(|error| format!("cannot write {}: {error}", stamp.display()))?;
        }
        // Node finds packages beside the script, so the scripts stand where they were installed.
        for script in &scripts {
            copy(&source, &home, script)?;
        }
        let servers = root().join("interop/servers");
        copy(&servers, &home, "surface.json")?;
        for script in self.server_scripts() {
            copy(&servers.join(self.name()), &home.join("servers"), script)?;
        }
        let program = match self {
            Self::TypeScript => home.join("node_modules/.bin/node"),
            Self::Python => home.join("venv/bin/python"),
        };
        Ok(Driver { sdk: self, program, script: home.join(scripts[0]), home })
    }

    /// The scripts of its servers, the one that is started first.
    fn server_scripts(self) -> &'static [&'static str] {
        match self {
            Self::TypeScript => {
                &["server.mjs", "surface.mjs", "modern.mjs", "legacy.mjs", "protected.mjs"]
            }
            Self::Python => &["server.py", "surface.py", "modern.py", "legacy.py"],
        }
    }
}

impl FromStr for Sdk {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|sdk| sdk.name() == name);
        known.ok_or_else(|| format!("unknown peer {name:?}; give ts or py"))
    }
}

/// An installed driver.
pub(crate) struct Driver {
    pub(crate) sdk: Sdk,
    program: PathBuf,
    script: PathBuf,
    /// Where it is installed.
    pub(crate) home: PathBuf,
}

impl Driver {
    /// The command that starts the server of a protocol version, but for the transport.
    pub(crate) fn server(&self, version: &Version) -> Vec<String> {
        let script = self.home.join("servers").join(self.sdk.server_scripts()[0]);
        let words = [self.program.display().to_string(), script.display().to_string()];
        words.into_iter().chain([version.name.to_owned()]).collect()
    }

    /// Another script beside that of the driver.
    pub(crate) fn script(&self, name: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.arg(self.home.join(name));
        command
    }

    /// Runs `rows` against a target (`--stdio COMMAND…`, `--http URL`, `--sse URL`) with the SDK of a protocol version;
    /// a row that was not printed is a failure.
    pub(crate) fn drive(
        &self,
        version: &Version,
        rows: &[&str],
        target: &[String],
        environment: &[(&str, &str)],
        log: &str,
    ) -> Result<BTreeMap<String, Cell>, String> {
        let mut command = Command::new(&self.program);
        command.arg(&self.script).args(["--protocol", version.name]);
        command.args(["--only", &rows.join(",")]).args(target);
        command
            .env("INTEROP_EXPECT", root().join("interop/drivers/expect.json"))
            .envs(environment.iter().copied());
        cells(&mut command, rows, log)
    }
}

/// Runs a driver, which prints a line for each of the rows.
pub(crate) fn cells(
    command: &mut Command,
    rows: &[&str],
    log: &str,
) -> Result<BTreeMap<String, Cell>, String> {
    let (log_path, stderr) = log_file(log)?;
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(stderr);
    let mut child =
        command.spawn().map_err(|error| format!("cannot start {command:?}: {error}"))?;
    let stdout = child.stdout.take().ok_or("the driver has no stdout")?;
    let (lines, received) = channel();
    let reader = thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if lines.send(line).is_err() {
                break;
            }
        }
    });
    let end = Instant::now() + LIMIT;
    let mut cells = BTreeMap::new();
    let reason = loop {
        match received.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(line) => match parse(&line) {
                Some((feature, cell)) if rows.contains(&feature.as_str()) => {
                    drop(cells.insert(feature, cell))
                }
                _ => {
                    break format!(
                        "the driver printed {line:?}, which is not a row that was asked for"
                    );
                }
            },
            Err(RecvTimeoutError::Disconnected) => {
                break "the driver printed no such row".to_owned();
            }
            Err(RecvTimeoutError::Timeout) => {
                break format!("the driver took more than {LIMIT:?}");
            }
        }
    };
    // A driver that is at its end already needs no killing.
    let _ = child.kill();
    let _ = child.wait();
    drop(received);
    let _ = reader.join();
    for row in rows {
        let missing =
            || Cell { ok: false, detail: format!("{reason}; it wrote to {}", log_path.display()) };
        cells.entry((*row).to_owned()).or_insert_with(missing);
    }
    Ok(cells)
}

/// Runs pip inside the environment of the Python driver.
fn pip(home: &Path, what: &[&str]) -> Result<(), String> {
    let mut pip = Command::new(home.join("venv/bin/python"));
    pip.current_dir(home).args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    run(pip.args(what))
}

/// One line of a driver: `{"feature": …, "ok": …, "detail": …}`.
fn parse(line: &str) -> Option<(String, Cell)> {
    let value: Value = serde_json::from_str(line).ok()?;
    let detail = value.get("detail")?.as_str()?.to_owned();
    Some((
        value.get("feature")?.as_str()?.to_owned(),
        Cell { ok: value.get("ok")?.as_bool()?, detail },
    ))
}

fn read_all(folder: &Path, names: &[&str]) -> Result<String, String> {
    let read = |name: &&str| {
        let path = folder.join(name);
        fs::read_to_string(&path)
            .map_err(|error| format!("cannot read {}: {error}", path.display()))
    };
    names.iter().map(read).collect()
}

fn copy(from: &Path, to: &Path, name: &str) -> Result<(), String> {
    fs::create_dir_all(to)
        .and_then(|()| fs::copy(from.join(name), to.join(name)))
        .map(drop)
        .map_err(|error| format!("cannot copy {name} to {}: {error}", to.display()))
}
