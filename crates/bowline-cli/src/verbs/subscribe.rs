//! `bowline subscribe`: changes, as they come.

use super::session::Session;
use crate::escape;
use crate::exit::{Exit, Fault};
use crate::plan::client::Subscribe;
use crate::show::{Form, screen};
use bowline::client::Change;
use bowline::types::subscription::SubscriptionFilter;
use serde_json::{Value, json};

/// Shows a line for each change until the server ends it, or whoever watches.
///
/// # Errors
/// When the server does not tell of changes.
pub(crate) async fn subscribe(subscribe: Subscribe, session: &Session) -> Result<Exit, Fault> {
    let Subscribe { target, uris, lists, common } = subscribe;
    let link = session.connect(&target, &common).await?;
    let client = &link.client;
    let mut filter = SubscriptionFilter::new();
    if let Some(lists) = lists {
        filter.tools_list_changed = lists.tools.then_some(true);
        filter.prompts_list_changed = lists.prompts.then_some(true);
        filter.resources_list_changed = lists.resources.then_some(true);
    }
    if !uris.is_empty() {
        filter.resource_subscriptions = Some(uris);
    }
    let wanted = watched(&filter);
    let mut changes = session.within(&link, client.subscribe(filter)).await?;
    let honored = watched(changes.honored());
    let refused: Vec<_> = wanted.iter().filter(|what| !honored.contains(what)).cloned().collect();
    if honored.is_empty() {
        return Err(Fault::new(format!("the server does not tell of: {}", refused.join(", ")))
            .exit(Exit::ToolFailed));
    }
    if !session.logs.quiet {
        let mut note = format!("watching {}; Ctrl-C ends it\n", honored.join(", "));
        if !refused.is_empty() {
            note += &format!("the server does not tell of: {}\n", refused.join(", "));
        }
        screen::write(&escape::escape(&note));
    }
    let out = session.out;
    while let Some(change) = changes.next().await {
        let (value, text) = told(&change);
        match out.form {
            Form::Json => out.line(&value)?,
            Form::Text | Form::Raw => out.text(&escape::line(&text))?,
        }
    }
    if !session.logs.quiet {
        screen::write("the server ended the subscription\n");
    }
    Ok(Exit::Done)
}

/// What a filter is about, in words.
fn watched(filter: &SubscriptionFilter) -> Vec<String> {
    let lists = [
        ("tools", filter.tools_list_changed),
        ("resources", filter.resources_list_changed),
        ("prompts", filter.prompts_list_changed),
    ];
    let lists = lists.into_iter().filter(|(_, wanted)| *wanted == Some(true));
    let lists = lists.map(|(name, _)| format!("the list of {name}"));
    lists.chain(filter.resource_subscriptions.iter().flatten().cloned()).collect()
}

fn told(change: &Change) -> (Value, String) {
    match change {
        Change::Tools => (json!({ "changed": "tools" }), "tools changed".to_owned()),
        Change::Prompts => (json!({ "changed": "prompts" }), "prompts changed".to_owned()),
        Change::Resources => (json!({ "changed": "resources" }), "resources changed".to_owned()),
        Change::Resource(uri) => {
            (json!({ "changed": "resource", "uri": uri }), format!("updated {uri}"))
        }
        Change::Resumed => {
            let text = "connected again; anything may have changed meanwhile";
            (json!({ "changed": "connection" }), text.to_owned())
        }
        other => (json!({ "changed": "other" }), format!("{other:?}")),
    }
}
