//! Logins at servers that want to know who calls: where they are kept, and who is asked to make one.

use crate::exit::Fault;
use crate::terminal::{Terminal, VisitAtTerminal};
use bowline::auth::store::KeychainStore;
use bowline::client::auth::{Authorization, Interactive};
use bowline::config::Places;

/// Where logins are kept: sealed files, whose key is in the keychain of the system where there is one.
///
/// # Errors
/// When there is no place of the user's own.
pub(crate) fn store() -> Result<KeychainStore, Fault> {
    let places = Places::of_this_process()
        .map_err(|error| Fault::new(format!("cannot tell where this is: {error}")))?;
    let state = places.state_home.ok_or_else(|| {
        Fault::new("there is no place to keep logins in").hint("set HOME, or XDG_STATE_HOME")
    })?;
    Ok(KeychainStore::new(state.join("bowline/logins")))
}

/// The logins of whoever runs this. Somebody at the terminal is asked for one that is missing; without a terminal nobody
/// is, and the error says what to run.
///
/// # Errors
/// As [`store`].
pub(crate) fn own(terminal: Option<&Terminal>) -> Result<Authorization, Fault> {
    let authorization = Authorization::new(store()?);
    Ok(match terminal {
        Some(terminal) => authorization.browser(VisitAtTerminal::asking(terminal.clone())),
        None => authorization.interactive(Interactive::Never),
    })
}
