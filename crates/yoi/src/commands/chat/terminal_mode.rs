//! Saves and restores the mode of the terminal.

use std::io::{self, Write};

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

/// The settings of the terminal on stdin.
#[derive(Debug)]
pub(super) struct TerminalMode {
    settings: Termios,
}

impl TerminalMode {
    /// Saves the current settings. Returns `None` if stdin is not a terminal.
    pub(super) fn of_stdin() -> Option<Self> {
        tcgetattr(io::stdin()).ok().map(|settings| Self { settings })
    }

    /// Restores the settings, and turns off bracketed paste, which the line editor turns on.
    pub(super) fn restore(&self) {
        // If the terminal is gone, there is nothing to restore.
        let _ = tcsetattr(io::stdin(), OptionalActions::Drain, &self.settings);
        let mut stderr = io::stderr().lock();
        let _ = stderr.write_all(b"\x1b[?2004l\r\n");
    }
}
