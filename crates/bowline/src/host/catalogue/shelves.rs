//! All that one endpoint shows.

use super::build;
use super::globs::Globs;
use super::names;
use super::offer::{Offer, Told, shorter};
use super::shelf::{Entry, Route, Shelf};
use crate::host::access::Sight;
use crate::server::ItemKind;
use bowline_protocol::outcome::CacheHint;
use bowline_protocol::uri_template::{Matcher, UriTemplate};
use bowline_types::capability::ServerCapabilities;
use std::collections::HashSet;
use std::sync::Arc;

/// All that one endpoint shows, as one immutable value.
#[derive(Clone, Debug)]
pub(crate) struct Shelves {
    pub(crate) tools: Shelf,
    pub(crate) prompts: Shelf,
    pub(crate) resources: Shelf,
    pub(crate) templates: Shelf,
    /// The servers behind it, in the order of the config.
    pub(super) sources: Vec<Arc<Source>>,
    /// Whether it is all of one server, under its own names.
    pub(super) own: bool,
    /// Whether anything of any of them is shown in its namespace.
    pub(super) renames: bool,
    /// Which of it is shown, where it is not all.
    pub(super) globs: Option<Globs>,
    /// For whom it is, where not everybody may use everything.
    pub(super) sight: Option<Sight>,
    /// What it declares.
    pub(crate) capabilities: ServerCapabilities,
    /// How to use it, in words for a model.
    pub(crate) instructions: Option<String>,
    /// How long and by whom its lists may be kept.
    pub(crate) cache: CacheHint,
    /// How often one of its servers has said that its lists changed.
    pub(crate) told: Told,
}

/// What is known of one server behind an endpoint.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(super) name: Arc<str>,
    pub(super) capabilities: ServerCapabilities,
    pub(super) instructions: Option<String>,
    pub(super) cache: CacheHint,
    pub(super) told: Told,
    /// Whether it has told what it offers.
    pub(super) known: bool,
    /// Whether it has no other tools than those that are shown.
    pub(super) restricted: bool,
    /// What stands in front of its URIs where others have them too.
    pub(super) namespace: Box<str>,
    /// The schemes of what it lists.
    schemes: HashSet<String>,
    /// Its URIs that are shown with the namespace in front.
    pub(super) renamed: HashSet<Arc<str>>,
    /// What matches the URIs of its templates that are.
    pub(super) renamed_templates: Vec<Matcher>,
    /// What matches the URIs of its templates that are not, and whether the template is shown.
    templates: Vec<(Arc<str>, Matcher, bool)>,
}

/// Where a URI is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Located {
    /// The server.
    pub(crate) server: Arc<str>,
    /// Its own URI.
    pub(crate) uri: Arc<str>,
    /// What stands in front of it here, where it is shown so.
    pub(crate) namespace: Option<Box<str>>,
}

impl Shelves {
    pub(super) fn new() -> Self {
        Self {
            tools: Shelf::new(ItemKind::Tool),
            prompts: Shelf::new(ItemKind::Prompt),
            resources: Shelf::new(ItemKind::Resource),
            templates: Shelf::new(ItemKind::ResourceTemplate),
            sources: Vec::new(),
            own: false,
            renames: false,
            globs: None,
            sight: None,
            capabilities: ServerCapabilities::new(),
            instructions: None,
            cache: CacheHint::private(0),
            told: Told::default(),
        }
    }

    /// Where a URI is: with the resource at it, else behind its namespace, else with the first server one of whose
    /// templates matches it. What nobody lists (a server need not list everything, and its tools may link to it) is with
    /// the only server that has resources, or the only one of its scheme.
    pub(crate) fn locate(&self, uri: &str) -> Option<Located> {
        self.find(uri).filter(|Located { server, uri, .. }| self.permits_uri(server, uri))
    }

    /// Whether a resource of a server may be used by whom this is for, wherever it is shown.
    pub(crate) fn permits_uri(&self, server: &str, own: &str) -> bool {
        self.sight.as_ref().is_none_or(|sight| sight.permits(ItemKind::Resource, server, own))
    }

    /// Whether whatever a server has may be used, also what is not listed.
    pub(crate) fn is_open(&self, server: &str) -> bool {
        self.sight.as_ref().is_none_or(|sight| sight.is_full(server))
    }

    /// The part of it that somebody may use.
    #[must_use]
    pub(crate) fn seen(&self, sight: &Sight) -> Self {
        build::seen(self, sight)
    }

    fn find(&self, uri: &str) -> Option<Located> {
        if let Some(Entry { key, route: Route { server, name, .. }, .. }) = self.resources.find(uri)
        {
            let namespace = key.strip_suffix(&**name).filter(|prefix| !prefix.is_empty());
            let (server, uri) = (server.clone(), name.clone());
            return Some(Located { server, uri, namespace: namespace.map(Into::into) });
        }
        let mut holders = self.sources.iter().filter(|source| source.has_resources());
        if !self.own
            && uri.starts_with(names::SCHEME)
            && let Some(source) = holders.clone().find(|source| uri.starts_with(&*source.namespace))
        {
            let own = &uri[source.namespace.len()..];
            let namespace = Some(source.namespace.clone());
            let located = Located { server: source.name.clone(), uri: own.into(), namespace };
            return self.shows(&source.name, own).then_some(located);
        }
        let holder = holders
            .clone()
            .find(|source| source.matches(uri, || self.shows(&source.name, uri)))
            .or_else(|| {
                let only = holders.next()?;
                let source = match holders.next() {
                    None => only,
                    Some(_) => self.only_of_scheme(uri)?,
                };
                self.shows(&source.name, uri).then_some(source)
            })?;
        Some(Located { server: holder.name.clone(), uri: uri.into(), namespace: None })
    }

