//! A home for the binary, in which nothing of this machine is.

use crate::program::{bowline, ends};
use expect_test::Expect;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// A folder for what a test saves; gone with it.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path =
            std::env::temp_dir().join(format!("bowline-verbs-{}-{count}", std::process::id()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    /// The binary with this as its home and its place for files.
    pub(crate) fn bowline(&self, args: &[&str]) -> Command {
        let mut command = bowline(args);
        command.env("HOME", &self.0).env("TMPDIR", &self.0).current_dir(&self.0);
        for name in ["BOWLINE_CONFIG", "XDG_CONFIG_HOME", "XDG_STATE_HOME"] {
            command.env_remove(name);
        }
        command
    }

    /// What a command writes, with names of files that stay the same.
    pub(crate) fn shown(&self, args: &[&str]) -> String {
        let text = ends(&mut self.bowline(args)).replace(self.0.to_str().unwrap(), "DIR");
        let mut parts = text.split("DIR/bowline-");
        let mut shown = parts.next().unwrap().to_owned();
        for part in parts {
            shown += "DIR/bowline-PID";
            shown += part.trim_start_matches(|c: char| c.is_ascii_digit());
        }
        // Lines of the log begin with a time.
        let timeless = |line: &str| match line.split_once(' ') {
            Some((time, rest)) if time.len() == 27 && time.ends_with('Z') => {
                format!("TIME {rest}\n")
            }
            _ => format!("{line}\n"),
        };
        shown.lines().map(timeless).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// That a line comes to this, with its errors for people.
pub(crate) fn check(args: &[&str], expected: Expect) {
    let human = [&["--log-format", "human"], args].concat();
    expected.assert_eq(&Folder::new().shown(&human));
}
