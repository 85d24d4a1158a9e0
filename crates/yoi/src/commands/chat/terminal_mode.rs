//! A terminal as it was before lines were edited.

use std::io::{self, Write};

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

/// A terminal's settings.
#[derive(Debug)]
pub(super) struct TerminalMode {
    settings: Termios,
}

impl TerminalMode {
    /// The settings of stdin as they are, if that is a terminal.
    pub(super) fn of_stdin() -> Option<Self> {
        tcgetattr(io::stdin()).ok().map(|settings| Self { settings })
    }

    /// Sets them again, and has the terminal paste as it did.
    pub(super) fn restore(&self) {
        // If the terminal is gone, there is nothing to restore.
        let _ = tcsetattr(io::stdin(), OptionalActions::Drain, &self.settings);
        let mut stderr = io::stderr().lock();
        let _ = stderr.write_all(b"\x1b[?2004l\r\n");
    }
}
