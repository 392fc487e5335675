//! Offers on disk, so that a host knows what its servers offer before it has started them.
//!
//! A file holds what one server has told every client of it: definitions and instructions, no credentials and nothing
//! of any caller. Its first line says what it is, with a digest of the rest; a file that does not agree with it, that
//! somebody else could have written, or that another version of us wrote, is as good as none.

use super::offer::{Item, Offer, Told};
use super::text;
use crate::error::{Error, Result};
use bowline_protocol::outcome::{CacheHint, CacheScope};
use bowline_protocol::scan::Raw;
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};
use serde_json::json;
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
#[cfg(unix)]
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A folder with the offers of servers, by fingerprints of how they are configured.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    folder: PathBuf,
}

/// What the first line of a file begins with.
const HEADER: &str = "bowline-offer 1 ";

/// The most bytes that a file may have.
const LARGEST: u64 = 64 * 1024 * 1024;

/// How many offers are kept; of more the oldest go.
const MOST: usize = 256;

const SUFFIX: &str = ".offer";

impl Stored {
    /// The offers in this folder, which need not be there yet.
    pub(crate) fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The offer of a server, as [`Offer::read`] had it; `None` when there is none that can be used. `fingerprint` is
    /// whatever tells two servers apart; only a hash of it is stored. Blocks while it reads.
    pub(crate) fn load(&self, fingerprint: &[u8]) -> Option<Offer> {
        let file = File::open(self.path(fingerprint)).ok()?;
        let metadata = file.metadata().ok()?;
        if !metadata.is_file() || metadata.len() > LARGEST || !only_ours(&metadata) {
            return None;
        }
        let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).ok()?);
        file.take(LARGEST).read_to_end(&mut bytes).ok()?;
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let said = std::str::from_utf8(&bytes[..end]).ok()?.strip_prefix(HEADER)?;
        let body = &bytes[end + 1..];
        if said != hex(digest(&SHA256, body).as_ref()) {
            return None;
        }
        read(&Raw::parse(body.to_vec()).ok()?)
    }

    /// Keeps the offer of a server, in place of the one before. Blocks while it writes.
    ///
    /// # Errors
    /// When the folder cannot be written to, or the offer is too large.
    pub(crate) fn keep(&self, fingerprint: &[u8], offer: &Offer) -> Result<()> {
        let failed = |error| Error::io(format!("cannot write to {}", self.folder.display()), error);
        let body = write(offer)?;
        let header = format!("{HEADER}{}\n", hex(digest(&SHA256, &body).as_ref()));
        if (header.len() + body.len()) as u64 > LARGEST {
            return Err(Error::overloaded("what the server offers is too large to be kept"));
        }
        private_folder(&self.folder).map_err(failed)?;
        let mut random = [0; 8];
        let no_random = |_| Error::invalid("the system gives no random bytes");
        SystemRandom::new().fill(&mut random).map_err(no_random)?;
        let beside = self.folder.join(format!(".{}", hex(&random)));
        let written = private_file(&beside).and_then(|mut file| {
            file.write_all(header.as_bytes())?;
            file.write_all(&body)?;
            fs::rename(&beside, self.path(fingerprint))
        });
        written.map_err(|error| {
            // It is there when writing or renaming failed, and nobody else knows of it.
            let _ = fs::remove_file(&beside);
            failed(error)
        })?;
        self.prune();
        Ok(())
    }

    fn path(&self, fingerprint: &[u8]) -> PathBuf {
        // The name says nothing of the server: a command line may be anybody's.
        self.folder.join(hex(digest(&SHA256, fingerprint).as_ref()) + SUFFIX)
    }

    /// Lets go of the oldest where there are too many.
    fn prune(&self) {
        let Ok(files) = fs::read_dir(&self.folder) else {
            return;
        };
        let mut files: Vec<(SystemTime, PathBuf)> = files
            .filter_map(|file| {
                let path = file.ok()?.path();
                let ours = path.to_str()?.ends_with(SUFFIX);
                ours.then(|| Some((fs::metadata(&path).ok()?.modified().ok()?, path)))?
            })
            .collect();
        files.sort();
        for (_, path) in files.iter().take(files.len().saturating_sub(MOST)) {
            let _ = fs::remove_file(path);
        }
    }
}

fn write(offer: &Offer) -> Result<Vec<u8>> {
    let CacheHint { ttl_ms, scope } = offer.cache;
    let head = json!({
        "capabilities": encoded(&offer.capabilities)?,
        "instructions": offer.instructions,
        "info": offer.info.as_ref().map(encoded).transpose()?,
        "protocolVersion": offer.protocol_version,
        "ttlMs": ttl_ms,
        "cacheScope": scope.as_str(),
        "skipped": offer.skipped,
    });
    let mut out = head.to_string().into_bytes();
    // The closing brace comes behind the lists.
    out.pop();
    let lists = [
        ("tools", &offer.tools),
        ("prompts", &offer.prompts),
        ("resources", &offer.resources),
        ("templates", &offer.templates),
    ];
    for (name, items) in lists {
        out.extend_from_slice(format!(",\"{name}\":[").as_bytes());
        let texts: Vec<_> = items.iter().map(|item| item.text.as_bytes()).collect();
        out.extend_from_slice(&texts.join(&b","[..]));
        out.push(b']');
    }
    out.push(b'}');
    Ok(out)
}

fn read(body: &Raw) -> Option<Offer> {
    let head: serde_json::Map<String, serde_json::Value> = body.decode().ok()?;
    let text_of = |key: &str| head.get(key)?.as_str().map(str::to_owned);
    let items = |list, name| -> Option<Vec<Item>> {
        let items = text::elements(body, list).into_iter();
        items.map(|text| Some(Item::new(text::string(&text, name)?, text))).collect()
    };
    let ttl_ms = head.get("ttlMs")?.as_u64()?;
    let public = text_of("cacheScope")? == CacheScope::Public.as_str();
    let info = head.get("info").filter(|info| !info.is_null());
    Some(Offer {
        tools: items("tools", "name")?,
        prompts: items("prompts", "name")?,
        resources: items("resources", "uri")?,
        templates: items("templates", "uriTemplate")?,
        skipped: usize::try_from(head.get("skipped")?.as_u64()?).ok()?,
        restricted: false,
        capabilities: decoded(head.get("capabilities")?)?,
        instructions: text_of("instructions"),
        info: info.and_then(decoded),
        protocol_version: text_of("protocolVersion"),
        cache: if public { CacheHint::public(ttl_ms) } else { CacheHint::private(ttl_ms) },
        told: Told::default(),
    })
}

fn encoded(value: &impl serde::Serialize) -> Result<serde_json::Value> {
    serde_json::to_value(value)
        .map_err(|_| Error::codec("what the server declares cannot be encoded"))
}

fn decoded<T: serde::de::DeserializeOwned>(value: &serde_json::Value) -> Option<T> {
    serde_json::from_value(value.clone()).ok()
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(unix)]
fn only_ours(metadata: &fs::Metadata) -> bool {
    metadata.uid() == rustix::process::geteuid().as_raw() && metadata.mode() & 0o022 == 0
}

#[cfg(not(unix))]
fn only_ours(_: &fs::Metadata) -> bool {
    true
}

#[cfg(unix)]
fn private_folder(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(not(unix))]
fn private_folder(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

#[cfg(unix)]
fn private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}
