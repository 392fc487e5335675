//! What is to stand in a client's file: the server itself where the client can use it, else `bowline proxy`.

use super::dialect::{Dialect, Plain};
use super::node::Node;
use crate::exit::Fault;
use crate::plan::common::Common;
use crate::plan::secrets::{Header, Value, Variable, is_secret};
use crate::plan::target::Target;
use bowline::config::{Config, Entry, Input, Kind, Origin};
use std::path::{Path, absolute};

/// A server that is to be installed.
pub(crate) struct Wanted<'a> {
    pub(crate) target: &'a Target,
    /// Where it stands, when it is one of a config.
    pub(crate) source: Option<(&'a Config, &'a Entry)>,
    pub(crate) common: &'a Common,
    /// Whether its messages are to be seen.
    pub(crate) traced: bool,
    /// The path of this program.
    pub(crate) program: &'a str,
}

/// What is written.
#[derive(Debug, PartialEq)]
pub(crate) struct Written {
    pub(crate) entry: Node,
    /// What the entry wants asked, each with its id.
    pub(crate) inputs: Vec<(String, Node)>,
    /// Why the client does not get the server itself, if it does not.
    pub(crate) reason: Option<String>,
}

impl Wanted<'_> {
    /// What it is in this client's words.
    ///
    /// # Errors
    /// When a secret would have to be written down, or the client cannot have it in any way.
    pub(crate) fn written(&self, dialect: Dialect, client: &str) -> Result<Written, Fault> {
        self.refuse_secrets()?;
        let plain = match self.detour() {
            Some(reason) => Err(reason),
            None => self.plain(dialect, client)?,
        };
        match plain {
            Ok(plain) => {
                Ok(Written { entry: dialect.entry(&plain), inputs: self.inputs(), reason: None })
            }
            Err(reason) => {
                self.refuse_inputs(client)?;
                let args = self.proxy(dialect, client)?;
                let command = self.program.to_owned();
                let plain = Plain::Program { command, args, env: Vec::new(), cwd: None };
                let entry = dialect.entry(&plain);
                Ok(Written { entry, inputs: Vec::new(), reason: Some(reason) })
            }
        }
    }

    /// Why no client can have the server itself, if that is so.
    fn detour(&self) -> Option<String> {
        let common = self.common;
        let flags = [
            ("--traced", self.traced),
            ("--timeout", common.timeout.is_some()),
            ("--protocol", common.protocol.is_some()),
            ("--cacert", common.tls.cacert.is_some()),
            ("--cert", common.tls.identity.is_some()),
        ];
        if let Some((flag, _)) = flags.iter().find(|(_, given)| *given) {
            return Some(format!("{flag} needs Bowline between them"));
        }
        match self.target {
            Target::Unix(_) => Some("no client speaks over Unix sockets by itself".to_owned()),
            _ => None,
        }
    }

    /// The server itself, or why this client cannot have it.
    fn plain(&self, dialect: Dialect, client: &str) -> Result<Result<Plain, String>, Fault> {
        let no_variable = |what: &str| format!("{client} has no such variables as in {what}");
        let plain = match (self.target, self.source) {
            (_, Some((config, entry))) => return Ok(self.copied(config, entry, dialect, client)),
            (Target::Everything, _) => Plain::Program {
                command: self.program.to_owned(),
                args: ["serve", "everything"].map(str::to_owned).into(),
                env: Vec::new(),
                cwd: None,
            },
            (Target::Url(_), _) if !dialect.has_http() => {
                return Ok(Err(format!("{client} only starts programs")));
            }
            (Target::Url(url), _) => {
                let mut headers = Vec::new();
                for Header { name, value } in &self.common.headers {
                    match template(value).and_then(|text| dialect.text(text)) {
                        Some(text) => headers.push((name.clone(), text)),
                        None => return Ok(Err(no_variable(&format!("the header {name}")))),
                    }
                }
                Plain::Http { url: url.clone(), headers }
            }
            (Target::Command(words), _) => {
                let words = words.iter().map(|word| utf8(word.to_str(), "the command"));
                let mut words = words.collect::<Result<Vec<_>, _>>()?.into_iter();
                let command = words.next().map(|word| rooted(&word)).transpose()?;
                let mut env = Vec::new();
                for Variable { name, value } in &self.common.variables {
                    match template(value).and_then(|text| dialect.text(text)) {
                        Some(text) => env.push((name.clone(), text)),
                        None => return Ok(Err(no_variable(&format!("the variable {name}")))),
                    }
                }
                let cwd = self.common.cwd.as_deref().map(whole).transpose()?;
                if cwd.is_some() && !dialect.cwd {
                    return Ok(Err(format!("{client} starts programs where it likes")));
                }
                let command = command.unwrap_or_default();
                Plain::Program { command, args: words.collect(), env, cwd }
            }
            (target, _) => {
                return Err(Fault::new(format!("{target:?} was not looked up")));
            }
        };
        Ok(Ok(plain))
    }

    /// An entry of a config as it stands there, if that means the same elsewhere.
    fn copied(
        &self,
        config: &Config,
        entry: &Entry,
        dialect: Dialect,
        client: &str,
    ) -> Result<Plain, String> {
        let common = self.common;
        let changed = !common.headers.is_empty() || !common.variables.is_empty();
        if changed || common.cwd.is_some() {
            return Err("its entry is changed by flags".to_owned());
        }
        if entry.timeout.is_some() || entry.tools.is_some() || entry.protocol.is_some() {
            return Err("its entry has limits that clients do not keep".to_owned());
        }
        let text = |key: &str, text: &str| {
            dialect.text(text).ok_or_else(|| format!("{client} has no such variables as in {key}"))
        };
        let pairs = |key: &str, pairs: &[(String, bowline::config::Text)]| {
            let pair = |(name, value): &(String, bowline::config::Text)| {
                if is_secret(&name.to_ascii_lowercase()) && is_literal(value.raw()) {
                    return Err(format!("its {key} holds a secret, which stays where it is"));
                }
                Ok((name.clone(), text(key, value.raw())?))
            };
            pairs.iter().map(pair).collect::<Result<Vec<_>, _>>()
        };
        match &entry.kind {
            Kind::Stdio { command, args, env, cwd, env_file, .. } => {
                if env_file.is_some() || cwd.is_some() || config.origin() == Origin::Project {
                    return Err("its entry depends on where its config is".to_owned());
                }
                if command.raw().contains(['/', '\\']) && !Path::new(command.raw()).is_absolute() {
                    return Err("its program is a path beside its config".to_owned());
                }
                let args: Vec<_> = args.iter().map(|arg| arg.raw().to_owned()).collect();
                if secret_argument(&args).is_some() {
                    return Err("its arguments hold a secret, which stays where it is".to_owned());
                }
                let args = args.iter().map(|arg| text("its arguments", arg));
                Ok(Plain::Program {
                    command: text("its command", command.raw())?,
                    args: args.collect::<Result<_, _>>()?,
                    env: pairs("env", env)?,
                    cwd: None,
                })
            }
            Kind::Http { sse: true, .. } => {
                Err("not every client speaks HTTP+SSE any more".to_owned())
            }
            Kind::Http { .. } if !dialect.has_http() => {
                Err(format!("{client} only starts programs"))
            }
            Kind::Http { url, headers, .. } => {
                if secret_in_url(url.raw()).is_some() {
                    return Err("its URL holds a secret, which stays where it is".to_owned());
                }
                Ok(Plain::Http {
                    url: text("its URL", url.raw())?,
                    headers: pairs("headers", headers)?,
                })
            }
            _ => Err("its entry is of a kind that clients do not have".to_owned()),
        }
    }

    /// The arguments of `bowline` that stand for the server.
    fn proxy(&self, dialect: Dialect, client: &str) -> Result<Vec<String>, Fault> {
        let mut args = vec!["proxy".to_owned()];
        let mut flag = |name: &str, value: String| args.extend([name.to_owned(), value]);
        let common = self.common;
        if self.traced {
            flag("--trace-messages", "-".to_owned());
        }
        for Header { name, value } in &common.headers {
            flag("-H", format!("{name}: {}", self.kept(value, name, dialect, client)?));
        }
        for Variable { name, value } in &common.variables {
            match value {
                // The name alone passes it on, and no client changes that.
                Value::Template(text) if *text == format!("${{{name}}}") => {
                    flag("-e", name.clone())
                }
                value => flag("-e", format!("{name}={}", self.kept(value, name, dialect, client)?)),
            }
        }
        if let Some(cwd) = &common.cwd {
            flag("--cwd", whole(cwd)?);
        }
        if let Some(timeout) = common.timeout {
            flag("--timeout", format!("{}ms", timeout.as_millis()));
        }
        if let Some(protocol) = common.protocol {
            flag("--protocol", protocol.to_string());
        }
        if let Some(file) = &common.tls.cacert {
            flag("--cacert", whole(file)?);
        }
        if let Some((cert, key)) = &common.tls.identity {
            flag("--cert", whole(cert)?);
            flag("--key", whole(key)?);
        }
        match self.target {
            Target::Url(url) => args.push(url.clone()),
            Target::Unix(path) => args.push(format!("unix:{}", whole(path)?)),
            Target::Everything => args.push("everything".to_owned()),
            Target::OfClient { client, name } => args.push(format!("{client}:{name}")),
            Target::Named(name) => {
                if let Some((config, entry)) = self.source {
                    let path = whole(config.path())?;
                    // A server of a project is started in its folder; one of a config that is named is not.
                    let folder = Path::new(&path).parent().and_then(Path::to_str);
                    let starts = matches!(&entry.kind, Kind::Stdio { cwd: None, .. });
                    if let (Origin::Project, true, None, Some(folder)) =
                        (config.origin(), starts, &common.cwd, folder)
                    {
                        args.extend(["--cwd".to_owned(), folder.to_owned()]);
                    }
                    args.extend(["--config".to_owned(), path]);
                }
                args.push(name.clone());
            }
            Target::Command(words) => {
                args.push("--".to_owned());
                for (at, word) in words.iter().enumerate() {
                    let word = utf8(word.to_str(), "the command")?;
                    args.push(if at == 0 { rooted(&word)? } else { word });
                }
            }
        }
        Ok(args)
    }

    /// A value as an argument of ours, which the client must not make the secret itself of.
    fn kept(
        &self,
        value: &Value,
        name: &str,
        dialect: Dialect,
        client: &str,
    ) -> Result<String, Fault> {
        match value {
            Value::File(path) => Ok(format!("@{}", whole(path)?)),
            Value::Template(text) if text.contains("${") && dialect.expands_braces() => {
                Err(Fault::new(format!(
                    "{client} would put the value of `{name}` on the command line of `bowline proxy`, where others \
                     can see it"
                ))
                .hint(format!("write @FILE for the value of {name}, or put the server into a config of your own and install it by its name")))
            }
            Value::Template(text) => Ok(text.clone()),
        }
    }

    /// What the entry wants asked.
    fn inputs(&self) -> Vec<(String, Node)> {
        let inputs = self.source.map(|(_, entry)| entry.inputs.as_slice()).unwrap_or_default();
        inputs.iter().map(|asked| (asked.id.clone(), input(asked))).collect()
    }

    /// Nobody can be asked by a proxy that a client starts.
    fn refuse_inputs(&self, client: &str) -> Result<(), Fault> {
        let inputs = self.source.map(|(_, entry)| entry.inputs.as_slice()).unwrap_or_default();
        match inputs.iter().find(|input| input.default.is_none()) {
            None => Ok(()),
            Some(input) => Err(Fault::new(format!(
                "the server wants the input `{}`, and {client} asks nobody for it",
                input.id
            ))
            .hint("put its value into the environment and write ${NAME} in the config")),
        }
    }

    /// What stands on the command line could be seen by others, and would be seen in the file by more.
    fn refuse_secrets(&self) -> Result<(), Fault> {
        match self.target {
            Target::Command(words) => {
                let words: Vec<_> =
                    words.iter().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
                match secret_argument(&words) {
                    None => Ok(()),
                    Some(flag) => Err(Fault::new(format!(
                        "the value of {flag} looks like a secret, which is not written into a file of a client"
                    ))
                    .hint(
                        "pass it on as a variable, such as with -e API_KEY, or put the server into a config of your \
                         own and install it by its name",
                    )),
                }
            }
            Target::Url(url) => match secret_in_url(url) {
                None => Ok(()),
                Some(name) => Err(Fault::new(format!(
                    "`{name}` in the URL looks like a secret, which is not written into a file of a client"
                ))
                .hint(
                    "send it as a header with a variable, such as -H 'X-Api-Key: ${API_KEY}', or put the server into a \
                     config of your own and install it by its name",
                )),
            },
            _ => Ok(()),
        }
    }
}

