//! From what the command line names to a server of a config.

mod gather;

pub(crate) use gather::Gathered;

use crate::approve::{self, Ask};
use crate::exit::Fault;
use crate::plan::target::{Target, host_as_url};
use bowline::config::{
    Approvals, CLIENTS, Client, Config, Contents, Entry, Environment, Origin, Places, Resolved,
    nearest,
};
use std::path::Path;

/// Where servers are looked for, and how somebody is asked.
pub(crate) struct Finder<'a> {
    pub(crate) places: &'a Places,
    /// The config that `--config` names.
    pub(crate) named: Option<&'a Path>,
    /// What variables stand for.
    pub(crate) environment: Environment,
    /// Whether every question of ours is answered with yes.
    pub(crate) yes: bool,
    /// Whoever sits at the terminal, if it is one.
    pub(crate) ask: Option<&'a mut dyn Ask>,
    /// The inputs that were asked for.
    pub(crate) asked: Vec<String>,
}

impl Finder<'_> {
    /// The server of this name in the config, approved and resolved.
    ///
    /// # Errors
    /// When there is no config, no such server, something is wrong with it, or it is not approved.
    pub(crate) fn named(&mut self, name: &str) -> Result<Resolved, Fault> {
        let (config, entry) = self.entry_named(name)?;
        self.resolved(&config, &entry)
    }

    fn entry_named(&self, name: &str) -> Result<(Config, Entry), Fault> {
        let config = self.config()?;
        let entry = named_in(config.as_ref(), name)?.clone();
        Ok((
            config.ok_or_else(|| no_config(&format!("there is no config to find `{name}` in")))?,
            entry,
        ))
    }

    /// The server of this name in a config of this client.
    ///
    /// # Errors
    /// As for [`Self::named`].
    pub(crate) fn of_client(&mut self, id: &str, name: &str) -> Result<Resolved, Fault> {
        let (config, entry) = self.entry_of_client(id, name)?;
        self.resolved(&config, &entry)
    }

    /// The server that a name means, as its config has it: approved, and with its variables as they are. `None` when
    /// the target is no name.
    ///
    /// # Errors
    /// As for [`Self::named`].
    pub(crate) fn entry(&mut self, target: &Target) -> Result<Option<(Config, Entry)>, Fault> {
        let (config, entry) = match target {
            Target::Named(name) => self.entry_named(name)?,
            Target::OfClient { client, name } => self.entry_of_client(client, name)?,
            Target::Url(_) | Target::Unix(_) | Target::Everything | Target::Command(_) => {
                return Ok(None);
            }
        };
        self.approved(&config)?;
        Ok(Some((config, entry)))
    }

    fn entry_of_client(&self, id: &str, name: &str) -> Result<(Config, Entry), Fault> {
        let Some(client) = Client::of_id(id) else {
            let fault = Fault::new(format!("there is no client `{id}`"));
            let ids = || CLIENTS.iter().map(|client| client.id);
            return Err(match nearest(id, ids()) {
                Some(near) => fault.hint(format!("did you mean `{near}:{name}`?")),
                None => fault.hint(format!("there are {}", ids().collect::<Vec<_>>().join(", "))),
            });
        };
        let mut names = Vec::new();
        let mut wrong = None;
        for found in client.configs(self.places) {
            match found.contents {
                Contents::Read(config) => match config.entry(name) {
                    Ok(entry) => {
                        let entry = entry.clone();
                        return Ok((config, entry));
                    }
                    Err(problems) => {
                        let is_there = problems.list().iter().any(|p| p.server.is_some());
                        if is_there {
                            return Err(problems.into());
                        }
                        names.extend(config.entries().iter().map(|entry| entry.name.clone()));
                    }
                },
                Contents::Wrong(problems) => wrong = wrong.or(Some(problems)),
                Contents::Unread(form) => {
                    return Err(unread(client, form, &found.path));
                }
                _ => {}
            }
        }
        if let Some(problems) = wrong {
            return Err(problems.into());
        }
        let missing = Fault::new(format!("{} has no server `{name}`", client.title));
        Err(match (nearest(name, names.iter().map(String::as_str)), names.is_empty()) {
            (Some(near), _) => missing.hint(format!("did you mean `{id}:{near}`?")),
            (None, false) => missing.hint(format!("it has {}", names.join(", "))),
            (None, true) => missing.hint("`bowline configs` shows which clients have which"),
        })
    }

    /// Every server of the config that is not switched off, each with what is wrong if something is.
    ///
    /// # Errors
    /// When there is no config, it cannot be read, or it is not approved.
    #[expect(clippy::type_complexity, reason = "names, and what became of each")]
    pub(crate) fn all(&mut self) -> Result<Vec<(String, Result<Resolved, Fault>)>, Fault> {
        let config = self.config()?.ok_or_else(|| no_config("there is no config to list"))?;
        self.approved(&config)?;
        let mut names: Vec<&str> =
            config.entries().iter().map(|entry| entry.name.as_str()).collect();
        for broken in config.problems().iter().filter_map(|problem| problem.server.as_deref()) {
            if !names.contains(&broken) {
                names.push(broken);
            }
        }
        let switched_on = |name: &&str| {
            config.entries().iter().all(|entry| entry.name != *name || !entry.disabled)
        };
        let resolve = |name: &str| {
            let entry = config.entry(name).map_err(Fault::from)?;
            entry.resolve(&self.environment).map_err(Fault::from)
        };
        Ok(names
            .into_iter()
            .filter(switched_on)
            .map(|name| (name.to_owned(), resolve(name)))
            .collect())
    }

    fn config(&self) -> Result<Option<Config>, Fault> {
        Config::find(self.places, self.named).map_err(Fault::from)
    }

    /// Approves and resolves one; who names a server that is switched off wants it.
    fn resolved(&mut self, config: &Config, entry: &Entry) -> Result<Resolved, Fault> {
        self.approved(config)?;
        self.ask_for([entry])?;
        entry.resolve(&self.environment).map_err(Fault::from)
    }

    /// Asks for what these need to be given, each thing once.
    fn ask_for<'e>(&mut self, entries: impl IntoIterator<Item = &'e Entry>) -> Result<(), Fault> {
        let Some(ask) = self.ask.as_deref_mut() else { return Ok(()) };
        for input in entries.into_iter().flat_map(|entry| &entry.inputs) {
            if self.asked.contains(&input.id) {
                continue;
            }
            self.asked.push(input.id.clone());
            if let Some(given) = ask.input(input)? {
                let environment = std::mem::take(&mut self.environment);
                self.environment = environment.input(&input.id, given);
            }
        }
        Ok(())
    }

    fn approved(&mut self, config: &Config) -> Result<(), Fault> {
        if config.origin() != Origin::Project {
            return Ok(());
        }
        let approvals = Approvals::of(self.places);
        let ask: Option<&mut dyn Ask> = match &mut self.ask {
            Some(ask) => Some(&mut **ask),
            None => None,
        };
        approve::approve(config, approvals.as_ref(), self.yes, ask)
    }
}

