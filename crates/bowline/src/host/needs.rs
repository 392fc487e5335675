//! The scopes that calls need.

use super::catalogue::{Globs, Shelves};
use super::settings::Settings;
use crate::scopes::{Asked, Scopes};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// The scopes that calls need, ready to be asked.
#[derive(Debug)]
pub(crate) struct Needs {
    methods: BTreeMap<String, Vec<String>>,
    /// By what matches the names of tools where all servers are together.
    tools: Vec<(Globs, Vec<String>)>,
    servers: HashMap<Box<str>, Vec<String>>,
}

impl Needs {
    /// Those of these settings; `None` where calls need none.
    pub(crate) fn of(settings: &Settings) -> Option<Arc<Self>> {
        let tools = settings.scopes.tools.iter();
        let servers = settings.servers.iter().filter(|(_, server)| !server.scopes.is_empty());
        let needs = Self {
            methods: settings.scopes.methods.clone(),
            tools: tools.map(|(glob, scopes)| (Globs::new([glob]), scopes.clone())).collect(),
            servers: servers
                .map(|(name, told)| (name.as_str().into(), told.scopes.clone()))
                .collect(),
        };
        let is_empty =
            needs.methods.is_empty() && needs.tools.is_empty() && needs.servers.is_empty();
        (!is_empty).then(|| Arc::new(needs))
    }

    /// What a request needs where these are shown; `one` is the server of an endpoint that has only one.
    ///
    /// What is not there needs what its name says: nobody learns by that whether it is.
    pub(crate) fn needed(&self, asked: &Asked<'_>, shelves: &Shelves, one: Option<&str>) -> Scopes {
        let mut needed = Scopes::default();
        let method = asked.method();
        let mut add = |scopes: &[String]| needed.add(scopes.iter().map(String::as_str));
        if let Some(scopes) = self.methods.get(&*method) {
            add(scopes);
        }
        // What is listed, everybody may look at who is let in.
        if matches!(&*method, "server/discover" | "initialize" | "ping")
            || method.ends_with("/list")
            || method.starts_with("notifications/")
        {
            return needed;
        }
        let name = asked.name();
        let place = name.as_deref().and_then(|name| match &*method {
            "tools/call" => shelves.tools.find(name).map(|entry| entry.route.clone()),
            "prompts/get" => shelves.prompts.find(name).map(|entry| entry.route.clone()),
            _ => None,
        });
        let of_uri = name.as_deref().filter(|_| method.starts_with("resources/"));
        let of_uri = of_uri.and_then(|uri| shelves.locate(uri)).map(|located| located.server);
        let server = place.as_ref().map(|route| &*route.server).or(of_uri.as_deref()).or(one);
        if let Some(scopes) = server.and_then(|server| self.servers.get(server)) {
            add(scopes);
        }
        if method == "tools/call"
            && let Some(name) = name.as_deref()
        {
            let own = place.as_ref().map_or(name, |route| &*route.name);
            for (globs, scopes) in &self.tools {
                let is_meant = match server {
                    Some(server) => globs.select(server, own, name),
                    None => globs.match_any(name),
                };
                if is_meant {
                    add(scopes);
                }
            }
        }
        needed
    }
}
