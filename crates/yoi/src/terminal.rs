//! The terminal of a chat: what is printed goes above the line that is being typed.
//!
//! A process has one terminal, so its state is one static value, which all output passes.

mod layout;
mod mode;

use std::io::{self, IsTerminal, Write};

use parking_lot::Mutex;
use unicode_width::UnicodeWidthStr;

use self::layout::Layout;
pub(crate) use self::mode::Mode;

/// What the terminal shows of a line that is being typed.
#[derive(Debug)]
struct Area {
    /// The line that is to be shown.
    line: Option<Typed>,
    /// The rows of the shown area above that of the cursor; `None` if no area is shown.
    rows_above: Option<u16>,
    /// The column in which the printed text ends.
    column: usize,
    /// Whether the area is shown below text that has no newline yet.
    is_below_text: bool,
}

/// A line that is being typed.
#[derive(Clone, Debug)]
pub(crate) struct Typed {
    pub(crate) prompt: String,
    pub(crate) text: String,
    /// The place of the cursor in the text, in bytes.
    pub(crate) cursor: usize,
}

static AREA: Mutex<Area> =
    Mutex::new(Area { line: None, rows_above: None, column: 0, is_below_text: false });

/// Shows a line that is being typed below what was printed, in place of the one that was shown.
pub(crate) fn show(line: Option<Typed>) {
    let mut area = AREA.lock();
    let hidden = area.hide();
    area.line = line;
    let shown = area.shown();
    write(&(hidden + &shown));
}

/// Leaves the line that is shown where it is, as printed text.
pub(crate) fn leave() {
    let mut area = AREA.lock();
    let hidden = area.hide();
    if let Some(line) = &mut area.line {
        line.cursor = line.text.len();
    }
    let shown = area.shown();
    let is_shown = area.rows_above.take().is_some();
    area.line = None;
    area.is_below_text = false;
    if is_shown {
        area.column = 0;
        write(&(hidden + &shown + "\n"));
    }
}

/// Clears the screen, and shows the line at its top.
pub(crate) fn clear() {
    let mut area = AREA.lock();
    area.rows_above = None;
    (area.column, area.is_below_text) = (0, false);
    let shown = area.shown();
    write(&("\x1b[H\x1b[2J".to_owned() + &shown));
}

/// Whether a line is shown that is being typed.
pub(crate) fn is_typing() -> bool {
    AREA.lock().rows_above.is_some()
}

/// Prints text above the line that is being typed, by a function that writes it to stdout or stderr. The
/// text is what a terminal shows of it.
pub(crate) fn print<T>(text: &str, print: impl FnOnce() -> T) -> T {
    let mut area = AREA.lock();
    let hidden = area.hide();
    if !hidden.is_empty() {
        write(&hidden);
    }
    let printed = print();
    area.advance(text);
    let shown = area.shown();
    if !shown.is_empty() {
        write(&shown);
    }
    printed
}

impl Area {
    /// Returns what hides the area and moves the cursor back to the end of the printed text.
    fn hide(&mut self) -> String {
        let Some(rows) = self.rows_above.take() else { return String::new() };
        let mut out = "\r".to_owned();
        out += &moved(rows.into(), 'A');
        out += "\x1b[J";
        if std::mem::take(&mut self.is_below_text) {
            out += &moved(1, 'A');
            out += &moved(self.column, 'C');
        }
        out
    }

    /// Returns what shows the line, and notes where the cursor is.
    fn shown(&mut self) -> String {
        let Some(line) = &self.line else { return String::new() };
        let (columns, rows) = size();
        let layout = Layout::of(line, columns, rows);
        let mut out = String::new();
        // Text that ends in the last column has moved the cursor to the next row, or will.
        self.is_below_text = self.column > 0 && self.column < columns;
        if self.column > 0 {
            out += "\n";
            if !self.is_below_text {
                self.column = 0;
            }
        }
        out += "\r\x1b[J";
        out += &layout.rows.join("\n");
        out += &moved(layout.rows.len() - 1 - layout.cursor_row, 'A');
        out += "\r";
        out += &moved(layout.cursor_column, 'C');
        self.rows_above = Some(u16::try_from(layout.cursor_row).unwrap_or(0));
        out
    }

    /// Notes that text was printed.
    fn advance(&mut self, text: &str) {
        let (columns, _) = size();
        let last = text.rsplit('\n').next().unwrap_or_default();
        let before = if text.contains('\n') { 0 } else { self.column };
        let end = before + last.replace('\t', "        ").width();
        self.column = if end > columns { (end - 1) % columns + 1 } else { end };
    }
}

/// Returns what moves the cursor by so many rows up (`A`) or columns to the right (`C`).
fn moved(by: usize, to: char) -> String {
    if by == 0 { String::new() } else { format!("\x1b[{by}{to}") }
}

/// The columns and the rows of the terminal.
fn size() -> (usize, usize) {
    let (columns, rows) = crossterm::terminal::size().unwrap_or((80, 24));
    (usize::from(columns).max(8), usize::from(rows).max(2))
}

/// Writes to the terminal itself: stdout, or stderr if stdout is something else.
fn write(text: &str) {
    // A terminal that is gone has nothing to show.
    let _ = if io::stdout().is_terminal() {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes()).and_then(|()| out.flush())
    } else {
        let mut out = io::stderr().lock();
        out.write_all(text.as_bytes()).and_then(|()| out.flush())
    };
}
