//! Which file a command means.

use super::Command;
use super::line::Word;
use super::platform::{SUFFIXES, executable, for_a_shell};
use crate::error::{Error, Result};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf, absolute};

/// The full path of the program; that it is there and can be executed has been looked at.
pub(super) fn locate(command: &Command) -> Result<PathBuf> {
    let found = find(command)?;
    // The standard library leaves such a file to a shell in some cases and refuses it in others.
    if for_a_shell(&found) {
        return Err(Error::invalid(format!(
            "program {} is a text that names no interpreter, and no shell is used; \
             begin it with a line such as `#!/bin/sh`, or name its interpreter",
            Word(found.as_os_str())
        )));
    }
    Ok(found)
}

fn find(command: &Command) -> Result<PathBuf> {
    if let Some(directory) = command.directory()
        && !directory.is_dir()
    {
        let shown = Word(directory.as_os_str());
        return Err(Error::invalid(format!(
            "working directory {shown} is not there, or no directory; make it, or name another"
        )));
    }
    let program = Path::new(command.program());
    if program.components().count() > 1 || program.is_absolute() {
        return by_path(command.directory().unwrap_or_else(|| Path::new("")), program);
    }
    by_name(&search_path(command), command.program())
}

fn by_path(directory: &Path, program: &Path) -> Result<PathBuf> {
    let path: PathBuf = directory.join(program).components().collect();
    let shown = Word(path.as_os_str());
    let files: Vec<_> = with_suffix(&path).filter(|path| path.is_file()).collect();
    if let Some(found) = files.iter().find(|path| executable(path)) {
        return absolute(found).map_err(|error| Error::io("cannot tell the directory", error));
    }
    Err(Error::invalid(if path.is_dir() {
        format!("{shown} is a directory; name a program in it")
    } else if files.is_empty() {
        format!("program {shown} does not exist; check the path, or install it")
    } else {
        format!(
            "program {shown} is not executable; allow it with `chmod +x`, or name its interpreter"
        )
    }))
}

fn by_name(path: &OsStr, program: &OsStr) -> Result<PathBuf> {
    let shown = Word(program);
    if program.is_empty() {
        return Err(Error::invalid("the command names no program; give one"));
    }
    let files = std::env::split_paths(path)
        .filter(|directory| directory.is_absolute())
        .flat_map(|directory| with_suffix(&directory.join(program)).collect::<Vec<_>>());
    let files: Vec<_> = files.filter(|path| path.is_file()).collect();
    if let Some(found) = files.iter().find(|path| executable(path)) {
        return Ok(found.clone());
    }
    Err(Error::invalid(match files.first() {
        Some(file) => format!(
            "program {shown} is {}, which is not executable; allow it with `chmod +x`",
            Word(file.as_os_str())
        ),
        None => format!("program {shown} is not in PATH; install it, or give its full path"),
    }))
}

/// The `PATH` that the child will have, or else ours.
fn search_path(command: &Command) -> OsString {
    let own = command.environment().filter(|(name, _)| *name == "PATH").last();
    match own {
        Some((_, path)) => path.to_owned(),
        None => std::env::var_os("PATH").unwrap_or_default(),
    }
}

/// The path as it is, then with each ending that programs have on this system.
fn with_suffix(path: &Path) -> impl Iterator<Item = PathBuf> {
    SUFFIXES.iter().map(|suffix| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    })
}