/// An input as VS Code has them.
fn input(input: &Input) -> Node {
    let kind = if input.options.is_empty() { "promptString" } else { "pickString" };
    let about = input.description.as_deref().unwrap_or(&input.id);
    let mut members = vec![
        ("type", Node::text(kind)),
        ("id", Node::text(&input.id)),
        ("description", Node::text(about)),
    ];
    if input.password {
        members.push(("password", Node::Flag(true)));
    }
    if !input.options.is_empty() {
        members.push(("options", Node::texts(input.options.iter().map(String::as_str))));
    }
    members.extend(input.default.as_deref().map(|default| ("default", Node::text(default))));
    Node::object(members)
}

/// The flag among a program's arguments that is followed by a secret.
fn secret_argument(args: &[String]) -> Option<&str> {
    let names_secret = |name: &str| {
        let is_file = name.ends_with("-file") || name.ends_with("-path") || name.ends_with("-env");
        name.starts_with('-') && !is_file && is_secret(&name.to_ascii_lowercase())
    };
    let own = args.iter().find_map(|arg| {
        let (name, value) = arg.split_once('=')?;
        (names_secret(name) && is_literal(value)).then_some(name)
    });
    let next = args.windows(2).find_map(|pair| {
        let is_value = is_literal(&pair[1]) && !pair[1].starts_with('-');
        (!pair[0].contains('=') && names_secret(&pair[0]) && is_value).then_some(pair[0].as_str())
    });
    own.or(next)
}

/// The name of a part of the query that is secret.
fn secret_in_url(url: &str) -> Option<&str> {
    let query = url.split_once('?')?.1;
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let mut secret =
        pairs.filter(|(name, value)| is_secret(&name.to_ascii_lowercase()) && is_literal(value));
    secret.next().map(|(name, _)| name)
}

fn is_literal(text: &str) -> bool {
    !text.is_empty() && !text.contains("${")
}

fn template(value: &Value) -> Option<&str> {
    match value {
        Value::Template(text) => Some(text),
        Value::File(_) => None,
    }
}

/// A program that is a path, from the root on, since a client starts it somewhere else.
fn rooted(word: &str) -> Result<String, Fault> {
    if word.contains('/') { whole(Path::new(word)) } else { Ok(word.to_owned()) }
}

fn whole(path: &Path) -> Result<String, Fault> {
    let whole = absolute(path)
        .map_err(|error| Fault::new(format!("cannot tell where {} is: {error}", path.display())))?;
    utf8(whole.to_str(), &path.display().to_string())
}

fn utf8(text: Option<&str>, what: &str) -> Result<String, Fault> {
    text.map(str::to_owned)
        .ok_or_else(|| Fault::new(format!("{what} is no UTF-8, which no client's file can hold")))
}
