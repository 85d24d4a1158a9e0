//! What is said to people on stderr, in colour where that is wanted.

use std::io::Write;

use anstyle::{AnsiColor, Style};

use crate::sanitize::sanitize;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const NOTE: Style = Style::new().bold();

/// Says what went wrong.
pub(crate) fn error(message: &str) {
    write(&format!("{ERROR}error:{ERROR:#} {}", sanitize(message)));
}

/// Says what is worth knowing.
pub(crate) fn note(message: &str) {
    write(&format!("{NOTE}note:{NOTE:#} {}", sanitize(message)));
}

/// Says where to read on.
pub(crate) fn hint(message: &str) {
    write(message);
}

fn write(line: &str) {
    // If nobody hears it, there is nobody left to tell.
    let _ = writeln!(anstream::stderr().lock(), "{line}");
}
