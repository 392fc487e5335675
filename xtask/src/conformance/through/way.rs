//! Everything between the suite and the fixture server, which is at its end.

use super::pair::{By, Pair};
use super::recorder::Recorded;
use super::{Between, talk};
use crate::conformance::ended_well;
use crate::conformance::programs::Programs;
use crate::process::Server;
use crate::workspace::target;
use serde_json::json;

/// Everything between the suite and the fixture server, which is at its end.
pub(super) struct Way {
    /// Where the suite finds it.
    pub(super) url: String,
    /// The recorders, if any.
    pub(super) recorded: Option<Recorded>,
    host: Option<Server>,
    /// The fixture server, unless it is a child of the host.
    upstream: Option<Server>,
}

impl Way {
    /// Starts all of it.
    pub(super) fn build(
        programs: &Programs,
        between: Between,
        pair: Pair,
        recorded: bool,
    ) -> Result<Self, String> {
        let more = talk::MORE.to_string();
        let era = pair.upstream.word();
        // The host has to turn pages, which the suite does not.
        let paged = ["--page-size", "7", "--more-resources", &more];
        let name = format!("home-{}", pair.to_string().replace('/', "-"));
        let home = target("conformance").join(name);
        // Where nothing says which call a question or a log belongs to, each session has an instance of its own, and
        // the suite leaves questions open.
        let apart = json!({ "isolation": "session", "instances": 64 });
        let apart = json!({ "servers": { "conformance": apart } });
        if pair.by == By::Stdio {
            let this = std::env::current_exe();
            let this = this.map_err(|error| format!("this program has no path: {error}"))?;
            let server = programs.command("conformance-server").display().to_string();
            let limited = ["limited", era, &server, "--listen", "stdio"];
            let args = [limited.as_slice(), &paged].concat();
            let (host, url) =
                programs.up(&json!({ "command": this, "args": args }), &apart, &home)?;
            return Ok(Self { url, recorded: None, host: Some(host), upstream: None });
        }
        let mut flags = vec!["--era", era];
        if between == Between::Up {
            flags.extend(paged);
        }
        let (upstream, mut url) = programs.conformance_server(&flags)?;
        if pair.by == By::Sse {
            url = url.replace("/mcp", "/sse");
        }
        let mut recorded = recorded.then(|| Recorded::behind(&mut url)).transpose()?;
        let host = match between {
            Between::Nothing => None,
            Between::Up => {
                let told = if pair.by == By::Http { json!({}) } else { apart };
                let (host, of_host) = programs.up(&json!({ "url": url }), &told, &home)?;
                url = of_host;
                Some(host)
            }
        };
        if let Some(recorded) = &mut recorded {
            recorded.before(&mut url)?;
        }
        Ok(Self { url, recorded, host, upstream: Some(upstream) })
    }

    /// Ends all of it; what the recorders found.
    pub(super) fn end(self, pair: Pair) -> Result<Vec<String>, String> {
        if let Some(host) = self.host {
            ended_well(host).map_err(|error| format!("{pair}, up: {error}"))?;
        }
        if let Some(upstream) = self.upstream {
            ended_well(upstream)?;
        }
        let Some(recorded) = self.recorded else { return Ok(Vec::new()) };
        println!("    {}", recorded.summary());
        Ok(recorded.judge(pair))
    }
}
