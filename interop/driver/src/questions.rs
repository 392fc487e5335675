//! What servers ask during a call, live or in rounds: the same handlers answer.

use crate::calls::text;
use crate::expect::{Failure, fine, same};
use crate::peer::Peer;
use crate::surface;
use serde_json::{Value, json};

/// One question; both the question and the answer arrive whole.
pub(crate) async fn ask(peer: &Peer, what: &str) -> Result<String, Failure> {
    let answers = asked(peer, what).await?;
    same("the answer", answers, json!({what: surface::of("answers")[what]}))?;
    questions(peer, &[what])
}

/// Three questions at once.
pub(crate) async fn all(peer: &Peer) -> Result<String, Failure> {
    let answers = asked(peer, "all").await?;
    let wanted = surface::of("answers");
    let wanted =
        json!({"form": wanted["form"], "sample": wanted["sample"], "roots": wanted["roots"]});
    same("the answers", answers, wanted)?;
    questions(peer, &["form", "sample", "roots"])
}

/// The user says no, and the server is told so.
pub(crate) async fn declined(peer: &Peer) -> Result<String, Failure> {
    peer.heard.decline(true);
    let answers = asked(peer, "form").await;
    peer.heard.decline(false);
    same("the answer", answers?, json!({"form": {"action": "decline"}}))?;
    questions(peer, &["form"])
}

async fn asked(peer: &Peer, what: &str) -> Result<Value, Failure> {
    peer.heard.questions();
    let result = peer.client.call_tool("ask", json!({"what": what})).await?;
    let said = text(&result)?;
    serde_json::from_str(said).map_err(|_| format!("the server said {said:?}").into())
}

/// Whether exactly these were asked. The roots are answered without asking anybody.
fn questions(peer: &Peer, wanted: &[&str]) -> Result<String, Failure> {
    let mut heard = peer.heard.questions();
    heard.sort_by(|(one, _), (other, _)| one.cmp(other));
    let mut wanted: Vec<&str> = wanted.iter().copied().filter(|name| *name != "roots").collect();
    wanted.sort_unstable();
    let names: Vec<&str> = heard.iter().map(|(name, _)| name.as_str()).collect();
    same("questions", json!(names), json!(wanted))?;
    for (name, params) in heard {
        same(&name, surface::plain(params), surface::question(&name))?;
    }
    fine()
}
