//! The scripted servers with nobody between them and their caller: what is the same there and through the host.

use crate::asker::{Asker, At};
use crate::script::{LEGACY, Over, Speaks, Upstream, tools};
use serde_json::json;

pub(crate) const SERVERS: [(Speaks, Over); 4] = [
    (LEGACY, Over::Stdio),
    (LEGACY, Over::Http),
    (Speaks::Modern, Over::Stdio),
    (Speaks::Modern, Over::Http),
];

/// What `converse` says when all was answered.
pub(crate) const ALL: &str = "Ann, twelve metres, file:///of/the/caller, red";

pub(crate) const QUESTIONS: [&str; 3] =
    ["what is your name?", "how deep is the water?", "which color?"];

#[tokio::test(flavor = "multi_thread")]
async fn the_scripts_hold_the_conversation_without_anybody_between() {
    for (speaks, over) in SERVERS {
        let upstream = Upstream::new(speaks, over).await;
        let version = if speaks == LEGACY { "2025-11-25" } else { "2026-07-28" };
        let asker = Asker::connect(version, upstream.target(), At::Never).await;
        let who = format!("{speaks:?} over {over:?}");
        assert_eq!(asker.call("converse", json!({})).await.as_deref(), Ok(ALL), "{who}");
        assert_eq!(asker.questions(), QUESTIONS, "{who}");
        assert_eq!(asker.progress(), progress(tools::QUESTIONS), "{who}");
    }
}

/// What is reported until so many questions were answered.
pub(crate) fn progress(answered: usize) -> Vec<String> {
    (0..=answered).map(|step| format!("{step} answered")).collect()
}
