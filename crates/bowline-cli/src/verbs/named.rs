//! Names that a server does not have.

use crate::exit::{Exit, Fault};
use bowline::config::nearest;

/// What to tell whoever named something that is not there.
pub(crate) fn unknown(what: &str, name: &str, others: &[String]) -> Fault {
    let fault = Fault::new(format!("there is no {what} `{name}`")).exit(Exit::ToolFailed);
    let others = || others.iter().map(String::as_str);
    match nearest(name, others()) {
        Some(meant) => fault.hint(format!("did you mean `{meant}`?")),
        None if others().next().is_none() => fault.hint(format!("this server has no {what}s")),
        None => {
            let some: Vec<_> = others().take(MOST).collect();
            let more = if others().count() > MOST { ", …" } else { "" };
            fault.hint(format!("there are: {}{more}", some.join(", ")))
        }
    }
}

/// How many names are told.
const MOST: usize = 20;

/// What to tell whoever named a tool that the config does not let be used.
pub(crate) fn forbidden(name: &str) -> Fault {
    Fault::new(format!("the config does not allow the tool `{name}`"))
        .exit(Exit::ToolFailed)
        .hint("add it to `tools` of the server's entry")
}
