//! The little of HTTP/1.1 that a relay needs: heads, and bodies of each framing.

use std::io::{self, BufRead, Error, ErrorKind, Read, Write};

/// The head of a request or of a response.
pub(super) struct Head {
    /// The first line.
    pub(super) line: String,
    /// Names in lower case, and values.
    pub(super) headers: Vec<(String, String)>,
}

/// How long a body is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Framing {
    None,
    Length(u64),
    Chunked,
    ToEnd,
}

impl Framing {
    /// The framing of the same body with this many bytes.
    pub(super) fn of_length(self, bytes: usize) -> Self {
        if self == Self::None { self } else { Self::Length(bytes as u64) }
    }
}

impl Head {
    /// Reads one; `None` when the peer closes instead.
    pub(super) fn read(from: &mut impl BufRead) -> io::Result<Option<Self>> {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            let read = from.take(MOST).read_line(&mut line)?;
            match line.trim_end() {
                _ if read == 0 && lines.is_empty() => return Ok(None),
                _ if read == 0 => return Err(ErrorKind::UnexpectedEof.into()),
                "" => break,
                line => lines.push(line.to_owned()),
            }
        }
        let mut lines = lines.into_iter();
        let line = lines.next().ok_or(ErrorKind::InvalidData)?;
        let header = |line: String| {
            let (name, value) = line.split_once(':').unwrap_or((&line, ""));
            (name.to_ascii_lowercase(), value.trim().to_owned())
        };
        Ok(Some(Self { line, headers: lines.map(header).collect() }))
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// How long the body of a request is.
    pub(super) fn of_request(&self) -> Framing {
        match self.framing() {
            Framing::ToEnd => Framing::None,
            framing => framing,
        }
    }

    /// How long the body of a response is.
    pub(super) fn of_response(&self) -> Framing {
        let status = self.line.split(' ').nth(1).unwrap_or_default();
        match status {
            "204" | "304" => Framing::None,
            _ => self.framing(),
        }
    }

    /// Writes it with other framing; the connection is closed behind its body.
    pub(super) fn write(&self, to: &mut impl Write, framing: Framing) -> io::Result<()> {
        let mut text = format!("{}\r\n", self.line);
        let kept = self.headers.iter().filter(|(name, _)| !OF_ONE_HOP.contains(&name.as_str()));
        kept.for_each(|(name, value)| text.push_str(&format!("{name}: {value}\r\n")));
        match framing {
            Framing::Length(length) => text.push_str(&format!("content-length: {length}\r\n")),
            Framing::Chunked => text.push_str("transfer-encoding: chunked\r\n"),
            Framing::None | Framing::ToEnd => {}
        }
        text.push_str("connection: close\r\n\r\n");
        to.write_all(text.as_bytes())?;
        to.flush()
    }

    /// The text of it, each header on a line of its own.
    pub(super) fn text(&self) -> String {
        let headers = self.headers.iter().map(|(name, value)| format!("\n{name}: {value}"));
        format!("{}{}", self.line, headers.collect::<String>())
    }

    fn framing(&self) -> Framing {
        if self.get("transfer-encoding").is_some_and(|coding| coding.contains("chunked")) {
            return Framing::Chunked;
        }
        let length = self.get("content-length").and_then(|length| length.parse().ok());
        length.map_or(Framing::ToEnd, Framing::Length)
    }
}

/// Said anew by each hop; bodies are changed, so that they must not be compressed either.
const OF_ONE_HOP: [&str; 6] = [
    "connection",
    "keep-alive",
    "transfer-encoding",
    "content-length",
    "accept-encoding",
    "upgrade",
];

/// Bytes of one line of a head.
const MOST: u64 = 64 * 1024;

/// A body, whatever its framing.
pub(super) struct Body<R> {
    from: R,
    framing: Framing,
    /// Bytes of the chunk that is being read.
    left: u64,
}

impl<R: BufRead> Body<R> {
    pub(super) fn new(from: R, framing: Framing) -> Self {
        let left = if let Framing::Length(length) = framing { length } else { 0 };
        Self { from, framing, left }
    }

    /// All of it.
    pub(super) fn whole(mut self) -> io::Result<Vec<u8>> {
        let mut whole = Vec::new();
        self.read_to_end(&mut whole)?;
        Ok(whole)
    }

    /// Reads the size of the next chunk; zero at the end.
    fn next_chunk(&mut self) -> io::Result<u64> {
        let mut line = String::new();
        while line.trim().is_empty() {
            line.clear();
            if self.from.read_line(&mut line)? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
        let size = line.trim().split(';').next().unwrap_or_default();
        u64::from_str_radix(size, 16).map_err(|error| Error::new(ErrorKind::InvalidData, error))
    }
}

impl<R: BufRead> Read for Body<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.framing {
            Framing::None => return Ok(0),
            Framing::ToEnd => return self.from.read(buffer),
            Framing::Chunked if self.left == 0 => {
                self.left = self.next_chunk()?;
                if self.left == 0 {
                    self.framing = Framing::None;
                    return Ok(0);
                }
            }
            Framing::Length(_) if self.left == 0 => return Ok(0),
            Framing::Chunked | Framing::Length(_) => {}
        }
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let read = self.from.read(&mut buffer[..most])?;
        if read == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        self.left -= read as u64;
        Ok(read)
    }
}

/// One piece of a body that is sent in chunks; the empty one is its end.
pub(super) fn write_chunk(to: &mut impl Write, piece: &[u8]) -> io::Result<()> {
    let mut chunk = format!("{:x}\r\n", piece.len()).into_bytes();
    chunk.extend_from_slice(piece);
    chunk.extend_from_slice(b"\r\n");
    to.write_all(&chunk)?;
    to.flush()
}

#[cfg(test)]
mod tests {
    use super::{Body, Framing, Head, write_chunk};

    #[test]
    fn bodies_of_each_framing_are_read() {
        let read = |bytes: &[u8], framing| Body::new(bytes, framing).whole().ok();
        assert_eq!(read(b"abc", Framing::None).unwrap(), b"");
        assert_eq!(read(b"abc", Framing::ToEnd).unwrap(), b"abc");
        assert_eq!(read(b"abcd", Framing::Length(3)).unwrap(), b"abc");
        assert_eq!(read(b"ab", Framing::Length(3)), None);
        let mut chunked = Vec::new();
        for piece in [b"ab".as_slice(), b"cdefghijklmnopqrst", b""] {
            write_chunk(&mut chunked, piece).unwrap();
        }
        assert_eq!(read(&chunked, Framing::Chunked).unwrap(), b"abcdefghijklmnopqrst");
        assert_eq!(read(&chunked[..5], Framing::Chunked), None);
    }

    #[test]
    fn a_head_is_written_with_the_framing_of_the_next_hop() {
        let mut text =
            b"POST /mcp HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\nX-A:b\r\n\r\nrest"
                .as_slice();
        let head = Head::read(&mut text).unwrap().unwrap();
        assert_eq!(head.of_request(), Framing::Length(5));
        let mut written = Vec::new();
        head.write(&mut written, Framing::Length(7)).unwrap();
        let written = String::from_utf8(written).unwrap();
        assert_eq!(
            written,
            "POST /mcp HTTP/1.1\r\nhost: a.test\r\nx-a: b\r\ncontent-length: 7\r\nconnection: close\r\n\r\n"
        );
        assert_eq!(text, b"rest");
        assert!(Head::read(&mut b"".as_slice()).unwrap().is_none());
        assert!(Head::read(&mut b"GET / HTTP/1.1\r\n".as_slice()).is_err());
    }
}
