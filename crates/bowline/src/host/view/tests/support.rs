//! Views of servers in this process, and what reaches them.

use crate::client::{Client, Target};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::host::catalogue::{Catalogue, Globs, Offer, Selection, Told};
use crate::host::settings::Naming;
use crate::host::view::{Errand, Later, Upstreams, View, Watch};
use crate::principal::Principal;
use crate::server::Server;
use crate::service::{Answer, Service};
use crate::transport::memory;
use bowline_protocol::limits::Limits;
use bowline_protocol::outcome::{Body, Outcome};
use bowline_protocol::scan::{Message, Raw};
use bowline_types::jsonrpc::ErrorObject;
use bowline_types::subscription::SubscriptionFilter;
use serde_json::{Map, Value, json};
use std::sync::{Arc, Mutex};
use tokio::sync::watch;

/// Servers in this process, as a host has them.
pub(super) struct Fake {
    naming: Naming,
    servers: Mutex<Vec<Known>>,
    catalogue: watch::Sender<Arc<Catalogue>>,
    /// What was handed on: server, method and params, a line each.
    seen: Mutex<Vec<String>>,
    /// What becomes known of servers only when it is waited for.
    late: Mutex<Vec<Known>>,
}

#[derive(Clone)]
struct Known {
    name: Arc<str>,
    client: Client,
    server: Server,
    allowed: Option<Globs>,
    told: Told,
}

impl Fake {
    pub(super) async fn new(naming: Naming, servers: &[(&str, Server)]) -> Arc<Self> {
        let fake = Arc::new(Self {
            naming,
            servers: Mutex::default(),
            catalogue: watch::Sender::new(Arc::default()),
            seen: Mutex::default(),
            late: Mutex::default(),
        });
        for (name, server) in servers {
            let known = known(name, server).await;
            fake.servers.lock().unwrap().push(known);
        }
        fake.merge().await;
        fake
    }

    /// A server that is known only once somebody waits for it.
    pub(super) async fn add_late(&self, name: &str, server: &Server) {
        let known = known(name, server).await;
        self.late.lock().unwrap().push(known);
    }

    pub(super) async fn add(&self, name: &str, server: &Server) {
        let known = known(name, server).await;
        self.servers.lock().unwrap().push(known);
        self.merge().await;
    }

    pub(super) async fn remove(&self, name: &str) {
        self.servers.lock().unwrap().retain(|known| &*known.name != name);
        self.merge().await;
    }

    /// Ends the connection to a server.
    pub(super) async fn close(&self, name: &str) {
        let known = self.server(name).unwrap();
        known.client.close().await;
    }

    /// Puts another process of a server in the place of the first.
    pub(super) async fn replace(&self, name: &str, server: &Server) {
        let known = known(name, server).await;
        self.change(name, |old| *old = known);
        self.merge().await;
    }

    /// Lets only these tools of a server be used.
    pub(super) async fn allow(&self, name: &str, tools: &[&str]) {
        self.change(name, |known| known.allowed = Some(Globs::new(tools)));
        self.merge().await;
    }

    /// A server says that its tools have changed.
    pub(super) async fn say_tools(&self, name: &str) {
        self.change(name, |known| known.told.tools += 1);
        self.merge().await;
    }

    fn change(&self, name: &str, change: impl FnOnce(&mut Known)) {
        let mut servers = self.servers.lock().unwrap();
        change(servers.iter_mut().find(|known| &*known.name == name).unwrap());
    }

    /// Reads all offers anew.
    pub(super) async fn merge(&self) {
        let servers = self.servers.lock().unwrap().clone();
        let mut offers = Vec::new();
        for known in servers {
            let mut offer = Offer::read(&known.client).await.unwrap();
            if let Some(allowed) = &known.allowed {
                offer = offer.with_tools(allowed);
            }
            offer.told = known.told;
            offers.push((known.name, offer));
        }
        let offers = offers.iter().map(|(name, offer)| (&**name, offer));
        self.catalogue.send_replace(Arc::new(Catalogue::settle(self.naming, offers).0));
    }

    pub(super) fn whole(self: &Arc<Self>) -> Arc<View> {
        self.view(Selection::Everything)
    }

    pub(super) fn one(self: &Arc<Self>, server: &str) -> Arc<View> {
        self.view(Selection::Server(server.into()))
    }

    pub(super) fn profile(self: &Arc<Self>, globs: &[&str]) -> Arc<View> {
        self.view(Selection::Profile(Globs::new(globs)))
    }

