//! Reading the key `bowline`.

mod access;
mod auth;

use super::super::problem::{Position, Problem};
use super::super::reader::Reader;
use super::super::text::{Around, Text};
use super::super::{Environment, nearest};
use super::{Bowline, set, units};
use crate::config::reader::join;
use crate::host::{Isolation, Naming, Profile, ServerSettings};
use jsonc_parser::ast::{ObjectProp, Value};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The key as it stands in a file, with its variables unexpanded.
#[derive(Clone, Debug, Default)]
pub(in crate::config) struct Key {
    told: Bowline,
    pending: Vec<Pending>,
    folder: PathBuf,
    lines: Vec<(String, String)>,
}

/// A text and where its value goes.
#[derive(Clone, Debug)]
struct Pending {
    text: Text,
    set: Set,
    /// The server that it is about.
    server: Option<String>,
}

/// Puts in a value; an error says what is wrong with it.
type Set = fn(&mut Bowline, &set::Given<'_>) -> Result<(), &'static str>;

impl Key {
    /// Reads it; what is wrong, the reader then knows.
    pub(in crate::config) fn read(
        reader: &mut Reader<'_>,
        value: &Value<'_>,
        folder: &Path,
        servers: &[String],
    ) -> Self {
        let mut reading = Reading {
            reader,
            key: Self { folder: folder.to_owned(), ..Self::default() },
            of_http: Vec::new(),
            of_unix: Vec::new(),
        };
        reading.all(value, servers);
        reading.fits();
        let mut key = reading.key;
        flatten("", value, &mut key.lines);
        key
    }

    /// Its members as they were written, those of objects and lists one by one.
    pub(in crate::config) fn lines(&self) -> &[(String, String)] {
        &self.lines
    }

    /// Puts values into the places of variables.
    pub(in crate::config) fn resolve(
        &self,
        environment: &Environment,
        problems: &mut Vec<Problem>,
    ) -> Bowline {
        let mut told = self.told.clone();
        let around = Around { environment, inputs: &[], declared: &[], folder: &self.folder };
        for Pending { text, set, server } in &self.pending {
            let before = problems.len();
            let value = text.expand(&around, problems);
            if problems.len() > before {
                continue;
            }
            let server = server.as_deref();
            let given = set::Given { value, folder: &self.folder, server };
            if let Err(wrong) = set(&mut told, &given) {
                problems.push(text.problem(wrong));
            }
        }
        told
    }
}

struct Reading<'r, 't> {
    reader: &'r mut Reader<'t>,
    key: Key,
    /// Members that mean nothing without HTTP, and those that mean nothing without a Unix socket.
    of_http: Vec<(String, Position)>,
    of_unix: Vec<(String, Position)>,
}

impl Reading<'_, '_> {
    fn all(&mut self, value: &Value<'_>, servers: &[String]) {
        for (name, key, property) in self.reader.members("bowline", value, MOST_MEMBERS) {
            let value = &property.value;
            let place = (key.clone(), self.reader.position(property));
            match name {
                "path" | "allowHost" | "allowOrigin" | "publicUrl" | "tls" | "tokenFile"
                | "auth" | "sessions" | "keepAlive" => self.of_http.push(place),
                "allowUid" => self.of_unix.push(place),
                _ => {}
            }
            match name {
                "listen" => self.text(&key, value, set::listen),
                "admin" => self.text(&key, value, set::admin),
                "allowUid" => self.key.told.allow_uid = self.numbers(&key, value),
                "path" => self.text(&key, value, set::path),
                "allowHost" => self.texts(&key, value, set::allow_host),
                "allowOrigin" => self.texts(&key, value, set::allow_origin),
                "publicUrl" => self.text(&key, value, set::public_url),
                "tls" => self.pair(&key, property, set::tls_cert, set::tls_key),
                "tokenFile" => self.text(&key, value, set::token_file),
                "auth" => self.auth(&key, property),
                "access" => self.key.told.settings.access = Some(self.access(&key, value)),
                "sessions" => self.key.told.sessions = self.reader.flag(&key, value),
                "limits" => {
                    self.key.told.limits =
                        self.one_of(&key, value, PRESETS).map(|index| PRESETS[index].to_owned());
                }
                "keepAlive" => {
                    let time = self.time(&key, value);
                    self.key.told.keep_alive =
                        time.filter(|time| self.is_keep_alive(&key, value, *time));
                }
                "traceMessages" => self.text(&key, value, set::trace_messages),
                "naming" => {
                    let named = self.one_of(&key, value, &["prefix", "flat"]);
                    let naming = named.map(|index| [Naming::Prefix, Naming::Flat][index]);
                    self.key.told.settings.naming = naming.unwrap_or_default();
                }
                "isolation" => self.key.told.settings.isolation = self.isolation(&key, value),
                "idleStop" => {
                    if let Some(time) = self.time_or_never(&key, value) {
                        self.key.told.settings.idle_stop = time;
                    }
                }
                "profiles" => self.profiles(&key, value),
                "servers" => self.servers(&key, value, servers),
                "upstream" => self.upstream(&key, property),
                _ => self.unknown(name, &key, property, KEYS),
            }
        }
    }

    /// What a member of one way in means nothing for another.
    fn fits(&mut self) {
        let is_listen = |pending: &&Pending| pending.text.key() == "bowline.listen";
        let listen = self.key.pending.iter().find(is_listen).map(|pending| pending.text.raw());
        let (odd, why, write) = match listen {
            // A variable may stand for anything.
            Some(listen) if listen.contains("${") => return,
            Some("stdio") => (
                self.of_http.iter().chain(&self.of_unix).collect::<Vec<_>>(),
                "means nothing over stdio",
                "HOST:PORT",
            ),
            Some(listen) if listen.starts_with("unix:") => {
                (self.of_http.iter().collect(), "means nothing on a Unix socket", "HOST:PORT")
            }
            _ => (self.of_unix.iter().collect(), "means nothing over HTTP", "unix:PATH"),
        };
        let odd = odd.into_iter().map(|(key, position)| {
            let hint = format!("remove it, or write \"listen\": \"{write}\"");
            Problem::error(key, why).at(*position).hint(hint)
        });
        let odd: Vec<_> = odd.collect();
        self.reader.problems.extend(odd);
    }

    fn profiles(&mut self, key: &str, value: &Value<'_>) {
        for (name, key, property) in self.reader.members(key, value, MOST_MEMBERS) {
            let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
            if name.is_empty() || name.len() > 64 || !name.chars().all(is_plain) {
                let problem =
                    Problem::error(&key, "is no name for a profile, which is a part of a URL");
                self.reader
                    .note(property, problem.hint("use up to 64 letters, digits, `_` and `-`"));
            }
            let globs = self.globs(&key, &property.value);
            self.key.told.settings.profiles.push(Profile::new(name, globs));
        }
    }

    fn servers(&mut self, key: &str, value: &Value<'_>, known: &[String]) {
        for (server, key, property) in self.reader.members(key, value, MOST_SERVERS) {
            if !known.iter().any(|known| known == server) {
                let problem = Problem::error(&key, "is about a server that is not in this config");
                let problem = match nearest(server, known.iter().map(String::as_str)) {
                    Some(near) => problem.hint(format!("did you mean `{near}`?")),
                    None if known.is_empty() => problem,
                    None => problem.hint(format!("there are {}", known.join(", "))),
                };
                self.reader.note(property, problem);
            }
            let told = self.server(&key, &property.value, server);
            // Its roots are put in when they are known.
            self.key.told.settings.servers.insert(server.to_owned(), told);
        }
    }

    fn server(&mut self, key: &str, value: &Value<'_>, server: &str) -> ServerSettings {
        let mut told = ServerSettings::default();
        for (name, key, property) in self.reader.members(key, value, MOST_MEMBERS) {
            let value = &property.value;
            match name {
                "isolation" => told.isolation = self.isolation(&key, value),
                "instances" => told.instances = self.count(&key, value, 1..=MOST_INSTANCES),
                "idleStop" => {
                    let time = self.time_or_never(&key, value);
                    told.idle_stop = time.map(|time| time.unwrap_or(NEVER));
                }
                "maxMemory" => told.max_memory = self.size(&key, value),
                "questions" => told.questions = self.reader.flag(&key, value),
                "roots" => {
                    told.roots = Some(Vec::new());
                    let roots = self.reader.texts(&key, value).into_iter();
                    let server = Some(server.to_owned());
                    let pending = |text| Pending { text, set: set::root, server: server.clone() };
                    self.key.pending.extend(roots.map(pending));
                }
                _ if access::member(self, name, &key, value, (server, &mut told)) => {}
                _ => self.unknown(name, &key, property, KEYS_OF_SERVERS),
            }
        }
        told
    }

    fn upstream(&mut self, key: &str, property: &ObjectProp<'_>) {
        let (mut cert, mut pkey) = (None, None);
        for (name, key, property) in self.reader.members(key, &property.value, MOST_MEMBERS) {
            let value = &property.value;
            match name {
                "timeout" => self.key.told.upstream.timeout = self.time(&key, value),
                "protocol" => {
                    self.key.told.upstream.protocol =
                        super::super::entry::protocol(self.reader, &key, value);
                }
                "cacert" => self.text(&key, value, set::cacert),
                "cert" => cert = self.reader.text(&key, value),
                "key" => pkey = self.reader.text(&key, value),
                _ => self.unknown(name, &key, property, KEYS_OF_UPSTREAM),
            }
        }
        self.both(key, property, (cert, set::client_cert), (pkey, set::client_key));
    }

    /// An object with a certificate and a key.
    fn pair(&mut self, key: &str, property: &ObjectProp<'_>, cert_to: Set, key_to: Set) {
        let (mut cert, mut pkey) = (None, None);
        let errors = self.reader.problems.len();
        for (name, key, property) in self.reader.members(key, &property.value, MOST_MEMBERS) {
            match name {
                "cert" => cert = self.reader.text(&key, &property.value),
                "key" => pkey = self.reader.text(&key, &property.value),
                _ => self.unknown(name, &key, property, &["cert", "key"]),
            }
        }
        if cert.is_none() && pkey.is_none() && self.reader.problems.len() == errors {
            let problem = Problem::error(key, "has neither `cert` nor `key`");
            self.reader.note(property, problem.hint("write {\"cert\": FILE, \"key\": FILE}"));
        }
        self.both(key, property, (cert, cert_to), (pkey, key_to));
    }

    fn both(
        &mut self,
        key: &str,
        property: &ObjectProp<'_>,
        (cert, cert_to): (Option<Text>, Set),
        (pkey, key_to): (Option<Text>, Set),
    ) {
        let pending = |text, set| Pending { text, set, server: None };
        match (cert, pkey) {
            (Some(cert), Some(pkey)) => {
                self.key.pending.extend([pending(cert, cert_to), pending(pkey, key_to)]);
            }
            (None, None) => {}
            (cert, _) => {
                let missing = if cert.is_some() { "key" } else { "cert" };
                // What is there and wrong is told already.
                let member = join(key, missing);
                if !self.reader.problems.iter().any(|problem| problem.key == member) {
                    let problem = Problem::error(key, format!("has no `{missing}`"));
                    self.reader
                        .note(property, problem.hint("a certificate and its key go together"));
                }
            }
        }
    }

    fn text(&mut self, key: &str, value: &Value<'_>, set: Set) {
        let text = self.reader.text(key, value);
        self.key.pending.extend(text.map(|text| Pending { text, set, server: None }));
    }

    fn texts(&mut self, key: &str, value: &Value<'_>, set: Set) {
        let texts = self.reader.texts(key, value).into_iter();
        self.key.pending.extend(texts.map(|text| Pending { text, set, server: None }));
    }

    fn isolation(&mut self, key: &str, value: &Value<'_>) -> Option<Isolation> {
        let all = [Isolation::Shared, Isolation::Principal, Isolation::Session];
        self.one_of(key, value, &["shared", "principal", "session"]).map(|index| all[index])
    }

    /// Which of these it is.
    fn one_of(&mut self, key: &str, value: &Value<'_>, known: &[&str]) -> Option<usize> {
        let text = self.reader.text(key, value)?;
        let index = known.iter().position(|known| *known == text.raw());
        if index.is_none() {
            let problem = Problem::error(key, format!("is {:?}", text.raw()));
            let problem = match nearest(text.raw(), known.iter().copied()) {
                Some(near) => problem.hint(format!("did you mean {near:?}?")),
                None => problem.hint(format!("write one of {}", known.join(", "))),
            };
            self.reader.note(value, problem);
        }
        index
    }

    fn numbers(&mut self, key: &str, value: &Value<'_>) -> Vec<u32> {
        let Value::Array(array) = value else {
            self.reader.wrong_type(key, value, "a list of numbers");
            return Vec::new();
        };
        let elements = array.elements.iter().take(MOST_MEMBERS).enumerate();
        let numbers = elements.map(|(index, element)| {
            self.count(&format!("{key}[{index}]"), element, 0..=u32::MAX as usize)
        });
        let numbers: Vec<_> = numbers.collect();
        numbers.into_iter().flatten().filter_map(|number| u32::try_from(number).ok()).collect()
    }

    fn count(
        &mut self,
        key: &str,
        value: &Value<'_>,
        range: std::ops::RangeInclusive<usize>,
    ) -> Option<usize> {
        let Value::NumberLit(number) = value else {
            self.reader.wrong_type(key, value, "a number");
            return None;
        };
        let count = number.value.parse().ok().filter(|count| range.contains(count));
        if count.is_none() {
            let problem = Problem::error(key, format!("is {}", number.value));
            let hint = format!("write a whole number from {} to {}", range.start(), range.end());
            self.reader.note(value, problem.hint(hint));
        }
        count
    }

    fn time(&mut self, key: &str, value: &Value<'_>) -> Option<Duration> {
        let Value::StringLit(_) = value else {
            self.reader.wrong_type(key, value, "a time with its unit, such as \"30s\"");
            return None;
        };
        let text = self.reader.text(key, value)?;
        let time = units::time(text.raw());
        if time.is_none() {
            let problem =
                text.problem(format!("is {:?}, which is no time from 1ms to 24h", text.raw()));
            self.reader.problems.push(
                problem.hint("write a number with ms, s, m or h: \"500ms\", \"30s\", \"10m\""),
            );
        }
        time
    }

    /// A time, or `false` for none.
    fn time_or_never(&mut self, key: &str, value: &Value<'_>) -> Option<Option<Duration>> {
        match value {
            Value::BooleanLit(literal) if !literal.value => Some(None),
            Value::StringLit(_) => self.time(key, value).map(Some),
            value => {
                self.reader.wrong_type(
                    key,
                    value,
                    "a time with its unit, such as \"10m\", or false for never",
                );
                None
            }
        }
    }

    fn is_keep_alive(&mut self, key: &str, value: &Value<'_>, time: Duration) -> bool {
        let fits = (1..=3600).contains(&time.as_secs()) && time.subsec_nanos() == 0;
        if !fits {
            let problem = Problem::error(key, "is no whole number of seconds up to an hour");
            self.reader.note(value, problem.hint("write \"15s\""));
        }
        fits
    }

    fn size(&mut self, key: &str, value: &Value<'_>) -> Option<u64> {
        let (size, shown) = match value {
            Value::NumberLit(number) => (number.value.parse().ok(), number.value.to_owned()),
            Value::StringLit(_) => {
                let text = self.reader.text(key, value)?;
                (units::size(text.raw()), format!("{:?}", text.raw()))
            }
            value => {
                self.reader.wrong_type(key, value, "a size with its unit, such as \"512MiB\"");
                return None;
            }
        };
        let size = size.filter(|size| (LEAST_MEMORY..=MOST_MEMORY).contains(size));
        if size.is_none() {
            let problem =
                Problem::error(key, format!("is {shown}, which is no size from 1MiB to 1TiB"));
            self.reader.note(
                value,
                problem.hint("write bytes, or a number with KiB, MiB, GiB, kB, MB or GB"),
            );
        }
        size
    }

    fn unknown(&mut self, name: &str, key: &str, property: &ObjectProp<'_>, known: &[&str]) {
        let problem = Problem::error(key, "is no setting");
        let problem = match nearest(name, known.iter().copied()) {
            Some(near) => problem.hint(format!("did you mean `{near}`?")),
            None => problem.hint(format!("there are {}", known.join(", "))),
        };
        self.reader.note(property, problem);
    }
}

/// What is in a value, with the path to it.
fn flatten(key: &str, value: &Value<'_>, lines: &mut Vec<(String, String)>) {
    let text = match value {
        Value::Object(object) => {
            for property in &object.properties {
                flatten(&join(key, property.name.as_str()), &property.value, lines);
            }
            return;
        }
        Value::Array(array) => {
            for (index, element) in array.elements.iter().enumerate() {
                flatten(&format!("{key}[{index}]"), element, lines);
            }
            return;
        }
        Value::StringLit(literal) => literal.value.clone().into_owned(),
        Value::NumberLit(literal) => literal.value.to_owned(),
        Value::BooleanLit(literal) => literal.value.to_string(),
        Value::NullKeyword(_) => "null".to_owned(),
    };
    lines.push((key.to_owned(), text));
}

/// The members of the key.
pub(in crate::config) const KEYS: &[&str] = &[
    "listen",
    "admin",
    "allowUid",
    "path",
    "allowHost",
    "allowOrigin",
    "publicUrl",
    "tls",
    "tokenFile",
    "auth",
    "access",
    "sessions",
    "limits",
    "keepAlive",
    "traceMessages",
    "naming",
    "isolation",
    "idleStop",
    "profiles",
    "servers",
    "upstream",
];

const KEYS_OF_SERVERS: &[&str] = &[
    "isolation",
    "instances",
    "idleStop",
    "maxMemory",
    "questions",
    "roots",
    "access",
    "scopes",
    "credentials",
    "client",
];

const KEYS_OF_UPSTREAM: &[&str] = &["timeout", "protocol", "cacert", "cert", "key"];

const PRESETS: &[&str] = &["local", "public", "trusted"];

/// As good as never, for a server whose host stops idle ones.
const NEVER: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// Members of one object.
const MOST_MEMBERS: usize = 256;

const MOST_SERVERS: usize = 1000;

/// Instances of one server.
const MOST_INSTANCES: usize = 1024;

const LEAST_MEMORY: u64 = 1 << 20;
const MOST_MEMORY: u64 = 1 << 40;
