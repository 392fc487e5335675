//! Installing the pinned suite and running it.

use super::checks::{self, Counts};
use super::expected::EXTENSION;
use crate::process::{Server, must, output};
use crate::workspace::target;
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// The installed suite.
pub(crate) struct Suite {
    folder: PathBuf,
}

/// What is under test.
pub(crate) enum Target {
    /// The URL of a running server.
    Server(String),
    /// The command line of a client.
    Client(String),
}

/// Whom the suite is while it logs in.
pub(crate) struct Login<'a> {
    /// The server under test.
    pub(crate) issuer: &'a str,
    /// A client that is known there, with `http://127.0.0.1/callback` as its redirect URI.
    pub(crate) id: &'a str,
    /// Where the suite waits for the code.
    pub(crate) port: u16,
}

impl Suite {
    /// Installs the suite and the Node that it needs below the build folder, unless that exact pair is there.
    pub(crate) fn install() -> Result<Self, String> {
        let suite = Self { folder: target("conformance") };
        let manifest = suite.folder.join("package.json");
        let current = fs::read_to_string(&manifest).is_ok_and(|text| text == PACKAGE);
        if !current || !suite.program("conformance").exists() || !suite.program("node").exists() {
            fs::create_dir_all(&suite.folder)
                .map_err(|error| format!("cannot create {}: {error}", suite.folder.display()))?;
            fs::write(&manifest, PACKAGE)
                .map_err(|error| format!("cannot write {}: {error}", manifest.display()))?;
            must(
                Command::new("npm")
                    .args(["install", "--no-audit", "--no-fund", "--loglevel", "error"])
                    .current_dir(&suite.folder),
            )?;
        }
        let version = output(Command::new(suite.program("node")).arg("--version"))?;
        println!("conformance suite {SUITE} on node {}", version.trim());
        Ok(suite)
    }

    /// Runs the scenarios at `version` and returns the counts of each that wrote a result.
    pub(crate) fn run(
        &self,
        target: &Target,
        version: &str,
        mode: Mode,
        expected: &BTreeMap<String, u32>,
    ) -> Result<Vec<(String, Counts)>, String> {
        let folder = format!("{}-{version}-{}", target.word(), mode.word());
        let out = self.emptied(&folder)?;
        let mut ended_badly = Vec::new();
        match mode {
            Mode::Together => {
                let suite = if version == EXTENSION { "extensions" } else { "all" };
                self.invoke(target, version, &["--suite", suite], &out)?;
            }
            Mode::Alone => {
                for name in expected.keys() {
                    if !self.invoke(target, version, &["--scenario", name], &out)? {
                        ended_badly.push(name.as_str());
                    }
                }
            }
        }
        let mut results = checks::read(&out, target.word())?;
        for (name, counts) in &mut results {
            counts.ended_badly =
                ended_badly.contains(&name.as_str()) && matches!(target, Target::Client(_));
        }
        Ok(results)
    }

    /// Runs all scenarios at `version`, or the one named, against a server; what came of it is in the folder that is
    /// returned, one of this name.
    pub(crate) fn drive(
        &self,
        url: &str,
        version: &str,
        scenario: Option<&str>,
        folder: &str,
    ) -> Result<PathBuf, String> {
        let out = self.emptied(folder)?;
        let select = match scenario {
            Some(name) => ["--scenario", name],
            None => ["--suite", "all"],
        };
        self.invoke(&Target::Server(url.to_owned()), version, &select, &out)?;
        Ok(out)
    }

    /// Runs the scenarios of an authorization server at `version`, those named or all, and hands the URL at which each
    /// waits for a person to `open`.
    pub(crate) fn authorize(
        &self,
        client: &Login<'_>,
        version: &str,
        scenario: Option<&str>,
        open: impl Fn(&str) -> Result<(), String>,
    ) -> Result<Vec<(String, Counts)>, String> {
        let out = self.emptied(&format!("authorization-{version}"))?;
        let mut command = Command::new(self.program("node"));
        command.arg(self.program("conformance")).arg("authorization");
        command.args(["--url", client.issuer, "--client-id", client.id]);
        command.args(["--port", &client.port.to_string(), "--spec-version", version]);
        if let Some(name) = scenario {
            command.args(["--scenario", name]);
        }
        command.arg("--output-dir").arg(&out);
        let mut suite = Server::start(command.stdin(Stdio::null()).stdout(Stdio::piped()))?;
        let said = suite.child().stdout.take().ok_or("the suite has no standard output")?;
        for line in BufReader::new(said).lines().map_while(Result::ok) {
            if line.starts_with("http") && line.contains("code_challenge=") {
                open(&line)?;
            }
        }
        suite.wait(Duration::from_secs(10))?;
        checks::read(&out, "authorization")
    }

    /// A folder for results, without those of another run.
    fn emptied(&self, folder: &str) -> Result<PathBuf, String> {
        let out = self.folder.join("out").join(folder);
        if out.exists() {
            fs::remove_dir_all(&out)
                .map_err(|error| format!("cannot empty {}: {error}", out.display()))?;
        }
        fs::create_dir_all(&out)
            .map_err(|error| format!("cannot create {}: {error}", out.display()))?;
        Ok(out)
    }

    /// Whether the suite ended well; what it found is judged from its files.
    fn invoke(
        &self,
        target: &Target,
        version: &str,
        select: &[&str],
        out: &Path,
    ) -> Result<bool, String> {
        let path = out.join("suite.log");
        let log = OpenOptions::new().append(true).create(true).open(&path);
        let log = log.map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        let mut command = Command::new(self.program("node"));
        command.arg(self.program("conformance")).arg(target.word());
        match target {
            Target::Server(url) => command.args(["--url", url]),
            Target::Client(program) => command.args(["--command", program]),
        };
        if version != EXTENSION {
            command.args(["--spec-version", version]);
        }
        command
            .args(select)
            .arg("--output-dir")
            .arg(out)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        Ok(command.status().is_ok_and(|status| status.success()))
    }

    fn program(&self, name: &str) -> PathBuf {
        self.folder.join("node_modules/.bin").join(name)
    }
}

/// How the scenarios of a version are run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Mode {
    /// All of them by one run. All clients are then started at once, and how they end is ignored.
    Together,
    /// Each by a run of its own, in which the exit code of a client counts.
    Alone,
}

impl Mode {
    /// The mode, in words of the tables.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Together => "together",
            Self::Alone => "alone",
        }
    }
}

impl Target {
    /// The leg, as the suite calls it.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Server(_) => "server",
            Self::Client(_) => "client",
        }
    }
}

const SUITE: &str = "0.2.0-alpha.12";

/// Exact versions: scores move between releases of the suite, and it does not start on a Node below 22.
const PACKAGE: &str = r#"{
  "name": "conformance-suite",
  "private": true,
  "dependencies": {
    "@modelcontextprotocol/conformance": "0.2.0-alpha.12",
    "node": "22.23.3"
  },
  "allowScripts": {
    "node": true
  }
}
"#;

#[cfg(test)]
mod tests {
    use super::{PACKAGE, SUITE};

    #[test]
    fn the_pin_is_the_one_that_is_printed() {
        let package: serde_json::Value = serde_json::from_str(PACKAGE).unwrap();
        assert_eq!(package["dependencies"]["@modelcontextprotocol/conformance"], SUITE);
    }
}
