//! Who may use what, and with whose login.

use super::{Pending, Reading};
use crate::config::problem::Problem;
use crate::config::text::Text;
use crate::host::{Access, Credentials, Proof, ServerSettings, Who};
use jsonc_parser::ast::Value;
use std::collections::BTreeMap;

impl Reading<'_, '_> {
    /// A list of rules.
    pub(super) fn access(&mut self, key: &str, value: &Value<'_>) -> Vec<Access> {
        let Value::Array(array) = value else {
            self.reader.wrong_type(key, value, "a list of rules");
            return Vec::new();
        };
        if array.elements.len() > MOST_RULES {
            let problem = Problem::error(key, format!("has more than {MOST_RULES} rules"));
            self.reader.note(value, problem);
            return Vec::new();
        }
        let rules = array.elements.iter().enumerate();
        rules.map(|(index, rule)| self.rule(&format!("{key}[{index}]"), rule)).collect()
    }

    fn rule(&mut self, key: &str, value: &Value<'_>) -> Access {
        let mut rule = Access::default();
        let errors = self.reader.problems.len();
        let mut is_said = false;
        for (name, key, property) in self.reader.members(key, value, MEMBERS) {
            let value = &property.value;
            is_said = true;
            match name {
                "who" => rule.who = self.who(&key, value),
                "allow" => rule.allow = Some(self.globs(&key, value)),
                "deny" => rule.deny = self.globs(&key, value),
                _ => self.unknown(name, &key, property, KEYS_OF_RULES),
            }
        }
        if !is_said && self.reader.problems.len() == errors {
            let problem = Problem::error(key, "says nothing");
            let hint = "write whom it is about and what they may use: \
                        {\"who\": \"NAME\", \"allow\": [\"*\"]}";
            self.reader.note(value, problem.hint(hint));
        }
        rule
    }

    /// One or several whom a rule is about.
    fn who(&mut self, key: &str, value: &Value<'_>) -> Vec<Who> {
        let Value::Array(array) = value else {
            return self.one(key, value).into_iter().collect();
        };
        if array.elements.is_empty() {
            let problem = Problem::error(key, "is about nobody");
            self.reader.note(value, problem.hint("write \"*\" for everybody"));
        }
        let elements = array.elements.iter().take(MOST_RULES).enumerate();
        let all = elements.map(|(index, one)| self.one(&format!("{key}[{index}]"), one));
        let all: Vec<_> = all.collect();
        all.into_iter().flatten().collect()
    }

    fn one(&mut self, key: &str, value: &Value<'_>) -> Option<Who> {
        match value {
            Value::StringLit(_) => {
                let text = self.filled(
                    key,
                    value,
                    "is empty; write \"anonymous\" for whoever has no name",
                )?;
                Some(Who::of(&text))
            }
            Value::Object(_) => Some(Who::Proved(self.proof(key, value))),
            value => {
                self.reader.wrong_type(
                    key,
                    value,
                    "a name, or an object with name, scopes or claims",
                );
                None
            }
        }
    }

    fn proof(&mut self, key: &str, value: &Value<'_>) -> Proof {
        let mut proof = Proof::default();
        for (name, key, property) in self.reader.members(key, value, MEMBERS) {
            let value = &property.value;
            match name {
                "name" => {
                    proof.name = self.filled(&key, value, "is empty, and nobody has such a name")
                }
                "scopes" => proof.scopes = self.scope_list(&key, value),
                "claims" => {
                    let claims = self.reader.pairs(&key, value).into_iter();
                    proof.claims =
                        claims.map(|(name, text)| (name, text.raw().to_owned())).collect();
                }
                _ => self.unknown(name, &key, property, KEYS_OF_PROOFS),
            }
        }
        proof
    }

    /// Globs, of which none is empty.
    pub(super) fn globs(&mut self, key: &str, value: &Value<'_>) -> Vec<String> {
        let globs = self.reader.texts(key, value);
        if let Some(empty) = globs.iter().find(|glob| glob.raw().is_empty()) {
            let problem =
                empty.problem("is empty and matches nothing").hint("write * for everything");
            self.reader.problems.push(problem);
        }
        globs.iter().map(|glob| glob.raw().to_owned()).collect()
    }

