//! Questions about configs, which are asked before any server is there.

use crate::approve::Ask;
use crate::escape;
use crate::exit::{Exit, Fault};
use crate::show::screen;
use bowline::config::Input;
use rustix::stdio::stdin;
use rustix::termios::{
    LocalModes, OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcsetattr,
};
use std::io::{self, BufRead, IsTerminal};
use std::sync::{Mutex, PoisonError};

/// Somebody at the terminal, for whose answers a thread waits.
#[derive(Debug)]
pub(crate) struct Person(());

impl Person {
    /// Whoever sits there, if it is a terminal.
    pub(crate) fn at_terminal() -> Option<Self> {
        (io::stdin().is_terminal() && screen::is_terminal()).then_some(Self(()))
    }

    fn line(&mut self, question: &str) -> Result<String, Fault> {
        let _ = tcflush(stdin(), QueueSelector::IFlush);
        screen::ask(question);
        let mut line = String::new();
        let read = io::stdin().lock().read_line(&mut line);
        screen::asked(!line.ends_with('\n'));
        match read {
            Ok(0) => Err(Fault::new("nothing was answered").exit(Exit::Interrupted)),
            Ok(_) => Ok(line.trim_end_matches(['\n', '\r']).to_owned()),
            Err(error) => Err(Fault::new(format!("cannot read from the terminal: {error}"))),
        }
    }
}

impl Ask for Person {
    fn confirm(&mut self, text: &str, question: &str) -> Result<bool, Fault> {
        screen::write(&format!("{}\n", escape::escape(text.trim_end())));
        let question = format!("{} [y/N]: ", escape::line(question));
        loop {
            match self.line(&question)?.trim().to_ascii_lowercase().as_str() {
                "y" | "yes" => return Ok(true),
                "" | "n" | "no" => return Ok(false),
                _ => screen::write("type yes or no\n"),
            }
        }
    }

    fn input(&mut self, input: &Input) -> Result<Option<String>, Fault> {
        let about = input.description.as_deref().unwrap_or(&input.id);
        let mut question = escape::line(about).into_owned();
        if !input.options.is_empty() {
            let options: Vec<_> = input.options.iter().map(|option| escape::line(option)).collect();
            question += &format!(" ({})", options.join(", "));
        }
        match &input.default {
            Some(_) if input.password => question += " [as it is]",
            Some(default) => question += &format!(" [{}]", escape::line(default)),
            None => {}
        }
        question += ": ";
        loop {
            let silence = input.password.then(Silence::begin);
            let line = self.line(&question);
            if silence.is_some() {
                screen::write("\n");
            }
            drop(silence);
            let line = line?;
            if line.is_empty() && input.default.is_some() {
                return Ok(None);
            }
            if !line.is_empty() && (input.options.is_empty() || input.options.contains(&line)) {
                return Ok(Some(line));
            }
        }
    }
}

/// Nothing that is typed is shown while this lives.
struct Silence;

/// How the terminal was before.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

impl Silence {
    fn begin() -> Self {
        if let Ok(before) = tcgetattr(stdin()) {
            let mut silent = before.clone();
            silent.local_modes.remove(LocalModes::ECHO);
            let _ = tcsetattr(stdin(), OptionalActions::Now, &silent);
            *BEFORE.lock().unwrap_or_else(PoisonError::into_inner) = Some(before);
        }
        Self
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        restore();
    }
}

/// Lets be seen again what is typed, when whoever should have typed it interrupts.
pub(crate) fn restore() {
    if let Some(before) = BEFORE.lock().unwrap_or_else(PoisonError::into_inner).take() {
        let _ = tcsetattr(stdin(), OptionalActions::Now, &before);
    }
}
