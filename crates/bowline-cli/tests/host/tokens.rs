//! Bearer tokens of many.

use crate::up::private;
use ring::digest::{SHA256, digest};
use std::fmt::Write;
use std::path::{Path, PathBuf};

pub(crate) struct Tokens {
    file: PathBuf,
    tokens: Vec<String>,
}

impl Tokens {
    /// That many, in a file of this folder.
    pub(crate) fn write(folder: &Path, count: usize) -> Self {
        let tokens: Vec<String> = (0..count)
            .map(|at| format!("token-of-nobody-else-but-of-the-client-{at:04}"))
            .collect();
        let mut lines = String::new();
        for (at, token) in tokens.iter().enumerate() {
            let mut hex = String::new();
            for byte in digest(&SHA256, token.as_bytes()).as_ref() {
                write!(hex, "{byte:02x}").unwrap();
            }
            writeln!(lines, "client{at}:{hex}:").unwrap();
        }
        let file = folder.join("tokens");
        private(&file, &lines);
        Self { file, tokens }
    }

    pub(crate) fn file(&self) -> &str {
        self.file.to_str().unwrap()
    }

    pub(crate) fn token(&self, at: usize) -> &str {
        &self.tokens[at]
    }
}
