//! What the load says: requests of a modern client, and of one that opened a session.

use super::wire::Connection;

/// Who calls, and so how.
#[derive(Clone, Debug)]
pub(crate) enum Caller {
    /// Every request says all.
    Modern,
    /// `initialize` opened a session of this name.
    Session(String),
}

impl Caller {
    /// Opens a session: `initialize`, then `notifications/initialized`.
    pub(crate) fn open(connection: &mut Connection, port: u16) -> Result<Self, String> {
        let answer = connection.ask(&initialize(port, 0))?;
        let id = answer.header("mcp-session-id").map(str::to_owned);
        let id = id
            .filter(|_| answer.status == 200)
            .ok_or_else(|| format!("no session was opened: {} {}", answer.status, answer.body))?;
        let caller = Self::Session(id);
        let answer = connection.ask(&caller.post(port, "", INITIALIZED))?;
        match answer.status {
            202 => Ok(caller),
            status => Err(format!("initialized was answered {status}: {}", answer.body)),
        }
    }

    /// Ends the session.
    pub(crate) fn close(&self, connection: &mut Connection, port: u16) -> Result<(), String> {
        let Self::Session(id) = self else { return Ok(()) };
        let request = format!(
            "DELETE /mcp HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nMcp-Session-Id: {id}\r\n\
             MCP-Protocol-Version: {VERSION}\r\n\r\n"
        );
        let answer = connection.ask(&request)?;
        let ended = (200..300).contains(&answer.status);
        if ended { Ok(()) } else { Err(format!("DELETE was answered {}", answer.status)) }
    }

