//! Paths as clients write and read them.
//!
//! A path is text, or a `file://` URI. A name that is not UTF-8 has no text, so whoever shows it shows the URI, in which
//! every byte can be written.

use super::fault::Refusal;
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// What a client wrote.
pub(super) fn parse(text: &str) -> Result<PathBuf, Refusal> {
    let wrong = |what: &str| Refusal::new(format!("path {:?}: {what}", clipped(text)));
    let bytes = match text.strip_prefix(SCHEME) {
        None => text.as_bytes().to_vec(),
        Some(rest) => decoded(rest).map_err(wrong)?,
    };
    if bytes.is_empty() {
        return Err(wrong("is empty; write . for the directory itself"));
    }
    if bytes.contains(&0) {
        return Err(wrong("holds a NUL, which no name can"));
    }
    if bytes.len() > LONGEST {
        return Err(wrong("is too long"));
    }
    Ok(OsString::from_vec(bytes).into())
}

/// Longer than any path that a walk of this server meets.
const LONGEST: usize = 1 << 20;
const SCHEME: &str = "file://";

/// The bytes of a URI behind its scheme.
fn decoded(rest: &str) -> Result<Vec<u8>, &'static str> {
    let path = rest.strip_prefix("localhost").unwrap_or(rest);
    if !path.starts_with('/') {
        return Err("names a file of another host");
    }
    let mut bytes = Vec::with_capacity(path.len());
    let mut left = path.bytes();
    while let Some(byte) = left.next() {
        match byte {
            b'?' | b'#' => {
                return Err("a file URI has neither query nor fragment; write %3F or %23");
            }
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                let value = digit(left.next()).zip(digit(left.next()));
                let (high, low) = value.ok_or("% is followed by two hex digits in a URI")?;
                bytes.push(u8::try_from(high * 16 + low).unwrap_or_default());
            }
            byte => bytes.push(byte),
        }
    }
    Ok(bytes)
}

fn clipped(text: &str) -> &str {
    let end = text.char_indices().nth(200).map_or(text.len(), |(at, _)| at);
    &text[..end]
}

/// The path as other tools take it: text, or a URI where it is none.
pub(super) fn shown(path: &Path) -> String {
    path.to_str().map_or_else(|| uri(path), str::to_owned)
}

/// The URI of an absolute path.
pub(super) fn uri(path: &Path) -> String {
    let mut uri = SCHEME.to_owned();
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' => uri.push(char::from(*byte)),
            byte if byte.is_ascii_alphanumeric() => uri.push(char::from(*byte)),
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

/// A name for reading; what is not UTF-8 in it is written as `\xFF`.
pub(super) fn name(name: &std::ffi::OsStr) -> String {
    let mut text = String::new();
    for chunk in name.as_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02X}"));
        }
    }
    text
}
