//! Runs a target over the corpus and over mutations of it.

use std::path::{Path, PathBuf};
use std::{fmt, fs, io, panic};

use crate::{Mutator, Target};

/// An input that broke an invariant.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The file, or the seed and number of the mutation.
    pub origin: String,
    /// The input.
    pub input: Vec<u8>,
    /// What the target said.
    pub message: String,
}

/// The committed inputs of the target `name`, in the order of their file names.
///
/// # Errors
/// The folder or a file in it cannot be read.
pub fn corpus(name: &str) -> io::Result<Vec<(PathBuf, Vec<u8>)>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
    let entries = fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
    let mut paths = entries.collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    paths.into_iter().map(|path| fs::read(&path).map(|input| (path, input))).collect()
}

/// Runs `target` over committed inputs.
///
/// # Errors
/// The first input that breaks an invariant.
pub fn replay(target: Target, corpus: &[(PathBuf, Vec<u8>)]) -> Result<(), Failure> {
    corpus
        .iter()
        .try_for_each(|(path, input)| attempt(target, input, || path.display().to_string()))
}

/// Runs `target` over mutations of `corpus` drawn from `seed`, until `enough` of their number.
///
/// # Errors
/// The first input that breaks an invariant.
pub fn run(
    target: Target,
    corpus: &[Vec<u8>],
    seed: u64,
    enough: impl Fn(u64) -> bool,
) -> Result<u64, Failure> {
    let mut mutator = Mutator::new(seed);
    let mut count = 0;
    while !enough(count) {
        let input = mutator.input(corpus);
        attempt(target, &input, || format!("seed {seed}, mutation {count}"))?;
        count += 1;
    }
    Ok(count)
}

fn attempt(target: Target, input: &[u8], origin: impl Fn() -> String) -> Result<(), Failure> {
    panic::catch_unwind(|| target(input)).map_err(|panic| {
        let message = panic.downcast_ref::<String>().map(String::as_str);
        let message = message.or_else(|| panic.downcast_ref::<&str>().copied());
        Failure {
            origin: origin(),
            input: input.to_vec(),
            message: message.unwrap_or("panic without a message").to_owned(),
        }
    })
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { origin, input, message } = self;
        write!(f, "{origin}: {message}\ninput: b\"{}\"", input.escape_ascii())
    }
}
