//! What a view needs of the servers behind it.

use crate::client::Subscription;
use crate::context::Context;
use crate::error::Result;
use crate::host::catalogue::Catalogue;
use crate::principal::Principal;
use crate::service::Answer;
use bowline_protocol::outcome::Body;
use bowline_protocol::scan::Message;
use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::watch;

/// The servers behind a view, by the names that the host has for them.
pub(crate) trait Upstreams: Send + Sync + 'static {
    /// What they offer, as far as it is known now. Asked with every call.
    fn catalogue(&self) -> Arc<Catalogue>;

    /// The same whenever it changes.
    fn changes(&self) -> watch::Receiver<Arc<Catalogue>>;

    /// The same as soon as this server, or each of them, has told what it offers or has failed to. At once where that
    /// is known.
    fn settled(
        self: Arc<Self>,
        server: Option<Arc<str>>,
        principal: Principal,
    ) -> Later<Arc<Catalogue>>;

    /// What somebody is shown of it, who may have servers of his own.
    fn shown_to(&self, all: &Arc<Catalogue>, _principal: &Principal) -> Arc<Catalogue> {
        all.clone()
    }

    /// Hands a call on. A server that is not there any more is answered for with a named error.
    fn forward(self: Arc<Self>, cx: Context, errand: Errand) -> Answer;

    /// Hears of changes of these resources, which are at the server's own URIs.
    fn subscribe(
        self: Arc<Self>,
        cx: Context,
        server: Arc<str>,
        uris: Vec<String>,
    ) -> Later<Result<Watch>>;

    /// Takes a message that no call owns: of a session's client that its roots changed, or one that no protocol version
    /// defines. `server` is the one it is for, where the view has only one.
    fn notify(&self, from: &Principal, server: Option<&str>, notification: &Message);
}

/// What comes later.
pub(crate) type Later<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A call on its way to a server.
#[derive(Clone, Debug)]
pub(crate) struct Errand {
    /// The server.
    pub(crate) server: Arc<str>,
    /// The method.
    pub(crate) method: Cow<'static, str>,
    /// The params as the server knows them: names and URIs are its own. All of the caller's `_meta` is there.
    pub(crate) params: Body,
    /// The tool that is called, under the server's own name for it.
    pub(crate) tool: Option<Arc<str>>,
}

/// Changes of resources of one server, as they come. Dropping it ends it.
pub(crate) struct Watch {
    /// What the server tells; its `honored` says of which resources.
    pub(crate) subscription: Subscription,
    /// What keeps the instance from being stopped meanwhile.
    #[expect(dead_code, reason = "it is there to be dropped with the watch")]
    pub(crate) hold: Option<Box<dyn Any + Send + Sync>>,
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Watch").field(self.subscription.honored()).finish()
    }
}