    /// A server of which something is shown in its namespace.
    pub(crate) fn renaming(&self, server: &str) -> Option<&Arc<Source>> {
        let find = || self.sources.iter().find(|source| *source.name == *server);
        self.renames.then(find).flatten().filter(|source| source.is_renamed())
    }

    /// Whether a server of it has no other tools than those that are listed.
    pub(crate) fn is_restricted(&self) -> bool {
        self.sources.iter().any(|source| source.restricted)
    }

    /// Whether a server tells when a resource changes, as far as is known.
    pub(crate) fn tells_of_resources(&self, server: &str) -> bool {
        self.sources.iter().any(|source| {
            let resources = source.capabilities.resources.as_ref();
            let tells = resources.and_then(|resources| resources.subscribe) == Some(true);
            *source.name == *server && (tells || !source.known)
        })
    }

    /// Whether something of a server is shown here if it is there.
    fn shows(&self, server: &str, name: &str) -> bool {
        self.globs.as_ref().is_none_or(|globs| globs.select(server, name, name))
    }

    fn only_of_scheme(&self, uri: &str) -> Option<&Arc<Source>> {
        let scheme = names::scheme(uri)?;
        let mut of_scheme = self.sources.iter().filter(|source| source.schemes.contains(&scheme));
        of_scheme.next().filter(|_| of_scheme.next().is_none())
    }

    /// Which lists are others than before: tools, prompts, resources.
    pub(crate) fn changes_since(&self, before: &Self) -> Changed {
        Changed {
            tools: self.told.tools != before.told.tools || self.tools != before.tools,
            prompts: self.told.prompts != before.told.prompts || self.prompts != before.prompts,
            resources: self.told.resources != before.told.resources
                || self.resources != before.resources
                || self.templates != before.templates,
        }
    }
}

/// Which lists changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Changed {
    pub(crate) tools: bool,
    pub(crate) prompts: bool,
    /// That of resources or of templates.
    pub(crate) resources: bool,
}

impl Source {
    pub(super) fn of(name: &Arc<str>, offer: &Offer) -> Self {
        let uris = offer.resources.iter().chain(&offer.templates).map(|item| &item.name);
        Self {
            name: name.clone(),
            capabilities: offer.capabilities.clone(),
            instructions: offer.instructions.clone(),
            cache: offer.cache,
            told: offer.told,
            known: offer.is_known(),
            restricted: offer.restricted,
            namespace: names::namespace(name).into(),
            schemes: uris.filter_map(|uri| names::scheme(uri)).collect(),
            renamed: HashSet::new(),
            renamed_templates: Vec::new(),
            templates: Vec::new(),
        }
    }

    /// Takes a template of its own.
    pub(super) fn add_template(&mut self, template: &Arc<str>, renamed: bool) {
        // One that cannot be matched is listed, and what it stands for is found as what nobody lists.
        let Some(matcher) = matcher(template) else {
            return;
        };
        if renamed {
            self.renamed_templates.push(matcher);
        } else {
            self.templates.push((template.clone(), matcher, true));
        }
    }

    /// The same where only some of its templates are shown.
    pub(super) fn with_templates(&self, is_shown: impl Fn(&str) -> bool) -> Self {
        let mut part = self.clone();
        for (template, _, shown) in &mut part.templates {
            *shown = *shown && is_shown(template);
        }
        part
    }

    /// Whether anything of it is shown in its namespace.
    pub(super) fn is_renamed(&self) -> bool {
        !self.renamed.is_empty() || !self.renamed_templates.is_empty()
    }

    /// What a URI of it is shown as, where that is in its namespace.
    pub(crate) fn shown(&self, uri: &str) -> Option<String> {
        let renamed = self.renamed.contains(uri)
            || self.renamed_templates.iter().any(|template| template.matches(uri).is_some());
        renamed.then(|| format!("{}{uri}", self.namespace))
    }

    pub(super) fn has_resources(&self) -> bool {
        self.capabilities.resources.is_some()
    }

    /// Whether a template of it matches a URI, and is shown, or what it matches is.
    fn matches(&self, uri: &str, is_shown: impl Fn() -> bool) -> bool {
        self.templates
            .iter()
            .any(|(_, template, shown)| (*shown || is_shown()) && template.matches(uri).is_some())
    }
}

fn matcher(template: &str) -> Option<Matcher> {
    UriTemplate::parse(template).ok()?.matcher().ok()
}

/// How long and by whom something of all these may be kept.
pub(super) fn cache<'a>(sources: impl IntoIterator<Item = &'a Source>) -> CacheHint {
    let all = sources.into_iter().fold(None, |all, source| Some(shorter(all, source.cache)));
    all.unwrap_or_else(|| CacheHint::private(0))
}
