//! `bowline list`: what servers offer.

use super::session::{Session, fault};
use crate::exit::{Exit, Fault};
use crate::plan::client::{Kinds, List};
use crate::plan::common::Common;
use crate::plan::target::{Target, Targets};
use crate::show::{self, Form, Style};
use bowline::Client;
use bowline::types::prompt::Prompt;
use bowline::types::resource::{Resource, ResourceTemplate};
use bowline::types::tool::Tool;
use serde::Serialize;
use serde_json::{Value, json};

/// Shows what one server offers, or each of the config; one that fails does not hide the others.
///
/// # Errors
/// When the server cannot be asked. Of several, the first that could not decides how the process ends.
pub(crate) async fn list(list: List, session: &Session) -> Result<Exit, Fault> {
    let List { targets, kinds, common } = list;
    match targets {
        Targets::One(target) => {
            let offer = Offer::of(&target, kinds, &common, session).await?;
            match session.out.form {
                Form::Json => session.out.value(&offer)?,
                Form::Text | Form::Raw => session.out.text(&offer.shown(session))?,
            }
            Ok(Exit::Done)
        }
        Targets::All => Err(Fault::new("not built yet")),
    }
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
        target: &Target,
        kinds: Kinds,
        common: &Common,
        session: &Session,
    ) -> Result<Self, Fault> {
        let client = session.connect(target, common).await?;
        let has = client.server_capabilities();
        let fail = |error| fault(&client, &error);
        let (tools, resources, templates, prompts) = tokio::try_join!(
            when(kinds.tools, has.tools.is_some(), async || client.list_tools().await),
            when(kinds.resources, has.resources.is_some(), async || client.list_resources().await),
            when(kinds.templates, has.resources.is_some(), async || {
                client.list_resource_templates().await
            }),
            when(kinds.prompts, has.prompts.is_some(), async || client.list_prompts().await),
        )
        .map_err(fail)?;
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

/// What was not asked for is absent, and what is not there is empty.
async fn when<T>(
    wanted: bool,
    there: bool,
    list: impl AsyncFnOnce() -> bowline::Result<Vec<T>>,
) -> bowline::Result<Option<Vec<T>>> {
    match (wanted, there) {
        (false, _) => Ok(None),
        (true, false) => Ok(Some(Vec::new())),
        (true, true) => list().await.map(Some),
    }
}
