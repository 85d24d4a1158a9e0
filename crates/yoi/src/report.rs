//! Messages to people on stderr, in colour if the terminal and the environment allow it.

use std::io::{IsTerminal, Write};

use anstyle::{AnsiColor, Style};

use crate::{sanitize::sanitize, terminal};

const ERROR: Style = AnsiColor::Red.on_default().bold();
const NOTE: Style = Style::new().bold();

/// Prints an error.
pub(crate) fn error(message: &str) {
    write(&format!("{ERROR}error:{ERROR:#} {}", sanitize(message)));
}

/// Prints a note.
pub(crate) fn note(message: &str) {
    write(&format!("{NOTE}note:{NOTE:#} {}", sanitize(message)));
}

/// Prints lines that belong to the one before them.
pub(crate) fn more(message: &str) {
    for line in sanitize(message).lines() {
        write(&format!("  {line}"));
    }
}

/// Prints a line of what goes to a provider or comes from it. A spinner on the line is overwritten.
pub(crate) fn wire(line: &str) {
    let before = if std::io::stderr().is_terminal() { "\r" } else { "" };
    write(&format!("{before}{}", sanitize(line)));
}

/// Prints a piece of a model's reasoning.
pub(crate) fn thought(piece: &str) {
    let is_terminal = std::io::stderr().is_terminal();
    let shown = if is_terminal { sanitize(piece) } else { piece.into() };
    terminal::print(&shown, || drop(write!(std::io::stderr().lock(), "{shown}")));
}

/// Prints a line as it is.
pub(crate) fn hint(message: &str) {
    write(message);
}

fn write(line: &str) {
    // A failure to write to stderr cannot be reported anywhere.
    terminal::print("\n", || drop(writeln!(anstream::stderr().lock(), "{line}")));
}
