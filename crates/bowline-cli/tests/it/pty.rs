//! Runs the binary at a terminal.

use crate::program::bowline;
use rustix::fs::OFlags;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

/// How long anything may take before the test fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// The binary at a terminal of its own; killed when a test gives up.
pub(crate) struct Pty {
    child: Child,
    keyboard: File,
    shown: Receiver<Vec<u8>>,
    /// Everything that was written to the terminal so far.
    pub(crate) bytes: Vec<u8>,
    /// How much of it was looked through.
    seen: usize,
}

impl Pty {
    pub(crate) fn start(args: &[&str]) -> Self {
        Self::of(bowline(args), (100, 40))
    }

    /// As [`Pty::start`], of a command that is used up, since it would keep the terminal open.
    pub(crate) fn of(mut command: Command, (columns, rows): (u16, u16)) -> Self {
        let controller =
            openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&controller).unwrap();
        unlockpt(&controller).unwrap();
        let name = ptsname(&controller, Vec::new()).unwrap();
        let path = std::ffi::OsStr::from_bytes(name.as_bytes());
        let terminal = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(OFlags::NOCTTY.bits().cast_signed())
            .open(path)
            .unwrap();
        let size = Winsize { ws_col: columns, ws_row: rows, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&terminal, size).unwrap();
        let stream = || Stdio::from(terminal.try_clone().unwrap());
        command.env("TERM", "xterm-256color");
        let child = command.stdin(stream()).stdout(stream()).stderr(stream()).spawn().unwrap();
        let keyboard = File::from(controller);
        let mut screen = keyboard.try_clone().unwrap();
        let (sender, shown) = mpsc::channel();
        // It ends when the last process closes the terminal.
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(read @ 1..) = screen.read(&mut bytes) {
                if sender.send(bytes[..read].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self { child, keyboard, shown, bytes: Vec::new(), seen: 0 }
    }

    /// Waits until something is shown, behind what was waited for before.
    pub(crate) fn until(&mut self, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let unseen = &self.bytes[self.seen..];
            let found = unseen.windows(text.len()).position(|bytes| bytes == text.as_bytes());
            if let Some(at) = found {
                self.seen += at + text.len();
                return;
            }
            match self.shown.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(bytes) => self.bytes.extend(bytes),
                Err(_) => panic!("no {text:?} in:\n{}", self.text()),
            }
        }
    }

    pub(crate) fn enter(&mut self, line: &str) {
        self.keyboard.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// What Ctrl-D sends.
    pub(crate) fn end_of_input(&mut self) {
        self.keyboard.write_all(&[4]).unwrap();
    }

    /// Waits for `question` and answers it.
    pub(crate) fn answer(&mut self, question: &str, line: &str) {
        self.until(question);
        self.enter(line);
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    /// Waits for its end: the exit code.
    pub(crate) fn end(&mut self) -> i32 {
        while let Ok(bytes) = self.shown.recv_timeout(PATIENCE) {
            self.bytes.extend(bytes);
        }
        self.child.wait().unwrap().code().unwrap()
    }

    /// What was written, without the bytes that steer.
    pub(crate) fn text(&self) -> String {
        let text = String::from_utf8_lossy(&self.bytes).replace("\r\n", "\n");
        let mut plain = String::new();
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once('\u{1b}') {
            plain += before;
            rest = after
                .trim_start_matches(|c: char| !c.is_ascii_alphabetic())
                .get(1..)
                .unwrap_or_default();
        }
        plain + rest
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        // One that has ended already is what we want.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
