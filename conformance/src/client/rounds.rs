//! Calls that take several rounds.

use crate::Failure;
use crate::session::{call, says};
use bowline::Client;

/// State goes back exactly as it came, only where it came, and with no other call.
pub(crate) async fn request_state(client: &Client) -> Result<(), Failure> {
    let (echoed, other) = tokio::try_join!(
        call(client, "test_mrtr_echo_state"),
        call(client, "test_mrtr_unrelated")
    )?;
    says(&echoed, "echo-state-ok")?;
    says(&other, "unrelated-ok")?;
    says(&call(client, "test_mrtr_unrelated").await?, "unrelated-ok")?;
    says(&call(client, "test_mrtr_no_state").await?, "no-state-ok")?;
    says(&call(client, "test_mrtr_no_result_type").await?, "no-result-type-test-ok")
}
