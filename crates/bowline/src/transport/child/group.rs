//! The process group of a child, for whoever looks at what it uses.

use super::{Child, Exit};
use tokio::sync::watch;

/// The process group of a child. It does not keep the child.
#[derive(Clone, Debug)]
#[cfg_attr(not(feature = "host"), expect(dead_code, reason = "hosts look at groups"))]
pub(crate) struct Group {
    id: Option<u32>,
    exit: watch::Receiver<Option<Exit>>,
}

#[cfg(feature = "host")]
impl Group {
    /// Its number, as long as it is certain to be this group's; `None` too where there are no groups.
    pub(crate) fn id(&self) -> Option<u32> {
        self.id.filter(|_| super::keep::lives(&self.exit))
    }
}

impl Child {
    /// The group that it leads, or that its guard does.
    pub(crate) fn group(&self) -> Group {
        Group { id: self.group, exit: self.handle.exit() }
    }
}
