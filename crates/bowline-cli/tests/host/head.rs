//! The head of a message of HTTP/1.1.

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

pub(crate) struct Head(String);

impl Head {
    /// The next one; `None` at the end of the stream.
    pub(crate) async fn read(stream: &mut BufReader<impl AsyncRead + Unpin>) -> Option<Self> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            if stream.read_until(b'\n', &mut head).await.ok()? == 0 {
                return None;
            }
        }
        Some(Self(String::from_utf8_lossy(&head).into_owned()))
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    /// The status of an answer.
    pub(crate) fn status(&self) -> u16 {
        self.0.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or_default()
    }

    /// A field, by its name in lower case.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let fields = self.0.lines().skip(1).filter_map(|line| line.split_once(':'));
        let mut named = fields.filter(|(key, _)| key.eq_ignore_ascii_case(name));
        named.next().map(|(_, value)| value.trim())
    }

    /// How long the body is that follows; nothing where it is chunked or absent.
    pub(crate) fn length(&self) -> usize {
        self.field("content-length").and_then(|length| length.parse().ok()).unwrap_or_default()
    }
}
