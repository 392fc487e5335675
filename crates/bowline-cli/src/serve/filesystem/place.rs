//! Where a path is: beneath which open directory, and what is left of it then.

use super::fault::{LEADS_OUTSIDE, Refusal};
use super::path;
use crate::exit::Fault;
use cap_std::ambient_authority;
use cap_std::fs::Dir;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// The directories that a call may use.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    roots: Arc<[Root]>,
    /// Whether files with more than one name may be opened.
    pub(super) allow_hard_links: bool,
}

/// An open directory, with everything beneath it.
#[derive(Clone, Debug)]
pub(super) struct Root {
    /// Where it was, free of links, when it was opened.
    pub(super) path: PathBuf,
    /// How it was written then.
    typed: PathBuf,
    dir: Arc<Dir>,
}

/// Something that may be beneath a root.
#[derive(Clone, Debug)]
pub(super) struct Place {
    root: Root,
    /// Relative to the root; never used but through its handle. Empty for the root itself.
    rel: PathBuf,
    pub(super) allow_hard_links: bool,
}

impl Scope {
    /// Opens the directories.
    ///
    /// # Errors
    /// When one of them cannot be opened, or is none.
    pub(super) fn open(dirs: &[PathBuf], allow_hard_links: bool) -> Result<Self, Fault> {
        let mut roots: Vec<Root> = Vec::new();
        for typed in dirs {
            let fault = |error: io::Error| {
                Fault::new(format!("cannot serve {}: {error}", typed.display()))
                    .hint("name directories that exist")
            };
            let path = typed.canonicalize().map_err(fault)?;
            let dir = Dir::open_ambient_dir(&path, ambient_authority()).map_err(fault)?;
            // Opening looks at no entry, so what may not be listed would be found out only by a client.
            dir.entries().map_err(fault)?;
            let typed = std::path::absolute(typed).map_err(fault)?;
            if roots.iter().all(|root| root.path != path) {
                roots.push(Root { path, typed, dir: Arc::new(dir) });
            }
        }
        Ok(Self { roots: roots.into(), allow_hard_links })
    }

    pub(super) fn roots(&self) -> &[Root] {
        &self.roots
    }

    /// Where a path is that a client wrote.
    pub(super) fn place(&self, text: &str) -> Result<Place, Refusal> {
        self.locate(&path::parse(text)?)
    }

    fn locate(&self, path: &Path) -> Result<Place, Refusal> {
        let place = |root: &Root, rel: &Path| Place {
            root: root.clone(),
            rel: rel.components().filter(|part| *part != Component::CurDir).collect(),
            allow_hard_links: self.allow_hard_links,
        };
        if path.is_relative() {
            return match &*self.roots {
                [root] => Ok(place(root, path)),
                _ => Err(Refusal::at(
                    path,
                    "a relative path is only clear where one directory is served; write an absolute one",
                )),
            };
        }
        let mut best: Option<(&Root, &Path, usize)> = None;
        for root in &*self.roots {
            for base in [&root.path, &root.typed] {
                let length = base.as_os_str().len();
                if let Ok(rel) = path.strip_prefix(base)
                    && best.is_none_or(|(_, _, longest)| length > longest)
                {
                    best = Some((root, rel, length));
                }
            }
        }
        best.map(|(root, rel, _)| place(root, rel)).ok_or_else(|| Refusal::at(path, LEADS_OUTSIDE))
    }

    /// What of it is below roots that a client names too. Never more than there was.
    ///
    /// # Errors
    /// When there are more roots than anybody has, since each may cost an open directory.
    pub(super) fn narrowed<'a>(
        &self,
        uris: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, Refusal> {
        let mut roots: Vec<Root> = Vec::new();
        for (at, uri) in uris.into_iter().enumerate() {
            if at == MOST_ROOTS {
                return Err(Refusal::new(format!("the client has more than {MOST_ROOTS} roots")));
            }
            let Ok(wanted) = path::parse(uri) else { continue };
            roots.extend(self.beneath(&wanted));
            // A client whose root holds all of ours is given all of ours.
            roots.extend(self.roots.iter().filter(|root| root.is_below(&wanted)).cloned());
        }
        roots.sort_by(|a, b| a.path.cmp(&b.path));
        roots.dedup_by(|a, b| a.path == b.path);
        Ok(Self { roots: roots.into(), allow_hard_links: self.allow_hard_links })
    }

    fn beneath(&self, wanted: &Path) -> Option<Root> {
        let place = wanted.is_absolute().then(|| self.locate(wanted).ok()).flatten()?;
        let dir = place.dir().ok()?;
        Some(Root { path: place.path(), typed: wanted.to_owned(), dir: Arc::new(dir) })
    }
}

impl Root {
    /// Whether it is below this path, or the same.
    fn is_below(&self, path: &Path) -> bool {
        // What leads upwards again may be below something else than what it begins with.
        let plain = self.typed.components().all(|part| part != Component::ParentDir);
        self.path.starts_with(path) || (plain && self.typed.starts_with(path))
    }
}

impl Place {
    /// The absolute path, for showing.
    pub(super) fn path(&self) -> PathBuf {
        if self.rel.as_os_str().is_empty() {
            return self.root.path.clone();
        }
        self.root.path.join(&self.rel)
    }

    /// Something below it.
    pub(super) fn join(&self, rel: &Path) -> Self {
        Self { rel: self.rel.join(rel), ..self.clone() }
    }

    /// Every place on the way here from below the root, but for the last so many.
    pub(super) fn ways(&self, but: usize) -> impl ExactSizeIterator<Item = Self> {
        let components: Vec<_> = self.rel.components().collect();
        let last = components.len().saturating_sub(but);
        (0..last).map(move |end| Self { rel: components[..=end].iter().collect(), ..self.clone() })
    }

    /// An open directory, and a path relative to it that is short enough for the system.
    ///
    /// A path longer than that is walked in pieces. What leaves a piece with `..` then is refused.
    pub(super) fn anchor(&self) -> io::Result<(Arc<Dir>, PathBuf)> {
        let mut dir = self.root.dir.clone();
        let mut piece = PathBuf::new();
        for component in self.rel.components() {
            if piece.as_os_str().len() + component.as_os_str().len() > LONGEST_PIECE {
                dir = Arc::new(dir.open_dir(&piece)?);
                piece.clear();
            }
            piece.push(component);
        }
        if piece.as_os_str().is_empty() {
            piece.push(".");
        }
        Ok((dir, piece))
    }

    /// Opens it as a directory.
    pub(super) fn dir(&self) -> io::Result<Dir> {
        let (dir, rel) = self.anchor()?;
        dir.open_dir(rel)
    }

    /// Opens the directory that it is in: that, and its name there.
    pub(super) fn parent(&self) -> Result<(Dir, OsString), Refusal> {
        let fault = |error| Refusal::io(&self.path(), &error);
        let name = self.name().ok_or_else(|| {
            Refusal::at(&self.path(), "names an allowed directory itself, or ends in ..")
        })?;
        let (dir, rel) = self.anchor().map_err(fault)?;
        let parent = match rel.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        Ok((dir.open_dir(parent).map_err(fault)?, name.to_owned()))
    }

    /// Its name in the directory that it is in, unless it is a root or ends in `..`.
    fn name(&self) -> Option<&OsStr> {
        match self.rel.components().next_back() {
            Some(Component::Normal(name)) => Some(name),
            _ => None,
        }
    }
}

/// Roots of one client that are looked at.
const MOST_ROOTS: usize = 100;

/// Below what Linux takes at once (4096), and long enough that few paths have more than one piece.
const LONGEST_PIECE: usize = 3000;
