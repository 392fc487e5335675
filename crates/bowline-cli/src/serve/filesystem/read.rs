//! Tools that read files.

use super::fault::Refusal;
use super::job::{Files, Job};
use super::mime;
use super::open;
use super::path;
use super::place::Place;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bowline::Server;
use bowline::types::content::ContentBlock;
use bowline::types::resource::{BlobResourceContents, ResourceContents, TextResourceContents};
use bowline::types::tool::{CallToolResult, Tool, ToolAnnotations};
use cap_std::fs::File;
use schemars::JsonSchema;
use serde::Deserialize;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

pub(super) fn register(server: Server, files: &Files) -> Server {
    let server = files.tool(
        server,
        Tool::new("read_file")
            .title("Read a file")
            .description(
                "Reads a file, or a part of it: bytes from offset on, or lines from first_line on. Text comes as text, \
                 anything else as base64. At most 1 MiB at once; a note tells where to go on when there is more.",
            )
            .annotations(looks()),
        read_file,
    );
    files.tool(
        server,
        Tool::new("read_files")
            .title("Read several files")
            .description(
                "Reads up to 64 files whole, 4 MiB in all. Each comes as a resource; a file that cannot be read is \
                 told of and does not keep the others.",
            )
            .annotations(looks()),
        read_files,
    )
}

/// What tools that change nothing say of themselves.
pub(super) fn looks() -> ToolAnnotations {
    ToolAnnotations::new()
        .read_only_hint(true)
        .destructive_hint(false)
        .idempotent_hint(true)
        .open_world_hint(false)
}

/// The most that one read returns, in bytes.
pub(super) const MOST: u64 = 1 << 20;
/// The most that several reads return together, in bytes.
const MOST_TOGETHER: u64 = 4 << 20;
/// How far into a file lines are counted, in bytes.
const FARTHEST: u64 = 256 << 20;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ReadFile {
    /// The file.
    path: String,
    /// Where to begin, in bytes; 0 if absent.
    offset: Option<u64>,
    /// How many bytes to read at most.
    length: Option<u64>,
    /// Where to begin, in lines from 1. Not together with offset and length.
    #[schemars(range(min = 1))]
    first_line: Option<u64>,
    /// How many lines to read at most.
    lines: Option<u64>,
    /// How to return the contents: as what they are, if absent.
    #[serde(default)]
    encoding: Encoding,
}

#[derive(Clone, Copy, Default, Deserialize, JsonSchema, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Encoding {
    /// Text where it is UTF-8, else base64.
    #[default]
    Auto,
    /// Text; an error where it is not UTF-8.
    Text,
    /// Base64.
    Base64,
}

fn read_file(job: &Job, args: &ReadFile) -> Result<CallToolResult, Refusal> {
    let by_line = args.first_line.is_some() || args.lines.is_some();
    if by_line && (args.offset.is_some() || args.length.is_some()) {
        return Err(Refusal::new("give either offset and length, or first_line and lines"));
    }
    let place = job.place(&args.path)?;
    let shown = place.path();
    let (file, metadata) = open::file(&place)?;
    let part = if by_line {
        let first = args.first_line.unwrap_or(1).max(1);
        lines(job, file, &shown, first, args.lines.unwrap_or(u64::MAX))?
    } else {
        let offset = args.offset.unwrap_or(0);
        bytes(file, &shown, offset, args.length.unwrap_or(MOST).min(MOST))?
    };
    let mut content = vec![block(&shown, &part, args.encoding)?];
    if let Some(next) = &part.next {
        let size = metadata.len();
        content.push(ContentBlock::text(format!("[there is more; {next}; {size} bytes in all]")));
    }
    Ok(CallToolResult::new(content))
}

/// A part of a file.
struct Part {
    bytes: Vec<u8>,
    /// How to read what follows, where something does.
    next: Option<String>,
}

fn bytes(mut file: File, shown: &Path, offset: u64, length: u64) -> Result<Part, Refusal> {
    let fault = |error| Refusal::io(shown, &error);
    file.seek(SeekFrom::Start(offset)).map_err(fault)?;
    let mut bytes = Vec::new();
    // One more, to know whether there is more.
    file.take(length + 1).read_to_end(&mut bytes).map_err(fault)?;
    let most = usize::try_from(length).unwrap_or(usize::MAX);
    let more = bytes.len() > most;
    bytes.truncate(most);
    if more
        && let Err(error) = std::str::from_utf8(&bytes)
        && error.error_len().is_none()
        && error.valid_up_to() > 0
    {
        // A character that the end cuts in two belongs to the next part.
        bytes.truncate(error.valid_up_to());
    }
    let next = more.then(|| format!("go on with offset {}", offset + bytes.len() as u64));
    Ok(Part { bytes, next })
}

