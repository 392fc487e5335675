//! Content: of tools, of resources, of prompts.

use super::Folder;
use super::json::pretty;
use super::save::decode;
use super::style::Style;
use crate::escape;
use crate::exit::Fault;
use bowline::types::content::{ContentBlock, ResourceLink, Role};
use bowline::types::prompt::PromptMessage;
use bowline::types::resource::ResourceContents;
use std::fmt::Write;

/// Blocks of content, one below the other. What is binary is saved.
///
/// # Errors
/// When a block is broken or cannot be saved.
pub(crate) fn texts<'a>(
    blocks: impl IntoIterator<Item = &'a ContentBlock>,
    folder: &Folder,
    style: Style,
) -> Result<String, Fault> {
    let blocks = blocks.into_iter().map(|block| self::block(block, folder, style));
    Ok(blocks.collect::<Result<Vec<_>, _>>()?.join("\n"))
}

fn block(block: &ContentBlock, folder: &Folder, style: Style) -> Result<String, Fault> {
    match block {
        ContentBlock::Text(text) => Ok(escape::escape(&text.text).into_owned()),
        ContentBlock::Image(image) => saved("image", Some(&image.mime_type), &image.data, folder),
        ContentBlock::Audio(audio) => saved("audio", Some(&audio.mime_type), &audio.data, folder),
        ContentBlock::ResourceLink(link) => Ok(self::link(link, style)),
        ContentBlock::Resource(embedded) => resource(&embedded.resource, folder, style),
        other => Ok(unknown(other)),
    }
}

/// Contents of a resource. Where there are several, each stands below its URI.
///
/// # Errors
/// When something is broken or cannot be saved.
pub(crate) fn contents(
    contents: &[ResourceContents],
    folder: &Folder,
    style: Style,
) -> Result<String, Fault> {
    if let [ResourceContents::Text(only)] = contents {
        return Ok(escape::escape(&only.text).into_owned());
    }
    let parts = contents.iter().map(|part| resource(part, folder, style));
    Ok(parts.collect::<Result<Vec<_>, _>>()?.join("\n"))
}

fn resource(contents: &ResourceContents, folder: &Folder, style: Style) -> Result<String, Fault> {
    let uri = style.name(contents.uri());
    match contents {
        ResourceContents::Text(text) => Ok(format!("{uri}\n{}", escape::escape(&text.text))),
        ResourceContents::Blob(blob) => {
            let saved = saved("resource", blob.mime_type.as_deref(), &blob.blob, folder)?;
            Ok(format!("{uri}\n{saved}"))
        }
        other => Ok(unknown(other)),
    }
}

/// Messages of a prompt, each below who says it.
///
/// # Errors
/// When a block is broken or cannot be saved.
pub(crate) fn messages(
    messages: &[PromptMessage],
    folder: &Folder,
    style: Style,
) -> Result<String, Fault> {
    let mut shown = Vec::new();
    for message in messages {
        let role = match &message.role {
            Role::User => style.bold("user"),
            Role::Assistant => style.bold("assistant"),
            other => style.name(&other.to_string()),
        };
        shown.push(format!("{role}:\n{}", block(&message.content, folder, style)?));
    }
    Ok(shown.join("\n\n"))
}

/// The bytes of content, one block after the other: text as it is, what is binary decoded.
///
/// # Errors
/// When a block is broken.
pub(crate) fn raw<'a>(
    blocks: impl IntoIterator<Item = &'a ContentBlock>,
) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    for block in blocks {
        match block {
            ContentBlock::Text(text) => bytes.extend(text.text.as_bytes()),
            ContentBlock::Image(image) => bytes.extend(decode("image", &image.data)?),
            ContentBlock::Audio(audio) => bytes.extend(decode("audio", &audio.data)?),
            ContentBlock::Resource(embedded) => bytes.extend(bytes_of(&embedded.resource)?),
            ContentBlock::ResourceLink(link) => bytes.extend(format!("{}\n", link.uri).as_bytes()),
            other => bytes.extend(json_of(other).as_bytes()),
        }
    }
    Ok(bytes)
}

/// The bytes of contents of a resource, one after the other.
///
/// # Errors
/// When they are broken.
pub(crate) fn raw_contents<'a>(
    contents: impl IntoIterator<Item = &'a ResourceContents>,
) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    for part in contents {
        bytes.extend(bytes_of(part)?);
    }
    Ok(bytes)
}

fn bytes_of(contents: &ResourceContents) -> Result<Vec<u8>, Fault> {
    match contents {
        ResourceContents::Text(text) => Ok(text.text.clone().into_bytes()),
        ResourceContents::Blob(blob) => decode("resource", &blob.blob),
        other => Ok(json_of(other).into_bytes()),
    }
}

/// A file where content was saved.
fn saved(
    what: &str,
    mime_type: Option<&str>,
    base64: &str,
    folder: &Folder,
) -> Result<String, Fault> {
    let bytes = decode(what, base64)?;
    let path = folder.save(mime_type, &bytes)?;
    let kind = escape::line(mime_type.unwrap_or("of unknown type")).into_owned();
    let path = path.to_string_lossy();
    Ok(format!("{what} ({kind}, {}) saved to {}", size(bytes.len() as u64), escape::line(&path)))
}

fn link(link: &ResourceLink, style: Style) -> String {
    let mut shown = format!("{} {}", style.name(&link.name), escape::line(&link.uri));
    let about: Vec<_> = [
        link.mime_type.as_deref().map(|kind| escape::line(kind).into_owned()),
        link.size.map(size),
    ]
    .into_iter()
    .flatten()
    .collect();
    if !about.is_empty() {
        let _ = write!(shown, " ({})", about.join(", "));
    }
    if let Some(text) = &link.description {
        let _ = write!(shown, ": {}", escape::line(text));
    }
    shown
}

/// What this version knows nothing of.
fn unknown(part: &impl serde::Serialize) -> String {
    pretty(&escape::json(&json_of(part)))
}

fn json_of(part: &impl serde::Serialize) -> String {
    serde_json::to_string(part).unwrap_or_default()
}

/// A number of bytes as people say it.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut size = bytes as f64 / 1024.0;
    let mut unit = UNITS[0];
    for next in &UNITS[1..] {
        if size >= 1024.0 {
            size /= 1024.0;
            unit = next;
        }
    }
    format!("{size:.1} {unit}")
}
