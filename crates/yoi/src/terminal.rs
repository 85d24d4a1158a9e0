//! The terminal of a chat: what is printed goes above the line that is being typed.
//!
//! A process has one terminal, so its state is one static value, which all output passes.

mod layout;
mod mode;
mod styled;
mod typed;

use std::io::{self, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice, stream::RawStream};
use parking_lot::Mutex;
use unicode_width::UnicodeWidthStr;

use self::layout::Layout;
pub(crate) use self::{mode::Mode, styled::StyledLine, typed::Typed};

/// What the terminal shows below what was printed: the part of an answer that may still change its
/// form, and the line that is being typed.
#[derive(Debug)]
struct Area {
    /// The part of the answer.
    draft: Vec<StyledLine>,
    /// The line that is to be shown.
    line: Option<Typed>,
    /// What is shown of it; `None` if nothing is.
    shown: Option<Shown>,
    /// The column in which the printed text ends.
    column: usize,
    /// Whether the area is shown below text that has no newline yet.
    is_below_text: bool,
    /// Whether the program stops itself, which is known before it goes on.
    is_stopping: bool,
}

/// Rows that are shown, on a terminal of this many columns.
#[derive(Debug)]
struct Shown {
    /// The widths of the rows.
    widths: Vec<usize>,
    /// The row and the column of the cursor.
    cursor: (usize, usize),
    columns: usize,
}

impl Shown {
    /// Returns the numbers of rows above the cursor and in all, on a terminal that has so many columns
    /// now.
    fn rows(&self, columns: usize) -> (usize, usize) {
        let (row, column) = self.cursor;
        if columns >= self.columns || !breaks_rows() {
            return (row, self.widths.len());
        }
        let broken = |width: &usize| width.div_ceil(columns).max(1);
        let above: usize = self.widths[..row].iter().map(broken).sum();
        // At the end of a row that is just as wide as the terminal, the cursor stays in it.
        let is_at_end = self.widths[row] == column;
        let within = if is_at_end { column.saturating_sub(1) } else { column } / columns;
        (above + within, self.widths.iter().map(broken).sum())
    }
}

/// Returns whether the terminal breaks rows that have become too long for it, as all do but xterm and the
/// console, which cut them.
fn breaks_rows() -> bool {
    let is_console = std::env::var_os("TERM").is_some_and(|term| term == "linux");
    !is_console && std::env::var_os("XTERM_VERSION").is_none()
}

static AREA: Mutex<Area> = Mutex::new(Area {
    draft: Vec::new(),
    line: None,
    shown: None,
    column: 0,
    is_below_text: false,
    is_stopping: false,
});

/// Shows a line that is being typed below what was printed, in place of the one that was shown.
pub(crate) fn show(line: Option<Typed>) {
    let mut area = AREA.lock();
    let hidden = area.hide();
    area.line = line;
    let shown = area.shown();
    write(&(hidden + &shown));
}

/// Leaves the line that is shown where it is, as printed text. All of it is printed, however long it is.
pub(crate) fn leave() {
    let mut area = AREA.lock();
    let is_shown = area.shown.is_some();
    let mut out = area.hide();
    if let Some(line) = area.line.take().filter(|_| is_shown) {
        if area.column > 0 {
            out += "\n";
        }
        out += &Layout::of(&line, size().0, usize::MAX).rows.join("\n");
        out += "\n";
        area.column = 0;
    }
    out += &area.shown();
    write(&out);
}

/// Leaves everything where it is, because the shell gets the terminal for a while.
pub(crate) fn stop() {
    let mut area = AREA.lock();
    area.is_stopping = true;
    area.let_go();
}

/// Shows the line again after the shell had the terminal, below what it printed.
pub(crate) fn go_on() {
    let mut area = AREA.lock();
    if !std::mem::take(&mut area.is_stopping) {
        area.let_go();
    }
}

/// Clears the screen, and shows the line at its top.
pub(crate) fn clear() {
    let mut area = AREA.lock();
    area.shown = None;
    (area.column, area.is_below_text) = (0, false);
    let shown = area.shown();
    write(&("\x1b[H\x1b[2J".to_owned() + &shown));
}

/// Whether a line is shown that is being typed.
pub(crate) fn is_typing() -> bool {
    AREA.lock().shown.is_some()
}

