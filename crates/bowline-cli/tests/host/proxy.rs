//! `bowline proxy`: one server for hosts that only start commands.

use crate::asker::{Asker, At};
use crate::program::{Program, bowline};
use crate::script::{LEGACY, Over, Speaks, Upstream};
use crate::straight::ALL;
use bowline::client::Target;
use bowline::transport::child::Command;
use serde_json::json;

fn proxy(upstream: &Upstream) -> Target {
    let url = upstream.entry()["url"].as_str().unwrap().to_owned();
    Target::command(Command::new(env!("CARGO_BIN_EXE_bowline")).args(["proxy".to_owned(), url]))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_remote_server_keeps_its_names_and_its_questions() {
    for speaks in [LEGACY, Speaks::Modern] {
        let upstream = Upstream::new(speaks, Over::Http).await;
        for version in ["2026-07-28", "2025-11-25", "2025-06-18"] {
            let asker = Asker::connect(version, proxy(&upstream), At::Never).await;
            let names: Vec<String> = asker
                .client
                .list_tools()
                .await
                .unwrap()
                .into_iter()
                .map(|tool| tool.name)
                .collect();
            assert_eq!(names, ["converse", "secret", "echo", "hang"]);
            let said = asker.call("converse", json!({})).await;
            assert_eq!(said.as_deref(), Ok(ALL), "{version} to {speaks:?}");
            asker.client.close().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_remote_server_that_restarts_is_found_again_within_the_session() {
    for speaks in [LEGACY, Speaks::Modern] {
        let mut upstream = Upstream::new(speaks, Over::Http).await;
        for version in ["2026-07-28", "2025-11-25"] {
            let asker = Asker::connect(version, proxy(&upstream), At::Never).await;
            assert_eq!(asker.call("echo", json!({ "text": "1" })).await.as_deref(), Ok("1"));
            upstream.stop().await;
            let away = asker.call("echo", json!({ "text": "2" })).await;
            assert!(away.is_err(), "{version} to {speaks:?}: {away:?}");
            upstream.start().await;
            let back = asker.call("converse", json!({})).await;
            assert_eq!(back.as_deref(), Ok(ALL), "{version} to {speaks:?}");
            asker.client.close().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_traffic_is_shown_on_standard_error() {
    let upstream = Upstream::new(LEGACY, Over::Http).await;
    let url = upstream.entry()["url"].as_str().unwrap().to_owned();
    let mut program = Program::start(&mut bowline(&["proxy", "--trace-messages", "-", &url]));
    program.send(&crate::program::call(1, "echo", json!({ "text": "to be seen" })));
    assert!(program.stdout.find("to be seen").contains("\"result\""));
    let (there, back) = (program.stderr.find("to be seen"), program.stderr.find("to be seen"));
    assert!(there.contains("tools/call"), "{there}");
    assert!(back.contains("result"), "{back}");
    assert_eq!(program.end(), 0);
}
