//! Lines of text with styles, and the rows that they take at a terminal.

use std::fmt::Write;

use anstyle::Style;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::sanitize::sanitize;

/// A line of text, in pieces of one style each. Its text cannot control a terminal.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct StyledLine {
    spans: Vec<(Style, String)>,
}

impl StyledLine {
    /// Adds text without newlines. Control characters become visible.
    pub(crate) fn push(&mut self, style: Style, text: &str) {
        let text = sanitize(text);
        if text.is_empty() {
            return;
        }
        match self.spans.last_mut() {
            Some((last, before)) if *last == style => before.push_str(&text),
            Some(_) | None => self.spans.push((style, text.into_owned())),
        }
    }

    /// Adds the pieces of another line.
    pub(crate) fn append(&mut self, other: &Self) {
        self.spans.extend(other.spans.iter().cloned());
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Returns the number of columns that the line takes.
    pub(crate) fn width(&self) -> usize {
        self.spans.iter().map(|(_, text)| text.width()).sum()
    }

    /// Returns the text without styles.
    #[cfg(test)]
    pub(crate) fn text(&self) -> String {
        self.spans.iter().map(|(_, text)| text.as_str()).collect()
    }

    /// Returns the line as a terminal takes it.
    pub(crate) fn to_ansi(&self) -> String {
        let mut out = String::new();
        for (style, text) in &self.spans {
            // Writing to a String does not fail.
            let _ = write!(out, "{style}{text}{style:#}");
        }
        out
    }

    /// Returns the line in rows of at most that many columns.
    pub(super) fn rows(&self, columns: usize) -> Vec<Self> {
        let (mut rows, mut column) = (vec![Self::default()], 0);
        for (style, text) in &self.spans {
            for grapheme in text.graphemes(true) {
                // A tab is shown as a few spaces, because its width depends on its place.
                let shown = if grapheme == "\t" { "    " } else { grapheme };
                let width = shown.width();
                if column + width > columns && column > 0 {
                    rows.push(Self::default());
                    column = 0;
                }
                column += width;
                if let Some(row) = rows.last_mut() {
                    row.push(*style, shown);
                }
            }
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use anstyle::{AnsiColor, Style};

    use super::StyledLine;

    #[test]
    fn a_line_is_broken_where_the_terminal_ends() {
        let mut line = StyledLine::default();
        line.push(Style::new(), "ab");
        line.push(AnsiColor::Red.on_default(), "cd你\u{1b}");
        let rows: Vec<String> = line.rows(5).iter().map(StyledLine::text).collect();
        assert_eq!(rows, ["abcd", "你␛"]);
        assert_eq!(line.to_ansi(), "ab\u{1b}[31mcd你␛\u{1b}[0m");
        assert_eq!((line.width(), StyledLine::default().rows(5).len()), (7, 1));
    }
}