/// Prints lines of an answer, and shows `draft` below them: the part that may still change its form, in
/// place of the one that was shown. Fails if the terminal is gone.
pub(crate) fn answer(lines: &[StyledLine], draft: Vec<StyledLine>) -> io::Result<()> {
    let mut area = AREA.lock();
    let mut out = area.hide();
    for line in lines {
        out += &line.to_ansi();
        out += "\n";
    }
    if !lines.is_empty() {
        area.column = 0;
    }
    area.draft = draft;
    out += &area.shown();
    try_write(&out)
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
    /// Forgets what is shown, and begins a row of its own.
    fn let_go(&mut self) {
        if self.shown.take().is_some() {
            write("\n");
            (self.column, self.is_below_text) = (0, false);
        }
    }

    /// Returns what hides the area and moves the cursor back to the end of the printed text.
    fn hide(&mut self) -> String {
        let Some(shown) = self.shown.take() else { return String::new() };
        let (above, all) = shown.rows(size().0);
        let mut out = "\r".to_owned();
        out += &moved(above, 'A');
        out += "\x1b[K";
        if all > 1 {
            // Clearing all from the first row of the screen on would keep a copy above it.
            out += "\n\x1b[J\x1b[A";
        }
        if std::mem::take(&mut self.is_below_text) {
            out += &moved(1, 'A');
            out += &moved(self.column, 'C');
        }
        out
    }

    /// Returns what shows the area, and notes where the cursor is.
    fn shown(&mut self) -> String {
        if self.line.is_none() && self.draft.is_empty() {
            return String::new();
        }
        let (columns, height) = size();
        let layout = self.line.as_ref().map(|line| Layout::of(line, columns, height));
        let typed = layout.as_ref().map_or(0, |layout| layout.rows.len());
        let draft = self.draft_rows(columns, (height - 1).saturating_sub(typed));
        let mut widths: Vec<usize> = draft.iter().map(StyledLine::width).collect();
        let mut rows: Vec<String> = draft.iter().map(StyledLine::to_ansi).collect();
        for row in layout.iter().flat_map(|layout| &layout.rows) {
            widths.push(row.width());
            rows.push(row.clone());
        }
        let mut out = String::new();
        // Text that ends in the last column has moved the cursor to the next row, or will.
        self.is_below_text = self.column > 0 && self.column < columns;
        if self.column > 0 {
            out += "\n";
            if !self.is_below_text {
                self.column = 0;
            }
        }
        out += "\r\x1b[K";
        // A terminal that counts the width of a character otherwise must not break a row.
        out += "\x1b[?7l";
        out += &rows.join("\n");
        out += "\x1b[?7h";
        let last = rows.len() - 1;
        let mut cursor = (last, widths[last]);
        if let Some(layout) = layout {
            cursor = (draft.len() + layout.cursor_row, layout.cursor_column);
            out += &moved(last - cursor.0, 'A');
            out += "\r";
            out += &moved(cursor.1, 'C');
        }
        self.shown = Some(Shown { widths, cursor, columns });
        out
    }

    /// Returns the last rows of the draft that fit into a height.
    fn draft_rows(&self, columns: usize, height: usize) -> Vec<StyledLine> {
        let mut rows: Vec<_> = self.draft.iter().flat_map(|line| line.rows(columns)).collect();
        rows.drain(..rows.len().saturating_sub(height));
        rows
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

/// Returns whether a stream is a terminal that takes control sequences, and colours are not turned off.
pub(crate) fn takes_styles(stream: &impl RawStream) -> bool {
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    stream.is_terminal() && !is_dumb && AutoStream::choice(stream) != ColorChoice::Never
}

/// The columns and the rows of the terminal.
fn size() -> (usize, usize) {
    let (columns, rows) = crossterm::terminal::size().unwrap_or((80, 24));
    (usize::from(columns).max(8), usize::from(rows).max(2))
}

/// Writes to the terminal. One that is gone has nothing to show.
fn write(text: &str) {
    drop(try_write(text));
}

/// Writes to the terminal itself: stdout, or stderr if stdout is something else.
fn try_write(text: &str) -> io::Result<()> {
    if io::stdout().is_terminal() {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes()).and_then(|()| out.flush())
    } else {
        let mut out = io::stderr().lock();
        out.write_all(text.as_bytes()).and_then(|()| out.flush())
    }
}