/// The server of this name in a config, if there is one.
fn named_in<'c>(config: Option<&'c Config>, name: &str) -> Result<&'c Entry, Fault> {
    let Some(config) = config else {
        return Err(match host_as_url(name) {
            Some(url) => no_scheme(name, &url),
            None => no_config(&format!("there is no config to find `{name}` in")),
        });
    };
    let known = config.entries().iter().any(|entry| entry.name == name);
    match host_as_url(name) {
        Some(url) if !known => Err(no_scheme(name, &url)),
        _ => config.entry(name).map_err(Fault::from),
    }
}

fn unread(client: Client, form: &str, path: &Path) -> Fault {
    Fault::new(format!("the config of {} is not read: it is {form}", client.title))
        .hint(format!("copy the server into a config of your own; the file is {}", path.display()))
}

/// The names of the servers in the config, as far as it can be read: only for hints.
pub(crate) fn names(places: &Places, named: Option<&Path>) -> Vec<String> {
    let config = Config::find(places, named).ok().flatten();
    let entries = config.iter().flat_map(Config::entries);
    entries.map(|entry| entry.name.clone()).collect()
}

fn no_scheme(name: &str, url: &str) -> Fault {
    Fault::new(format!("`{name}` is neither a server of the config nor a URL"))
        .hint(format!("write {url}, or http:// for a server without TLS"))
}

fn no_config(message: &str) -> Fault {
    Fault::new(message).hint(
        "write --config FILE, set BOWLINE_CONFIG, or make a .mcp.json here; `bowline configs` lists those of other \
         clients, whose servers are CLIENT:NAME",
    )
}

#[cfg(test)]
mod tests;
