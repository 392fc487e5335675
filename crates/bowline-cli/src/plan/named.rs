//! What servers are called that nobody gave a name.

use super::target::Target;
use std::path::Path;

/// The name of a server: that of the config, or what tells its address or program apart.
pub(super) fn name_of(target: &Target) -> String {
    match target {
        Target::Named(name) | Target::OfClient { name, .. } => name.clone(),
        Target::Everything => "everything".to_owned(),
        Target::Url(url) => plain(&of_url(url)),
        Target::Unix(path) => plain(&stem(&path.to_string_lossy())),
        Target::Command(words) => {
            let words: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
            let words: Vec<_> = words.iter().map(AsRef::as_ref).collect();
            plain(&of_command(&words))
        }
    }
}

/// The part of a host that somebody chose: `example` of `https://mcp.example.com/mcp`; with its port on this machine,
/// where the host says nothing.
fn of_url(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    let labels: Vec<_> = host.split('.').collect();
    let is_name = labels.len() > 1 && labels.iter().any(|label| label.parse::<u8>().is_err());
    if !is_name {
        return authority.to_owned();
    }
    let mut own = labels[..labels.len() - 1].iter().rev();
    own.find(|label| !GENERAL.contains(label)).unwrap_or(&labels[0]).to_string()
}

/// The program, or what a launcher launches.
fn of_command(words: &[&str]) -> String {
    let program = stem(words.first().copied().unwrap_or_default());
    let launched =
        || words.iter().skip(1).find(|word| !word.starts_with('-') && !RUN.contains(word));
    let name = match launched() {
        Some(launched) if LAUNCHERS.contains(&program.as_str()) => {
            // Of `@scope/name@version` the name.
            let last = launched.rsplit('/').next().unwrap_or_default();
            let (name, _) = last.split_once(['@', ':', '=']).unwrap_or((last, ""));
            stem(name)
        }
        _ => program,
    };
    let short = ["mcp-server-", "server-", "mcp-"].iter().find_map(|word| name.strip_prefix(word));
    let short = short.unwrap_or(&name);
    let short = ["-mcp-server", "-mcp", "-server"]
        .iter()
        .find_map(|word| short.strip_suffix(word))
        .unwrap_or(short);
    short.to_owned()
}

/// The name of a file, without what its kind is called.
fn stem(path: &str) -> String {
    let stem = Path::new(path).file_stem().map(|stem| stem.to_string_lossy().into_owned());
    stem.unwrap_or_else(|| path.to_owned())
}

/// A name of letters, digits, `_` and `-`, which every client takes.
fn plain(name: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
    let name: String = name.chars().map(safe).collect();
    match name.trim_matches('-') {
        "" => "server".to_owned(),
        name => name.to_owned(),
    }
}

/// Parts of a host that many have.
const GENERAL: &[&str] = &["mcp", "api", "www", "server", "servers", "co", "com"];

/// Programs that only start another.
const LAUNCHERS: &[&str] = &[
    "bun", "bunx", "deno", "docker", "node", "npx", "pipx", "pnpm", "podman", "python", "python3",
    "uv", "uvx", "yarn",
];

/// What a launcher may be told before what it launches.
const RUN: &[&str] = &["run", "dlx", "exec", "tool"];
