//! What a listener was told about its authorization servers, for all of its endpoints.

use super::door::Door;
use super::protected::Protected;
use super::verifier::Verifier;
use crate::error::Result;
use bowline_auth::resource::WELL_KNOWN;
use std::sync::Arc;

/// What a listener was told about authorization servers; nothing by default.
#[derive(Clone, Debug, Default)]
pub(in crate::transport::http) struct Protection {
    told: Option<Told>,
    /// The path of the endpoint that is the resource itself; others are named after it.
    root: Option<Box<str>>,
}

#[derive(Clone, Debug)]
struct Told {
    protected: Arc<Protected>,
    verifier: Arc<Verifier>,
}

impl Protection {
    /// # Errors
    /// When what was told cannot be right.
    pub(super) fn check(protected: &Protected) -> Result<()> {
        protected.check()
    }

    /// # Errors
    /// When what was told cannot be right, or a file with certificates cannot be read.
    pub(in crate::transport::http) fn new(protected: Protected) -> Result<Self> {
        Self::check(&protected)?;
        let verifier = Arc::new(Verifier::new(&protected)?);
        Ok(Self { told: Some(Told { protected: Arc::new(protected), verifier }), root: None })
    }

    /// What was told.
    #[cfg(feature = "host")]
    pub(in crate::transport::http) fn protected(&self) -> Option<&Protected> {
        Some(&*self.told.as_ref()?.protected)
    }

    pub(in crate::transport::http) fn is_on(&self) -> bool {
        self.told.is_some()
    }

    /// Says which path is that of the resource itself.
    pub(in crate::transport::http) fn root_is(&mut self, path: Option<&str>) {
        self.root = path.map(Box::from);
    }

    /// What stands in front of the endpoint at a path.
    pub(in crate::transport::http) fn door(&self, path: Option<&str>) -> Option<Arc<Door>> {
        let Told { protected, verifier } = self.told.as_ref()?;
        let root = self.root.as_deref().or(path);
        Some(Arc::new(Door::new(protected, verifier.clone(), root, path)))
    }

    /// Which endpoint a path is about: the metadata of one is about it.
    pub(in crate::transport::http) fn about<'a>(&self, path: &'a str) -> &'a str {
        let Some(told) = &self.told else { return path };
        let Some(rest) = path.strip_prefix(WELL_KNOWN) else { return path };
        let prefix = told.protected.prefix(self.root.as_deref());
        rest.strip_prefix(prefix).filter(|rest| rest.starts_with('/')).unwrap_or(rest)
    }
}
