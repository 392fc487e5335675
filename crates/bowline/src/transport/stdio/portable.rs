//! The standard streams where file descriptors cannot be moved: through the runtime's blocking threads.

use std::io;
use tokio::io::{Stdin, Stdout};

/// Standard input and output as streams of the runtime.
pub(super) fn take() -> io::Result<(Stdin, Stdout)> {
    Ok((tokio::io::stdin(), tokio::io::stdout()))
}
