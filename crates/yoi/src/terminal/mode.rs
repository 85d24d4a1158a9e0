//! The mode of the terminal while keys are read.

use std::io;

use crossterm::{
    event::{DisableBracketedPaste, EnableBracketedPaste},
    execute, terminal,
};

/// The mode in which each key is read as it is typed. Dropping it brings the usual mode back.
#[derive(Debug)]
pub(crate) struct Mode(());

impl Mode {
    /// Enters the mode.
    pub(crate) fn enter() -> io::Result<Self> {
        terminal::enable_raw_mode()?;
        let mode = Self(());
        keep_newlines()?;
        // What cannot be asked of a terminal is done without.
        let _ = execute!(io::stderr(), EnableBracketedPaste);
        Ok(mode)
    }
}

impl Drop for Mode {
    fn drop(&mut self) {
        let _ = terminal::disable_raw_mode();
        let _ = execute!(io::stderr(), DisableBracketedPaste);
    }
}

/// Lets the terminal go on to begin a new line at a newline, because what is printed elsewhere does not
/// know of the mode.
#[cfg(unix)]
fn keep_newlines() -> io::Result<()> {
    use rustix::termios::{OptionalActions, OutputModes, tcgetattr, tcsetattr};
    let mut settings = tcgetattr(io::stdin())?;
    settings.output_modes |= OutputModes::OPOST | OutputModes::ONLCR;
    Ok(tcsetattr(io::stdin(), OptionalActions::Drain, &settings)?)
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "Unix may fail")]
fn keep_newlines() -> io::Result<()> {
    Ok(())
}
