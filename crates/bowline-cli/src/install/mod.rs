//! Servers in the files of other clients: put in, and taken out again.
//!
//! Whatever is changed in such a file, no byte is lost that is not ours: see [`edit`]. Each change is made in two steps,
//! so that somebody can look at it in between: first it is worked out, then it is made. It leaves a backup beside the
//! file, by whose name a removal knows whether the file is still as it was left, and then puts it back.

mod dialect;
mod edit;
mod file;
mod node;
mod preview;
mod wanted;

pub(crate) use dialect::Dialect;
pub(crate) use wanted::{Wanted, Written};

use crate::exit::Fault;
use bowline::config::{Client, Origin, Places, nearest};
use edit::{Unfit, entry, names, with_entry, with_input, without_entry};
use file::{Place, Tag};
use std::path::{Path, PathBuf};

/// The file of a client, and how servers are written in it.
pub(crate) struct Book {
    pub(crate) client: Client,
    pub(crate) dialect: Dialect,
    pub(crate) path: PathBuf,
}

/// A change of a client's file that is not made yet.
pub(crate) struct Change {
    client: Client,
    name: String,
    place: Place,
    kind: Kind,
}

enum Kind {
    /// The entry comes in, instead of another one or not.
    Install { after: String, replaces: bool, reason: Option<String> },
    /// The file becomes what it was before the entry came in.
    Restore { after: String, backup: PathBuf },
    /// The entry goes, and what else has changed in the file stays.
    Remove { after: String },
    /// The file goes, since nothing but the entry is in it, and nothing was there before.
    RemoveFile,
}

impl Book {
    /// That of this client: the user's, or the project's.
    ///
    /// # Errors
    /// When it has none, or one that is not written here.
    pub(crate) fn of(client: Client, origin: Origin, places: &Places) -> Result<Self, Fault> {
        let title = client.title;
        let Some(dialect) = Dialect::of(client) else {
            let form = client.unread().unwrap_or("something else");
            return Err(Fault::new(format!("the config of {title} is not written: it is {form}"))
                .hint("add the server there by hand: as `bowline proxy TARGET`, or as it is"));
        };
        let path = client.place(places, origin).ok_or_else(|| match origin {
            Origin::Project => Fault::new(format!("{title} has no config of a project"))
                .hint("leave --project out"),
            _ => Fault::new(format!("cannot tell where the config of {title} is"))
                .hint("set HOME, or use --project in the folder of a project"),
        })?;
        Ok(Self { client, dialect, path })
    }

    /// What has to change so that this server is in the file under this name; `None` when it is there already.
    ///
    /// # Errors
    /// When the file cannot be read, or is not what it should be.
    pub(crate) fn install(&self, name: &str, written: Written) -> Result<Option<Change>, Fault> {
        let Written { entry: new, inputs, reason } = written;
        let place = Place::read(&self.path)?;
        let text = place.text.as_deref().unwrap_or_default();
        let list = self.dialect.list;
        let known = entry(text, list, name).map_err(|unfit| self.unfit(&unfit))?;
        if known.as_ref() == Some(&new.json()) {
            return Ok(None);
        }
        let mut after = with_entry(text, list, name, &new).map_err(|unfit| self.unfit(&unfit))?;
        for (id, input) in inputs {
            after = with_input(&after, &id, &input).map_err(|unfit| self.unfit(&unfit))?;
        }
        // Whatever the layout of the file was, what is written must say what was meant.
        if entry(&after, list, name).ok().flatten() != Some(new.json()) {
            return Err(Fault::new(format!(
                "{} is laid out in a way that cannot be changed here",
                self.path.display()
            ))
            .hint("add the server by hand"));
        }
        let kind = Kind::Install { after, replaces: known.is_some(), reason };
        Ok(Some(Change { client: self.client, name: name.to_owned(), place, kind }))
    }

