//! The server that is driven, and the client that drives it.

use crate::expect::Failure;
use crate::heard::Heard;
use crate::surface;
use bowline::Client;
use bowline::client::Target;
use bowline::types::input::{CreateMessageResult, ElicitResult, ListRootsResult};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

/// One connection to the server.
pub(crate) struct Peer {
    pub(crate) client: Client,
    pub(crate) heard: Arc<Heard>,
    target: Target,
    pub(crate) wanted: Wanted,
}

/// What has to be agreed on.
#[derive(Clone, Default)]
pub(crate) struct Wanted {
    pub(crate) protocol: Option<String>,
    /// The client speaks nothing else, instead of finding out.
    pub(crate) pin: bool,
}

/// What a server has seen.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Counters {
    pub(crate) cancelled: u64,
    pub(crate) roots_changed: u64,
    pub(crate) sessions: u64,
}

impl Peer {
    /// Connects with a client that can be asked everything there is.
    pub(crate) async fn connect(target: Target, wanted: Wanted) -> Result<Self, Failure> {
        let heard = Arc::new(Heard::default());
        let (form, url): (ElicitResult, ElicitResult) =
            (surface::answer("form")?, surface::answer("url")?);
        let (sample, with_tools): (CreateMessageResult, CreateMessageResult) =
            (surface::answer("sample")?, surface::answer("sample_tools")?);
        let ListRootsResult { roots, .. } = surface::answer("roots")?;
        let [on_form, on_url, on_sample, on_log, on_error] = [(); 5].map(|()| Arc::clone(&heard));
        let builder = match &wanted.protocol {
            Some(version) if wanted.pin => Client::builder().protocol_version(version),
            _ => Client::builder(),
        };
        let client = builder
            .info("interop-driver", env!("CARGO_PKG_VERSION"))
            .roots(roots.into_iter().collect())
            .on_elicit(move |_, question| {
                on_form.question("form", &question);
                let answer = on_form.decide(form.clone());
                async { Ok(answer) }
            })
            .on_elicit_url(move |_, question| {
                on_url.question("url", &question);
                let answer = on_url.decide(url.clone());
                async { Ok(answer) }
            })
            .on_sample_with_tools(move |_, question| {
                let tools = question.tools.is_some();
                on_sample.question(if tools { "sample_tools" } else { "sample" }, &question);
                let answer = if tools { with_tools.clone() } else { sample.clone() };
                async { Ok(answer) }
            })
            .on_log(move |entry| on_log.log(&entry))
            .on_error(move |error| on_error.fault(error))
            .connect(target.clone())
            .await?;
        Ok(Self { client, heard, target, wanted })
    }

    /// Another client of the same server, or of another process of it.
    pub(crate) async fn another(&self) -> Result<Self, Failure> {
        Self::connect(self.target.clone(), self.wanted.clone()).await
    }

    /// Whether the server speaks this protocol version or a newer one.
    pub(crate) fn since(&self, version: &str) -> bool {
        self.client.protocol_version() >= version
    }

    /// What the server has seen so far.
    pub(crate) async fn counters(&self) -> Result<Counters, Failure> {
        Ok(self.client.call("counters", json!({})).await?)
    }
}
