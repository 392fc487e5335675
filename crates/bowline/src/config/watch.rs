//! Noticing that a config was written.

use super::file::Stamp;
use super::problem::{Problem, Problems};
use super::{Config, Source};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

/// The file of a config, read again when it changes.
///
/// It looks at the file once a second, and reads it when it was written and then left alone for as long. What somebody
/// else may have written is refused as it was in the beginning; a config of a project wants to be
/// [approved](super::Approvals) anew.
///
/// ```no_run
/// use bowline::config::{Config, Difference, Environment, Watch};
///
/// # async fn example() -> Result<(), bowline::config::Problems> {
/// let config = Config::read("servers.json")?;
/// let mut setup = config.setup(&Environment::of_this_process())?;
/// let mut watch = Watch::new(&config);
/// loop {
///     let changed = watch.changed().await;
///     match changed.and_then(|config| config.setup(&Environment::of_this_process())) {
///         Ok(new) => {
///             println!("{}", Difference::between(&setup, &new));
///             setup = new;
///         }
///         // What was good before stays as it is.
///         Err(problems) => eprintln!("{problems}"),
///     }
/// }
/// # }
/// ```
#[derive(Debug)]
pub struct Watch {
    path: Arc<Path>,
    source: Source,
    /// What was in the file when it was last good.
    digest: Option<[u8; 32]>,
    /// What the file was when it was last looked into.
    read: Option<Stamp>,
    /// What the file was at the last look, if it was another by then.
    seen: Option<Option<Stamp>>,
}

impl Watch {
    /// Watches the file of this config.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let source = config.source.clone();
        Self {
            path: config.path.clone(),
            digest: Some(config.digest),
            read: source.stamp,
            seen: None,
            source,
        }
    }

    /// Waits until something else is in the file, and reads it. Dropping what this returns loses nothing.
    ///
    /// # Errors
    /// As for [`Config::read`], once for each change.
    pub async fn changed(&mut self) -> Result<Config, Problems> {
        loop {
            sleep(EVERY).await;
            let path = self.path.clone();
            let Ok(now) = spawn_blocking(move || Stamp::at(&path)).await else { continue };
            if now == self.read {
                self.seen = None;
            } else if self.seen != Some(now) {
                // Whoever writes may not be done.
                self.seen = Some(now);
            } else {
                let before = self.digest;
                match self.read_again().await {
                    // It was written with what was in it.
                    Ok(config) if Some(config.digest) == before => {}
                    read => return read,
                }
            }
        }
    }

    /// Reads the file now, whether it changed or not: for whoever was told to, and because what stands behind
    /// variables and in files of variables may have changed.
    ///
    /// # Errors
    /// As for [`Config::read`].
    pub async fn read_again(&mut self) -> Result<Config, Problems> {
        let (path, source) = (self.path.clone(), self.source.clone());
        let load = move || (Stamp::at(&path), Config::load_from(&path, source));
        let Ok((stamp, read)) = spawn_blocking(load).await else {
            return Err(Problems::one(&*self.path, Problem::error("", "cannot be read now")));
        };
        self.seen = None;
        match &read {
            Ok(config) => (self.read, self.digest) = (config.source.stamp, Some(config.digest)),
            // When it is again what it was, that is worth being told.
            Err(_) => (self.read, self.digest) = (stamp, None),
        }
        read
    }
}

const EVERY: Duration = Duration::from_secs(1);
