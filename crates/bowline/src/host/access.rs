//! Who may see and use what.
//!
//! Rules look at nothing but the [`Principal`]: what somebody may use does not depend on his connection. What he may not
//! use is not listed to him, and is answered for as what is not there.

use super::catalogue::Globs;
use super::settings::{Naming, Settings};
use crate::principal::{Principal, PrincipalKind};
use crate::server::ItemKind;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// One rule about who may use what.
///
/// Where there are rules, somebody may use what one of those about him allows and none of them denies, in whatever order
/// they stand; whom no rule is about may use nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Access {
    /// Whom it is about: whoever is one of these. About everybody when it is empty.
    pub who: Vec<Who>,
    /// What they may use, as globs; everything when it is not said.
    pub allow: Option<Vec<String>>,
    /// What they may not use, as globs.
    pub deny: Vec<String>,
}

/// Whom a rule is about.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Who {
    /// Everybody.
    Everybody,
    /// Whoever has not proved who he is.
    Anonymous,
    /// Whoever has, and is like this.
    Proved(Proof),
}

/// What somebody who has proved who he is has to be like: all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Proof {
    /// A glob over the name of the principal.
    pub name: Option<String>,
    /// Scopes that he was granted.
    pub scopes: Vec<String>,
    /// Claims of his token, each with a glob over its value; of a list, over one of its elements.
    pub claims: BTreeMap<String, String>,
}

impl Access {
    /// A rule about these; about everybody when there are none.
    #[must_use]
    pub fn of(who: impl IntoIterator<Item = Who>) -> Self {
        Self { who: who.into_iter().collect(), ..Self::default() }
    }

    /// Allows what one of these globs matches, and nothing else.
    #[must_use]
    pub fn allow<G: Into<String>>(mut self, globs: impl IntoIterator<Item = G>) -> Self {
        self.allow = Some(globs.into_iter().map(Into::into).collect());
        self
    }

    /// Denies what one of these globs matches.
    #[must_use]
    pub fn deny<G: Into<String>>(mut self, globs: impl IntoIterator<Item = G>) -> Self {
        self.deny = globs.into_iter().map(Into::into).collect();
        self
    }
}

impl Who {
    /// As configs have it: `*` for everybody, `anonymous`, or a glob over the names of those who have proved who they
    /// are.
    #[must_use]
    pub fn of(text: &str) -> Self {
        match text {
            "*" => Self::Everybody,
            "anonymous" => Self::Anonymous,
            name => Self::Proved(Proof { name: Some(name.to_owned()), ..Proof::default() }),
        }
    }

    fn is(&self, principal: &Principal) -> bool {
        let is_anonymous = principal.kind() == PrincipalKind::Anonymous;
        match self {
            Self::Everybody => true,
            Self::Anonymous => is_anonymous,
            Self::Proved(proof) => !is_anonymous && proof.is_of(principal),
        }
    }
}

impl Proof {
    /// Somebody with a name that this glob matches.
    #[must_use]
    pub fn name(mut self, glob: impl Into<String>) -> Self {
        self.name = Some(glob.into());
        self
    }

    /// Somebody with this scope.
    #[must_use]
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scopes.push(scope.into());
        self
    }

    /// Somebody with a claim whose value this glob matches.
    #[must_use]
    pub fn claim(mut self, name: impl Into<String>, glob: impl Into<String>) -> Self {
        self.claims.insert(name.into(), glob.into());
        self
    }

    fn is_of(&self, principal: &Principal) -> bool {
        let glob = |glob: &str, text: &str| Globs::new([glob]).match_any(text);
        self.name.as_ref().is_none_or(|name| glob(name, principal.name()))
            && self.scopes.iter().all(|wanted| principal.scopes().any(|scope| scope == wanted))
            && self.claims.iter().all(|(name, wanted)| {
                claim(principal, name).iter().any(|value| glob(wanted, value))
            })
    }
}

/// The values of a claim; none where nobody claims so.
fn claim(principal: &Principal, name: &str) -> Vec<String> {
    let Ok(claims) = principal.claims::<Map<String, Value>>() else {
        return Vec::new();
    };
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    match claims.get(name) {
        Some(Value::Array(values)) => values.iter().filter_map(text).collect(),
        value => value.and_then(text).into_iter().collect(),
    }
}

/// The rules of a host, ready to be asked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Rules {
    /// About everything, under merged names.
    general: Vec<Rule>,
    /// About single servers, under their own names.
    servers: HashMap<Box<str>, Vec<Rule>>,
    /// Whether merged names are the servers' own.
    flat: bool,
}

#[derive(Debug, PartialEq, Eq)]
struct Rule {
    who: Vec<Who>,
    allow: Globs,
    deny: Globs,
}

/// What one principal may use: the rules, and which of them are about him.
#[derive(Clone, Debug)]
pub(crate) struct Sight {
    rules: Arc<Rules>,
    /// Those about everything, and those about each server, in their order.
    general: Vec<bool>,
    servers: BTreeMap<Box<str>, Vec<bool>>,
}

