//! What this client declares, and how it answers: it agrees to everything.

use bowline::client::{Builder, Client};
use bowline::types::content::Role;
use bowline::types::input::{
    CreateMessageResult, ElicitAction, ElicitResult, Root, SamplingContent, StopReason,
};

/// A client that can be asked everything there is.
pub(crate) fn client() -> Builder {
    Client::builder()
        .info("conformance-client", env!("CARGO_PKG_VERSION"))
        .roots(vec![Root::new("file:///conformance").name("Conformance")])
        // Nothing is filled in: the defaults of a form are the library's business.
        .on_elicit(|_, _| async { Ok(ElicitResult::new(ElicitAction::Accept)) })
        .on_elicit_url(|_, _| async { Ok(ElicitResult::new(ElicitAction::Accept)) })
        .on_sample_with_tools(|_, _| async {
            let said = SamplingContent::text("Paris.");
            let answer = CreateMessageResult::new(Role::Assistant, said, "conformance-model");
            Ok(answer.stop_reason(StopReason::EndTurn))
        })
}
