//! A browser without a person: the suite's authorization server asks nothing, and sends it back at once.

use crate::Failure;
use bowline::Error;
use bowline::auth::Url;
use bowline::client::auth::{AskingBrowser, Browser, Shown, Visit};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Visits the page, and gives back where it is sent.
pub(crate) fn obedient() -> impl Browser {
    AskingBrowser::new(|visit: Visit| async move {
        match timeout(PATIENCE, sent_to(&visit.url)).await {
            Ok(Ok(location)) => Ok(Shown::Returned(location)),
            Ok(Err(failure)) => {
                Err(Error::unreachable("the page sends nobody on").because(failure))
            }
            Err(_) => Err(Error::unreachable("the page does not load")),
        }
    })
}

const PATIENCE: Duration = Duration::from_secs(10);

/// Where a page redirects to.
async fn sent_to(url: &Url) -> Result<String, Failure> {
    let host = url.host().trim_matches(['[', ']']);
    let mut stream = TcpStream::connect((host, url.port())).await?;
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    let head = format!(
        "GET {}{query} HTTP/1.1\r\nhost: {}:{}\r\nconnection: close\r\n\r\n",
        url.path(),
        url.host(),
        url.port()
    );
    stream.write_all(head.as_bytes()).await?;
    let mut response = Vec::new();
    stream.take(MOST).read_to_end(&mut response).await?;
    let response = String::from_utf8(response)?;
    let location = response.lines().take_while(|line| !line.is_empty()).find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("location").then(|| value.trim().to_owned())
    });
    location.ok_or_else(|| format!("it was answered with {:?}", response.lines().next()).into())
}

/// How much of a response is read, in bytes.
const MOST: u64 = 64 * 1024;