    /// Scopes: words of printable ASCII.
    pub(super) fn scope_list(&mut self, key: &str, value: &Value<'_>) -> Vec<String> {
        let scopes = self.reader.texts(key, value);
        for scope in &scopes {
            if !is_scope(scope.raw()) {
                let problem = scope.problem(format!("is {:?}, which is no scope", scope.raw()));
                let hint = "write each scope as a text of its own, without spaces";
                self.reader.problems.push(problem.hint(hint));
            }
        }
        scopes.iter().map(|scope| scope.raw().to_owned()).collect()
    }

    /// Names with scopes.
    pub(super) fn scopes_by_name(
        &mut self,
        key: &str,
        value: &Value<'_>,
    ) -> BTreeMap<String, Vec<String>> {
        let members = self.reader.members(key, value, MOST_RULES);
        let scopes = members
            .into_iter()
            .map(|(name, key, property)| (name.to_owned(), self.scope_list(&key, &property.value)));
        scopes.collect()
    }

    pub(super) fn credentials(&mut self, key: &str, value: &Value<'_>) -> Option<Credentials> {
        let all = [Credentials::Own, Credentials::Shared];
        self.one_of(key, value, &["own", "shared"]).map(|index| all[index])
    }

    /// Who we are for the authorization server of a server.
    pub(super) fn client(
        &mut self,
        key: &str,
        value: &Value<'_>,
        server: &str,
        to: [super::Set; 2],
    ) {
        let (mut id, mut secret) = (None, None);
        for (name, key, property) in self.reader.members(key, value, MEMBERS) {
            match name {
                "id" => id = self.reader.text(&key, &property.value),
                "secret" => secret = self.reader.text(&key, &property.value),
                _ => self.unknown(name, &key, property, KEYS_OF_CLIENTS),
            }
        }
        if id.is_none() && !self.reader.problems.iter().any(|p| p.key.starts_with(key)) {
            let problem = Problem::error(key, "has no `id`");
            self.reader
                .note(value, problem.hint("write {\"id\": \"CLIENT\", \"secret\": \"${SECRET}\"}"));
        }
        let server = (!server.is_empty()).then(|| server.to_owned());
        let texts = [id, secret].into_iter().zip(to);
        let pending = texts
            .filter_map(|(text, set)| Some(Pending { text: text?, set, server: server.clone() }));
        self.key.pending.extend(pending);
    }

    fn filled(&mut self, key: &str, value: &Value<'_>, wrong: &str) -> Option<String> {
        let text: Text = self.reader.text(key, value)?;
        if text.raw().is_empty() {
            self.reader.problems.push(text.problem(wrong));
            return None;
        }
        Some(text.raw().to_owned())
    }
}

/// What says something of logins and rules for a server.
pub(super) fn member(
    reading: &mut Reading<'_, '_>,
    name: &str,
    key: &str,
    value: &Value<'_>,
    (server, told): (&str, &mut ServerSettings),
) -> bool {
    match name {
        "access" => told.access = Some(reading.access(key, value)),
        "scopes" => told.scopes = reading.scope_list(key, value),
        "credentials" => told.credentials = reading.credentials(key, value),
        "client" => {
            let to = [super::set::server_client_id as super::Set, super::set::server_client_secret];
            reading.client(key, value, server, to);
        }
        _ => return false,
    }
    true
}

/// Whether a text is one scope: printable ASCII without space, `"` and `\` (RFC 6749 §3.3).
fn is_scope(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

const KEYS_OF_RULES: &[&str] = &["who", "allow", "deny"];
const KEYS_OF_PROOFS: &[&str] = &["name", "scopes", "claims"];
const KEYS_OF_CLIENTS: &[&str] = &["id", "secret"];

/// Rules of one list.
const MOST_RULES: usize = 256;

/// Members of one object.
const MEMBERS: usize = 16;
