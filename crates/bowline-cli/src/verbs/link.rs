//! The way from a server's name to a connection.

use super::session::Session;
use crate::exit::{Exit, Fault};
use crate::plan::common::Common;
use crate::plan::operands;
use crate::plan::target::Target;
use crate::serve::everything;
use crate::terminal;
use bowline::Client;
use bowline::client::{self, Builder};
use bowline::transport::child;
use bowline::types::log::{LoggingLevel, LoggingMessageNotificationParams};
use serde_json::Value;
use tokio::time;

/// Connects to a server.
///
/// # Errors
/// When there is no such server, or it cannot be reached.
pub(crate) async fn connect(
    target: &Target,
    common: &Common,
    session: &Session,
) -> Result<Client, Fault> {
    let mut builder = builder(session);
    if let Some(revision) = common.protocol {
        builder = builder.protocol_version(revision.as_str());
    }
    let connecting = builder.connect(resolved(target)?);
    let connected = match common.timeout {
        Some(timeout) => time::timeout(timeout, connecting).await.map_err(|_| {
            let target = operands::shown(target);
            Fault::new(format!("{target}: no connection within {timeout:?}")).exit(Exit::TimedOut)
        })?,
        None => connecting.await,
    };
    connected.map_err(|error| Fault::of_connecting(&error))
}

fn resolved(target: &Target) -> Result<client::Target, Fault> {
    Ok(match target {
        Target::Url(url) => client::Target::url(url)?,
        Target::Unix(path) => client::Target::url(&format!("unix:{}", path.display()))?,
        Target::Everything => client::IntoTarget::into_target(&everything::server(0))?,
        Target::Command(words) => {
            let words: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
            client::Target::command(child::Command::new(words[0].clone()))
        }
        Target::Named(_) | Target::OfClient { .. } => return Err(Fault::new("not built yet")),
    })
}

/// A client that asks whoever sits at the terminal, and that shows what servers log.
fn builder(session: &Session) -> Builder {
    let level = match (session.logs.quiet, session.logs.verbose) {
        (true, _) => LoggingLevel::Error,
        (false, 0) => LoggingLevel::Info,
        (false, _) => LoggingLevel::Debug,
    };
    let builder = Client::builder()
        .info("bowline", env!("CARGO_PKG_VERSION"))
        .log_level(level)
        .on_log(|message| log(&message))
        .on_error(|error| tracing::warn!(target: "bowline::server", "{error}"));
    let Some(terminal) = session.terminal.clone() else {
        return builder;
    };
    let (form, url) = (terminal.clone(), terminal);
    builder
        .on_elicit(move |asked, question| {
            let terminal = form.clone();
            async move { Ok(terminal::answer_form(terminal, asked, question).await) }
        })
        .on_elicit_url(move |asked, question| {
            let terminal = url.clone();
            async move { Ok(terminal::answer_url(terminal, asked, question).await) }
        })
}

/// Tells what a server logs in the log of our own.
fn log(message: &LoggingMessageNotificationParams) {
    let text = match &message.data {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let text = match &message.logger {
        Some(logger) => format!("{logger}: {text}"),
        None => text,
    };
    match message.level {
        LoggingLevel::Debug => tracing::debug!(target: "bowline::server", "{text}"),
        LoggingLevel::Info | LoggingLevel::Notice => {
            tracing::info!(target: "bowline::server", "{text}");
        }
        LoggingLevel::Warning => tracing::warn!(target: "bowline::server", "{text}"),
        level => tracing::error!(target: "bowline::server", "{level}: {text}"),
    }
}
