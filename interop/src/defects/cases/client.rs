//! What a client makes of a server that does one thing wrong.

use crate::defects::driven::{call, list};
use crate::defects::peer::Peer;
use crate::defects::{OnRmcp, Test};

pub(crate) const TESTS: &[Test] = &[
    Test {
        name: "a_result_with_an_unknown_role_is_not_lost",
        body: |peer| says_good(peer, "an unknown role"),
        on_rmcp: OnRmcp::Fails,
    },
    Test {
        name: "a_result_with_unknown_content_is_not_lost",
        body: |peer| says_good(peer, "an unknown content type"),
        on_rmcp: OnRmcp::Fails,
    },
    Test {
        name: "a_result_with_an_action_is_no_answer_to_a_form",
        body: |peer| says_good(peer, "an action beside the content"),
        on_rmcp: OnRmcp::Fails,
    },
    Test {
        name: "a_result_with_messages_is_no_prompt",
        body: |peer| says_good(peer, "messages beside the content"),
        on_rmcp: OnRmcp::Fails,
    },
    Test {
        name: "a_result_with_tools_is_no_list",
        body: |peer| says_good(peer, "tools beside the content"),
        on_rmcp: OnRmcp::Fails,
    },
    Test {
        name: "a_broken_block_does_not_lose_a_result",
        body: |peer| says_good(peer, "a broken block beside a good one"),
        on_rmcp: OnRmcp::Fails,
    },
    Test {
        name: "a_broken_tool_does_not_lose_the_list",
        body: broken_tool,
        on_rmcp: OnRmcp::Fails,
    },
    Test {
        name: "a_list_that_leads_back_to_itself_ends",
        body: |peer| ends(peer, "the same cursor"),
        on_rmcp: OnRmcp::Fails,
    },
    Test {
        name: "a_list_of_ever_new_cursors_ends",
        body: |peer| ends(peer, "ever new cursors"),
        on_rmcp: OnRmcp::Fails,
    },
    Test {
        name: "noise_on_standard_output_is_passed_over",
        body: |peer| says_good(peer, "noise"),
        on_rmcp: OnRmcp::Passes("3.9.0 skips lines that are no message"),
    },
    Test {
        name: "bytes_that_are_no_text_are_passed_over",
        body: |peer| says_good(peer, "bytes that are no text"),
        on_rmcp: OnRmcp::Passes("3.9.0 skips lines that are no message"),
    },
    Test {
        name: "a_line_without_an_end_is_passed_over",
        body: |peer| says_good(peer, "a line without an end"),
        on_rmcp: OnRmcp::Passes("3.9.0 bounds the length of a line"),
    },
    Test {
        name: "an_answer_that_is_broken_ends_its_call",
        body: |peer| fails(peer, "broken JSON in the answer"),
        on_rmcp: OnRmcp::Fails,
    },
    Test {
        name: "an_answer_with_two_results_is_none",
        body: |peer| fails(peer, "two results"),
        on_rmcp: OnRmcp::Fails,
    },
    Test {
        name: "an_exit_during_a_call_ends_it",
        body: |peer| fails(peer, "an exit during a call"),
        on_rmcp: OnRmcp::Passes("3.9.0 fails its calls when the stream ends"),
    },
    Test {
        name: "an_exit_on_what_is_not_known_is_an_older_server",
        body: |peer| says_good(peer, "an exit on an unknown request"),
        on_rmcp: OnRmcp::Passes(
            "the client of 3.9.0 opens a session at once, and asks nothing else before",
        ),
    },
];

fn says_good(peer: &Peer, script: &str) -> Result<(), String> {
    let texts = call(peer, script)?;
    if texts.iter().any(|text| text == "good") {
        return Ok(());
    }
    Err(format!("the result has the texts {texts:?}, want `good` among them"))
}

fn fails(peer: &Peer, script: &str) -> Result<(), String> {
    match call(peer, script) {
        Ok(texts) => Err(format!("it is taken for a result with the texts {texts:?}")),
        Err(why) if why.contains("come to an end") => Err(why),
        Err(_) => Ok(()),
    }
}

fn ends(peer: &Peer, script: &str) -> Result<(), String> {
    match list(peer, script) {
        Ok(names) => Err(format!("{} tools of a list without an end", names.len())),
        Err(why) if why.contains("come to an end") => Err(why),
        Err(_) => Ok(()),
    }
}

fn broken_tool(peer: &Peer) -> Result<(), String> {
    let names = list(peer, "a broken tool")?;
    if names.iter().any(|name| name == "good") {
        return Ok(());
    }
    Err(format!("the tools {names:?} are found, want `good` among them"))
}
