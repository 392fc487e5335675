//! What each client's file looks like, as far as it differs from the others'.

use super::node::Node;
use bowline::config::Client;

/// How a client wants its servers written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dialect {
    /// The client's id.
    pub(crate) id: &'static str,
    /// Below which name of the file servers are.
    pub(crate) list: &'static str,
    /// The `type` of a server that is started, where the client wants one.
    program: Option<&'static str>,
    /// How a server with a URL is written; `None` where the client only starts programs.
    http: Option<HttpForm>,
    /// What the client does with variables.
    variables: Variables,
    /// Whether a program may be started in a directory.
    pub(crate) cwd: bool,
    /// Whether the client asks for `inputs`.
    pub(crate) inputs: bool,
    /// Whether tools have to be let in by a list.
    lets_tools: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct HttpForm {
    kind: Option<&'static str>,
    url: &'static str,
}

/// What a client puts into the places of variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Variables {
    /// Nothing: they stay as they are written.
    Kept,
    /// Its environment, for `${NAME}`.
    Braces,
    /// Its environment, for `${NAME}` and `${NAME:-default}`.
    Defaults,
    /// Its environment, for `${env:NAME}`.
    Env,
}

/// A server in words that every client has.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Plain {
    Program { command: String, args: Vec<String>, env: Vec<(String, String)>, cwd: Option<String> },
    Http { url: String, headers: Vec<(String, String)> },
}

impl Dialect {
    /// That of a client; `None` for one whose file is not JSON of the usual kind.
    pub(crate) fn of(client: Client) -> Option<Self> {
        DIALECTS.iter().find(|dialect| dialect.id == client.id).copied()
    }

    /// Whether the client can use a server with a URL by itself.
    pub(crate) fn has_http(&self) -> bool {
        self.http.is_some()
    }

    /// Whether a `${NAME}` that is meant for a program becomes the value on its way there.
    pub(crate) fn expands_braces(&self) -> bool {
        matches!(self.variables, Variables::Braces | Variables::Defaults)
    }

    /// The text with its variables as this client wants them; `None` when it cannot have them.
    pub(crate) fn text(&self, text: &str) -> Option<String> {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (variable, behind) = after.split_once('}')?;
            out.push_str(before);
            out.push_str(&self.variable(variable)?);
            rest = behind;
        }
        out.push_str(rest);
        Some(out)
    }

    fn variable(&self, body: &str) -> Option<String> {
        if body.starts_with("input:") {
            return self.inputs.then(|| format!("${{{body}}}"));
        }
        let body = body.strip_prefix("env:").unwrap_or(body);
        let (name, default) = match body.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (body, None),
        };
        let is_name = |c: char| c == '_' || c.is_ascii_alphanumeric();
        // `workspaceFolder` and the like are not there for every client, and not the same.
        let is_variable =
            !name.is_empty() && name.chars().all(is_name) && !OF_EDITORS.contains(&name);
        match (self.variables, default) {
            _ if !is_variable => None,
            (Variables::Braces, None) | (Variables::Defaults, _) => Some(format!("${{{body}}}")),
            (Variables::Env, None) => Some(format!("${{env:{name}}}")),
            (Variables::Kept, _) | (Variables::Braces | Variables::Env, Some(_)) => None,
        }
    }

    /// The entry.
    pub(crate) fn entry(&self, plain: &Plain) -> Node {
        let mut members: Vec<(&str, Node)> = Vec::new();
        let pairs = |pairs: &[(String, String)]| {
            Node::object(pairs.iter().map(|(name, value)| (name.clone(), Node::text(value))))
        };
        match plain {
            Plain::Program { command, args, env, cwd } => {
                members.extend(self.program.map(|kind| ("type", Node::text(kind))));
                members.push(("command", Node::text(command)));
                members.push(("args", Node::texts(args.iter().map(String::as_str))));
                if !env.is_empty() {
                    members.push(("env", pairs(env)));
                }
                members.extend(cwd.as_deref().map(|cwd| ("cwd", Node::text(cwd))));
            }
            Plain::Http { url, headers } => {
                let form = self.http.unwrap_or(HttpForm { kind: None, url: "url" });
                members.extend(form.kind.map(|kind| ("type", Node::text(kind))));
                members.push((form.url, Node::text(url)));
                if !headers.is_empty() {
                    members.push(("headers", pairs(headers)));
                }
            }
        }
        if self.lets_tools {
            members.push(("tools", Node::texts(["*"])));
        }
        Node::object(members)
    }
}

