//! The workspace as the tasks see it: its root, its files, its packages, and cargo.

use crate::process::{must, output};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of the root manifest.
pub(crate) fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_path_buf()
}

/// A path below the build folder, honouring `CARGO_TARGET_DIR`.
pub(crate) fn target(inside: &str) -> PathBuf {
    let folder =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    root().join(folder).join(inside)
}

/// The same cargo that runs us, in the root folder.
pub(crate) fn cargo<'a>(args: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root()).args(args);
    without_ours(&mut command);
    command
}

/// Takes out of a command's environment what cargo told us of our own package.
///
/// Some build scripts ask to run again when these change: what a shell has built would be compiled anew.
pub(crate) fn without_ours(command: &mut Command) {
    let ours = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(ours) {
            command.env_remove(name);
        }
    }
}

/// Builds every program as it is released.
///
/// One build for all of them: features are those of all members together, so that no stage compiles again what another
/// has compiled.
pub(crate) fn build_release() -> Result<(), String> {
    must(&mut cargo(["build", "--locked", "--release", "--workspace"]))
}

/// `cargo metadata`: of the members only, or with the whole graph of dependencies.
pub(crate) fn metadata(graph: bool) -> Result<Value, String> {
    let mut command = cargo(["metadata", "--format-version", "1", "--locked"]);
    if !graph {
        command.arg("--no-deps");
    }
    serde_json::from_str(&output(&mut command)?)
        .map_err(|error| format!("cargo metadata is not JSON: {error}"))
}

/// The names of the packages that are published.
pub(crate) fn published() -> Result<Vec<String>, String> {
    let metadata = metadata(false)?;
    let packages = metadata["packages"].as_array().into_iter().flatten();
    // `publish` is null when nothing is said, and an empty list for `publish = false`.
    let published = packages.filter(|package| package["publish"].is_null());
    Ok(published.filter_map(|package| package["name"].as_str().map(str::to_owned)).collect())
}

/// The text files of the repository, in memory.
pub(crate) struct Tree {
    files: Vec<File>,
}

/// One text file.
pub(crate) struct File {
    /// Relative to the root, with `/`.
    pub(crate) path: String,
    /// All of it.
    pub(crate) text: String,
}

impl Tree {
    /// Everything that is committed or would be; files that are not UTF-8 are left out.
    pub(crate) fn load() -> Result<Self, String> {
        let mut command = Command::new("git");
        command.current_dir(root()).args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ]);
        let names = output(&mut command)?;
        let names = names.split('\0').filter(|name| !name.is_empty());
        let read = |path: &str| {
            Some(File {
                path: path.to_owned(),
                text: std::fs::read_to_string(root().join(path)).ok()?,
            })
        };
        Ok(Self { files: names.filter_map(read).collect() })
    }

    /// A tree made up for a test.
    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let file = |(path, text): &(&str, &str)| File {
            path: (*path).to_owned(),
            text: (*text).to_owned(),
        };
        Self { files: files.iter().map(file).collect() }
    }

    /// Every file.
    pub(crate) fn files(&self) -> impl Iterator<Item = &File> {
        self.files.iter()
    }

    /// Every Rust file.
    pub(crate) fn rust(&self) -> impl Iterator<Item = &File> {
        self.files().filter(|file| file.path.ends_with(".rs"))
    }

    /// One file by its path.
    pub(crate) fn file(&self, path: &str) -> Option<&File> {
        self.files().find(|file| file.path == path)
    }

    /// Whether a file or a folder of that name is there.
    pub(crate) fn has(&self, path: &str) -> bool {
        let folder = format!("{}/", path.trim_end_matches('/'));
        self.files().any(|file| file.path == path || file.path.starts_with(&folder))
    }
}

impl File {
    /// The source of a published crate, as against tests, examples, benches and programs of our own.
    pub(crate) fn is_product(&self) -> bool {
        self.path.starts_with("crates/") && self.path.contains("/src/") && !self.is_test()
    }

    /// A file that holds nothing but tests.
    pub(crate) fn is_test(&self) -> bool {
        let name = self.path.rsplit('/').next().unwrap_or(&self.path);
        self.path.contains("/tests/") || name == "tests.rs" || name.ends_with("_tests.rs")
    }
}
