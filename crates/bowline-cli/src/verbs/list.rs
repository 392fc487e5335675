//! `bowline list`: what servers offer.

use super::link::{self, Found};
use super::session::Session;
use crate::escape;
use crate::exit::{Exit, Fault};
use crate::plan::client::{Kinds, List};
use crate::plan::common::Common;
use crate::plan::target::Targets;
use crate::show::{self, Form, indented};
use bowline::types::jsonrpc::ErrorCode;
use bowline::types::prompt::Prompt;
use bowline::types::resource::{Resource, ResourceTemplate};
use bowline::types::tool::Tool;
use serde::Serialize;
use serde_json::{Value, json};
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use tokio::sync::Semaphore;

/// Shows what one server offers, or each of the config; one that fails does not hide the others.
///
/// # Errors
/// When the server cannot be asked. Of several, the first that could not decides how the process ends.
pub(crate) async fn list(list: List, session: &Session) -> Result<Exit, Fault> {
    let List { targets, kinds, common } = list;
    match targets {
        Targets::One(target) => {
            let found = link::find(&target, &common).await?;
            let offer = Offer::of(found, kinds, &common, session).await?;
            match session.out.form {
                Form::Json => session.out.value(&offer)?,
                Form::Text | Form::Raw => session.out.text(&offer.shown(session))?,
            }
            Ok(Exit::Done)
        }
        Targets::All => all(kinds, &common, session).await,
    }
}