impl Rules {
    /// Those of these settings; `None` where everybody may use everything.
    pub(crate) fn of(settings: &Settings) -> Option<Arc<Self>> {
        let servers: HashMap<_, _> = settings
            .servers
            .iter()
            .filter_map(|(name, server)| Some((name.as_str().into(), server.access.as_ref()?)))
            .map(|(name, access)| (name, access.iter().map(Rule::of).collect()))
            .collect();
        let general = settings.access.as_deref().unwrap_or_default();
        let general: Vec<_> = general.iter().map(Rule::of).collect();
        let is_open = settings.access.is_none() && servers.is_empty();
        (!is_open).then(|| {
            let general = if settings.access.is_none() { vec![Rule::open()] } else { general };
            Arc::new(Self { general, servers, flat: settings.naming == Naming::Flat })
        })
    }

    /// What this principal may use.
    pub(crate) fn sight(self: &Arc<Self>, principal: &Principal) -> Sight {
        let about =
            |rules: &[Rule]| rules.iter().map(|rule| rule.is_about(principal)).collect::<Vec<_>>();
        let servers =
            self.servers.iter().map(|(name, rules)| (name.clone(), about(rules))).collect();
        Sight { general: about(&self.general), servers, rules: self.clone() }
    }
}

impl Sight {
    /// Whether he may use what a server has under this name or URI of its own.
    pub(crate) fn permits(&self, kind: ItemKind, server: &str, own: &str) -> bool {
        let full = format!("{server}__{own}");
        let is_uri = matches!(kind, ItemKind::Resource | ItemKind::ResourceTemplate);
        let is_shown_so = self.rules.flat || is_uri;
        let matches = |globs: &Globs| globs.match_any(&full) || is_shown_so && globs.match_any(own);
        judge(self.general(), matches)
            && self.of(server).is_none_or(|rules| judge(rules, |globs| globs.match_any(own)))
    }

    /// Whether he may use whatever a server has, also what nobody knows of.
    pub(crate) fn is_full(&self, server: &str) -> bool {
        let any = format!("{server}__");
        let is_all = |globs: &Globs| globs.is_all(&any);
        is_full(self.general(), is_all)
            && self.of(server).is_none_or(|rules| is_full(rules, |globs| globs.is_all("")))
    }

    /// Whether he may use nothing of a server, whatever it has.
    pub(crate) fn is_blind(&self, server: &str) -> bool {
        let nothing = |mut rules: Box<dyn Iterator<Item = &Rule> + '_>| {
            rules.all(|rule| rule.allow.is_empty())
        };
        nothing(Box::new(self.general()))
            || self.of(server).is_some_and(|rules| nothing(Box::new(rules)))
    }

    fn general(&self) -> impl Iterator<Item = &Rule> {
        about(&self.rules.general, &self.general)
    }

    /// The rules about a server; `None` where there are none, for nobody.
    fn of(&self, server: &str) -> Option<impl Iterator<Item = &Rule>> {
        Some(about(self.rules.servers.get(server)?, self.servers.get(server)?))
    }
}

impl PartialEq for Sight {
    fn eq(&self, other: &Self) -> bool {
        (Arc::ptr_eq(&self.rules, &other.rules) || self.rules == other.rules)
            && self.general == other.general
            && self.servers == other.servers
    }
}

impl Rule {
    fn of(access: &Access) -> Self {
        let Access { who, allow, deny } = access;
        let allow = allow.as_ref().map_or_else(|| Globs::new(["*"]), Globs::new);
        Self { who: who.clone(), allow, deny: Globs::new(deny) }
    }

    fn open() -> Self {
        Self::of(&Access::default())
    }

    fn is_about(&self, principal: &Principal) -> bool {
        self.who.is_empty() || self.who.iter().any(|who| who.is(principal))
    }
}

fn about<'a>(rules: &'a [Rule], which: &'a [bool]) -> impl Iterator<Item = &'a Rule> {
    rules.iter().zip(which).filter(|(_, about)| **about).map(|(rule, _)| rule)
}

/// What these rules say of a thing: one that denies it decides.
fn judge<'a>(rules: impl Iterator<Item = &'a Rule>, matches: impl Fn(&Globs) -> bool) -> bool {
    let mut allowed = false;
    for rule in rules {
        if matches(&rule.deny) {
            return false;
        }
        allowed = allowed || matches(&rule.allow);
    }
    allowed
}

fn is_full<'a>(rules: impl Iterator<Item = &'a Rule>, is_all: impl Fn(&Globs) -> bool) -> bool {
    let mut full = false;
    for rule in rules {
        if !rule.deny.is_empty() {
            return false;
        }
        full = full || is_all(&rule.allow);
    }
    full
}

#[cfg(test)]
mod tests;