    /// A call of the tool `echo`, whose answer has to say hello.
    pub(crate) fn echo(&self, port: u16, number: u32) -> String {
        self.call(port, number, "echo", r#"{"message":"hello"}"#)
    }

    /// A call of a tool.
    pub(crate) fn call(&self, port: u16, number: u32, tool: &str, arguments: &str) -> String {
        self.call_with(port, number, tool, arguments, "")
    }

    /// A call of a tool that wants to hear of its progress, and its logs from level info on.
    ///
    /// A session says its level once, see [`Caller::log_level`].
    pub(crate) fn chatty_call(&self, port: u16, tool: &str, arguments: &str) -> String {
        let meta = match self {
            Self::Modern => r#""progressToken":"p","io.modelcontextprotocol/logLevel":"info","#,
            Self::Session(_) => r#""progressToken":"p","#,
        };
        self.call_with(port, 0, tool, arguments, meta)
    }

    /// The request that sets the log level of a session.
    pub(crate) fn log_level(&self, port: u16) -> String {
        self.post(port, "", &message(0, "logging/setLevel", r#""level":"info""#))
    }

    /// The request that opens a session and, of a modern client, the one that asks what there is.
    pub(crate) fn hello(&self, port: u16, number: u32) -> String {
        match self {
            Self::Session(_) => initialize(port, number),
            Self::Modern => {
                let method = "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: server/discover\r\n";
                post(
                    port,
                    method,
                    &message(number, "server/discover", &format!(r#""_meta":{{{META}}}"#)),
                )
            }
        }
    }

    /// The request for the stream of a session's own messages.
    pub(crate) fn stream(&self, port: u16) -> String {
        let id = match self {
            Self::Session(id) => id,
            Self::Modern => "",
        };
        format!(
            "GET /mcp HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: text/event-stream\r\n\
             MCP-Protocol-Version: {VERSION}\r\nMcp-Session-Id: {id}\r\n\r\n"
        )
    }

    fn call_with(&self, port: u16, number: u32, tool: &str, arguments: &str, meta: &str) -> String {
        let call = format!(r#""name":"{tool}","arguments":{arguments},"_meta":"#);
        let (headers, meta) = match self {
            Self::Modern => {
                let headers = format!("Mcp-Method: tools/call\r\nMcp-Name: {tool}\r\n");
                (headers, format!("{{{meta}{META}}}"))
            }
            Self::Session(_) => (String::new(), format!("{{{}}}", meta.trim_end_matches(','))),
        };
        self.post(port, &headers, &message(number, "tools/call", &(call + &meta)))
    }

    fn post(&self, port: u16, headers: &str, body: &str) -> String {
        match self {
            Self::Modern => {
                post(port, &format!("MCP-Protocol-Version: 2026-07-28\r\n{headers}"), body)
            }
            Self::Session(id) => post(port, &of_session(id, headers), body),
        }
    }
}

/// The request that opens a session.
pub(crate) fn initialize(port: u16, number: u32) -> String {
    post(port, "", &initialize_message(number))
}

/// The message in it.
pub(crate) fn initialize_message(number: u32) -> String {
    let params = format!(
        r#""protocolVersion":"{VERSION}","capabilities":{{}},"clientInfo":{{"name":"bench","version":"1.0.0"}}"#
    );
    message(number, "initialize", &params)
}

/// The headers of a request of a session.
pub(crate) fn of_session(id: &str, headers: &str) -> String {
    format!("MCP-Protocol-Version: {VERSION}\r\nMcp-Session-Id: {id}\r\n{headers}")
}

/// A POST with the media types that it must have, and headers that each end in a line break.
pub(crate) fn post(port: u16, headers: &str, body: &str) -> String {
    format!(
        "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n\
         Accept: application/json, text/event-stream\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// A request with an identifier of constant width.
pub(crate) fn message(number: u32, method: &str, params: &str) -> String {
    let id = 10_000_000 + number;
    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}","params":{{{params}}}}}"#)
}

/// A modern call of the tool `echo`, as a line.
pub(crate) fn echo_line(number: u32) -> String {
    message(number, "tools/call", &format!(r#"{ECHO},"_meta":{{{META}}}"#))
}

/// The same call without `_meta`, for a floor that would only skip it.
pub(crate) fn bare_echo_line(number: u32) -> String {
    message(number, "tools/call", ECHO)
}

/// The newest protocol version that has sessions.
pub(crate) const VERSION: &str = "2025-11-25";

const INITIALIZED: &str = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
const ECHO: &str = r#""name":"echo","arguments":{"message":"hello"}"#;
const META: &str = r#""io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"bench","version":"1.0.0"},"io.modelcontextprotocol/clientCapabilities":{}"#;

#[cfg(test)]
mod tests {
    use super::{Caller, bare_echo_line, echo_line, initialize};

    fn body(request: &str) -> serde_json::Value {
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("Content-Length: {}", body.len())), "{head}");
        serde_json::from_str(body).unwrap()
    }

    #[test]
    fn requests_have_one_size_and_are_json() {
        let session = Caller::Session("a-session".to_owned());
        for caller in [&Caller::Modern, &session] {
            assert_eq!(caller.echo(8080, 0).len(), caller.echo(8080, 9_999).len());
            let message = body(&caller.echo(8080, 7));
            assert_eq!(message["id"], 10_000_007);
            assert_eq!(message["params"]["arguments"]["message"], "hello");
            let chatty = body(&caller.chatty_call(8080, "flood", "{}"));
            assert_eq!(chatty["params"]["_meta"]["progressToken"], "p");
            body(&caller.hello(8080, 1));
        }
        let session = session.echo(8080, 1);
        assert!(session.contains("Mcp-Session-Id: a-session\r\n"));
        assert_eq!(body(&initialize(8080, 1))["params"]["clientInfo"]["name"], "bench");
    }

    #[test]
    fn lines_differ_in_what_the_floor_would_skip() {
        let line: serde_json::Value = serde_json::from_str(&echo_line(7)).unwrap();
        let bare: serde_json::Value = serde_json::from_str(&bare_echo_line(7)).unwrap();
        assert_eq!(bare["params"]["arguments"], line["params"]["arguments"]);
        let meta = &line["params"]["_meta"];
        assert_eq!(meta["io.modelcontextprotocol/protocolVersion"], "2026-07-28");
    }
}