/// Shows what each server of the config offers.
async fn all(kinds: Kinds, common: &Common, session: &Session) -> Result<Exit, Fault> {
    let turns = Semaphore::new(AT_ONCE);
    let mut asked: Vec<(String, BoxFuture<'_>)> = Vec::new();
    for (name, found) in link::find_all(common).await? {
        let turns = &turns;
        let offer = async move {
            let found = found?;
            let _turn = turns.acquire().await;
            Offer::of(found, kinds, common, session).await
        };
        asked.push((name, Box::pin(offer)));
    }
    let (out, mut exit) = (session.out, Exit::Done);
    let (mut values, mut texts) = (Vec::new(), Vec::new());
    for (name, offer) in together(asked).await {
        let mut value = json!({ "name": name });
        let mut text = format!("{}\n", out.style.name(&name));
        match offer {
            Ok(offer) => {
                if let (Value::Object(value), Ok(Value::Object(offer))) =
                    (&mut value, serde_json::to_value(&offer))
                {
                    value.extend(offer);
                }
                text += &indented("  ", &offer.shown(session));
            }
            Err(fault) => {
                value["error"] = fault.json()["error"].take();
                text += &indented("  ", &escape::escape(&fault.to_string()));
                exit = if exit == Exit::Done { fault.code() } else { exit };
            }
        }
        values.push(value);
        texts.push(text);
    }
    match out.form {
        Form::Json => out.value(&json!({ "servers": values }))?,
        Form::Text | Form::Raw if texts.is_empty() => out.text("the config has no servers\n")?,
        Form::Text | Form::Raw => out.text(&texts.join("\n"))?,
    }
    Ok(exit)
}

/// How many servers are connected to at the same time.
const AT_ONCE: usize = 8;

type BoxFuture<'a> = Pin<Box<dyn Future<Output = Result<Offer, Fault>> + 'a>>;

/// Waits for all, and returns what each came to, in their order.
async fn together(
    mut waiting: Vec<(String, BoxFuture<'_>)>,
) -> Vec<(String, Result<Offer, Fault>)> {
    let mut done: Vec<Option<Result<Offer, Fault>>> = waiting.iter().map(|_| None).collect();
    poll_fn(|task| {
        for ((_, future), done) in waiting.iter_mut().zip(&mut done) {
            if done.is_none()
                && let Poll::Ready(offer) = future.as_mut().poll(task)
            {
                *done = Some(offer);
            }
        }
        if done.iter().all(Option::is_some) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    let names = waiting.into_iter().map(|(name, _)| name);
    names.zip(done.into_iter().flatten()).collect()
}

/// What a server offers, of the kinds that were asked for.
#[derive(Debug, Default, Serialize)]
struct Offer {
    #[serde(skip_serializing_if = "Option::is_none")]
    tools: Option<Vec<Tool>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resources: Option<Vec<Resource>>,
    #[serde(rename = "resourceTemplates", skip_serializing_if = "Option::is_none")]
    templates: Option<Vec<ResourceTemplate>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompts: Option<Vec<Prompt>>,
}

impl Offer {
    /// Asks for everything at once. What a server does not say it has, it is not asked for.
    async fn of(
        found: Found,
        kinds: Kinds,
        common: &Common,
        session: &Session,
    ) -> Result<Self, Fault> {
        let link = session.connect_to(found, common).await?;
        let client = &link.client;
        let has = client.server_capabilities();
        let Kinds { tools, resources, templates, prompts } = kinds;
        let wanted = [tools, resources, templates, prompts];
        let alone = wanted.into_iter().filter(|wanted| *wanted).count() == 1;
        let lists = async {
            tokio::try_join!(
                when(tools, has.tools.is_some(), alone, async || client.list_tools().await),
                when(resources, has.resources.is_some(), alone, async || {
                    client.list_resources().await
                }),
                when(templates, has.resources.is_some(), alone, async || {
                    client.list_resource_templates().await
                }),
                when(prompts, has.prompts.is_some(), alone, async || client.list_prompts().await),
            )
        };
        let (mut tools, resources, templates, prompts) = session.within(&link, lists).await?;
        if let Some(tools) = &mut tools {
            tools.retain(|tool| link.allows(&tool.name));
        }
        Ok(Self { tools, resources, templates, prompts })
    }

    fn shown(&self, session: &Session) -> String {
        let (style, whole) = (session.out.style, session.logs.verbose > 0);
        let mut shown = String::new();
        let mut section = |name: &str, count: Option<usize>, lines: String| {
            if let Some(count) = count.filter(|count| *count > 0) {
                let blank = if shown.is_empty() { "" } else { "\n" };
                shown += &format!(
                    "{blank}{} {}\n{lines}",
                    style.bold(name),
                    style.dim(&format!("({count})"))
                );
            }
        };
        let Self { tools, resources, templates, prompts } = self;
        let lines = show::tools(tools.as_deref().unwrap_or_default(), style, whole);
        section("tools", tools.as_ref().map(Vec::len), lines);
        let lines = show::resources(resources.as_deref().unwrap_or_default(), style, whole);
        section("resources", resources.as_ref().map(Vec::len), lines);
        let lines = show::templates(templates.as_deref().unwrap_or_default(), style, whole);
        section("resource templates", templates.as_ref().map(Vec::len), lines);
        let lines = show::prompts(prompts.as_deref().unwrap_or_default(), style, whole);
        section("prompts", prompts.as_ref().map(Vec::len), lines);
        if shown.is_empty() { "nothing of that kind\n".to_owned() } else { shown }
    }
}

/// What was not asked for is absent, and what is not there is empty; so is what a server that says that it has it does
/// not know, as long as it is asked for something else too.
async fn when<T>(
    wanted: bool,
    there: bool,
    alone: bool,
    list: impl AsyncFnOnce() -> bowline::Result<Vec<T>>,
) -> bowline::Result<Option<Vec<T>>> {
    match (wanted, there) {
        (false, _) => Ok(None),
        (true, false) => Ok(Some(Vec::new())),
        (true, true) => match list().await {
            Err(error) if !alone && is_unknown(&error) => Ok(Some(Vec::new())),
            listed => listed.map(Some),
        },
    }
}

fn is_unknown(error: &bowline::Error) -> bool {
    error.rpc().is_some_and(|error| error.code == ErrorCode::METHOD_NOT_FOUND)
}
