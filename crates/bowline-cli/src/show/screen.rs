//! Standard error, which lines of text and one line that is redrawn share.

use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Writes lines that are to stay. What is redrawn makes room for them.
pub(crate) fn write(text: &str) {
    let mut screen = lock();
    screen.erase();
    // Nobody is left to tell when standard error is closed.
    let _ = io::stderr().lock().write_all(text.as_bytes());
    screen.draw();
}

/// Shows this line, free of line breaks, below everything else until it is replaced or removed.
pub(crate) fn live(line: Option<String>) {
    let mut screen = lock();
    screen.erase();
    screen.line = line;
    screen.draw();
}

/// Shows a question, behind which somebody types; the line that is redrawn stays away until [`asked`].
pub(crate) fn ask(question: &str) {
    let mut screen = lock();
    screen.erase();
    screen.asking = true;
    let mut stderr = io::stderr().lock();
    let _ = stderr.write_all(question.as_bytes()).and_then(|()| stderr.flush());
}

/// Ends a question; the cursor still stands behind it when nothing was typed.
pub(crate) fn asked(behind_it: bool) {
    let mut screen = lock();
    screen.asking = false;
    if behind_it {
        let _ = io::stderr().lock().write_all(b"\n");
    }
    screen.draw();
}

/// Whether somebody looks at it.
pub(crate) fn is_terminal() -> bool {
    io::stderr().is_terminal()
}

/// Its columns; 80 where nobody knows.
pub(crate) fn width() -> usize {
    columns(rustix::termios::tcgetwinsize(rustix::stdio::stderr()).ok())
}

/// The columns of standard output; 80 where nobody knows.
pub(crate) fn width_of_output() -> usize {
    columns(rustix::termios::tcgetwinsize(rustix::stdio::stdout()).ok())
}

fn columns(size: Option<rustix::termios::Winsize>) -> usize {
    size.map(|size| usize::from(size.ws_col)).filter(|columns| *columns >= 20).unwrap_or(80)
}

/// For whoever writes bytes, such as the log.
#[derive(Debug)]
pub(crate) struct Stderr;

impl Write for Stderr {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut screen = lock();
        screen.erase();
        let written = io::stderr().lock().write_all(bytes);
        screen.draw();
        written.map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// What is on it below the lines that stay.
struct Screen {
    line: Option<String>,
    drawn: bool,
    /// Somebody types.
    asking: bool,
}

static SCREEN: Mutex<Screen> = Mutex::new(Screen { line: None, drawn: false, asking: false });

fn lock() -> MutexGuard<'static, Screen> {
    SCREEN.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Screen {
    fn erase(&mut self) {
        if std::mem::take(&mut self.drawn) {
            let _ = io::stderr().lock().write_all(ERASE);
        }
    }

    fn draw(&mut self) {
        if let (Some(line), false) = (&self.line, self.asking) {
            let _ = io::stderr().lock().write_all(line.as_bytes());
            self.drawn = true;
        }
    }
}

/// To the begin of the line, and away with the rest of it.
const ERASE: &[u8] = b"\r\x1b[K";
