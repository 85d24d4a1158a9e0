//! The rows in which a line that is being typed is shown.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::typed::Typed;
use crate::sanitize::sanitize;

/// The rows of a line, and the place of the cursor in them.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Layout {
    pub(super) rows: Vec<String>,
    pub(super) cursor_row: usize,
    pub(super) cursor_column: usize,
}

impl Layout {
    /// Lays a line out on a terminal of this size. A line that is longer than the terminal is shown as
    /// far as there is room, with the row of the cursor as the last one.
    pub(super) fn of(line: &Typed, columns: usize, height: usize) -> Self {
        let indent = " ".repeat(line.prompt.width());
        let mut rows = vec![line.prompt.clone()];
        let (mut column, mut cursor) = (indent.len(), None);
        for (at, grapheme) in line.text.grapheme_indices(true) {
            let shown = if grapheme == "\t" { "    ".into() } else { sanitize(grapheme) };
            let width = shown.width();
            if grapheme != "\n" && column + width > columns {
                rows.push(String::new());
                column = 0;
            }
            if at == line.cursor {
                cursor = Some((rows.len() - 1, column));
            }
            if grapheme == "\n" {
                rows.push(indent.clone());
                column = indent.len();
            } else if let Some(row) = rows.last_mut() {
                row.push_str(&shown);
                column += width;
            }
        }
        if column == columns {
            rows.push(String::new());
            column = 0;
        }
        let (cursor_row, cursor_column) = cursor.unwrap_or((rows.len() - 1, column));
        let first = (cursor_row + 1).saturating_sub(height - 1);
        rows.truncate(first.saturating_add(height - 1));
        rows.drain(..first);
        Self { rows, cursor_row: cursor_row - first, cursor_column }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(text: &str, cursor: usize) -> (Vec<String>, usize, usize) {
        let line = Typed { prompt: "1> ".to_owned(), text: text.to_owned(), cursor };
        let Layout { rows, cursor_row, cursor_column } = Layout::of(&line, 10, 4);
        (rows, cursor_row, cursor_column)
    }

    #[test]
    fn lines_are_wrapped_and_the_cursor_is_where_it_is_typed() {
        for (text, cursor, rows, at) in [
            ("", 0, vec!["1> "], (0, 3)),
            ("abc", 1, vec!["1> abc"], (0, 4)),
            ("abcdefg", 7, vec!["1> abcdefg", ""], (1, 0)),
            ("abcdefgh", 8, vec!["1> abcdefg", "h"], (1, 1)),
            ("a\nb", 3, vec!["1> a", "   b"], (1, 4)),
            ("a\n", 2, vec!["1> a", "   "], (1, 3)),
            ("你好世界", 12, vec!["1> 你好世", "界"], (1, 2)),
            ("你好世界", 3, vec!["1> 你好世", "界"], (0, 5)),
            ("a\u{1b}b", 3, vec!["1> a␛b"], (0, 6)),
            ("a\tb", 2, vec!["1> a    b"], (0, 8)),
        ] {
            let rows = rows.into_iter().map(str::to_owned).collect();
            assert_eq!(layout(text, cursor), (rows, at.0, at.1), "{text:?}");
        }
    }

    #[test]
    fn of_a_long_line_the_part_with_the_cursor_is_shown() {
        let text = "1\n2\n3\n4\n5\n6";
        let rows = |numbers: [u8; 3]| numbers.map(|number| format!("   {number}")).to_vec();
        assert_eq!(layout(text, text.len()), (rows([4, 5, 6]), 2, 4));
        let (shown, row, _) = layout(text, 0);
        assert_eq!((shown[0].as_str(), shown.len(), row), ("1> 1", 3, 0));
    }
}
