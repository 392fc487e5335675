//! curl as the client: it speaks TLS, HTTP/1.1 and HTTP/2, and prints a body as it comes.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::nginx::site::Site;

/// The URL of the page.
pub(crate) const URL: &str = "https://tools.example.com/mcp";

/// How long anything may take.
const LIMIT: Duration = Duration::from_secs(20);

/// A version of HTTP, as a switch of curl.
#[derive(Clone, Copy)]
pub(crate) enum Http {
    One,
    Two,
}

/// A call of a tool.
pub(crate) struct Call {
    pub(crate) http: Http,
    pub(crate) url: String,
    tool: &'static str,
    arguments: Value,
    header: Option<&'static str>,
}

/// Any other request.
#[derive(Clone)]
pub(crate) struct Request {
    method: &'static str,
    url: String,
    headers: Vec<String>,
    body: Option<String>,
}

impl Request {
    pub(crate) fn get(url: &str) -> Self {
        Self { method: "GET", url: url.to_owned(), headers: Vec::new(), body: None }
            .header("Accept: text/event-stream")
    }

    pub(crate) fn delete(url: &str) -> Self {
        Self { method: "DELETE", ..Self::get(url) }
    }

    pub(crate) fn post(url: &str, message: &Value) -> Self {
        Self {
            method: "POST",
            url: url.to_owned(),
            headers: Vec::new(),
            body: Some(message.to_string()),
        }
        .header("Content-Type: application/json")
        .header("Accept: application/json, text/event-stream")
    }

    pub(crate) fn header(mut self, header: &str) -> Self {
        self.headers.push(header.to_owned());
        self
    }

    fn curl(&self, site: &Site, http: Http) -> Command {
        let mut curl = curl(site, http);
        curl.args(["--request", self.method, "--url", &self.url]);
        curl.args(self.headers.iter().flat_map(|header| ["--header", header]));
        curl.args(self.body.iter().flat_map(|body| ["--data-raw", body]));
        curl
    }

    /// Waits for the whole answer.
    pub(crate) fn answer(&self, site: &Site) -> Result<Answer, String> {
        answer(self.curl(site, Http::Two), "")
    }

    /// Leaves the answer to be read as it comes.
    pub(crate) fn begin(&self, site: &Site, http: Http) -> Result<Stream, String> {
        Stream::start(&mut self.curl(site, http))
    }
}

/// What came back.
pub(crate) struct Answer {
    /// `Mcp-Session-Id`
    pub(crate) session: String,
    pub(crate) status: u16,
    /// `1.1` or `2`.
    pub(crate) version: String,
    pub(crate) kind: String,
    pub(crate) body: String,
}

impl Call {
    pub(crate) fn new(tool: &'static str, arguments: Value) -> Self {
        Self { http: Http::Two, url: URL.to_owned(), tool, arguments, header: None }
    }

    pub(crate) fn over(mut self, http: Http) -> Self {
        self.http = http;
        self
    }

    pub(crate) fn to(mut self, url: &str) -> Self {
        url.clone_into(&mut self.url);
        self
    }

    pub(crate) fn header(mut self, header: &'static str) -> Self {
        self.header = Some(header);
        self
    }

    fn body(&self) -> String {
        let meta = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": { "name": "curl", "version": "8" },
            "io.modelcontextprotocol/clientCapabilities": {},
            "progressToken": 1,
        });
        let params = json!({ "name": self.tool, "arguments": self.arguments, "_meta": meta });
        json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params }).to_string()
    }

    fn curl(&self, site: &Site) -> Command {
        let mut curl = curl(site, self.http);
        for header in [
            "Content-Type: application/json",
            "Accept: application/json, text/event-stream",
            "MCP-Protocol-Version: 2026-07-28",
            "Mcp-Method: tools/call",
            &format!("Mcp-Name: {}", self.tool),
        ] {
            curl.args(["--header", header]);
        }
        curl.args(self.header.iter().flat_map(|header| ["--header", header]));
        curl.arg("--url").arg(&self.url);
        curl
    }

    /// Waits for the whole answer.
    pub(crate) fn answer(&self, site: &Site) -> Result<Answer, String> {
        answer(self.curl(site), &self.body())
    }

    /// The same call as often as `count`, one after the other on one connection; gives the statuses.
    pub(crate) fn statuses(&self, site: &Site, count: usize) -> Result<Vec<u16>, String> {
        // A fragment is not sent, but makes the URLs differ.
        let many = Self {
            url: format!("{}#[1-{count}]", self.url),
            arguments: self.arguments.clone(),
            ..*self
        };
        let mut curl = many.curl(site);
        curl.args(["--output", "/dev/null", "--write-out", "%{http_code}\n"]);
        let printed = output(&mut curl, &many.body())?;
        Ok(printed.lines().filter_map(|line| line.parse().ok()).collect())
    }

    /// Begins the call and leaves the answer to be read as it comes.
    pub(crate) fn begin(&self, site: &Site) -> Result<Stream, String> {
        Stream::start(self.curl(site).args(["--data-raw", &self.body()]))
    }
}