fn lines(job: &Job, file: File, shown: &Path, first: u64, most: u64) -> Result<Part, Refusal> {
    let fault = |error| Refusal::io(shown, &error);
    let mut input = BufReader::with_capacity(64 << 10, file);
    let mut line = 1;
    let mut skipped = 0;
    while line < first {
        job.go_on()?;
        let buffer = input.fill_buf().map_err(fault)?;
        if buffer.is_empty() {
            let what = format!("has no line {first}; it has {} lines", line - 1);
            return Err(Refusal::at(shown, what));
        }
        let end = memchr::memchr(b'\n', buffer).map_or(buffer.len(), |at| at + 1);
        line += u64::from(buffer[end - 1] == b'\n');
        skipped += end as u64;
        input.consume(end);
        if skipped > FARTHEST {
            let what = "the line is more than 256 MiB into the file; use offset";
            return Err(Refusal::at(shown, what));
        }
    }
    let mut bytes = Vec::new();
    for read in 0..most {
        job.go_on()?;
        let begins = bytes.len();
        let room = MOST - begins as u64;
        input.by_ref().take(room + 1).read_until(b'\n', &mut bytes).map_err(fault)?;
        if bytes.len() as u64 > MOST {
            if begins == 0 {
                let what = format!("line {first} is longer than 1 MiB; use offset and length");
                return Err(Refusal::at(shown, what));
            }
            bytes.truncate(begins);
            let next = Some(format!("go on with first_line {}", first + read));
            return Ok(Part { bytes, next });
        }
        if bytes.len() == begins {
            return Ok(Part { bytes, next: None });
        }
    }
    let more = !input.fill_buf().map_err(fault)?.is_empty();
    let next = more.then(|| format!("go on with first_line {}", first.saturating_add(most)));
    Ok(Part { bytes, next })
}

fn block(shown: &Path, part: &Part, encoding: Encoding) -> Result<ContentBlock, Refusal> {
    let text = std::str::from_utf8(&part.bytes).ok().filter(|text| !text.contains('\0'));
    match (encoding, text) {
        (Encoding::Auto | Encoding::Text, Some(text)) => Ok(ContentBlock::text(text)),
        (Encoding::Text, None) => {
            Err(Refusal::at(shown, "is no UTF-8 text here; read it as base64"))
        }
        (Encoding::Auto | Encoding::Base64, _) => {
            let data = STANDARD.encode(&part.bytes);
            let mime = mime::guess(shown, false);
            let whole = part.next.is_none() && encoding == Encoding::Auto;
            Ok(match mime.split('/').next() {
                Some("image") if whole => ContentBlock::image(data, mime),
                Some("audio") if whole => ContentBlock::audio(data, mime),
                _ => {
                    let blob = BlobResourceContents::new(path::uri(shown), data).mime_type(mime);
                    ContentBlock::resource(ResourceContents::from(blob))
                }
            })
        }
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ReadFiles {
    /// The files.
    #[schemars(length(min = 1, max = 64))]
    paths: Vec<String>,
}

fn read_files(job: &Job, args: &ReadFiles) -> Result<CallToolResult, Refusal> {
    let mut left = MOST_TOGETHER;
    let mut content = Vec::new();
    for path in &args.paths {
        job.go_on()?;
        let read = job.place(path).and_then(|place| whole(&place, left.min(MOST)));
        content.push(match read {
            Ok(bytes) => {
                left -= bytes.len() as u64;
                let path = job.place(path)?.path();
                ContentBlock::resource(contents(&path::uri(&path), &path, bytes))
            }
            Err(refusal) => ContentBlock::text(format!("not read: {refusal}")),
        });
    }
    Ok(CallToolResult::new(content))
}

/// All of a file that is no longer than that.
pub(super) fn whole(place: &Place, most: u64) -> Result<Vec<u8>, Refusal> {
    let (file, _) = open::file(place)?;
    all_of(file, &place.path(), most)
}

/// All of an open file that is no longer than that.
pub(super) fn all_of(file: File, shown: &Path, most: u64) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes).map_err(|error| Refusal::io(shown, &error))?;
    if bytes.len() as u64 > most {
        let what = format!("is longer than the {most} bytes that are left to read at once");
        return Err(Refusal::at(shown, what));
    }
    Ok(bytes)
}

/// The contents of a resource: text where it is text.
pub(super) fn contents(uri: &str, path: &Path, bytes: Vec<u8>) -> ResourceContents {
    match String::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') => {
            TextResourceContents::new(uri, text).mime_type(mime::guess(path, true)).into()
        }
        Ok(text) => blob(uri, path, text.as_bytes()),
        Err(error) => blob(uri, path, error.as_bytes()),
    }
}

fn blob(uri: &str, path: &Path, bytes: &[u8]) -> ResourceContents {
    let blob = BlobResourceContents::new(uri, STANDARD.encode(bytes));
    blob.mime_type(mime::guess(path, false)).into()
}
