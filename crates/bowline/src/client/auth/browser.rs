//! Showing a URL to a person.
//!
//! Whoever runs a server decides what the URL is, so it is never given to a shell: a program is started with the URL as
//! its one argument, and the URL has been read, found to be of `http` or `https`, and written anew with nothing in it
//! that any program in between could take for more than a URL.
//!
//! See [Authorization URL validation](https://modelcontextprotocol.io/docs/2026-07-28/tutorials/security/security_best_practices).

use crate::error::{Error, Result};
use bowline_auth::Url;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::pin::Pin;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// A page that a person has to visit to log in.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Visit {
    /// The page: `https`, or `http` on this machine.
    pub url: Url,
    /// The server that it is for, as the user named it.
    pub server: Url,
    /// Where the browser is sent in the end.
    pub redirect: Url,
}

/// What came of showing a page.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shown {
    /// The page is open; the browser comes back by itself.
    Open,
    /// The browser was sent to this URL, which the person copied: the listener has not seen it.
    Returned(String),
    /// The person does not want to log in.
    Declined,
}

/// Shows pages to a person.
pub trait Browser: Send + Sync + fmt::Debug + 'static {
    /// Shows a page. Dropping the future takes it back, as far as that can be done.
    ///
    /// # Errors
    /// Nothing can be shown here; the login ends with this.
    fn show(&self, visit: Visit) -> Pin<Box<dyn Future<Output = Result<Shown>> + Send>>;
}

/// The browser of the system: `xdg-open`, `open`, or what Windows opens URLs with.
#[derive(Clone, Debug)]
pub struct SystemBrowser {
    program: PathBuf,
    arguments: Vec<OsString>,
}

impl SystemBrowser {
    /// Another program, which gets these arguments and then the URL.
    pub fn program(
        program: impl Into<PathBuf>,
        arguments: impl IntoIterator<Item = impl Into<OsString>>,
    ) -> Self {
        let arguments = arguments.into_iter().map(Into::into).collect();
        Self { program: program.into(), arguments }
    }
}

impl Default for SystemBrowser {
    fn default() -> Self {
        Self::program(OPENER.0, OPENER.1.iter().copied())
    }
}

#[cfg(target_os = "macos")]
const OPENER: (&str, &[&str]) = ("open", &[]);
#[cfg(windows)]
const OPENER: (&str, &[&str]) = ("rundll32", &["url.dll,FileProtocolHandler"]);
#[cfg(not(any(target_os = "macos", windows)))]
const OPENER: (&str, &[&str]) = ("xdg-open", &[]);

impl Browser for SystemBrowser {
    fn show(&self, visit: Visit) -> Pin<Box<dyn Future<Output = Result<Shown>> + Send>> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).arg(argument(&visit.url));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let program = self.program.display().to_string();
        Box::pin(async move {
            let child = command.spawn().map_err(|error| {
                Error::invalid(format!("no browser can be opened: {program} does not start"))
                    .because(error)
            })?;
            match ended(child).await {
                Some(status) if !status.success() => Err(Error::invalid(format!(
                    "no browser was opened: {program} ended with {status}"
                ))),
                _ => Ok(Shown::Open),
            }
        })
    }
}

/// How a program ended that opens a browser; one that has not by then is the browser itself.
async fn ended(mut child: Child) -> Option<ExitStatus> {
    let until = Instant::now() + OPENING;
    while Instant::now() < until {
        match child.try_wait() {
            Ok(None) => sleep(LOOK).await,
            Ok(Some(status)) => return Some(status),
            Err(_) => return None,
        }
    }
    // Belongs to the child and ends with it; else that would stay as a zombie. No runtime waits for it.
    std::thread::spawn(move || child.wait());
    None
}

const OPENING: Duration = Duration::from_secs(3);
const LOOK: Duration = Duration::from_millis(50);

/// A URL as an argument: what is not needed in one is percent-encoded, so that whatever takes it apart (`xdg-open` is a
/// script, `rundll32` splits its own command line) finds nothing to take apart.
fn argument(url: &Url) -> String {
    let mut written = String::with_capacity(url.as_str().len());
    // The host and what stands before it were checked when the URL was read; brackets belong to an IPv6 address.
    let root =
        url.as_str().len() - url.path().len() - url.query().map_or(0, |query| query.len() + 1);
    written.push_str(&url.as_str()[..root]);
    for byte in url.as_str()[root..].bytes() {
        match byte {
            b'-' | b'.' | b'_' | b'~' | b'/' | b':' | b'?' | b'@' | b'=' | b'&' | b'+' | b','
            | b'%' => written.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => written.push(char::from(byte)),
            byte => written += &format!("%{byte:02X}"),
        }
    }
    written
}

/// A browser that is a function: one that shows the URL to a person and reads what comes back, or a test.
pub struct AskingBrowser<F>(F);

impl<F, A> AskingBrowser<F>
where
    F: Fn(Visit) -> A + Send + Sync + 'static,
    A: Future<Output = Result<Shown>> + Send + 'static,
{
    /// Shows pages by calling `show`.
    ///
    /// On a machine without a browser, print [`Visit::url`], and give back what the person pastes as
    /// [`Shown::Returned`]: the browser, wherever it is, ends at a page that does not load, and its address is what is
    /// wanted.
    pub fn new(show: F) -> Self {
        Self(show)
    }
}

impl<F, A> Browser for AskingBrowser<F>
where
    F: Fn(Visit) -> A + Send + Sync + 'static,
    A: Future<Output = Result<Shown>> + Send + 'static,
{
    fn show(&self, visit: Visit) -> Pin<Box<dyn Future<Output = Result<Shown>> + Send>> {
        Box::pin(self.0(visit))
    }
}

impl<F> fmt::Debug for AskingBrowser<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AskingBrowser")
    }
}

#[cfg(test)]
mod tests;
