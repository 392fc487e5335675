//! `bowline config …`: the file as such.

use crate::escape;
use crate::exit::{Exit, Fault};
use crate::plan::host::{ConfigTask, Flags};
use crate::show::{Form, Out};
use bowline::config::{Config, Environment, Places, Problem, Severity};
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::PathBuf;

/// Checks a config, or writes the schema.
///
/// # Errors
/// When there is no config to check, or nobody takes what is written.
pub(crate) fn config(task: ConfigTask) -> Result<Exit, Fault> {
    match task {
        ConfigTask::Schema => {
            Out::new(Form::Raw).bytes(SCHEMA.as_bytes())?;
            Ok(Exit::Done)
        }
        ConfigTask::Check { file, json } => {
            let places = Places::of_this_process()
                .map_err(|error| Fault::new(format!("cannot tell where this is: {error}")))?;
            let token = std::env::var("BOWLINE_TOKEN").ok();
            let environment = Environment::of_this_process();
            let report = Report::of(&places, file.as_deref(), environment, token)?;
            let out = Out::new(if json { Form::Json } else { Form::Text });
            match out.form {
                Form::Json => out.value(&report.json())?,
                Form::Text | Form::Raw => out.text(&report.shown())?,
            }
            Ok(if report.is_good() { Exit::Done } else { Exit::Failed })
        }
    }
}

/// The JSON Schema of configs.
pub(crate) const SCHEMA: &str = include_str!("config/schema.json");

/// What there is to say about a config.
pub(crate) struct Report {
    path: PathBuf,
    /// How many servers there are, and how many of them are switched off.
    servers: (usize, usize),
    problems: Vec<Problem>,
    /// What is wrong with the whole, though nothing is with any part.
    unsafe_as_whole: Option<Fault>,
}

impl Report {
    /// Looks at everything: what stands in the file, what its variables stand for, and whether it is safe to serve so.
    ///
    /// # Errors
    /// When there is no config.
    pub(crate) fn of(
        places: &Places,
        named: Option<&std::path::Path>,
        environment: Environment,
        token: Option<String>,
    ) -> Result<Self, Fault> {
        let config = match Config::find(places, named) {
            Ok(Some(config)) => config,
            Ok(None) => {
                return Err(Fault::new("there is no config to check")
                    .hint("name one: bowline config check FILE"));
            }
            Err(problems) => {
                return Ok(Self {
                    path: problems.path().to_owned(),
                    servers: (0, 0),
                    problems: problems.list().to_vec(),
                    unsafe_as_whole: None,
                });
            }
        };
        // What a person is asked for is not known yet; this fits wherever it stands.
        let inputs = config.entries().iter().flat_map(|entry| &entry.inputs);
        let missing = inputs.filter(|input| input.default.is_none());
        let environment =
            missing.fold(environment, |all, input| all.input(&input.id, "https://input.invalid"));
        let warnings =
            config.problems().iter().filter(|problem| problem.severity == Severity::Warning);
        let mut problems: Vec<_> = warnings.cloned().collect();
        let mut unsafe_as_whole = None;
        match config.setup(&environment) {
            Ok(setup) => unsafe_as_whole = Flags::none(token).with(&setup.bowline).err(),
            Err(wrong) => problems.extend(wrong.list().iter().cloned()),
        }
        problems.sort_by_key(|problem| problem.position);
        let off = config.entries().iter().filter(|entry| entry.disabled).count();
        let servers = (config.entries().len(), off);
        Ok(Self { path: config.path().to_owned(), servers, problems, unsafe_as_whole })
    }

    pub(crate) fn is_good(&self) -> bool {
        self.unsafe_as_whole.is_none()
            && self.problems.iter().all(|problem| problem.severity == Severity::Warning)
    }

    pub(crate) fn shown(&self) -> String {
        let path = escape::line(&self.path.display().to_string()).into_owned();
        let mut shown = String::new();
        for problem in &self.problems {
            let kind = if problem.severity == Severity::Warning { "warning: " } else { "" };
            let space = if problem.position.is_some() { "" } else { " " };
            let text = problem.to_string();
            let _ = writeln!(shown, "{kind}{path}:{space}{}", escape::line(&text));
        }
        if let Some(fault) = &self.unsafe_as_whole {
            let _ = write!(shown, "{path}: {fault}");
        }
        if self.is_good() {
            let (all, off) = self.servers;
            let plural = if all == 1 { "" } else { "s" };
            let off = if off == 0 { String::new() } else { format!(", {off} switched off") };
            let _ = writeln!(shown, "{path}: good: {all} server{plural}{off}");
        }
        shown
    }

    fn json(&self) -> Value {
        let mut problems: Vec<_> = self.problems.iter().map(problem).collect();
        if let Some(fault) = &self.unsafe_as_whole {
            let mut error = fault.json()["error"].take();
            problems.push(json!({
                "severity": "error",
                "message": error["message"].take(),
                "hint": error["hint"].take(),
            }));
        }
        json!({
            "path": self.path.display().to_string(),
            "good": self.is_good(),
            "servers": self.servers.0,
            "disabled": self.servers.1,
            "problems": problems,
        })
    }
}

fn problem(problem: &Problem) -> Value {
    let severity = if problem.severity == Severity::Warning { "warning" } else { "error" };
    let mut json = json!({ "severity": severity, "key": problem.key, "message": problem.message });
    if let Some(position) = problem.position {
        json["line"] = position.line.into();
        json["column"] = position.column.into();
    }
    if let Some(server) = &problem.server {
        json["server"] = server.as_str().into();
    }
    if let Some(hint) = &problem.hint {
        json["hint"] = hint.as_str().into();
    }
    json
}

#[cfg(test)]
mod tests;
