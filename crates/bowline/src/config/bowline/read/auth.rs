//! Who is let in.

use super::{Pending, Reading, set};
use crate::config::problem::Problem;
use jsonc_parser::ast::ObjectProp;

impl Reading<'_, '_> {
    /// What says which tokens let in.
    pub(super) fn auth(&mut self, key: &str, property: &ObjectProp<'_>) {
        let errors = self.reader.problems.len();
        self.key.told.auth.get_or_insert_default();
        let mut issuer = None;
        for (name, key, property) in self.reader.members(key, &property.value, MEMBERS) {
            let value = &property.value;
            match name {
                "issuer" => issuer = self.reader.text(&key, value),
                "jwks" => self.text(&key, value, set::jwks),
                "algorithms" => self.texts(&key, value, set::algorithm),
                "audience" => self.texts(&key, value, set::audience),
                "cacert" => self.text(&key, value, set::auth_cacert),
                "introspection" => self.introspection(&key, property),
                "client" => {
                    let to = [set::client_id as super::Set, set::client_secret];
                    self.client(&key, value, "", to);
                }
                "dpop" => {
                    let required = self.one_of(&key, value, &["allowed", "required"]);
                    self.told().dpop_required = required == Some(1);
                }
                "scopes" => self.scopes(&key, property),
                _ => self.unknown(name, &key, property, KEYS_OF_AUTH),
            }
        }
        if issuer.is_none() && self.reader.problems.len() == errors {
            let problem = Problem::error(key, "has no `issuer`");
            let hint = "write the URL of the authorization server whose tokens let in";
            self.reader.note(property, problem.hint(hint));
        }
        let set = set::issuer;
        self.key.pending.extend(issuer.map(|text| Pending { text, set, server: None }));
    }

    fn introspection(&mut self, key: &str, property: &ObjectProp<'_>) {
        let errors = self.reader.problems.len();
        let mut endpoint = None;
        for (name, key, property) in self.reader.members(key, &property.value, MEMBERS) {
            let value = &property.value;
            match name {
                "endpoint" => endpoint = self.reader.text(&key, value),
                "client" => {
                    let to = [set::introspection_id as super::Set, set::introspection_secret];
                    self.client(&key, value, "", to);
                }
                _ => self.unknown(name, &key, property, KEYS_OF_INTROSPECTION),
            }
        }
        if endpoint.is_none() && self.reader.problems.len() == errors {
            let problem = Problem::error(key, "has no `endpoint`");
            self.reader.note(property, problem.hint("write the URL where tokens are asked about"));
        }
        let set = set::introspection;
        self.key.pending.extend(endpoint.map(|text| Pending { text, set, server: None }));
    }

    fn scopes(&mut self, key: &str, property: &ObjectProp<'_>) {
        for (name, key, property) in self.reader.members(key, &property.value, MEMBERS) {
            let value = &property.value;
            match name {
                "all" => {
                    let scopes = self.scope_list(&key, value);
                    self.told().scopes = scopes;
                }
                "implies" => {
                    let scopes = self.scopes_by_name(&key, value);
                    self.told().implies = scopes;
                }
                "methods" => {
                    self.key.told.settings.scopes.methods = self.scopes_by_name(&key, value);
                }
                "tools" => self.key.told.settings.scopes.tools = self.scopes_by_name(&key, value),
                _ => self.unknown(name, &key, property, KEYS_OF_SCOPES),
            }
        }
    }

    fn told(&mut self) -> &mut crate::config::Auth {
        self.key.told.auth.get_or_insert_default()
    }
}

const KEYS_OF_AUTH: &[&str] = &[
    "issuer",
    "jwks",
    "algorithms",
    "audience",
    "introspection",
    "cacert",
    "client",
    "dpop",
    "scopes",
];

const KEYS_OF_INTROSPECTION: &[&str] = &["endpoint", "client"];

const KEYS_OF_SCOPES: &[&str] = &["all", "methods", "tools", "implies"];

/// Members of one object.
const MEMBERS: usize = 16;
