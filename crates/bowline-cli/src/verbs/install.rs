//! `bowline install` and `bowline uninstall`: servers in the configs of other clients.

use crate::approve::Ask;
use crate::escape;
use crate::exit::{Exit, Fault};
use crate::install::{Book, Change, Wanted};
use crate::locate::Finder;
use crate::plan::host::{Install, Uninstall};
use crate::show::{Form, Out, screen};
use crate::terminal::Person;
use bowline::config::{Client, Environment, Origin, Places};

/// Writes a server into the configs of clients.
///
/// # Errors
/// When there is no such server, a config cannot be changed, or nobody agrees to it. No file is changed then.
pub(crate) fn install(plan: Install) -> Result<Exit, Fault> {
    let Install { target, name, clients, traced, project, force, dry_run, common } = plan;
    let places = places()?;
    let mut person = Person::at_terminal();
    let mut finder = Finder {
        places: &places,
        named: common.config.as_deref(),
        environment: Environment::of_this_process(),
        yes: common.yes,
        ask: person.as_mut().map(|person| person as _),
        asked: Vec::new(),
    };
    let source = finder.entry(&target)?;
    let program = program()?;
    let wanted = Wanted {
        target: &target,
        source: source.as_ref().map(|(config, entry)| (config, entry)),
        common: &common,
        traced,
        program: &program,
    };
    let mut changes = Vec::new();
    let mut known = Vec::new();
    for book in books(&clients, project, &places)? {
        let written = wanted.written(book.dialect, book.client.title)?;
        match book.install(&name, written)? {
            Some(change) => changes.push(change),
            None => known.push(format!(
                "{} has `{name}` already: {}",
                book.client.title,
                book.path.display()
            )),
        }
    }
    say(&known)?;
    let replaces = changes.iter().find(|change| change.replaces());
    let asks = person.is_some() && !common.yes && !dry_run;
    if let (Some(change), false, false, false) = (replaces, force, asks, dry_run) {
        return Err(Fault::new(format!(
            "{} has another server `{name}` in {}",
            change.title(),
            change.path().display()
        ))
        .hint("add --force to replace it, or --name OTHER to keep both"));
    }
    let question = match replaces {
        Some(change) if !force => {
            format!("{} has another server `{name}`. Replace it?", change.title())
        }
        _ => "Write this?".to_owned(),
    };
    make(&changes, &question, Consent { dry_run, yes: common.yes }, person)
}

/// Takes a server out of the configs of clients.
///
/// # Errors
/// As [`install`].
pub(crate) fn uninstall(plan: Uninstall) -> Result<Exit, Fault> {
    let Uninstall { name, clients, project, dry_run, yes } = plan;
    let books = books(&clients, project, &places()?)?;
    let changes = books.iter().map(|book| book.uninstall(&name)).collect::<Result<Vec<_>, _>>()?;
    make(&changes, "Write this?", Consent { dry_run, yes }, Person::at_terminal())
}

/// Who is asked before something is written.
struct Consent {
    /// Nobody: nothing is.
    dry_run: bool,
    /// Nobody: it was said before.
    yes: bool,
}

/// Shows changes and makes them, if somebody agrees.
fn make(
    changes: &[Change],
    question: &str,
    Consent { dry_run, yes }: Consent,
    person: Option<Person>,
) -> Result<Exit, Fault> {
    if changes.is_empty() {
        return Ok(Exit::Done);
    }
    let previews: Vec<_> = changes.iter().map(Change::preview).collect();
    let preview = previews.join("\n");
    match person {
        _ if dry_run || yes => screen::write(&escape::escape(&preview)),
        None => {
            screen::write(&escape::escape(&preview));
            return Err(Fault::new("this is no terminal to ask on, and nothing was written")
                .hint("add --yes to write it, or --dry-run to only look at it"));
        }
        Some(mut person) => {
            if !person.confirm(&preview, question)? {
                return Err(Fault::new("nothing was written"));
            }
        }
    }
    if dry_run {
        return Ok(Exit::Done);
    }
    let mut done = Vec::new();
    for change in changes {
        match change.make() {
            Ok(line) => done.push(line),
            Err(fault) if done.is_empty() => return Err(fault),
            Err(fault) => {
                say(&done)?;
                return Err(fault.hint("what is told above was written all the same"));
            }
        }
    }
    say(&done)?;
    Ok(Exit::Done)
}

fn books(clients: &[Client], project: bool, places: &Places) -> Result<Vec<Book>, Fault> {
    let origin = if project { Origin::Project } else { Origin::User };
    clients.iter().map(|client| Book::of(*client, origin, places)).collect()
}

fn places() -> Result<Places, Fault> {
    Places::of_this_process()
        .map_err(|error| Fault::new(format!("cannot tell where this is: {error}")))
}

/// Where we are, for whoever is to start us.
fn program() -> Result<String, Fault> {
    let path = std::env::current_exe()
        .map_err(|error| Fault::new(format!("cannot tell where this program is: {error}")))?;
    path.into_os_string()
        .into_string()
        .map_err(|_| Fault::new("the path of this program is no UTF-8, which no config can hold"))
}

/// Lines of results.
fn say(lines: &[String]) -> Result<(), Fault> {
    let out = Out::new(Form::Text);
    lines.iter().try_for_each(|line| out.text(&escape::line(line)))
}
