//! The tools that scripted servers have.

use super::{Answer, Play, Talk};
use serde_json::{Value, json};
use std::sync::Arc;

/// How many questions `converse` asks.
pub(crate) const QUESTIONS: usize = 4;

pub(crate) fn list() -> Value {
    let tool = |name: &str| json!({ "name": name, "inputSchema": { "type": "object" } });
    json!(["converse", "secret", "echo", "hang"].map(tool))
}

pub(crate) fn play() -> Play {
    Arc::new(|talk| {
        Box::pin(async move {
            match talk.tool() {
                "converse" => converse(&talk).await,
                "secret" => secret(&talk).await,
                "echo" => Ok(text(talk.argument("text").as_str().unwrap_or_default())),
                "hang" => {
                    talk.progress(1, "hanging");
                    std::future::pending().await
                }
                _ => Err(json!({ "code": -32602, "message": "unknown tool" })),
            }
        })
    })
}

/// A result of one text.
pub(crate) fn text(text: &str) -> Value {
    json!({ "content": [{ "type": "text", "text": text }] })
}

/// Asks for a name, a word of a model, roots, and a color, with progress between. With `pause` it stays where it is
/// after that many answers.
async fn converse(talk: &Talk) -> Answer {
    let mut heard = Vec::new();
    for step in 0..=QUESTIONS {
        talk.progress(step + 1, &format!("{step} answered"));
        if talk.argument("pause") == step {
            return std::future::pending().await;
        }
        heard.push(match step {
            0 => talk.elicit("what is your name?", "name").await.filled("name"),
            1 => talk.sample("how deep is the water?").await.said(),
            2 => talk.roots().await.uris(),
            3 => talk.elicit("which color?", "color").await.filled("color"),
            _ => break,
        });
        if let Some(Err(refused)) = heard.last() {
            let refused = format!("question {} was refused: {refused}", step + 1);
            return Ok(
                json!({ "content": [{ "type": "text", "text": refused }], "isError": true }),
            );
        }
    }
    let heard: Vec<String> = heard.into_iter().flatten().collect();
    Ok(text(&heard.join(", ")))
}

/// Asks for a secret under a label, tells it by progress and log, and answers with it.
async fn secret(talk: &Talk) -> Answer {
    let label = talk.argument("label").as_str().unwrap_or_default().to_owned();
    talk.progress(1, &format!("asking {label}"));
    let secret = talk.elicit(&format!("the secret of {label}?"), "secret").await;
    let secret = match secret.filled("secret") {
        Ok(secret) => secret,
        Err(refused) => {
            return Err(json!({ "code": 4000, "message": format!("{label}: {refused}") }));
        }
    };
    talk.log(&format!("log {secret}"));
    talk.progress(2, &format!("progress {secret}"));
    Ok(text(&format!("result {secret}")))
}
