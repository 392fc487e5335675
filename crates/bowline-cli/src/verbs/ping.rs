//! `bowline ping`: one round trip.

use super::session::Session;
use crate::exit::{Exit, Fault};
use crate::plan::client::Ping;
use crate::show::Form;
use serde_json::json;
use std::time::Instant;

/// Shows how long one round trip took, without what connecting took.
///
/// # Errors
/// When the server does not answer.
pub(crate) async fn ping(ping: Ping, session: &Session) -> Result<Exit, Fault> {
    let Ping { target, common } = ping;
    let link = session.connect(&target, &common).await?;
    let client = &link.client;
    let begun = Instant::now();
    session.within(&link, client.ping()).await?;
    let milliseconds = begun.elapsed().as_secs_f64() * 1000.0;
    let out = session.out;
    match out.form {
        Form::Json => out.value(&json!({ "milliseconds": milliseconds }))?,
        Form::Text | Form::Raw => out.text(&format!("{milliseconds:.3} ms"))?,
    }
    Ok(Exit::Done)
}