    /// What has to change so that nothing of this name is in the file.
    ///
    /// # Errors
    /// When the file cannot be read, or is not what it should be, or nothing of this name is in it.
    pub(crate) fn uninstall(&self, name: &str) -> Result<Change, Fault> {
        let place = Place::read(&self.path)?;
        let list = self.dialect.list;
        let text = place.text.as_deref().unwrap_or_default();
        let without = without_entry(text, list, name).map_err(|unfit| self.unfit(&unfit))?;
        let Some(without) = without else { return Err(self.missing(name, text)) };
        let kind = match place.backup(&Tag::of_install(name, text)) {
            Some((backup, after)) => Kind::Restore { after, backup },
            None if without == bare(list) && !place.has_backups() => Kind::RemoveFile,
            None => Kind::Remove { after: without },
        };
        Ok(Change { client: self.client, name: name.to_owned(), place, kind })
    }

    fn missing(&self, name: &str, text: &str) -> Fault {
        let Self { client, dialect, path } = self;
        let names = names(text, dialect.list).unwrap_or_default();
        let fault = Fault::new(format!("{} has no server `{name}`", client.title));
        match (nearest(name, names.iter().map(String::as_str)), names.is_empty()) {
            (Some(near), _) => fault.hint(format!("did you mean `{near}`?")),
            (None, false) => fault.hint(format!("it has {}", names.join(", "))),
            (None, true) => fault.hint(format!("there are none in {}", path.display())),
        }
    }

    fn unfit(&self, unfit: &Unfit) -> Fault {
        Fault::new(format!("{}:{unfit}", self.path.display()))
            .hint("the file is left as it is; mend it, and run the same again")
    }
}

impl Change {
    /// What it looks like.
    pub(crate) fn preview(&self) -> String {
        let before = self.place.text.as_deref().unwrap_or_default();
        let after = match &self.kind {
            Kind::Install { after, .. } | Kind::Restore { after, .. } | Kind::Remove { after } => {
                after
            }
            Kind::RemoveFile => "",
        };
        preview::preview(&self.place.path.display().to_string(), before, after)
    }

    /// Another server of that name would be lost.
    pub(crate) fn replaces(&self) -> bool {
        matches!(self.kind, Kind::Install { replaces: true, .. })
    }

    /// Whose file it is, and the file.
    pub(crate) fn title(&self) -> &'static str {
        self.client.title
    }

    pub(crate) fn path(&self) -> &Path {
        &self.place.path
    }

    /// Makes it: what was done, in words.
    ///
    /// # Errors
    /// When the file was changed meanwhile or cannot be written. It is as it was then.
    pub(crate) fn make(&self) -> Result<String, Fault> {
        let Self { client, name, place, kind } = self;
        let (title, path) = (client.title, place.path.display());
        let kept = |backup: Option<PathBuf>| match backup {
            Some(backup) => format!("; as it was before it is {}", backup.display()),
            None => String::new(),
        };
        Ok(match kind {
            Kind::Install { after, reason, .. } => {
                let backup = place.change(after, &Tag::of_install(name, after))?;
                let way = match reason {
                    Some(reason) => format!(" through `bowline proxy`, since {reason}"),
                    None => String::new(),
                };
                format!("{title} has `{name}`{way}: {path}{}", kept(backup))
            }
            Kind::Restore { after, backup } => {
                place.replace(after)?;
                // What it was kept for is done.
                let _ = std::fs::remove_file(backup);
                format!("{title} no longer has `{name}`: {path} is again what it was before")
            }
            Kind::Remove { after } => {
                let backup = place.change(after, &Tag::of_uninstall(name, after))?;
                format!(
                    "{title} no longer has `{name}`: only its entry was removed from {path}, since no backup is from \
                     right before it came{}",
                    kept(backup)
                )
            }
            Kind::RemoveFile => {
                place.remove()?;
                format!(
                    "{title} no longer has `{name}`: {path} was removed, since nothing else was in it"
                )
            }
        })
    }
}

/// What is left of a file that began with one entry, when that is gone.
fn bare(list: &str) -> String {
    format!("{{\n  \"{list}\": {{}}\n}}\n")
}

#[cfg(test)]
mod tests;
