//! Views of servers in this process, and what reaches them.

use crate::client::{Client, Target};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::host::access::Rules;
use crate::host::catalogue::{Catalogue, Globs, Offer, Selection, Told};
use crate::host::needs::Needs;
use crate::host::settings::{Naming, Settings};
use crate::host::view::{Errand, Later, Upstreams, View, Watch};
use crate::principal::Principal;
use crate::server::{Server, Uri};
use crate::service::{Answer, Service};
use crate::transport::memory;
use bowline_protocol::limits::Limits;
use bowline_protocol::outcome::{Body, Outcome};
use bowline_protocol::scan::{Message, Raw};
use bowline_types::completion::{PromptReference, ResourceTemplateReference};
use bowline_types::content::{ContentBlock, Role};
use bowline_types::jsonrpc::{EmptyResult, ErrorObject, RequestParams};
use bowline_types::method::Method;
use bowline_types::prompt::{Prompt, PromptArgument, PromptMessage};
use bowline_types::resource::{Resource, ResourceContents, ResourceTemplate};
use bowline_types::subscription::SubscriptionFilter;
use bowline_types::tool::{CallToolResult, Tool};
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
    access: Mutex<Option<Arc<Rules>>>,
    needs: Mutex<Option<Arc<Needs>>>,
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
            access: Mutex::default(),
            needs: Mutex::default(),
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

    /// Says who may use what.
    pub(super) async fn rule(&self, settings: &Settings) {
        *self.access.lock().unwrap() = Rules::of(settings);
        *self.needs.lock().unwrap() = Needs::of(settings);
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
        let catalogue = Catalogue::settle(self.naming, offers).0;
        let access = self.access.lock().unwrap().clone();
        let needs = self.needs.lock().unwrap().clone();
        self.catalogue.send_replace(Arc::new(catalogue.with_access(access).with_needs(needs)));
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

    fn settled(self: Arc<Self>, _: Option<Arc<str>>, _: Principal) -> Later<Arc<Catalogue>> {
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
pub(super) async fn ask(service: &Arc<impl Service>, method: &str, params: Value) -> String {
    ask_as(service, &Principal::anonymous(), method, params).await
}

/// What a service answers to a request of somebody.
pub(super) async fn ask_as(
    service: &Arc<impl Service>,
    who: &Principal,
    method: &str,
    mut params: Value,
) -> String {
    params["_meta"] = own_meta();
    let message = json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": params });
    let (service, principal) = (service.clone(), who.clone());
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

struct Ping;

impl Method for Ping {
    const NAME: &'static str = "com.example/ping";
    type Params = RequestParams;
    type Result = EmptyResult;
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Echo {
    name: Option<String>,
}

fn linking(uris: &'static [&'static str]) -> CallToolResult {
    let mut content: Vec<_> =
        uris.iter().map(|uri| ContentBlock::resource_link(Resource::new(*uri, "link"))).collect();
    content.push(ContentBlock::resource(ResourceContents::text(uris[0], "embedded")));
    content.push(ContentBlock::text(uris[0]));
    CallToolResult::new(content)
}

/// A server with one of everything; all of them have the resource `x:shared`.
pub(super) fn one_of_everything(name: &'static str) -> Server {
    Server::new(name, "1")
        .instructions(format!("how to use {name}"))
        .tool(Tool::new("echo"), move |echo: Echo| async move { format!("{name} {:?}", echo.name) })
        .tool(Tool::new("links"), || async { linking(&["x:shared", "y:1", "x:a", "z:1"]) })
        .prompt(Prompt::new("greet").argument(PromptArgument::new("who")), move || async move {
            vec![
                PromptMessage::user(format!("hello from {name}")),
                PromptMessage::new(
                    Role::User,
                    ContentBlock::resource_link(Resource::new("x:shared", "l")),
                ),
            ]
        })
        .completion(PromptReference::new("greet"), "who", move || async move { [name] })
        .completion(ResourceTemplateReference::new("y:{v}"), "v", move || async move { [name] })
        .resource(Resource::new("x:shared", "shared"), move || async move { name })
        .resource(Resource::new(format!("x:{name}"), "own"), move || async move { name })
        .template(ResourceTemplate::new("y:{v}", "y"), move |Uri(uri): Uri| async move {
            format!("{name} {uri}")
        })
        .method::<Ping>(|_, _| async { Ok::<_, Error>(EmptyResult::new()) })
}
