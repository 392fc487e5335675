//! From the text of the page to a configuration that runs here.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use crate::server::root;

/// The upstream and the server of the page, as they stand there.
pub(crate) fn documented(page: &str) -> Result<String, String> {
    blocks(page).next().map(str::to_owned).ok_or_else(|| "docs/nginx.md shows no server".to_owned())
}

/// The location of the page for a path in front, as it stands there.
fn documented_prefix(page: &str) -> Result<String, String> {
    blocks(page).nth(1).map(str::to_owned).ok_or_else(|| "docs/nginx.md shows no prefix".to_owned())
}

/// The arguments of the command that the page shows.
pub(crate) fn documented_command(page: &str) -> Result<Vec<String>, String> {
    let (_, command) =
        page.split_once("```sh\nbowline ").ok_or("docs/nginx.md shows no command")?;
    let command = command.lines().next().unwrap_or_default();
    Ok(command.split_whitespace().map(str::to_owned).collect())
}

/// Replaces what must be there exactly once.
pub(crate) fn swap(text: &str, from: &str, to: &str) -> Result<String, String> {
    match text.matches(from).count() {
        1 => Ok(text.replacen(from, to, 1)),
        count => Err(format!("{from:?} stands {count} times in the configuration, not once")),
    }
}

/// Takes out the line that begins with `directive`.
pub(crate) fn without(text: &str, directive: &str) -> Result<String, String> {
    let line = text
        .lines()
        .find(|line| line.trim_start().starts_with(directive))
        .ok_or_else(|| format!("no line of the configuration begins with {directive:?}"))?;
    swap(text, &format!("{line}\n"), "")
}

/// Adds a line to the server.
pub(crate) fn with(text: &str, line: &str) -> Result<String, String> {
    swap(text, "\nserver {\n", &format!("\nserver {{\n    {line}\n"))
}

/// Adds the location of the page for a path in front.
pub(crate) fn with_prefix(page: &str) -> Result<String, String> {
    let (config, location) = (documented(page)?, documented_prefix(page)?);
    let end = config.rfind('}').ok_or("the configuration has no end")?;
    Ok(format!("{}{location}\n{}", &config[..end], &config[end..]))
}

/// Writes the whole file: `text` at addresses and with files of this machine, in what Debian has around it.
pub(crate) fn write(
    folder: &Path,
    text: &str,
    front: SocketAddr,
    behind: SocketAddr,
) -> Result<(), String> {
    let fixtures = root().join("crates/bowline/tests/it/fixtures");
    let file = |name: &str| fixtures.join(name).display().to_string();
    let mut text = text.replace("127.0.0.1:8080", &behind.to_string());
    text = swap(&text, "listen 443 ssl", &format!("listen {front} ssl"))?;
    text = swap(&text, "/etc/ssl/certs/tools.example.com.pem", &file("first.cert.pem"))?;
    text = swap(&text, "/etc/ssl/private/tools.example.com.key", &file("first.key.pem"))?;
    let folder_text = folder.display();
    // One process, which is this program's child and ends with it; the rest is what Debian's own file says.
    let whole = format!(
        "daemon off;\nmaster_process off;\npid {folder_text}/pid;\nerror_log {folder_text}/error.log info;\n\
         events {{ worker_connections 768; }}\n\
         http {{\nsendfile on;\ntcp_nopush on;\ntypes_hash_max_size 2048;\ngzip on;\n\
         default_type application/octet-stream;\naccess_log {folder_text}/access.log;\n\
         client_body_temp_path {folder_text}/body;\nproxy_temp_path {folder_text}/proxy;\n\
         fastcgi_temp_path {folder_text}/fastcgi;\nuwsgi_temp_path {folder_text}/uwsgi;\n\
         scgi_temp_path {folder_text}/scgi;\n{text}\n}}\n"
    );
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(folder.join("nginx.conf"), whole))
        .map_err(|error| format!("cannot write into {folder_text}: {error}"))
}

fn blocks(page: &str) -> impl Iterator<Item = &str> {
    page.split("```nginx\n").skip(1).filter_map(|rest| Some(rest.split_once("\n```")?.0))
}

#[cfg(test)]
mod tests {
    use super::{swap, with, without};

    const TEXT: &str = "\nserver {\n    a 1;\n    b 2;\n}\n";

    #[test]
    fn a_line_is_taken_out_or_added() {
        assert_eq!(without(TEXT, "a ").unwrap(), "\nserver {\n    b 2;\n}\n");
        assert!(without(TEXT, "c ").is_err());
        assert!(with(TEXT, "c 3;").unwrap().contains("{\n    c 3;\n    a 1;"));
    }

    #[test]
    fn what_is_replaced_stands_there_once() {
        assert_eq!(swap("x y", "y", "z").unwrap(), "x z");
        assert!(swap("x x", "x", "z").is_err());
        assert!(swap("x", "y", "z").is_err());
    }
}