    fn view(self: &Arc<Self>, selection: Selection) -> Arc<View> {
        let info = Raw::parse(r#"{"name":"host","version":"1"}"#).unwrap();
        Arc::new(View::new(self.clone(), selection, info))
    }

    /// What was handed on since this was asked last.
    pub(super) fn seen(&self) -> String {
        std::mem::take(&mut *self.seen.lock().unwrap()).join("\n")
    }

    fn server(&self, name: &str) -> Option<Known> {
        self.servers.lock().unwrap().iter().find(|known| &*known.name == name).cloned()
    }
}

async fn known(name: &str, server: &Server) -> Known {
    let client = Client::connect(server).await.unwrap();
    let (allowed, told) = (None, Told::default());
    Known { name: name.into(), client, server: server.clone(), allowed, told }
}

impl Upstreams for Fake {
    fn catalogue(&self) -> Arc<Catalogue> {
        self.catalogue.borrow().clone()
    }

    fn changes(&self) -> watch::Receiver<Arc<Catalogue>> {
        self.catalogue.subscribe()
    }

    fn settled(self: Arc<Self>, _: Option<Arc<str>>) -> Later<Arc<Catalogue>> {
        Box::pin(async move {
            let late = std::mem::take(&mut *self.late.lock().unwrap());
            if !late.is_empty() {
                self.servers.lock().unwrap().extend(late);
                self.merge().await;
            }
            self.catalogue()
        })
    }

    fn forward(self: Arc<Self>, cx: Context, errand: Errand) -> Answer {
        let Errand { server, method, params, tool } = errand;
        let tool = tool.map(|tool| format!(" [{tool}]")).unwrap_or_default();
        let line = format!("{server} {method}{tool} {}", params.members().as_str());
        self.seen.lock().unwrap().push(line);
        let Some(known) = self.server(&server) else {
            return Answer::ready(ErrorObject::internal_error("gone"));
        };
        Answer::new(async move {
            let mut all: Map<String, Value> = params.members().decode().unwrap();
            // That of a session's client says nothing of it.
            let meta = params.meta().filter(|_| !cx.request().is_of_session());
            let meta = meta.map_or_else(own_meta, |meta| meta.decode().unwrap());
            all.insert("_meta".to_owned(), meta);
            let message = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": all });
            let (server, principal) = (Arc::new(known.server), cx.principal().clone());
            let limits = Arc::new(Limits::default());
            let said = memory::answer(server, message.to_string(), principal, limits).await;
            outcome(&said.response.unwrap())
        })
    }

    fn subscribe(
        self: Arc<Self>,
        _: Context,
        server: Arc<str>,
        uris: Vec<String>,
    ) -> Later<Result<Watch>> {
        Box::pin(async move {
            self.seen.lock().unwrap().push(format!("{server} subscribe {uris:?}"));
            let known = self.server(&server).ok_or_else(|| Error::closed("gone"))?;
            let filter = SubscriptionFilter::new().resource_subscriptions(uris);
            Ok(Watch { subscription: known.client.subscribe(filter).await?, hold: None })
        })
    }

    fn notify(&self, from: &Principal, server: Option<&str>, notification: &Message) {
        let line = format!("{:?} {server:?} {}", from.kind(), notification.method());
        self.seen.lock().unwrap().push(line);
    }
}

/// What a server answered, as whoever hands it on gives it back.
fn outcome(response: &Raw) -> Outcome {
    let mut response: Map<String, Value> = response.decode().unwrap();
    if let Some(error) = response.remove("error") {
        return Outcome::Error(serde_json::from_value(error).unwrap());
    }
    let Some(Value::Object(mut result)) = response.remove("result") else { panic!("no result") };
    for member in ["resultType", "ttlMs", "cacheScope", "_meta"] {
        result.remove(member);
    }
    Outcome::complete(Body::of(&result).unwrap())
}

pub(super) fn own_meta() -> Value {
    json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    })
}

/// What a service answers to a request of nobody in particular.
pub(super) async fn ask(service: &Arc<impl Service>, method: &str, mut params: Value) -> String {
    params["_meta"] = own_meta();
    let message = json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": params });
    let (service, principal) = (service.clone(), Principal::anonymous());
    let limits = Arc::new(Limits::default());
    let said = memory::answer(service, message.to_string(), principal, limits).await;
    let response: Value = said.response.unwrap().decode().unwrap();
    match response.get("result") {
        Some(result) => result.to_string(),
        None => format!("error {}", response["error"]),
    }
}

/// The answers to requests, each on a line behind its params, and what was handed on.
pub(super) async fn table(fake: &Fake, service: &Arc<View>, requests: &[(&str, Value)]) -> String {
    let mut table = String::new();
    for (method, params) in requests {
        let answer = ask(service, method, params.clone()).await;
        table += &format!("{method} {params}\n");
        for line in fake.seen().lines() {
            table += &format!("    to {line}\n");
        }
        table += &format!("    {answer}\n");
    }
    table
}

/// A client of a view, in this process.
pub(super) async fn client(view: &Arc<View>) -> Client {
    Client::connect(Target::service(view.clone())).await.unwrap()
}
