//! Asking whoever sits at the terminal.
//!
//! Questions go to standard error and answers come from standard input, a line each, so there is somebody to ask only
//! when both are terminals. One question is asked at a time.

mod fields;
mod form;
mod person;
mod url;
mod visit;

pub(crate) use fields::ask;
pub(crate) use form::answer as answer_form;
pub(crate) use person::{Person, restore};
pub(crate) use url::answer as answer_url;
pub(crate) use visit::VisitAtTerminal;

use crate::show::{Style, screen};
use std::io::{self, BufRead, IsTerminal};
use std::sync::Arc;
use tokio::sync::{Mutex, MutexGuard, mpsc};

/// A terminal with somebody at it.
#[derive(Clone, Debug)]
pub(crate) struct Terminal(Arc<Mutex<Lines>>);

/// The turn of one who asks: nobody else does meanwhile.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    lines: MutexGuard<'a, Lines>,
    pub(crate) style: Style,
}

/// What is typed.
#[derive(Debug, Default)]
struct Lines {
    reader: Option<Reader>,
}

/// The thread that reads lines, one for each that is wanted. It ends with the process: a read from a terminal cannot
/// be called off.
#[derive(Debug)]
struct Reader {
    wanted: std::sync::mpsc::Sender<()>,
    typed: mpsc::UnboundedReceiver<Option<String>>,
    /// It still waits for the line of a question that was given up.
    reading: bool,
}

impl Terminal {
    /// The terminal, if there is one.
    pub(crate) fn open() -> Option<Self> {
        let is_terminal = io::stdin().is_terminal() && screen::is_terminal();
        is_terminal.then(|| Self(Arc::default()))
    }

    /// Waits until nobody else asks.
    pub(crate) async fn turn(&self) -> Turn<'_> {
        Turn { lines: self.0.lock().await, style: Style::of_error() }
    }
}

impl Turn<'_> {
    /// Shows text of our own, or escaped already.
    pub(crate) fn say(&self, text: &str) {
        screen::write(&format!("{text}\n"));
    }

    /// Asks for one line; `None` at the end of input, which Ctrl-D makes.
    pub(crate) async fn line(&mut self, question: &str) -> Option<String> {
        // What was typed before the question was to be seen does not answer it.
        let _ = rustix::termios::tcflush(
            rustix::stdio::stdin(),
            rustix::termios::QueueSelector::IFlush,
        );
        screen::ask(question);
        let line = self.lines.next().await;
        screen::asked(line.is_none());
        line
    }

    /// Asks until one of a few words is typed: its first letter will do. An empty line is the word that is given for it.
    pub(crate) async fn choose<T: Copy>(
        &mut self,
        question: &str,
        words: &[(&str, T)],
        empty: Option<T>,
    ) -> Option<T> {
        loop {
            let typed = self.line(question).await?.trim().to_ascii_lowercase();
            let meant = match empty {
                Some(empty) if typed.is_empty() => Some(empty),
                _ => words
                    .iter()
                    .find(|(word, _)| !typed.is_empty() && word.starts_with(&typed))
                    .map(|(_, meant)| *meant),
            };
            if meant.is_some() {
                return meant;
            }
            let words: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            self.say(&format!("type one of: {}", words.join(", ")));
        }
    }
}

impl Lines {
    async fn next(&mut self) -> Option<String> {
        let reader = self.reader.get_or_insert_with(Reader::start);
        if !std::mem::replace(&mut reader.reading, true) {
            reader.wanted.send(()).ok()?;
        }
        let line = reader.typed.recv().await.flatten();
        reader.reading = false;
        line
    }
}

impl Reader {
    fn start() -> Self {
        let (wanted, wants) = std::sync::mpsc::channel();
        let (sender, typed) = mpsc::unbounded_channel();
        std::thread::spawn(move || {
            while let Ok(()) = wants.recv() {
                let mut line = String::new();
                let read = io::stdin().lock().read_line(&mut line);
                let line = read.ok().filter(|read| *read > 0).map(|_| line);
                if sender
                    .send(line.map(|line| line.trim_end_matches(['\n', '\r']).to_owned()))
                    .is_err()
                {
                    return;
                }
            }
        });
        Self { wanted, typed, reading: false }
    }
}