impl Answer {
    /// The text of the first block of the result.
    pub(crate) fn text(&self) -> Result<String, String> {
        if self.status != 200 {
            return Err(format!("status {}: {:.200}", self.status, self.body));
        }
        let text = self.body.lines().filter_map(|line| line.strip_prefix("data: ")).next_back();
        text_of(text.unwrap_or(&self.body))
    }
}

/// The data of an event that is JSON.
pub(crate) fn json_of((_, data): (Duration, String)) -> Result<Value, String> {
    serde_json::from_str(&data).map_err(|_| format!("no JSON: {data:.200}"))
}

/// curl to the site, with the rest of its arguments to come.
pub(crate) fn curl(site: &Site, http: Http) -> Command {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--no-buffer"]);
    curl.arg(match http {
        Http::One => "--http1.1",
        Http::Two => "--http2",
    });
    // The certificate is one of our test files: for another name, signed by itself.
    curl.args(["--insecure", "--connect-to", &format!("::{}", site.front)]);
    curl
}

/// A body that is read line by line as it comes; dropping it ends the connection.
pub(crate) struct Stream {
    child: Child,
    lines: Receiver<(Duration, String)>,
}

impl Stream {
    /// Runs curl.
    pub(crate) fn start(curl: &mut Command) -> Result<Self, String> {
        let start = Instant::now();
        let mut child = curl
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("cannot start curl: {error}"))?;
        let stdout = child.stdout.take().ok_or("curl has no stdout")?;
        let (sender, lines) = channel();
        // Ends with the output of the child.
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send((start.elapsed(), line)).is_err() {
                    break;
                }
            }
        });
        Ok(Self { child, lines })
    }

    /// The next line that begins with `start`, what follows that, and when it came; `None` at the end.
    pub(crate) fn next(&mut self, start: &str) -> Result<Option<(Duration, String)>, String> {
        loop {
            match self.lines.recv_timeout(LIMIT) {
                Ok((at, line)) => {
                    if let Some(rest) = line.strip_prefix(start) {
                        return Ok(Some((at, rest.to_owned())));
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return Ok(None),
                Err(RecvTimeoutError::Timeout) => {
                    return Err(format!("no line that begins with {start:?} within {LIMIT:?}"));
                }
            }
        }
    }

    /// The data of the next event.
    pub(crate) fn event(&mut self) -> Result<(Duration, String), String> {
        self.next("data: ")?.ok_or_else(|| "the stream ended before the event".to_owned())
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        // A child that has ended already is what we want.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The text of the first block of the result of a JSON-RPC response.
pub(crate) fn text_of(response: &str) -> Result<String, String> {
    let value: Value =
        serde_json::from_str(response).map_err(|_| format!("no JSON: {response:.200}"))?;
    let text = value.pointer("/result/content/0/text").and_then(Value::as_str);
    text.map(str::to_owned).ok_or_else(|| format!("no text: {response:.200}"))
}

/// Runs curl and takes apart what it printed.
fn answer(mut curl: Command, body: &str) -> Result<Answer, String> {
    let what = "%{http_code} %{http_version} %header{mcp-session-id} %{content_type}";
    curl.args(["--write-out", &format!("\n{what}")]);
    let printed = output(&mut curl, body)?;
    let (body, head) = printed.rsplit_once('\n').ok_or("curl printed nothing")?;
    let mut words = head.splitn(4, ' ').map(str::to_owned);
    let mut word = || words.next().unwrap_or_default();
    let status = word().parse().map_err(|_| format!("curl printed {head:?}"))?;
    let (version, session, kind) = (word(), word(), word());
    Ok(Answer { session, status, version, kind, body: body.to_owned() })
}

/// Runs curl with a body on its standard input and gives what it printed.
fn output(curl: &mut Command, body: &str) -> Result<String, String> {
    let limit = LIMIT.as_secs().to_string();
    curl.args(["--max-time", &limit]);
    if !body.is_empty() {
        curl.args(["--data-binary", "@-"]);
    }
    let mut child = curl
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cannot start curl: {error}"))?;
    let mut stdin = child.stdin.take().ok_or("curl has no stdin")?;
    // A curl that ended early says why on its standard error.
    let _ = stdin.write_all(body.as_bytes());
    drop(stdin);
    let output =
        child.wait_with_output().map_err(|error| format!("cannot read from curl: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("curl ended with {}: {}", output.status, said.trim()))
}
