//! Our client as somebody who answers questions.

use crate::seen::PATIENCE;
use bowline::Client;
use bowline::client::{Builder, IntoTarget};
use bowline::types::content::ContentBlock;
use bowline::types::input::{CreateMessageResult, ElicitAction, ElicitResult, Root};
use serde_json::{Value, json};
use std::future::{IntoFuture, pending};
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;

/// What a user does when asked for the how-manieth time, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum At {
    /// Answers all.
    Never,
    Decline(usize),
    /// Never answers this one.
    Silent(usize),
}

/// A client with somebody behind it.
pub(crate) struct Asker {
    pub(crate) client: Client,
    heard: Arc<Heard>,
}

#[derive(Default)]
struct Heard {
    questions: Mutex<Vec<String>>,
    progress: Mutex<Vec<String>>,
    silent: Notify,
    reported: Notify,
}

impl Heard {
    /// Notes a question: the how-manieth it is.
    fn question(&self, text: String) -> usize {
        let mut questions = self.questions.lock().unwrap();
        questions.push(text);
        questions.len()
    }

    async fn silence(&self) -> ! {
        self.silent.notify_one();
        pending().await
    }
}

impl Asker {
    pub(crate) async fn connect(version: &str, to: impl IntoTarget, at: At) -> Self {
        Self::connect_with(Client::builder(), version, to, at).await
    }

    pub(crate) async fn connect_with(
        builder: Builder,
        version: &str,
        to: impl IntoTarget,
        at: At,
    ) -> Self {
        let heard = Arc::new(Heard::default());
        let (form, sample) = (heard.clone(), heard.clone());
        let client = builder
            .protocol_version(version)
            .on_elicit(move |_, params| {
                let heard = form.clone();
                async move {
                    let message = params.message.clone();
                    let nth = heard.question(message.clone());
                    if at == At::Silent(nth) {
                        heard.silence().await;
                    }
                    if at == At::Decline(nth) {
                        return Ok(ElicitResult::new(ElicitAction::Decline));
                    }
                    let (field, value) = if message.contains("name") { ("name", "Ann") } else { ("color", "red") };
                    let content = json!({ field: value });
                    let result = json!({ "action": "accept", "content": content });
                    Ok(serde_json::from_value(result).unwrap())
                }
            })
            .on_sample(move |_, params| {
                let heard = sample.clone();
                async move {
                    let text = serde_json::to_value(&params.messages).unwrap();
                    let nth = heard.question(text[0]["content"]["text"].as_str().unwrap_or_default().to_owned());
                    if at == At::Silent(nth) {
                        heard.silence().await;
                    }
                    let result = json!({
                        "role": "assistant", "model": "test", "content": { "type": "text", "text": "twelve metres" },
                    });
                    Ok(serde_json::from_value::<CreateMessageResult>(result).unwrap())
                }
            })
            .roots(vec![Root::new("file:///of/the/caller")])
            .connect(to)
            .await
            .unwrap_or_else(|error| panic!("{version}: {error}"));
        Self { client, heard }
    }

    /// Calls a tool: the texts of its result, or the code of the error; `tool error` before the text of a failed tool.
    pub(crate) async fn call(&self, tool: &str, arguments: Value) -> Result<String, String> {
        let heard = self.heard.clone();
        let call = self.client.call_tool(tool, arguments).on_progress(move |report| {
            heard.progress.lock().unwrap().push(report.message.unwrap_or_default());
            heard.reported.notify_one();
        });
        match call.into_future().await {
            Ok(result) => {
                let text = match result.content.first() {
                    Some(ContentBlock::Text(text)) => text.text.clone(),
                    other => format!("{other:?}"),
                };
                let failed = result.is_error == Some(true);
                Ok(if failed { format!("tool error: {text}") } else { text })
            }
            Err(error) => Err(match error.rpc() {
                Some(rpc) => format!("{} {}", rpc.code.0, rpc.message),
                None => error.to_string(),
            }),
        }
    }

    /// The questions that were asked, in order.
    pub(crate) fn questions(&self) -> Vec<String> {
        self.heard.questions.lock().unwrap().clone()
    }

    pub(crate) fn progress(&self) -> Vec<String> {
        self.heard.progress.lock().unwrap().clone()
    }

    /// Waits until this was reported.
    pub(crate) async fn reported(&self, message: &str) {
        let waiting = async {
            while !self.progress().iter().any(|one| one == message) {
                self.heard.reported.notified().await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.expect("the report never came");
    }

    /// Waits until a question has been left unanswered.
    pub(crate) async fn silent(&self) {
        let silent = self.heard.silent.notified();
        tokio::time::timeout(PATIENCE, silent).await.expect("the question never came");
    }
}
