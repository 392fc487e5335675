//! Every server that `up` serves, and what the config says about the whole.

use super::{Finder, named_in, unread};
use crate::exit::Fault;
use crate::plan::host::Servers;
use crate::plan::target::Target;
use bowline::config::{Client, Config, Contents, Environment, Setup};

/// What `up` serves.
#[derive(Debug)]
pub(crate) struct Gathered {
    /// The config that says so, if one does: what is watched for changes.
    pub(crate) config: Option<Config>,
    /// What variables stand for, with what was given for inputs.
    pub(crate) environment: Environment,
    /// What stands under `bowline`, and the servers that a config describes.
    pub(crate) setup: Setup,
    /// The servers that the command line describes, with what they are called.
    pub(crate) others: Vec<(String, Target)>,
}

impl Finder<'_> {
    /// Finds the servers, approved and resolved. Without any config, every server is the reference server.
    ///
    /// # Errors
    /// When anything is wrong with the config or it is not approved, or a server is not there.
    pub(crate) fn gather(
        &mut self,
        servers: &Servers,
        wants_config: bool,
    ) -> Result<Gathered, Fault> {
        let config = if wants_config { self.config()? } else { None };
        self.gather_from(servers, config)
    }

    /// As [`Self::gather`], from a config that was read already, such as one that changed.
    ///
    /// # Errors
    /// As for [`Self::gather`].
    pub(crate) fn gather_from(
        &mut self,
        servers: &Servers,
        config: Option<Config>,
    ) -> Result<Gathered, Fault> {
        let mut gathered = match servers {
            Servers::All => self.every_one(config)?,
            Servers::OfClient(client) => self.of_one_client(*client)?,
            Servers::These(these) => self.these(these, config)?,
        };
        gathered.environment = self.environment.clone();
        Ok(gathered)
    }

    fn every_one(&mut self, config: Option<Config>) -> Result<Gathered, Fault> {
        let Some(config) = config else {
            let others = vec![("everything".to_owned(), Target::Everything)];
            return Ok(Gathered { others, ..Gathered::new(None) });
        };
        let setup = self.whole(&config)?;
        Ok(Gathered { setup, ..Gathered::new(Some(config)) })
    }

    /// Of two servers of one name that of the project, which comes first.
    fn of_one_client(&mut self, client: Client) -> Result<Gathered, Fault> {
        let mut gathered: Option<Gathered> = None;
        for found in client.configs(self.places) {
            let config = match found.contents {
                Contents::Read(config) => config,
                Contents::Wrong(problems) => return Err(problems.into()),
                Contents::Unread(form) => return Err(unread(client, form, &found.path)),
                _ => continue,
            };
            let setup = self.whole(&config)?;
            match &mut gathered {
                None => gathered = Some(Gathered { setup, ..Gathered::new(Some(config)) }),
                Some(gathered) => {
                    let known = &mut gathered.setup.servers;
                    for server in setup.servers {
                        if known.iter().all(|known| known.name != server.name) {
                            known.push(server);
                        }
                    }
                }
            }
        }
        gathered.ok_or_else(|| {
            Fault::new(format!("{} has no config here", client.title))
                .hint("`bowline configs` lists those there are")
        })
    }

    fn these(
        &mut self,
        these: &[(String, Target)],
        config: Option<Config>,
    ) -> Result<Gathered, Fault> {
        let mut gathered = Gathered::new(None);
        if let Some(config) = &config {
            self.approved(config)?;
            gathered.setup.bowline = config.bowline(&self.environment)?;
        }
        for (name, target) in these {
            let server = match target {
                Target::Named(name) => {
                    let entry = named_in(config.as_ref(), name)?;
                    self.ask_for([entry])?;
                    entry.resolve(&self.environment)?
                }
                Target::OfClient { client, name } => self.of_client(client, name)?,
                target => {
                    gathered.others.push((name.clone(), target.clone()));
                    continue;
                }
            };
            let server = gathered.setup.bowline.upstream.fill(server);
            gathered.setup.servers.push(server);
        }
        gathered.config = config;
        Ok(gathered)
    }

    /// Everything that a config says.
    fn whole(&mut self, config: &Config) -> Result<Setup, Fault> {
        self.approved(config)?;
        self.ask_for(config.entries().iter().filter(|entry| !entry.disabled))?;
        Ok(config.setup(&self.environment)?)
    }
}

impl Gathered {
    fn new(config: Option<Config>) -> Self {
        Self {
            config,
            environment: Environment::new(),
            setup: Setup::default(),
            others: Vec::new(),
        }
    }
}