/// Names that editors have for places of theirs.
const OF_EDITORS: &[&str] =
    &["workspaceFolder", "workspaceFolderBasename", "userHome", "pathSeparator"];

const HTTP: Option<HttpForm> = Some(HttpForm { kind: Some("http"), url: "url" });

const MOST: Dialect = Dialect {
    id: "",
    list: "mcpServers",
    program: None,
    http: HTTP,
    variables: Variables::Kept,
    cwd: false,
    inputs: false,
    lets_tools: false,
};

const DIALECTS: &[Dialect] = &[
    Dialect { id: "bowline", variables: Variables::Defaults, cwd: true, ..MOST },
    Dialect { id: "claude-code", program: Some("stdio"), variables: Variables::Defaults, ..MOST },
    Dialect { id: "claude-desktop", http: None, ..MOST },
    Dialect {
        id: "cursor",
        http: Some(HttpForm { kind: None, url: "url" }),
        variables: Variables::Env,
        ..MOST
    },
    Dialect {
        id: "vscode",
        list: "servers",
        program: Some("stdio"),
        variables: Variables::Env,
        cwd: true,
        inputs: true,
        ..MOST
    },
    Dialect { id: "copilot", program: Some("local"), lets_tools: true, ..MOST },
    Dialect {
        id: "windsurf",
        http: Some(HttpForm { kind: None, url: "serverUrl" }),
        variables: Variables::Env,
        ..MOST
    },
    Dialect {
        id: "gemini",
        http: Some(HttpForm { kind: None, url: "httpUrl" }),
        variables: Variables::Braces,
        cwd: true,
        ..MOST
    },
    Dialect { id: "antigravity", http: Some(HttpForm { kind: None, url: "serverUrl" }), ..MOST },
    Dialect {
        id: "inspector",
        program: Some("stdio"),
        http: Some(HttpForm { kind: Some("streamable-http"), url: "url" }),
        ..MOST
    },
];

#[cfg(test)]
mod tests {
    use super::{DIALECTS, Dialect};
    use bowline::config::{CLIENTS, Client};

    #[test]
    fn every_client_with_a_dialect_is_known() {
        for dialect in DIALECTS {
            let client = Client::of_id(dialect.id).unwrap();
            assert_eq!(Dialect::of(client), Some(*dialect));
        }
        let without = CLIENTS.iter().filter(|client| Dialect::of(**client).is_none());
        let ids: Vec<_> = without.map(|client| client.id).collect();
        assert_eq!(ids, ["codex", "opencode", "fastmcp"]);
    }

    #[test]
    fn variables_are_written_as_each_client_wants_them() {
        let table = [
            ("claude-code", "Bearer ${T}", Some("Bearer ${T}")),
            ("claude-code", "${env:T}", Some("${T}")),
            ("claude-code", "${T:-x}", Some("${T:-x}")),
            ("claude-code", "${input:t}", None),
            ("claude-code", "${workspaceFolder}/a", None),
            ("claude-desktop", "plain", Some("plain")),
            ("claude-desktop", "${T}", None),
            ("cursor", "a ${T} b ${env:U}", Some("a ${env:T} b ${env:U}")),
            ("cursor", "${T:-x}", None),
            ("vscode", "${input:t}", Some("${input:t}")),
            ("vscode", "${T", None),
            ("gemini", "${T}", Some("${T}")),
            ("gemini", "${T:-x}", None),
        ];
        for (id, text, written) in table {
            let dialect = Dialect::of(Client::of_id(id).unwrap()).unwrap();
            assert_eq!(dialect.text(text).as_deref(), written, "{id} {text}");
        }
    }
}
